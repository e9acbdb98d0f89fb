"""What a text means, as far as it can be known: data, and terms where symbols are in it."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import field

from nixgen.frozen import frozen
from nixgen.literals import name as spelled
from nixgen.literals import string

if TYPE_CHECKING:
    from collections.abc import Iterator

Meaning: TypeAlias = "Term | str | int | bool | None"
"""Plain data as Python has it, but for lists and sets; all else is a term."""


@frozen
class Term:
    """A list, a set, a function, or what is not known before the rest of a repository is.

    Attributes:
        tag: What kind it is of: those of `symbols.nix`.
        atoms: What is known of it: the names of a set in their order, the path of a path.
        parts: What it is made of.
        names: What people called the arguments of a function: one name, or several after an empty
            one. They mean nothing.
    """

    tag: str
    atoms: tuple[str | int, ...]
    parts: tuple[Meaning, ...]
    names: tuple[str, ...] = field(default=(), eq=False, repr=False)


LONGEST: Final = 120
"""Characters of a value that is shown."""


def read(printed: Any) -> Meaning:
    """Return the meaning that `serialize` of `symbols.nix` printed, as JSON has it."""
    if not isinstance(printed, list):
        # A float is no plain data: none comes.
        return printed if isinstance(printed, str | int) else None
    tag, atoms, parts = printed[0], printed[1], tuple(map(read, printed[2]))
    if tag == "lambda":
        return _function(atoms, parts)
    if tag == "argument":
        atoms = atoms[:1]
    if tag == "interpolation":
        parts = _joined(parts)
    return Term(tag, tuple(atoms), parts)


def load(data: bytes) -> Any:
    """Return JSON that Nix printed, which may have control characters in it, and any bytes."""
    return json.loads(data.decode(errors="surrogateescape"), strict=False)


def _function(atoms: list[Any], parts: tuple[Meaning, ...]) -> Term:
    """Return a function. What one takes and does not use matters for closed ones alone."""
    kind, hint, *formals = atoms
    known = dict(formals[0]) if formals else {}
    taken = (f"{name}{' ?' if known[name] else ''}" for name in sorted(known))
    said = (kind, *taken) if kind == "closed" else (kind,)
    return Term("lambda", said, parts, (hint,) if kind == "plain" else (hint, *known))


def _joined(parts: tuple[Meaning, ...]) -> tuple[Meaning, ...]:
    """Return the parts of a string with literal ones together, and none in another."""
    joined: list[Meaning] = []
    for part in parts:
        inner = part.parts if isinstance(part, Term) and part.tag == "interpolation" else (part,)
        for each in inner:
            if isinstance(each, str) and joined and isinstance(joined[-1], str):
                joined[-1] += each
            else:
                joined.append(each)
    return tuple(joined)


def members(meaning: Meaning) -> dict[str, Meaning] | None:
    """Return a set's attributes; None of what is no set."""
    if isinstance(meaning, Term) and meaning.tag == "set":
        return dict(zip(map(str, meaning.atoms), meaning.parts, strict=True))
    return None


def elements(meaning: Meaning) -> tuple[Meaning, ...] | None:
    """Return a list's elements; None of what is no list."""
    return meaning.parts if isinstance(meaning, Term) and meaning.tag == "list" else None


def same(one: Meaning, other: Meaning) -> bool:
    """Tell whether two meanings are the same; in Python alone, True is 1."""
    return type(one) is type(other) and _same_parts(one, other)


def _same_parts(one: Meaning, other: Meaning) -> bool:
    if not isinstance(one, Term) or not isinstance(other, Term):
        return one == other
    return (one.tag, one.atoms, len(one.parts)) == (
        other.tag,
        other.atoms,
        len(other.parts),
    ) and all(map(same, one.parts, other.parts))


def is_data(meaning: Meaning) -> bool:
    """Tell whether all of a meaning is known: sets, lists, text, numbers, paths."""
    if not isinstance(meaning, Term):
        return True
    return meaning.tag in ("list", "set", "path", "float") and all(map(is_data, meaning.parts))


def uses(meaning: Meaning, level: int) -> bool:
    """Tell whether a meaning depends on the argument of the function at a level."""
    if not isinstance(meaning, Term):
        return False
    if meaning.tag == "argument":
        return meaning.atoms[0] == level
    return any(uses(part, level) for part in meaning.parts)


def raised(meaning: Meaning, level: int) -> Meaning:
    """Return what is inside a function at a level as it is without that function around it."""
    if not isinstance(meaning, Term):
        return meaning
    if meaning.tag == "argument":
        own = int(meaning.atoms[0])
        return Term("argument", (own - (own > level),), ())
    parts = tuple(raised(part, level) for part in meaning.parts)
    return Term(meaning.tag, meaning.atoms, parts, meaning.names)


# Shown ----------------------------------------------------------------------------------------

_OPERATORS = frozenset({"operator", "has", "if", "assert", "or", "lambda", "apply", "with"})


def show(meaning: Meaning, around: tuple[str, ...] = (), folder: str = "") -> str:
    """Return a meaning as Nix in one line, cut where it is long.

    Args:
        meaning: What is shown.
        around: The names of the arguments of functions around it, from the outermost.
        folder: Of the file that it stands in, to which paths are relative.
    """
    text = _Shown(folder).text(meaning, around, 0)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


