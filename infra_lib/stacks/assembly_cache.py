"""Assemblies that were cut down, kept in the user's cache folder."""

from __future__ import annotations

import os
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

from .assembly import HELPER, trimmed

if TYPE_CHECKING:
    from collections.abc import Iterator

# Counts the ways in which assemblies were cut: a new way must not meet what an old one kept.
_FORMAT: Final = 1


@contextmanager
def cached(whole: LoadRequest, submodules: frozenset[str]) -> Iterator[str]:
    """Give the path of an assembly's tarball that holds only some submodules.

    It is made when it is not there. If the block fails the file is deleted, and made anew another
    time.

    Args:
        whole: The request to load the whole assembly.
        submodules: Names of submodules as jsii has them: {"computeInstance"}.

    Raises:
        Exception: Anything, when it cannot be made or kept, or jsii cannot load it.
    """
    path = _folder() / _name(whole, submodules)
    if not path.exists():
        _make(path, whole, submodules)
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
    status = folder.stat()
    if os.name == "posix" and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        msg = f"{folder} can be written by others"
        raise PermissionError(msg)
    return folder


def _name(whole: LoadRequest, submodules: frozenset[str]) -> str:
    """Return a file name that tells everything the content depends on."""
    size = Path(whole.tarball).stat().st_size
    content = (_FORMAT, jsii_version, whole.name, whole.version, size, sorted(submodules))
    digest = sha256(repr(content).encode()).hexdigest()[:16]
    return f"{whole.name.rpartition('/')[2]}-{whole.version}-{digest}.tgz"


def _make(path: Path, whole: LoadRequest, submodules: frozenset[str]) -> None:
    """Write the file at once or not at all, and only if jsii can load it."""
    with NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
        temporary = Path(file.name)
        try:
            file.write(trimmed(whole.tarball, submodules))
            file.close()
            _try(LoadRequest(whole.name, whole.version, file.name))
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _try(assembly: LoadRequest) -> None:
    """Load an assembly in a process of its own, let it make way and load it again."""
    process = _NodeProcess()  # type: ignore[no-untyped-call]
    process.start()  # type: ignore[no-untyped-call]
    try:
        for dependency in ("constructs._jsii", "cdktf._jsii"):
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
