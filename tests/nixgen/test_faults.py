"""Kills, full disks, races and things in the way: real ones, and nobody loses anything."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType

import pytest

from nixgen import tree
from nixgen.errors import NixgenError
from nixgen.files import Files, State, TextFile, plan, write
from nixgen.header import with_header
from tests.nixgen.conftest import Nixgen
from tests.nixgen.trees import contents, put
from tests.tools import require, unavailable

SOURCE = "main:fleet"


def fleet(version: str, count: int) -> Files:
    """Return files that differ between versions, some of which only that version has."""
    shared = {f"d{n % 7}/{n}.nix": f"{version} {n} {'x' * (n * 37 % 3000)}\n" for n in range(count)}
    own = {f"{version}/{n}.nix": f"{version}\n" for n in range(count // 20)}
    return {path: TextFile(text) for path, text in (shared | own).items()}


def rendered(files: Files) -> dict[str, bytes]:
    return {path: with_header(file.text, path, SOURCE) for path, file in files.items()}


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


# Stopped on the way


def test_killed_at_any_moment_every_file_is_whole_and_the_next_write_heals(
    memory: Path,
) -> None:
    versions = [fleet("old", 500), fleet("new", 500)]
    bytes_of = [rendered(version) for version in versions]
    write(versions[1], memory, SOURCE)
    started = time.perf_counter()
    write(versions[0], memory, SOURCE)
    duration = time.perf_counter() - started
    draw = random.Random(8)  # noqa: S311  # moments, not secrets
    mixed = unfinished = 0
    for attempt in range(200):
        before, after = attempt % 2, 1 - attempt % 2
        edited = f"d{attempt % 7}/{attempt % 7 + 7 * draw.randrange(70)}.nix"
        edit = bytes_of[before][edited] + b"# by hand, %d\n" % attempt
        put(memory, edited, edit)
        with child(lambda to=versions[after]: write(to, memory, SOURCE)) as process:  # type: ignore[misc]
            time.sleep(draw.uniform(0, 1.1 * duration))
            os.kill(process, signal.SIGKILL)
            exit_code(process)
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
        assert bytes_of[0].keys() & bytes_of[1].keys() <= found.keys()
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


def emptied(found: dict[str, bytes]) -> list[str]:
    """Return folders left empty: a kill can leave one, and it does no harm."""
    return [path for path in found if path.endswith("/")]


def test_interrupted_at_any_moment_all_is_as_before_or_as_after(memory: Path) -> None:
    versions = [fleet("old", 150), fleet("new", 150)]
    trees = [rendered(version) for version in versions]
    write(versions[1], memory, SOURCE)
    started = time.perf_counter()
    write(versions[0], memory, SOURCE)
    duration = time.perf_counter() - started
    draw = random.Random(9)  # noqa: S311  # moments, not secrets
    seen = set()
    for _ in range(40):
        with child(lambda: write(versions[1], memory, SOURCE)) as process:
            time.sleep(draw.uniform(0, duration))
            os.kill(process, signal.SIGINT)
            exit_code(process)
        found = contents(memory)
        assert found in trees
        seen.add(trees.index(found))
        write(versions[0], memory, SOURCE)
    assert 0 in seen


def test_interrupted_at_each_step_all_is_as_before_or_as_after(memory: Path) -> None:
    old, new = (
        {path: TextFile(f"{version}\n") for path in ("a/0.nix", "a/1.nix", f"{version}/b/0.nix")}
        for version in ("old", "new")
    )
    trees = [rendered(old), rendered(new)]

    def write_interrupted(step: int) -> None:
        sys.setprofile(interrupt_at(step))
        write(new, memory, SOURCE)

    write(old, memory, SOURCE)
    for step in count(1):
        with child(lambda step=step: write_interrupted(step)) as process:  # type: ignore[misc]
            code = exit_code(process)
        found = contents(memory)
        assert found in trees
        if found == trees[1]:
            write(old, memory, SOURCE)
        if code == 0:
            break
    assert step > 500


def interrupt_at(step: int) -> Callable[[FrameType, str, object], None]:
    """Return a profiler that interrupts at a step, a call or return in what changes a tree."""
    steps = count(1)

    def profile(frame: FrameType, _event: str, _argument: object) -> None:
        if frame.f_code.co_filename == tree.__file__ and next(steps) == step:
            raise KeyboardInterrupt

    return profile


# Several at once


def test_two_writes_at_once_do_not_interleave(tmp_path: Path) -> None:
    versions = [fleet("old", 60), fleet("new", 60)]
    trees = [rendered(version) for version in versions]
    waited = 0
    for _ in range(50):
        start, go = os.pipe()
        told, tell = os.pipe()

        def run(version: Files, start: int = start, go: int = go, tell: int = tell) -> None:
            os.close(go)
            os.read(start, 1)
            with os.fdopen(tell, "w") as said:
                write(version, tmp_path, SOURCE, notify=lambda text: print(text, file=said, end=""))

        with child(lambda: run(versions[0])) as one, child(lambda: run(versions[1])) as other:
            os.close(go)
            os.close(start)
            os.close(tell)
            assert (exit_code(one), exit_code(other)) == (0, 0)
        with os.fdopen(told, "rb") as messages:
            message = messages.read()
        assert message in (b"", f"waiting for another nixgen to finish in {tmp_path}".encode())
        waited += bool(message)
        assert contents(tmp_path) in trees
    assert waited > 0, "the writes never met"


def test_a_check_during_writes_sees_one_version_or_the_other(tmp_path: Path) -> None:
    versions = [fleet("old", 60), fleet("new", 60)]

    def write_often() -> None:
        for number in range(40):
            write(versions[number % 2], tmp_path, SOURCE)

    write(versions[1], tmp_path, SOURCE)
    with child(write_often) as process:
        while os.waitpid(process, os.WNOHANG) == (0, 0):
            drift = plan(versions[0], tmp_path, SOURCE).drift
            assert not drift or len(drift) == len(versions[0]) + 3


def test_a_file_saved_while_others_are_written_is_not_lost(tmp_path: Path) -> None:
    old, new = fleet("old", 500), fleet("new", 500)
    mine = rendered(old)["d0/0.nix"] + b"saved at the last moment"
    write(old, tmp_path, SOURCE)
    for _ in range(10):
        with child(lambda: write(new, tmp_path, SOURCE)) as process:
            while not (staging := list(tmp_path.glob("d*/.nixgen-*"))) and is_running(process):
                time.sleep(0.0001)
            put(tmp_path, "d0/0.nix", mine)
            code = exit_code(process)
        assert contents(tmp_path)["d0/0.nix"] == mine
        if staging and code == 1:
            assert contents(tmp_path) == {**rendered(old), "d0/0.nix": mine}
            return
        put(tmp_path, "d0/0.nix", rendered(new)["d0/0.nix"])
        write(old, tmp_path, SOURCE)
    pytest.fail("the edit never came while files were being written")


def test_a_file_saved_after_its_turn_is_not_lost_when_all_is_undone(tmp_path: Path) -> None:
    old, new = fleet("old", 5), fleet("new", 5)
    write(old, tmp_path, SOURCE)

    def save_and_interrupt(_frame: FrameType, event: str, argument: object) -> None:
        if event == "c_return" and argument is os.rename:
            put(tmp_path, "d0/0.nix", "mine")
            raise KeyboardInterrupt

    def write_interrupted() -> None:
        sys.setprofile(save_and_interrupt)
        write(new, tmp_path, SOURCE)

    with child(write_interrupted) as process:
        assert exit_code(process) == 1
    assert contents(tmp_path) == {**rendered(old), "d0/0.nix": b"mine"}


def test_a_copy_stays_when_what_it_was_made_of_cannot_be_brought_back(tmp_path: Path) -> None:
    old, new = fleet("old", 5), fleet("new", 5)
    write(old, tmp_path, SOURCE)
    put(tmp_path, "d0/0.nix", "theirs")

    def save_and_interrupt(_frame: FrameType, event: str, argument: object) -> None:
        if event == "c_return" and argument is os.rename and read("d0/0.nix") != b"theirs":
            put(tmp_path, "d0/0.nix", "mine")
            raise KeyboardInterrupt

    def read(path: str) -> bytes:
        return contents(tmp_path)[path]

    def write_interrupted() -> None:
        sys.setprofile(save_and_interrupt)
        write(new, tmp_path, SOURCE, adopt=["."])

    with child(write_interrupted) as process:
        assert exit_code(process) == 1
    assert contents(tmp_path) == {
        **rendered(old),
        "d0/0.nix": b"mine",
        "d0/0.nix.orig": b"theirs",
    }


def is_running(process: int) -> bool:
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


# Disks and folders that cannot be written

VERSIONED = """\
import os
from nixgen.files import TextFile

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
    assert file.state == State.EDITED
    write(fleet("old", 5), tmp_path, SOURCE)
    assert contents(tmp_path) == {**rendered(fleet("old", 5)), "d1/1.nix.orig": edited}


def test_line_endings_of_another_system_are_put_right_without_a_copy(tmp_path: Path) -> None:
    write(fleet("old", 5), tmp_path, SOURCE)
    put(tmp_path, "d1/1.nix", contents(tmp_path)["d1/1.nix"].replace(b"\n", b"\r\n"))
    (file,) = write(fleet("old", 5), tmp_path, SOURCE).drift
    assert (file.state, file.reason) == (State.DIFFERS, "line endings")
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
