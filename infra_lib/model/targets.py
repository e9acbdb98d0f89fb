"""Where clan reaches the machines of a fleet that do not say it themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from infra_lib.model.errors import FleetError, field_error
from infra_lib.model.machine import check_destination
from infra_lib.model.validators import CLASSES, check_one_of, frozen_mapping

# A pattern with {name} and {domain} in it, None for nowhere, or a mapping from class to these.
Targets: TypeAlias = "str | Mapping[str, str | None] | None"

USUAL = "root@{name}.{domain}"


def frozen_targets(value: Targets) -> Targets:
    """Make patterns by class what nobody can change, and leave a pattern."""
    return frozen_mapping(value) if isinstance(value, Mapping) else value


def check_targets(where: str, field: str, value: object) -> None:
    """Check the pattern of targets, or those of classes.

    Raises:
        FleetError: When a class is not known, or a pattern makes no SSH destination of a name.
    """
    if not isinstance(value, Mapping):
        _check_pattern(where, field, value)
        return
    for name, pattern in value.items():
        check_one_of(where, f"{field}'s class", name, CLASSES)
        _check_pattern(where, f"{field}[{name!r}]", pattern)


def pattern_of(targets: Targets, machine_class: str) -> str | None:
    """Return the pattern of a class; the usual one where there are others and none is its own."""
    return targets.get(machine_class, USUAL) if isinstance(targets, Mapping) else targets


def fill(pattern: str, name: str, domain: str) -> str:
    """Return the target of a machine.

    Args:
        pattern: One that `check_targets` takes.
        name: What stands for `{name}`.
        domain: What stands for `{domain}`.
    """
    return pattern.replace("{domain}", domain).replace("{name}", name)


def _check_pattern(where: str, field: str, value: object) -> None:
    if value is None:
        return
    accepted = f'a pattern of SSH destinations is accepted, "{USUAL}", or None for nowhere'
    if not isinstance(value, str) or "{name}" not in value:
        raise field_error(where, field, value, f"{accepted}; {{name}} has to be in it")
    try:
        check_destination(where, field, fill(value, "galena", "zt"))
    except FleetError:
        raise field_error(where, field, value, accepted) from None
