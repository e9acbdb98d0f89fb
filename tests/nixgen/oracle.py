"""From expressions to text."""

from collections.abc import Mapping
from pathlib import PurePath
from re import sub
from typing import Any

from nixgen import expr as x


def dumps(value: x.Value) -> str:
    """The text of a Nix file that holds one expression, ending in one newline."""
    return naive(value) + "\n"


def naive(v: Any) -> str:
    if isinstance(v, x.Commented):
        return "".join(f"\n# {line}\n" for line in v.before.splitlines()) + naive(v.value)
    if v is None:
        return "null"
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, int):
        if v == -(2**63):
            return "(-9223372036854775807 - 1)"
        return f"(-{-v})" if v < 0 else str(v)
    if isinstance(v, float):
        text = repr(abs(v))
        text = text if "." in text else text.replace("e", ".0e")
        return f"(-{text})" if str(v).startswith("-") else text
    if isinstance(v, str):
        return string((v,))
    if isinstance(v, PurePath):
        text = v.as_posix()
        steps = [
            s if sub(r"[A-Za-z0-9._+-]", "", s) == "" else f"${{{string((s,))}}}"
            for s in text.split("/")
            if s
        ]
        if text.startswith("/"):
            return "/" + ("/".join(steps) or ".")
        return "./" + ("/".join(steps) or ".")
    if isinstance(v, Mapping):
        return naive(x.AttrSet(v))
    if isinstance(v, list | tuple):
        return naive(x.List(*v))
    match v:
        case x.Ident(name) | x.Raw(name):
            return f"({name})" if isinstance(v, x.Raw) else name
        case x.Str(parts) | x.IndentedStr(parts):
            return string(parts)
        case x.PathLiteral(parts):
            return "".join(p if isinstance(p, str) else f"${{{naive(p)}}}" for p in parts)
        case x.SearchPath(path):
            return f"<{path}>"
        case x.AttrSet(items, rec):
            return f"{'rec ' if rec else ''}{{ {bindings(items)} }}"
        case x.List(items):
            return "[ " + " ".join(item(e) for e in items) + " ]"
        case x.Select(target, path, default):
            orelse = "" if default is x.MISSING else f" or ({naive(default)})"
            return f"(({naive(target)}).{keys(path)}{orelse})"
        case x.HasAttr(target, path):
            return f"(({naive(target)}) ? {keys(path)})"
        case x.Apply(function, args):
            return f"(({naive(function)}) {' '.join(f'({naive(a)})' for a in args)})"
        case x.Lambda(param, body):
            return f"({pattern(param)}: {naive(body)})"
        case x.Let(items, body):
            return f"(let {bindings(items)} in {naive(body)})"
        case x.With(scope, body):
            return f"(with {naive(scope)}; {naive(body)})"
        case x.If(c, t, o):
            return f"(if {naive(c)} then {naive(t)} else {naive(o)})"
        case x.Assert(c, b):
            return f"(assert {naive(c)}; {naive(b)})"
        case x.BinaryOp(op, left, right):
            return f"(({naive(left)}) {op} ({naive(right)}))"
        case x.Not(operand):
            return f"(!({naive(operand)}))"
        case x.Neg(operand):
            return f"(-({naive(operand)}))"
    raise TypeError(v)


def item(e: Any) -> str:
    if isinstance(e, x.Comment):
        return "".join(f"\n# {line}\n" for line in e.text.splitlines())
    return "\n\n" if isinstance(e, x.BlankLine) else f"({naive(e)})"


def pattern(param: Any) -> str:
    if isinstance(param, str):
        return param
    names = []
    for p in param.params:
        p = p.value if isinstance(p, x.Commented) else p
        names.append(p.name if p.default is x.MISSING else f"{p.name} ? {naive(p.default)}")
    if param.ellipsis:
        names.append("...")
    alias = f" @ {param.alias}" if param.alias else ""
    return "{ " + ", ".join(names) + " }" + alias


def bindings(items: Any) -> str:
    out = []
    for e in items:
        if isinstance(e, x.Inherit):
            source = "" if e.source is x.MISSING else f"({naive(e.source)}) "
            out.append(f"inherit {source}{' '.join(map(key, e.names))};")
        elif isinstance(e, x.Binding):
            out.append(f"{keys(e.path)} = {naive(e.value)};")
        elif isinstance(e, Mapping):
            out += [f"{keys(x.as_path(k))} = {naive(v)};" for k, v in e.items()]
        else:
            out.append(item(e))
    return " ".join(out)


def keys(path: Any) -> str:
    return ".".join(map(key, path))


def key(name: Any) -> str:
    if isinstance(name, str):
        return name if x.is_identifier(name) else string((name,))
    return string(name.parts) if isinstance(name, x.Str | x.IndentedStr) else f"${{{naive(name)}}}"


def string(parts: Any) -> str:
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "$": "\\$"}
    return (
        '"'
        + "".join(
            "".join(escapes.get(c, c) for c in p) if isinstance(p, str) else f"${{{naive(p)}}}"
            for p in parts
        )
        + '"'
    )
