"""Text, numbers and switches as exactly `str`, `int`, `float` and `bool`.

A subclass may say one thing when it is checked and another when it is written: a member of
`class N(str, Enum)` compares as its value and is formatted as "N.G". So a value is made exact when
it is stored, and nothing that a subclass overrides takes part in that.
"""

from collections.abc import Callable, Mapping
from functools import cache
from operator import is_
from types import MappingProxyType, NoneType
from typing import Any, Final, TypeVar

from nixgen.errors import NixgenError

_T = TypeVar("_T", bound=type[str])


def _unchanged(value: Any) -> Any:
    return value


_EXACT_TYPES: Final[dict[type, Callable[[Any], Any]]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    bool: _unchanged,
    NoneType: _unchanged,
}
"""Types that are exact, and what makes a value of a subclass one of them."""


def counts_as_exact(kind: _T) -> _T:
    """Let a subclass of `str` be exact itself, since it means something; for use as a decorator."""
    _EXACT_TYPES[kind] = lambda value: str.__new__(kind, str.__str__(value))
    return kind


def exact(value: Any) -> Any:
    """Return a value as it is written, also what tuples, lists and mappings hold.

    What is exact already is returned itself, and so is what nests too deep to look into.

    Raises:
        NixgenError: When two keys of a mapping become one.
    """
    kind = type(value)
    if kind in _EXACT_TYPES:
        return value
    try:
        return _maker(kind)(value)
    except RecursionError:
        return value


def _find_maker(kind: type) -> Callable[[Any], Any]:
    """Return what makes the values of a type exact."""
    if issubclass(kind, str | int | float):
        return next(_EXACT_TYPES[base] for base in kind.__mro__ if base in _EXACT_TYPES)
    if issubclass(kind, tuple | list):
        return _sequence
    return _mapping if issubclass(kind, Mapping) else _unchanged


_maker: Final[Callable[[type], Callable[[Any], Any]]] = cache(_find_maker)


def _sequence(value: Any) -> Any:
    if set(map(type, value)) <= _EXACT_TYPES.keys():
        return value
    made = [item if type(item) in _EXACT_TYPES else _maker(type(item))(item) for item in value]
    if all(map(is_, made, value)):
        return value
    return made if isinstance(value, list) else tuple(made)


def _mapping(value: Mapping[Any, Any]) -> Mapping[Any, Any]:
    given = [part for pair in value.items() for part in pair]
    if set(map(type, given)) <= _EXACT_TYPES.keys():
        return value
    made = [part if type(part) in _EXACT_TYPES else _maker(type(part))(part) for part in given]
    if all(map(is_, made, given)):
        return value
    items = {}
    for key, item in zip(made[::2], made[1::2], strict=True):
        if key in items:
            raise NixgenError(f"two keys of one mapping are {key!r}")
        items[key] = item
    return MappingProxyType(items) if type(value) is MappingProxyType else items
