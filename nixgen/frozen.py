"""attrs' `frozen`, for classes that hold what is exact, and share how they compare and print.

attrs compiles these methods anew for each class, which is half of what defining one takes, and a
commit waits for some seventy.
"""

from typing import TYPE_CHECKING, Any

import attrs

from nixgen.exact import exact

__all__ = ["frozen"]


def _equal(self: Any, other: Any) -> Any:
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


_EXACT = attrs.Converter(exact)


def _converted(_: type, fields: list[Any]) -> list[Any]:
    """Have each field made exact, after its own conversion and before anything looks at it."""
    for each in fields:
        if not each.inherited:
            # attrs made it for this class alone; its `evolve` is slow.
            object.__setattr__(each, "converter", _then_exact(each.converter))
    return fields


def _then_exact(own: Any) -> Any:
    if own is None:
        return _EXACT
    if isinstance(own, attrs.Converter):  # it may want the object or the field too
        return attrs.converters.pipe(own, exact)
    return lambda value: exact(own(value))


_SHARED = {"__eq__": _equal, "__hash__": _hash, "__repr__": _repr}

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
        return attrs.frozen(cls, field_transformer=_converted, **options)
