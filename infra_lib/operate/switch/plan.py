"""Machines switched in the texts that describe them, seen through before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field

from infra_lib.model.errors import FleetError
from infra_lib.operate.switch.edit import EditError
from infra_lib.operate.switch.fields import Change, Switch, write
from infra_lib.operate.switch.files import write_files
from infra_lib.operate.switch.find import Written, find_machine, read_modules, shown_path
from infra_lib.operate.switch.verify import Verified, verify
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.operate.switch.verify import Load


@frozen(kw_only=True)
class Planned:
    """What switches would change.

    Attributes:
        texts: What each file holds, and what it is to hold, by its path.
        names: What to call each file, by its path.
        changes: How each machine that is switched is written then, by its name.
        verified: The fleet as it would be; None where nothing changes.
    """

    texts: Mapping[Path, tuple[bytes, bytes]] = field(hash=False)
    names: Mapping[Path, str] = field(hash=False)
    changes: Mapping[str, Change] = field(hash=False)
    verified: Verified | None

    @property
    def diffs(self) -> dict[str, str]:
        """What changes in each file, by what it is called: a unified diff."""
        return {
            self.names[path]: _diff(self.names[path], before, after)
            for path, (before, after) in self.texts.items()
        }

    def write(self) -> None:
        """Write what changes: all of it, or nothing.

        Raises:
            FleetError: When a file has been changed meanwhile.
            NixgenError: When one cannot be written.
        """
        if self.texts:
            write_files(self.texts)


def plan(fleet: Fleet, switches: Sequence[Switch], project: Path, load: Load) -> Planned:
    """Return what switches change, when the fleet is what was asked for then.

    Args:
        fleet: The fleet as it is.
        switches: What is to become of machines.
        project: The folder of the project, whose modules describe them.
        load: Imports the fleet, and returns what a function makes of it.

    Raises:
        FleetError: When a machine is not written so that it can be changed for it alone, or the
            fleet would be another than asked; it says what to change by hand.
    """
    asked = [each for each in switches if not each.is_nothing]
    modules = read_modules(project) if asked else []
    found = [(find_machine(each.name, modules, project), each) for each in asked]
    before = {module.path: module.data for module in modules}
    after: dict[Path, bytes] = {}
    changes: dict[str, Change] = {}
    # The last ones first: what comes before them stays where it is.
    for written, each in sorted(found, key=lambda one: one[0].place, reverse=True):
        data = after.get(written.path, before[written.path])
        changes[each.name] = change = _written(each, data, written, project)
        after[written.path] = change.data
    texts = {path: (before[path], data) for path, data in sorted(after.items())}
    return Planned(
        texts=texts,
        names={path: shown_path(path, project) for path in texts},
        changes={each.name: changes[each.name] for each in asked},
        verified=verify(
            fleet, {name: change.fields for name, change in changes.items()}, after, project, load
        )
        if asked
        else None,
    )


def _written(asked: Switch, data: bytes, written: Written, project: Path) -> Change:
    try:
        return write(asked, data, written.place, written.spread)
    except EditError as error:
        wanted = ", ".join(
            f"{name}={value!r}" if value is not None else f"no {name}"
            for name, value in asked.fields.items()
        )
        raise FleetError(
            f"{shown_path(written.path, project)}:{written.line}: machine {asked.name!r}: {error}; "
            f"nothing was changed: give it {wanted} by hand"
        ) from None


def _diff(name: str, before: bytes, after: bytes) -> str:
    old, new = (_lines(data) for data in (before, after))
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in unified_diff(old, new, f"a/{name}", f"b/{name}")
    )


def _lines(data: bytes) -> list[str]:
    return [line.decode(errors="backslashreplace") for line in data.splitlines(keepends=True)]
