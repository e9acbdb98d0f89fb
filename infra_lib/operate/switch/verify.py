"""Whether a fleet with changed texts differs in what was asked for, and in nothing else.

Nothing is written for that: a process of its own forgets the project's modules, and imports them
again with the new texts in place of those of the files.
"""

from __future__ import annotations

import json
import re
import sys
import warnings
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from infra_lib.model.errors import FleetError
from infra_lib.operate.cost_data import cost_data
from infra_lib.operate.deploy.price import over_budget
from infra_lib.operate.switch.find import modules_of
from nixgen.errors import NixgenError
from nixgen.files.isolation import run_in_child
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from importlib.machinery import ModuleSpec
    from types import CodeType, ModuleType

    from infra_lib.fleet import Fleet
    from infra_lib.operate.switch.edit import Value

    Load = Callable[[Callable[[Fleet], bytes]], bytes]

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_MOST = 3  # differences that are named


@frozen
class Verified:
    """A fleet as it would be.

    Attributes:
        costs: What it costs, as `cost_data` has it.
        over_budget: Why that is not within its budget; None when it is.
        files: The generated files that would change; None where nobody can tell.
        others: The names of other fleets of the same modules that would change, too.
    """

    costs: Mapping[str, Any]
    over_budget: str | None
    files: tuple[str, ...] | None
    others: tuple[str, ...] = ()


def verify(
    fleet: Fleet,
    wanted: Mapping[str, Mapping[str, Value | None]],
    texts: Mapping[Path, bytes],
    project: Path,
    load: Load,
) -> Verified:
    """Load the fleet with changed texts, and return what it would be.

    Args:
        fleet: The fleet as it is.
        wanted: What each machine that is switched is to have, by names of machines and of fields.
        texts: The new texts, by their files, resolved.
        project: The folder of the project.
        load: Imports the fleet, and returns what a function makes of it.

    Raises:
        FleetError: When it cannot be, or is not what was asked for.
    """

    def work() -> bytes:
        warnings.simplefilter("ignore")  # of a fleet that is not there yet
        before = _fleets(project)
        forget(project)
        sys.dont_write_bytecode = True
        sys.meta_path.insert(0, _Finder(texts))

        def report(new: Fleet) -> bytes:
            problems = [*differences(fleet, new, wanted)]
            if problems:
                return json.dumps({"differs": problems}).encode()
            return json.dumps(
                {
                    "costs": cost_data(new),
                    "over_budget": over_budget(new, otherwise=""),
                    "files": _changed_files(fleet, new),
                    "others": _changed_others(before, _fleets(project), fleet.name),
                }
            ).encode()

        try:
            return load(report)
        except (FleetError, NixgenError, OSError) as error:
            return json.dumps({"problem": str(error)}).encode()

    said = json.loads(run_in_child(work, "the fleet with that change"))
    if "problem" in said:
        raise FleetError(f"that cannot be: {said['problem']}; nothing was changed")
    if "differs" in said:
        told = said["differs"]
        more = f", and {len(told) - _MOST} more" if len(told) > _MOST else ""
        raise FleetError(
            f"changed there, the fleet would differ otherwise than asked: "
            f"{', '.join(told[:_MOST])}{more}; nothing was changed: change it by hand"
        )
    files = said["files"]
    return Verified(
        said["costs"],
        said["over_budget"],
        None if files is None else tuple(files),
        tuple(said["others"]),
    )


def forget(project: Path) -> None:
    """Have the next import of a project's modules read their files again."""
    for name in modules_of(project):
        del sys.modules[name]


def differences(
    old: Fleet, new: Fleet, wanted: Mapping[str, Mapping[str, Value | None]]
) -> Iterator[str]:
    """Yield what differs between two fleets otherwise than wanted, in words.

    Args:
        old: The fleet.
        new: What it became.
        wanted: As `verify` takes it.
    """
    names, others = ([machine.name for machine in fleet.machines] for fleet in (old, new))
    if names != others:
        yield "its machines are others"
        return
    for each in attrs.fields(type(old)):
        if each.name != "machines" and not same(getattr(old, each.name), getattr(new, each.name)):
            yield f"the fleet's {each.alias} is another"
    for before, after in zip(old.machines, new.machines, strict=True):
        yield from _of_machine(before, after, wanted.get(before.name, {}))


