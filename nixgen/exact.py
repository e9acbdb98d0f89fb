"""Text, numbers and switches as exactly `str`, `int`, `float` and `bool`.

A subclass may say one thing when it is checked and another when it is written: a member of
`class N(str, Enum)` compares as its value and is formatted as "N.G". So a value is made exact when
it is stored, and nothing that a subclass overrides takes part in that.
"""

from collections.abc import Callable, Mapping
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
    if type(value) in _EXACT_TYPES:
        return value
    try:
        return _exact(value)
    except RecursionError:
        return value


def _exact(value: Any) -> Any:
    kind = type(value)
    if kind in _EXACT_TYPES:
        return value
    if issubclass(kind, str | int | float):
        return next(_EXACT_TYPES[base] for base in kind.__mro__ if base in _EXACT_TYPES)(value)
    if issubclass(kind, tuple | list):
        return _sequence(value)
    return _mapping(value) if issubclass(kind, Mapping) else value


def _sequence(value: Any) -> Any:
    items = [*map(_exact, value)]
    if all(new is old for new, old in zip(items, value, strict=True)):
        return value
    return items if isinstance(value, list) else tuple(items)


def _mapping(value: Mapping[Any, Any]) -> Mapping[Any, Any]:
    pairs = [(key, item, _exact(key), _exact(item)) for key, item in value.items()]
    if all(key is new_key and item is new for key, item, new_key, new in pairs):
        return value
    items = {}
    for _, _, key, item in pairs:
        if key in items:
            raise NixgenError(f"two keys of one mapping are {key!r}")
        items[key] = item
    return MappingProxyType(items) if type(value) is MappingProxyType else items
