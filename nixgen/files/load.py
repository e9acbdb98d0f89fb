"""What a source wants written, loaded in a process of its own and handed over rendered."""

import marshal
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nixgen.errors import NixgenError
from nixgen.files.isolation import run_in_child
from nixgen.files.rendered import Regions, Rendered, WholeFile, render
from nixgen.files.source import load_as
from nixgen.files.values import Files, Region


def load(source: str, project: Path) -> Rendered:
    """Import a source and return what it wants written, which is rendered by now.

    A process of its own does all of this: by `os._exit`, by what it prints or by a module that is
    named like one of Python's, a source does nothing to this one.

    Args:
        source: `module:attribute`, such as `main:fleet`: an object with `nix_files()`, a mapping,
            or a callable that takes nothing and returns either.
        project: The folder that modules are looked for in, before those that are installed.

    Raises:
        NixgenError: When there is no such thing, when it is of another kind, when it fails, or when
            a path or value cannot be written.
    """

    def work() -> bytes:
        def render_value(value: Any) -> Rendered:
            return render(_files_of(value, source), source)

        try:
            rendered = load_as(source, project, render_value, debug="NIXGEN_DEBUG")
        except NixgenError as error:
            if os.environ.get("NIXGEN_DEBUG") == "1":
                from traceback import print_exception

                print_exception(error)
            return marshal.dumps((str.__str__(str(error)), ()))
        return marshal.dumps(("", _pack(rendered)))

    returned = run_in_child(work, f"source {source}")
    problem, packed = marshal.loads(returned)  # noqa: S302 - our own
    if problem:
        raise NixgenError(problem)
    return _unpack(packed)


def _files_of(value: Any, source: str) -> Files:
    if callable(value) and not hasattr(value, "nix_files") and not isinstance(value, Mapping):
        value = value()
    if isinstance(value, type):
        raise NixgenError(
            f"source {source}: {value.__name__} is a class; name an object made from it"
        )
    nix_files = getattr(value, "nix_files", None)
    if callable(nix_files):
        value = nix_files()
    if not isinstance(value, Mapping):
        raise NixgenError(
            f"source {source}: expected an object with nix_files(), a mapping of paths, or a "
            f"callable that returns either; got {type(value).__name__}"
        )
    return value


def _pack(rendered: Rendered) -> tuple[tuple[str, Any], ...]:
    """Return what was rendered as data of Python's own types, to be sent to another process."""
    return tuple(
        (str.__str__(file.path), file.data)
        if isinstance(file, WholeFile)
        else (
            str.__str__(file.path),
            tuple(
                (
                    *map(str.__str__, (region.name, region.place, region.otherwise)),
                    bool(region.top),
                    text,
                )
                for region, text in file.contents
            ),
        )
        for file in rendered
    )


def _unpack(packed: Iterable[tuple[str, Any]]) -> Rendered:
    """Return what was packed; the values of regions, which are rendered, are None."""
    return tuple(
        WholeFile(path, held)
        if isinstance(held, bytes)
        else Regions(
            path,
            tuple(
                (Region(None, name=name, place=place, otherwise=otherwise, top=top), text)
                for name, place, otherwise, top, text in held
            ),
        )
        for path, held in packed
    )
