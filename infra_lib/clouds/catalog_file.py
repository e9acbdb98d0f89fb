"""The form that every cloud's catalogue is kept in: JSON, with one entry a line, sorted.

So a difference of two is readable. A file has sections, each of which may be left out, and says of
each from where and from when it is; a cloud's own `catalog.file` says what these hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import field

from infra_lib.clouds.age import last_day
from infra_lib.model.errors import FleetError, field_error, nearest
from infra_lib.model.json_text import parse, read_text
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Check = Callable[[str, str, Any], None]
"""Checks a value: given what the file is called, what the value is called, and the value."""

_ABOUT: dict[str, tuple[str, Callable[[str], object]]] = {
    "as_of": ('a date such as "2026-07-30"', last_day),
    "source": ("who has it", re.compile(r"[^\x00-\x1f\x7f]+").fullmatch),
}


@frozen
class Table:
    """A table of a section.

    Attributes:
        names: What the names are like that lead to an entry, as patterns: one each level.
        check: Checks an entry.
        fields: What an entry that is an object has, in this order.
    """

    names: tuple[str, ...]
    check: Check
    fields: tuple[str, ...] = ()


@frozen
class Section:
    """A section of a catalogue.

    Attributes:
        tables: Its tables, by name.
        facts: What it has beside them, by name, and what checks it; one that is left out is None.
        never_empty: Whether each table has an entry: nothing could be looked up without one.
    """

    tables: Mapping[str, Table]
    facts: Mapping[str, Check] = field(factory=dict)
    never_empty: bool = False


@frozen
class CatalogFile:
    """What the file of a cloud's catalogue holds.

    Attributes:
        sections: Its sections, by name.
    """

    sections: Mapping[str, Section]

    def text_of(self, content: Mapping[str, Any]) -> str:
        """Return the text of a file.

        Args:
            content: The sections, as `json.loads` gives them. Empty tables are left out.
        """
        written = (
            f'"{name}": {_section(section, content[name])}'
            for name, section in self.sections.items()
            if name in content
        )
        return f"{_braces(written, '')}\n"

    def read(self, path: Path | str) -> str:
        """Return the text of a file.

        Args:
            path: The file.

        Raises:
            FleetError: When it cannot be read, or does not hold a catalogue: with the name of what
                is wrong in it.
        """
        text = read_text(path)
        self.check(text, str(path))
        return text

    def check(self, text: str, where: str) -> None:
        """Check that a text is that of a file.

        Args:
            text: The text.
            where: What the file is called, for the message.

        Raises:
            FleetError: When it is not.
        """
        content = parse(text, where)
        if not isinstance(content, dict) or not content:
            accepted = f"an object with {', '.join(self.sections)} is wanted"
            raise FleetError(f"{where}: no catalogue: {accepted}")
        check_names(where, "", content, self.sections)
        for name, section in self.sections.items():
            if name in content:
                _check_section(where, name, section, content[name])

    def kept(self, file: tuple[str, str] | None) -> dict[str, Any]:
        """Return the sections of a file that is to be renewed; none where there is no file.

        Args:
            file: What it is called, and its text.

        Raises:
            FleetError: When it is not one.
        """
        import json

        if file is None:
            return {}
        where, text = file
        try:
            self.check(text, where)
        except FleetError as error:
            raise FleetError(
                f"{error}. It stays as it is: mend it, move it away, or name another file with -o"
            ) from None
        content: dict[str, Any] = json.loads(text)
        return content


def check_names(where: str, field: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Check that nothing has a name that is not known.

    Args:
        where: What the file is called.
        field: What stands before the names in a message: "machine_types.".
        given: The names.
        known: Those that there are.

    Raises:
        FleetError: When something has.
    """
    known = tuple(known)
    for name in given:
        if name not in known:
            near = nearest(name, known) or f"; known are {', '.join(known)}"
            raise FleetError(f"{where}: {field}{name} is not known{near}")


def _section(section: Section, content: Mapping[str, Any]) -> str:
    facts = (name for name in (*_ABOUT, *section.facts) if content.get(name) is not None)
    tables = ((name, table) for name, table in section.tables.items() if content.get(name))
    lines = [
        *(f' "{name}": {_json(content[name])}' for name in facts),
        *(
            f' "{name}": {_braces(_entries(content[name], table, len(table.names)), " ")}'
            for name, table in tables
        ),
    ]
    return _braces(lines, "")


def _entries(content: Mapping[str, Any], table: Table, levels: int) -> Iterator[str]:
    """Yield the lines of a table, or of a part of one that is so many levels above an entry."""
    indent = " " * (2 + len(table.names) - levels)
    for name in sorted(content, key=_natural):
        value = content[name]
        if levels > 1:
            written = _braces(_entries(value, table, levels - 1), indent)
        elif isinstance(value, Mapping):
            first = (key for key in table.fields if key in value)
            written = _json({key: value[key] for key in (*first, *value)})
        else:
            written = _json(value)
        yield f"{indent}{_json(name)}: {written}"


def _json(value: Any) -> str:
    import json

    return json.dumps(_plain(value), ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Return a value as it is written: whole numbers as such, 32 and not 32.0."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _braces(lines: Iterable[str], indent: str) -> str:
    return "{\n" + ",\n".join(lines) + f"\n{indent}}}"


def _natural(name: str) -> list[tuple[str, int]]:
    """Return what sorts names as people do: n1-standard-8 comes before n1-standard-16."""
    return [(text, int(number or 0)) for text, number in re.findall(r"([^0-9]*)([0-9]*)", name)]


def _check_section(where: str, name: str, section: Section, content: Any) -> None:
    if not isinstance(content, dict):
        raise field_error(where, name, content, "an object is wanted")
    check_names(where, f"{name}.", content, (*_ABOUT, *section.facts, *section.tables))
    for key, (accepted, is_right) in _ABOUT.items():
        value = content.get(key)
        if not isinstance(value, str) or not is_right(value):
            raise field_error(where, f"{name}.{key}", value, f"{accepted} is wanted")
    for key, check in section.facts.items():
        check(where, f"{name}.{key}", content.get(key))
    for key, table in section.tables.items():
        value = content.get(key, None if section.never_empty else {})
        _check_table(where, f"{name}.{key}", value, table.names, table.check)
        if section.never_empty and not value:
            raise field_error(where, f"{name}.{key}", value, "one at least is wanted")


def _check_table(where: str, field: str, value: Any, names: tuple[str, ...], check: Check) -> None:
    if not names:
        check(where, field, value)
        return
    if not isinstance(value, dict):
        raise field_error(where, field, value, "an object is wanted")
    for name, each in value.items():
        if not re.fullmatch(names[0], name):
            raise field_error(where, field, name, "no such name can be")
        _check_table(where, f"{field}.{name}", each, names[1:], check)
