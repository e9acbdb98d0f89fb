"""The differences between two meanings, each at its path."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from nixgen.files.meaning import term
from nixgen.files.meaning.term import Meaning, Term, elements, members, same
from nixgen.frozen import frozen
from nixgen.literals import name as spelled

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEPT = 20  # characters before the first that differs
_Around: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]


@frozen
class Difference:
    """One thing that two texts say otherwise, or that one of them says alone.

    Attributes:
        path: Where it is: attributes with dots between them, places in lists in brackets. Empty
            for all of the file.
        yours: What a person wrote, as Nix; empty where it says nothing there.
        generated: What is generated, likewise.
    """

    path: str
    yours: str
    generated: str

    def __str__(self) -> str:
        if self.yours and self.generated:
            path = f"{self.path}: " if self.path else ""
            return f"{path}{self.yours} → {self.generated}"
        whose = "only in yours" if self.yours else "only generated"
        path = f"{self.path} = " if self.path else ""
        return f"{whose}: {path}{self.yours or self.generated}"


@frozen
class Comparison:
    """What comes of comparing two meanings.

    Attributes:
        differences: What they differ in, in the order of the attributes' names.
        as_modules: Whether one has a function where the other has what it returns: that is the same
            to whoever takes both as modules, and to nobody else.
    """

    differences: tuple[Difference, ...]
    as_modules: bool


def compare(yours: Meaning, generated: Meaning, folder: str = "") -> Comparison:
    """Compare two meanings.

    Args:
        yours: What a person wrote means.
        generated: What is generated means.
        folder: Of the file that both stand in, to which paths that are shown are relative.
    """
    comparing = _Comparing(folder)
    found = tuple(comparing.differ(yours, generated, "", ((), ())))
    return Comparison(found, comparing.as_modules)


class _Comparing:
    """A comparison of what stands in one folder.

    `around` has the names of the arguments of the functions around each side.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.as_modules = False

    def differ(
        self, yours: Meaning, generated: Meaning, path: str, around: _Around
    ) -> Iterator[Difference]:
        if same(yours, generated):
            return
        inner = _as_module(yours, path, around), _as_module(generated, path, around)
        if _kind(yours) != _kind(generated) and inner != (yours, generated):
            self.as_modules = True
            yield from self.differ(*inner, path, around)
            return
        sets = members(yours), members(generated)
        lists = elements(yours), elements(generated)
        if sets[0] is not None and sets[1] is not None:
            yield from self.sets(sets[0], sets[1], path, around)
        elif lists[0] is not None and lists[1] is not None:
            yield from self.lists(yours, generated, path, around)
        elif isinstance(yours, Term) and isinstance(generated, Term) and _opens(yours, generated):
            if yours.tag == "lambda":
                around = (*around[0], yours.names[0]), (*around[1], generated.names[0])
            for one, other in zip(yours.parts, generated.parts, strict=True):
                yield from self.differ(one, other, path, around)
        else:
            yield self.whole(yours, generated, path, around)

    def sets(
        self, yours: dict[str, Meaning], generated: dict[str, Meaning], path: str, around: _Around
    ) -> Iterator[Difference]:
        for name in sorted({**yours, **generated}):
            inner = f"{path}.{spelled(name)}" if path else spelled(name)
            if name not in generated:
                yield self.alone(yours[name], inner, around, own=True)
            elif name not in yours:
                yield self.alone(generated[name], inner, around, own=False)
            else:
                yield from self.differ(yours[name], generated[name], inner, around)

    def lists(
        self, yours: Meaning, generated: Meaning, path: str, around: _Around
    ) -> Iterator[Difference]:
        mine, others = elements(yours) or (), elements(generated) or ()
        if len(mine) == len(others) and all(
            same(one, other) or (_opens(one, other) and not _is_call(one))
            for one, other in zip(mine, others, strict=True)
        ):
            for place, (one, other) in enumerate(zip(mine, others, strict=True)):
                yield from self.differ(one, other, f"{path}[{place}]", around)
            return
        whole = self.whole(yours, generated, path, around)
        if len(f"{whole.yours}{whole.generated}") <= term.LONGEST:
            yield whole
            return
        left, added = _lacking(mine, others), _lacking(others, mine)
        for each in left:
            yield self.alone(each, f"{path}[…]", around, own=True)
        for each in added:
            yield self.alone(each, f"{path}[…]", around, own=False)
        if not left and not added:
            yield Difference(path, "the same elements", "in another order, or not as often")

    def alone(self, meaning: Meaning, path: str, around: _Around, *, own: bool) -> Difference:
        while (inner := members(meaning)) and len(inner) == 1:
            ((name, meaning),) = inner.items()
            path = f"{path}.{spelled(name)}"
        said = term.show(meaning, around[0] if own else around[1], self.folder)
        return Difference(path, said if own else "", "" if own else said)

    def whole(self, yours: Meaning, generated: Meaning, path: str, around: _Around) -> Difference:
        if isinstance(yours, str) and isinstance(generated, str):
            yours, generated = _without_beginning(yours, generated)
        one = term.show(yours, around[0], self.folder)
        other = term.show(generated, around[1], self.folder)
        if one == other:
            cut = one.endswith("…")
            other = f"{other}, {'which goes on otherwise' if cut else 'of another function'}"
        return Difference(path, one, other)


