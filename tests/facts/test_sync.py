"""`infra sync`: what deployment learnt comes into facts.json, and nothing secret is looked at."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra_lib.operate.deployed import ask
from tests.helpers import process, projects
from tests.helpers.projects import KEYS, NETWORK, SCHEELITE_IP, infra
from tests.helpers.tools import require

MACHINES: dict[str, dict[str, Any]] = {
    "galena": {
        "zone": "us-central1-b",
        "machine_type": "e2-standard-8",
        "external_ip": "203.0.113.20",
        "gpu": None,
        "usd_per_hour": 0.268,
    },
    "scheelite": {
        "zone": "us-central1-c",
        "machine_type": "n1-standard-8",
        "external_ip": "203.0.113.48",
        "gpu": {"type": "nvidia-tesla-t4", "count": 1},
        "usd_per_hour": 0.73,
    },
}
TERRAFORM = {"machines": {"sensitive": False, "type": ["object", {}], "value": MACHINES}}
CDKTF = {"gcp": {"machines": MACHINES}}
SCHEELITE = {
    "external_ip": "203.0.113.48",
    "ssh_host_key": KEYS[0],
    "state_version": "25.05",
    "zerotier_ip": SCHEELITE_IP,
    "zerotier_member_id": "abcdef1200",
    "zone": "us-central1-c",
}
CINNABAR = {
    "zerotier_ip": "fd01:2345:6789:abcd:ef99:9301:2345:6789",
    "zerotier_member_id": "0123456789",
}

HOW = (
    " is learnt or forgotten. infra deploy does both; where it is deployed from elsewhere, pass "
    "what terraform state pull prints there, in the stack's folder: --outputs FILE\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return projects.make(tmp_path / "project")


def facts(project: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((project / "facts.json").read_text())
    return document


def start(project: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "infra_lib", *arguments],
        cwd=project,
        env={**process.environment(), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def outputs(project: Path, document: object) -> str:
    (project / "outputs.json").write_text(json.dumps(document))
    return "outputs.json"


@pytest.mark.parametrize("layout", [projects.newest_vars, projects.older_vars])
@pytest.mark.parametrize("document", [TERRAFORM, CDKTF])
def test_facts_come_from_outputs_and_vars(
    project: Path, layout: Callable[[Path], None], document: object
) -> None:
    layout(project)
    done = infra(project, "sync", "--outputs", outputs(project, document))
    assert (done.returncode, done.stderr) == (0, "")
    assert facts(project) == {
        "version": 1,
        "zerotier_network_id": NETWORK,
        "machines": {
            "cinnabar": CINNABAR,
            "galena": {"external_ip": "203.0.113.20", "zone": "us-central1-b"},
            "scheelite": SCHEELITE,
        },
    }
    assert "+ scheelite.external_ip = 203.0.113.48\n" in done.stdout
    assert done.stdout.endswith("facts.json: written\n")
    again = infra(project, "sync", "--outputs", "outputs.json")
    assert (again.returncode, again.stdout) == (0, "facts.json: up to date\n")


def test_a_layout_between_the_two_is_read_too(project: Path) -> None:
    """Clan had `per-machine/<machine>/zerotier-ip-<instance>` for a while."""
    projects.put(project, "per-machine/scheelite/zerotier-ip-zerotier/ip", SCHEELITE_IP)
    infra(project, "sync", "--vars-only")
    assert facts(project)["machines"]["scheelite"]["zerotier_member_id"] == "abcdef1200"


def test_the_newest_layout_wins_while_clan_migrates(project: Path) -> None:
    projects.newest_vars(project)
    projects.put(project, "per-machine/scheelite/zerotier/zerotier-ip", SCHEELITE_IP[:-1] + "1")
    infra(project, "sync", "--vars-only")
    assert facts(project)["machines"]["scheelite"]["zerotier_ip"] == SCHEELITE_IP


@pytest.mark.parametrize("layout", [projects.newest_vars, projects.older_vars])
def test_no_secret_is_opened(project: Path, layout: Callable[[Path], None]) -> None:
    """Python itself reports each file that is opened; the secrets are FIFOs, which would hang."""
    layout(project)
    script = (
        "import json, sys\n"
        "opened = []\n"
        "sys.addaudithook(lambda e, a: opened.append(str(a[0])) if e == 'open' else None)\n"
        "from infra_lib.commands.cli import main\n"
        "status = main(['sync', '--vars-only'])\n"
        "print(json.dumps([status, opened]))\n"
    )
    done = process.python("-c", script, cwd=project)
    status, opened = json.loads(done.stdout.splitlines()[-1])
    seen = {Path(path).name for path in opened if "/vars/" in path}
    assert status == 0
    assert seen == {"value"}
    assert not [path for path in opened if path.endswith("/secret")]


def test_a_value_that_is_a_link_to_a_secret_is_not_followed(project: Path) -> None:
    projects.newest_vars(project)
    value = project / "vars/per-machine/scheelite/openssh/ssh.id_ed25519.pub/value"
    secret = value.parents[1] / "ssh.id_ed25519/secret"
    secret.unlink()
    secret.write_text(KEYS[0])  # which would be taken for a public key
    value.unlink()
    value.symlink_to("../ssh.id_ed25519/secret")
    done = infra(project, "sync", "--vars-only")
    assert done.returncode == 2
    assert f"{value}: cannot be read" in done.stderr
    assert not (project / "facts.json").exists()


def test_a_private_key_in_a_public_place_is_refused_and_not_repeated(project: Path) -> None:
    key = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n"
    projects.put(project, "per-machine/galena/openssh/ssh.id_ed25519.pub", key)
    done = infra(project, "sync", "--vars-only")
    assert done.returncode == 2
    assert "machine 'galena': ssh_host_key='…': this is a PRIVATE key" in done.stderr
    assert "b3BlbnNzaC1rZXk" not in done.stderr + done.stdout


def test_check_writes_nothing_and_exits_1_until_synced(project: Path) -> None:
    projects.newest_vars(project)
    check = infra(project, "sync", "--check", "--vars-only")
    assert check.returncode == 1
    assert "+ scheelite.zerotier_ip = fd01:" in check.stdout
    assert check.stdout.endswith("facts.json: out of date; run: infra sync\n")
    assert not (project / "facts.json").exists()
    assert infra(project, "sync", "--vars-only").returncode == 0
    assert infra(project, "sync", "--check", "--vars-only").returncode == 0


def test_a_file_that_says_the_same_in_another_form_is_out_of_date(project: Path) -> None:
    infra(project, "sync", "--vars-only", "--set", "stibnite.zerotier_member_id=abcdef1201")
    path = project / "facts.json"
    sorted_text = path.read_text()
    path.write_text(json.dumps(json.loads(sorted_text)))
    assert infra(project, "sync", "--check", "--vars-only").returncode == 1
    infra(project, "sync", "--vars-only")
    assert path.read_text() == sorted_text


def test_facts_of_a_machine_that_is_gone_are_removed(project: Path) -> None:
    projects.newest_vars(project)
    infra(project, "sync", "--outputs", outputs(project, CDKTF))
    main = project / "main.py"
    main.write_text(main.read_text().replace('"galena"', '"amber"'))
    done = infra(project, "sync", "--outputs", outputs(project, {"gcp": {"machines": {}}}))
    assert "- galena.external_ip (was 203.0.113.20)\n" in done.stdout
    assert "galena" not in facts(project)["machines"]


def test_a_machine_that_is_off_keeps_what_it_is_but_not_its_address(project: Path) -> None:
    """Its keys and its ZeroTier identity are in clan's vars and come back with it."""
    projects.newest_vars(project)
    projects.stack(project)
    infra(project, "sync", "--outputs", outputs(project, CDKTF))
    off = {"gcp": {"machines": {"galena": MACHINES["galena"]}}}
    done = infra(project, "sync", "--outputs", outputs(project, off))
    kept = {name: value for name, value in SCHEELITE.items() if name not in {"external_ip", "zone"}}
    assert facts(project)["machines"]["scheelite"] == kept
    assert "- scheelite.external_ip (was 203.0.113.48)" in done.stdout


