"""Changing one argument of a call in a module's text, and not a byte beside it.

Python's own parser says where things stand, in lines and columns of UTF-8. The text that is changed
is the file's: its encoding, its line ends and a byte order mark stay.
"""

from __future__ import annotations

import ast
import re
import tokenize
from typing import TYPE_CHECKING, NamedTuple

from infra_lib.model.errors import FleetError
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Value = bool | int | str
"""What an argument can be set to."""

_END = re.compile(r"\r\n|\r|\n")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_BYTES_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_OTHER = re.compile(r"[^\x00-\x7f]")
_BLANK = {tokenize.NL, tokenize.COMMENT, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}


class EditError(FleetError):
    """A text that cannot be changed as asked: the message says why, and not where."""


class Place(NamedTuple):
    """Where a call is: the end of what it calls, which stays where arguments are changed.

    Attributes:
        line: The line, from 1.
        column: The column in bytes of UTF-8, from 0, as `ast` counts.
    """

    line: int
    column: int


class _Spot(NamedTuple):
    """A line, from 0, and a character of it."""

    line: int
    column: int


@frozen
class Argument:
    """An argument of a call.

    Attributes:
        name: What it is called; None for one by position, and "**" for what a mapping gives.
        node: Its value.
        start: Where it begins, its name included.
        end: Where it ends, parentheses around it included.
        comma: Where the comma after it begins; None where there is none.
    """

    name: str | None
    node: ast.expr
    start: _Spot
    end: _Spot
    comma: _Spot | None

    @property
    def line(self) -> int:
        """The line that it begins on, from 1."""
        return self.start.line + 1

    @property
    def is_literal(self) -> bool:
        """Whether its value stands there as it is: True, 3, "text"."""
        return isinstance(self.node, ast.Constant)

    @property
    def value(self) -> object:
        """Its value, where that is a literal; None otherwise."""
        return self.node.value if isinstance(self.node, ast.Constant) else None

    @property
    def text(self) -> str:
        """How it is written, in one line: "enabled=GPUS_ON"."""
        value = ast.unparse(self.node)
        return f"**{value}" if self.name == "**" else f"{self.name}={value}"


@frozen
class _Text:
    """A module's text.

    Attributes:
        lines: Its lines, each with its own end.
        encoding: What its bytes are, as Python takes them.
    """

    lines: tuple[str, ...]
    encoding: str

    @classmethod
    def of(cls, data: bytes) -> _Text:
        try:
            lines = (found[0] for found in _BYTES_LINE.finditer(data))
            encoding, _ = tokenize.detect_encoding(lambda: next(lines, b""))
            text = data.decode(encoding)
            same = text.encode(encoding) == data
        except (SyntaxError, LookupError, UnicodeError) as error:
            raise EditError(f"its text cannot be read: {error}") from None
        if not same:
            raise EditError(f"its encoding, {encoding}, can be written in more than one way")
        return cls(tuple(_LINE.findall(text)), encoding)

    @property
    def as_parsed(self) -> list[str]:
        """The lines as Python's parser has them: a line end is one character."""
        return [_END.sub("\n", line) for line in self.lines] or [""]

    def tree(self) -> ast.Module:
        try:
            return ast.parse("".join(self.as_parsed))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise EditError(f"Python cannot read its text: {error}") from None

    def spot(self, line: int, column: int) -> _Spot:
        """Return where a position of `ast` is."""
        before = self.lines[line - 1].encode()[:column]
        return _Spot(line - 1, len(before.decode()))

    def end_of(self, line: int) -> str:
        """Return what ends a line."""
        text = self.lines[line]
        return text[len(text.rstrip("\r\n")) :] or "\n"

    def replaced(self, start: _Spot, end: _Spot, text: str) -> bytes:
        """Return the bytes with what is between two places replaced."""
        head, tail = self.lines[: start.line], self.lines[end.line + 1 :]
        first = self.lines[start.line][: start.column]
        last = self.lines[end.line][end.column :] if end.line < len(self.lines) else ""
        joined = "".join((*head, first, text, last, *tail))
        try:
            return joined.encode(self.encoding)
        except UnicodeError as error:
            raise EditError(f"its encoding has no room for that: {error}") from None


def calls(data: bytes) -> Iterator[tuple[Place, ast.Call]]:
    """Yield every call in a module's text, with its place.

    Raises:
        EditError: When Python cannot read the text.
    """
    for node in ast.walk(_Text.of(data).tree()):
        if isinstance(node, ast.Call):
            yield _place(node), node


def arguments(data: bytes, place: Place) -> tuple[Argument, ...]:
    """Return the arguments of a call, in the order in which they stand.

    Raises:
        EditError: When there is no such call, or Python cannot read the text.
    """
    text = _Text.of(data)
    return _arguments(text, _call(text.tree(), place))


