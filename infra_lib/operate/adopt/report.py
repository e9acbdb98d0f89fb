"""The report of what the Python does not say as the sources do, for people."""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from infra_lib.operate.adopt.secrets import hidden, told_in
from nixgen.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra_lib.clouds.adoption import Item, Kind
    from infra_lib.operate.adopt.secrets import Secrets

_HEADINGS: dict[Kind, str] = {
    "contradiction": "Sources that contradict each other",
    "left": "Not carried",
    "differs": "Otherwise than it is",
    "guessed": "Guessed",
}
_WIDTH = 96


def report_data(items: Iterable[Item], secrets: Secrets) -> list[dict[str, str]]:
    """Return the report as plain data, in a shape that stays.

    Args:
        items: The items.
        secrets: What is secret in the sources, which none of them repeats.

    Returns:
        Of each item `kind` ("contradiction", "left", "differs", "guessed"), `where`, `what` and
        `do`, empty for nothing to do.
    """
    return [
        {
            "kind": item.kind,
            **{
                name: redact(hidden(text, told_in(text, secrets)))
                for name, text in (("where", item.where), ("what", item.what), ("do", item.do))
            },
        }
        for item in items
    ]


def report_lines(items: Iterable[Item], secrets: Secrets) -> Iterator[str]:
    """Yield the report, line by line: each item with where it was, and what to do.

    Of several items that say the same, each is named, and what they say follows.

    Args:
        items: The items.
        secrets: What is secret in the sources, which none of them repeats.
    """
    found = list(items)
    every = "\n".join(text for each in found for text in (each.where, each.what, each.do))
    there = told_in(every, secrets)
    for kind, heading in _HEADINGS.items():
        mine = [item for item in found if item.kind == kind]
        if not mine:
            continue
        yield f"{heading}: {len(mine)}"
        yield ""
        alike: dict[tuple[str, str], list[str]] = {}
        for item in mine:
            alike.setdefault((item.what, item.do), []).append(item.where)
        for (what, do), places in alike.items():
            for where in places:
                yield f"- {redact(hidden(where, there))}"
            for text in (what, f"→ {do}" if do else ""):
                yield from _paragraph(redact(hidden(text, there)))
        yield ""


def _paragraph(text: str) -> Iterator[str]:
    for line in wrap(text, _WIDTH - 4, break_long_words=False, break_on_hyphens=False):
        yield f"    {line}"