def test_a_machine_that_is_off_stays_in_the_zone_of_its_data_disks(project: Path) -> None:
    main = project / "main.py"
    main.write_text(
        main.read_text()
        .replace("import Facts", "import DataDisk, Facts")
        .replace(
            'gpu=Gpu("nvidia-tesla-t4"),',
            'gpu=Gpu("nvidia-tesla-t4"), data_disks=(DataDisk("data", size_gb=9),),',
        )
    )
    projects.stack(project)
    infra(project, "sync", "--outputs", outputs(project, CDKTF))
    infra(project, "sync", "--outputs", outputs(project, {"gcp": {"machines": {}}}))
    assert facts(project)["machines"] == {"scheelite": {"zone": "us-central1-c"}}


@pytest.mark.parametrize("synthesized", [(), ("gcp", "lab")])
def test_outputs_of_one_stack_forget_no_machine_that_may_be_in_another(
    project: Path, synthesized: tuple[str, ...]
) -> None:
    infra(project, "sync", "--outputs", outputs(project, CDKTF))
    for name in synthesized:
        projects.stack(project, name)
    before = facts(project)
    one = outputs(project, {"gcp": {"machines": {"galena": MACHINES["galena"]}}})
    done = infra(project, "sync", "--outputs", one)
    assert (done.returncode, facts(project)) == (0, before)
    said = "--outputs tells of 1 of 2 stacks" if synthesized else "scheelite: not in --outputs, and"
    assert done.stderr.startswith(f"infra: {said}")


def test_outputs_forget_a_machine_that_the_fleet_has_off(project: Path) -> None:
    infra(project, "sync", "--outputs", outputs(project, CDKTF))
    main = project / "main.py"
    main.write_text(main.read_text().replace("enabled=True", "enabled=False"))
    one = outputs(project, {"gcp": {"machines": {"galena": MACHINES["galena"]}}})
    done = infra(project, "sync", "--outputs", one)
    assert (done.stderr, list(facts(project)["machines"])) == ("", ["galena"])