def set_argument(data: bytes, place: Place, name: str, value: Value, after: str = "") -> bytes:
    """Return a text in which a call gives an argument a value.

    One that is there changes its value, which has to be a literal. A new one stands in a line of
    its own where each argument does, as formatters lay calls out, and in the same line otherwise.

    Args:
        data: The text.
        place: The call, of one argument at least.
        name: The argument's name.
        value: The value.
        after: The name of the argument that a new one follows; without it, the last one.

    Raises:
        EditError: When the argument is not a literal, or the text cannot be changed.
    """
    text = _Text.of(data)
    tree = text.tree()
    call = _call(tree, place)
    found = _arguments(text, call)
    there = _named(found, name)
    literal = _literal(value)
    if there is not None:
        if not there.is_literal:
            raise EditError(f"{there.text} is not a value that stands there as it is")
        node = there.node
        assert node.end_lineno is not None and node.end_col_offset is not None  # noqa: S101,PT018
        start = text.spot(node.lineno, node.col_offset)
        end = text.spot(node.end_lineno, node.end_col_offset)
        changed = text.replaced(start, end, literal)
    else:
        before = (_named(found, after) if after else None) or found[-1]
        changed = _inserted(text, found, before, f"{name}={literal}")
    _expect(changed, tree, call, name, value, after)
    return changed


def remove_argument(data: bytes, place: Place, name: str) -> bytes:
    """Return a text in which a call does not give an argument; the same where it gives none.

    A comment on its line stays.

    Raises:
        EditError: When the text cannot be changed.
    """
    text = _Text.of(data)
    tree = text.tree()
    call = _call(tree, place)
    found = _arguments(text, call)
    there = _named(found, name)
    if there is None:
        return data
    changed = text.replaced(*_removal(text, found, there), "")
    _expect(changed, tree, call, name, None, "")
    return changed


def _place(call: ast.Call) -> Place:
    line, column = call.func.end_lineno, call.func.end_col_offset
    assert line is not None and column is not None  # noqa: S101,PT018 - as the parser has it
    return Place(line, column)


def _call(tree: ast.Module, place: Place) -> ast.Call:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _place(node) == place:
            return node
    raise EditError("the call is not where it was")


def _named(found: Sequence[Argument], name: str) -> Argument | None:
    return next((each for each in found if each.name == name), None)


def _arguments(text: _Text, call: ast.Call) -> tuple[Argument, ...]:
    given: list[tuple[str | None, ast.expr, _Spot]] = [
        (None, node, text.spot(node.lineno, node.col_offset)) for node in call.args
    ]
    for keyword in call.keywords:
        start = text.spot(keyword.lineno, keyword.col_offset)
        given.append((keyword.arg or "**", keyword.value, start))
    given.sort(key=lambda each: each[2])
    tokens = _tokens_inside(text, call)
    found = []
    for number, (name, node, _) in enumerate(given):
        until = given[number + 1][2] if number + 1 < len(given) else None
        own, comma, tokens = _split(tokens, node, text, until)
        found.append(
            Argument(name, node, own[0].start, own[-1].end, comma.start if comma else None)
        )
    return tuple(found)


@frozen
class _Token:
    """A token that means something: its text, its place, and how many brackets it is inside of."""

    text: str
    start: _Spot
    end: _Spot
    depth: int


def _tokens_inside(text: _Text, call: ast.Call) -> list[_Token]:
    """Return the tokens between the parentheses of a call."""
    assert call.end_lineno is not None and call.end_col_offset is not None  # noqa: S101,PT018
    start = text.spot(call.lineno, call.col_offset)
    end = text.spot(call.end_lineno, call.end_col_offset)
    # Names, strings and comments alone hold other characters, which Python 3.12 and 3.13 miscount
    # after a string of several lines.
    lines = [_OTHER.sub("x", line) for line in text.as_parsed[start.line : end.line + 1]]
    lines[-1] = lines[-1][: end.column]
    lines[0] = lines[0][start.column :]
    found: list[_Token] = []
    depth = 0
    try:
        for token in tokenize.generate_tokens(iter([*lines, ""]).__next__):
            if token.type in _BLANK or not token.string:
                continue
            opens, closes = token.string in {"(", "[", "{"}, token.string in {")", "]", "}"}
            depth -= closes
            begin, end = _moved(token.start, start), _moved(token.end, start)
            found.append(_Token(token.string, begin, end, depth))
            depth += opens
    except (tokenize.TokenError, SyntaxError) as error:
        raise EditError(f"Python cannot read the call: {error}") from None
    last = found.pop()
    opening = max(n for n, token in enumerate(found) if (token.text, token.depth) == ("(", 0))
    if (last.text, last.depth) != (")", 0):
        raise EditError("the call does not end where Python's parser says")
    return found[opening + 1 :]


