"""Kills, full disks, races and things in the way: real ones, and nobody loses anything."""

import errno
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from io import FileIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, TypeAlias

import pytest

from nixgen.errors import NixgenError
from nixgen.files import folder, handles, interruption, rename, transaction
from nixgen.files import plan as plan_module
from nixgen.files import write as write_module
from nixgen.files.folder import Folder, open_folder
from nixgen.files.header import add_header
from nixgen.files.plan import Status, plan
from nixgen.files.transaction import Change
from nixgen.files.values import Files, TextFile
from nixgen.files.write import write
from tests.helpers import CHECKOUT
from tests.helpers.folders import contents, put
from tests.helpers.tools import require, unavailable
from tests.nixgen.conftest import Nixgen

SOURCE = "main:fleet"


def fleet(version: str, count: int) -> Files:
    """Return files that differ between versions, some of which only that version has."""
    shared = {f"d{n % 7}/{n}.nix": f"{version} {n} {'x' * (n * 37 % 3000)}\n" for n in range(count)}
    own = {f"{version}/{n}.nix": f"{version}\n" for n in range(count // 20)}
    return {path: TextFile(text) for path, text in (shared | own).items()}


def rendered(files: Files) -> dict[str, bytes]:
    return {path: add_header(file.text, path, SOURCE) for path, file in files.items()}


@pytest.fixture
def memory() -> Iterator[Path]:
    """Make a folder in memory where there is such: a kill is the same there, and quicker."""
    shared = Path("/dev/shm")
    with TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else None) as folder:
        yield Path(folder)


@contextmanager
def child(action: Callable[[], object]) -> Iterator[int]:
    """Run something in a process of its own, which exits with 0 when it returned."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    process = os.fork()
    if process == 0:
        status = 1
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
            action()
            status = 0
        finally:
            os._exit(status)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    try:
        yield process
    except BaseException:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        raise


def exit_code(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


# Step by step

CHANGES_THE_FOLDER = frozenset(
    str(module.__file__)
    for module in (plan_module, write_module, folder, handles, interruption, rename, transaction)
)
Act: TypeAlias = Callable[[FrameType], object]


def at_step(step: int, act: Act) -> Callable[[FrameType, str, object], None]:
    """Return a profiler that acts once, at a step: a call or return in what changes a folder."""
    steps = count(1)

    def profile(frame: FrameType, _event: str, _argument: object) -> None:
        if frame.f_code.co_filename in CHANGES_THE_FOLDER and next(steps) == step:
            act(frame)

    return profile


def write_acting(step: int, act: Act, files: Files, root: Path) -> None:
    """Write, and do something at a step; what was refused or interrupted is not raised."""
    sys.setprofile(at_step(step, act))
    try:
        with suppress(NixgenError, KeyboardInterrupt):
            write(files, root, SOURCE, adopt=["."])
    finally:
        sys.setprofile(None)


def steps_of(old: Files, new: Files, root: Path) -> int:
    """Return how many steps it takes to write one version over another."""
    write(old, root, SOURCE)
    seen = 0

    def counted(frame: FrameType, _event: str, _argument: object) -> None:
        nonlocal seen
        seen += frame.f_code.co_filename in CHANGES_THE_FOLDER

    sys.setprofile(counted)
    try:
        write(new, root, SOURCE)
    finally:
        sys.setprofile(None)
    return seen


def emulate(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    """Have the system lack what not every system has."""
    if system != "complete":
        monkeypatch.setattr(rename, "_system_call", lambda: None)
    if system == "no links":
        monkeypatch.setattr(rename, "_link", refused_by_the_system)


def refused_by_the_system(*_: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


SYSTEMS = ["complete", "no exchange", "no links"]


def small(version: str) -> Files:
    """Return a file that both versions have, two, and one that is in a folder of its own."""
    paths = ("a/0.nix", "a/1.nix", f"{version}/b/0.nix")
    return {path: TextFile(f"{version}\n") for path in paths}


def without_temporary(found: dict[str, bytes]) -> dict[str, bytes]:
    return {path: data for path, data in found.items() if "/.nixgen-" not in path}


# Stopped on the way


def test_killed_at_any_moment_every_file_is_whole_and_the_next_write_heals(
    memory: Path,
) -> None:
    versions = [fleet("old", 60), fleet("new", 60)]
    bytes_of = [rendered(version) for version in versions]
    steps = steps_of(versions[1], versions[0], memory)
    draw = random.Random(8)  # noqa: S311  # moments, not secrets
    mixed = unfinished = 0
    for attempt in range(200):
        before, after = attempt % 2, 1 - attempt % 2
        edited = f"d{attempt % 7}/{attempt % 7 + 7 * draw.randrange(8)}.nix"
        edit = bytes_of[before][edited] + b"# by hand, %d\n" % attempt
        put(memory, edited, edit)
        step = draw.randrange(1, steps)
        with child(lambda: write_acting(step, kill, versions[after], memory)) as process:  # noqa: B023
            assert exit_code(process) == -signal.SIGKILL
        found = contents(memory)
        temporary = {path for path in found if "/.nixgen-" in path}
        whole = {
            path: {bytes_of[number][path] for number in (0, 1) if path in bytes_of[number]}
            | ({edit} if path == edited else set())
            for path in bytes_of[0] | bytes_of[1]
        }
        for path in found.keys() - temporary - {f"{edited}.orig", *emptied(found)}:
            assert found[path] in whole[path]
        assert edit in (found[edited], found.get(f"{edited}.orig"))
        assert bytes_of[before].keys() & bytes_of[after].keys() <= found.keys()
        mixed += any(found[path] == data for path, data in bytes_of[after].items() if path in found)
        unfinished += bool(temporary)
        write(versions[after], memory, SOURCE)
        healed = contents(memory)
        assert healed.pop(f"{edited}.orig") == edit
        (memory / f"{edited}.orig").unlink()
        for path in emptied(healed):
            del healed[path]
        assert healed == bytes_of[after]
    assert unfinished > 10, "the kills came too late or too early to prove anything"
    assert mixed > 0, "no kill came while files were being renamed"


def kill(_frame: FrameType) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def emptied(found: dict[str, bytes]) -> list[str]:
    """Return folders left empty: a kill can leave one, and it does no harm."""
    return [path for path in found if path.endswith("/")]


SIGNALS = {
    signal.SIGINT: "interrupted",
    signal.SIGTERM: "terminated",
    signal.SIGHUP: "hung up",
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_signal_at_any_step_leaves_all_as_before_or_as_after_and_says_which(
    memory: Path, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulate(monkeypatch, system)
    root, said = memory / "root", memory / "said"
    old, new = small("old"), small("new")
    trees = [rendered(old), rendered(new)]
    steps = steps_of(old, new, root)
    outcomes = set()

    def write_signalled(step: int, number: int) -> None:
        def ask_twice(_frame: FrameType) -> None:
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), signal.SIGTERM)  # somebody impatient

        sys.setprofile(at_step(step, ask_twice))
        try:
            write(new, root, SOURCE)
        except KeyboardInterrupt as error:
            said.write_text(f"{error}")

    for step in range(1, steps + 1, 1 if system == "complete" else 5):
        number = list(SIGNALS)[step % 3]
        write(old, root, SOURCE)
        said.write_text("")
        with child(lambda: write_signalled(step, number)) as process:  # noqa: B023
            exit_code(process)
        found = contents(root)
        assert found in trees, step
        outcomes.add(said.read_text())
        if said.read_text():
            word, outcome = said.read_text().split("; ")
            assert word == SIGNALS[number]
            assert (outcome == "every file is written") == (found == trees[1])
    ends = ("all is as before", "every file is written")
    assert {f"{word}; {end}" for word in SIGNALS.values() for end in ends} <= outcomes


@pytest.mark.parametrize(("number", "word"), SIGNALS.items())
def test_the_command_says_what_became_of_it_and_exits_as_the_shell_has_it(
    project: Path, nixgen: Nixgen, number: int, word: str
) -> None:
    put(project, "main.py", TWO_FILES)
    assert nixgen("write", VERSION="old").returncode == 0
    before = contents(project / "out")
    done = nixgen("write", VERSION="new", **signalled(project, number))
    assert (done.returncode, done.stdout) == (128 + number, "")
    assert done.stderr == f"nixgen: {word}; all is as before\n"
    assert contents(project / "out") == before


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_is_ignored_stays_ignored(project: Path, nixgen: Nixgen, number: int) -> None:
    put(project, "main.py", TWO_FILES)
    assert nixgen("write", VERSION="old").returncode == 0
    ignoring = ("sh", "-c", f"trap '' {int(number)}; exec \"$@\"", "sh")
    done = nixgen("write", wrap=ignoring, VERSION="new", **signalled(project, number))
    assert (project / "sent").exists()
    assert (done.returncode, done.stderr) == (0, "")
    assert "changed a.nix" in done.stdout


TWO_FILES = """\
import os

fleet = {path: {"version": os.environ["VERSION"]} for path in ("a.nix", "b.nix")}
"""
SIGNALLED = """\
import os
from nixgen.files import rename

exchange = rename.exchange


def signalled(*names):
    open(os.environ["SENT"], "w").close()
    os.kill(os.getpid(), int(os.environ["SIGNAL"]))
    exchange(*names)


rename.exchange = signalled
"""


def signalled(project: Path, number: int) -> dict[str, str]:
    """Return the environment of a command that gets a signal before its first exchange."""
    put(project, "customized/sitecustomize.py", SIGNALLED)
    return {
        "PYTHONPATH": f"{project / 'customized'}:{CHECKOUT}",
        "SENT": str(project / "sent"),
        "SIGNAL": str(int(number)),
    }


def test_signals_are_handled_as_before_once_all_is_written(tmp_path: Path) -> None:
    numbers = list(SIGNALS)
    before = [signal.getsignal(number) for number in numbers]
    write(small("old"), tmp_path, SOURCE)
    assert [signal.getsignal(number) for number in numbers] == before


def test_a_thread_writes_too(tmp_path: Path) -> None:
    """Only the main thread can handle signals."""
    thread = threading.Thread(target=lambda: write(small("old"), tmp_path, SOURCE))
    thread.start()
    thread.join()
    assert contents(tmp_path) == rendered(small("old"))


# Saved by somebody else meanwhile


def save_in_place(file: Path) -> None:
    file.write_bytes(b"theirs")


def save_by_rename(file: Path) -> None:
    file.with_name("their temporary").write_bytes(b"theirs")
    file.with_name("their temporary").rename(file)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("system", "save", "path"),
    [
        *(("complete", save_in_place, path) for path in ("a/0.nix", "old/b/0.nix", "new/b/0.nix")),
        *(("complete", save_by_rename, path) for path in ("a/1.nix", "old/b/0.nix", "new/b/0.nix")),
        ("no exchange", save_in_place, "a/0.nix"),
    ],
)
def test_what_somebody_saves_at_any_step_is_not_lost(
    memory: Path,
    system: str,
    save: Callable[[Path], None],
    path: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor is anything else half done."""
    emulate(monkeypatch, system)
    old, new = small("old"), small("new")
    trees = [rendered(old), rendered(new)]
    steps = steps_of(old, new, memory / "counted")
    seen = set()
    for step in range(1, steps + 1):
        root = memory / str(step)
        write(old, root, SOURCE)

        def saved(_frame: FrameType, file: Path = root / path) -> None:
            with suppress(FileNotFoundError):  # its folder is not there yet, or no more
                save(file)

        write_acting(step, saved, new, root)
        found = contents(root)
        theirs = {place for place, data in found.items() if data == b"theirs"}
        if not theirs:
            assert path not in trees[0] or path not in trees[1], f"lost at step {step}"
            assert found in trees
            continue
        seen |= theirs
        assert theirs <= {path, f"{path}.orig"}
        rest = {place: data for place, data in found.items() if place not in theirs}
        wanted = [{each: tree[each] for each in tree if each != path} for tree in trees]
        rest.pop(path, None)
        assert rest in wanted, step
    assert path in seen


@pytest.mark.slow
@pytest.mark.parametrize("system", ["complete", "no exchange"])
def test_what_somebody_writes_through_a_handle_opened_before_is_not_lost(
    memory: Path, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulate(monkeypatch, system)
    old, new = small("old"), small("new")
    steps = steps_of(old, new, memory / "counted")
    kept = set()
    for step in range(1, steps + 1):
        root = memory / str(step)
        write(old, root, SOURCE)
        with (root / "a/0.nix").open("rb+", buffering=0) as file:
            written: list[int] = []

            def saved(frame: FrameType, file: FileIO = file, written: list[int] = written) -> None:
                callers = {each.f_code.co_name for each in stack(frame)}
                if os.fstat(file.fileno()).st_nlink and "_drop" not in callers:
                    written.append(file.write(b"theirs"))

            write_acting(step, saved, new, root)
        found = contents(root)
        places = {path for path, data in found.items() if data.startswith(b"theirs")}
        assert places or not written, f"lost at step {step}"
        kept |= places
    assert kept == {"a/0.nix", "a/0.nix.orig"}


def stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def test_what_is_kept_too_late_to_be_undone_is_said(tmp_path: Path) -> None:
    write(small("old"), tmp_path, SOURCE)
    with (tmp_path / "a/0.nix").open("rb+", buffering=0) as file:

        def saved(frame: FrameType, event: str, _argument: object) -> None:
            if (event, frame.f_code.co_name) == ("call", "_drop"):
                file.write(b"theirs")

        said: list[str] = []
        sys.setprofile(saved)
        try:
            write(small("new"), tmp_path, SOURCE, notify=said.append)
        finally:
            sys.setprofile(None)
    assert said == ["kept a/0.nix.orig: what somebody saved meanwhile"]
    assert (tmp_path / "a/0.nix.orig").read_bytes().startswith(b"theirs")


@pytest.mark.parametrize("what", ["folder", "link", "nothing"])
@pytest.mark.parametrize("path", ["a/0.nix", "old/b/0.nix"])
def test_something_else_in_place_of_a_file_meanwhile_is_left_there(
    tmp_path: Path, path: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(small("old"), tmp_path, SOURCE)
    file = tmp_path / path
    settle = transaction._settle

    def settled(here: Folder, step: Any) -> None:
        if step.change.path == path:
            file.unlink()
            if what == "folder":
                put(tmp_path, f"{path}/mine", "mine")
            elif what == "link":
                file.symlink_to("mine")
        settle(here, step)

    monkeypatch.setattr(transaction, "_settle", settled)
    with pytest.raises(NixgenError, match=f"{path}: it was changed meanwhile by someone else"):
        write(small("new"), tmp_path, SOURCE)
    there = {"folder": {f"{path}/mine": b"mine"}, "link": {path: b"-> mine"}, "nothing": {}}[what]
    others = {each: data for each, data in rendered(small("old")).items() if each != path}
    found = contents(tmp_path)
    found.pop("old/b/", None)
    assert found == others | there


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_file_that_somebody_makes_meanwhile_stays_theirs_whatever_it_holds(
    tmp_path: Path, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when somebody else writes the same where no folder can be locked."""
    emulate(monkeypatch, system)
    write(small("old"), tmp_path, SOURCE)
    settle = transaction._settle
    same = rendered(small("new"))["new/b/0.nix"]

    def settled(here: Folder, step: Any) -> None:
        if step.change.path == "new/b/0.nix":
            put(tmp_path, "new/b/0.nix", same)
        settle(here, step)

    monkeypatch.setattr(transaction, "_settle", settled)
    with pytest.raises(NixgenError, match=r"new/b/0\.nix: it was changed meanwhile by someone"):
        write(small("new"), tmp_path, SOURCE)
    assert contents(tmp_path) == {**rendered(small("old")), "new/b/0.nix": same}


@pytest.mark.parametrize("ended", ["refused", "terminated"])
def test_what_is_saved_while_all_is_undone_is_kept_and_said(
    tmp_path: Path, ended: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(small("old"), tmp_path, SOURCE)
    exchange = rename.exchange
    saves = iter((b"first", b"second") if ended == "refused" else (b"", b"second"))

    def saved(*names: Any) -> None:
        if save := next(saves):
            put(tmp_path, "a/0.nix", save)
        exchange(*names)
        if ended == "terminated":
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(rename, "exchange", saved)
    begin = {"refused": "by someone else; run it again", "terminated": "all is as before"}[ended]
    message = rf"{begin}; what somebody saved meanwhile is kept as a/0\.nix\.orig$"
    with pytest.raises((NixgenError, KeyboardInterrupt), match=message):
        write(small("new"), tmp_path, SOURCE)
    before = rendered(small("old"))
    there = b"first" if ended == "refused" else before["a/0.nix"]
    assert contents(tmp_path) == {**before, "a/0.nix": there, "a/0.nix.orig": b"second"}


def test_a_file_saved_after_its_turn_is_not_lost_when_all_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = fleet("old", 5), fleet("new", 5)
    write(old, tmp_path, SOURCE)
    settle = transaction._settle

    def settled(here: Folder, step: Any) -> None:
        settle(here, step)
        put(tmp_path, step.change.path, "mine")
        raise KeyboardInterrupt

    monkeypatch.setattr(transaction, "_settle", settled)
    with pytest.raises(KeyboardInterrupt):
        write(new, tmp_path, SOURCE)
    assert contents(tmp_path) == {**rendered(old), "d0/0.nix": b"mine"}


def test_a_copy_stays_when_what_it_was_made_of_cannot_be_brought_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = fleet("old", 5), fleet("new", 5)
    write(old, tmp_path, SOURCE)
    put(tmp_path, "d0/0.nix", "theirs")
    settle = transaction._settle

    def settled(here: Folder, step: Any) -> None:
        settle(here, step)
        if step.change.path == "d0/0.nix":
            put(tmp_path, "d0/0.nix", "mine")
            raise KeyboardInterrupt

    monkeypatch.setattr(transaction, "_settle", settled)
    with pytest.raises(KeyboardInterrupt):
        write(new, tmp_path, SOURCE, adopt=["."])
    assert contents(tmp_path) == {
        **rendered(old),
        "d0/0.nix": b"mine",
        "d0/0.nix.orig": b"theirs",
    }


@pytest.mark.parametrize(
    ("there", "kept"),
    [
        ({}, {"a/0.nix.orig": b"theirs"}),
        ({"a/0.nix.orig": b"theirs"}, {"a/0.nix.orig": b"theirs"}),
        ({"a/0.nix.orig": b"mine"}, {"a/0.nix.orig": b"mine", "a/0.nix.orig.1": b"theirs"}),
    ],
)
def test_what_was_saved_just_before_a_kill_is_kept_by_the_next_write(
    tmp_path: Path, there: dict[str, bytes], kept: dict[str, bytes]
) -> None:
    """What was exchanged, and not yet looked at, may be somebody's."""
    write(small("old"), tmp_path, SOURCE)
    for path, data in there.items():
        put(tmp_path, path, data)
    file = tmp_path / "a/0.nix"

    def save_and_kill() -> None:
        exchange = rename.exchange

        def killed(*names: Any) -> None:
            save_by_rename(file)
            exchange(*names)
            os.kill(os.getpid(), signal.SIGKILL)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rename, "exchange", killed)
            write(small("new"), tmp_path, SOURCE)

    with child(save_and_kill) as process:
        assert exit_code(process) == -signal.SIGKILL
    write(small("new"), tmp_path, SOURCE)
    assert contents(tmp_path) == {**rendered(small("new")), **kept}


def test_what_a_killed_run_left_is_in_nobodys_way(tmp_path: Path) -> None:
    """Nor in that of who does not search for it, as `infra init`."""
    new = [Change(path, b"new", found=None, like=None) for path in ("a", "b")]

    def replace() -> None:
        with open_folder(tmp_path, change=True) as here:
            transaction.replace(here, new)

    def replace_killed() -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rename, "move", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
            replace()

    with child(replace_killed) as process:
        assert exit_code(process) == -signal.SIGKILL
    assert len(contents(tmp_path)) == 2
    replace()
    found = contents(tmp_path)
    assert (found["a"], found["b"], len(found)) == (b"new", b"new", 4)


def test_an_empty_file_of_a_killed_run_goes_with_the_next_write(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / f"a/.nixgen-{tmp_path.stat().st_ino:x}-1-0").touch()
    write(small("old"), tmp_path, SOURCE)
    assert contents(tmp_path) == rendered(small("old"))


@pytest.mark.parametrize("refused", [False, True])
def test_a_folder_that_somebody_makes_meanwhile_is_used_and_stays(
    tmp_path: Path, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.mkdir

    def mkdir(name: str, *arguments: Any, **options: Any) -> None:
        real(name, *arguments, **options)
        real(name, *arguments, **options)

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "mkdir", mkdir)
    if refused:
        monkeypatch.setattr(transaction, "_settle", end)
    with pytest.raises(KeyboardInterrupt) if refused else nullcontext():
        write({"a/b.nix": {}}, tmp_path, SOURCE)
    assert sorted(contents(tmp_path)) == (["a/"] if refused else ["a/b.nix"])


# Several at once


def test_two_writes_at_once_do_not_interleave(memory: Path) -> None:
    versions = [fleet("old", 60), fleet("new", 60)]
    trees = [rendered(version) for version in versions]
    for _ in range(20):
        start, go = os.pipe()

        def run(version: Files, start: int = start, go: int = go) -> None:
            os.close(go)
            os.read(start, 1)
            write(version, memory, SOURCE)

        with child(lambda: run(versions[0])) as one, child(lambda: run(versions[1])) as other:
            os.close(go)
            os.close(start)
            assert (exit_code(one), exit_code(other)) == (0, 0)
        assert contents(memory) in trees


@pytest.mark.parametrize("action", [write, plan])
def test_whoever_comes_while_a_write_is_under_way_says_so_and_waits(
    tmp_path: Path, action: Callable[..., object]
) -> None:
    write(fleet("old", 5), tmp_path, SOURCE)
    told, tell = os.pipe()

    def wait(handle: int) -> None:
        os.close(told)
        os.close(handle)  # a lock is held by all who inherited it
        with os.fdopen(tell, "w", buffering=1) as said:
            action(fleet("old", 5), tmp_path, SOURCE, notify=lambda text: print(text, file=said))
            print("done", file=said)

    with os.fdopen(told) as messages:
        with (
            open_folder(tmp_path, change=True) as here,
            child(lambda: wait(here.handle or 0)) as process,
        ):
            os.close(tell)
            assert messages.readline() == f"waiting for another command to finish with {tmp_path}\n"
            assert is_running(process)
        assert messages.readline() == "done\n"
    assert exit_code(process) == 0


def test_a_check_during_writes_sees_one_version_or_the_other(memory: Path) -> None:
    versions = [fleet("old", 60), fleet("new", 60)]

    def write_often() -> None:
        for number in range(40):
            write(versions[number % 2], memory, SOURCE)

    write(versions[1], memory, SOURCE)
    with child(write_often) as process:
        while os.waitpid(process, os.WNOHANG) == (0, 0):
            drift = plan(versions[0], memory, SOURCE).drift
            assert not drift or len(drift) == len(versions[0]) + 3


def is_running(process: int) -> bool:
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


# What a power failure leaves


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_file_is_on_the_disk_before_it_gets_its_name_and_its_name_before_the_old_one_goes(
    tmp_path: Path, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulate(monkeypatch, system)
    write(small("old"), tmp_path, SOURCE)
    put(tmp_path, "a/0.nix", "by hand\n")
    unwritten: set[int] = set()
    renamed: set[int] = set()
    events: list[str] = []
    real = {name: getattr(os, name) for name in ("write", "fsync", "unlink")}

    def number(handle: int) -> int:
        return os.fstat(handle).st_ino

    def write_some(handle: int, data: bytes) -> int:
        unwritten.add(number(handle))
        done: int = real["write"](handle, data)
        return done

    def synchronize(handle: int) -> None:
        real["fsync"](handle)
        unwritten.discard(number(handle))
        renamed.discard(number(handle))

    def unlink(name: str, dir_fd: int | None = None) -> None:
        if "~" in name:
            assert number(dir_fd or 0) not in renamed, f"{name} goes before its heir is there"
            events.append("unlink")
        real["unlink"](name, dir_fd=dir_fd)

    def checked(act: Callable[..., None]) -> Callable[..., None]:
        def acting(name: str, *names: Any) -> None:
            folder = names[-1]
            status = os.stat(name, dir_fd=folder)
            assert status.st_ino not in unwritten, f"{name} is not on the disk"
            renamed.add(number(folder))
            events.append(act.__name__)
            act(name, *names)

        return acting

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write_some)
        patch.setattr(os, "fsync", synchronize)
        patch.setattr(os, "unlink", unlink)
        patch.setattr(rename, "move", checked(rename.move))
        patch.setattr(rename, "exchange", checked(rename.exchange))
        write(small("new"), tmp_path, SOURCE, adopt=["."])
    assert (unwritten, renamed) == (set(), set())
    assert events == ["move", "exchange", "exchange", "move", *["unlink"] * 3]
    assert contents(tmp_path) == {**rendered(small("new")), "a/0.nix.orig": b"by hand\n"}


def test_new_folders_are_on_the_disk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synchronized = set()
    real = os.fsync

    def synchronize(handle: int) -> None:
        synchronized.add(os.fstat(handle).st_ino)
        real(handle)

    monkeypatch.setattr(os, "fsync", synchronize)
    write({"a/b/c.nix": {}}, tmp_path, SOURCE)
    folders = {path.stat().st_ino for path in (tmp_path, tmp_path / "a", tmp_path / "a/b")}
    assert folders <= synchronized


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_is_brought_back_is_on_the_disk_and_has_the_mode_it_had(
    tmp_path: Path, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulate(monkeypatch, system)
    write(small("old"), tmp_path, SOURCE)
    file = tmp_path / "a/0.nix"
    file.chmod(0o640)
    synchronized = {file.stat().st_ino}
    real, settle = os.fsync, transaction._settle

    def synchronize(handle: int) -> None:
        synchronized.add(os.fstat(handle).st_ino)
        real(handle)

    def settled(here: Folder, step: Any) -> None:
        settle(here, step)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", synchronize)
    monkeypatch.setattr(transaction, "_settle", settled)
    with pytest.raises(KeyboardInterrupt):
        write(small("new"), tmp_path, SOURCE)
    assert contents(tmp_path) == rendered(small("old"))
    assert file.stat().st_mode & 0o777 == 0o640
    assert file.stat().st_ino in synchronized


@pytest.mark.parametrize(
    ("number", "version"), [(errno.EINVAL, "new"), (errno.ENOTSUP, "new"), (errno.EIO, "old")]
)
def test_only_a_file_system_that_synchronizes_no_folders_need_not(
    tmp_path: Path, number: int, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def synchronize(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(number, os.strerror(number))
        real(handle)

    write(small("old"), tmp_path, SOURCE)
    monkeypatch.setattr(os, "fsync", synchronize)
    refused = pytest.raises(NixgenError, match="Input/output error")
    with refused if version == "old" else nullcontext():
        write(small("new"), tmp_path, SOURCE)
    assert contents(tmp_path) == rendered(small(version))


FAULTY = ("open", "write", "fsync", "rename", "link", "unlink", "mkdir", "rmdir", "fchmod", "read")


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
def test_a_call_that_fails_leaves_all_as_it_was_or_as_it_shall_be(
    memory: Path, system: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let each call that changes or reads something fail, one at a time."""
    emulate(monkeypatch, system)
    old, new = small("old"), small("new")
    edited = {**rendered(old), "a/0.nix": b"by hand"}
    after = {**rendered(new), "a/0.nix.orig": b"by hand"}
    real_replace = transaction.replace
    failed: set[str] = set()
    raised = 0
    for nth in count(1):
        root = memory / str(nth)
        write(old, root, SOURCE)
        put(root, "a/0.nix", "by hand")
        calls = count(1)
        fault = ""

        def failing(name: str, real: Callable[..., Any], calls: Iterator[int] = calls) -> Any:
            def act(*arguments: Any, **options: Any) -> Any:
                nonlocal fault
                if next(calls) == nth:  # noqa: B023
                    fault = name
                    raise OSError(number, os.strerror(number))
                return real(*arguments, **options)

            return act

        def replace(here: Folder, changes: Sequence[Change]) -> list[str]:
            with monkeypatch.context() as patch:
                for name in FAULTY:
                    patch.setattr(os, name, failing(name, getattr(os, name)))
                if system == "complete":
                    patch.setattr(rename, "_rename", failing("exchange", rename._rename))
                return real_replace(here, changes)

        with monkeypatch.context() as patch:
            patch.setattr(transaction, "replace", replace)
            try:
                write(new, root, SOURCE, adopt=["."])
                refused = False
            except (OSError, NixgenError):
                refused = True
        if not fault:
            break
        failed.add(fault)
        raised += refused
        found = contents(root)
        if fault not in ("unlink", "open"):  # which may be that of the removal
            assert found == without_temporary(found), f"{fault}, call {nth}"
        found = without_temporary(found)
        for path in emptied(found):
            del found[path]
        for path in [path for path, data in found.items() if data in rendered(old).values()]:
            if path.endswith(".orig"):
                del found[path]  # it could not be read when it was to be dropped
        assert found == (edited if refused else after), f"{fault}, call {nth}"
        write(new, root, SOURCE, adopt=["."])
        healed = contents(root)
        assert without_temporary(healed) == healed
    assert raised > 20
    own = {"complete": {"exchange"}, "no exchange": {"rename", "link"}, "no links": {"rename"}}
    assert {"open", "write", "fsync", "unlink", "mkdir"} | own[system] <= failed


# Disks and folders that cannot be written

VERSIONED = """\
import os
from nixgen import TextFile

version = os.environ["VERSION"]
text = TextFile(version * (10_000 if version == "large" else 10))
fleet = {f"d/{n:02}.nix": text for n in range(20)} | {"z.nix": text}
if version == "fewer":
    fleet = {"z.nix": text}
"""


@pytest.mark.parametrize(
    ("before", "fault", "version", "message"),
    [
        ("mount -t tmpfs -o size=400k tmpfs out", "", "large", "No space left on device"),
        ("", "mount --bind out out; mount -o remount,bind,ro out", "other", "Read-only"),
        ("", "mount --bind out/d out/d; mount -o remount,bind,ro out/d", "other", "Read-only"),
        ("", "mount --bind out/d out/d; mount -o remount,bind,ro out/d", "fewer", "Read-only"),
        ("", "mount --bind out/z.nix out/z.nix", "other", "z.nix: Device or resource busy"),
    ],
    ids=["disk full", "root", "folder", "folder with left over", "file that stays, at the end"],
)
def test_what_cannot_be_written_leaves_all_as_it_was(
    project: Path, nixgen: Nixgen, before: str, fault: str, version: str, message: str
) -> None:
    put(project, "main.py", VERSIONED)
    (project / "out").mkdir()
    script = f"""
    {before}
    VERSION=small "$@"
    cp -a out before
    {fault}
    VERSION={version} "$@" && code=0 || code=$?
    cp -a out after
    exit $code
    """
    done = nixgen("write", "--quiet", wrap=isolated(script))
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert done.returncode == 2
    assert contents(project / "after") == contents(project / "before") != {}


def isolated(script: str) -> tuple[str, ...]:
    """Return a command that runs a shell script, which may mount; what follows is its "$@"."""
    alone = (require("unshare"), "-m" if os.geteuid() == 0 else "-rm")
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        unavailable("this machine lets nobody mount in a namespace of their own")
    return (*alone, "sh", "-euc", script, "sh")


# Things in the way


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    put(tmp_path, "d1/1.nix/mine", "mine")
    refused(tmp_path, r"^d1/1\.nix is a folder, where a file is needed$")


def test_a_file_in_place_of_a_folder(tmp_path: Path) -> None:
    put(tmp_path, "d1", "mine")
    refused(tmp_path, "^d1 is a file, where a folder is needed$")


def test_a_pipe_or_socket_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "d1").mkdir()
    os.mkfifo(tmp_path / "d1/1.nix")
    refused(tmp_path, r"^d1/1\.nix is neither a file nor a folder$")
    (tmp_path / "d1/1.nix").unlink()
    with socket.socket(socket.AF_UNIX) as listener, in_folder(tmp_path / "d1"):
        listener.bind("1.nix")
    refused(tmp_path, r"^d1/1\.nix")


@pytest.mark.parametrize("target", ["../outside/a.nix", "../outside/none", "2.nix", "1.nix", "/"])
def test_a_symbolic_link_in_place_of_a_file(tmp_path: Path, target: str) -> None:
    outside = put(tmp_path, "outside/a.nix", "mine").parent
    root = tmp_path / "root"
    (root / "d1").mkdir(parents=True)
    (root / "d1/1.nix").symlink_to(target)
    refused(root, r"^d1/1\.nix is a symbolic link, and nixgen writes through none$")
    assert contents(outside) == {"a.nix": b"mine"}


@pytest.mark.parametrize("target", ["../outside", "../none", "d2", "."])
def test_a_symbolic_link_in_place_of_a_folder(tmp_path: Path, target: str) -> None:
    (tmp_path / "outside").mkdir()
    root = tmp_path / "root"
    root.mkdir()
    (root / "d1").symlink_to(target)
    refused(root, "^d1 is a symbolic link, and nixgen writes through none$")
    assert contents(tmp_path / "outside") == {}


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    write(fleet("old", 5), tmp_path / "link", SOURCE)
    assert contents(tmp_path / "real") == rendered(fleet("old", 5))
    assert plan(fleet("old", 5), tmp_path / "real", SOURCE).drift == ()


def test_the_root_must_be_a_folder(tmp_path: Path) -> None:
    put(tmp_path, "root", "mine")
    with pytest.raises(NixgenError, match=r"root is not a folder$"):
        write(fleet("old", 5), tmp_path / "root", SOURCE)


def test_what_a_killed_run_left_in_another_root_inside_is_left_alone(tmp_path: Path) -> None:
    inner = put(tmp_path, "inner/.nixgen-1-0", "another run may be writing this").parent
    write(fleet("old", 5), tmp_path, SOURCE)
    assert contents(inner) == {".nixgen-1-0": b"another run may be writing this"}


def refused(root: Path, message: str) -> None:
    """Assert that neither a plan nor a write gets past what is in the way, nor changes a thing."""
    before = contents(root)
    for action in (plan, write):
        with pytest.raises(NixgenError, match=message):
            action(fleet("new", 5), root, SOURCE)
    assert contents(root) == before


@contextmanager
def in_folder(folder: Path) -> Iterator[None]:
    """Work in a folder, since the path of a socket must be short."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


# Files that came back changed


def test_a_file_that_is_no_text_is_kept(tmp_path: Path) -> None:
    write(fleet("old", 5), tmp_path, SOURCE)
    edited = contents(tmp_path)["d1/1.nix"] + b"\xff\xfe\0"
    put(tmp_path, "d1/1.nix", edited)
    (file,) = plan(fleet("old", 5), tmp_path, SOURCE).drift
    assert file.status == Status.EDITED
    write(fleet("old", 5), tmp_path, SOURCE)
    assert contents(tmp_path) == {**rendered(fleet("old", 5)), "d1/1.nix.orig": edited}


def test_line_endings_of_another_system_are_put_right_without_a_copy(tmp_path: Path) -> None:
    write(fleet("old", 5), tmp_path, SOURCE)
    put(tmp_path, "d1/1.nix", contents(tmp_path)["d1/1.nix"].replace(b"\n", b"\r\n"))
    (file,) = write(fleet("old", 5), tmp_path, SOURCE).drift
    assert (file.status, file.reason) == (Status.DIFFERS, "line endings")
    assert contents(tmp_path) == rendered(fleet("old", 5))


def test_a_copy_never_replaces_what_stands_in_its_place(tmp_path: Path) -> None:
    write(fleet("old", 5), tmp_path, SOURCE)
    put(tmp_path, "d1/1.nix.orig", "mine")
    put(tmp_path, "d1/1.nix.orig.1", b"\xff")
    put(tmp_path, "d1/1.nix", "also mine")
    write(fleet("old", 5), tmp_path, SOURCE, adopt=["d1/1.nix"])
    found = contents(tmp_path)
    kept = [found[f"d1/1.nix.orig{suffix}"] for suffix in ("", ".1", ".2")]
    assert kept == [b"mine", b"\xff", b"also mine"]
