"""Expressions without what surely takes several lines in them, and which of these are equal.

A set of several bindings, and the bindings of a `let`, stand on lines of their own wherever they
are, and each of them is laid out as if it were alone. So of an expression that ends in these, only
the outline is laid out, with comments in their places; and equal outlines are laid out once.
"""

from collections.abc import Hashable, Mapping
from pathlib import PurePath
from types import MappingProxyType, NoneType
from typing import Any, Final, NamedTuple

from attrs import evolve

from nixgen import expr
from nixgen.expr import MISSING, Value

MARK: Final = "\x1a"
"""The text of the comments that stand for bindings: ASCII's substitute."""

_DEEPEST: Final = 16
"""How many expressions in each other are looked at."""
_LARGEST: Final = 200
"""How many parts of an outline are compared: larger ones are hardly ever equal."""

_LAST: Final[dict[type, str]] = {
    expr.Apply: "args",
    expr.Assert: "body",
    expr.Commented: "value",
    expr.Lambda: "body",
    expr.Let: "body",
    expr.With: "body",
}
"""The expressions that end in another, and the name of that."""

_PARTS: Final[dict[type, list[str]]] = {
    kind: [part.name for part in kind.__attrs_attrs__]
    for kind in vars(expr).values()
    if hasattr(kind, "__attrs_attrs__")
}


class Outline(NamedTuple):
    """An expression, taken apart.

    Attributes:
        links: Expressions that end in each other, from the outermost.
        end: What the innermost of them ends in; all of it where there are none.
        left_out: What has the bindings that are left out, from the first: each `Let`, and the end
            if it is a set that takes several lines.
    """

    links: list[Value]
    end: Value
    left_out: list[Value]

    def with_marks(self) -> Value:
        """The expression with a comment for each of the bindings that are left out."""
        mark = expr.Comment(MARK)
        inner = self.end
        if self.left_out and self.left_out[-1] is inner:
            inner = expr.AttrSet(mark, rec=_is_rec(inner))
        for link in reversed(self.links):
            if type(link) is expr.Apply:
                inner = expr.Apply(link.function, *link.args[:-1], inner)
            elif type(link) is expr.Let:
                inner = expr.Let(mark, inner)
            else:
                inner = evolve(link, **{_LAST[type(link)]: inner})
        return inner

    def key(self, place: tuple[Hashable, ...]) -> Hashable:
        """What is equal for those that are laid out alike; `None` for one that is not compared.

        Args:
            place: Where the expression stands, as far as its layout depends on that.
        """
        parts: list[Any] = [*place, len(self.left_out)]
        for link in self.links:
            kind = type(link)
            parts.append(kind.__name__)
            if kind is expr.Apply:
                parts += link.function, link.args[:-1]
            elif kind is not expr.Let:
                parts += (getattr(link, part) for part in _PARTS[kind] if part != _LAST[kind])
        ends_in_bindings = self.left_out and self.left_out[-1] is self.end
        parts.append(_is_rec(self.end) if ends_in_bindings else self.end)
        return _key(parts)


def outline(value: Value) -> Outline:
    """Take an expression apart."""
    links: list[Value] = []
    end = value
    while type(end) in _LAST and len(links) < _DEEPEST:
        links.append(end)
        end = _last(end)
    left_out: list[Value] = [link for link in links if type(link) is expr.Let]
    if isinstance(end, (dict, expr.AttrSet, Mapping)) and _takes_lines(end):
        left_out.append(end)
    return Outline(links, end, left_out)


def _last(value: Value) -> Value:
    part = getattr(value, _LAST[type(value)])
    return part[-1] if type(value) is expr.Apply else part


def _is_rec(value: Value) -> bool:
    return isinstance(value, expr.AttrSet) and value.rec


def _takes_lines(value: Value) -> bool:
    """Whether an expression surely takes several lines, for its bindings."""
    for _ in range(_DEEPEST):
        if isinstance(value, expr.AttrSet):
            bindings = [item for item in value.items if not isinstance(item, expr.BlankLine)]
            if len(bindings) != 1:
                return len(bindings) > 1
            [value] = bindings
            if isinstance(value, expr.Binding):
                value = value.value
        if isinstance(value, Mapping):
            if len(value) != 1:
                return len(value) > 1
            [value] = value.values()
        elif isinstance(value, expr.Let):
            return True
        elif type(value) in _LAST:
            value = _last(value)
        elif not isinstance(value, expr.AttrSet):
            return False
    return False


def _key(parts: list[Any]) -> Hashable:
    """The parts of parts, down to the smallest, which are exact; `None` if these are too many.

    Each is followed by as many as it has, so no two lists of parts that differ become the same.
    """
    key: list[Any] = []
    todo = parts[::-1]
    for _ in range(_LARGEST):
        if not todo:
            return tuple(key)
        part = todo.pop()
        kind = type(part)
        if kind is str:
            key.append(part)
        elif kind in _PARTS:
            key.append(kind)
            todo += [getattr(part, name) for name in _PARTS[kind]]
        elif kind is dict or kind is MappingProxyType:
            key += kind, len(part)
            todo += part
            todo += part.values()
        elif kind is tuple or kind is list:
            key += kind, len(part)
            todo += part
        elif kind is bool or kind is int or kind is NoneType:
            key += kind, part
        elif kind is float:
            key += kind, repr(part)  # -0.0 is not 0.0
        elif part is MISSING:
            key.append(kind)
        elif isinstance(part, PurePath):
            key += kind, str(part)
        else:
            return None
    return None
