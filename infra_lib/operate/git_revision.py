"""The files that git has in another revision of the repository that a folder is in.

They are read as they were committed: no hook runs and no filter, nobody is asked anything, nothing
is fetched, and the work tree and the index stay as they are. `git archive` would leave out what
.gitattributes has it leave out, and both it and a checkout run filters, of which some download.
"""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from infra_lib.model.errors import FleetError
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SHORT = 12  # characters of a commit's name, for people
_EXECUTABLE, _LINK, _SUBMODULE = b"100755", b"120000", b"160000"

# What points git to another repository, or to another part of one: `git commit` sets some of these
# for its hooks. https://git-scm.com/docs/git#_environment_variables
_OF_OTHERS = {
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
}
# A partial clone would fetch what it lacks.
_ALONE = {
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


@frozen
class Revision:
    """A commit of a repository.

    Attributes:
        name: As people name it: "HEAD~1".
        commit: Its full name; None for a HEAD that has no commit yet, and so no files.
        top: The top folder of the work tree.
    """

    name: str
    commit: str | None
    top: Path

    @property
    def text(self) -> str:
        """The revision, for people: "HEAD~1 (0bfd88271dbd)"."""
        return f"{self.name} ({self.commit[:_SHORT] if self.commit else 'no commit yet'})"


def find_revision(folder: Path, name: str) -> Revision:
    """Return a revision of the repository that a folder is in.

    Args:
        folder: A folder of its work tree.
        name: What git takes for a commit: "HEAD", "origin/main", "v1.0".

    Raises:
        FleetError: When git cannot be run, there is no repository, or no such commit in it.
    """
    if not name or name.startswith(("-", "^")) or "\0" in name:
        raise FleetError(f"revision {name!r}: what git calls a commit is accepted: HEAD~1, main")
    where = f"revision {name!r}"
    top = Path(os.fsdecode(_git(where, folder, "rev-parse", "--show-toplevel"))).resolve()
    if not folder.resolve().is_relative_to(top):  # git's core.worktree says so
        raise FleetError(f"{where}: the work tree of git is {top}, and {folder} is not in it")
    try:
        found = _git(where, top, "rev-parse", "--verify", name).decode()  # also of ":/words"
        commit = _git(where, top, "rev-parse", "--verify", f"{found}^{{commit}}").decode()
    except FleetError as error:
        if name in {"HEAD", "@"} and _is_unborn(top):
            return Revision(name, None, top)
        shallow = _git(where, top, "rev-parse", "--is-shallow-repository") == b"true"
        hint = (
            "; this clone is shallow: git fetch --unshallow gets what is older" if shallow else ""
        )
        raise FleetError(f"{error}; it names no commit that is here{hint}") from None
    return Revision(name, commit, top)


def find_merge_base(one: Revision, other: Revision) -> Revision:
    """Return the commit that two revisions have in common, where the second left the first.

    Raises:
        FleetError: When there is none, or one of them has no commit yet.
    """
    name = f"{one.name}...{other.name}"
    where = f"revision {name!r}"
    if one.commit is None or other.commit is None:
        raise FleetError(f"{where}: there is no commit yet")
    try:
        found = _git(where, one.top, "merge-base", one.commit, other.commit).decode()
    except FleetError as error:
        hint = "" if str(error).rpartition(": ")[2] else "they have no commit in common here"
        raise FleetError(f"{error}{hint}") from None
    return Revision(name, found, one.top)


def write_files(revision: Revision, folder: Path) -> list[str]:
    """Write the files of a revision below a folder, with those of its submodules that are here.

    Args:
        revision: The revision.
        folder: An empty folder of this user's alone.

    Returns:
        The paths of what is not in this clone, and so was not written.

    Raises:
        FleetError: When git cannot read it, or a path would lead out of the folder.
        OSError: When it cannot be written.
    """
    links, missing = [], []
    files = _files(f"revision {revision.name!r}", revision.top, revision.commit or "", "")
    for mode, path, data in files if revision.commit else ():
        target = folder / path
        # Nothing is a link yet, so that nothing is written through one.
        target.parent.mkdir(parents=True, exist_ok=True)
        if data is None:
            missing.append(path)
        elif mode == _LINK:
            links.append((target, data))
        elif mode == _SUBMODULE:
            target.mkdir(exist_ok=True)
        else:
            target.write_bytes(data)
            if mode == _EXECUTABLE:
                target.chmod(0o755)
    for target, data in links:
        with suppress(FileExistsError):  # names that differ by case alone
            target.symlink_to(os.fsdecode(data))
    return missing


def _files(
    where: str, top: Path, commit: str, below: str
) -> Iterator[tuple[bytes, str, bytes | None]]:
    """Yield the mode, path and content of each file; no content where this clone has it not."""
    listed = _git(where, top, "ls-tree", "-r", "-z", "--full-tree", commit)
    # Where one is asked for, an older git than 2.45 tries to fetch it, and ends when it may not.
    missing = _missing(where, top, commit)
    with _reader(top) as read:
        for entry in filter(None, listed.split(b"\0")):
            about, _, name = entry.partition(b"\t")
            mode, _, it = about.split()
            path = os.fsdecode(name)
            if {"", ".", "..", ".git"} & {*path.lower().split("/")}:
                raise FleetError(f"{where}: it has the path {path!r}, which is not written")
            if mode != _SUBMODULE:
                yield mode, below + path, None if it in missing else read(it)
            elif _has(top / path, it):
                yield mode, below + path, b""
                yield from _files(where, top / path, it.decode(), f"{below}{path}/")
            else:
                yield mode, below + path, None


def _missing(where: str, top: Path, commit: str) -> set[bytes]:
    """Return the objects of a commit that this clone, a partial one, has not."""
    listed = _git(where, top, "rev-list", "--objects", "--no-walk", "--missing=print", commit)
    return {line[1:] for line in listed.splitlines() if line.startswith(b"?")}


def _has(submodule: Path, commit: bytes) -> bool:
    """Whether a submodule is checked out, and has a commit."""
    try:
        _git("", submodule, "cat-file", "-e", f"{commit.decode()}^{{commit}}")
    except FleetError:
        return False
    return True


@contextmanager
def _reader(top: Path) -> Iterator[Callable[[bytes], bytes]]:
    """Give a function that returns what an object holds.

    https://git-scm.com/docs/git-cat-file#_batch_output
    """
    with subprocess.Popen(
        _command(top, "cat-file", "--batch"),
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        ask, answer = process.stdin, process.stdout
        assert ask is not None  # noqa: S101 - they are pipes
        assert answer is not None  # noqa: S101
        yield lambda it: _read(it, ask, answer)


def _read(it: bytes, ask: IO[bytes], answer: IO[bytes]) -> bytes:
    with suppress(BrokenPipeError):
        ask.write(it + b"\n")
        ask.flush()
    _, _, size = answer.readline().strip().rpartition(b" ")
    if not size.isdigit():  # "missing", or git has ended
        raise FleetError(f"git cat-file: it has no object {it.decode()}; git fsck says more")
    return answer.read(int(size) + 1)[:-1]


def _is_unborn(top: Path) -> bool:
    try:
        head = _git("", top, "symbolic-ref", "HEAD").decode(errors="surrogateescape")
    except FleetError:
        return False
    try:
        _git("", top, "show-ref", "--verify", "--quiet", head)
    except FleetError:
        return True
    return False


def _git(where: str, folder: Path, *arguments: str) -> bytes:
    """Return what git prints, without its last newline."""
    try:
        done = subprocess.run(
            _command(folder, *arguments),
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise FleetError(f"{where}: git cannot be run ({error.strerror})") from None
    if done.returncode:
        said = " ".join(done.stderr.decode(errors="backslashreplace").split())
        raise FleetError(f"{where}: git {arguments[0]}: {said}")
    return done.stdout.removesuffix(b"\n")


def _command(folder: Path, *arguments: str) -> list[str]:
    return ["git", "--no-pager", "-C", str(folder), *arguments]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _OF_OTHERS}
    return {**kept, **_ALONE}