class _Shown:
    """Shows meanings, as much of them as anybody reads."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.room = 4 * LONGEST

    def text(self, meaning: Meaning, around: tuple[str, ...], depth: int) -> str:
        if self.room <= 0 or depth > LONGEST:
            return "…"
        said = self.whole(meaning, around, depth + 1)
        self.room -= min(len(said), LONGEST) if not isinstance(meaning, Term) else 1
        return said

    def operand(self, meaning: Meaning, around: tuple[str, ...], depth: int) -> str:
        said = self.text(meaning, around, depth)
        nested = isinstance(meaning, Term) and meaning.tag in _OPERATORS
        return f"({said})" if nested else said

    def whole(self, meaning: Meaning, around: tuple[str, ...], depth: int) -> str:
        if meaning is None:
            return "null"
        if isinstance(meaning, bool):
            return "true" if meaning else "false"
        if isinstance(meaning, int):
            return str(meaning)
        if isinstance(meaning, str):
            return _quoted(meaning)

        def operands(parts: tuple[Meaning, ...]) -> list[str]:
            return [self.operand(part, around, depth) for part in parts]

        atoms, parts = meaning.atoms, meaning.parts
        match meaning.tag:
            case "list":
                return " ".join(["[", *operands(parts), "]"])
            case "set":
                return " ".join(["{", *self.bindings(meaning, around, depth), "}"])
            case "name" | "float":
                return str(atoms[0])
            case "path":
                return self.path(str(atoms[0]))
            case "argument":
                return _argument(int(atoms[0]), around)
            case "builtins":
                return "builtins"
            case "select":
                return self.selection(parts, around, depth)
            case "or":
                first, second = operands(parts)
                return f"{first.removeprefix('(').removesuffix(')')} or {second}"
            case "has":
                names = ".".join(self.name(part, around, depth) for part in parts[1:])
                return f"{operands(parts[:1])[0]} ? {names}"
            case "apply":
                return self.call(meaning, around, depth)
            case "operator":
                said = operands(parts)
                return f" {atoms[0]} ".join(said) if len(said) > 1 else f"{atoms[0]}{said[0]}"
            case "if":
                return "if {} then {} else {}".format(*operands(parts))
            case "assert":
                return "assert {}; {}".format(*operands(parts))
            case "interpolation":
                return self.interpolation(parts, around, depth)
            case "with":
                scopes = "; with ".join(reversed(operands(parts)))
                return f"with {scopes}; {atoms[0]}"
            case "lambda":
                return self.function(meaning, around, depth)
        return "".join(operands(parts))  # a path with values in it

    def bindings(self, meaning: Meaning, around: tuple[str, ...], depth: int) -> Iterator[str]:
        for name, part in (members(meaning) or {}).items():
            names, value = [spelled(name)], part
            while (inner := members(value)) and len(inner) == 1:
                ((last, value),) = inner.items()
                names.append(spelled(last))
            yield f"{'.'.join(names)} = {self.text(value, around, depth)};"

    def path(self, path: str) -> str:
        if path.startswith(("/", "~")):
            return path
        relative = posixpath.relpath(path, self.folder or ".")
        return relative if relative.startswith("..") else f"./{relative}"

    def name(self, name: Meaning, around: tuple[str, ...], depth: int) -> str:
        if isinstance(name, str):
            return spelled(name)
        return f"${{{self.text(name, around, depth)}}}"

    def selection(self, parts: tuple[Meaning, ...], around: tuple[str, ...], depth: int) -> str:
        target, name = parts
        said = self.name(name, around, depth)
        if isinstance(target, Term) and target.tag == "argument":
            own = _argument(int(target.atoms[0]), around)
            return f"{own}.{said}" if own.isidentifier() else said
        return f"{self.operand(target, around, depth)}.{said}"

    def call(self, meaning: Term, around: tuple[str, ...], depth: int) -> str:
        arguments: list[Meaning] = []
        called: Meaning = meaning
        while isinstance(called, Term) and called.tag == "apply":
            arguments.append(called.parts[1])
            called = called.parts[0]
        said = (self.operand(each, around, depth) for each in (called, *reversed(arguments)))
        return " ".join(said)

    def function(self, meaning: Term, around: tuple[str, ...], depth: int) -> str:
        inner = (*around, meaning.names[0])
        body = self.text(meaning.parts[0], inner, depth)
        if meaning.atoms[0] == "plain":
            return f"{meaning.names[0]}: {body}"
        others = ("...",) if meaning.atoms[0] == "open" else ()
        return f"{{ {', '.join((*meaning.names[1:], *others))} }}: {body}"

    def interpolation(self, parts: tuple[Meaning, ...], around: tuple[str, ...], depth: int) -> str:
        said = (
            _quoted(part)[1:-1]
            if isinstance(part, str)
            else f"${{{self.text(part, around, depth)}}}"
            for part in parts
        )
        return f'"{"".join(said)}"'


def _argument(level: int, around: tuple[str, ...]) -> str:
    """Return what people call the argument of a function; of those that have no name, `{ … }`."""
    return (around[level] if level < len(around) else "") or "{ … }"


def _quoted(text: str) -> str:
    return string(text[: 2 * LONGEST].encode(errors="replace").decode())
