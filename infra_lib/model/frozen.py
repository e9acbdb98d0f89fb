"""`nixgen.frozen`, for classes that people describe fleets with: a misspelt field is named."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from infra_lib.model.errors import FleetError, nearest, shown
from nixgen import frozen as nixgen_frozen

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["UnknownFieldError", "frozen"]


class UnknownFieldError(FleetError, TypeError):
    """A field that a class does not have: a FleetError, and a TypeError as of any call."""


def _names_unknown(init: Callable[..., None]) -> Callable[..., None]:
    """Return an `__init__` that names the field that was meant where there is none of that name."""

    @wraps(init)
    def __init__(self: Any, *args: Any, **given: Any) -> None:  # noqa: N807 - what it replaces
        try:
            init(self, *args, **given)
        except TypeError:
            _refuse_unknown(type(self), init, args, given)
            raise

    return __init__


def _refuse_unknown(
    cls: type, init: Callable[..., None], args: tuple[Any, ...], given: dict[str, Any]
) -> None:
    from inspect import signature  # only on the way to an error

    _, *accepted = signature(init).parameters
    for name in given:
        if name not in accepted:
            first = f"{shown(args[0])}, " if args and isinstance(args[0], str) else ""
            elsewhere = getattr(cls, "called_elsewhere", {}).get(name)
            meant = f"; here it is {elsewhere!r}" if elsewhere else nearest(name, accepted)
            meant = meant or f": {', '.join(accepted)} are accepted"
            raise UnknownFieldError(
                f"{cls.__name__}({first}{name}=…): there is no field {name!r}{meant}"
            ) from None


def _frozen(cls: type | None = None, /, **options: Any) -> Any:
    if cls is None:
        return lambda cls: _frozen(cls, **options)
    made: Any = nixgen_frozen.frozen(cls, **options)
    # attrs calls it for each class that it makes of one of these, a user's too.
    if not hasattr(made, "__attrs_init_subclass__"):
        made.__attrs_init_subclass__ = classmethod(_replace_init)
        _replace_init(made)
    return made


def _replace_init(cls: type) -> None:
    if "__init__" in cls.__dict__:
        cls.__init__ = _names_unknown(cls.__init__)  # type: ignore[misc]


if TYPE_CHECKING:
    from attrs import frozen
else:
    frozen = _frozen
