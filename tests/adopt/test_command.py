"""`infra adopt`: what it takes, what it writes, and what it never does."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra_lib import GcpMachine
from infra_lib.commands.cli import main
from infra_lib.operate.adopt.flake import caches_command, inventory_command
from tests.adopt import documents
from tests.helpers.adoption import adopt, load, put_json, report
from tests.helpers.folders import contents
from tests.helpers.nix import run as run_tool
from tests.helpers.tools import require

INVENTORY: dict[str, Any] = {
    "meta": {"name": "ore", "domain": "example.org"},
    "machines": {
        "gate": {"tags": ["nixos", "server"], "deploy": {"targetHost": "root@gate.example.org"}},
        "vault": {"tags": ["nixos", "server"], "deploy": {"targetHost": "root@vault.example.org"}},
        "laptop": {"deploy": {"targetHost": "root@laptop.example.org"}},
    },
    "instances": {
        "sshd": {"roles": {"server": {"tags": {"all": {}}, "settings": {"a": 1}}}},
        "borgbackup": {
            "roles": {
                "client": {"machines": {"gate": {}, "laptop": {"settings": {"b": 2}}}},
                "server": {"machines": {"vault": {"settings": {"directory": "/x"}}}},
            }
        },
    },
}
CACHES = {
    "caches": [
        {
            "url": "https://cache.nixos.org",
            "publicKey": "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=",
        }
    ]
}


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    return put_json(tmp_path, "inv.json", INVENTORY)


def test_it_writes_python_that_binds_the_fleet(tmp_path: Path, inventory: Path) -> None:
    caches = put_json(tmp_path, "caches.json", CACHES)

    fleet = adopt(tmp_path, "--inventory", inventory, "--caches", caches)

    assert fleet.name == "ore"
    assert [machine.name for machine in fleet.machines] == ["gate", "vault", "laptop"]
    assert [service.name for service in fleet.services] == ["sshd", "borgbackup"]
    assert [cache.url for cache in fleet.caches] == ["https://cache.nixos.org"]
    text = (tmp_path / "fleet.py").read_text()
    # What is so by default is not said, and there is no app where nothing is provisioned.
    assert "target_host" not in text
    assert "def main" not in text
    done = run_tool("ruff", "format", "--isolated", "--check", str(tmp_path / "fleet.py"))
    assert done.returncode == 0, done.stdout
    done = run_tool(
        "ruff", "check", "--isolated", "--select=E4,E7,E9,F,I", str(tmp_path / "fleet.py")
    )
    assert done.returncode == 0, done.stdout


def test_the_other_commands_take_it(tmp_path: Path, inventory: Path) -> None:
    adopt(tmp_path, "--inventory", inventory)

    for command in (
        ("infra_lib", "show", "fleet:fleet"),
        ("nixgen", "write", "fleet:fleet"),
        ("nixgen", "check", "fleet:fleet"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr.decode()


def test_nothing_that_is_there_is_written_over(
    tmp_path: Path, inventory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fleet.py").write_text("mine\n")
    before = contents(tmp_path)

    assert main(["adopt", "--inventory", str(inventory), "-o", str(tmp_path / "fleet.py")]) == 2

    assert "fleet.py; nothing was written" in capsys.readouterr().err
    assert contents(tmp_path) == before


def test_a_link_is_in_the_way_too(tmp_path: Path, inventory: Path) -> None:
    (tmp_path / "fleet.py").symlink_to(tmp_path / "elsewhere.py")

    assert main(["adopt", "--inventory", str(inventory), "-o", str(tmp_path / "fleet.py")]) == 2

    assert not (tmp_path / "elsewhere.py").exists()


def test_the_same_sources_give_the_same_bytes(tmp_path: Path, inventory: Path) -> None:
    texts = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        adopt(tmp_path / name, "--inventory", inventory)
        texts.append((tmp_path / name / "fleet.py").read_bytes())

    assert texts[0] == texts[1]


def test_one_machine_alone(tmp_path: Path, inventory: Path) -> None:
    fleet = adopt(tmp_path, "--inventory", inventory, "--machine", "gate", "--machine", "vault")

    assert [machine.name for machine in fleet.machines] == ["gate", "vault"]
    # Only what is said of these two: the rest stays where it is written, and clan joins both.
    (service,) = fleet.services
    assert dict(service.roles["client"].machines) == {"gate": {}}
    assert service.roles["server"].machines["vault"]["directory"] == "/x"


def test_a_machine_that_nobody_knows(
    tmp_path: Path, inventory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also beside one that is known."""
    asked = ["--machine", "vault", "--machine", "gat"]
    arguments = ["--inventory", str(inventory), *asked, "-o", str(tmp_path / "f.py")]

    assert main(["adopt", *arguments]) == 2

    assert "no source has a machine of that name (nearest: gate)" in capsys.readouterr().err


