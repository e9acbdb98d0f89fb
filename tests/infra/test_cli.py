"""The `infra` command: where the fleet comes from, and how it fails."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import infra_lib
import nixgen.files.cli
from infra_lib.commands.cli import COMMANDS, main
from tests.helpers import CHECKOUT, process, projects

from ..model.bad import REFUSED

Describe = Callable[[str], Path]
Run = Callable[[list[str]], int]


def refused(capsys: pytest.CaptureFixture[str], *arguments: str, run: Run = main) -> str:
    """What the one line on stderr says after the command's name."""
    assert run([*arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    name, colon, message = output.err.partition(": ")
    assert (name, colon) in {("infra", ": "), ("nixgen", ": ")}
    assert message.count("\n") == 1
    return message.rstrip("\n")


@pytest.mark.parametrize(
    ("expression", "named"),
    [pytest.param(*bad, id=name) for name, bad in REFUSED.items()],
)
def test_bad_input_ends_every_command_with_2_and_writes_nothing(
    described: Describe,
    capsys: pytest.CaptureFixture[str],
    expression: str,
    named: tuple[str, ...],
) -> None:
    folder = described(f"bad = {expression}\nmetals = fleet()")
    before = sorted(folder.rglob("*"))
    for run, *arguments in (
        (main, "cost"),
        (main, "show", "--json"),
        (nixgen.files.cli.main, "write"),
        (nixgen.files.cli.main, "check"),
    ):
        message = refused(capsys, *arguments, run=run)
        for words in named:
            assert words in message
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("code", "source", "named"),
    [
        ("", "nowhere:fleet", ("source nowhere:fleet", "no module 'nowhere'")),
        ("", "described:metals", ("source described:metals", "no attribute 'metals'")),
        ("metals = 5", "described:metals", ("source described:metals", "a Fleet", "got int")),
        ("metals = lambda: 5", "described:metals", ("a Fleet", "got int")),
        ("metals = dict", "described:metals", ("a Fleet", "got dict")),
        ("metals = Fleet", "described:metals", ("TypeError", "missing", "INFRA_DEBUG=1")),
        ("metals = GcpMachine('a')", "described:metals", ("TypeError at described.py:", "zone")),
        (
            "metals = fleet(gcp(stoped=True))",
            "described:metals",
            (
                "described.py:",
                ": GcpMachine('galena', stoped=…): there is no field",
                "(nearest: stopped",
            ),
        ),
        (
            "from infra_lib.clan_services import sshd\nmetals = sshd(servr=None)",
            "described:metals",
            ("TypeError at described.py:", "argument 'servr'; did you mean 'server'? (INFRA"),
        ),
        (
            "from infra_lib import clan_services\nmetals = clan_services.sshd(servr=None)",
            "described:metals",
            ("argument 'servr'; did you mean 'server'?",),
        ),
        (
            "raise TypeError(\"f() got an unexpected keyword argument 'a'. Did you mean 'b'?\")",
            "described:metals",
            ("argument 'a'; did you mean 'b'? (INFRA",),
        ),
        ("fleet(nonsense=1)", "described:metals", ("described.py:", "no field 'nonsense': name,")),
        ("metals = 1 / 0", "described:metals", ("ZeroDivisionError at described.py:",)),
        ("import sys; sys.exit(3)", "described:metals", ("SystemExit at described.py:",)),
        ("metals = (", "described:metals", ("described.py:", "never closed")),
        ("import not_there", "described:metals", ("ModuleNotFoundError", "not_there")),
    ],
)
def test_a_source_that_gives_no_fleet(
    described: Describe,
    capsys: pytest.CaptureFixture[str],
    code: str,
    source: str,
    named: tuple[str, ...],
) -> None:
    described(code)
    message = refused(capsys, "cost", source)
    for words in named:
        assert words in message
    assert refused(capsys, "cost", "--source", source) == message


def test_no_source_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (["show"], ["cost"], ["sync"], ["runbook"], ["deploy", "--plan"]):
        message = refused(capsys, *command)
        assert "--source main:fleet" in message
        assert '[tool.nixgen] source = "main:fleet"' in message
        assert "infra init" in message


def test_a_word_that_is_no_source_is_answered_with_what_the_command_is_about(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = described("metals = fleet(gcp(), Machine('cinnabar'))")
    for command in (["sync"], ["cost", "--source"], ["show", "--source"]):
        said = refused(capsys, *command, "galena")
        assert said.startswith("source 'galena': module:attribute is wanted, such as main:fleet. ")
        assert "None is needed here, where pyproject.toml names described:metals" in said
        assert said.endswith("this is of all its machines: galena, cinnabar")
    assert "; of the file main.py, main:fleet is what it calls fleet" in refused(
        capsys, "runbook", "--source", "main.py"
    )
    # A fleet that is wrong is no reason to say less, nor anything else.
    described("metals = 1 / 0")
    sys.modules.pop("described")
    said = refused(capsys, "cost", "--source", "galena")
    assert said.endswith("pyproject.toml names described:metals")
    (folder / "pyproject.toml").unlink()
    assert refused(capsys, "cost", "--source", "galena").endswith(
        "is wanted, such as main:fleet; where there is no fleet yet, infra init writes one into "
        "this folder"
    )


@pytest.mark.filterwarnings("default:.* is not read")
@pytest.mark.parametrize(
    ("tables", "source", "refuses"),
    [
        ('[tool.infra]\nsource = "main:fleet"\n', None, True),
        ("[tool.infra]\n", None, True),
        ("[tool]\ninfra = 1\n", None, True),
        ('[tool.infra]\nsource = "other:fleet"\n', "described:metals", True),
        ('[tool.infra-lib]\nsource = "other:fleet"\n', "described:metals", True),
        ('[tool.infra]\nroot = "nix"\n[tool.nixgen]\nsource = "described:metals"\n', None, True),
        # They may be those of another tool, which has its own.
        ('[tool.infra]\nstack = "a"\n[tool.nixgen]\nsource = "described:metals"\n', None, False),
        ('[tool.infra]\nstack = "a"\n', "described:metals", False),
        ("[tool]\ninfra = 1\n", "described:metals", False),
        ("[tool.infra_lib]\n", "described:metals", False),
        ('[tool.infra-lib]\nfleet = "a"\n', "described:metals", False),
        ('[tool.infra-lint]\nsource = "src"\n', "described:metals", None),
    ],
)
def test_settings_that_nothing_would_read_are_told_of(
    described: Describe,
    capsys: pytest.CaptureFixture[str],
    tables: str,
    source: str | None,
    refuses: bool | None,
) -> None:
    folder = described("metals = fleet(gcp=None, facts=Facts.load(Path('facts.json').absolute()))")
    described("from pathlib import Path\n" + (folder / "described.py").read_text())
    (folder / "pyproject.toml").write_text(tables)
    name = next(each for each in ("infra-lib", "infra_lib", "infra") if each in tables)
    below = folder / "below"
    below.mkdir()
    for place in (folder, below):
        os.chdir(place)
        for command in ("cost", "show", "sync"):
            arguments = [command, *([source] if source else [])]
            if refuses:
                said = refused(capsys, *arguments)
            else:
                assert main(arguments) == 0
                said = capsys.readouterr().err
            whole = (
                f"{folder / 'pyproject.toml'}: [tool.{name}] is not read: infra takes what nixgen "
                'does, so write [tool.nixgen] for it, with source = "main:fleet" and root = "."'
            )
            warned = "" if refuses is None else f"infra: warning: {whole}\n"
            assert said == (whole if refuses else warned)


def test_settings_further_out_than_the_projects_are_another_projects(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = described("metals = fleet(gcp=None)")
    inner = folder / "inner"
    inner.mkdir()
    for name in ("described.py", "pyproject.toml"):
        (folder / name).rename(inner / name)
    (folder / "pyproject.toml").write_text('[tool.infra]\nsource = "a:b"\n')
    os.chdir(inner)
    assert main(["show"]) == 0
    capsys.readouterr()


def test_every_command_about_a_fleet_takes_its_source_as_an_option(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = described(
        "from pathlib import Path\n"
        "metals = fleet(gcp=None, facts=Facts.load(Path('facts.json').absolute()))"
    )
    (folder / "pyproject.toml").unlink()
    for command in ("check", "cost", "gpus", "runbook", "show", "status", "sync"):
        assert main([command, "--source", "described:metals"]) == 0
    for command in ("cost", "runbook", "show", "sync"):
        assert main([command, "described:metals"]) == 0
    capsys.readouterr()
    refused(capsys, "deploy", "--plan", "--source", "described:nothing")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sync", "a:b", "--source", "a:b"], "--source: not allowed with argument SOURCE"),
        (["sync", "--source", "a:b", "a:b"], "SOURCE: not allowed with argument --source"),
        (["gpus", "T4", "a:b"], "'a:b': name the source with --source a:b"),
    ],
)
def test_a_source_is_named_once_and_where_it_is_one(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", ["cost", "show"])
def test_a_machine_has_no_colon_so_that_a_word_with_one_is_the_source(
    described: Describe, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    described("metals = fleet(gcp(), Machine('cinnabar'))")
    assert main([command, "galena", "described:metals"]) == 0
    with_source = capsys.readouterr().out
    assert main([command, "galena"]) == 0
    assert capsys.readouterr().out == with_source
    for words in (["a:b", "--source", "a:b"], ["galena", "a:b", "c:d"]):
        said = refused(capsys, command, *words)
        assert "one source is accepted, and machines have no colon" in said
    assert "machine='scheelite': one of galena, cinnabar" in refused(capsys, command, "scheelite")
    assert "--tag moon: no machine has that tag" in refused(capsys, command, "--tag", "moon")


@pytest.mark.parametrize(
    "code", ["metals = fleet(gcp())", "def metals(): return fleet(gcp())", "metals = fleet"]
)
def test_the_source_is_a_fleet_or_makes_one(
    described: Describe, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    folder = described(code)
    assert main(["show"]) == 0
    sub = folder / "deep" / "down"
    sub.mkdir(parents=True)
    os.chdir(sub)
    sys.modules.pop("described")
    assert main(["show", "described:metals"]) == 0
    whole = capsys.readouterr().out
    assert whole[: len(whole) // 2] * 2 == whole


def test_what_the_source_prints_stays_out_of_the_output(
    described: Describe, capsys: pytest.CaptureFixture[str]
) -> None:
    described('print("loading"); metals = fleet(gcp=None)')
    assert main(["cost", "--json"]) == 0
    output = capsys.readouterr()
    assert output.out.startswith("{")
    assert output.err == "loading\n"


def test_a_warning_is_one_line(described: Describe, capsys: pytest.CaptureFixture[str]) -> None:
    described(
        "import warnings\n"
        'warnings.simplefilter("default")\n'
        'old = BinaryCache("https://cuda-maintainers.cachix.org", public_key=CACHE_KEY)\n'
        "metals = fleet(caches=(old,), gcp=None)"
    )
    assert main(["show"]) == 0
    assert capsys.readouterr().err == (
        "infra: warning: cache 'https://cuda-maintainers.cachix.org': abandoned, and refuses every "
        "request; use https://cache.nixos-cuda.org\n"
    )


def test_a_traceback_for_those_who_ask(
    described: Describe, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    described("metals = 1 / 0")
    monkeypatch.setenv("INFRA_DEBUG", "1")
    assert main(["cost"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("Traceback (most recent call last):\n")
    assert "\nZeroDivisionError: division by zero\n" in said


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["cost", "--what"], ["sync", "a:b", "c"]])
def test_bad_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: infra" in capsys.readouterr().err


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    for name in COMMANDS:
        assert f"\n    {name} " in text


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert f"usage: infra {name}" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"infra {infra_lib.__version__}\n"


def test_a_reader_who_has_seen_enough() -> None:
    command = [sys.executable, "-m", "infra_lib", "show"]
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_who_leaves_changes_neither_what_is_written_nor_the_exit_code(
    tmp_path: Path, unbuffered: str
) -> None:
    project = projects.make(tmp_path / "project")
    projects.newest_vars(project)

    def unread(*arguments: str) -> int:
        ours, its = os.pipe()
        os.close(ours)
        with os.fdopen(its, "wb") as nobody:
            return subprocess.run(
                [sys.executable, "-m", "infra_lib", *arguments],
                cwd=project,
                env={**process.environment(), "PYTHONUNBUFFERED": unbuffered},
                stdout=nobody,
                check=False,
            ).returncode

    assert unread("sync", "--check", "--vars-only") == 1
    assert unread("sync", "--vars-only") == 0
    assert projects.infra(project, "sync", "--check", "--vars-only").returncode == 0


WITHOUT = """
import sys
sys.modules.update(cdktf=None, jsii=None, constructs=None)
from infra_lib.commands.cli import main
status = main(["{command}"])
heavy = "subprocess", "tempfile", "difflib", "csv", "infra_lib.nix", "infra_lib.stacks"
print(status, [name for name in heavy if name in sys.modules])
"""


@pytest.mark.parametrize("command", ["cost", "show"])
def test_the_example_without_cdktf_and_with_little_loaded(command: str) -> None:
    done = process.python("-c", WITHOUT.format(command=command), cwd=CHECKOUT)
    assert done.stdout.splitlines()[-1] == "0 []"
    assert "scheelite" in done.stdout