@pytest.mark.parametrize("address", ["", "203.0.113.20"])
def test_a_stopped_machine_has_no_address(project: Path, address: str) -> None:
    """The outputs have the one that it gave back, until the next deployment."""
    projects.stack(project)
    infra(project, "sync", "--outputs", outputs(project, CDKTF))
    galena = {**MACHINES["galena"], "external_ip": address, "usd_per_hour": 0}
    done = infra(
        project, "sync", "--outputs", outputs(project, {"gcp": {"machines": {"galena": galena}}})
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert facts(project)["machines"]["galena"] == {"zone": "us-central1-b"}


@pytest.mark.parametrize("price", [0.268, None])
def test_the_address_of_a_machine_that_was_started_is_not_forgotten(
    project: Path, price: float | None
) -> None:
    """The outputs have none, as when it was stopped; `infra deploy` may have learnt it."""
    infra(project, "sync", "--outputs", outputs(project, CDKTF))
    before = facts(project)
    galena = {**MACHINES["galena"], "external_ip": "", "usd_per_hour": price}
    started = {"gcp": {"machines": {**MACHINES, "galena": galena}}}
    done = infra(project, "sync", "--outputs", outputs(project, started))
    assert done.returncode == 0
    assert facts(project) == before
    told = "infra: galena: the outputs do not tell the address that it was started with, "
    assert done.stderr.startswith(f"{told}and 203.0.113.20, which is known, stays; ")
    assert "scheelite" not in done.stderr
    (project / "facts.json").unlink()
    done = infra(project, "sync", "--outputs", "outputs.json")
    assert done.stderr.startswith(f"{told}so none is known; ")


@pytest.mark.parametrize("price", [0.268, None])
def test_outputs_take_the_place_of_no_address_that_may_be_newer(
    project: Path, price: float | None
) -> None:
    """After another machine type they have the one of before; `infra deploy` may know the new."""
    infra(project, "sync", "--outputs", outputs(project, CDKTF))
    newer = "--set", "galena.external_ip=203.0.113.9"
    infra(project, "sync", "--vars-only", *newer)
    before = facts(project)
    larger = {**MACHINES["galena"], "machine_type": "e2-standard-16", "usd_per_hour": price}
    document = outputs(project, {"gcp": {"machines": {**MACHINES, "galena": larger}}})
    for check in ([], ["--check"]):
        done = infra(project, "sync", "--outputs", document, *check)
        assert (done.returncode, done.stdout) == (0, "facts.json: up to date\n")
        assert done.stderr == (
            "infra: galena: the outputs tell 203.0.113.20, and what is known, 203.0.113.9, stays: "
            "theirs may be of before a start or another machine type; terraform state pull, in the "
            "stack's folder, has the one of now: pass that as --outputs, or say it: "
            "--set galena.external_ip=203.0.113.20\n"
        )
    assert facts(project) == before
    said = infra(project, "sync", "--outputs", document, "--set", "galena.external_ip=203.0.113.20")
    assert (said.returncode, said.stderr) == (0, "")
    assert facts(project)["machines"]["galena"]["external_ip"] == "203.0.113.20"


@pytest.mark.parametrize("told", ["203.0.113.20", ""])
def test_the_address_of_a_machine_that_was_made_anew_elsewhere_is_what_outputs_tell(
    project: Path, told: str
) -> None:
    """The one that is known went with the machine of before."""
    infra(project, "sync", "--vars-only", "--set", "galena.external_ip=203.0.113.9")
    known = json.loads((project / "facts.json").read_text())
    known["machines"]["galena"]["zone"] = "us-central1-f"
    (project / "facts.json").write_text(json.dumps(known))
    galena = {**MACHINES["galena"], "external_ip": told}
    infra(project, "sync", "--outputs", outputs(project, {"gcp": {"machines": {"galena": galena}}}))
    assert facts(project)["machines"]["galena"].get("external_ip") == (told or None)


@pytest.mark.parametrize(
    ("described", "kept"),
    [
        ('"203.0.113.20"', False),
        ('Reference("${google_compute_address.galena.address}")', False),
        ('"203.0.113.9"', True),  # which was not deployed when the outputs were written
        ("False", True),
    ],
)
def test_a_reserved_address_is_what_outputs_tell_once_it_is_deployed(
    project: Path, described: str, kept: bool
) -> None:
    infra(project, "sync", "--vars-only", "--set", "galena.external_ip=203.0.113.9")
    reserve(project, described)
    main = project / "main.py"
    main.write_text(main.read_text().replace("Machine\n", "Machine, Reference\n", 1))
    done = infra(project, "sync", "--outputs", outputs(project, CDKTF))
    assert done.returncode == 0, done.stderr
    assert ("203.0.113.9, stays" in done.stderr) is kept
    address = "203.0.113.9" if kept else "203.0.113.20"
    assert facts(project)["machines"]["galena"]["external_ip"] == address


@pytest.mark.parametrize("price", [0, 0.268])
def test_a_reserved_address_stays_while_a_machine_is_stopped(project: Path, price: float) -> None:
    reserve(project, '"203.0.113.20"')
    galena = {**MACHINES["galena"], "usd_per_hour": price}
    document = {"gcp": {"machines": {"galena": galena}}}
    infra(project, "sync", "--outputs", outputs(project, document))
    assert facts(project)["machines"]["galena"]["external_ip"] == "203.0.113.20"


def test_a_machine_without_an_address_has_none(project: Path) -> None:
    projects.stack(project)
    infra(project, "sync", "--outputs", outputs(project, CDKTF))
    reserve(project, "False")
    galena = {**MACHINES["galena"], "external_ip": None}
    document = {"gcp": {"machines": {"galena": galena}}}
    done = infra(project, "sync", "--outputs", outputs(project, document))
    assert done.stderr == ""
    assert facts(project)["machines"]["galena"] == {"zone": "us-central1-b"}


def reserve(project: Path, address: str) -> None:
    """Say `external_ip` of galena."""
    main = project / "main.py"
    text = main.read_text()
    main.write_text(text.replace("enabled=True,", f"enabled=True, external_ip={address},", 1))


def test_a_host_that_was_given_a_new_key_has_only_that(project: Path) -> None:
    """With the old one, ssh refuses the machine, or believes whoever has the old one."""
    projects.newest_vars(project)
    infra(project, "sync", "--outputs", outputs(project, CDKTF))
    value = project / "vars/per-machine/scheelite/openssh/ssh.id_ed25519.pub/value"
    value.write_text(f"{KEYS[1]} root@scheelite\n")
    done = infra(project, "sync", "--vars-only")
    assert f"~ scheelite.ssh_host_key = {KEYS[1]} (was {KEYS[0]})\n" in done.stdout
    assert facts(project)["machines"]["scheelite"] == {**SCHEELITE, "ssh_host_key": KEYS[1]}
    assert KEYS[0] not in (project / "facts.json").read_text()


def test_a_machine_that_was_installed_anew_has_the_release_of_then(project: Path) -> None:
    infra(project, "sync", "--vars-only", "--set", "cinnabar.state_version=24.11")
    projects.put(project, "per-machine/cinnabar/state-version/version", "25.05")
    infra(project, "sync", "--vars-only")
    assert facts(project)["machines"] == {"cinnabar": {"state_version": "25.05"}}


def test_a_machine_that_was_given_a_new_identity_has_only_that(project: Path) -> None:
    projects.newest_vars(project)
    infra(project, "sync", "--vars-only")
    value = project / "vars/shared/zerotier-ip-scheelite-zerotier/ip/value"
    value.write_text(SCHEELITE_IP[:-1] + "1")
    done = infra(project, "sync", "--vars-only")
    assert "~ scheelite.zerotier_member_id = abcdef1201 (was abcdef1200)\n" in done.stdout
    assert facts(project)["machines"]["scheelite"]["zerotier_ip"] == SCHEELITE_IP[:-1] + "1"


def test_what_nobody_asked_about_stays(project: Path) -> None:
    infra(project, "sync", "--outputs", outputs(project, CDKTF))
    before = facts(project)
    projects.newest_vars(project)
    infra(project, "sync", "--vars-only")
    assert facts(project)["machines"]["galena"] == before["machines"]["galena"]
    assert facts(project)["machines"]["scheelite"] == SCHEELITE


def test_several_stacks_are_put_together(project: Path) -> None:
    one, two = project / "one.json", project / "two.json"
    one.write_text(
        json.dumps({"machines": {"value": {"galena": MACHINES["galena"]}, "sensitive": False}})
    )
    two.write_text(
        json.dumps(
            {"machines": {"value": {"scheelite": MACHINES["scheelite"]}, "sensitive": False}}
        )
    )
    infra(project, "sync", "--outputs", "one.json", "--outputs", "two.json")
    assert facts(project)["machines"].keys() == {"galena", "scheelite"}


def test_a_machine_that_two_stacks_have_is_neither(project: Path) -> None:
    both = {"gcp": CDKTF["gcp"], "staging": {"machines": {"galena": MACHINES["scheelite"]}}}
    done = infra(project, "sync", "--outputs", outputs(project, both))
    assert done.returncode == 2
    assert "galena is in two of the stacks" in done.stderr
    assert not (project / "facts.json").exists()


def test_outputs_come_through_a_pipe_too(project: Path) -> None:
    infra(project, "sync", "--outputs", "-", stdin=json.dumps(TERRAFORM))
    assert facts(project)["machines"]["galena"]["external_ip"] == "203.0.113.20"


def test_a_machine_of_nobodys_is_told_of(project: Path) -> None:
    stray = {"gcp": {"machines": {"pyrite": MACHINES["galena"]}}}
    done = infra(project, "sync", "--outputs", outputs(project, stray))
    assert done.stderr == "infra: warning: pyrite is deployed, but not in fleet metals\n"
    assert not (project / "facts.json").exists()


def test_what_clan_does_not_manage_a_person_records(project: Path) -> None:
    projects.newest_vars(project)
    done = infra(
        project,
        *("sync", "--vars-only", "--set", "stibnite.zerotier_member_id=4c1f6a2b9e"),
        *("--set", f"stibnite.ssh_host_key={KEYS[1]} root@stibnite"),
    )
    assert done.returncode == 0, done.stderr
    assert facts(project)["machines"]["stibnite"] == {
        "ssh_host_key": KEYS[1],
        "zerotier_ip": "fd01:2345:6789:abcd:ef99:934c:1f6a:2b9e",
        "zerotier_member_id": "4c1f6a2b9e",
    }
    infra(project, "sync", "--vars-only")
    assert "stibnite" in facts(project)["machines"]
    infra(
        project,
        "sync",
        "--vars-only",
        "--set",
        "stibnite.zerotier_ip=",
        "--set",
        "stibnite.ssh_host_key=",
    )
    assert "stibnite" not in facts(project)["machines"]


def test_addresses_follow_the_network_when_it_is_made_anew(project: Path) -> None:
    projects.newest_vars(project)
    infra(project, "sync", "--vars-only", "--set", "stibnite.zerotier_member_id=4c1f6a2b9e")
    shutil.rmtree(project / "vars")
    projects.put(project, "shared/zerotier-network-zerotier/network-id", "0123456789000001")
    done = infra(project, "sync", "--vars-only")
    assert done.returncode == 0, done.stderr
    assert (
        facts(project)["machines"]["stibnite"]["zerotier_ip"]
        == "fd01:2345:6789:0:199:934c:1f6a:2b9e"
    )


def test_one_fact_is_printed_for_scripts(project: Path) -> None:
    projects.newest_vars(project)
    done = infra(
        project, "sync", "--outputs", outputs(project, CDKTF), "--get", "scheelite.external_ip"
    )
    assert (done.returncode, done.stdout) == (0, "203.0.113.48\n")
    assert "+ scheelite.external_ip" in done.stderr
    missing = infra(project, "sync", "--vars-only", "--get", "galena.zerotier_ip")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.endswith("infra: galena.zerotier_ip is not known\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "stibnite"), "--set stibnite: MACHINE.FACT=VALUE is wanted"),
        (("--set", "stibnite=1"), "a machine, a dot and a fact are wanted"),
        (("--set", "pyrite.zone=us-central1-a"), "machine='pyrite': one of cinnabar"),
        (("--set", "stibnite.ip=1"), "machine 'stibnite': fact='ip': one of external_ip"),
        (("--set", "galena.external_ip=galena"), "machine 'galena': external_ip='galena': an IPv4"),
        (("--set", "galena.zerotier_ip=fe80::1"), "machine 'galena': zerotier_ip='fe80::1'"),
        (("--set", "galena.state_version=24.5"), "machine 'galena': state_version='24.5'"),
        (("--get", "galena.ip"), "machine 'galena': fact='ip'"),
        (("--get", "pyrite.zone"), "machine='pyrite'"),
        (("--vars", "nowhere"), "--vars nowhere: no such folder"),
        (("--outputs", "nowhere.json"), "--outputs nowhere.json: cannot be read"),
        (("nothing:fleet",), "there is no module 'nothing'"),
    ],
)
def test_bad_input_is_told_and_nothing_is_written(
    project: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = infra(project, "sync", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / "facts.json").exists()


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("", "no JSON"),
        ('{"machines": ' + "1" * 5000 + "}", "no JSON"),
        ("[]", "an object"),
        ('{"gcp": {"address": "203.0.113.48"}}', "no output 'machines'"),
        ('{"lineage": "b46efc42"}', "outputs.json: Terraform printed no state"),
        ('{"gcp": {"machines": 5}}', "machines=5: a map"),
        (
            '{"gcp": {"machines": {"galena": "203.0.113.48"}}}',
            "machines.galena='203.0.113.48': an object",
        ),
        (
            '{"gcp": {"machines": {"galena": {"zone": "us-central1-b", "external_ip": 5}}}}',
            "external_ip=5",
        ),
        (
            '{"gcp": {"machines": {"galena": {"zone": "us-central1-b", "external_ip": "x"}}}}',
            "outputs.json: machines.galena.external_ip='x': an IPv4 address, or null",
        ),
        (
            '{"gcp": {"machines": {"galena": {"zone": "us-central1"}}}}',
            "infra: facts of machine 'galena': zone='us-central1': a zone: \"us-central1-c\"",
        ),
    ],
)
def test_outputs_that_are_none_are_refused(project: Path, document: str, said: str) -> None:
    (project / "outputs.json").write_text(document)
    done = infra(project, "sync", "--outputs", "outputs.json")
    assert done.returncode == 2
    assert said in done.stderr
    assert not (project / "facts.json").exists()


