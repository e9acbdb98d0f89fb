"""`infra enable`, `disable`, `start`, `stop` and `check` in a project, without a deployment."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from infra_lib.commands.cli import main
from infra_lib.operate.switch import span
from tests.helpers import CHECKOUT

NOW = datetime(2026, 11, 27, 14, 0, tzinfo=UTC)
HEAD = """\
from infra_lib import *

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"
"""
FLEET = """\
metals = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1", ssh_keys=(KEY,)),
    machines=({}),
)
"""
GALENA = 'GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b"),'
SCHEELITE = """
        GcpMachine(
            "scheelite",
            machine_type="n1-standard-8",
            zone="us-central1-c",
            tags=("gpu",),
            gpu=Gpu("nvidia-tesla-t4"),  # a T4
        ),"""
MAC = 'Machine("stibnite", machine_class="darwin"),'

Describe = Callable[..., Path]


@pytest.fixture
def described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Describe]:
    """Go to a new folder; what is called writes modules there: `described` has the fleet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(span, "now", lambda: NOW)
    before = {*sys.modules}

    def describe(machines: str = GALENA + SCHEELITE + MAC, **modules: str) -> Path:
        text = HEAD + modules.pop("before", "") + FLEET.format(machines) + modules.pop("after", "")
        (tmp_path / "described.py").write_text(text)
        (tmp_path / "pyproject.toml").write_text('[tool.nixgen]\nsource = "described:metals"\n')
        for name, extra in modules.items():
            (tmp_path / f"{name}.py").write_text(extra)
        return tmp_path / "described.py"

    yield describe
    for name in {*sys.modules} - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(tmp_path)):
            del sys.modules[name]


def forgotten() -> None:
    """Have the next command read the modules anew, as another process does."""
    for name in [*sys.modules]:
        if name in {"described", "parts", "more"}:
            del sys.modules[name]


def infra(*arguments: str) -> int:
    forgotten()
    return main([*arguments])


def state(capsys: pytest.CaptureFixture[str], name: str) -> Any:
    capsys.readouterr()
    assert infra("show", "--json") == 0
    machines = json.loads(capsys.readouterr().out)["machines"]
    (found,) = (each for each in machines if each["name"] == name)
    return found["state"], found["on_until"]


