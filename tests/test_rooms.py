"""Imports go one way: a room takes from the rooms below it, and there is no circle.

They are read from the text, so that an import for types alone, or inside a function, counts as any
other. docs/architecture.md has the drawing.
"""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING

from tests.helpers import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FRAMEWORKS = (
    *("cdktf", "cdktf_cdktf_provider_google", "cdktn", "cdktn_provider_google"),
    *("constructs", "jsii"),
)

# Each room, from the bottom up: its modules, by how their names begin, and the rooms that it takes
# from besides itself. The longest beginning counts.
LANGUAGE = {"the language"}
FILES = LANGUAGE | {"the files"}
NIXGEN = FILES | {"nixgen's names"}
MODEL = NIXGEN | {"model"}
TERRAFORM = MODEL | {"terraform"}
CLOUDS = TERRAFORM | {"what is asked of a cloud"}
FLEET = CLOUDS | {"the dict of clouds", "fleet"}
OPERATE = FLEET | {"nix", "stacks", "operate"}
ROOMS = {
    "the language": (LANGUAGE, ("nixgen",)),
    "the files": (FILES, ("nixgen.files", "nixgen.__main__")),
    "nixgen's names": (NIXGEN, ("nixgen.__init__",)),
    "model": (MODEL, ("infra_lib.model",)),
    "clan's services": (MODEL, ("infra_lib.clan_services",)),
    "terraform": (TERRAFORM, ("infra_lib.terraform",)),
    "what is asked of a cloud": (
        CLOUDS,
        tuple(
            f"infra_lib.clouds.{name}"
            for name in (
                "cloud",
                "access",
                "adoption",
                "age",
                "answers",
                "catalog_file",
                "failure",
                "live",
                "replacement",
                "secret_values",
                "sections",
            )
        ),
    ),
    "a cloud": (CLOUDS, ("infra_lib.clouds",)),
    "the dict of clouds": (CLOUDS | {"a cloud"}, ("infra_lib.clouds.all_clouds",)),
    "the fleet, which has the clouds' projects": (FLEET | {"a cloud"}, ("infra_lib.fleet",)),
    "fleet": (
        FLEET,
        tuple(f"infra_lib.{name}" for name in ("fleet_checks", "hosts", "services")),
    ),
    "nix": (FLEET, ("infra_lib.nix",)),
    "stacks": (FLEET, ("infra_lib.stacks",)),
    "a cloud's stack": (
        FLEET | {"stacks", "a cloud"},
        ("infra_lib.stacks.gcp", "infra_lib.stacks.hetzner"),
    ),
    "operate": (OPERATE, ("infra_lib.operate",)),
    "what commands compute, for Python": (
        OPERATE,
        ("infra_lib.cost", "infra_lib.diff", "infra_lib.status"),
    ),
    "infra_lib's names": (FLEET | {"a cloud"}, ("infra_lib.__init__",)),
    "commands": (
        OPERATE | {"commands", "what commands compute, for Python", "infra_lib's names"},
        ("infra_lib.commands", "infra_lib.app", "infra_lib.__main__"),
    ),
}
# The fleet is a room of the fleet level to those above.
SEEN_AS = {"the fleet, which has the clouds' projects": "fleet", "a cloud's stack": "stacks"}


@cache
def sources() -> dict[str, Path]:
    """Every module by name; a package by the name of its `__init__`."""
    paths = [path for name in ("infra_lib", "nixgen") for path in (CHECKOUT / name).rglob("*.py")]
    return {".".join(path.relative_to(CHECKOUT).with_suffix("").parts): path for path in paths}


def module(name: str) -> str | None:
    """The module of that name, as in `sources`; None for one of others."""
    return next((each for each in (name, f"{name}.__init__") if each in sources()), None)


def imported(tree: ast.AST, *, but: str = "") -> Iterator[str]:
    """Yield the dotted names that are imported, outside of functions of one name."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif not (isinstance(node, ast.FunctionDef) and node.name == but):
            yield from imported(node, but=but)


@cache
def names_in(name: str) -> set[str]:
    # The one exception: users ask the fleet for its files.
    but = "nix_files" if name == "infra_lib.fleet" else ""
    return set(imported(ast.parse(sources()[name].read_text()), but=but))


@cache
def arrows(name: str) -> set[str]:
    """The modules that a module imports; of a package's names, the package."""
    found = {module(each) or module(each.rpartition(".")[0]) for each in names_in(name)}
    return {each for each in found if each is not None} - {name}


def room(name: str) -> str:
    """The room that a module is in; empty for none."""
    beginnings = [
        (len(beginning), each)
        for each, (_, modules) in ROOMS.items()
        for beginning in modules
        if f"{name}.".startswith(f"{beginning}.")
    ]
    return max(beginnings, default=(0, ""))[1]


def test_every_module_is_in_a_room() -> None:
    assert [name for name in sources() if not room(name)] == []
    assert {room(name) for name in sources()} == ROOMS.keys()


def test_a_room_takes_from_those_below_it() -> None:
    wrong = [
        f"{name} ({room(name)}) imports {other} ({room(other)})"
        for name in sorted(sources())
        for other in sorted(arrows(name))
        if SEEN_AS.get(room(other), room(other)) not in {*ROOMS[room(name)][0], room(name)}
    ]
    assert wrong == []


def reached(name: str) -> set[str]:
    """The modules that a module imports, and those that these import, and so on."""
    found: set[str] = set()
    new = arrows(name)
    while new:
        found |= new
        new = set().union(*map(arrows, new)) - found
    return found


def test_no_imports_go_round_in_a_circle() -> None:
    circles = {
        frozenset({name, *(other for other in reached(name) if name in reached(other))})
        for name in sources()
        if name in reached(name)
    }
    assert sorted(map(sorted, circles)) == []


def test_only_the_stacks_know_a_framework() -> None:
    wrong = [
        f"{name} imports {each}"
        for name in sorted(sources())
        for each in sorted(names_in(name))
        if each.partition(".")[0] in FRAMEWORKS and not name.startswith("infra_lib.stacks.")
    ]
    assert wrong == []