def test_a_broken_file_of_facts_is_left_alone(project: Path) -> None:
    (project / "facts.json").write_text('{"version": 7}')
    done = infra(project, "sync", "--vars-only")
    assert done.returncode == 2
    assert "facts.json: version=7: this version of infra reads version 1" in done.stderr
    assert (project / "facts.json").read_text() == '{"version": 7}'


def test_a_fleet_that_keeps_no_facts_is_told_how(project: Path) -> None:
    main = project / "main.py"
    main.write_text(
        main.read_text().replace(
            '    facts=Facts.load(Path(__file__).with_name("facts.json")),\n', ""
        )
    )
    done = infra(project, "sync", "--vars-only")
    assert done.returncode == 2
    assert 'facts=Facts.load(Path(__file__).with_name("facts.json"))' in done.stderr


def test_from_a_folder_below_it_is_the_same_project(project: Path) -> None:
    projects.newest_vars(project)
    (project / "docs").mkdir()
    assert infra(project / "docs", "sync", "--vars-only").returncode == 0
    assert facts(project)["machines"]["scheelite"]["state_version"] == "25.05"


def test_no_file_is_left_beside(project: Path) -> None:
    infra(project, "sync", "--vars-only", "--set", "cinnabar.external_ip=203.0.113.7")
    assert sorted(path.name for path in project.iterdir()) == [
        "facts.json",
        "main.py",
        "pyproject.toml",
    ]


