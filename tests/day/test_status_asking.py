"""Asking: stand-ins for gcloud, hcloud and Terraform that answer, refuse, hang or print rubbish."""

import json
import shlex
import time
from pathlib import Path
from typing import Any

import pytest

from infra_lib import Fleet, GcpMachine, GcpProject, HetznerMachine, HetznerProject, Machine
from infra_lib.model.errors import FleetError
from infra_lib.operate.status.asking import CloudAnswer, ask, one_line
from infra_lib.status import Status, status, status_data
from tests.helpers.live import instance, server, stand_in
from tests.helpers.process import is_running, python

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"
GALENA = GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b")
CINNABAR = HetznerMachine("cinnabar", server_type="cx43", location="fsn1")
PROJECT = GcpProject("example-project", region="us-central1", ssh_keys=(KEY,))
BOTH: dict[str, Any] = {"gcp": PROJECT, "hetzner": HetznerProject(ssh_keys=(KEY,))}


def fleet_of(*machines: Machine, **fields: Any) -> Fleet:
    return Fleet(name="metals", domain="zt", machines=machines, **fields)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that stand-ins go to, with nothing else on PATH but what a shell needs."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("sh", "cat", "sleep", "echo"):
        found = next(
            Path(each) / name for each in ("/usr/bin", "/bin") if (Path(each) / name).exists()
        )
        (folder / name).symlink_to(found)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("HCLOUD_TOKEN", "t" * 64)
    monkeypatch.delenv("HCLOUD_CONTEXT", raising=False)
    monkeypatch.delenv("TERRAFORM_BINARY_NAME", raising=False)
    return folder


def clouds(project: Path, fleet: Fleet | None = None, **options: Any) -> list[CloudAnswer]:
    asked = fleet or fleet_of(GALENA, CINNABAR, **BOTH)
    return ask(asked, project, **options)[1]


def test_each_cloud_is_asked_by_its_own_program(programs: Path, tmp_path: Path) -> None:
    stand_in(programs, "gcloud", [instance("galena")])
    stand_in(programs, "hcloud", [server("cinnabar")])
    google, hetzner = clouds(tmp_path)
    assert ([each.name for each in google.machines], google.reason) == (["galena"], None)
    assert ([each.name for each in hetzner.machines], hetzner.reason) == (["cinnabar"], None)
    asked = (programs / "gcloud.asked").read_text()
    assert "compute instances list" in asked
    assert "--project=example-project" in asked
    assert "t" * 64 not in asked + (programs / "hcloud.asked").read_text()


def test_they_are_asked_at_the_same_time(programs: Path, tmp_path: Path) -> None:
    """Each waits here until the other was asked, too."""
    for program, other in (("gcloud", "hcloud"), ("hcloud", "gcloud")):
        asked = shlex.quote(str(programs / f"{other}.asked"))
        wait = (
            f"n=0; until [ -e {asked} ]; do [ $n -lt 150 ] || exit 1; sleep 0.1; n=$((n + 1)); done"
        )
        stand_in(programs, program, [], before=wait)
    assert [each.reason for each in clouds(tmp_path)] == [None, None]


def test_a_program_that_is_missing_is_a_reason(programs: Path, tmp_path: Path) -> None:
    google, hetzner = clouds(tmp_path)
    assert "gcloud is not on PATH: https://" in (google.reason or "")
    assert "hcloud is not on PATH: https://" in (hetzner.reason or "")
    assert programs.exists()


