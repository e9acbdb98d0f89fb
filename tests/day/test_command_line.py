"""What all commands have in common: help, completion, colour, quiet, progress, JSON."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra_lib.commands.cli import COMMANDS, main
from infra_lib.commands.topics import TOPICS
from infra_lib.operate.style import coloured, paint_for, plain, state_tone
from infra_lib.operate.table import fitted_table
from infra_lib.terraform import printing
from tests.helpers import CHECKOUT, process
from tests.helpers.tools import require
from tools.commands_page import PAGE, page

FLEET = """\
from infra_lib import *

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"
print("the module says something")
fleet = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1", ssh_keys=(KEY,)),
    machines=(
        GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b", tags=("lab",)),
        GcpMachine("garnet", machine_type="e2-small", zone="us-central1-b", stopped=True),
        GcpMachine("scheelite", machine_type="g2-standard-4", zone="us-central1-b"),
        Machine("stibnite", machine_class="darwin"),
    ),
)
"""
STATES = ("on", "stopped", "off")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(FLEET)
    (tmp_path / "pyproject.toml").write_text('[tool.nixgen]\nsource = "main:fleet"\n')
    return tmp_path


def infra(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return process.python("-m", "infra_lib", *arguments, cwd=project)


def test_the_page_of_the_commands_is_that_of_the_parsers() -> None:
    assert PAGE.read_text() == page(), "python tools/commands_page.py renews it"


def section(name: str) -> str:
    """What the page says of a command."""
    found = re.search(rf"\n## infra {name}( update)?\n.*?(?=\n#|\Z)", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[0]


OTHER_WORDS = {
    "completion": ["{BASH,ZSH,FISH}"],
    "diff": ["REVISION"],
    "gpus": ["GPU"],
    "help": ["TOPIC"],
    "sync": ["SOURCE"],
}
NO_DATA = {"completion", "help"}


@pytest.mark.parametrize("name", COMMANDS)
def test_words_are_names_of_machines_but_where_the_help_says_otherwise(name: str) -> None:
    found = [word.upper() for word in re.findall(r"\n- `\[?([A-Za-z{][^ \]`]*)", section(name))]
    assert found in ([], OTHER_WORDS.get(name, ["NAME"]))


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - {"catalog"}))
def test_every_command_that_tells_something_tells_it_to_programs(name: str) -> None:
    assert ("`--json`" in section(name)) == (name not in NO_DATA)


def test_topics_and_commands_have_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["help"]) == 0
    listed = capsys.readouterr().out
    for name in (*TOPICS, *COMMANDS):
        assert f"\n    {name} " in listed
    assert main(["help", "states"]) == 0
    assert "enabled=True, stopped=True: its disks stay" in capsys.readouterr().out
    with pytest.raises(SystemExit) as end:
        main(["help", "cost"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith("usage: infra cost ")
    assert main(["help", "stats"]) == 2
    assert "no such command or topic (nearest: status, states" in capsys.readouterr().err
    assert main(["help", "xyzzy"]) == 2
    names = capsys.readouterr().err.partition("there are ")[2].strip().split(", ")
    assert names == sorted({*COMMANDS, *TOPICS})
    assert [*COMMANDS] == sorted(COMMANDS)
    for name, (_, text) in TOPICS.items():
        assert name not in COMMANDS or name == "completion"
        assert max(map(len, text.splitlines())) <= 100


def completed(project: Path, line: str, shell: str = "bash") -> list[str]:
    """What bash offers after a line, by what `infra completion` gives it."""
    bin_folder = Path(sys.executable).parent
    code = (
        f'eval "$(infra completion {shell})"\n'
        f"COMP_LINE={shlex.quote(line)} COMP_POINT={len(line)} COMP_TYPE=9 COMPREPLY=()\n"
        'COMP_WORDS=($COMP_LINE); [[ $COMP_LINE == *" " ]] && COMP_WORDS+=("")\n'
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
        '_python_argcomplete infra; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        [require("bash"), "-c", code],
        cwd=project,
        env={**process.environment(), "PATH": f"{bin_folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return sorted(done.stdout.split())


def test_a_shell_completes_commands_options_machines_and_tags(project: Path) -> None:
    pytest.importorskip("argcomplete")
    assert completed(project, "infra comp") == ["completion"]
    assert completed(project, "infra show g") == ["galena", "garnet"]
    assert completed(project, "infra -q show galena s") == ["scheelite", "stibnite"]
    assert completed(project, "infra cost --tag l") == ["lab"]
    assert "--committed-use" in completed(project, "infra cost --c")
    assert completed(project, "infra cost --by z") == ["zone"]
    assert completed(project, "infra help sta") == ["start", "states", "status"]
    (project / "main.py").write_text("1 / 0")
    assert completed(project, "infra show g") == []


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_are_given_code_that_they_understand(project: Path, shell: str) -> None:
    pytest.importorskip("argcomplete")
    done = infra(project, "completion", shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert "infra" in done.stdout
    if shell == "zsh":
        subprocess.run([require("zsh"), "-n"], input=done.stdout, text=True, check=True)


def test_without_argcomplete_it_is_said_how_to_have_it(project: Path) -> None:
    (project / "argcomplete.py").write_text("raise ModuleNotFoundError('argcomplete')")
    done = process.python(
        "-m",
        "infra_lib",
        "completion",
        "bash",
        cwd=project,
        env={
            "PYTHONPATH": f"{project}:{CHECKOUT}",
        },
    )
    assert done.returncode == 2
    assert 'pip install "infra-lib[all]"' in done.stderr


def test_colours_are_for_terminals_that_show_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert paint_for(Terminal()) is coloured
    assert paint_for(io.StringIO()) is plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert paint_for(io.StringIO()) is plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert paint_for(Terminal()) is plain
    monkeypatch.setenv("NO_COLOR", "")
    assert paint_for(Terminal()) is coloured
    monkeypatch.setenv("TERM", "dumb")
    assert paint_for(Terminal()) is plain


def test_a_table_in_colour_is_the_table_once_they_are_taken_out() -> None:
    head = ("MACHINE", "STATE", "WHAT", "USD/HOUR")
    rows = [
        ("galena", "on", "a boot disk of 漢字 100 GB", "$0.29"),
        ("hostile\x1b[31m", "off", "é", "-"),
        ("garnet", "stopped", "", "$12.00"),
    ]
    for width in (None, 200, 40, 25):
        options = {"right": ("USD/HOUR",), "width": width, "folds": ("WHAT",)}
        without, _ = fitted_table(head, rows, **options)  # type: ignore[arg-type]
        painted, _ = fitted_table(head, rows, tones=state_tone, paint=coloured, **options)  # type: ignore[arg-type]
        assert painted != without
        assert re.sub(r"\x1b\[[0-9]+m", "", painted) == without
        assert "\\u001b[31m" in re.sub(r"\s", "", painted) or width in (40, 25)
    assert {state_tone("STATE", state) for state in STATES} == {"good", "warn", "quiet"}


@pytest.mark.parametrize("command", ["cost", "show"])
def test_a_pipe_gets_no_colour(project: Path, command: str) -> None:
    assert "\x1b" not in infra(project, command).stdout


WARNS = FLEET + "import warnings\nwarnings.warn('something is to be known')\n"


def test_quiet_leaves_out_what_is_no_error(project: Path) -> None:
    (project / "main.py").write_text(WARNS)
    assert "infra: warning: something is to be known" in infra(project, "show").stderr
    for arguments in (("-q", "show"), ("show", "--quiet")):
        done = infra(project, *arguments)
        assert done.stdout.startswith("fleet metals")
        assert "is to be known" not in done.stderr
    assert (
        "infra: fleet 'metals': machine='nobody'" in infra(project, "-q", "show", "nobody").stderr
    )
    assert infra(project, "-q", "-v", "show").returncode == 2


def test_verbose_tells_what_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    printing.trace(["terraform", "plan"])
    assert capsys.readouterr().err == ""
    printing.set_volume(verbose=True)
    try:
        printing.trace(["terraform", "-chdir=a b", "plan"])
    finally:
        printing.set_volume()
    assert capsys.readouterr().err == "infra: + terraform '-chdir=a b' plan\n"


def test_notes_are_what_quiet_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    printing.set_volume(quiet=True)
    try:
        printing.note("by the way")
        printing.say("this went wrong")
    finally:
        printing.set_volume()
    printing.note("by the way")
    assert capsys.readouterr().err == "infra: this went wrong\ninfra: by the way\n"


def test_what_takes_long_says_so_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "_SOON", 0.01)
    for stream, quiet, told in (
        (Terminal(), False, True),
        (Terminal(), True, False),
        (io.StringIO(), False, False),
    ):
        monkeypatch.setattr(sys, "stderr", stream)
        printing.set_volume(quiet=quiet)
        with printing.progress("asking\x1b[2J"), printing.progress("asking within"):
            while told and "asking" not in stream.getvalue():
                time.sleep(0.01)
        printing.set_volume()
        said = stream.getvalue()
        assert ("infra: asking\\u001b[2J … 0 s" in said) == told
        assert "within" not in said
        assert said.endswith(printing.CLEAR) == told


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (8.9, "8 s"), (60, "1 min 0 s"), (3725, "62 min 5 s")]
)
def test_elapsed_time_in_words(seconds: float, text: str) -> None:
    assert printing.elapsed_text(seconds) == text


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("show",), ["galena", "garnet", "scheelite", "stibnite"]),
        (("show", "stibnite", "galena"), ["galena", "stibnite"]),
        (("show", "--tag", "gpu"), ["scheelite"]),
        (("show", "garnet", "--tag", "gpu"), ["garnet", "scheelite"]),
        (("cost",), ["galena", "garnet", "scheelite"]),
        (("cost", "garnet", "--tag", "gpu"), ["garnet", "scheelite"]),
        (("cost", "garnet", "--tag", "gpu", "--state", "off"), ["scheelite"]),
    ],
)
def test_machines_are_chosen_by_name_and_by_tag(
    project: Path, arguments: tuple[str, ...], names: list[str]
) -> None:
    done = infra(project, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    assert [machine["name"] for machine in json.loads(done.stdout)["machines"]] == names
    text = infra(project, *arguments).stdout
    for name in ("galena", "garnet", "scheelite"):
        assert bool(re.search(rf"^{name} ", text, re.MULTILINE)) == (name in names)


def test_a_runbook_for_programs(project: Path) -> None:
    [up, down, replace] = json.loads(infra(project, "runbook", "galena", "--json").stdout)
    assert [each["action"] for each in (up, down, replace)] == ["up", "down", "replace"]
    assert {each["machine"] for each in (up, down, replace)} == {"galena"}
    assert any("infra deploy" in line for step in up["steps"] for line in step["commands"])
    text = infra(project, "runbook", "galena").stdout
    for step in up["steps"]:
        assert all(line in text for line in step["commands"])


def test_what_sync_learns_for_programs(project: Path) -> None:
    (project / "main.py").write_text(
        FLEET.replace('domain="zt"', 'domain="zt", facts=Facts.load(PATH)').replace(
            "KEY =", "PATH = __import__('pathlib').Path(__file__).with_name('facts.json')\nKEY =", 1
        )
    )
    told = ("--set", "stibnite.zerotier_member_id=abcdef1200", "--json")
    for command, written in ((("--check",), False), ((), True), ((), False)):
        done = infra(project, "sync", "--vars-only", *command, *told)
        data = json.loads(done.stdout)
        assert Path(data["file"]).name == "facts.json"
        assert data["written"] == written
        change = {
            "fact": "stibnite.zerotier_member_id",
            "before": None,
            "after": "abcdef1200",
        }
        assert data["changes"] == ([change] if written or command else [])


def test_what_init_wrote_for_programs(tmp_path: Path) -> None:
    folder = tmp_path / "ores"
    folder.mkdir()
    data = json.loads(infra(folder, "init", "--json").stdout)
    assert data["extended"] == []
    assert "main.py" in data["created"]
    assert {str(path) for path in data["created"]} == {
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    }
