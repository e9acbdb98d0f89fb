"""Where things are in the drawing of the ZeroTier network."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# Lengths are in units of the drawing, which is as wide as a phone, so that it is read on one.
_WIDTH = 360
_BOX_WIDTH, _BOX_HEIGHT = 126, 38
_STEP = 48
_TOP = 26
_HUB = 29
_NAME_LENGTH = 14  # characters that a box has room for
_MOST = 24
"""How many boxes there are at most beside the controller and moons."""

_OUT_OF_ORDER = {"controller": 0, "moon": 1, "peer": 2, "device": 3}


@frozen(kw_only=True)
class Box:
    """A member of the network, or several that are drawn as one.

    Attributes:
        name: What stands in it, shortened where it is long.
        full_name: The name in full.
        words: What stands below the name: what it is.
        kind: "controller", "moon", "peer" or "device".
        state: The state of the machine; None for a device, and for several.
        address: Its address in the network; None when not known, and for several.
        several: Whether it stands for several.
        x: Where its left edge is.
        y: Where its upper edge is.
        line: The path from it to the middle, as SVG has it.
    """

    name: str
    full_name: str
    words: str
    kind: str
    state: str | None
    address: str | None
    several: bool
    x: float
    y: float
    line: str


@frozen(kw_only=True)
class MeshDrawing:
    """The drawing.

    Attributes:
        width: Its width.
        height: Its height.
        box_width: The width of each box.
        box_height: The height of each box.
        middle: Where its middle is, which stands for the network: x and y.
        radius: The radius of the middle.
        boxes: The boxes.
    """

    width: float
    height: float
    box_width: float
    box_height: float
    middle: tuple[float, float]
    radius: float
    boxes: tuple[Box, ...]


@frozen(kw_only=True)
class _Member:
    name: str
    words: str
    kind: str
    state: str | None = None
    address: str | None = None
    several: bool = True


def mesh_drawing(members: Sequence[Mapping[str, Any]]) -> MeshDrawing:
    """Lay out a network: the controller at the top, the others in two columns around the middle.

    Args:
        members: Its members, as `mesh_data` has them. Of many, those of a zone are one box.
    """
    shown = sorted(_shown(members), key=lambda each: _OUT_OF_ORDER[each.kind])
    top = [each for each in shown if each.kind == "controller"]
    others = shown[len(top) :]
    rows = (len(others) + 1) // 2
    first = _TOP + (_BOX_HEIGHT + 20 if top else 0)
    last = first + max(rows - 1, 0) * _STEP + _BOX_HEIGHT
    middle = (_WIDTH / 2, max((first + last) / 2, first + _HUB))
    boxes = [_box(each, (_WIDTH - _BOX_WIDTH) / 2, _TOP - 18, middle) for each in top]
    for index, each in enumerate(others):
        row, right = divmod(index, 2)
        x = _WIDTH - _BOX_WIDTH - 1 if right else 1
        boxes.append(_box(each, x, first + row * _STEP, middle))
    return MeshDrawing(
        width=_WIDTH,
        height=max(last, middle[1] + _HUB) + 8,
        box_width=_BOX_WIDTH,
        box_height=_BOX_HEIGHT,
        middle=middle,
        radius=_HUB,
        boxes=tuple(boxes),
    )


def _shown(members: Sequence[Mapping[str, Any]]) -> Iterable[_Member]:
    """Return what has a box: each member, or where they are many all peers of a zone together."""
    single = [*members]
    many: list[Mapping[str, Any]] = []
    if len(members) > _MOST:
        many = [each for each in members if _kind(each) in {"peer", "device"}]
        single = [each for each in members if _kind(each) not in {"peer", "device"}]
    found = [
        _Member(
            name=each["name"],
            words=" · ".join(filter(None, (" + ".join(each["roles"]), each["state"]))),
            kind=_kind(each),
            state=each["state"],
            address=each["address"],
            several=False,
        )
        for each in single
    ]
    return found + _grouped(many)


def _grouped(members: Iterable[Mapping[str, Any]]) -> list[_Member]:
    """Return a member for all of each zone, of the smallest zones one together."""
    members = [*members]
    counts = Counter(
        (_kind(each), each["zone"] or each["state"] or "devices") for each in members
    ).most_common()
    counts.sort(key=lambda each: (-each[1], each[0]))
    groups = [
        _Member(name=zone, words=_counted(count, kind), kind=kind)
        for (kind, zone), count in counts[: _MOST - 1]
    ]
    rest = counts[_MOST - 1 :]
    if rest:
        words = _counted(sum(each for _, each in rest), "peer")
        groups.append(_Member(name=f"{len(rest)} more zones", words=words, kind="peer"))
    return groups


def _counted(count: int, kind: str) -> str:
    return f"{count:,} {kind}{'' if count == 1 else 's'}"


def _kind(member: Mapping[str, Any]) -> str:
    return str(member["roles"][0])


def _box(member: _Member, x: float, y: float, middle: tuple[float, float]) -> Box:
    return Box(
        name=_short(member.name),
        full_name=member.name,
        words=member.words,
        kind=member.kind,
        state=member.state,
        address=member.address,
        several=member.several,
        x=x,
        y=y,
        line=_line(x, y, middle),
    )


def _line(x: float, y: float, middle: tuple[float, float]) -> str:
    """Return a path from the edge of a box that is next to the middle, to the middle's edge."""
    across, down = middle
    center = y + _BOX_HEIGHT / 2
    if x < across < x + _BOX_WIDTH:
        return f"M{across:g} {y + _BOX_HEIGHT:g}V{down - _HUB:g}"
    edge, side = (x + _BOX_WIDTH, -1) if x < across else (x, 1)
    end = across + side * _HUB
    bend = (edge + end) / 2
    return f"M{edge:g} {center:g}C{bend:g} {center:g} {bend:g} {down:g} {end:g} {down:g}"


def _short(name: str) -> str:
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 1]}…"