def test_the_first_of_two_sources_wins_and_both_are_shown(
    tmp_path: Path, inventory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = json.loads(json.dumps(INVENTORY))
    other["machines"]["gate"]["description"] = "another"
    other["machines"]["new"] = {}
    second = put_json(tmp_path, "second.json", other)

    for sources, said in (((inventory, second), ""), ((second, inventory), "another")):
        folder = tmp_path / f"out-{said}"
        folder.mkdir()
        fleet = adopt(folder, *(word for each in sources for word in ("--inventory", each)))

        assert fleet.machine("gate").full_description == said
        assert fleet.machine("new")
        told = report(capsys)
        assert f"{sources[1]}: machines.gate" in told
        assert "'another'" in told
        assert f"in {sources[0]}, which was given first and wins" in told


def test_options_say_what_no_source_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = put_json(tmp_path, "bare.json", {"machines": {"a": {}}})

    fleet = adopt(tmp_path, "--inventory", bare, "--name", "ore", "--domain", "ore.example")

    assert (fleet.name, fleet.domain) == ("ore", "ore.example")
    assert "Guessed" not in report(capsys)


def test_what_nobody_says_is_guessed_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "My Ores"
    folder.mkdir()

    fleet = adopt(folder, "--inventory", put_json(tmp_path, "bare.json", {"machines": {"a": {}}}))

    assert fleet.name == "my-ores"
    assert "# Guessed: the folder's name." in (folder / "fleet.py").read_text()
    assert "'my-ores' is the folder's name" in report(capsys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name what there is"),
        (["--inventory", ""], "a path is wanted"),
        (["--inventory", "none.json"], "none.json: cannot be read"),
        (["--flake", "none"], "there is no flake.nix in it"),
        (["--inventory", "{inv}", "-o", "my-fleet.py"], "a module of Python is wanted"),
        (["--inventory", "{inv}", "-o", "fleet.txt"], "a module of Python is wanted"),
        (["--inventory", "{inv}", "-o", "json.py"], "Python has something of that name"),
        (["--inventory", "{inv}", "-o", "class.py"], "Python has something of that name"),
        (["--inventory", "{inv}", "-o", "infra_lib.py"], "Python has something of that name"),
        (["--inventory", "{inv}", "-o", "none/fleet.py"], "no such folder"),
        (["--inventory", "{inv}", "--domain", "no domain"], "domain='no domain'"),
        (["--caches", "{caches}"], "no machine was found"),
    ],
)
def test_bad_use_is_one_message_and_nothing_is_written(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    inventory: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caches = put_json(tmp_path, "caches.json", CACHES)
    monkeypatch.chdir(tmp_path)
    before = contents(tmp_path)
    words = [word.format(inv=inventory, caches=caches) for word in arguments]

    assert main(["adopt", *words]) == 2

    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said
    assert contents(tmp_path) == before


FLAKE = """{
  outputs = _: {
    clan.inventory = {
      meta.name = "ore";
      options = x: x;
      machines.gate = { tags = [ "server" ]; };
      instances.sshd = {
        module = { name = "sshd"; input = null; };
        roles.server = {
          machines = { };
          tags.all.settings = { };
          settings = { };
          extraModules = [ ./modules/extra.nix (x: x) ];
        };
      };
    };
  };
}
"""


def test_a_flake_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the real Nix, which fetches nothing for a flake without inputs."""
    require("nix")
    flake = tmp_path / "flake"
    (flake / "modules").mkdir(parents=True)
    (flake / "flake.nix").write_text(FLAKE)
    (flake / "modules" / "extra.nix").write_text("{ }\n")
    (flake / "lib").mkdir()
    (flake / "lib" / "caches.nix").write_text(
        'let key = "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="; in\n'
        '{ caches = [ { url = "https://cache.nixos.org"; publicKey = key; } ]; }\n'
    )
    before = contents(flake)

    fleet = adopt(tmp_path, "--flake", flake)

    assert fleet.machine("gate").all_tags == ("server",)
    (module,) = fleet.services[0].roles["server"].extra_modules
    assert str(module) == "modules/extra.nix"
    assert len(fleet.caches) == 1
    assert "an extra module is Nix" in report(capsys)
    assert contents(flake) == before


def test_what_nix_says_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require("nix")
    (tmp_path / "flake.nix").write_text("{ outputs = _: { }; }\n")

    assert main(["adopt", "--flake", str(tmp_path), "-o", str(tmp_path / "fleet.py")]) == 2

    said = capsys.readouterr().err
    assert "clan.inventory" in said
    assert "nix: it failed" in said


def test_without_nix_it_says_what_to_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "flake.nix").write_text(FLAKE)
    monkeypatch.setenv("PATH", os.devnull)

    assert main(["adopt", "--flake", str(tmp_path), "-o", str(tmp_path / "fleet.py")]) == 2

    said = capsys.readouterr().err
    assert "--inventory FILE" in said
    assert "#clan.inventory" in said


def test_the_help_has_the_commands_that_it_would_run(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["adopt", "--help"])

    said = capsys.readouterr().out
    assert inventory_command(".")[-1][:40] in said
    assert caches_command(Path())[-1] in said


def test_the_report_acts_on_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "a\x1b[31m\u202e"
    document = {"machines": {"a": {}, hostile: {}}, hostile: 1}

    adopt(tmp_path, "--inventory", put_json(tmp_path, "inv.json", document))

    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert load(tmp_path / "fleet.py").machine("a")


INSTANCE = {
    "name": "galena",
    "machine_type": "e2-small",
    "zone": "us-central1-b",
    "boot_disk": [{"initialize_params": [{"image": "debian-cloud/debian-12", "size": 100}]}],
    "network_interface": [{"network": "default", "access_config": [{}]}],
}


@pytest.mark.parametrize(
    ("backend", "said"),
    [
        ({"gcs": {"bucket": "ores", "prefix": "old"}}, 'backend=GcsBackend("ores", prefix="old")'),
        ({"gcs": {"bucket": "ores", "prefix": "fleet/gcp"}}, 'GcsBackend("ores", prefix="fleet")'),
        ({"s3": {"bucket": "ores", "key": "x", "secret_key": "hush-hush"}}, ""),
        ({"local": {"path": "terraform.gcp.tfstate"}}, ""),
    ],
)
def test_the_state_stays_where_it_was_or_it_is_said(
    backend: dict[str, Any], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = {
        "terraform": {"backend": backend},
        "provider": {"google": [{"project": "example-project", "region": "us-central1"}]},
        "resource": {"google_compute_instance": {"galena": INSTANCE}},
    }

    adopt(tmp_path, "--terraform", put_json(tmp_path, "config.tf.json", document))

    text = (tmp_path / "fleet.py").read_text()
    assert said in text
    told = report(capsys)
    assert ("kept by the backend 's3'" in told) == ("s3" in backend)
    assert "local" not in told
    assert "hush" not in text + told


def test_what_is_not_in_the_inventory_is_imported_as_well(tmp_path: Path) -> None:
    """A machine with a comment before it is of a class like any other."""
    state = documents.shown([("google_compute_instance", "a", documents.instance("blende"))])

    fleet = adopt(
        tmp_path,
        *("--inventory", put_json(tmp_path, "inv.json", INVENTORY)),
        *("--terraform", put_json(tmp_path, "state.json", state)),
    )

    assert "# Not in the inventory so far." in (tmp_path / "fleet.py").read_text()
    assert fleet.machine("blende").machine_class == "nixos"


def test_two_clouds_have_a_machine_of_one_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one that is given first is the fleet's, and the other is not dropped in silence."""
    ours = ("google_compute_instance", "a", documents.instance("galena", attached_disk=[]))
    theirs = [("hcloud_server", "b", documents.server("galena", 100))]
    theirs += documents.addresses("galena", 100)
    for number, (found, kind) in enumerate(
        [([ours, *theirs], "GcpMachine"), ([*theirs, ours], "HetznerMachine")]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        state = put_json(tmp_path, f"state-{number}.json", documents.shown(found))

        fleet = adopt(folder, "--terraform", state)

        assert [type(machine).__name__ for machine in fleet.machines] == [kind]
        assert "which was given first and is the fleet's: this one stays as it is" in report(capsys)
        address = "34.90.0.1" if kind == "GcpMachine" else "5.75.0.1"
        assert fleet.facts.machine("galena").external_ip == address


def test_names_that_differ_by_case_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = put_json(tmp_path, "inv.json", {"machines": {"Ore": {}, "ORE": {}, "b": {}}})

    fleet = adopt(tmp_path, "--inventory", source)

    assert [machine.name for machine in fleet.machines] == ["Ore", "b"]
    assert "machines.ORE host names ignore case, and 'Ore' is a machine" in report(capsys)


def test_the_wanted_machine_of_another_project(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is left out says how to have it; and a machine has its provider's project and zone."""
    source = put_json(tmp_path, "config.tf.json", documents.written())

    first = adopt(tmp_path, "--terraform", source)
    said = report(capsys)
    (tmp_path / "other").mkdir()
    other = adopt(tmp_path / "other", "--terraform", source, "--machine", "elsewhere")

    assert first.gcp is not None
    assert first.gcp.project == "acme-prod"
    assert [machine.name for machine in first.machines] == ["galena", "cinnabar"]
    assert "a fleet of its own: --machine elsewhere" in said
    assert other.gcp is not None
    assert other.gcp.project == "acme-test"
    (machine,) = other.machines
    assert isinstance(machine, GcpMachine)
    assert machine.zone == "europe-west1-b"


@pytest.mark.parametrize("wanted", [["gate", "gat"], ["gat", "gate"]])
def test_each_machine_that_is_wanted_has_to_be_there(
    wanted: list[str], tmp_path: Path, inventory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [word for name in wanted for word in ("--machine", name)]

    assert main(["adopt", "--inventory", str(inventory), *words, "-o", f"{tmp_path}/f.py"]) == 2

    assert "--machine 'gat': no source has a machine of that name" in capsys.readouterr().err
    assert not (tmp_path / "f.py").exists()


def test_a_wanted_machine_that_cannot_be_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = documents.instance("galena", machine_type="zz9-plural-z")
    state = put_json(tmp_path, "s.json", documents.shown([("google_compute_instance", "a", odd)]))
    words = ["--terraform", str(state), "--machine", "galena", "-o", str(tmp_path / "fleet.py")]

    assert main(["adopt", *words]) == 2

    assert "machine_type='zz9-plural-z': not in the catalogue" in capsys.readouterr().err


def test_what_stays_behind_says_which_source_would_help(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server whose addresses no source tells: nothing is said of a deployment it is not in."""
    bare = documents.server("cinnabar", 100, public_net=[], backups=True, iso="nixos.iso")
    state = put_json(tmp_path, "s.json", documents.shown([("hcloud_server", "a", bare)]))

    fleet = adopt(tmp_path, "--terraform", state)

    assert [type(machine).__name__ for machine in fleet.machines] == ["Machine"]
    said = report(capsys)
    assert "so it is a Machine here" in said
    assert "→ give hcloud primary-ip list -o json, or hcloud server list -o json" in said
    assert "SHUTS OUT" not in said
    assert "iso is set" not in said
    assert "no source of Terraform's has it" not in said


def test_a_plan_says_what_it_would_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = [("google_compute_instance", "a", documents.instance("galena", attached_disk=[]))]
    values = documents.shown(found)["values"]
    changes = [
        {"address": f"google_compute_instance.{name}", "change": {"actions": actions}}
        for name, actions in (("a", ["delete"]), ("new", ["create"]), ("same", ["no-op"]))
    ]
    plan = {
        "format_version": "1.2",
        "prior_state": {"values": values},
        "planned_values": {"root_module": {}},
        "resource_changes": changes,
    }

    fleet = adopt(tmp_path, "--terraform", put_json(tmp_path, "plan.json", plan))

    assert fleet.machine("galena")
    said = report(capsys)
    assert "google_compute_instance.a the plan destroys it" in said
    assert "google_compute_instance.new the plan makes it" in said
    assert "instance.same" not in said


def test_what_is_no_machine_is_not_dropped_in_silence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = documents.written()
    document["provider"]["google"][0]["impersonate_service_account"] = "x@example.org"
    document["resource"]["google_compute_instance"]["galena"]["provisioner"] = [{"local-exec": {}}]

    adopt(tmp_path, "--terraform", put_json(tmp_path, "config.tf.json", document))

    assert 'GcsBackend("acme-state"' in (tmp_path / "fleet.py").read_text()
    said = report(capsys)
    for line in (
        "impersonate_service_account is set",
        "its provisioner, which runs something",
        "ip: a stack here has one output, machines",
    ):
        assert line in said


def test_objects_that_terraform_has_yet_to_destroy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [("google_compute_instance", "a", documents.instance("galena", attached_disk=[]))]
    state = documents.kept(found)
    (instance,) = state["resources"][0]["instances"]
    old = {**instance, "deposed": "00000001"}
    state["resources"][0]["instances"] = [old, {**instance, "status": "tainted"}]

    fleet = adopt(tmp_path, "--terraform", put_json(tmp_path, "a.tfstate", state))

    assert [machine.name for machine in fleet.machines] == ["galena"]
    said = report(capsys)
    assert "google_compute_instance.a (deposed) what was there before it was made anew" in said
    assert "Terraform calls it tainted" in said


def test_what_comes_next_is_of_this_fleet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = [("hcloud_server", "b", documents.server("cinnabar", 100))]
    found += documents.addresses("cinnabar", 100)

    adopt(tmp_path, "--terraform", put_json(tmp_path, "s.json", documents.shown(found)))

    said = capsys.readouterr().out
    assert f"    cd {tmp_path}\n" in said
    assert "infra deploy --plan" in said
    assert "terraform state rm hcloud_server.b" in said


@pytest.mark.parametrize("name", ["facts.json", "imports.json"])
def test_files_beside_it_are_not_written_over_either(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = put_json(tmp_path, "s.json", documents.shown(documents.resources()))
    (tmp_path / name).write_text("mine\n")
    before = contents(tmp_path)

    assert main(["adopt", "--terraform", str(source), "-o", str(tmp_path / "fleet.py")]) == 2

    assert f"{name}; nothing was written" in capsys.readouterr().err
    assert contents(tmp_path) == before


def test_a_machine_that_no_stack_takes_is_left_where_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As one whose metadata is too long with what the stack adds; the others are adopted."""
    long = {"a": "x " * 130_000, "b": "y " * 130_000, "c": "z " * 2_000}
    found = [
        ("google_compute_instance", "a", documents.instance("a", attached_disk=[], metadata=long)),
        ("google_compute_instance", "b", documents.instance("b", attached_disk=[])),
    ]

    state = put_json(tmp_path, "s.json", documents.shown(found))
    fleet = adopt(tmp_path, "--terraform", state)

    assert [type(machine).__name__ for machine in fleet.machines] == ["Machine", "GcpMachine"]
    assert "goes on to: machine 'a': metadata=" in report(capsys)


def test_all_that_two_inventories_say_otherwise_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = put_json(
        tmp_path,
        "first.json",
        {**INVENTORY, "meta": {**INVENTORY["meta"], "icon": "a"}, "tags": {"t": ["gate"]}},
    )
    other = json.loads(json.dumps(INVENTORY))
    other |= {
        "meta": {"name": "other", "domain": "example.com", "icon": "b"},
        "tags": {"t": ["vault"]},
    }
    other["instances"]["borgbackup"]["roles"]["server"]["machines"]["vault"]["settings"] = {}
    second = put_json(tmp_path, "second.json", other)
    key = CACHES["caches"][0]["publicKey"]
    caches = [
        put_json(
            tmp_path, f"caches-{priority}.json", [{**CACHES["caches"][0], "priority": priority}]
        )
        for priority in (10, 20)
    ]

    fleet = adopt(
        tmp_path,
        *("--inventory", first, "--inventory", second),
        *("--caches", caches[0], "--caches", caches[1]),
    )

    assert fleet.name == "ore"
    said = report(capsys)
    for line in (
        "meta.name 'other', and 'ore' in",
        "meta.domain 'example.com', and 'example.org' in",
        "clan.meta.icon 'b', and 'a' in",
        "tags.t ['vault'], and ['gate'] in",
        "roles.server.machines.vault.directory None, and '/x' in",
        "priority is 20 there and 10 before it",
    ):
        assert line in said, line
    assert key[-20:] not in said
