"""Finding the fleet that a command is about."""

from __future__ import annotations

import warnings
from argparse import SUPPRESS, ArgumentTypeError
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve

from infra_lib.fleet import Fleet
from infra_lib.model.errors import FleetError
from infra_lib.operate.choice import choose
from nixgen.errors import NixgenError
from nixgen.files.settings import read_settings, tool_table
from nixgen.files.source import load_as

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Sequence

    from infra_lib.model.machine import Machine
    from nixgen.files.settings import Settings

T = TypeVar("T")

_HELP = "where the fleet is described: main:fleet"
_INIT = "where there is no fleet yet, infra init writes one into this folder"
_UNREAD = ("infra", "infra-lib", "infra_lib")  # tables that one may expect to be read


def add_argument(parser: ArgumentParser, *, alone: bool = True) -> None:
    """Let a command take `--source SOURCE`, for `load_fleet`.

    Args:
        parser: The command's.
        alone: Whether SOURCE will do too: the command takes no other words.
    """
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--source", metavar="SOURCE", help=_HELP)
    if alone:
        group.add_argument("source", nargs="?", default=SUPPRESS, metavar="SOURCE", help=_HELP)


def add_names(parser: ArgumentParser, *, required: bool = False, all_of: str = "") -> None:
    """Let a command take the names of machines, `--tag TAG` and `--source SOURCE`.

    Whoever names no machine means all of them. A word with a colon is a source.

    Args:
        parser: The command's.
        required: Whether some machine has to be named.
        all_of: What the help says of the machines, where it is not that all are meant by default.
    """
    names = parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=all_of
        or ("the machines" if required else "the machines; by default all of the fleet"),
    )
    names.completer = machine_names  # type: ignore[attr-defined]  # which argcomplete asks
    tag = parser.add_argument(
        "--tag",
        action="append",
        default=[],
        metavar="TAG",
        help="machines with this tag; more than once: with one of these",
    )
    tag.completer = tag_names  # type: ignore[attr-defined]
    parser.add_argument("--source", metavar="SOURCE", help=_HELP)
    parser.set_defaults(required=required)


def load_chosen(given: Namespace) -> tuple[Fleet, tuple[Machine, ...]]:
    """Return the fleet, and those of its machines that `add_names` was given, in their order.

    Raises:
        FleetError: When there is no such machine, none with a tag, or none was named and one has to
            be; and as `load_fleet` does.
        NixgenError: As `load_fleet` does.
    """
    take_source(given)
    if given.required and not given.names and not given.tag:
        raise FleetError("no machine is named: give the name of one, or of several")
    fleet = load_fleet(given.source)
    return fleet, choose(fleet, given.names, given.tag)


def take_source(given: Namespace) -> None:
    """Have `source` be a source that stands among `names`, where there is one.

    Raises:
        FleetError: When there are two.
    """
    sources = [word for word in given.names if ":" in word]
    if len(sources) + bool(given.source) > 1:
        raise FleetError(f"{sources[-1]!r}: one source is accepted, and machines have no colon")
    given.names = [word for word in given.names if ":" not in word]
    given.source = given.source or next(iter(sources), None)


def machine_names(parsed_args: Namespace, **_: Any) -> list[str]:
    """Return the names of the fleet's machines, for a shell to complete; none where it fails."""
    return [machine.name for machine in _machines(parsed_args)]


def tag_names(parsed_args: Namespace, **_: Any) -> list[str]:
    """Return the tags of the fleet's machines, likewise."""
    return sorted({tag for machine in _machines(parsed_args) for tag in machine.all_tags})


def _machines(given: Namespace) -> Sequence[Machine]:
    """Return the machines of the fleet, for somebody who is in the middle of typing."""
    with suppress(Exception), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_fleet(getattr(given, "source", None)).machines
    return ()


def other_word(word: str) -> str:
    """Return a word of a command that takes others than SOURCE; the type of such arguments."""
    if ":" in word:
        raise ArgumentTypeError(f"{word!r}: name the source with --source {word}")
    return word


def load_fleet(source: str | None) -> Fleet:
    """Import the module that describes a fleet, and return the fleet.

    What that module prints goes to stderr, so that a command's own output stays clean.

    Args:
        source: `module:attribute`; None for what the nearest pyproject.toml says.

    Raises:
        FleetError: When no source is named, or what is named is not a `module:attribute`.
        NixgenError: When there is no such thing, when it is not a fleet, or when it fails.
    """
    settings = find_source(source)
    return _loaded(settings.source, settings)


