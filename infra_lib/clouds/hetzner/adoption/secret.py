"""What was found without what Terraform calls sensitive."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve

from infra_lib.clouds.adoption import Item
from infra_lib.clouds.secret_values import DO

if TYPE_CHECKING:
    from infra_lib.clouds.adoption import Found


def without_secrets(found: Found) -> tuple[Found, list[Item]]:
    """Return what was found without what Terraform calls sensitive, and what to say of that."""
    attributes: Any = found.attributes
    attributes = dict(attributes) if isinstance(attributes, Mapping) else {}
    items = []
    for path in sorted(found.secret):
        names = re.sub(r"\[[^\]]*\]", "", path).split(".")
        attributes, gone = _without(attributes, names)
        if gone:
            items.append(secret_item(found.where, path))
    return evolve(found, attributes=attributes), items


def secret_item(where: str, path: str) -> Item:
    """Return what is said of something secret, which is not in it."""
    return Item(
        kind="left",
        where=where,
        what=f"{path} is secret, or looks so, and is not carried",
        do=DO,
    )


def _without(value: Any, names: list[str]) -> tuple[Any, bool]:
    """Return a value without what a path leads to, and whether there was such a thing."""
    if isinstance(value, list | tuple):
        pairs = [_without(each, names) for each in value]
        return [each for each, _ in pairs], any(gone for _, gone in pairs)
    if not isinstance(value, Mapping):
        return value, False
    # A key may have dots in it, as those of labels do.
    for count in range(len(names), 0, -1):
        name = ".".join(names[:count])
        if name not in value:
            continue
        if count < len(names):
            rest, gone = _without(value[name], names[count:])
            return {**value, name: rest}, gone
        others = {key: each for key, each in value.items() if key != name}
        return others, value[name] not in (None, "", [], {})
    return value, False
