"""attrs' `frozen`, for classes that hold what is exact, and share how they compare, print and copy.

attrs compiles these methods anew for each class, which is half of what defining one takes. A commit
waits for more than sixty, and sharing them saves an eighth of that wait.
"""

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from nixgen.exact import exact

__all__ = ["frozen"]


def _compare(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    compared = (each.name for each in self.__attrs_attrs__ if each.eq)
    return all(getattr(self, name) == getattr(other, name) for name in compared)


def _hash(self: Any) -> int:
    values = (
        getattr(self, each.name)
        for each in self.__attrs_attrs__
        if (each.eq if each.hash is None else each.hash)
    )
    return hash((type(self), *values))


def _repr(self: Any) -> str:
    values = (
        f"{each.name}={getattr(self, each.name)!r}" for each in self.__attrs_attrs__ if each.repr
    )
    return f"{type(self).__name__}({', '.join(values)})"


def _copy(self: Any, _memo: object = None) -> Any:
    """Return the value itself: what never changes is its own copy, also in depth."""
    return self


def _reduce(self: Any) -> tuple[Any, ...]:
    """Say how to make an equal one, for pickle: from its fields, which are checked again."""
    given = {
        each.alias: _picklable(getattr(self, each.name))
        for each in self.__attrs_attrs__
        if each.init
    }
    return _rebuild, (type(self), given)


def _rebuild(cls: Any, given: dict[str, Any]) -> Any:
    rebuilt = cls.__new__(cls)
    # A class that has an __init__ of its own, with other arguments, has that of attrs beside it.
    own = next(base.__dict__ for base in cls.__mro__ if "__attrs_attrs__" in base.__dict__)
    own.get("__attrs_init__", own["__init__"])(rebuilt, **given)
    return rebuilt


def _picklable(value: Any) -> Any:
    """Return a value with mappings that pickle takes for those that it does not."""
    if isinstance(value, dict | MappingProxyType):
        return {_picklable(key): _picklable(item) for key, item in value.items()}
    if type(value) in (tuple, list):
        return type(value)(map(_picklable, value))
    return value


_EXACT = attrs.Converter(exact)


def _convert_fields(_: type, fields: list[Any]) -> list[Any]:
    """Have each field made exact, after its own conversion and before anything looks at it.

    One that is inherited has that converter from its own class.
    """
    for each in fields:
        if not each.inherited:
            # attrs made it for this class a moment ago, and does the same: `evolve` is slow.
            object.__setattr__(each, "converter", _then_exact(each.converter))
    return fields


def _then_exact(own: Any) -> Any:
    if own is None:
        return _EXACT
    if isinstance(own, attrs.Converter):  # it may want the object or the field too
        return attrs.converters.pipe(own, exact)
    return lambda value: exact(own(value))


_SHARED = {
    "__copy__": _copy,
    "__deepcopy__": _copy,
    "__eq__": _compare,
    "__hash__": _hash,
    "__reduce__": _reduce,
    "__repr__": _repr,
}

if TYPE_CHECKING:
    from attrs import frozen
else:

    def frozen(cls: type | None = None, /, **options: Any) -> Any:
        """Do what `attrs.frozen` does, with fields that hold what is exact; see `nixgen.exact`.

        A class's own methods win.
        """
        if cls is None:
            return lambda cls: frozen(cls, **options)
        for name, method in _SHARED.items():
            if name not in cls.__dict__:
                setattr(cls, name, method)
        return attrs.frozen(cls, field_transformer=_convert_fields, **options)
