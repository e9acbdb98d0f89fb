"""Subclasses of plain types that answer nothing: whoever asks them something fails."""

from enum import Enum, IntEnum
from typing import Any

_LEFT = {"__class__", "__getattribute__", "__init__", "__init_subclass__", "__new__"}
_LEFT |= {"__subclasshook__", "__dir__", "__setattr__", "__delattr__", "__getstate__"}


def _silent(kind: type) -> dict[str, Any]:
    """Every method of a type, each an error to call."""

    def asked(*_: object, **__: object) -> Any:
        raise AssertionError(f"a subclass of {kind.__name__} was asked")

    methods = {name for name in dir(kind) if callable(getattr(kind, name))} - _LEFT
    # A mapping that holds it as a key has to find it again.
    found = {"__hash__": object.__hash__, "__eq__": lambda self, other: self is other}
    return dict.fromkeys(methods, asked) | found


HostileStr: Any = type("HostileStr", (str,), _silent(str))
HostileInt: Any = type("HostileInt", (int,), _silent(int))
HostileFloat: Any = type("HostileFloat", (float,), _silent(float))


def hostile(value: Any) -> Any:
    """Return a value with all text and numbers in it of such subclasses."""
    if isinstance(value, bool):
        return value
    for kind, other in ((str, HostileStr), (int, HostileInt), (float, HostileFloat)):
        if isinstance(value, kind):
            return other(value)
    if isinstance(value, list | tuple):
        return type(value)(map(hostile, value))
    if hasattr(value, "items"):
        return {hostile(key): hostile(item) for key, item in value.items()}
    return value


def member(value: str | int) -> Any:
    """Return a value as the member of an enumeration, as people write them."""
    kind: Any = IntEnum if isinstance(value, int) else Enum
    return kind("Given", {"G": value}, type=None if kind is IntEnum else str).G


def is_exact(value: Any) -> bool:
    """Tell whether all text and numbers in a value are of no subclass."""
    if isinstance(value, list | tuple):
        return all(map(is_exact, value))
    if hasattr(value, "items"):
        return all(is_exact(pair) for pair in value.items())
    return not isinstance(value, str | int | float) or type(value) in {str, int, float, bool}
