"""What the real tools say of Nix texts, and a spelling of expressions that needs no layout."""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path, PurePath
from typing import Any

from nixgen import expr as x
from tests.helpers.tools import require


def formatted(texts: Iterable[str], folder: Path) -> list[str]:
    """What nixfmt makes of each text."""
    files = _files(texts, folder)
    subprocess.run([require("nixfmt"), *files], check=True)
    return [file.read_bytes().decode() for file in files]


def parsed(texts: Iterable[str], folder: Path, names: Iterable[str] = ()) -> list[bytes]:
    """How Nix reads each text, as it prints it; free variables are allowed.

    Nix prints the bindings of a `let` in the order in which it met their names in any file. So the
    texts that are to be compared must be given the same names.
    """
    seen = "x: [ " + " ".join(f"x.{name}" for name in sorted(names)) + " ]"
    files = _files([seen, *(f"with {{ }};\n{text}" for text in texts)], folder)
    shown = subprocess.run(
        [require("nix-instantiate"), *WITH_PIPES, "--parse", *files],
        check=True,
        capture_output=True,
    )
    return [_joined(line) for line in shown.stdout.removesuffix(b"\n").split(b"\n")[1:]]


WITH_PIPES = ("--option", "experimental-features", "pipe-operators")
"""What has a Nix that knows pipes read them."""


@cache
def reads_pipes() -> bool:
    """Whether this Nix reads `|>` and `<|`, as those from 2.24 on do."""
    command = [require("nix-instantiate"), *WITH_PIPES, "--parse", "--expr", "1 |> 2"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def readable(value: Any) -> Any:
    """The value as this Nix reads it: with calls for pipes where it reads none."""
    return value if reads_pipes() else _without_pipes(value)


def _without_pipes(value: Any) -> Any:
    if isinstance(value, x.BinaryOp) and value.op in ("|>", "<|"):
        operands = (
            each.value if isinstance(each, x.Commented) else each
            for each in (value.left, value.right)
        )
        function, given = [_without_pipes(each) for each in operands][:: _ORDER[value.op]]
        return x.Apply(x.Str(function) if isinstance(function, str) else function, given)
    if isinstance(value, tuple | list):
        return type(value)(map(_without_pipes, value))
    if isinstance(value, Mapping):
        return {_without_pipes(key): _without_pipes(inner) for key, inner in value.items()}
    if not hasattr(value, "__attrs_attrs__"):
        return value
    copy = object.__new__(type(value))
    for field in value.__attrs_attrs__:
        object.__setattr__(copy, field.name, _without_pipes(getattr(value, field.name)))
    return copy


_ORDER = {"|>": -1, "<|": 1}


def names_in(texts: Iterable[str]) -> set[str]:
    """Whatever could be an attribute name in the texts, in quotes."""
    every = "\n".join(texts)
    names = {f'"{name}"' for name in re.findall(r"[A-Za-z_][A-Za-z0-9_'-]*", every)}
    # Any quote may open one: a quote in an indented string, or after `}`, has no partner.
    return names | set(re.findall(r'(?=("(?:[^"\\$]|\\[^\n])*"))', every))


def evaluated(texts: Iterable[str], folder: Path) -> list[Any]:
    """What each text evaluates to, as plain data."""
    files = _files(texts, folder)
    every = f"[ {' '.join(f'(import {file})' for file in files)} ]"
    shown = subprocess.run(
        [require("nix-instantiate"), "--eval", "--strict", "--json", "--expr", every],
        check=True,
        capture_output=True,
    )
    found: list[Any] = json.loads(shown.stdout)
    return found


def unused(texts: Iterable[str], folder: Path) -> str:
    """What deadnix finds unused in the texts; empty if nothing."""
    files = _files(texts, folder)
    found = subprocess.run(
        [require("deadnix"), "--fail", *files], check=False, capture_output=True, text=True
    )
    return found.stdout + found.stderr if found.returncode else ""


def _files(texts: Iterable[str], folder: Path) -> list[Path]:
    folder.mkdir(exist_ok=True)
    files = []
    for index, text in enumerate(texts):
        file = folder / f"{index:05}.nix"
        file.write_text(text, encoding="utf-8", newline="")
        files.append(file)
    return files


_LITERAL = rb'"((?:[^"\\]|\\.)*)"'
_JOINS = (
    (re.compile(_LITERAL + rb" \+ " + _LITERAL), rb'"\1\2"'),
    (re.compile(rb'(?<=[ (])"" \+ | \+ ""(?=[ )])'), rb""),
    # Whether Nix shows \${ for a literal ${ depends on its version and on how it was written.
    (re.compile(rb"(?<!\\)((?:\\\\)*)\\\$\{"), rb"\1${"),
    (re.compile(rb"\(" + _LITERAL + rb"\)"), rb'"\1"'),
)


def _joined(shown: bytes) -> bytes:
    """What Nix printed, with literal parts of a string as one; it parts them at each escape."""
    before = b""
    while before != shown:
        before = shown
        for pattern, joined in _JOINS:
            shown = pattern.sub(joined, shown)
    return shown


# A second spelling of expressions: everything in parentheses, nothing clever. ---------------------


def spelled(value: Any) -> str:
    """An expression with parentheses around every part."""
    match value:
        case x.Commented(inner):
            return spelled(inner)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return _number(value)
        case str():
            return _string((value,))
        case PurePath():
            return _path(value.as_posix())
        case Mapping():
            return f"{{ {spelled_bindings((value,))} }}"
        case list() | tuple():
            return "[ " + " ".join(f"({spelled(element)})" for element in value) + " ]"
        case x.Expr():
            return _expression(value)
    raise TypeError(value)


def _expression(value: x.Expr) -> str:
    match value:
        case x.Ident(name):
            return name
        case x.Raw(text):
            return f"({text}\n)"
        case x.Str(parts) | x.IndentedStr(parts):
            return _string(parts)
        case x.PathLiteral(parts):
            return "".join(p if isinstance(p, str) else f"${{{spelled(p)}}}" for p in parts)
        case x.SearchPath(path):
            return f"<{path}>"
        case x.AttrSet(items, rec):
            return f"{'rec ' if rec else ''}{{ {spelled_bindings(items)} }}"
        case x.List(items):
            elements = (e for e in items if not isinstance(e, x.Comment | x.BlankLine))
            return "[ " + " ".join(f"({spelled(element)})" for element in elements) + " ]"
        case x.Select(target, path, default):
            orelse = "" if default is x.MISSING else f" or ({spelled(default)})"
            return f"(({spelled(target)}).{_names(path)}{orelse})"
        case x.HasAttr(target, path):
            return f"(({spelled(target)}) ? {_names(path)})"
        case x.Apply(function, args):
            return f"(({spelled(function)}) {' '.join(f'({spelled(arg)})' for arg in args)})"
        case x.Lambda(param, body):
            return f"({_parameter(param)}: {spelled(body)})"
        case x.Let(items, body):
            return f"(let {spelled_bindings(items)} in {spelled(body)})"
        case x.With(scope, body):
            return f"(with {spelled(scope)}; {spelled(body)})"
        case x.If(condition, then, otherwise):
            return f"(if {spelled(condition)} then {spelled(then)} else {spelled(otherwise)})"
        case x.Assert(condition, body):
            return f"(assert {spelled(condition)}; {spelled(body)})"
        case x.BinaryOp(op, left, right):
            return f"(({spelled(left)}) {op} ({spelled(right)}))"
        case x.Not(operand):
            return f"(!({spelled(operand)}))"
        case x.Neg(operand):
            return f"(-({spelled(operand)}))"
    raise TypeError(value)


def _number(value: float) -> str:
    if value == -(2**63):
        return "(-9223372036854775807 - 1)"
    text = repr(abs(value))
    text = text if isinstance(value, int) or "." in text else text.replace("e", ".0e")
    return f"(-{text})" if repr(value).startswith("-") else text


def _path(text: str) -> str:
    steps = [
        step if re.fullmatch(r"[A-Za-z0-9._+-]+", step) else f"${{{_string((step,))}}}"
        for step in text.split("/")
        if step
    ]
    return ("/" if text.startswith("/") else "./") + ("/".join(steps) or ".")


def _string(parts: Iterable[Any]) -> str:
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "$": "\\$"}
    return (
        '"'
        + "".join(
            "".join(escapes.get(c, c) for c in part)
            if isinstance(part, str)
            else f"${{{spelled(part)}}}"
            for part in parts
        )
        + '"'
    )


