"""Python source of plain values and calls, laid out as `ruff format` has it.

What fits is on one line. What does not is one item a line, each with a comma after it: formatters
leave that as it is, whatever width they are told.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import field

from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WIDTH = 88
"""Columns of a line, which is what ruff takes unless it is told otherwise."""

_INDENT = "    "


@frozen
class Name:
    """A variable, or any other expression that stays on its line.

    Attributes:
        text: As it is written.
    """

    text: str


@frozen
class Call:
    """A call of a function or a class.

    Attributes:
        function: Its name.
        arguments: Each argument, after its keyword or None.
        comments: What is said of an argument, by its keyword, on lines of their own before it.
    """

    function: str
    arguments: tuple[tuple[str | None, Any], ...] = ()
    comments: Mapping[str, str] = field(factory=dict)


@frozen
class Commented:
    """An item of a tuple or a list with a comment before it.

    Attributes:
        value: The item.
        comment: What is said of it; it may have several lines.
    """

    value: Any
    comment: str


def assignment(name: str, value: Any) -> str:
    """Return a statement that gives a value a name, with a newline at its end."""
    begin = f"{name} = "
    if isinstance(value, str) and value.count("\n") > 1:
        return f"{begin}{_long_text(value)}\n"
    text = expression(value, before=len(begin))
    # A formatter takes parentheses where they help.
    too_long = isinstance(value, str | Name) and len(begin) + width(text) > WIDTH
    if too_long and len(_INDENT) + width(text) <= WIDTH:
        return f"{begin}(\n{_INDENT}{text}\n)\n"
    return f"{begin}{text}\n"


def expression(value: Any, *, indent: int = 0, before: int = 0, after: int = 0) -> str:
    """Return a value as Python writes it.

    Args:
        value: None, a boolean, a number, a text, a tuple, a list, a mapping, or what is here.
        indent: How far the line is indented on which it begins, in steps of four columns.
        before: How many columns stand before it on that line, beside the indentation.
        after: How many stand after it: a comma is one.

    Raises:
        TypeError: When it is anything else.
    """
    short = None if _is_commented(value) else _inline(value)
    if short is not None and len(_INDENT) * indent + before + width(short) + after <= WIDTH:
        return short
    return _exploded(value, indent, short)


def comment_lines(text: str, indent: int = 0) -> list[str]:
    """Return a comment as lines, broken between words where it is long."""
    from textwrap import wrap

    begin = f"{_INDENT * indent}# "
    return [
        f"{begin}{line}".rstrip()
        for part in _plain_lines(text)
        for line in wrap(part, WIDTH - len(begin), break_long_words=False) or [""]
    ]


def text_literal(text: str) -> str:
    """Return a text as Python writes it, in the quotes that need the fewest escapes."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    quote = "'" if text.count('"') > text.count("'") else '"'
    return f"{quote}{''.join(_escaped(each, quote) for each in text)}{quote}"


def width(text: str) -> int:
    """Return how many columns a line takes: wide letters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 1 + (unicodedata.east_asian_width(each) in "WF")
        for each in text
    )


def _escaped(letter: str, quote: str) -> str:
    if letter in (quote, "\\"):
        return f"\\{letter}"
    return letter if letter.isprintable() else repr(letter)[1:-1]


def _long_text(text: str) -> str:
    """Return a text of several lines as it reads."""
    body = "".join(
        letter if letter == "\n" else _escaped(letter, "") for letter in text
    )  # which escapes what nobody could see
    body = re.sub(r'""(?=")|"$', lambda found: "\\" + "\\".join(found[0]), body)
    # Blanks at the end of a line are lost in many editors.
    body = re.sub(r"[ ](?=\n)", r"\\x20", body)
    return f'"""\\\n{body}"""'


def _plain_lines(text: str) -> list[str]:
    """Return the lines of a comment, of which no letter can end the line or hide anything."""
    return [
        "".join(each if each.isprintable() else repr(each)[1:-1] for each in line)
        for line in text.split("\n")
    ]


def _is_commented(value: Any) -> bool:
    """Whether there is a comment in a value, which then stands on several lines."""
    if isinstance(value, Commented):
        return True
    if isinstance(value, Call):
        return bool(value.comments) or any(_is_commented(each) for _, each in value.arguments)
    if isinstance(value, Mapping):
        return any(map(_is_commented, value.values()))
    return isinstance(value, tuple | list) and any(map(_is_commented, value))


def _inline(value: Any) -> str:
    if isinstance(value, Name):
        return value.text
    if isinstance(value, Call):
        arguments = ", ".join(f"{_keyword(name)}{_inline(each)}" for name, each in value.arguments)
        return f"{value.function}({arguments})"
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, str):
        return text_literal(value)
    if isinstance(value, tuple | list):
        begin, end = _brackets(value)
        comma = "," if isinstance(value, tuple) and len(value) == 1 else ""
        return f"{begin}{', '.join(map(_inline, value))}{comma}{end}"
    if isinstance(value, Mapping):
        pairs = (f"{_inline(key)}: {_inline(each)}" for key, each in value.items())
        return "{" + ", ".join(pairs) + "}"
    raise TypeError(f"{type(value).__name__}: no Python is known for it")


def _exploded(value: Any, indent: int, short: str | None) -> str:
    """Return a value with each of its items on lines of its own."""
    if isinstance(value, Call) and value.arguments:
        items = (
            (value.comments.get(name or "", ""), _keyword(name), each)
            for name, each in value.arguments
        )
        return _lines(f"{value.function}(", items, ")", indent)
    if isinstance(value, tuple | list) and value:
        begin, end = _brackets(value)
        return _lines(begin, map(_item, value), end, indent)
    if isinstance(value, Mapping) and value:
        pairs = (
            (*_item(each)[:1], f"{_inline(key)}: ", _item(each)[2]) for key, each in value.items()
        )
        return _lines("{", pairs, "}", indent)
    return _inline(value) if short is None else short


def _item(value: Any) -> tuple[str, str, Any]:
    return (value.comment, "", value.value) if isinstance(value, Commented) else ("", "", value)


def _lines(begin: str, items: Iterable[tuple[str, str, Any]], end: str, indent: int) -> str:
    lines: list[str] = [begin]
    inner = _INDENT * (indent + 1)
    for comment, before, value in items:
        if comment:
            lines += comment_lines(comment, indent + 1)
        text = expression(value, indent=indent + 1, before=width(before), after=1)
        lines.append(f"{inner}{before}{text},")
    return "\n".join((*lines, f"{_INDENT * indent}{end}"))


def _keyword(name: str | None) -> str:
    return f"{name}=" if name else ""


def _brackets(value: Sequence[Any]) -> tuple[str, str]:
    return ("(", ")") if isinstance(value, tuple) else ("[", "]")
