"""Which variables an expression refers to and does not bind itself."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from nixgen import expr
from nixgen.expr import MISSING, Value

if TYPE_CHECKING:
    from nixgen import scan

__all__ = ["free_names"]

_Bound: TypeAlias = frozenset[str]
_Parts: TypeAlias = "Iterator[tuple[Any, _Bound]]"
"""Parts of an expression or of source text, each with the variables bound where it stands."""

_CONSTANTS: Final = frozenset({"true", "false", "null"})
_WORD: Final = r"[A-Za-z_][A-Za-z0-9_'-]*"


def free_names(value: Value) -> frozenset[str]:
    """The variables that an expression refers to and does not bind itself.

    They are what a file that holds the expression has to bind, for instance as the arguments of a
    function around it. A name in the body of a `With` is among them: whether the set has it is
    known to Nix only. So is what Nix binds everywhere (`builtins`, `import`, `map`, `throw`, …),
    but for `true`, `false` and `null`.

    The text of a `Raw` is read as Nix reads it. Where it is no Nix, every word in it is taken.

    ```python
    free_names(Lambda("x", Apply("lib.mkIf", ref("config.a.enable"), ref("x"))))
    # frozenset({"lib", "config"})
    ```

    Args:
        value: Plain data or an expression.

    Raises:
        NixError: Something in it is no expression.
    """
    free: set[str] = set()
    # What was looked at with the same variables bound; held, so that an identity stays one's own.
    seen: dict[tuple[int, _Bound], Any] = {}
    todo: list[tuple[Any, _Bound]] = [(value, frozenset())]
    while todo:
        part, bound = todo.pop()
        if part is None or part is MISSING or isinstance(part, str | int | float | PurePath):
            continue
        if isinstance(part, expr.Ident):
            if part.name not in bound:
                free.add(part.name)
        elif (id(part), bound) not in seen:
            seen[id(part), bound] = part
            todo += _parts(part, bound)
    return frozenset(free - _CONSTANTS)


def _parts(whole: Any, bound: _Bound) -> _Parts:
    if rule := _RULES.get(type(whole)):
        return rule(whole, bound)
    if isinstance(whole, Mapping):
        return _bindings((whole,), bound, bound)
    if isinstance(whole, list | tuple):
        return ((part, bound) for part in whole)
    if isinstance(whole, expr.Expr | expr.Comment | expr.BlankLine):
        fields: Any = type(whole)
        return ((getattr(whole, field.name), bound) for field in fields.__attrs_attrs__)
    expr.check_value(whole)
    raise expr.NixError(f"{expr.describe(whole)} is no Nix expression")


def _set(value: expr.AttrSet, bound: _Bound) -> _Parts:
    inner = bound.union(_bound_by(value.items)) if value.rec else bound
    return _bindings(value.items, inner, bound)


def _let(value: expr.Let, bound: _Bound) -> _Parts:
    inner = bound.union(_bound_by(value.bindings))
    yield value.body, inner
    yield from _bindings(value.bindings, inner, bound)


def _bound_by(items: Iterable[expr.Item]) -> Iterator[str]:
    """The variables that items of a `let` or a `rec` set bind."""
    for item in items:
        if isinstance(item, expr.Inherit):
            yield from item.names
        elif isinstance(item, expr.Binding | Mapping):
            paths = [item.path] if isinstance(item, expr.Binding) else map(expr.as_path, item)
            yield from (name for path in paths if (name := expr.static_name(path[0])) is not None)


def _bindings(items: Iterable[expr.Item], inner: _Bound, outer: _Bound) -> _Parts:
    """What items refer to; only what is inherited from the scope is looked up around them."""
    for item in items:
        if isinstance(item, expr.Inherit):
            if item.source is MISSING:
                yield from ((expr.Ident(name), outer) for name in item.names)
            else:
                yield item.source, inner
        elif isinstance(item, expr.Binding):
            yield item.path, inner
            yield item.value, inner
        elif isinstance(item, Mapping):
            for key, value in item.items():
                yield expr.as_path(key), inner
                yield value, inner


def _lambda(value: expr.Lambda, bound: _Bound) -> _Parts:
    param = value.param
    if isinstance(param, str):
        yield value.body, bound | {param}
        return
    params = [each.value if isinstance(each, expr.Commented) else each for each in param.params]
    inner = bound.union(each.name for each in params)
    inner |= set() if param.alias is None else {param.alias}
    yield value.body, inner
    yield from ((each.default, inner) for each in params)


# Source text --------------------------------------------------------------------------------------


class _Code(NamedTuple):
    """Source text of an expression, or of the elements of a list.

    Attributes:
        tokens: What it consists of.
        text: All of the text, for the offsets in them.
    """

    tokens: "tuple[scan.Node, ...]"
    text: str


def _raw(value: expr.Raw, bound: _Bound) -> _Parts:
    from nixgen import scan

    try:
        file, _ = scan.scan(value.text)
    except scan.NotNixError:
        yield _variables(re.findall(_WORD, value.text)), bound
    else:
        yield _Code(file.parts, value.text), bound


def _variables(words: Iterable[str | None]) -> list[expr.Ident]:
    """Those of some words that can be variables."""
    return [expr.Ident(word) for word in words if word and expr.is_identifier(word)]


def _code(code: _Code, bound: _Bound) -> _Parts:
    """What tokens refer to.

    What a function or a `let` binds is bound up to the end of the tokens, or of the part of a
    `with`, an `assert` or an `if` that it stands in.
    """
    tokens, text = code
    said = ["", *(token.text for token in tokens), "", ""]
    scopes = [("", bound)]  # what ends each, and what is bound in it

    def leave(end: str) -> None:
        while len(scopes) > 1 and scopes.pop()[0] != end:
            pass

    for token, before, after, later in zip(tokens, said, said[2:], said[3:], strict=False):
        bound = scopes[-1][1]
        if token.text in _BEGINS:
            scopes.append((_BEGINS[token.text], bound))
        elif token.text in (";", "then", "else"):
            leave(token.text)
            if token.text == "then":
                scopes.append(("else", scopes[-1][1]))
        elif token.kind == "word":
            if after in (":", "@"):
                scopes.append(("", bound | {token.text}))
            elif before not in (".", "?"):  # else it is an attribute's name
                yield _variables([token.text]), bound
        elif token.kind == "{" and ("@" in (before, after) or after == ":"):
            params = _split(token.parts, ",")
            bound = bound.union((param[0].text for param in params), [later] * (after == "@"))
            scopes.append(("", bound))
            yield from ((_Code(param[2:], text), bound) for param in params)
        elif token.kind == "let":
            bound, parts = _read_bindings(token, text, bound, recursive=True)
            scopes.append(("", bound))
            yield from parts
        elif token.kind == "{":
            _, parts = _read_bindings(token, text, bound, recursive=before in ("let", "rec"))
            yield from parts
        elif token.parts:
            yield _Code(token.parts, text), bound


_BEGINS: Final = {"assert": ";", "if": "then", "with": ";"}
"""What ends that which a keyword begins."""


def _split(tokens: "Iterable[scan.Node]", mark: str) -> "list[tuple[scan.Node, ...]]":
    """The tokens between marks, where there are some."""
    found: list[list[scan.Node]] = [[]]
    for token in tokens:
        if token.text == mark:
            found.append([])
        else:
            found[-1].append(token)
    return [tuple(part) for part in found if part]


def _read_bindings(
    node: "scan.Node", text: str, outer: _Bound, *, recursive: bool
) -> "tuple[_Bound, list[tuple[Any, _Bound]]]":
    """What is bound in a set or a `let`, and what that refers to."""
    from nixgen import scan

    try:
        bindings = list(scan.bindings(node, text))
    except scan.NotNixError:
        return outer, [(_Code(node.parts, text), outer)]
    names = {path[0] for binding in bindings for path in binding.paths if path[0] is not None}
    inner = outer | names if recursive else outer
    parts: list[tuple[Any, _Bound]] = []
    for binding in bindings:
        first, *rest = binding.tokens
        if first.text != "inherit":
            path, *_ = _split(binding.tokens, "=")
            parts.append((_Code(tuple(step for step in path if step.parts), text), inner))
            parts.append((_Code(binding.tokens[len(path) + 1 :], text), inner))
        elif rest[:1] and rest[0].kind == "(":
            parts.append((_Code(rest[0].parts, text), inner))
        else:
            parts.append((_variables(name for (name,) in binding.paths), outer))
    return inner, parts


_RULES: Final[dict[type, Callable[[Any, _Bound], _Parts]]] = {
    expr.AttrSet: _set,
    expr.Let: _let,
    expr.Lambda: _lambda,
    expr.Raw: _raw,
    _Code: _code,
}
"""What binds variables; all else refers to what its parts refer to."""
