"""Assemblies that were cut down, kept in the user's cache folder."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import contextmanager
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, Final

from jsii.__meta__ import __version__ as jsii_version
from jsii._kernel.providers.process import _NodeProcess
from jsii._kernel.types import InvokeResponse, LoadRequest, LoadResponse, StaticInvokeRequest

from infra_lib.stacks.assembly import HELPER, trim

if TYPE_CHECKING:
    from collections.abc import Iterator

# Counts the ways in which assemblies were cut: a new way must not meet what an old one kept.
_FORMAT: Final = 2


@contextmanager
def keep_trimmed(whole: LoadRequest, submodules: frozenset[str], cdk: str) -> Iterator[str]:
    """Give the path of an assembly's tarball that holds only some submodules.

    It is made when it is not there, or when others may have written it. If the block fails the file
    is deleted, and made anew another time.

    Args:
        whole: The request to load the whole assembly.
        submodules: Names of submodules as jsii has them: {"computeInstance"}.
        cdk: The Python package of the framework that it is for.

    Raises:
        Exception: Anything, when it cannot be made or kept, or jsii cannot load it.
    """
    path = _folder() / _name(whole, submodules)
    if not _is_trusted(path):
        _make(path, whole, submodules, cdk)
    try:
        yield str(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _folder() -> Path:
    """Return the folder, which is made when it is not there.

    Raises:
        PermissionError: When others may write to it: what it holds is run.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():
        base = Path("~/Library/Caches" if sys.platform == "darwin" else "~/.cache").expanduser()
    folder = base / "infra_lib"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = folder.resolve()
    _check_owners(folder)
    return folder


def _check_owners(folder: Path) -> None:
    """Check that nobody else can put files of theirs into a folder, or another in its place.

    As sshd does with a user's keys, what is above the user's home is not looked at:
    https://man.openbsd.org/sshd_config#StrictModes. In a sticky folder, as /tmp is, nobody replaces
    what is another's.

    Raises:
        PermissionError: When others may write to it.
    """
    chain = [folder, *folder.parents]
    home = Path.home().resolve()
    if home in chain:
        chain = chain[: chain.index(home) + 1]
    for each in reversed(chain):  # from then on nobody replaces what comes next
        status = each.lstat()
        sticky = each != folder and bool(status.st_mode & stat.S_ISVTX)
        if _is_of_others(status) or (_is_open(status) and not sticky):
            msg = f"{each} can be written by others"
            raise PermissionError(msg)


def _is_trusted(file: Path) -> bool:
    """Return whether a file is there, and nobody else can have written it; links are not followed.

    Args:
        file: A file in a folder that nobody else can write to by now.
    """
    try:
        status = file.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(status.st_mode) and not _is_of_others(status) and not _is_open(status)


def _is_of_others(status: os.stat_result) -> bool:
    return os.name == "posix" and status.st_uid not in {0, os.getuid()}


def _is_open(status: os.stat_result) -> bool:
    """Return whether others than the owner may write."""
    if os.name != "posix":
        return False
    by_group = status.st_mode & stat.S_IWGRP and not _is_private(status.st_gid)
    return bool(status.st_mode & stat.S_IWOTH or by_group)


def _is_private(group: int) -> bool:
    """Return whether a group is the user's own, as where each user has one: with umask 002."""
    import grp
    import pwd

    try:
        user, named = pwd.getpwuid(os.getuid()), grp.getgrgid(group)
    except KeyError:
        return False
    alone = set(named.gr_mem) <= {user.pw_name}
    return alone and (group, named.gr_name) == (user.pw_gid, user.pw_name)


def _name(whole: LoadRequest, submodules: frozenset[str]) -> str:
    """Return a file name that tells everything the content depends on."""
    size = Path(whole.tarball).stat().st_size
    content = (_FORMAT, jsii_version, whole.name, whole.version, size, sorted(submodules))
    digest = sha256(repr(content).encode()).hexdigest()[:16]
    return f"{whole.name.rpartition('/')[2]}-{whole.version}-{digest}.tgz"


def _make(path: Path, whole: LoadRequest, submodules: frozenset[str], cdk: str) -> None:
    """Write the file at once or not at all, and only if jsii can load it."""
    with NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(trim(whole.tarball, submodules))
            file.close()
            _try(LoadRequest(whole.name, whole.version, file.name), cdk)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _try(assembly: LoadRequest, cdk: str) -> None:
    """Load an assembly in a process of its own, let it make way and load it again."""
    process = _NodeProcess()  # type: ignore[no-untyped-call]
    process.start()  # type: ignore[no-untyped-call]
    try:
        for dependency in ("constructs._jsii", f"{cdk}._jsii"):
            module = import_module(dependency)
            record: Any = module.__jsii_assembly__
            tarball = Path(str(module.__file__)).with_name(record.filename)
            process.send(LoadRequest(record.name, record.version, str(tarball)), LoadResponse)
        for method in ("makeWay", "check"):
            process.send(assembly, LoadResponse)
            call = StaticInvokeRequest(fqn=f"{assembly.name}.{HELPER}", method=method)
            process.send(call, InvokeResponse)
    finally:
        process.stop()