def same(one: object, other: object) -> bool:
    """Return whether two values are alike, also where their classes were loaded twice."""
    if one is other:
        return True
    if _type(one) != _type(other):
        return False
    kind: Any = type(one)
    if attrs.has(kind):
        return all(
            same(getattr(one, each.name, None), getattr(other, each.name, None))
            for each in attrs.fields(kind)
        )
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return same([*one], [*other]) and same([*one.values()], [*other.values()])
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if callable(one) and callable(other) and hasattr(one, "__code__"):
        return same(_code(one), _code(other))
    with suppress(Exception):
        if one == other:
            return True
    if isinstance(one, str | int | float | bool | bytes | AbstractSet | Path) or one is None:
        return False
    return _ADDRESS.sub("", repr(one)) == _ADDRESS.sub("", repr(other))


def _type(value: object) -> tuple[str, str]:
    return type(value).__module__, type(value).__qualname__


def _code(function: Any) -> tuple[object, ...]:
    """Return what a function does: two that were made of the same text do the same."""
    code = function.__code__
    cells = function.__closure__ or ()
    held = [getattr(cell, "cell_contents", None) for cell in cells]
    return (function.__qualname__, code.co_code, code.co_names, held, function.__defaults__)


def _of_machine(before: Any, after: Any, wanted: Mapping[str, Value | None]) -> Iterator[str]:
    if _type(before) != _type(after):
        yield f"{before.name} is of another class"
        return
    for each in attrs.fields(type(before)):
        # What was said of `enabled` is seen in what comes of it.
        if each.name == "_enabled" or each.name in wanted:
            continue
        if not same(getattr(before, each.name), getattr(after, each.name)):
            yield f"{each.alias} of {before.name} is another"
    for name, value in wanted.items():
        if getattr(after, name) != value:
            yield f"{name} of {before.name} is still {getattr(after, name)!r}"


def _fleets(project: Path) -> dict[tuple[str, str], Fleet]:
    """Return the fleets that stand in a project's modules, by module and name there."""
    from infra_lib.fleet import Fleet

    return {
        (module, name): value
        for module, held in modules_of(project).items()
        for name, value in vars(held).items()
        if isinstance(value, Fleet)
    }


def _changed_others(
    before: Mapping[tuple[str, str], Fleet], after: Mapping[tuple[str, str], Fleet], own: str
) -> list[str]:
    changed = {
        fleet.name
        for key, fleet in before.items()
        if fleet.name != own and key in after and not same(fleet, after[key])
    }
    return sorted(changed)


def _changed_files(old: Fleet, new: Fleet) -> list[str] | None:
    """Return the paths of the generated files that differ; None where they cannot be made."""
    from nixgen.files.rendered import render  # what a switch alone needs

    try:
        before, after = (
            {file.path: file for file in render(fleet.nix_files(), "main:fleet")}
            for fleet in (old, new)
        )
    except (NixgenError, FleetError):
        return None
    paths = sorted({*before, *after})
    return [path for path in paths if not _alike(before.get(path), after.get(path))]


def _alike(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    for each in ("data", "contents"):
        if hasattr(one, each) and hasattr(other, each):
            return same(_texts(getattr(one, each)), _texts(getattr(other, each)))
    return False


def _texts(held: bytes | Sequence[tuple[Any, str]]) -> object:
    return held if isinstance(held, bytes) else [text for _, text in held]


class _Finder(MetaPathFinder):
    """Finds modules as all others do, and has some of them made of other texts."""

    def __init__(self, texts: Mapping[Path, bytes]) -> None:
        self._texts = texts

    def find_spec(
        self, fullname: str, path: Any, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec: ModuleSpec | None = finder.find_spec(fullname, path, target)
            if spec is None:
                continue
            text = self._texts.get(Path(spec.origin).resolve()) if spec.origin else None
            if text is not None and spec.origin is not None:
                spec.loader = _Loader(fullname, spec.origin, text)
            return spec
        return None


class _Loader(SourceFileLoader):
    """Loads a module from a text that its file may have one day."""

    def __init__(self, fullname: str, path: str, text: bytes) -> None:
        super().__init__(fullname, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType | None:
        del fullname
        code: CodeType = self.source_to_code(self._text, self.path)
        return code