class TestTerraform:
    """Asking a real Terraform, with a state that needs no provider."""

    @pytest.fixture
    def project(self, project: Path) -> Path:
        projects.stack(project)
        return project

    def test_it_is_asked_where_it_has_worked(self, project: Path) -> None:
        projects.deploy(project, MACHINES)
        done = infra(project, "sync", "--get", "scheelite.external_ip")
        assert (done.returncode, done.stdout) == (0, "203.0.113.48\n"), done.stderr
        assert "pyrite" not in done.stderr  # which is looked up, and somebody else's

    @pytest.mark.parametrize("said", [{}, {"scheelite": {**MACHINES["scheelite"], "zone": "z"}}])
    def test_what_exists_counts_and_not_what_outputs_say(
        self, project: Path, said: dict[str, Any]
    ) -> None:
        """After a deployment that failed in part, they are those of before."""
        projects.deploy(project, {"scheelite": MACHINES["scheelite"]}, said=said)
        assert infra(project, "sync").returncode == 0
        where = {"external_ip": "203.0.113.48", "zone": "us-central1-c"}
        assert facts(project)["machines"] == {"scheelite": where}

    def test_the_state_tells_what_outputs_tell_late(self, project: Path) -> None:
        """Handed over as a file, where Terraform runs elsewhere."""
        galena = {**MACHINES["galena"], "external_ip": "203.0.113.9"}
        projects.deploy(project, {**MACHINES, "galena": galena}, said=MACHINES)
        state = subprocess.run(
            [require("terraform"), "state", "pull"],
            cwd=project / "cdktf.out/stacks/gcp",
            check=True,
            capture_output=True,
            text=True,
        )
        shutil.rmtree(project / "cdktf.out")
        done = infra(project, "sync", "--outputs", "-", stdin=state.stdout)
        assert (done.returncode, done.stderr) == (0, "")
        assert facts(project)["machines"]["galena"]["external_ip"] == "203.0.113.9"

    @pytest.mark.parametrize(("price", "address"), [(0.268, None), (0, "203.0.113.21")])
    def test_the_state_is_believed_as_it_is(
        self, project: Path, price: float, address: str | None
    ) -> None:
        """One that something has stopped has none; one that is stopped may have one reserved."""
        projects.deploy(project, MACHINES)
        infra(project, "sync")
        galena = {**MACHINES["galena"], "external_ip": address}
        said = {"galena": {**galena, "external_ip": "", "usd_per_hour": price}}
        status = "RUNNING" if price else "TERMINATED"
        projects.deploy(project, {"galena": {**galena, "desired_status": status}}, said=said)
        assert infra(project, "sync").stderr == ""
        assert facts(project)["machines"]["galena"].get("external_ip") == address

    @pytest.mark.parametrize(
        ("said", "tells"),
        [
            (MACHINES, True),
            ({}, True),
            ({"galena": MACHINES["galena"]}, True),
            ({**MACHINES, "halite": MACHINES["galena"]}, True),
            ({**MACHINES, "galena": {**MACHINES["galena"], "external_ip": "203.0.113.9"}}, False),
            ({"galena": {**MACHINES["galena"], "external_ip": None}}, False),
            ({"galena": {"zone": "us-central1-b"}}, False),
        ],
    )
    def test_it_shows_whether_outputs_tell_the_addresses_of_now(
        self, project: Path, said: dict[str, Any], tells: bool
    ) -> None:
        projects.deploy(project, MACHINES, said=said)
        state = ask(project / "cdktf.out/stacks/gcp")
        assert state is not None
        assert state.is_told is tells

    @pytest.mark.parametrize("said", ["", None])
    def test_outputs_that_tell_no_address_of_a_machine_without_one_are_right(
        self, project: Path, said: str | None
    ) -> None:
        galena = {**MACHINES["galena"], "external_ip": None}
        projects.deploy(
            project, {"galena": galena}, said={"galena": {**galena, "external_ip": said}}
        )
        state = ask(project / "cdktf.out/stacks/gcp")
        assert state is not None
        assert state.is_told

    def test_without_a_state_addresses_stay(self, project: Path) -> None:
        """The state may be on a colleague's computer."""
        infra(project, "sync", "--outputs", outputs(project, CDKTF))
        before = (project / "facts.json").read_text()
        done = infra(project, "sync")
        assert done.returncode == 0
        assert done.stderr == f"infra: nothing was deployed from here so far, so no address{HOW}"
        assert (project / "facts.json").read_text() == before

    def test_addresses_of_a_stack_that_was_not_deployed_here_stay(self, project: Path) -> None:
        infra(project, "sync", "--outputs", outputs(project, CDKTF))
        galena, moved = MACHINES["galena"], {**MACHINES["galena"], "external_ip": "203.0.113.9"}
        projects.stack(project, "gpu")
        projects.deploy(project, {"galena": moved})
        done = infra(project, "sync")
        assert done.stderr == (
            f"infra: not deployed from here so far: gpu; so no other address{HOW}"
        )
        assert done.stdout.splitlines()[0] == (
            f"~ galena.external_ip = 203.0.113.9 (was {galena['external_ip']})"
        )
        assert facts(project)["machines"].keys() == {"galena", "scheelite"}

        one = {"machines": {"sensitive": False, "value": {"galena": galena}}}
        done = infra(project, "sync", "--outputs", outputs(project, one))
        told = [line for line in done.stderr.splitlines() if "stacks" in line]
        assert told == [
            "infra: --outputs tells of 1 of 2 stacks, so no other address is learnt or forgotten; "
            "give it once for each stack"
        ]
        assert facts(project)["machines"].keys() == {"galena", "scheelite"}
        both = {"gcp": {"machines": {"galena": galena}}, "gpu": {"machines": {}}}
        infra(project, "sync", "--outputs", outputs(project, both))
        assert facts(project)["machines"].keys() == {"galena"}

    def test_another_fleets_machine_of_the_same_name_is_another(self, project: Path) -> None:
        """Its address would be where `infra runbook` installs NixOS."""
        projects.deploy(project, MACHINES)
        projects.stack(project, "staging")
        others = {**MACHINES["galena"], "external_ip": "203.0.113.99", "zone": "europe-west4-a"}
        projects.deploy(project, {"galena": others, "halite": others}, "staging", fleet="staging")
        done = infra(project, "sync")
        assert (done.returncode, done.stderr) == (0, "")
        where = {"external_ip": "203.0.113.20", "zone": "us-central1-b"}
        assert facts(project)["machines"]["galena"] == where

    def test_a_fleet_that_is_renamed_forgets_nothing_before_it_is_deployed(
        self, project: Path
    ) -> None:
        infra(project, "sync", "--outputs", outputs(project, CDKTF))
        before = facts(project)
        projects.deploy(project, MACHINES, fleet="minerals")
        assert infra(project, "sync").returncode == 0
        assert facts(project) == before

    def test_another_fleets_stack_that_was_never_deployed_keeps_nothing_known(
        self, project: Path
    ) -> None:
        projects.deploy(project, MACHINES)
        infra(project, "sync")
        projects.deploy(project, {})
        stack = projects.stack(project, "salts") / "cdk.tf.json"
        instances = {
            "google_compute_instance": {
                "galena": {"labels": {"fleet": "salts", "machine": "galena"}}
            }
        }
        stack.write_text(json.dumps({**json.loads(stack.read_text()), "resource": instances}))
        done = infra(project, "sync")
        assert (done.returncode, done.stderr) == (0, "")
        assert facts(project)["machines"] == {}

    def test_after_destroy_addresses_go(self, project: Path) -> None:
        projects.deploy(project, MACHINES)
        infra(project, "sync")
        assert facts(project)["machines"].keys() == {"galena", "scheelite"}
        projects.deploy(project, {})
        infra(project, "sync")
        assert facts(project)["machines"] == {}

    def test_an_old_answer_takes_the_place_of_no_newer_one(self, project: Path) -> None:
        """A deployment ends with a sync of its own while this one still has Terraform's answer."""
        projects.deploy(project, MACHINES)
        wrapper, asked, go = (project / name for name in ("wrapper", "asked", "go"))
        os.mkfifo(asked)
        os.mkfifo(go)
        wrapper.write_text(
            f'#!/bin/sh\nsaid=$(terraform "$@")\n: > {asked}\n: < {go}\nprintf %s "$said"\n'
        )
        wrapper.chmod(0o755)
        slow = start(project, "sync", TERRAFORM_BINARY_NAME=str(wrapper))
        asked.read_bytes()
        newer = {**MACHINES["galena"], "external_ip": "203.0.113.9", "zone": "us-central1-f"}
        projects.deploy(project, {**MACHINES, "galena": newer})
        other = start(project, "sync", "--set", "stibnite.external_ip=203.0.113.8")
        assert other.stderr
        waits = other.stderr.readline()
        go.write_bytes(b"")
        for each in (slow, other):
            each.communicate()
            assert each.returncode == 0
        assert facts(project)["machines"] == {
            "galena": {"external_ip": "203.0.113.9", "zone": "us-central1-f"},
            "scheelite": {"external_ip": "203.0.113.48", "zone": "us-central1-c"},
            "stibnite": {"external_ip": "203.0.113.8"},
        }
        assert waits == f"infra: waiting for another command to finish with {project}/facts.json\n"

    def test_what_is_written_meanwhile_stays_and_is_what_outputs_are_held_against(
        self, project: Path
    ) -> None:
        """The facts that a command began with are old once it has waited for another."""
        document = outputs(project, CDKTF)
        wrapper, go = project / "wrapper", project / "go"
        os.mkfifo(go)
        wrapper.write_text(f'#!/bin/sh\nread _ < {go}\nexec terraform "$@"\n')
        wrapper.chmod(0o755)
        newer = {**MACHINES["galena"], "external_ip": "203.0.113.9"}
        projects.deploy(project, {**MACHINES, "galena": newer})
        told = "--set", "stibnite.external_ip=203.0.113.8"
        first = start(project, "sync", *told, TERRAFORM_BINARY_NAME=str(wrapper))
        with go.open("wb"):  # it asks, so it has locked
            second = start(project, "sync", "--outputs", document)
            assert second.stderr
            assert "waiting for another command" in second.stderr.readline()
        first.communicate()
        _, said = second.communicate()
        assert said.startswith("infra: galena: the outputs tell 203.0.113.20, and what is known, ")
        assert facts(project)["machines"]["galena"]["external_ip"] == "203.0.113.9"
        assert facts(project)["machines"]["stibnite"] == {"external_ip": "203.0.113.8"}

    def test_a_check_keeps_nobody_waiting_for_terraform(self, project: Path) -> None:
        projects.deploy(project, MACHINES)
        wrapper = project / "wrapper"
        told = ["sync", "--vars-only", "--set", "stibnite.external_ip=203.0.113.8"]
        other = shlex.join([sys.executable, "-m", "infra_lib", *told])
        wrapper.write_text(f'#!/bin/sh\n{other} >&2\nexec terraform "$@"\n')
        wrapper.chmod(0o755)
        done = infra(project, "sync", "--check", env={"TERRAFORM_BINARY_NAME": str(wrapper)})
        assert (done.returncode, done.stderr) == (1, "")
        assert facts(project)["machines"].keys() == {"stibnite"}

    def test_its_own_words_reach_the_person(self, project: Path) -> None:
        projects.deploy(project, MACHINES)
        stack = project / "cdktf.out/stacks/gcp"
        (stack / "cdk.tf.json").write_text("{")
        done = infra(project, "sync")
        assert done.returncode == 2
        assert f"terraform -chdir={stack} state pull failed:" in done.stderr

    def test_a_wrapper_that_prints_more_than_the_state(self, project: Path) -> None:
        projects.deploy(project, MACHINES)
        wrapper = project / "wrapper"
        wrapper.write_text("#!/bin/sh\necho 'using Terraform 1.11'\n")
        wrapper.chmod(0o755)
        done = infra(project, "sync", env={"TERRAFORM_BINARY_NAME": str(wrapper)})
        assert done.returncode == 2
        assert done.stderr == (
            "infra: stack gcp: Terraform printed no state: 'using Terraform 1.11\\n'\n"
        )

    def test_without_terraform_there_is_another_way(self, project: Path) -> None:
        projects.deploy(project, MACHINES)
        done = infra(project, "sync", env={"TERRAFORM_BINARY_NAME": "no-such-terraform"})
        assert done.returncode == 2
        assert "no-such-terraform: cannot be run" in done.stderr
        assert "--outputs FILE, or --vars-only" in done.stderr


