"""The file of facts is changed by one at a time, and is whole whenever the computer goes off."""

import errno
import fcntl
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra_lib import FleetError
from infra_lib.model.facts import Facts, MachineFacts
from infra_lib.model.whole_file import write
from tests.helpers import process, projects
from tests.helpers.projects import infra

OLD = Facts(machines=(MachineFacts("amber", zone="us-central1-b"),))
NEW = Facts(machines=(MachineFacts("galena", zone="us-central1-c"),))


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "folder/facts.json"
    path.parent.mkdir()
    path.write_text(OLD.to_json())
    yield path
    assert [each.name for each in path.parent.iterdir()] == ["facts.json"]


def new(path: Path) -> Facts:
    return Facts(machines=NEW.machines, path=path)


def seen(monkeypatch: pytest.MonkeyPatch, path: Path) -> list[str]:
    """What is done to a file and its folder, in order, as the disk would see it."""
    done: list[str] = []
    fsync, rename = os.fsync, os.rename

    def flushed(handle: int) -> None:
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            assert status.st_ino == path.parent.stat().st_ino
            done.append("flush the folder")
        else:
            assert status.st_size == len(NEW.to_json())
            done.append(f"flush {status.st_ino}")
        fsync(handle)

    def renamed(source: str, target: str, **folders: int) -> None:
        inode = os.stat(source, dir_fd=folders["src_dir_fd"], follow_symlinks=False).st_ino
        done.append(f"rename {inode} to {target}")
        rename(source, target, **folders)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "rename", renamed)
    return done


def test_all_is_on_the_disk_before_it_takes_its_place_and_its_place_too_in_the_end(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = seen(monkeypatch, path)
    new(path).save()
    inode = path.stat().st_ino
    assert done == [f"flush {inode}", f"rename {inode} to facts.json", "flush the folder"]
    assert path.read_text() == NEW.to_json()


def failing(name: str, error: BaseException, after: int) -> Callable[..., Any]:
    """A function of `os` that does what it does, and then no more."""
    real: Callable[..., Any] = getattr(os, name)
    left = [after]

    def run(*given: Any, **named: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise error
        return real(*given, **named)

    return run


@pytest.mark.parametrize(
    ("name", "after"),
    [("urandom", 0), ("open", 1), ("fchmod", 0), ("write", 0), ("fsync", 0), ("rename", 0)],
)
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_whatever_fails_before_it_takes_its_place_the_old_file_stays(
    path: Path, monkeypatch: pytest.MonkeyPatch, name: str, after: int, error: BaseException
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, name, failing(name, error, after))
        with pytest.raises(type(error)) as caught:
            new(path).save()
    if isinstance(error, OSError):
        assert str(caught.value) == f"[Errno {errno.ENOSPC}] No space left: '{path}'"
    assert path.read_text() == OLD.to_json()


def test_a_write_that_takes_several_goes_is_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: real(handle, data[:7]))
    new(path).save()
    assert path.read_text() == NEW.to_json()


def test_a_folder_that_cannot_be_flushed_is_told_of_and_the_new_file_is_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing("fsync", OSError(errno.EIO, "broken"), 1))
        with pytest.raises(OSError, match="broken"):
            new(path).save()
    assert path.read_text() == NEW.to_json()
    # Some file systems have no such thing for a folder.
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", failing("fsync", OSError(errno.EINVAL, "none"), 1))
        Facts(machines=OLD.machines, path=path).save()
    assert path.read_text() == OLD.to_json()


def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path: Path) -> None:
    project = projects.make(tmp_path / "project")
    infra(project, "sync", "--vars-only", "--set", "cinnabar.external_ip=203.0.113.7")
    before = (project / "facts.json").read_text()
    command = ("-m", "infra_lib", "sync", "--vars-only", "--set", "cinnabar.external_ip=")
    full = ("sh", "-c", 'ulimit -f 0; exec "$@"', "sh")
    done = process.python(*command, cwd=project, wrap=full)
    assert done.returncode == 2
    assert f"{project / 'facts.json'}" in done.stderr
    assert "Traceback" not in done.stderr
    assert (project / "facts.json").read_text() == before
    assert not list(project.glob(".facts*"))


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_mode_and_group_stay(path: Path, mode: int) -> None:
    others = [1234567] if os.geteuid() == 0 else [*os.getgroups(), os.getgid()]
    os.chown(path, -1, others[0])
    path.chmod(mode)
    new(path).save()
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.stat().st_gid == others[0]


