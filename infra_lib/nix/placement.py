"""Where generated files go: each default path, unless the fleet moves the file or leaves it out."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from infra_lib.model.errors import FleetError, field_error, nearest
from nixgen.errors import NixgenError
from nixgen.files.paths import refuse_collisions, relative

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.fleet import Fleet
    from nixgen.files.values import FileValue


def path_of(fleet: Fleet, default: str) -> str | None:
    """Return where the file of a default path goes; None when it is left out."""
    return fleet.files.get(default, default)


def path_from(here: str, there: str) -> PurePosixPath:
    """Return the path of one file as another one writes it."""
    return PurePosixPath(posixpath.relpath(there, posixpath.dirname(here) or "."))


def place_files(
    fleet: Fleet, generated: Mapping[str, FileValue], possible: Iterable[str]
) -> dict[str, FileValue]:
    """Return the generated files at the paths that the fleet wants.

    Args:
        fleet: The fleet.
        generated: What is generated, by default path.
        possible: Default paths that other fleets have; one may be named before it is of use.

    Raises:
        FleetError: When the fleet names another path, wants one that no file can have, or makes
            two files meet.
    """
    known = {*generated, *possible}
    for default, new in fleet.files.items():
        if default not in known:
            accepted = nearest(default, known) or f"; one of {', '.join(sorted(known))}"
            raise _files_error(fleet, default, new, f"not a generated file{accepted}")
        if new is not None:
            _check(fleet, default, new)
    files: dict[str, FileValue] = {}
    origins: dict[str, str] = {}
    for default, value in generated.items():
        path = path_of(fleet, default)
        if path is None:
            continue
        if path in files:
            raise _files_error(
                fleet,
                default if default in fleet.files else origins[path],
                path,
                f"two files meet: {origins[path]!r} and {default!r}",
            )
        files[path] = value
        origins[path] = default
    _refuse_collisions(fleet, files, "files")
    return files


def extra_files(fleet: Fleet) -> dict[str, tuple[str, FileValue]]:
    """Return what the fleet's `extra_files` generate: the path, whose it is, and what it holds.

    Raises:
        FleetError: When what a function returns is not a mapping, or holds a path that no file
            can have or that another one has.
    """
    files: dict[str, tuple[str, FileValue]] = {}
    for generate in fleet.extra_files:
        name = getattr(generate, "__name__", repr(generate))
        extra = generate(fleet)
        if not isinstance(extra, Mapping):
            where = f"fleet {fleet.name!r}"
            accepted = f"{name} is to return a mapping of paths and what goes there"
            raise field_error(where, "extra_files", extra, accepted)
        for given, value in extra.items():
            try:
                path = relative(given)
            except NixgenError as error:
                raise _extra_error(fleet, name, given, str(error)) from None
            if path in files:
                raise _extra_error(fleet, name, given, "another file is generated there")
            files[path] = name, value
    return files


def add_extra_files(
    fleet: Fleet, files: Mapping[str, FileValue], extra: Mapping[str, tuple[str, FileValue]]
) -> dict[str, FileValue]:
    """Return the generated files, and those of `extra_files`.

    A file that is left out makes room for another at its path.

    Raises:
        FleetError: When two have one path.
    """
    for path, (name, _) in extra.items():
        if path in files:
            raise _extra_error(fleet, name, path, "another file is generated there")
    together = {**files, **{path: value for path, (_, value) in extra.items()}}
    _refuse_collisions(fleet, together, "extra_files")
    return together


def _refuse_collisions(fleet: Fleet, files: Iterable[str], field: str) -> None:
    try:
        refuse_collisions(files)
    except NixgenError as error:
        msg = f"fleet {fleet.name!r}: {field}: {error}"
        raise FleetError(msg) from None


def _check(fleet: Fleet, default: str, new: str) -> None:
    try:
        relative(new)
    except NixgenError as error:
        raise _files_error(fleet, default, new, str(error)) from None
    ending = PurePosixPath(default).suffix
    if PurePosixPath(new).suffix != ending:
        raise _files_error(
            fleet, default, new, f"a path ending in {ending!r}, or None to leave it out"
        )


def _files_error(fleet: Fleet, default: str, given: str | None, accepted: str) -> FleetError:
    return field_error(f"fleet {fleet.name!r}", f"files[{default!r}]", given, accepted)


def _extra_error(fleet: Fleet, name: str, given: object, accepted: str) -> FleetError:
    return field_error(f"fleet {fleet.name!r}", f"extra_files: {name}", given, accepted)
