"""The report of what the Python does not say as the sources do, for people."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from nixgen.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra_lib.clouds.adoption import Item, Kind

_HEADINGS: dict[Kind, str] = {
    "contradiction": "Sources that contradict each other",
    "left": "Not carried",
    "differs": "Otherwise than it is",
    "guessed": "Guessed",
}
_WIDTH = 96


def report_lines(items: Iterable[Item]) -> Iterator[str]:
    """Yield the report, line by line: each item with where it was, and what to do."""
    found = list(items)
    for kind, heading in _HEADINGS.items():
        mine = [item for item in found if item.kind == kind]
        if not mine:
            continue
        yield f"{heading}: {len(mine)}"
        yield ""
        for item in mine:
            yield from _item(item)
        yield ""


def _item(item: Item) -> Iterator[str]:
    yield f"- {redact(item.where)}"
    for text in (item.what, f"→ {item.do}" if item.do else ""):
        for line in wrap(redact(text), _WIDTH - 4, break_long_words=False, break_on_hyphens=False):
            yield f"    {line}"