def test_an_owner_that_may_not_be_given_is_not_and_the_group_is(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it is for someone who shares a repository with others through a group."""
    asked: list[tuple[int, int]] = []

    def refused(_handle: int, user: int, group: int) -> None:
        asked.append((user, group))
        if user != -1:
            raise PermissionError(errno.EPERM, "not permitted")

    theirs = os.stat_result([0o100640, 0, 0, 1, 4321, 1234, 0, 0, 0, 0])
    monkeypatch.setattr("infra_lib.model.whole_file._status", lambda *_: theirs)
    monkeypatch.setattr(os, "fchown", refused)
    new(path).save()
    assert asked == [(4321, 1234), (-1, 1234)]
    assert path.read_text() == NEW.to_json()


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_is_as_the_umask_says(path: Path, umask: int, mode: int) -> None:
    path.unlink()
    before = os.umask(umask)
    try:
        new(path).save()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_link_that_somebody_put_where_the_new_file_is_prepared_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, victim = tmp_path / "facts.json", tmp_path / "victim"
    path.write_text(OLD.to_json())
    victim.write_text("mine")
    monkeypatch.setattr(os, "urandom", bytes)
    guesses = [f".facts.json.{os.getpid()}", f".facts.json.{bytes(8).hex()}"]
    for guess in guesses:
        (tmp_path / guess).symlink_to(victim)
    with pytest.raises(FileExistsError):
        new(path).save()
    assert (path.read_text(), victim.read_text()) == (OLD.to_json(), "mine")
    monkeypatch.undo()
    new(path).save()
    assert (path.read_text(), victim.read_text()) == (NEW.to_json(), "mine")
    assert all((tmp_path / guess).is_symlink() for guess in guesses)


def test_a_link_to_where_the_facts_are_is_followed(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "facts.json"
    link.symlink_to("folder/facts.json")
    new(link).save()
    assert link.is_symlink()
    assert path.read_text() == NEW.to_json()


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "facts.json")
    with pytest.raises(OSError, match=r"not a regular file: '.*/facts.json'"):
        write(tmp_path / "facts.json", b"")
    assert (tmp_path / "facts.json").is_fifo()


def put_fifo(path: Path) -> None:
    os.mkfifo(path)


def put_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def put_huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 2**40)


@pytest.mark.parametrize("put", [put_fifo, put_device, put_huge, Path.mkdir])
@pytest.mark.parametrize(
    "name",
    [
        "facts.json",
        "cdktf.json",
        "pyproject.toml",
        "vars/per-machine/galena/state-version/version/value",
    ],
)
def test_what_is_no_file_is_refused_and_not_waited_for(
    tmp_path: Path, name: str, put: Callable[[Path], None]
) -> None:
    project = projects.make(tmp_path / "project")
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    put(path)
    done = infra(project, "sync", "main:fleet", "--set", "cinnabar.external_ip=203.0.113.7")
    assert done.returncode == 2
    assert f"{path}: cannot be read: " in done.stderr
    assert "Traceback" not in done.stderr
    assert name == "facts.json" or not (project / "facts.json").exists()


def test_outputs_may_come_from_a_fifo(tmp_path: Path) -> None:
    """As `<(terraform output -json)` is one."""
    project = projects.make(tmp_path / "project")
    os.mkfifo(project / "outputs")
    there = {"galena": {"zone": "us-central1-b", "external_ip": "203.0.113.20"}}
    document = json.dumps({"machines": {"sensitive": False, "value": there}})
    # Where nobody comes to read, as with --quick, it does not keep pytest from ending.
    writer = threading.Thread(
        target=(project / "outputs").write_text, args=(document,), daemon=True
    )
    writer.start()
    done = infra(project, "sync", "--outputs", "outputs", "--get", "galena.external_ip")
    writer.join()
    assert (done.returncode, done.stdout) == (0, "203.0.113.20\n")


def test_two_at_once_lose_nothing(tmp_path: Path) -> None:
    """Both have read the facts by the time that they may write them."""
    project = projects.make(tmp_path / "project")
    folder = os.open(project, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    told = ("cinnabar.external_ip=203.0.113.7", "stibnite.external_ip=203.0.113.8")
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "infra_lib", "sync", "--vars-only", "--set", each],
            cwd=project,
            env=process.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for each in told
    ]
    for each in running:
        assert each.stderr
        said = each.stderr.readline()
        assert said == f"infra: waiting for another command to finish with {project}/facts.json\n"
    assert not (project / "facts.json").exists()
    os.close(folder)
    for each in running:
        each.communicate()
        assert each.returncode == 0
    machines = json.loads((project / "facts.json").read_text())["machines"]
    assert machines == {
        "cinnabar": {"external_ip": "203.0.113.7"},
        "stibnite": {"external_ip": "203.0.113.8"},
    }


def test_whoever_comes_while_one_writes_waits_also_by_another_path(tmp_path: Path) -> None:
    project = projects.make(tmp_path / "project")
    (tmp_path / "link.json").symlink_to(project / "facts.json")
    with Facts(path=tmp_path / "link.json").locked(print) as now:
        running = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "infra_lib",
                "sync",
                "--set",
                "cinnabar.external_ip=203.0.113.7",
            ],
            cwd=project,
            env=process.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert running.stderr
        while "waiting" not in (said := running.stderr.readline()):
            assert said
        now.with_zone("galena", "us-central1-b").save()
    running.communicate()
    machines = json.loads((project / "facts.json").read_text())["machines"]
    assert machines.keys() == {"cinnabar", "galena"}


def test_a_check_waits_for_nobody(tmp_path: Path) -> None:
    project = projects.make(tmp_path / "project")
    folder = os.open(project, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    done = infra(project, "sync", "--check", "--vars-only")
    os.close(folder)
    assert (done.returncode, done.stderr) == (0, "")


def test_others_may_write_once_one_is_done_or_has_failed(path: Path) -> None:
    said: list[str] = []
    facts = Facts.load(path)
    with pytest.raises(FleetError, match="no"), facts.locked(said.append):
        raise FleetError("no")
    with facts.locked(said.append) as now:
        assert now == OLD
    assert said == []


def test_where_no_folder_can_be_locked_it_says_so_and_writes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refused)
    said: list[str] = []
    with new(path).locked(said.append):
        new(path).save()
    assert path.read_text() == NEW.to_json()
    assert said == [
        f"{path} cannot be locked (No locks available): do not run two commands at once"
    ]


def test_facts_that_are_kept_nowhere_are_not_locked() -> None:
    with pytest.raises(FleetError, match="kept nowhere"), Facts().locked(print):
        pass
