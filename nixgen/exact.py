"""Text, numbers and switches as exactly `str`, `int`, `float` and `bool`.

A subclass may say one thing when it is checked and another when it is written: a member of
`class N(str, Enum)` compares as its value and is formatted as "N.G". So what is kept is made exact
when it comes in, and nothing that a subclass overrides is asked for it.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType, NoneType
from typing import Any, Final, TypeVar

from nixgen.errors import NixgenError

_T = TypeVar("_T", bound=type[str])


def _same(value: Any) -> Any:
    return value


_KEPT: Final[dict[type, Callable[[Any], Any]]] = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    bool: _same,
    NoneType: _same,
}
"""Types that are exact, and what makes a value of a subclass one of them."""


def kept(kind: _T) -> _T:
    """Let a subclass of `str` be exact itself, since it means something; for use as a decorator."""
    _KEPT[kind] = lambda value: str.__new__(kind, str.__str__(value))
    return kind


def exact(value: Any) -> Any:
    """Return a value as it is written, also what tuples, lists and mappings hold.

    What is exact already is returned itself, and so is what nests too deep to look into.

    Raises:
        NixgenError: When two keys of a mapping become one.
    """
    if type(value) in _KEPT:
        return value
    try:
        return _exact(value)
    except RecursionError:
        return value


def _exact(value: Any) -> Any:
    kind = type(value)
    if kind in _KEPT:
        return value
    if issubclass(kind, str | int | float):
        return next(_KEPT[base] for base in kind.__mro__ if base in _KEPT)(value)
    if issubclass(kind, tuple | list):
        return _sequence(value)
    return _mapping(value) if issubclass(kind, Mapping) else value


def _sequence(value: Any) -> Any:
    for item in value:
        if type(item) not in _KEPT:
            break
    else:
        return value
    made = [*map(_exact, value)]
    if all(one is other for one, other in zip(made, value, strict=True)):
        return value
    return made if isinstance(value, list) else tuple(made)


def _mapping(value: Mapping[Any, Any]) -> Mapping[Any, Any]:
    for key, item in value.items():
        if type(key) not in _KEPT or type(item) not in _KEPT:
            break
    else:
        return value
    pairs = [(key, item, _exact(key), _exact(item)) for key, item in value.items()]
    if all(key is name and item is held for key, item, name, held in pairs):
        return value
    made = {}
    for _, _, name, held in pairs:
        if name in made:
            raise NixgenError(f"two keys of one mapping are {name!r}")
        made[name] = held
    return MappingProxyType(made) if type(value) is MappingProxyType else made
