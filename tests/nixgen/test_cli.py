"""The `nixgen` command: what it prints, and how it exits."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from nixgen.files import cli
from tests.helpers import CHECKOUT
from tests.helpers.folders import contents, put
from tests.helpers.process import python
from tests.nixgen.conftest import Nixgen


def lines(text: str) -> list[str]:
    return text.splitlines()


# The four commands


def test_write_says_what_it_did(project: Path, nixgen: Nixgen) -> None:
    first = nixgen("write")
    assert (first.returncode, first.stderr) == (0, "")
    assert lines(first.stdout) == [
        "created lib/caches.nix",
        "created docs/costs.md",
        "2 files: 2 created",
    ]
    put(project, "out/lib/caches.nix", (project / "out/lib/caches.nix").read_text() + "# mine\n")
    main = (project / "main.py").read_text().replace("docs/costs.md", "docs/new.md")
    put(project, "main.py", main)
    second = nixgen("write")
    assert lines(second.stdout) == [
        "kept lib/caches.nix.orig: what lib/caches.nix held",
        "changed lib/caches.nix",
        "created docs/new.md",
        "removed docs/costs.md",
        "3 files: 1 created, 1 changed, 1 removed",
    ]
    copies = "kept earlier: lib/caches.nix.orig"
    assert lines(nixgen("write").stdout) == [copies, "2 files: 2 unchanged"]
    assert lines(nixgen("check").stdout) == [copies, "2 files as generated"]
    assert nixgen("check", "--quiet").stdout == ""


def test_a_warning_of_the_source_is_one_line(project: Path, nixgen: Nixgen) -> None:
    main = (project / "main.py").read_text()
    put(project, "main.py", f'import warnings\nwarnings.warn("costly", stacklevel=1)\n{main}')
    assert nixgen("write").stderr == "nixgen: warning: costly\n"


def test_check_names_each_file_why_and_the_remedy(project: Path, nixgen: Nixgen) -> None:
    missing = nixgen("check")
    assert missing.returncode == 1
    assert lines(missing.stdout) == [
        "lib/caches.nix: missing",
        "docs/costs.md: missing",
        "2 of 2 files not as generated; renew with: nixgen write",
    ]
    nixgen("write")
    fine = nixgen("check")
    assert (fine.returncode, lines(fine.stdout)) == (0, ["2 files as generated"])
    put(project, "out/docs/costs.md", "mine\n")
    put(project, "main.py", (project / "main.py").read_text().replace("lib/caches", "lib/c d"))
    drifted = nixgen("check", "main:fleet", "--root", "./out")
    assert drifted.returncode == 1
    assert lines(drifted.stdout) == [
        "lib/c d.nix: missing",
        "docs/costs.md: not ours (nixgen did not generate it)",
        "lib/caches.nix: left over",
        "3 of 3 files not as generated; write would stop at what is not ours: docs/costs.md. "
        "Describe what it holds until only what may go is left of it in: "
        "nixgen diff main:fleet --root ./out; then take it over with write --adopt PATH, "
        "of the file or of its folder, or generate no such file",
    ]
    shown = nixgen(*drifted.stdout.split("left of it in: nixgen ")[1].partition(";")[0].split())
    assert shown.returncode == 1
    assert "--- a/docs/costs.md\n+++ b/docs/costs.md\n" in shown.stdout
    assert "\n-mine\n" in shown.stdout
    assert nixgen("write", "--adopt", "docs/costs.md").returncode == 0
    assert nixgen("check").returncode == 0


def test_check_writes_nothing(project: Path, nixgen: Nixgen) -> None:
    nixgen("check")
    nixgen("diff")
    nixgen("list")
    assert sorted(contents(project)) == ["main.py", "pyproject.toml"]


def test_diff_shows_what_write_would_change(project: Path, nixgen: Nixgen) -> None:
    nixgen("write")
    assert (nixgen("diff").returncode, nixgen("diff").stdout) == (0, "")
    put(project, "main.py", (project / "main.py").read_text().replace("[]", "[1]"))
    changed = nixgen("diff")
    assert changed.returncode == 1
    assert lines(changed.stdout)[:2] == ["--- a/lib/caches.nix", "+++ b/lib/caches.nix"]
    assert "-{ caches = [ ]; }" in changed.stdout
    assert "+{ caches = [ 1 ]; }" in changed.stdout


def test_list_prints_paths(nixgen: Nixgen) -> None:
    assert lines(nixgen("list").stdout) == ["lib/caches.nix", "docs/costs.md"]


def test_quiet_prints_nothing_but_errors(project: Path, nixgen: Nixgen) -> None:
    assert (nixgen("check", "-q").stdout, nixgen("check", "-q").returncode) == ("", 1)
    assert (nixgen("write", "-q").stdout, nixgen("write", "-q").returncode) == ("", 0)
    put(project, "out/lib/caches.nix", "mine")
    refused = nixgen("write", "--quiet")
    assert (refused.stdout, refused.returncode) == ("", 2)
    assert "lib/caches.nix" in refused.stderr


def test_write_can_exit_with_1_when_it_changed_something(nixgen: Nixgen) -> None:
    assert nixgen("write", "--exit-code").returncode == 1
    assert nixgen("write", "--exit-code").returncode == 0


def test_a_region_without_its_file_is_skipped_and_said_so(project: Path, nixgen: Nixgen) -> None:
    put(
        project,
        "main.py",
        "from nixgen import Region\nfleet = {'flake.nix': Region({}, name='caches')}\n",
    )
    for command in ("write", "check"):
        done = nixgen(command)
        assert done.returncode == 0
        assert done.stdout.startswith("skipped flake.nix: no such file;")


def test_what_is_skipped_is_said_when_files_are_new_and_not_where_all_is_settled(
    project: Path, nixgen: Nixgen
) -> None:
    described = (
        "from nixgen import Region\n"
        "region = Region({}, name='caches', otherwise='do without')\n"
        "fleet = {'flake.nix': region, 'lib/a.nix': [1]}\n"
    )
    put(project, "main.py", described)
    skipped = (
        "skipped flake.nix: no such file; a region needs the lines '# nixgen: begin caches', "
        "'# nixgen: end caches'; or do without\n"
    )
    assert skipped in nixgen("check").stdout
    assert skipped in nixgen("write").stdout
    assert nixgen("write").stdout == "2 files: 1 skipped, 1 unchanged\n"
    assert nixgen("check").stdout == "2 files as generated, 1 of them skipped\n"
    # What changes is no news of what is skipped; another file is.
    put(project, "main.py", described.replace("[1]", "[2]"))
    assert "skipped flake.nix" not in nixgen("check").stdout
    assert "skipped flake.nix" not in nixgen("write").stdout
    put(project, "main.py", described.replace("[1]", "[2], 'lib/b.nix': []"))
    assert skipped in nixgen("check").stdout
    assert skipped in nixgen("write").stdout
    put(project, "out/flake.nix", "{\n  # nixgen: begin caches\n  # nixgen: end caches\n}\n")
    assert nixgen("write").stdout == "changed flake.nix\n3 files: 1 changed, 2 unchanged\n"
    assert nixgen("check").stdout == "3 files as generated\n"


@pytest.mark.parametrize(
    ("cwd", "path"),
    [
        (".", "lib/caches.nix"),
        (".", "out/lib/caches.nix"),
        ("out/lib", "caches.nix"),
        ("out/lib", "../lib/caches.nix"),
        ("out", "."),
        ("out", "{project}/out/lib/caches.nix"),
    ],
)
def test_adopt_takes_paths_as_listed_and_as_typed(
    project: Path, nixgen: Nixgen, cwd: str, path: str
) -> None:
    put(project, "out/lib/caches.nix", "mine")
    refused = nixgen("write")
    assert refused.returncode == 2
    assert sorted(contents(project / "out")) == ["lib/caches.nix"]
    path = path.format(project=project)
    assert nixgen("write", "--adopt", path, cwd=cwd).returncode == 0
    assert (project / "out/lib/caches.nix.orig").read_text() == "mine"


# Finding the source


def test_settings_are_found_from_a_folder_below(project: Path, nixgen: Nixgen) -> None:
    (project / "deep/er").mkdir(parents=True)
    put(project, "deep/pyproject.toml", "[tool.other]\n")
    assert nixgen("write", cwd="deep/er").returncode == 0
    assert (project / "out/lib/caches.nix").exists()


def test_source_and_root_override_the_settings(project: Path, nixgen: Nixgen) -> None:
    put(project, "pkg/other.py", "class C:\n    fleet = {'o.nix': 1}\n")
    assert nixgen("write", "pkg.other:C.fleet", "--root", "../there", cwd="pkg").returncode == 0
    assert sorted(contents(project / "there")) == ["o.nix"]
    assert "nixgen write pkg.other:C.fleet" in (project / "there/o.nix").read_text()


def test_without_settings_the_working_directory_is_project_and_root(
    project: Path, nixgen: Nixgen
) -> None:
    (project / "pyproject.toml").unlink()
    assert nixgen("write", "main:fleet").returncode == 0
    assert (project / "lib/caches.nix").exists()
    assert "no source" in nixgen("write").stderr


def test_the_project_is_imported_before_anything_else(project: Path, nixgen: Nixgen) -> None:
    elsewhere = put(project, "elsewhere/main.py", "fleet = {}\n").parent
    path = os.pathsep.join((str(elsewhere), str(CHECKOUT)))
    assert lines(nixgen("list", PYTHONPATH=path).stdout) == ["lib/caches.nix", "docs/costs.md"]


@pytest.mark.parametrize(
    "main",
    [
        "class Fleet:\n    def nix_files(self):\n        return {'a.nix': 1}\nfleet = Fleet()\n",
        "class Fleet:\n    def nix_files(self):\n        return {'a.nix': 1}\n"
        "def fleet():\n    return Fleet()\n",
        "def fleet():\n    return {'a.nix': 1}\n",
        "import os\nos.chdir('/')\nfleet = {'a.nix': 1}\n",
    ],
    ids=["object", "callable to object", "callable to mapping", "changes directory"],
)
def test_sources(project: Path, nixgen: Nixgen, main: str) -> None:
    put(project, "main.py", main)
    assert nixgen("write").returncode == 0
    assert sorted(contents(project / "out")) == ["a.nix"]


@pytest.mark.parametrize(
    ("main", "message"),
    [
        ("", "source main:fleet: module 'main' has no attribute 'fleet'"),
        ("fleet = 5", "expected an object with nix_files(), a mapping of paths, or a callable"),
        ("class fleet:\n    def nix_files(self): ...", "fleet is a class; name an object"),
        ("fleet = lambda: [1]", "got list"),
        ("import none_such", "ModuleNotFoundError at main.py:1: No module named 'none_such'"),
        ("fleet = (", "main.py:1: '(' was never closed"),
        ("raise ValueError('zone x: no such zone')", "nixgen: main.py:1: zone x: no such zone"),
        ("\ndef fleet(a): ...", "TypeError"),
        ("def f():\n    return {}['x']\nf()", "KeyError at main.py:2: 'x' (NIXGEN_DEBUG=1"),
        ("import sys; sys.exit(0)", "SystemExit at main.py:1"),
        ("fleet = {'../x.nix': 1}", "path '../x.nix': '..' could lead out of the root"),
        ("fleet = {'a.nix': {'b': object()}}", "a.nix: "),
    ],
)
def test_sources_that_fail_do_so_in_one_line(
    project: Path, nixgen: Nixgen, main: str, message: str
) -> None:
    put(project, "main.py", main)
    for command in ("write", "check", "diff", "list"):
        done = nixgen(command)
        assert (done.returncode, done.stdout) == (2, "")
        assert len(lines(done.stderr)) == 1
        assert message in done.stderr
    assert not (project / "out").exists()


def test_a_failure_within_a_package_is_placed_at_what_called_it(
    project: Path, nixgen: Nixgen
) -> None:
    put(project, ".venv/lib/site-packages/package.py", "def f():\n\n    return {}['x']")
    put(
        project,
        "main.py",
        "import sys\nsys.path.append('.venv/lib/site-packages')\nimport package\npackage.f()",
    )
    assert "KeyError at main.py:4: 'x'" in nixgen("check").stderr


def test_debugging_shows_the_traceback(project: Path, nixgen: Nixgen) -> None:
    put(project, "main.py", "fleet = {}['x']")
    assert "Traceback" in nixgen("check", NIXGEN_DEBUG="1").stderr
    assert "Traceback" not in nixgen("check", NIXGEN_DEBUG="").stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("write", "none_such:fleet"), "there is no module 'none_such' in"),
        (("write", "main"), "expected module:attribute, such as main:fleet"),
        (("write", "main:fleet:x"), "expected module:attribute"),
        (("write", "--root", "main.py"), "main.py is not a folder"),
        (("check", "--root", "main.py/x"), "main.py/x is not a folder"),
        (("write", "--adopt", "x.nix"), "cannot adopt x.nix: main:fleet generates no such file"),
        ((), "give a command: write, check, diff or list"),
        (("wriet",), "invalid choice: 'wriet'"),
        (("write", "--adopt", ""), "--adopt: a path is wanted, got ''"),
    ],
)
def test_bad_usage(nixgen: Nixgen, arguments: tuple[str, ...], message: str) -> None:
    done = nixgen(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[tool.nixgen]\nsource = 5", "[tool.nixgen] source: expected a string, got 5"),
        ("[tool.nixgen]\nsurce = 'a:b'", "has no setting 'surce'; it has 'source' and 'root'"),
        ("[tool]\nnixgen = 'x'", "tool.nixgen: expected a table, got 'x'"),
        ("[tool.nixgen\n", "pyproject.toml: "),
    ],
)
def test_bad_settings(project: Path, nixgen: Nixgen, toml: str, message: str) -> None:
    put(project, "pyproject.toml", toml)
    done = nixgen("check")
    assert (done.returncode, len(lines(done.stderr))) == (2, 1)
    assert message in done.stderr


# Around it


def test_a_reader_that_leaves_early_is_no_error(project: Path) -> None:
    put(project, "main.py", "fleet = {f'{n}.nix': {} for n in range(20000)}\n")
    done = subprocess.run(
        ["sh", "-c", f"'{sys.executable}' -m nixgen list | head -1"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == (b"0.nix\n", b"")


def test_a_terminal_that_lacks_a_character_is_no_error(project: Path, nixgen: Nixgen) -> None:
    put(project, "main.py", "fleet = {'bücher.nix': 1}\n")
    done = nixgen("write", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert lines(done.stdout)[0] == r"created b\xfccher.nix"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("count", [1, 2000])
def test_what_nobody_reads_changes_no_exit_code(
    project: Path, nixgen: Nixgen, count: int, unbuffered: str
) -> None:
    """A job that pipes into head, and looks at all exit codes, is to see the drift."""
    put(project, "main.py", f"fleet = {{f'{{n}}.nix': {{}} for n in range({count})}}\n")

    def unread(*arguments: str) -> int:
        ours, its = os.pipe()
        os.close(ours)
        own = {"PYTHONPATH": str(CHECKOUT), "PYTHONUNBUFFERED": unbuffered}
        with os.fdopen(its, "wb") as nobody:
            return subprocess.run(
                [sys.executable, "-m", "nixgen", *arguments],
                cwd=project,
                env={**os.environ, **own},
                stdout=nobody,
                stderr=nobody,
                check=False,
            ).returncode

    drifted = [unread("check"), unread("diff"), unread("write", "--exit-code")]
    assert drifted == [1, 1, 1]
    assert nixgen("check").returncode == 0
    assert [unread("check"), unread("list"), unread("write", "none_such:fleet")] == [0, 0, 2]


def test_importing_nixgen_loads_no_file_handling() -> None:
    program = "import sys; from nixgen import dumps; print(*sys.modules)"
    ours = {
        module
        for module in python("-c", program).stdout.split()
        if module.startswith("nixgen.files.")
    }
    assert ours == {"nixgen.files.values"}


def test_check_loads_only_what_it_needs(nixgen: Nixgen) -> None:
    nixgen("write")
    done = nixgen("check", PYTHONPROFILEIMPORTTIME="1")
    loaded = [line.rpartition("|")[2].strip() for line in lines(done.stderr)]
    unneeded = {
        "difflib",
        "json",
        "subprocess",
        "tempfile",
        "shutil",
        "logging",
        "importlib.metadata",
        "nixgen.scan",
    }
    assert unneeded & {*loaded} == set()
    # What renders and what compares are two processes: neither loads what only the other needs.
    assert loaded.count("nixgen.expr") == loaded.count("nixgen.files.folder") == 1


# A source that does more than it should


ENDS = {
    "exit": "import os; os._exit(0)",
    "another program": "import os; os.execvp('true', ['true'])",
    "another one, with an environment": "import os; os.execle('/bin/true', 'true', {})",
    "exit of C": "import ctypes; ctypes.CDLL(None)._exit(0)",
    "exit of C with handlers": "import ctypes; ctypes.CDLL(None).exit(0)",
    "kill": "import os; os.kill(os.getpid(), 9)",
    "exit when asked": "import os\nclass F:\n    def nix_files(self): os._exit(0)\nfleet = F()",
    "no pipe": "import os; os.closerange(3, 99); fleet = {}",
}


@pytest.mark.parametrize("main", ENDS.values(), ids=ENDS)
def test_a_source_that_ends_the_process_is_no_check(
    project: Path, nixgen: Nixgen, main: str
) -> None:
    nixgen("write")
    before = contents(project)
    put(project, "main.py", main)
    for command in ("check", "diff", "write", "list"):
        done = nixgen(command)
        assert (done.returncode, done.stdout) == (2, "")
        assert len(lines(done.stderr)) == 1
        assert "source main:fleet: " in done.stderr
        assert "before it" in done.stderr
    assert contents(project) == {**before, "main.py": main.encode()}


def test_how_a_source_ended_the_process_is_said(project: Path, nixgen: Nixgen) -> None:
    put(project, "main.py", "\n" + ENDS["exit"])
    said = "source main:fleet: SystemExit at main.py:2: os._exit would end the command before it is"
    assert said in nixgen("check").stderr
    put(project, "main.py", ENDS["kill"])
    said = "source main:fleet: its process was ended by signal 9 before it was through"
    assert said in nixgen("check").stderr


def test_a_source_that_no_process_can_be_made_for_is_one_line(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where a user has as many processes as the limit allows."""

    def fork() -> int:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    def held() -> tuple[int, set[int]]:
        return len([*Path("/dev/fd").iterdir()]), signal.pthread_sigmask(signal.SIG_BLOCK, ())

    monkeypatch.setattr(os, "fork", fork)
    monkeypatch.chdir(project)
    before = held()
    assert cli.main(["write"]) == 2
    assert held() == before
    assert capsys.readouterr().err == (
        "nixgen: source main:fleet: cannot be run in a process of its own: "
        f"{os.strerror(errno.EAGAIN)}; nothing was done\n"
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_what_ends_the_command_ends_its_source(project: Path, number: signal.Signals) -> None:
    reading, writing = os.pipe()
    # A pause would miss what comes just before it, and be one for ever.
    main = f"import os, time\nos.write({writing}, b'x')\nwhile True:\n    time.sleep(0.05)\n"
    put(project, "main.py", main)
    process = subprocess.Popen(
        [sys.executable, "-m", "nixgen", "check"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stderr=subprocess.DEVNULL,
        pass_fds=[writing],
    )
    os.close(writing)
    assert os.read(reading, 1) == b"x"
    process.send_signal(number)
    assert process.wait() == (130 if number == signal.SIGINT else -number)
    assert os.read(reading, 1) == b""  # when all who could write are gone
    os.close(reading)


def test_a_source_that_exits_later_changes_no_exit_code(project: Path, nixgen: Nixgen) -> None:
    main = (project / "main.py").read_text()
    put(project, "main.py", f"{main}\nimport atexit, os\natexit.register(os._exit, 0)\n")
    assert nixgen("check").returncode == 1
    assert nixgen("write", "--exit-code").returncode == 1
    assert nixgen("check").returncode == 0


def test_processes_that_a_source_makes_end_as_they_will(project: Path, nixgen: Nixgen) -> None:
    put(
        project,
        "main.py",
        "import os\nif not os.fork():\n    os._exit(7)\n"
        "fleet = {f'{os.waitstatus_to_exitcode(os.wait()[1])}.nix': 1}\n",
    )
    assert nixgen("list").stdout == "7.nix\n"


def test_what_a_source_prints_is_not_the_commands(project: Path, nixgen: Nixgen) -> None:
    main = (project / "main.py").read_text()
    put(
        project,
        "main.py",
        f"""{main}
import atexit, os, subprocess, sys
print("printed")
sys.stdout.write("written\\n")
sys.__stdout__.write("original\\n")
os.write(1, b"bytes\\n")
subprocess.run(["echo", "program"])
atexit.register(print, "at exit")
""",
    )
    listed = nixgen("list")
    assert lines(listed.stdout) == ["lib/caches.nix", "docs/costs.md"]
    said = ["at exit", "bytes", "original", "printed", "program", "written"]
    assert sorted(lines(listed.stderr)) == said
    nixgen("write")
    assert lines(nixgen("check").stdout) == ["2 files as generated"]
    assert nixgen("diff").stdout == ""


LATE = {"difflib", "hashlib", "inspect", "shlex", "tomllib", "traceback", "unicodedata"}
"""What is imported only when it is needed."""


@pytest.mark.parametrize(
    ("names", "environment"),
    [
        # As the command does it that pip installs: the folder is looked into for the source alone.
        (sys.stdlib_module_names - {"__future__"}, {"PYTHONSAFEPATH": "1"}),
        # `python -m` looks into it, and so does who says PYTHONPATH=., before Python's own.
        (LATE, {}),
        (LATE, {"PYTHONPATH": f".{os.pathsep}{CHECKOUT}"}),
    ],
    ids=["installed", "python -m", "PYTHONPATH"],
)
def test_no_module_of_a_project_takes_the_place_of_pythons(
    project: Path, nixgen: Nixgen, names: set[str], environment: dict[str, str]
) -> None:
    main = (project / "main.py").read_text()
    put(project, "main.py", f"import fractions\nimport own\n{main}")
    put(project, "own.py", "")
    for name in names:
        put(project, f"{name}.py", "raise RuntimeError(f'{__name__} of the project')\n")
    for command in ("write", "check", "diff", "list"):
        done = nixgen(command, **environment)
        assert (done.returncode, done.stderr) == (0, "")
    put(project, "main.py", main.replace("[]", "[1]").replace("docs", "dócs"))
    assert nixgen("diff", **environment).returncode == 1
    assert "renew with" in nixgen("check", **environment).stdout


def test_a_source_named_like_a_module_of_python_is_refused(project: Path, nixgen: Nixgen) -> None:
    put(project, "secrets.py", (project / "main.py").read_text())
    done = nixgen("list", "secrets:fleet")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "nixgen: source secrets:fleet: 'secrets' is a module of Python itself, which is found "
        "before any other; give yours another name\n"
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("secrets.py", "from secrets import TOKENS"),
        ("secrets.py", "import secrets\nsecrets.TOKENS"),
        ("platform/tokens.py", "import platform.tokens"),
    ],
)
def test_a_module_that_python_has_too_is_named_when_the_wrong_one_was_meant(
    project: Path, nixgen: Nixgen, name: str, code: str
) -> None:
    put(project, name, "TOKENS = 1\n")
    put(project, "main.py", code)
    said = nixgen("check").stderr
    module = name.removesuffix(".py").partition("/")[0]
    assert f"; '{module}' is a module of Python itself, which is found before any other;" in said
    assert f"give the one in {project} another name" in said
    (project / name).unlink()
    if "/" in name:
        (project / module).rmdir()
    assert "another name" not in nixgen("check").stderr


def test_what_the_caller_does_at_exit_is_done_once(project: Path) -> None:
    program = (
        "import atexit; atexit.register(print, 'once'); from nixgen.files.cli import main; "
        + ("print('before', end=' '); main(['list'])")
    )
    done = python("-c", program, cwd=project)
    assert done.returncode == 0
    assert (done.stdout, done.stderr) == ("before lib/caches.nix\ndocs/costs.md\nonce\n", "")