def _names(path: Iterable[Any]) -> str:
    return ".".join(map(_name, path))


def _name(name: Any) -> str:
    if isinstance(name, str):
        return _string((name,))
    if isinstance(name, x.Str | x.IndentedStr):
        return _string(name.parts)
    return f"${{{spelled(name)}}}"


def spelled_bindings(items: Iterable[Any]) -> str:
    """The bindings of a set or a `let`, spelled."""
    out = []
    for item in items:
        match item:
            case x.Inherit(names, source):
                scope = "" if source is x.MISSING else f"({spelled(source)}) "
                out.append(f"inherit {scope}{' '.join(map(_name, names))};")
            case x.Binding(path, value):
                out.append(f"{_names(path)} = {spelled(value)};")
            case Mapping():
                out += [f"{_names(x.as_path(key))} = {spelled(item[key])};" for key in item]
    return " ".join(out)


def _parameter(param: Any) -> str:
    if isinstance(param, str):
        return param
    names = []
    for given in param.params:
        inner = given.value if isinstance(given, x.Commented) else given
        default = "" if inner.default is x.MISSING else f" ? {spelled(inner.default)}"
        names.append(f"{inner.name}{default}")
    if param.ellipsis:
        names.append("...")
    alias = f" @ {param.alias}" if param.alias else ""
    return "{ " + ", ".join(names) + " }" + alias
