"""From expressions to the text of a file.

What takes several lines in any case, such as a set of more than one binding, is written line by
line, since a binding or element is laid out alike wherever it stands. Plain values are spelled out
on the spot, which is what makes large data fast. All else goes through the rules and the layout of
documents: equal values once, and without what they hold that takes several lines in any case.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from nixgen import expr, literals, rules
from nixgen.comments import comment_lines, lines_above
from nixgen.conversion import ENDLESS, convert, convert_file
from nixgen.document import INDENT, WIDTH
from nixgen.exact import exact
from nixgen.expr import MISSING, NixError, Value
from nixgen.outline import MARK, outline


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
    try:
        return f"{_file(value, headed=headed)}\n"
    except NixError:
        convert_file(value, headed=headed)  # raises the same with the way to the place
        raise


_UNKNOWN: Final = ""
"""What `_one_line` says of what only the rules can tell."""
_MOST: Final = 10_000
"""How many names and layouts are kept."""

_Name: TypeAlias = "tuple[str, bool]"
_names: Final[dict[Any, _Name]] = {}
"""Attribute paths as Nix spells them, and whether nixfmt never parts them from their value: it
parts those with quotes or of more than four steps."""

_Laid: TypeAlias = "tuple[tuple[str, ...], tuple[str, ...]]"
_laid: Final[dict[Hashable, _Laid]] = {}
"""The texts around bindings that are left out, and the line end with the indentation of these; by
the key of their outline."""

_Frame: TypeAlias = "tuple[Iterator[Any], bool, str, str, int, bool]"
"""What is written line by line: bindings or elements, whether they are bindings, the line end with
the indentation of each, the text after all, the identity of what has them, and whether none is
written yet."""


def _file(value: Value, *, headed: bool) -> str:
    """The text of a whole file, without the last line end."""
    out: list[str] = []
    content = value
    if isinstance(value, expr.Commented) and not value.after.strip():
        content = value.value
    if isinstance(content, Mapping | list | tuple) and content:
        if isinstance(value, expr.Commented):
            out += (f"# {line}\n" if line else "#\n" for line in lines_above(value))
        value, headed = content, False  # brackets are laid out alike below a header
        text = _one_line(content, WIDTH, element=True)
        if text:
            return "".join((*out, text))
        if text is None:
            _write_lines(out, [_open_brackets(out, content, "\n", "")])
            return "".join(out)
    frames = _write_outline(
        out, (headed,), value, lambda whole: rules.lay_out(convert_file(whole, headed=headed))
    )
    _write_lines(out, frames)
    return "".join(out)


def _write_lines(out: list[str], frames: list[_Frame]) -> None:
    """Write bindings or elements, each on lines of its own.

    Args:
        out: Where to, piece by piece.
        frames: What to write, last first.
    """
    names, string = _names, literals.string
    inside: set[int] = set()
    while frames:
        entries, keyed, pad, tail, held, fresh = frames.pop()
        if fresh:
            if held in inside:
                raise NixError(ENDLESS)
            inside.add(held)
        start = len(out) if fresh else 0
        name, attached = "", True
        key: Any = None
        blank = False
        for entry in entries:
            item = entry
            if keyed:
                key, item = entry
                name, attached = names.get(key) or _name(key)
            kind = type(item)
            if kind is str and attached and not blank:
                out.append(f"{pad}{name} = {string(item)};" if keyed else f"{pad}{string(item)}")
                continue
            if key is None and kind is expr.BlankLine:
                blank = len(out) > start
                continue
            above = item.value if kind is expr.Binding else item
            if type(above) is expr.Commented:
                blank |= above.blank_before and len(out) > start
            if blank:
                out.append("\n")
                blank = False
            if key is None and kind is expr.Comment:
                out += _comment(comment_lines(item.text), pad)
                continue
            if kind is expr.Commented:
                out += _comment(lines_above(item), pad)
                after = item.after.strip()
                item = expr.Commented(item.value, after=after) if after else item.value
            head, end = (f"{pad}{name} = ", ";") if keyed else (pad, "")
            room = WIDTH - len(name) - 4 if keyed else WIDTH
            text = _one_line(item, room, element=not keyed)
            if text:
                out.append(f"{head}{text}{end}")
                continue
            inner: list[_Frame]
            if (
                text is None
                and isinstance(item, (dict, list, tuple, Mapping))
                and item
                and (attached or room >= 0)
            ):
                out.append(head)
                inner = [_open_brackets(out, item, pad, end)]
            else:
                out.append(f"{pad}{name}")
                inner = _write_entry(out, (len(pad) - 1, keyed, name, attached), key, item)
            if inner:
                frames.append((entries, keyed, pad, tail, held, False))
                frames += inner
                break
        else:
            out.append(tail)
            inside.discard(held)


def _write_entry(
    out: list[str], place: tuple[int, bool, str, bool], key: Any, item: Any
) -> list[_Frame]:
    """Write the rest of a binding or element, whose name is written, as `_write_outline` does."""
    indent, keyed, name, attached = place

    def lay_out(inner: Any) -> str:
        bound = inner if key is None else expr.Binding(key, inner)
        alone = convert(expr.AttrSet(bound) if keyed else expr.List(inner))
        return rules.lay_out_entry(alone, indent).removeprefix(name)

    return _write_outline(out, (indent, keyed, len(name), attached), item, lay_out)


def _write_outline(
    out: list[str], place: tuple[Hashable, ...], value: Value, lay_out: Callable[[Value], str]
) -> list[_Frame]:
    """Write an expression up to the first bindings that are to be written line by line.

    Args:
        out: Where to, piece by piece.
        place: Where it stands, as far as its layout depends on that.
        value: The expression.
        lay_out: The rules for it there.

    Returns:
        What is to be written line by line, last first.
    """
    outlined = outline(value)
    left_out = outlined.left_out
    key = outlined.key(place)
    laid = _laid.get(key)
    if laid is None:
        laid = _split_at_marks(lay_out(outlined.with_marks()))
        if len(laid[1]) != len(left_out):  # somebody has such a comment
            left_out, laid = [], ((lay_out(value),), ())
        elif key is not None:
            _keep(_laid, key, laid)
    (head, *tails), pads = laid
    out.append(head)
    frames = [
        (*_entries_of(held), pad, tail, id(held), True)
        for held, pad, tail in zip(left_out, pads, tails, strict=True)
    ]
    return frames[::-1]


def _split_at_marks(text: str) -> _Laid:
    """A text parted at the comments that stand for what is left out."""
    *before, last = text.split(f"# {MARK}")
    parts = [part.rpartition("\n") for part in before]
    return (*(head for head, _, _ in parts), last), tuple(f"\n{pad}" for _, _, pad in parts)


def _keep(kept: dict[Any, Any], key: Hashable, value: Any) -> None:
    if len(kept) >= _MOST:
        kept.clear()
    kept[key] = value


def _name(key: Any) -> _Name:
    """An attribute path of plain names; none for what has no path before it is laid out."""
    if key is None:
        return "", True
    path = expr.as_path(key)
    text = ".".join(literals.name(str(step)) for step in path)
    made = text, len(path) <= 4 and '"' not in text
    _keep(_names, key, made)
    return made


def _comment(lines: list[str], pad: str) -> Iterator[str]:
    return (f"{pad}# {line}" if line else f"{pad}#" for line in lines)


def _open_brackets(out: list[str], value: Any, pad: str, end: str) -> _Frame:
    """Write the bracket that opens a mapping or list; give what follows."""
    entries, keyed = _entries_of(value)
    opening, closing = "{}" if keyed else "[]"
    out.append(opening)
    return entries, keyed, pad + " " * INDENT, f"{pad}{closing}{end}", id(value), True


def _entries_of(value: Any) -> tuple[Iterator[Any], bool]:
    """The entries of what is written line by line, and whether they are bindings.

    Bindings are pairs of a path of plain names and a value. What else stands among them, or has
    another path, is given as an item of a set, with no path.
    """
    if isinstance(value, expr.AttrSet):
        return _bindings(value.items), True
    if isinstance(value, expr.Let):
        return _bindings(value.bindings), True
    if isinstance(value, (list, tuple)):
        return iter(value), False
    if set(map(type, value)) == {str}:
        return iter(value.items()), True
    expr.check_mapping(value)
    return _bindings((value,)), True


def _bindings(items: Iterable[expr.Item]) -> Iterator[tuple[Any, Any]]:
    for item in items:
        if isinstance(item, expr.Binding) and _is_plain(item.path):
            yield item.path, item.value
        elif isinstance(item, (expr.Binding, expr.Inherit, expr.Comment, expr.BlankLine)):
            yield None, item
        else:
            for given, value in item.items():
                key = exact(given)
                yield (key, value) if _is_plain(key) else (None, expr.Binding(key, value))


def _is_plain(key: Any) -> bool:
    """Whether a key is made of names that are not expressions."""
    return type(key) is str or (type(key) is tuple and set(map(type, key)) <= {str})


def _one_line(value: Value, room: int, *, element: bool) -> str | None:
    """A value on one line of so many characters; `None` if it takes more, or several lines.

    Args:
        value: The value.
        room: Characters left.
        element: Whether it stands in a list, where a sign needs parentheses and a set may be on
            one line.
    """
    inner: str | None
    text = _scalar(value)
    if text:
        text = f"({text})" if element and text[0] == "-" else text
    elif isinstance(value, (list, tuple)):
        if not value:
            text = "[ ]"
        elif len(value) > 1 or room < 0:
            return None
        else:
            inner = _one_line(value[0], room - 4, element=True)
            if not inner:
                return inner
            text = f"[ {inner} ]"
    elif not isinstance(value, expr.Expr) and isinstance(value, (dict, Mapping)):
        if not value:
            text = "{ }"
        elif not element or len(value) > 1 or room < 0:
            return None
        else:
            [(key, bound)] = value.items()
            key = exact(key)
            if not _is_plain(key):
                return _UNKNOWN
            name, _ = _names.get(key) or _name(key)
            inner = _one_line(bound, room - len(name) - 8, element=False)
            if not inner:
                return inner
            text = f"{{ {name} = {inner}; }}"
    return text if len(text) <= room else None


def _scalar(value: Value) -> str:
    """A string, number, variable or attribute of one; `_UNKNOWN` for all else."""
    kind = type(value)
    if kind is str:
        return literals.string(value)
    if kind is bool:
        return "true" if value else "false"
    if value is None:
        return "null"
    if kind is int or kind is float:
        return literals.number(value)
    if kind is expr.Ident:
        return str(value.name)
    if kind is expr.Select and type(value.target) is expr.Ident and value.default is MISSING:
        path = value.path
        if _is_plain(path):
            return ".".join((value.target.name, *map(literals.name, path)))
    return _UNKNOWN
