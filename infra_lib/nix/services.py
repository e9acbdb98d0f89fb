"""Instances of clan services in the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nixgen.expr import Value


def instance(service: str, roles: Value) -> Value:
    """Return an instance of a service that comes with clan-core."""
    return {"module": {"name": service, "input": "clan-core"}, "roles": roles}


def members(names: Iterable[str]) -> Value:
    """Return machines or tags of a role, without settings of their own.

    Clan takes tags as a list too, but only since August 2025; it has always taken this form.
    """
    return {name: {} for name in names}
