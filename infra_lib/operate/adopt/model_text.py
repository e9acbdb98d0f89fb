"""The model's objects as the calls that make them: what follows, or is so by default, left out."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from attrs import NOTHING, Attribute, Factory, fields, has

from infra_lib.model.reference import Reference
from infra_lib.operate.adopt.python_text import Call, Commented, Name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def as_python(value: Any, comments: Callable[[Any], Mapping[str, str]] | None = None) -> Any:
    """Return a value in the terms of `python_text`: each object of the model as a call.

    Args:
        value: Plain data with objects of the model in it.
        comments: Returns what is said of an object's fields, by name; None for nothing.
    """
    if isinstance(value, Reference):
        return Call("Reference", ((None, str(value)),))
    if isinstance(value, PurePath):
        return Call("Path", ((None, value.as_posix()),))
    if has(type(value)) and not isinstance(value, Call | Name):
        return _call(value, comments)
    if isinstance(value, Mapping):
        return {key: as_python(each, comments) for key, each in value.items()}
    if isinstance(value, tuple):
        return tuple(as_python(each, comments) for each in value)
    if isinstance(value, list):
        return [as_python(each, comments) for each in value]
    return value


def classes_in(value: Any) -> Iterator[str]:
    """Yield the names of what is called in a value, as often as it is."""
    if isinstance(value, Commented):
        yield from classes_in(value.value)
    elif isinstance(value, Call):
        yield value.function
        for _, each in value.arguments:
            yield from classes_in(each)
    elif isinstance(value, Commented):
        yield from classes_in(value.value)
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from classes_in(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from classes_in(each)


def _call(made: Any, comments: Callable[[Any], Mapping[str, str]] | None) -> Call:
    kind: Any = type(made)
    given = {
        str(each.alias): value
        for each in _said(kind)
        if not _is_default(made, each, value := getattr(made, each.name))
    }
    for name, value in tuple(given.items()):
        # What follows from the others: the GPU of a machine type that comes with it.
        if has(type(value)) and _is_made_by(
            made, {key: given[key] for key in given if key != name}
        ):
            del given[name]
    first = _first(kind)
    arguments = tuple(
        (None if name == first else name, as_python(_short(name, value), comments))
        for name, value in given.items()
    )
    told = {} if comments is None else comments(made)
    return Call(
        kind.__name__, arguments, {name: text for name, text in told.items() if name in given}
    )


@cache
def _said(of: Any) -> tuple[Attribute[Any], ...]:
    """Return the fields that may be said: the name, those of the class, then what it inherits."""
    said = [each for each in fields(of) if each.init]
    first = [each for each in said if each.alias == _first(of)]
    own = [each for each in said if not each.inherited and each not in first]
    return (*first, *own, *(each for each in said if each.inherited and each not in first))


@cache
def _first(of: Any) -> str | None:
    """Return the field that is given without its name: the first, where nothing stands for it."""
    first = next((each for each in fields(of) if each.init), None)
    if first is None or first.kw_only or first.default is not NOTHING:
        return None
    return str(first.alias)


def _is_default(made: Any, which: Attribute[Any], value: Any) -> bool:
    default: Any = which.default
    if isinstance(default, Factory):  # type: ignore[arg-type]  # a function, for type checkers
        default = default.factory(made) if default.takes_self else default.factory()
        if default is NOTHING and value is NOTHING:
            return True
    elif default is NOTHING:
        return False
    if value is default:
        return True
    if isinstance(value, Mapping) and isinstance(default, Mapping):
        return dict(value) == dict(default)
    if value is None or default is None or type(value) is not type(default):
        return bool(value == default) and type(value) is type(default)
    return as_python(value) == as_python(default) if has(type(value)) else bool(value == default)


def _short(name: str, value: Any) -> Any:
    """Return members, or networks, of which nothing is said as their names alone."""
    names = name in ("machines", "tags", "networks") and isinstance(value, Mapping)
    return tuple(value) if names and not any(value.values()) else value


def _is_made_by(made: Any, given: Mapping[str, Any]) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return bool(type(made)(**given) == made)
    except (TypeError, ValueError):
        return False
