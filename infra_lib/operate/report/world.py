"""Where things are on the map of the world."""

from __future__ import annotations

from functools import cache
from math import dist
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# A map in which a degree is as long in every direction, everywhere. It is drawn by hand in the file
# beside this one: a character for each 2.5 degrees, from west to east and from north to south.
_LAND = "land.txt"
_STEP = 2.5
_NORTH, _WEST, _EAST = 80.0, -180.0, 180.0
_MARGIN = 24.0
_LEAST_WIDTH = 190.0
_LEAST_SHAPE = 0.45  # the height by the width


@frozen(kw_only=True)
class Mark:
    """A mark on the map, of one place or of several that are near each other.

    Attributes:
        number: What stands in it, and beside the places in the table: 1, 2, ….
        x: Where it is.
        y: Where it is.
        on: Whether a machine there is on.
        words: The places and how many machines are there.
    """

    number: int
    x: float
    y: float
    on: bool
    words: str


@frozen(kw_only=True)
class Map:
    """The map.

    Attributes:
        x: Where its left edge is, in degrees east of its western end.
        y: Where its upper edge is, in degrees south of its northern end.
        width: Its width in degrees.
        height: Its height in degrees.
        step: How far apart the points of the land are.
        land: A path whose lines go through the points that are land, in steps.
        radius: The radius of marks.
        marks: The marks.
        numbers: The number of the mark of each of the places; None of one that is not on the map.
    """

    x: float
    y: float
    width: float
    height: float
    step: float
    land: str
    radius: float
    marks: tuple[Mark, ...]
    numbers: tuple[int | None, ...]


def world_map(places: Sequence[Mapping[str, Any]], on: Sequence[int]) -> Map | None:
    """Draw the part of the world where machines are.

    Args:
        places: The places, as `report_data` has them.
        on: How many of the machines of each are on.

    Returns:
        The map; None where nobody knows where any of them is.
    """
    known = [index for index, place in enumerate(places) if place["latitude"] is not None]
    if not known:
        return None
    x, y, width, height = _part([_point(places[index]) for index in known])
    radius = width / 40
    groups: list[list[int]] = []
    for index in sorted(known, key=lambda index: _point(places[index])):
        here = _point(places[index])
        near = (each for each in groups if dist(here, _point(places[each[0]])) < 2 * radius)
        group = next(near, None)
        if group is None:
            groups.append([index])
        else:
            group.append(index)
    numbers: list[int | None] = [None] * len(places)
    for number, group in enumerate(groups, start=1):
        for index in group:
            numbers[index] = number
    return Map(
        x=x,
        y=y,
        width=width,
        height=height,
        step=_STEP,
        land=_land(),
        radius=round(radius, 1),
        marks=tuple(
            _mark(number, [places[index] for index in group], sum(on[index] for index in group))
            for number, group in enumerate(groups, start=1)
        ),
        numbers=tuple(numbers),
    )


def _point(place: Mapping[str, Any]) -> tuple[float, float]:
    """Return where a place is on the map of the whole world."""
    return round(place["longitude"] - _WEST, 1), round(_NORTH - place["latitude"], 1)


def _mark(number: int, places: Sequence[Mapping[str, Any]], on: int) -> Mark:
    machines = sum(len(place["machines"]) for place in places)
    x, y = _point(places[0])
    names = ", ".join(dict.fromkeys(place["place"] for place in places))
    return Mark(
        number=number,
        x=x,
        y=y,
        on=on > 0,
        words=f"{names}: {on} of {machines} on",
    )


def _part(points: Sequence[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Return the part of the map that has all points and something around them, in its shape."""
    across, down = zip(*points, strict=True)
    left, right = _span(min(across), max(across), _LEAST_WIDTH, 0, _EAST - _WEST)
    width = round(right - left, 1)
    top, bottom = _span(min(down), max(down), width * _LEAST_SHAPE, 0, len(_rows()) * _STEP)
    return left, top, width, round(bottom - top, 1)


def _span(
    least: float, most: float, length: float, first: float, last: float
) -> tuple[float, float]:
    """Return an interval with a margin around another, at least that long, between two ends."""
    missing = max(length - (most - least + 2 * _MARGIN), 0) / 2
    start, end = least - _MARGIN - missing, most + _MARGIN + missing
    start, end = start - max(end - last, 0), end + max(first - start, 0)
    return round(max(start, first), 1), round(min(end, last), 1)


@cache
def _rows() -> list[str]:
    return Path(__file__).with_name(_LAND).read_text(encoding="utf-8").splitlines()


def _land() -> str:
    """Return a path with a line for each run of land, which ends a little after its last point."""
    lines = []
    for y, row in enumerate(_rows()):
        x = 0
        while (start := row.find("#", x)) >= 0:
            x = start + 1
            while row[x : x + 1] == "#":
                x += 1
            lines.append(f"M{start} {y}h{x - start - 1}.01")
    return "".join(lines)