def test_hetzner_is_not_asked_without_a_token(
    programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HCLOUD_TOKEN")
    stand_in(programs, "hcloud", [server("cinnabar")])
    _, hetzner = clouds(tmp_path)
    assert "HCLOUD_TOKEN" in (hetzner.reason or "")
    assert not (programs / "hcloud.asked").exists()
    monkeypatch.setenv("HCLOUD_CONTEXT", "metals")
    assert clouds(tmp_path)[1].reason is None


@pytest.mark.parametrize(
    ("printed", "said", "ended", "reason"),
    [
        (
            "",
            "ERROR: You do not currently have an active account selected.",
            1,
            "gcloud auth login",
        ),
        (
            "",
            "ERROR: (gcloud) quota\n\n  exceeded",
            1,
            "gcloud failed: ERROR: (gcloud) quota exceeded",
        ),
        ("", "", 3, "gcloud failed: exit status 3"),
        ("Welcome!", "", 0, "gcloud printed no JSON: 'Welcome!'"),
        ("", "", 0, "gcloud printed no JSON: ''"),
        ("[" * 100_000, "", 0, "gcloud printed no JSON"),
        ("{}", "", 0, "gcloud: what it printed is no list of instances"),
        ('[{"name": 3}]', "", 0, "gcloud: what it printed is no list of instances"),
        ("\u00ff\udcff", "", 0, "gcloud printed no JSON"),
    ],
)
def test_whatever_a_program_prints_there_is_a_reason(
    programs: Path, tmp_path: Path, printed: str, said: str, ended: int, reason: str
) -> None:
    stand_in(programs, "gcloud", printing="", saying=said, status=ended)
    (programs / "gcloud.out").write_bytes(printed.encode(errors="surrogateescape"))
    stand_in(programs, "hcloud", [])
    google, hetzner = clouds(tmp_path)
    assert reason in (google.reason or "")
    assert "\n" not in (google.reason or "")
    assert hetzner.reason is None


def test_what_google_does_not_tell_of_is_not_taken_for_gone(programs: Path, tmp_path: Path) -> None:
    """gcloud ends with 0, and warns, where a zone does not answer."""
    warning = "WARNING: Some requests did not succeed.\n - The zone is unreachable."
    stand_in(programs, "gcloud", [instance("other")], saying=warning)
    google, _ = clouds(tmp_path)
    assert google.machines == ()
    assert "gcloud did not tell of all" in (google.reason or "")
    assert "zone is unreachable" in (google.reason or "")
    assert "--verbosity=error" not in (programs / "gcloud.asked").read_text()


def test_a_program_that_hangs_is_ended_with_all_that_it_started(
    programs: Path, tmp_path: Path
) -> None:
    pid, ended = tmp_path / "pid", tmp_path / "ended"
    sleeping = f"(sleep 30; echo > '{ended}') & echo $! > '{pid}'; wait"
    stand_in(programs, "gcloud", [], before=sleeping)
    stand_in(programs, "hcloud", [])
    google, _ = clouds(tmp_path, timeout=2)
    assert google.reason == "gcloud did not answer within 2 s"
    child = int(pid.read_text())
    for _ in range(50):
        if not is_running(child):
            assert not ended.exists()
            return
        time.sleep(0.1)
    pytest.fail("what it started still runs")


def test_no_cloud_is_asked_that_the_fleet_has_nothing_in(programs: Path, tmp_path: Path) -> None:
    stand_in(programs, "gcloud", [])
    stand_in(programs, "hcloud", [])
    (google,) = clouds(tmp_path, fleet_of(GALENA, gcp=PROJECT))
    assert google.cloud == "gcp"
    assert clouds(tmp_path, fleet_of(Machine("stibnite", machine_class="darwin"))) == []
    assert clouds(tmp_path, live=False) == []
    assert not (programs / "hcloud.asked").exists()


def synthesized(folder: Path, name: str, *, provider: str, project: str = "") -> Path:
    """A stack as far as it tells its provider and its project."""
    stack = folder / "cdktf.out/stacks" / name
    stack.mkdir(parents=True)
    document = {
        "provider": {provider: [{"project": project} if project else {}]},
        "output": {"machines": {"value": {}}},
    }
    (stack / "cdk.tf.json").write_text(json.dumps(document))
    return stack


def test_every_project_that_a_stack_is_in_is_asked_once(programs: Path, tmp_path: Path) -> None:
    for name, project in (("one", "example-project"), ("two", "other"), ("three", "other")):
        synthesized(tmp_path, name, provider="google", project=project)
    stand_in(programs, "gcloud", [])
    answers = clouds(tmp_path, fleet_of(GALENA, gcp=PROJECT))
    assert [each.about for each in answers] == [
        "Compute Engine (project example-project)",
        "Compute Engine (project other)",
    ]
    asked = (programs / "gcloud.asked").read_text()
    assert asked.count("--project=other ") == 1


def test_terraform_that_is_missing_or_was_never_run_is_a_reason(
    programs: Path, tmp_path: Path
) -> None:
    folder = synthesized(tmp_path, "gcp", provider="google")
    fleet = fleet_of(GALENA, gcp=PROJECT)
    (stack,), _ = ask(fleet, tmp_path, live=False)
    assert "terraform is not on PATH" in (stack.reason or "")
    terraform = stand_in(programs, "terraform", printing="", saying="Error: no bucket", status=1)
    (stack,), _ = ask(fleet, tmp_path, live=False)
    assert stack.reason == "stack gcp was never deployed from here"
    (folder / ".terraform").mkdir()
    (stack,), _ = ask(fleet, tmp_path, live=False)
    assert "Error: no bucket" in (stack.reason or "")
    assert terraform.exists()
    assert stack.clouds == {"gcp"}


def test_only_the_stacks_that_are_named_are_asked_about(programs: Path, tmp_path: Path) -> None:
    for name, provider in (("gcp", "google"), ("hetzner", "hcloud")):
        (synthesized(tmp_path, name, provider=provider) / ".terraform").mkdir()
    stand_in(programs, "terraform", {"outputs": {}, "resources": []})
    fleet = fleet_of(GALENA, CINNABAR, **BOTH)
    found = status(fleet, project=tmp_path, stacks=("gcp",), live=False)
    galena, cinnabar = found.machines
    assert (galena.deployed, cinnabar.deployed) == ("off", None)
    assert cinnabar.deployed_unknown == "stack hetzner was not to be asked about"
    assert (programs / "terraform.asked").read_text().count("state pull") == 1
    with pytest.raises(FleetError, match="--stack ore: no such stack; stacks are: gcp, hetzner"):
        ask(fleet, tmp_path, stacks=("ore",))
    with pytest.raises(FleetError, match="none is synthesized here"):
        ask(fleet, tmp_path / "elsewhere", stacks=("ore",))


def test_the_library_answers_for_some_machines(programs: Path, tmp_path: Path) -> None:
    stand_in(programs, "gcloud", [instance("galena", zone="us-central1-b"), instance("cobalt")])
    fleet = fleet_of(GALENA, CINNABAR, Machine("stibnite"), **BOTH)
    assert status(fleet, ["stibnite"], project=tmp_path).clouds == ()
    found = status(fleet, ["galena"], project=tmp_path)
    assert isinstance(found, Status)
    assert [each.name for each in found.machines] == ["galena"]
    assert [each.cloud for each in found.clouds] == ["gcp"]  # who has no part in it is not asked
    assert {each.kind for each in found.differences} == {"machine type"}
    every = status(fleet, project=tmp_path)
    assert [each.name for each in every.machines] == ["galena", "cinnabar", "stibnite", "cobalt"]
    assert [each.about for each in every.unanswered] == ["Hetzner Cloud"]
    hour = status_data(every)["by_currency"]["EUR"]
    assert hour["per_hour"] == hour["per_hour_at_least"] > 0
    with pytest.raises(FleetError, match="ore"):
        status(fleet, ["ore"], project=tmp_path)


def test_what_others_say_is_short_and_without_secrets() -> None:
    text = one_line("a\n\n b\t" + "ya29." + "x" * 50 + " c" * 400)
    assert text.startswith("a b … c c")
    assert len(text) == 301


def test_importing_the_library_loads_none_of_it() -> None:
    code = "import infra_lib, sys; print([n for n in sys.modules if 'status' in n])"
    assert python("-c", code).stdout.strip() == "[]"