def _kind(meaning: Meaning) -> str:
    if not isinstance(meaning, Term):
        return type(meaning).__name__
    return f"{meaning.atoms[0]} function" if meaning.tag == "lambda" else meaning.tag


def _opens(yours: Meaning, generated: Meaning) -> bool:
    """Tell whether two meanings differ in attributes within them, and not as a whole."""
    if not isinstance(yours, Term) or not isinstance(generated, Term):
        return False
    if yours.tag == generated.tag == "set":
        return True
    if (yours.tag, len(yours.parts)) != (generated.tag, len(generated.parts)):
        return False
    if yours.atoms != generated.atoms or not yours.parts or yours.tag in ("list", "with"):
        return False
    if yours.tag == "lambda":
        return True
    pairs = zip(yours.parts, generated.parts, strict=True)
    return all(same(one, other) or _opens(one, other) for one, other in pairs)


def _is_call(meaning: Meaning) -> bool:
    return isinstance(meaning, Term) and meaning.tag not in ("set", "lambda")


def as_module(meaning: Meaning, level: int = 0) -> Meaning:
    """Return what a module says that is a function and makes no use of what it is given.

    What is anything else is returned as it is.

    Args:
        meaning: Any.
        level: How many functions there are around it.
    """
    if not isinstance(meaning, Term) or meaning.tag != "lambda" or meaning.atoms[0] == "closed":
        return meaning
    (body,) = meaning.parts
    return meaning if term.uses(body, level) else term.raised(body, level)


def _as_module(meaning: Meaning, path: str, around: _Around) -> Meaning:
    """Return the same of what stands in a file, where `final: prev: { }` may be an overlay."""
    level = len(around[0])
    within = path or level
    plain = isinstance(meaning, Term) and meaning.atoms[:1] == ("plain",)
    return meaning if within and plain else as_module(meaning, level)


def _lacking(some: tuple[Meaning, ...], others: tuple[Meaning, ...]) -> list[Meaning]:
    """Return those of some that are not among others, as often as they are missing there."""
    lacking: list[Meaning] = []
    left: dict[str, list[Meaning]] = {}
    for each in others:
        left.setdefault(repr(each), []).append(each)
    for each in some:
        if found := left.get(repr(each)):
            found.pop()
        else:
            lacking.append(each)
    return lacking


def _without_beginning(one: str, other: str) -> tuple[str, str]:
    """Return two texts without most of what both begin with, where that is long."""
    common = next(
        (place for place, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
        min(len(one), len(other)),
    )
    cut = common - _KEPT
    if max(len(one), len(other)) < term.LONGEST // 2 or cut <= 0:
        return one, other
    return f"…{one[cut:]}", f"…{other[cut:]}"