def find_source(source: str | None) -> Settings:
    """Return where the fleet is described, with the source that is to be loaded.

    Args:
        source: As `load_fleet` takes it.

    Raises:
        FleetError: When no source is named, or what is named is not a `module:attribute`.
        NixgenError: When pyproject.toml cannot be understood.
    """
    settings = read_settings(Path.cwd())
    named = source or settings.source
    _tell_of_tables_of_infra(Path.cwd(), settings, named)
    if not named:
        raise FleetError(
            "no source: name one with --source main:fleet, or set it in pyproject.toml: "
            f'[tool.nixgen] source = "main:fleet"; {_INIT}'
        )
    if source and ":" not in source:
        raise _no_source(source, settings)
    return evolve(settings, source=named)


def load_for(source: str, project: Path, use: Callable[[Fleet], T]) -> T:
    """Import the fleet that a source names, and return what a function makes of it.

    Args:
        source: `module:attribute`.
        project: The folder that modules are looked for in.
        use: The function; what it raises is reported as what the import raises.

    Raises:
        SourceNotFoundError: When there is no such thing.
        NixgenError: When it is not a fleet, or when it fails.
    """
    return load_as(source, project, lambda value: use(_fleet(value, source)), debug="INFRA_DEBUG")


def find_fleet(source: str | None) -> Fleet | None:
    """Return the fleet as `load_fleet` does, for a command that can do without.

    Where the fleet of pyproject.toml cannot be read, there is a warning, and no fleet: what the
    command prints may be what helps to mend it.

    Args:
        source: `module:attribute`; None for what the nearest pyproject.toml says, if it does.

    Raises:
        FleetError: When what is named is not a `module:attribute`.
        NixgenError: When there is no such thing, when it is not a fleet, or when it fails.
    """
    if source:
        return load_fleet(source)
    try:
        settings = read_settings(Path.cwd())
        return load_fleet(None) if settings.source else None
    except (FleetError, NixgenError) as error:
        warnings.warn(f"{error}; so what follows is without this fleet's catalogue", stacklevel=1)
        return None


def _loaded(source: str, settings: Settings) -> Fleet:
    return load_for(source, settings.project, lambda fleet: fleet)


def _no_source(word: str, settings: Settings) -> FleetError:
    """Return what to say of a word that is not a source: it may be a machine, a stack or a file."""
    said = f"source {word!r}: module:attribute is wanted, such as main:fleet"
    if word.endswith(".py"):
        said += f"; of the file {word}, {Path(word).stem}:fleet is what it calls fleet"
    if not settings.source:
        said += f"; {_INIT}"
    else:
        said += f". None is needed here, where pyproject.toml names {settings.source}"
        with suppress(FleetError, NixgenError):
            names = [machine.name for machine in _loaded(settings.source, settings).machines]
            said += f"; this is of all its machines: {', '.join(names)}"
    return FleetError(said)


def _tell_of_tables_of_infra(here: Path, settings: Settings, source: str) -> None:
    """Say of a table such as `[tool.infra]` that nothing reads it.

    It is refused where another fleet may be meant in it, or no other is named. Any other may be
    some other tool's.
    """
    for folder in (here, *here.parents):
        path = folder / "pyproject.toml"
        for name in _UNREAD:
            table = tool_table(path, name)
            if table is None:
                continue
            said = (
                f"{path}: [tool.{name}] is not read: infra takes what nixgen does, so write "
                '[tool.nixgen] for it, with source = "main:fleet" and root = "."'
            )
            if not source or (isinstance(table, dict) and table.keys() & {"source", "root"}):
                raise FleetError(said)
            warnings.warn(said, stacklevel=1)
        if source and path.exists() and folder in (settings.project, *settings.project.parents):
            break  # what is above is of another project


def _fleet(value: Any, source: str) -> Fleet:
    made = value() if callable(value) and not isinstance(value, Fleet) else value
    if not isinstance(made, Fleet):
        raise FleetError(
            f"source {source}: a Fleet, or a callable that returns one, is accepted; "
            f"got {type(made).__name__}; --source names another"
        )
    return made
