"""Where clan reaches machines, as few words as say it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from infra_lib.model.errors import FleetError
from infra_lib.model.targets import USUAL, Targets, check_targets, fill

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.operate.adopt.inventory import Entry


def common_targets(entries: Iterable[Entry], domain: str) -> Targets:
    """Return what a fleet says of where its machines are reached: what most of a class have.

    Args:
        entries: The machines.
        domain: The fleet's domain.
    """
    by_class: dict[str, Counter[str | None]] = {}
    for entry in entries:
        found = by_class.setdefault(str(entry.machine_class), Counter())
        found[_pattern(entry, domain)] += 1
    most = {name: _most(found) for name, found in by_class.items()}
    if len(set(most.values())) == 1:
        return next(iter(most.values()))
    said: Targets = {name: pattern for name, pattern in most.items() if pattern != USUAL}
    return said or USUAL


def _pattern(entry: Entry, domain: str) -> str | None:
    """Return the pattern of which a machine's target may be one; its target where it is of none."""
    target = entry.target_host
    if target is None or target == fill(USUAL, entry.name, domain):
        return None if target is None else USUAL
    name = target.replace(f".{domain}", ".{domain}").replace(entry.name, "{name}")
    try:
        check_targets("", "", name)
    except FleetError:
        return target
    return name if fill(name, entry.name, domain) == target else target


def _most(found: Counter[str | None]) -> str | None:
    """Return the pattern of most machines; the usual one, if as many have it."""
    patterns = {each: number for each, number in found.items() if each is None or "{name}" in each}
    if not patterns:
        return USUAL
    most = max(patterns.values())
    if most == 1:  # of one, nothing follows for others
        return USUAL
    return USUAL if patterns.get(USUAL) == most else max(patterns, key=lambda each: patterns[each])
