"""From expressions to the text of a file.

What takes several lines in any case, such as a set of more than one binding, is written line by
line, since a binding or element is laid out alike wherever it stands. Plain values are spelled out
on the spot, which is what makes large data fast; all else goes through the rules and the layout of
documents.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from nixgen import expr, literals, rules
from nixgen.comments import lines_above
from nixgen.conversion import ENDLESS, convert, convert_file
from nixgen.document import INDENT, WIDTH
from nixgen.exact import exact
from nixgen.expr import NixError, Value


def dumps(value: Value, *, headed: bool = False) -> str:
    """The text of a Nix file that holds one expression, ending in one newline.

    Args:
        value: Plain data or an expression; with `Commented`, the comments above it start the file.
        headed: Whether comments and an empty line are to be put above the text; nixfmt then lays
            out some expressions differently.

    Raises:
        NixError: Something in it is nothing that Nix could hold; the message starts with the way to
            it.
    """
    head = ""
    content = value
    if isinstance(value, expr.Commented) and not value.after.strip():
        head = "".join(f"# {line}\n" if line else "#\n" for line in lines_above(value))
        content = value.value
    if isinstance(content, Mapping | list | tuple) and content:
        try:
            return f"{head}{_Plain().file(content)}\n"
        except NixError:
            convert(content)  # raises the same with the way to the place
            raise
    return rules.lay_out(convert_file(value, headed=headed)) + "\n"


_UNKNOWN: Final = ""
"""What `_Plain` says of what only the rules can tell."""


class _Plain:
    """Writes plain data line by line.

    Attributes:
        names: Attribute paths as Nix spells them, since they recur.
        simple: Those of them that nixfmt never parts from their value: short ones without quotes.
        out: The pieces of text written.
    """

    def __init__(self) -> None:
        self.names: dict[Any, str] = {}
        self.simple: set[Any] = set()
        self.out: list[str] = []

    def file(self, value: Value) -> str:
        """The text of a mapping or list that is not empty."""
        text = self.one_line(value, WIDTH, element=True)
        if text == _UNKNOWN:
            return rules.lay_out(convert(value))
        if text is None:
            self.lines(value)
            text = "".join(self.out)
        return text

    def lines(self, value: Value) -> None:
        """Write a mapping or list with each binding or element on lines of its own."""
        names, simple, out, string = self.names, self.simple, self.out, literals.string
        around: list[tuple[Iterator[Any], bool, str, Any]] = []
        inside = {id(value)}
        entries, keyed = _open(value)
        pad = "\n" + " " * INDENT
        out.append("{" if keyed else "[")
        start = len(out)
        key: Any = None
        while True:
            for entry in entries:
                if keyed:
                    key, item = entry
                    name = names.get(key) or self.name(key)
                    head, tail = f"{pad}{name} = ", ";"
                    attached, room = key in simple, WIDTH - len(name) - 4
                else:
                    item, head, tail, attached, room = entry, pad, "", True, WIDTH
                if type(item) is str and attached:
                    out.append(f"{head}{string(item)}{tail}")
                    continue
                text = self.one_line(item, room, element=not keyed)
                if text:
                    out.append(f"{head}{text}{tail}")
                elif (
                    text is None
                    and isinstance(item, Mapping | list | tuple)
                    and item
                    and (attached or room >= 0)
                ):
                    if id(item) in inside:
                        raise NixError(ENDLESS)
                    inside.add(id(item))
                    around.append((entries, keyed, tail, item))
                    entries, keyed = _open(item)
                    out.append(f"{head}{'{' if keyed else '['}")
                    start = len(out)
                    pad += " " * INDENT
                    break
                else:
                    if isinstance(item, expr.Commented) and item.blank_before and len(out) > start:
                        out.append("\n")
                    alone = convert({key: item} if keyed else expr.List(item))
                    out.append(f"{pad}{rules.lay_out_entry(alone, len(pad) - 1)}")
            else:
                pad = pad[:-INDENT]
                out.append(f"{pad}{'}' if keyed else ']'}")
                if not around:
                    return
                entries, keyed, tail, item = around.pop()
                inside.remove(id(item))
                out.append(tail)
                start = 0

    def one_line(self, value: Value, room: int, *, element: bool) -> str | None:
        """A value on one line of so many characters; `None` if it takes more, or several lines.

        Args:
            value: The value.
            room: Characters left.
            element: Whether it stands in a list, where a sign needs parentheses and a set may be on
                one line.
        """
        inner: str | None
        if isinstance(value, list | tuple):
            if not value:
                text = "[ ]"
            elif len(value) > 1 or room < 0:
                return None
            else:
                inner = self.one_line(value[0], room - 4, element=True)
                if not inner:
                    return inner
                text = f"[ {inner} ]"
        elif isinstance(value, Mapping):
            if not value:
                text = "{ }"
            elif not element or len(value) > 1 or room < 0:
                return None
            else:
                [(key, bound)] = value.items()
                key = exact(key)
                name = self.names.get(key) or self.name(key)
                inner = name and self.one_line(bound, room - len(name) - 8, element=False)
                if not inner:
                    return inner
                text = f"{{ {name} = {inner}; }}"
        else:
            text = _scalar(value)
            if element and text[:1] == "-":
                text = f"({text})"
        return text if len(text) <= room else None

    def name(self, key: Any) -> str:
        """A key as Nix spells it; `_UNKNOWN` if it is dynamic."""
        steps = [expr.static_name(step) for step in expr.as_path(key)]
        text = ".".join(_UNKNOWN if step is None else literals.name(step) for step in steps)
        if None in steps:
            return _UNKNOWN
        self.names[key] = text
        if len(steps) <= 4 and '"' not in text:
            self.simple.add(key)
        return text


def _open(value: Value) -> tuple[Iterator[Any], bool]:
    """The entries of a mapping or list, and whether they are bindings."""
    if not isinstance(value, Mapping):
        return iter(value), False
    if set(map(type, value)) == {str}:
        return iter(value.items()), True
    expr.check_mapping(value)
    return ((exact(key), item) for key, item in value.items()), True


def _scalar(value: Value) -> str:
    """A string, name or number; `_UNKNOWN` for all else."""
    kind = type(value)
    if kind is str:
        return literals.string(value)
    if kind is bool:
        return "true" if value else "false"
    if value is None:
        return "null"
    if kind is int or kind is float:
        return literals.number(value)
    return _UNKNOWN