def test_on_for_a_time_and_off_again(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    path = described()
    before = path.read_text()
    path.chmod(0o640)
    assert infra("enable", "scheelite", "--for", "4h") == 0
    said = capsys.readouterr()
    added = """\
            enabled=True,
            on_until="2026-11-27T18:00+00:00",
            max_run_duration=14400,
"""
    assert path.read_text() == before.replace("# a T4\n", f"# a T4\n{added}")
    assert path.stat().st_mode & 0o777 == 0o640
    assert '+            on_until="2026-11-27T18:00+00:00",\n' in said.out
    assert (
        "scheelite: off → on until 2026-11-27T18:00+00:00. Until then it costs $2.99." in said.out
    )
    assert "+$99.42" in said.out
    next_ = "Next: infra deploy scheelite, then nixgen write, for docs/gpu-costs.md."
    assert f"described.py: written. {next_}" in said.err
    assert state(capsys, "scheelite") == ("on", "2026-11-27T18:00+00:00")
    assert infra("show") == 0
    assert "scheelite is on until 2026-11-27T18:00+00:00." in capsys.readouterr().out

    assert infra("disable", "scheelite") == 0
    said = capsys.readouterr()
    assert path.read_text() == before.replace("# a T4\n", "# a T4\n            enabled=False,\n")
    assert "Its boot disk is deleted, with all that is on it." in said.out
    assert state(capsys, "scheelite") == ("off", None)

    text = path.read_text()
    assert infra("disable", "scheelite") == 0
    assert capsys.readouterr().out == "scheelite: off already, and nothing is changed.\n"
    assert path.read_text() == text


def test_several_are_switched_at_once_or_none(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    path = described(GALENA + SCHEELITE.replace("gpu=", "enabled=True, gpu="))
    before = path.read_text()
    assert infra("stop", "galena", "--tag", "gpu", "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert [(each["name"], each["state"]) for each in data["machines"]] == [
        ("galena", "stopped"),
        ("scheelite", "stopped"),
    ]
    assert [part["kind"] for part in data["machines"][0]["stays"]["parts"]] == ["boot disk"]
    assert data["generated"] == ["docs/gpu-costs.md"]
    (file,) = data["files"]
    patched = subprocess.run(
        ["git", "apply", "--reverse", "--unidiff-zero", "-"],
        input=file["diff"],
        text=True,
        check=False,
        capture_output=True,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(path.parent.parent)},
    )
    assert patched.returncode == 0, patched.stderr
    assert path.read_text() == before


def test_a_machine_in_another_module_and_through_a_link(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    path = described("*made,", before="from parts import made\n")
    folder = path.parent / "real"
    folder.mkdir()
    text = f"import infra_lib as i\n\ndef all():\n    return [i.{GALENA}]\n\nmade = all()\n"
    (folder / "galena.py").write_text(text)
    (path.parent / "parts.py").symlink_to("real/galena.py")
    before = path.read_text()
    assert infra("stop", "galena") == 0
    assert (folder / "galena.py").read_text() == text.replace('-b")', '-b", stopped=True)')
    assert (path.parent / "parts.py").is_symlink()
    assert path.read_text() == before
    assert state(capsys, "galena")[0] == "stopped"


LOOP = '*(GcpMachine(n, machine_type="e2-small", zone="us-central1-b") for n in ("galena", "b")),'


@pytest.mark.parametrize(
    ("machines", "parts", "named"),
    [
        (LOOP, {}, ["described.py:8", "in quotes", "are made of other names"]),
        (
            'made("galena"),',
            {
                "before": "def made(name):\n"
                '    return GcpMachine(name, machine_type="e2-small", zone="us-central1-b")\n'
            },
            ["its name stands at described.py:10", "described.py:5"],
        ),
        (
            "galena,",
            {"before": f"galena = {GALENA}\ngalena = {GALENA[:-1]}\n".replace('b"),', 'b")')},
            ["written 2 times, described.py:4, described.py:5"],
        ),
        (
            GALENA.replace('-b"', '-b", enabled=ON'),
            {"before": "ON = True\n"},
            [
                "described.py:9: machine 'galena': enabled=ON is not a value",
                "enabled=False by hand",
            ],
        ),
        (
            GALENA.replace('-b"', '-b", **common'),
            {"before": "common = dict(enabled=True)\n"},
            ["**common gives it enabled"],
        ),
        (  # another machine is made of it
            "galena, attrs.evolve(galena, name='b'),",
            {"before": f"import attrs\ngalena = {GALENA[:-1]}\n"},
            ["the fleet would differ otherwise than asked: enabled of b is another"],
        ),
        (
            GALENA,
            {
                "after": "import attrs\nmetals = attrs.evolve(metals, machines=[attrs.evolve("
                "metals.machines[0], enabled=True)])\n"
            },
            ["enabled of galena is still True"],
        ),
        (
            GALENA,
            {"after": "assert metals.machines[0].enabled, 'galena is wanted'\n"},
            ["that cannot be", "galena is wanted", "nothing was changed"],
        ),
    ],
)
def test_what_cannot_be_changed_alone_is_refused_and_nothing_is_written(
    described: Describe,
    capsys: pytest.CaptureFixture[str],
    machines: str,
    parts: dict[str, str],
    named: list[str],
) -> None:
    path = described(machines, **parts)
    before = path.read_text()
    assert infra("disable", "galena") == 2
    said = capsys.readouterr()
    assert said.out == ""
    for each in named:
        assert each in said.err
    assert path.read_text() == before
    assert not [each for each in path.parent.iterdir() if each.suffix not in {".py", ".toml"}]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("enable",), "no machine is named"),
        (("enable", "stibnite"), "machine 'stibnite': it is not made in a cloud from here"),
        (("enable", "galen"), "machine='galen'"),
        (("enable", "galena", "--yes"), "--yes: only with --deploy"),
        (("enable", "scheelite", "--for", "4 hours"), "--for 4 hours: a length of time"),
        (("enable", "scheelite", "--for", "121d"), "30 s to 120 d"),
        (("enable", "scheelite", "--until", "noon"), "--until noon"),
        (("start", "scheelite"), "infra enable scheelite makes it"),
        (("disable", "galena", "--json", "--deploy"), "--json and --deploy"),
        (("disable", "galena", "--deploy"), "no terminal to ask at"),
        (("destroy",), "no terminal to ask at"),
        (("destroy", "--json", "--yes"), "--json: only with --plan"),
    ],
)
def test_bad_input_changes_nothing(
    described: Describe,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    named: str,
) -> None:
    path = described()
    before = path.read_text()
    monkeypatch.setattr(sys, "stdin", StringIO())
    assert infra(*arguments) == 2
    said = capsys.readouterr()
    assert named in said.err
    assert path.read_text() == before


