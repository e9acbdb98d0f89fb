"""Documents, and how they are laid out in lines.

A document says which pieces of text belong together and where a line may end; `layout` decides
where lines do end. It decides as nixfmt does (RFC 166), so that nixfmt finds nothing to change.
What matters here:

- A group stays on one line if it fits, with the unbreakable start of what follows it. Otherwise all
  of its own breaks become line ends, and its inner groups are tried one by one.
- Before a group is broken up, its *priority* groups are tried, last first: one of them is broken up
  while all before and after it stays on one line. The last argument of a call is one, so `f a {`
  can end a line.
- A *transparent* group hands its priority groups to the group around it.
- Soft breaks are decided one by one: they end the line only if what follows does not fit.
- Indentation is not counted; a line is too long when its text exceeds 100 characters. So the layout
  of a binding does not depend on how deep it stands.
- Text one level deeper is indented by two spaces more, once for each line that opens levels,
  however many levels that line opens.

A document is a list of pieces:

- `str`: text without line breaks.
- a spacing (`SPACE`, `LINE`, …): what parts two texts. Neighbouring spacings are one, mostly the
  wider.
- a list: a document, mostly of a function below: `group`, `nest` and the like.
- `(COMMENT, text)`, `(TRAILING_COMMENT, text)`: text whose width does not count.
- `(IF_BROKEN, text)`: text that is only there when its group is broken up.
- a function: called when its turn comes, it returns a document. This is how a rule for an
  expression hands over to the rules for its parts without recursion: depth costs memory, not stack.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeAlias

from nixgen.frozen import frozen

WIDTH: Final = 100
INDENT: Final = 2

# Spacings, weakest first.
SOFT_BREAK: Final = 0
"""Nothing, or a line end if what follows does not fit."""
BREAK: Final = 1
"""Nothing, or a line end if the group is broken up."""
SPACE: Final = 2
"""A space."""
SOFT_LINE: Final = 3
"""A space, or a line end if what follows does not fit."""
LINE: Final = 4
"""A space, or a line end if the group is broken up."""
NEWLINE: Final = 5
"""A line end."""
BLANK: Final = 6
"""A line end and an empty line."""
TEXT_NEWLINE: Final = 7
"""A line end inside of a text of several lines; these add up. `TEXT_NEWLINE + n` are n more."""

# Marks.
_GROUP: Final = -1
_PRIORITY: Final = -2
_TRANSPARENT: Final = -3
_ONE_LINE: Final = -4
_SURELY_ONE_LINE: Final = -5
_END: Final = -6
_NEST: Final = -7
_UNNEST: Final = -8
_SHORT: Final = -9
_OFFSET: Final = -10

# Kinds of text.
TEXT: Final = 0
COMMENT: Final = 1
TRAILING_COMMENT: Final = 2
IF_BROKEN: Final = 3

Piece: TypeAlias = "str | int | tuple[int, Any] | Sequence[Piece] | Callable[[], Doc]"
Doc: TypeAlias = "list[Piece]"


def group(*pieces: Piece) -> Doc:
    """Pieces that stay on one line if they fit."""
    return [_GROUP, *pieces, _END]


def priority(*pieces: Piece) -> Doc:
    """A group that is tried to be broken up before the one around it."""
    return [_PRIORITY, *pieces, _END]


def transparent(*pieces: Piece) -> Doc:
    """A group that hands its priority groups to the one around it."""
    return [_TRANSPARENT, *pieces, _END]


def nest(*pieces: Piece) -> Doc:
    """Pieces one level deeper."""
    return [_NEST, *pieces, _UNNEST]


def unnest(*pieces: Piece) -> Doc:
    """Pieces one level less deep."""
    return [_UNNEST, *pieces, _NEST]


def offset(spaces: int, *pieces: Piece) -> Doc:
    """Pieces with so many spaces more before each line."""
    return [(_OFFSET, spaces), *pieces, (_OFFSET, -spaces)]


def on_one_line(told: list[bool], *pieces: Piece) -> Doc:
    """Pieces that are kept on one line if nothing in them ends a line.

    Args:
        told: Gets appended whether they are, when they were laid out.
        pieces: The pieces.
    """
    return [(_ONE_LINE, told), *pieces, _END]


def surely_on_one_line(*pieces: Piece) -> Doc:
    """Pieces of which nothing ends a line."""
    return [_SURELY_ONE_LINE, *pieces, _END]


def short(most: int, *pieces: Piece) -> Doc:
    """Pieces that are kept on one line if they can be and have at most so many characters.

    Otherwise they are one level deeper, with a `BREAK` at their start and end.
    """
    return [(_SHORT, most), *pieces, _END]


class Owned(int):
    """A `LINE` whose breaking somebody wants to know of.

    Attributes:
        owner: Who is to be in `Laid.broken` when it became a line end.
    """

    owner: object

    @classmethod
    def line(cls, owner: object) -> "Owned":
        """A `LINE` of that owner."""
        made = cls(LINE)
        made.owner = owner
        return made


@frozen
class Laid:
    """A document in lines.

    Attributes:
        text: The lines, without indentation before the first or a line end after the last.
        broken: The owners of the `Owned` lines that became line ends.
        soft: Whether a soft break had to be decided, which looks ahead at what is broken after it.
    """

    text: str
    broken: list[object]
    soft: bool


_Text: TypeAlias = "tuple[int, int, int, str]"
"""Kind, level, offset and the text."""


class _Group:
    """Elements that are on one line together, or not.

    Attributes:
        kind: `_GROUP`, `_PRIORITY` or `_TRANSPARENT`.
        items: The elements.
        flat: How it is on one line; `None` if it cannot be, or is too wide for any line.
    """

    __slots__ = ("flat", "items", "kind")

    def __init__(self, kind: int, items: "list[_Element]") -> None:
        self.kind = kind
        self.items = items
        self.flat = _flat(items)


_Element: TypeAlias = "int | _Text | _Group"


class _Flat:
    """Elements on one line.

    Attributes:
        lead: 1 if it starts with a space that parts it from what is before, else 0.
        text: What is between.
        trail: 1 if it ends in such a space, else 0.
        width: Characters of text that count.
    """

    __slots__ = ("lead", "text", "trail", "width")

    def __init__(self, lead: int, text: str, trail: int, width: int) -> None:
        self.lead = lead
        self.text = text
        self.trail = trail
        self.width = width


def _flat(items: "Iterable[_Element]") -> _Flat | None:
    """The elements on one line, or `None` if one of them ends a line or they are too wide."""
    parts: list[str] = []
    width = space = lead = 0
    for item in items:
        if isinstance(item, tuple):
            kind, _, _, text = item
            if kind == IF_BROKEN:
                continue
            trail = 0
            counted = len(text) if kind == TEXT else 0
        elif isinstance(item, _Group):
            inner = item.flat
            if inner is None:
                return None
            space |= inner.lead
            text, trail, counted = inner.text, inner.trail, inner.width
        else:
            if item >= NEWLINE:
                return None
            if item >= SPACE:
                space = 1
            continue
        if space:
            if parts:
                parts.append(" ")
                width += 1
            else:
                lead = 1
        parts.append(text)
        width += counted
        if width > WIDTH:
            return None
        space = trail
    return _Flat(lead, "".join(parts), space, width)


# From pieces to elements --------------------------------------------------------------------------


def _merge(one: int, other: int) -> int:
    """The one spacing that two neighbours are."""
    weak, strong = (one, other) if one <= other else (other, one)
    if strong >= TEXT_NEWLINE:
        if weak >= BLANK:
            return weak + strong - BLANK + (weak == BLANK) * 2
        return strong if weak == SPACE else strong + 1
    if weak == BREAK and strong in (SPACE, SOFT_LINE):
        return LINE
    if weak == SOFT_BREAK and strong == SPACE:
        return SOFT_LINE
    return strong


def _add(items: list[_Element], item: _Element) -> None:
    """Append an element; neighbouring spacings, and neighbouring texts of a kind, become one."""
    if items:
        last = items[-1]
        if isinstance(item, int):
            if isinstance(last, int):
                items[-1] = _merge(last, item)
                return
        elif isinstance(item, tuple) and isinstance(last, tuple) and item[0] == last[0]:
            items[-1] = (last[0], last[1], last[2], last[3] + item[3])
            return
    items.append(item)


def _is_hard(item: _Element) -> bool:
    """Whether this is a spacing that is the same in a broken group."""
    return isinstance(item, int) and (item == SPACE or item >= NEWLINE)


def _close(kind: int, items: list[_Element], outer: list[_Element]) -> None:
    """Put a finished group into the one around it.

    Hard spacing at its edges, and comments at its start, move out: they are not a reason to break
    it.
    """
    start, stop = 0, len(items)
    while start < stop and (_is_hard(items[start]) or _is_comment(items[start])):
        _add(outer, items[start])
        start += 1
    while stop > start and _is_hard(items[stop - 1]):
        stop -= 1
    body = items if stop - start == len(items) else items[start:stop]
    if body:
        only = body[0]
        outer.append(
            only
            if len(body) == 1 and isinstance(only, _Group) and only.kind == kind
            else _Group(kind, body)
        )
    for item in items[stop:]:
        _add(outer, item)


def _is_comment(item: _Element) -> bool:
    return isinstance(item, tuple) and item[0] in (COMMENT, TRAILING_COMMENT)


def _on_one_line(items: Iterable[_Element], raised: int = 0) -> Iterator[_Element]:
    """The elements with every spacing as it is on one line, no groups, and so many levels less."""
    stack = [iter(items)]
    while stack:
        for item in stack[-1]:
            if isinstance(item, int):
                if item >= SPACE:
                    yield SPACE
            elif isinstance(item, tuple):
                yield (item[0], item[1] - raised, item[2], item[3]) if raised else item
            else:
                stack.append(iter(item.items))
                break
        else:
            stack.pop()


def _build(doc: Doc) -> list[_Element]:
    """The elements of a document."""
    items: list[_Element] = []
    open_groups: list[tuple[int, list[_Element], Any]] = []
    level = offset = sure = width = hard = 0
    pieces: list[Iterator[Any]] = [iter(doc)]
    while pieces:
        for piece in pieces[-1]:
            kind = piece.__class__
            if kind is str:
                width += len(piece)
                last = items[-1] if items else 0
                if isinstance(last, tuple) and last[0] == TEXT:
                    items[-1] = (TEXT, last[1], last[2], last[3] + piece)
                elif piece:
                    items.append((TEXT, level, offset, piece))
            elif kind is int or kind is Owned:
                if piece >= 0:
                    if piece >= NEWLINE:
                        hard += 1
                    elif piece >= SPACE:
                        width += 1
                    _add(items, piece)
                elif piece == _NEST:
                    level += 1
                elif piece == _UNNEST:
                    level -= 1
                elif piece != _END:
                    inner: list[_Element] = []
                    if items and items[-1] == SPACE and piece >= _TRANSPARENT:
                        inner.append(SPACE)
                        items.pop()
                    open_groups.append((piece, items, (0, width, hard)))
                    sure += piece == _SURELY_ONE_LINE
                    items = inner
                else:
                    mark, outer, (value, width_before, hard_before) = open_groups.pop()
                    if mark >= _TRANSPARENT:
                        _close(mark, items, outer)
                    else:
                        sure -= mark == _SURELY_ONE_LINE
                        fits = hard == hard_before and (
                            mark != _SHORT or width - width_before <= value
                        )
                        if mark == _ONE_LINE:
                            value.append(fits or sure > 0)
                        level -= mark == _SHORT
                        kept: Iterable[_Element] = items
                        if fits and mark == _SHORT:
                            kept = _on_one_line(items, raised=1)
                        elif (
                            fits and not sure
                        ):  # else what is around this puts all of it on one line
                            kept = _on_one_line(items)
                        elif mark == _SHORT:
                            kept = (BREAK, *items, BREAK)
                        for item in kept:
                            _add(outer, item)
                    items = outer
            elif kind is list:
                if piece:
                    pieces.append(iter(piece))
                    break
            elif kind is tuple:
                mark, value = piece
                if mark == _OFFSET:
                    offset += value
                elif mark in (_SHORT, _ONE_LINE):
                    level += mark == _SHORT
                    open_groups.append((mark, items, (value, width, hard)))
                    items = []
                else:
                    width += len(value)
                    _add(items, (mark, level, offset, value))
            else:
                pieces.append(iter(piece()))
                break
        else:
            pieces.pop()
    return items


# From elements to lines ---------------------------------------------------------------------------

_Frame: TypeAlias = Any
"""What is still to be written: elements, the index of the next one, the frame after them (`None` at
the end), and the `_Attempt` to be settled on arriving here, or `None`."""


class _Attempt:
    """A try to break up one priority group of a group, to be kept or taken back.

    Attributes:
        group: The group.
        index: Which of its priority groups, counted from the first.
        after: The frame after the group.
        post: What comes after the priority group, on one line; `None` if nothing does.
        state: Column, indentation and lengths of what was written before the group.
    """

    __slots__ = ("after", "group", "index", "post", "state")

    def __init__(
        self, group: _Group, index: int, after: _Frame, post: _Flat | None, state: Any
    ) -> None:
        self.group = group
        self.index = index
        self.after = after
        self.post = post
        self.state = state


def _start_width(frame: _Frame) -> int:
    """Characters up to the first place where a line can end; over `WIDTH` means at least that."""
    width = space = 0
    while frame is not None and width <= WIDTH:
        items, index, frame, _ = frame
        stack = [(items, index)]
        while stack:
            items, index = stack.pop()
            for position in range(index, len(items)):
                item = items[position]
                if isinstance(item, int):
                    if item != SPACE:
                        return width
                    space = 1
                elif isinstance(item, tuple):
                    kind, _, _, text = item
                    width += space if kind in (COMMENT, TRAILING_COMMENT) else space + len(text)
                    space = 0
                    if width > WIDTH:
                        return width
                else:
                    stack.append((items, position + 1))
                    stack.append((item.items, 0))
                    break
    return width + space


def _fits_softly(room: int, frame: _Frame) -> bool:
    """Whether what follows, up to the first line end, fits in so many characters.

    Groups stay whole if they can.
    """
    used = space = 0
    while frame is not None:
        items, index, frame, _ = frame
        while index < len(items):
            if used > room:
                return False
            item = items[index]
            index += 1
            if isinstance(item, int):
                if item != SPACE:
                    return used <= room
                space = 1
                continue
            used += space
            space = 0
            if isinstance(item, tuple):
                if item[0] == TEXT:
                    used += len(item[3])
                continue
            flat = item.flat
            rest = (items, index, frame, None)
            if (
                flat is not None
                and flat.lead + flat.width + flat.trail + used + _start_width(rest) <= WIDTH
            ):
                used += flat.lead + len(flat.text) + flat.trail
            else:
                items, index, frame = item.items, 0, rest
    return used + space <= room


def _place(items: Iterable[_Element]) -> tuple[int, int]:
    """Level and offset of the first text."""
    stack = [iter(items)]
    while stack:
        for item in stack[-1]:
            if isinstance(item, tuple):
                return item[1], item[2]
            if isinstance(item, _Group):
                stack.append(iter(item.items))
                break
        else:
            stack.pop()
    return 0, 0


def _dissolve(group: _Group) -> list[_Element]:
    """The elements of a group, with those of its transparent groups in place of these."""
    found: list[_Element] = []
    stack = [iter(group.items)]
    while stack:
        for item in stack[-1]:
            if isinstance(item, _Group) and item.kind == _TRANSPARENT:
                stack.append(iter(item.items))
                break
            found.append(item)
        else:
            stack.pop()
    return found


def _compact(items: list[_Element]) -> list[_Element]:
    """The elements with their spacing, also that of priority groups, as on one line."""
    opened: list[_Element] = []
    for item in items:
        if isinstance(item, _Group) and item.kind == _PRIORITY:
            opened += item.items
        else:
            opened.append(item)
    return [
        SPACE if isinstance(item, int) else item
        for item in opened
        if not isinstance(item, int) or item >= SPACE
    ]


def layout(doc: Piece, indent: int = 0, *, whole: bool = False) -> Laid:
    """Lay a document out in lines.

    Args:
        doc: The document.
        indent: Spaces before each line but the first.
        whole: Whether nothing stands around it, so that a comment at its start counts as little as
            others when it is tried on one line.
    """
    items = _build(group(doc))
    return _Writer(indent).write([_Group(_GROUP, items)] if whole else items)


class _Writer:
    """The state of laying out: what was written, and where the cursor is.

    Attributes:
        out: The text written.
        broken: The owners of lines that were broken.
        column: Characters on this line, without indentation; 0 means that its indentation is not
            written.
        margin: The indentation of this line, the level it belongs to, and the same of the levels
            around it.
        soft: Whether a soft break was decided.
    """

    def __init__(self, indent: int) -> None:
        self.out: list[str] = []
        self.broken: list[object] = []
        self.column = 0
        self.margin: tuple[int, int, Any] = (indent, 0, None)
        self.soft = False

    def text(self, level: int, offset: int, text: str) -> None:
        """Write text, after the indentation of its level when it is the first of a line."""
        margin = self.margin
        while margin[1] > level:
            margin = margin[2]
        if margin[1] < level:
            margin = (margin[0] if self.column else margin[0] + INDENT, level, margin)
        self.margin = margin
        if not self.column:
            self.out.append(" " * (margin[0] + offset))
        self.out.append(text)
        self.column += len(text)

    def on_one_line(self, flat: _Flat | None, items: Iterable[_Element], after: _Frame) -> bool:
        """Write elements on this line if they fit, with the start of what is after them."""
        if flat is None:
            return False
        lead = flat.lead if self.column else 0
        used = self.column + lead + flat.width + flat.trail
        if used > WIDTH or used + _start_width(after) > WIDTH:
            return False
        if self.column:
            if lead:
                self.out.append(" ")
            self.out.append(flat.text)
            self.column += lead + len(flat.text)
        elif flat.text:
            level, offset = _place(items)
            self.text(level, offset, flat.text)
        if flat.trail:
            self.out.append(" ")
            self.column += 1
        return True

    def write(self, items: list[_Element]) -> Laid:
        """Write all elements."""
        index = 0
        after: _Frame = None
        while True:
            if index == len(items):
                if after is None:
                    return Laid("".join(self.out).strip(), self.broken, self.soft)
                items, index, after, attempt = after
                if attempt is not None:
                    if attempt.post is None or self.on_one_line(attempt.post, items, after):
                        index = len(items)
                    else:
                        self.column, self.margin, written, broken = attempt.state
                        del self.out[written:], self.broken[broken:]
                        items, index, after = self.break_up(
                            attempt.group, attempt.after, attempt.index
                        )
                continue
            item = items[index]
            index += 1
            if isinstance(item, tuple):
                self.text(item[1], item[2], item[3])
            elif isinstance(item, int):
                if self.column:
                    self.space(item, (items, index, after, None))
            else:
                rest = (items, index, after, None)
                if not self.on_one_line(item.flat, item.items, rest):
                    items, index, after = self.break_up(item, rest, None)

    def space(self, spacing: int, after: _Frame) -> None:
        """Write a spacing of a group that is broken up, within a line."""
        if spacing == SPACE:
            self.out.append(" ")
            self.column += 1
        elif spacing == SOFT_LINE and _fits_softly(WIDTH - self.column - 1, after):
            self.soft = True
            self.out.append(" ")
            self.column += 1
        elif spacing == SOFT_BREAK and _fits_softly(WIDTH - self.column, after):
            self.soft = True
        else:
            self.soft |= spacing in (SOFT_BREAK, SOFT_LINE)
            if isinstance(spacing, Owned):
                self.broken.append(spacing.owner)
            self.out.append(
                "\n" * (1 if spacing <= NEWLINE else 2 if spacing == BLANK else spacing - BLANK)
            )
            self.column = 0

    def break_up(
        self, group: _Group, after: _Frame, last: int | None
    ) -> tuple[list[_Element], int, _Frame]:
        """Where to go on with a group that does not fit.

        Args:
            group: The group.
            after: The frame after it.
            last: The priority group that was broken up in vain; `None` if none was yet.

        Returns:
            Elements, index and frame: of the next priority group that can be broken up, or of all
            elements.
        """
        if group.kind != _TRANSPARENT:
            parts = _dissolve(group)
            places = [
                at
                for at, part in enumerate(parts)
                if isinstance(part, _Group) and part.kind == _PRIORITY
            ]
            for which in reversed(range(len(places) if last is None else last)):
                at = places[which]
                pre = _flat(islice(parts, at))
                post = _flat(islice(parts, at + 1, None)) if pre is not None else None
                part = parts[at]
                if pre is None or post is None or not isinstance(part, _Group):
                    continue
                state = (self.column, self.margin, len(self.out), len(self.broken))
                alone = at + 1 == len(parts)
                attempt = _Attempt(group, which, after, None if alone else post, state)
                rest = (_compact(parts[at + 1 :]), 0, after, attempt)
                if not at or self.on_one_line(pre, islice(parts, at), (part.items, 0, rest, None)):
                    return part.items, 0, rest
        return group.items, 0, after
