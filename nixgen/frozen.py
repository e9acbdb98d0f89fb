"""attrs' `frozen`, for classes that share how they compare and print.

attrs compiles these methods anew for each class, which is half of what defining one takes, and a
commit waits for some seventy.
"""

from typing import TYPE_CHECKING, Any

import attrs

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


_SHARED = {"__eq__": _equal, "__hash__": _hash, "__repr__": _repr}

if TYPE_CHECKING:
    from attrs import frozen
else:

    def frozen(cls: type | None = None, /, **options: Any) -> Any:
        """Do what `attrs.frozen` does; a class's own methods win."""
        if cls is None:
            return lambda cls: frozen(cls, **options)
        for name, method in _SHARED.items():
            if name not in cls.__dict__:
                setattr(cls, name, method)
        return attrs.frozen(cls, **options)