def test_a_rule_of_the_cloud_is_found_before_anything_is_written(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    ssds = 'GcpMachine("galena", machine_type="a2-ultragpu-1g", zone="us-central1-a"),'
    path = described(ssds)
    before = path.read_text()
    assert infra("enable", "galena", "--for", "4h") == 2
    assert "agree with discard_local_ssd=True" in capsys.readouterr().err
    assert path.read_text() == before


def test_a_protected_machine_is_not_taken_down(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    path = described(GALENA.replace('-b"', '-b", deletion_protection=True'))
    before = path.read_text()
    assert infra("destroy", "--plan") == 2
    assert "Give it deletion_protection=False, and deploy that first" in capsys.readouterr().err
    assert infra("disable", "galena") == 0
    assert "deletion_protection=False has to be deployed first." in capsys.readouterr().out
    assert path.read_text() != before


@pytest.mark.parametrize("command", ["enable", "destroy"])
def test_where_a_program_is_missing_no_price_is_told_but_that_of_the_change(
    command: str,
    described: Describe,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    path = described()
    before = path.read_text()
    monkeypatch.setenv("PATH", str(tmp_path))
    deploy = ("--deploy",) if command == "enable" else ()
    assert infra(command, "scheelite", "galena", *deploy, "--yes") == 2
    said = capsys.readouterr()
    assert "terraform is not on PATH" in said.err
    assert "Then:" not in said.out  # as it was, and not as it will be
    assert path.read_text() == before


def test_what_somebody_saves_meanwhile_stays(
    described: Describe, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from infra_lib.commands import switches

    path = described()

    def shown(_text: str) -> None:
        path.write_text(path.read_text() + "# mine\n")

    monkeypatch.setattr(switches, "show", shown)
    before = path.read_text()
    assert infra("disable", "galena") == 2
    assert "it was changed meanwhile; nothing was written" in capsys.readouterr().err
    assert path.read_text() == before + "# mine\n"


@pytest.mark.parametrize(
    ("until", "status"), [("2026-11-27T13:00+00:00", 1), ("2026-11-27T16:00+01:00", 0)]
)
def test_check_fails_once_the_time_is_past(
    described: Describe, capsys: pytest.CaptureFixture[str], until: str, status: int
) -> None:
    described(GALENA.replace('-b"', f'-b", on_until="{until}"') + SCHEELITE)
    assert infra("check") == status
    said = capsys.readouterr().out
    assert ("galena was to be on until" in said) == bool(status)
    assert ("1 h ago: infra disable galena" in said) == bool(status)
    assert infra("check", "scheelite") == 0
    assert capsys.readouterr().out == "no machine is on for a time\n"
    assert infra("check", "--json") == status
    data = json.loads(capsys.readouterr().out)
    assert data["now"] == "2026-11-27T14:00+00:00"
    assert [(each["name"], each["overdue"]) for each in data["machines"]] == [
        ("galena", bool(status))
    ]


def test_a_fleet_that_prints_and_ends_its_process_is_seen_through(described: Describe) -> None:
    """The commands run as people run them, with Python's own cache of what it made of the text."""
    after = "import os, sys\nprint('hello')\nif not metals.machines[0].enabled: os._exit(0)\n"
    path = described(GALENA, after=after)
    before = path.read_text()
    done = subprocess.run(
        [sys.executable, "-m", "infra_lib", "disable", "galena", "--json"],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTHONDONTWRITEBYTECODE": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "os._exit would end the command" in done.stderr
    assert (done.stdout, path.read_text()) == ("", before)


@pytest.mark.parametrize(
    ("machine", "length", "said"),
    [
        # Hetzner bills every hour that is begun.
        (
            'HetznerMachine("ore", server_type="cx43", location="fsn1", enabled=False),',
            "61m",
            "€0.05",
        ),
        (
            'HetznerMachine("ore", server_type="cx43", location="fsn1", enabled=False),',
            "5m",
            "€0.03",
        ),
        (
            'GcpMachine("ore", machine_type="e2-standard-8", zone="us-central1-b", enabled=False),',
            "1m",
            "$0.0048",
        ),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_short_run_is_not_said_to_cost_less_than_is_billed(
    described: Describe,
    capsys: pytest.CaptureFixture[str],
    machine: str,
    length: str,
    said: str,
) -> None:
    path = described(machine)
    path.write_text(
        path.read_text().replace("gcp=", "hetzner=HetznerProject(ssh_keys=(KEY,)), gcp=")
    )
    assert infra("enable", "ore", "--for", length) == 0
    assert f"Until then it costs {said}." in capsys.readouterr().out


def test_a_file_that_was_made_read_only_is_left(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    path = described()
    before = path.read_text()
    path.chmod(0o444)
    assert infra("stop", "galena") == 2
    assert "described.py: it is read-only" in capsys.readouterr().err
    assert path.read_text() == before


@pytest.mark.parametrize("words", [["stibnite"], ["galena", "stibnite"], ["--tag", "darwin"]])
def test_what_is_not_made_from_here_is_not_said_to_be_deployed(
    described: Describe, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    described()
    assert infra("deploy", *words, "--plan") == 2
    said = capsys.readouterr().err
    assert "machine 'stibnite': it is not made in a cloud from here" in said
    assert "galena, scheelite can be deployed" in said


def test_destroy_says_that_what_is_described_as_off_goes_too(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    described()
    assert infra("destroy", "scheelite", "--plan") == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "scheelite is described as off already." in said
    assert "its boot disk is deleted, with all that is on it" in said


def test_another_fleet_that_has_the_machine_is_named(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    both = FLEET.replace("metals", "salts").format("GALENA,")
    alone = FLEET.replace("metals", "ores").format("")
    described("GALENA,", before=f"GALENA = {GALENA.rstrip(',')}\n", after=both + alone)
    assert infra("stop", "galena") == 0
    assert "Other fleets describe that too, and change with it: salts.\n" in capsys.readouterr().out
    assert infra("start", "galena", "--json") == 0
    assert json.loads(capsys.readouterr().out)["other_fleets"] == ["salts"]
