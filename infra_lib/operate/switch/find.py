"""Where a machine is written: the one call in a project's modules that describes it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from infra_lib.model.errors import FleetError
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.wording import listed
from infra_lib.operate.switch.edit import EditError, Place, calls
from nixgen.errors import NixgenError
from nixgen.frozen import frozen
from nixgen.regular_file import read_regular_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_OURS = {"infra_lib", "nixgen", "__main__"}
_INSTALLED = {"site-packages", "dist-packages"}
_MOST = 3  # places that are named


@frozen
class Module:
    """A module that people wrote.

    Attributes:
        path: Its file, resolved.
        data: What the file holds.
        names: What the module's names stand for, as it was loaded.
    """

    path: Path
    data: bytes
    names: Mapping[str, Any]


@frozen
class Written:
    """A machine where it is written.

    Attributes:
        path: The file.
        place: The call in it.
        line: The line that the call begins in, from 1.
        spread: The names of the fields that it is given as `**`; "**" stands for such a mapping of
            which nobody knows what it holds.
    """

    path: Path
    place: Place
    line: int
    spread: tuple[str, ...] = ()


def modules_of(project: Path) -> dict[str, ModuleType]:
    """Return the modules of a project that are loaded, by name: what people wrote, not installed.

    Args:
        project: The folder of the project.
    """
    root = project.resolve()
    prefixes = {Path(prefix).resolve() for prefix in (sys.prefix, sys.base_prefix)} - {root}
    within = [prefix for prefix in prefixes if root in prefix.parents]
    found = {}
    for name, module in [*sys.modules.items()]:
        file = _file(module)
        if name.partition(".")[0] in _OURS or file is None or not file.is_relative_to(root):
            continue
        if any(map(file.is_relative_to, within)) or not _INSTALLED.isdisjoint(file.parts):
            continue
        found[name] = module
    return found


def read_modules(project: Path) -> list[Module]:
    """Return the modules of a project with their texts; those that cannot be read are left out."""
    found: dict[Path, Module] = {}
    for module in modules_of(project).values():
        path = _file(module)
        if path is not None and path.suffix == ".py":
            with suppress(OSError, NixgenError):
                found[path] = Module(path, read_regular_file(path), vars(module))
    return [*found.values()]


def find_machine(name: str, modules: Sequence[Module], project: Path) -> Written:
    """Return where a machine is written: in a call of its class, with its name as a literal.

    Args:
        name: The machine's name.
        modules: The modules that may have it.
        project: The folder of the project, for messages.

    Raises:
        FleetError: When there is no such call, or more than one; it says what to change by hand.
    """
    found: list[Written] = []
    hints: list[str] = []
    for module in modules:
        with suppress(EditError):  # that of a file that changed since it was loaded
            names = _Names(module)
            for place, call in calls(module.data):
                if not names.makes_machine(call.func):
                    continue
                said = _name_of(call)
                where = f"{shown_path(module.path, project)}:{call.lineno}"
                if isinstance(said, ast.Constant):
                    if said.value == name:
                        spread = tuple(names.spread(call))
                        found.append(Written(module.path, place, call.lineno, spread))
                else:
                    hints.append(where)
    if len(found) == 1:
        return found[0]
    if found:
        places = [f"{shown_path(each.path, project)}:{each.line}" for each in found]
        raise FleetError(
            f"machine {name!r}: it is written {len(found)} times, {listed(places, _MOST)}, and "
            "nobody can tell which is meant: change it there by hand"
        )
    raise FleetError(
        f"machine {name!r}: no call says it with its name in quotes, so that nothing can be "
        f"changed for it alone{_hint(name, modules, hints, project)}"
    )


def shown_path(path: Path, project: Path) -> str:
    """Return a path for people: from the folder that they are in, or else of the project."""
    for folder in (Path.cwd(), project.resolve()):
        if path.is_relative_to(folder):
            return str(path.relative_to(folder))
    return str(path)


def _file(module: object) -> Path | None:
    said = getattr(module, "__dict__", {}).get("__file__")  # a module may do anything when asked
    return Path(said).resolve() if isinstance(said, str) else None


class _Names:
    """What names in a module's text stand for."""

    def __init__(self, module: Module) -> None:
        self._names = module.names
        self._data = module.data
        self._local: Mapping[str, Any] | None = None

    def makes_machine(self, callee: ast.expr) -> bool:
        value = self._value(callee)
        return isinstance(value, type) and issubclass(value, ProvisionedMachine)

    def spread(self, call: ast.Call) -> Iterator[str]:
        """Yield the names of what a call is given as `**`, as far as that is known."""
        for keyword in call.keywords:
            if keyword.arg is not None:
                continue
            node = keyword.value
            if isinstance(node, ast.Dict) and all(isinstance(k, ast.Constant) for k in node.keys):
                yield from (str(key.value) for key in node.keys if isinstance(key, ast.Constant))
            elif isinstance(value := self._value(node), Mapping):
                yield from map(str, value)
            else:
                yield "**"

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Name):
            if node.id in self._names:
                return self._names[node.id]
            if self._local is None:
                self._local = dict(_imported(self._data))
            return self._local.get(node.id)
        if isinstance(node, ast.Attribute):
            holder = self._value(node.value)
            if isinstance(holder, ModuleType | type):
                with suppress(Exception):
                    return getattr(holder, node.attr)
        return None


def _imported(data: bytes) -> Iterator[tuple[str, Any]]:
    """Yield what is imported in a module, also inside functions, by the name that it has there."""
    for node in ast.walk(ast.parse(data)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            module = sys.modules.get(node.module)
            for alias in node.names:
                with suppress(Exception):
                    yield alias.asname or alias.name, getattr(module, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name if alias.asname else alias.name.partition(".")[0]
                if top in sys.modules:
                    yield alias.asname or top, sys.modules[top]


def _name_of(call: ast.Call) -> ast.expr | None:
    """Return what a call gives as the name of a machine; None where that is not seen."""
    if call.args:
        return call.args[0]
    return next((each.value for each in call.keywords if each.arg == "name"), None)


def _hint(name: str, modules: Sequence[Module], made: Sequence[str], project: Path) -> str:
    """Return where the machine may come from, and what to do there."""
    places = [
        f"{shown_path(module.path, project)}:{line}"
        for module in modules
        for line in _mentions(module.data, name)
    ]
    texts = []
    if places:
        texts.append(f"its name stands at {listed(places, _MOST)}")
    if made:
        texts.append(f"machines are made of other names at {listed(made, _MOST)}")
    if not texts:
        texts.append(f"it is not in the modules below {project}")
    return (
        f": {', and '.join(texts)}. Change enabled, stopped and on_until there by hand, or write "
        "the machine as a call of its own"
    )


def _mentions(data: bytes, name: str) -> Iterator[int]:
    """Yield the lines in which a name stands as a text of its own."""
    with suppress(SyntaxError, ValueError, RecursionError):
        lines = {
            node.lineno
            for node in ast.walk(ast.parse(data))
            if isinstance(node, ast.Constant) and node.value == name
        }
        yield from sorted(lines)