@pytest.mark.parametrize(
    ("assignment", "accepted"),
    [
        ("scheelite.zone=us-central1-x", "one of us-central1-c"),
        ("scheelite.zone=us-central1-a", "one of us-central1-c"),
        ("cinnabar.zone=us-central1-a", "only what is provisioned has a zone"),
    ],
)
def test_a_zone_that_a_machine_cannot_be_in(project: Path, assignment: str, accepted: str) -> None:
    done = infra(project, "sync", "--set", assignment)
    assert done.returncode == 2
    assert accepted in done.stderr
    assert not (project / "facts.json").exists()


def test_nothing_to_record_is_nothing_to_write_nor_a_file_that_is_up_to_date(project: Path) -> None:
    for arguments in (["--check"], []):
        done = infra(project, "sync", *arguments)
        said = "facts.json: nothing is known yet, so there is no such file\n"
        assert (done.returncode, done.stdout) == (0, said)
        assert done.stderr == f"infra: nothing was deployed from here so far, so no address{HOW}"
    nothing = infra(project, "sync", "--outputs", outputs(project, {}))
    assert nothing.stderr.startswith("infra: --outputs tells of no stack, so no other address is")
    assert not (project / "facts.json").exists()
    (project / "facts.json").write_text('{\n  "machines": {},\n  "version": 1\n}\n')
    assert infra(project, "sync").stdout == "facts.json: up to date\n"


def test_the_folder_of_the_facts_is_missing(project: Path) -> None:
    main = project / "main.py"
    main.write_text(main.read_text().replace('name("facts.json")', 'name("state") / "facts.json"'))
    done = infra(project, "sync", "--set", "cinnabar.external_ip=203.0.113.7")
    assert done.returncode == 2
    assert f"there is no folder {project / 'state'} to keep facts in" in done.stderr