def _moved(at: tuple[int, int], start: _Spot) -> _Spot:
    """Return where a place in a part of a text is in the whole of it."""
    line, column = at
    return _Spot(start.line + line - 1, column + (start.column if line == 1 else 0))


def _split(
    tokens: list[_Token], node: ast.expr, text: _Text, until: _Spot | None
) -> tuple[list[_Token], _Token | None, list[_Token]]:
    """Return the tokens of the first argument, the comma after it, and the tokens of the rest."""
    commas = [n for n, token in enumerate(tokens) if (token.text, token.depth) == (",", 1)]
    if until is not None:
        # What an argument holds of commas, as a lambda does, comes before the one that ends it.
        end = max(n for n in commas if tokens[n].start < until)
        return tokens[:end], tokens[end], tokens[end + 1 :]
    assert node.end_lineno is not None and node.end_col_offset is not None  # noqa: S101,PT018
    own = text.spot(node.end_lineno, node.end_col_offset)
    after = [n for n in commas if tokens[n].start >= own]
    if after:
        return tokens[: after[0]], tokens[after[0]], []
    return tokens, None, []


def _inserted(text: _Text, found: Sequence[Argument], before: Argument, said: str) -> bytes:
    """Return the bytes with an argument added after another one."""
    line = before.end.line
    if not _one_a_line(text, found) or not _ends_line(text, before):
        return text.replaced(before.end, before.end, f", {said}")
    indent = text.lines[before.start.line][: before.start.column]
    end, whole = text.end_of(line), len(text.lines[line].rstrip("\r\n"))
    if before.comma is not None:
        at = _Spot(line, whole)
        return text.replaced(at, at, f"{end}{indent}{said},")
    rest = text.lines[line][before.end.column : whole]
    return text.replaced(before.end, _Spot(line, whole), f",{rest}{end}{indent}{said}")


def _one_a_line(text: _Text, found: Sequence[Argument]) -> bool:
    """Return whether each argument begins a line."""
    return all(not text.lines[each.start.line][: each.start.column].strip() for each in found)


def _ends_line(text: _Text, argument: Argument) -> bool:
    """Return whether nothing but its comma and a comment follow an argument on its last line."""
    end = argument.end
    if argument.comma is not None:
        if argument.comma.line != end.line:
            return False
        end = _Spot(end.line, argument.comma.column + 1)
    rest = text.lines[end.line][end.column :].strip()
    return not rest or rest.startswith("#")


def _removal(text: _Text, found: Sequence[Argument], argument: Argument) -> tuple[_Spot, _Spot]:
    """Return from where to where text goes with an argument."""
    number = found.index(argument)
    start, end = argument.start, argument.end
    following = found[number + 1] if number + 1 < len(found) else None
    begins = not text.lines[start.line][: start.column].strip()
    comma = argument.comma
    past = end if comma is None else _Spot(comma.line, comma.column + 1)
    if begins and _ends_line(text, argument):
        rest = text.lines[past.line][past.column :]
        if not rest.strip():
            return _Spot(start.line, 0), _Spot(end.line + 1, 0)
        return start, _Spot(past.line, past.column + len(rest) - len(rest.lstrip()))
    if following is not None and following.start.line == past.line and comma is not None:
        return start, following.start
    if number and not begins:
        before = found[number - 1].comma
        assert before is not None  # noqa: S101 - there is one between two arguments
        if before.line == start.line:
            return before, end
    return start, past


def _expect(
    changed: bytes, tree: ast.Module, call: ast.Call, name: str, value: Value | None, after: str
) -> None:
    """Check that a changed text means what it did, but for one argument of one call.

    Raises:
        EditError: When it does not.
    """
    keywords = call.keywords
    if value is None:
        keywords[:] = [each for each in keywords if each.arg != name]
    elif any(each.arg == name for each in keywords):
        for each in keywords:
            if each.arg == name:
                each.value = ast.Constant(value)
    else:
        names = [each.arg for each in keywords]
        where = names.index(after) + 1 if after in names else len(names)
        keywords.insert(where, ast.keyword(name, ast.Constant(value)))
    if ast.dump(_Text.of(changed).tree()) != ast.dump(tree):
        raise EditError("it cannot be changed without changing something beside it")


def _literal(value: Value) -> str:
    """Return how a value is written; text has no quotes and no backslashes here."""
    return f'"{value}"' if isinstance(value, str) else repr(value)
