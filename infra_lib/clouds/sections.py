"""The sections of a cloud's catalogue: those of a file of yours, or else the built-in ones.

They are read when first asked for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import field

from infra_lib.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.clouds.answers import Source


@frozen
class Sections:
    """The sections of a catalogue. A cloud's class adds what they hold, and no further field.

    Attributes:
        OF: What each section is called by people, by its name: {"prices": "Prices"}.
        FOLDER: Where the built-in ones are, each in a file of its own, "prices.json".
        text: The text of the file that has them, which was checked; what it leaves out is built in.
    """

    OF: ClassVar[Mapping[str, str]]
    FOLDER: ClassVar[str]

    text: str = field(default="", repr=False)

    def __hash__(self) -> int:
        """Hash what all that is remembered of them is found by: a text knows its own hash."""
        return hash(self.text)

    def section(self, name: str) -> Mapping[str, Any]:
        """Return a section of the file, or else the built-in one."""
        found: Mapping[str, Any] = _content(self.text).get(name) or _built_in(self.FOLDER, name)
        return found

    def sources(self) -> tuple[Source, ...]:
        """Return where the sections are from, and from when."""
        return tuple(map(self.source, self.OF))

    def source(self, section: str, of: str = "") -> Source:
        """Return where a section is from.

        Args:
            section: Its name, one of `OF`.
            of: What it is called instead of what `sources` calls it.
        """
        from infra_lib.clouds.answers import Source

        found = self.section(section)
        return Source(of or self.OF[section], found["source"], found["as_of"])


def sources_by_use(
    tables: Iterable[tuple[str, Sections]], built_in: Sections, uses: Mapping[str, tuple[str, str]]
) -> dict[str, Source]:
    """Return where what machines use of their catalogues comes from, by what it is of.

    Without a machine, it is the built-in catalogue. What a machine has from elsewhere than the
    first one is "disks of galena".

    Args:
        tables: The name of each machine, and its catalogue's sections.
        built_in: The built-in sections.
        uses: What is used: the section that has it, and what people call it.
    """
    from attrs import evolve

    names: dict[Sections, str] = {}
    for machine, each in tables:
        names.setdefault(each, machine)
    first, *others = names or {built_in: ""}
    found = {use: first.source(*section) for use, section in uses.items()}
    for other in others:
        for use, section in uses.items():
            source = other.source(*section)
            if source != found[use]:
                name = names[other]
                found[f"{use} of {name}"] = evolve(source, of=f"{source.of} of {name}")
    return found


@cache
def _content(text: str) -> dict[str, Any]:
    if not text:
        return {}
    import json

    found: dict[str, Any] = json.loads(text)
    return found


@cache
def _built_in(folder: str, section: str) -> dict[str, Any]:
    import json

    path = os.path.join(folder, f"{section}.json")  # noqa: PTH118 - pathlib costs start-up
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - as above
        found: dict[str, Any] = json.load(file)[section]
    return found
