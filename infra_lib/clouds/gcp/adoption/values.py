"""Reading what a source says of a resource, whatever it may say: nothing here fails.

A value of another kind than Terraform has there reads as nothing; `leftover` reports it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from infra_lib.clouds.adoption import blocks
from infra_lib.model.reference import Reference

URL = "https://www.googleapis.com/compute/v1/"
"""What a whole link begins with, as Google's provider has it in its state."""

_MOST_DIGITS = 9
_FALSE, _TRUE = {"false", "no", "n", "0"}, {"true", "yes", "y", "1"}
_WHOLE = re.compile(r"\$\{([a-z]\w*)\.([\w-]+)((?:\[[^\]]*\])?)\.(\w+)\}")


def block(value: object) -> Mapping[str, Any]:
    """Return the first block; an empty one where there is none."""
    return next(iter(blocks(value)), {})


def text(value: object) -> str | None:
    """Return a text, also one to be evaluated; None for an empty one, and what is none."""
    return value if isinstance(value, str) and value else None


def literal(value: object) -> str | None:
    """Return a text that is known; None also for a reference."""
    return None if isinstance(value, Reference) else text(value)


def texts(value: object) -> list[str]:
    """Return the texts of a list."""
    if not isinstance(value, list | tuple):
        return []
    return [each for each in value if isinstance(each, str)]


def number(value: object) -> int | None:
    """Return a whole number, which Terraform takes as text as well; None for what is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"[0-9]+", value) and len(value) <= _MOST_DIGITS:
        return int(value)
    return value if isinstance(value, int) else None


def flag(value: object) -> bool | None:
    """Return a switch, which Terraform and Compute Engine take as text as well."""
    if isinstance(value, str) and not isinstance(value, Reference):
        word = value.lower()
        return True if word in _TRUE else False if word in _FALSE else None
    return value if isinstance(value, bool) else None


def table(value: object) -> dict[str, Any]:
    """Return a map with keys that are text."""
    if not isinstance(value, Mapping):
        return {}
    return {key: each for key, each in value.items() if isinstance(key, str)}


def is_nothing(value: object) -> bool:
    """Whether a value says nothing, as Terraform's SDK sees it: also False, and 0."""
    if isinstance(value, Mapping):
        return all(map(is_nothing, value.values()))
    if isinstance(value, list | tuple):
        return all(map(is_nothing, value))
    return value is None or value is False or value in ("", 0)


def last(link: str) -> str:
    """Return the name at the end of a link."""
    return link.rpartition("/")[2]


def part(link: object, kind: str) -> str | None:
    """Return what stands after a word in a link: the project, the zone; None where it has none."""
    words = link.split("/") if isinstance(link, str) and not isinstance(link, Reference) else []
    return next((after for word, after in pairwise(words) if word == kind), None)


def referred(value: object) -> tuple[str, str, str] | None:
    """Return what a reference leads to, where it is nothing but that.

    Returns:
        The address, the index with its brackets, and the attribute:
        ("google_compute_disk.models", "[0]", "self_link").
    """
    found = _WHOLE.fullmatch(value) if isinstance(value, Reference) else None
    return None if found is None else (f"{found[1]}.{found[2]}", found[3], found[4])


def leaves(
    value: Mapping[str, Any], begin: str = "", plain: str = ""
) -> Iterator[tuple[str, str, Any]]:
    """Yield what stands in a resource's blocks: its path, the path without indexes, and the value.

    A list of anything but blocks is one value; so is an empty block.
    """
    for name, each in value.items():
        path, without = f"{begin}{name}", f"{plain}{name}"
        inner = [*each] if isinstance(each, list | tuple) else [each]
        if inner and all(isinstance(one, Mapping) for one in inner):
            for index, one in enumerate(inner):
                mark = f"[{index}]" if isinstance(each, list | tuple) else ""
                yield from leaves(one, f"{path}{mark}.", f"{without}.")
        else:
            yield path, without, each
