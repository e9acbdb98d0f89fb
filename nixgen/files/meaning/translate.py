"""Nix written anew for symbols: operators, selections and functions call what `symbols.nix` has.

What needs no value is left to Nix: bindings, scopes, recursion, laziness, escapes in strings.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Final, NamedTuple

from nixgen import scan
from nixgen.literals import string
from nixgen.scan import Node, NotNixError

if TYPE_CHECKING:
    from collections.abc import Sequence

OURS: Final = "__nixgen"
"""What names of ours begin with: a text that has it is not translated."""

_KEYWORDS = scan.KEYWORDS | {"or"}
# What is in scope everywhere; so is each function of `builtins` with two underscores before it.
_GLOBAL = frozenset(
    {
        "abort", "baseNameOf", "break", "builtins", "derivation", "derivationStrict", "dirOf",
        "fetchGit", "fetchMercurial", "fetchTarball", "fetchTree", "fromTOML", "import", "isNull",
        "map", "placeholder", "removeAttrs", "scopedImport", "throw", "toString",
    }
)  # fmt: skip
_CONSTANTS = frozenset({"true", "false", "null"})
_SEARCH_PATH = re.compile(r"<[a-zA-Z0-9._+-]+(?:/[a-zA-Z0-9._+-]+)*>")
_FLOAT = re.compile(r"[0-9]*\.[0-9]*(?:[eE][+-]?[0-9]+)?")


class _Operator(NamedTuple):
    """How strongly one binds, on which side more of the same go, and our function for it."""

    strength: int
    side: str
    function: str


# https://nix.dev/manual/nix/latest/language/operators
_OPERATORS = {
    "|>": _Operator(0, "left", ""),
    "<|": _Operator(0, "right", ""),
    "->": _Operator(1, "right", "implies"),
    "||": _Operator(2, "left", "either"),
    "&&": _Operator(3, "left", "both"),
    "==": _Operator(4, "", "equal"),
    "!=": _Operator(4, "", "differ"),
    "<": _Operator(5, "", "less"),
    ">": _Operator(5, "", "less"),
    "<=": _Operator(5, "", "lessOrEqual"),
    ">=": _Operator(5, "", "lessOrEqual"),
    "//": _Operator(6, "right", "update"),
    "+": _Operator(8, "left", "add"),
    "-": _Operator(8, "left", "subtract"),
    "*": _Operator(9, "left", "multiply"),
    "/": _Operator(9, "left", "divide"),
    "++": _Operator(10, "right", "concat"),
    "?": _Operator(11, "", "has"),
}
_SWAPPED = frozenset({">", ">=", "|>"})
_NOT, _NEGATION = 8, 12


class _Scope(NamedTuple):
    """What names mean at a place.

    Attributes:
        bound: Those that a function, a `let` or a `rec` set around it binds.
        withs: Our names for the sets of each `with` around it, from the innermost.
    """

    bound: frozenset[str] = frozenset()
    withs: tuple[str, ...] = ()

    def binding(self, *names: str | None) -> _Scope:
        return self._replace(bound=self.bound.union(filter(None, names)))


class _Tokens:
    """Tokens that are read from the first to the last."""

    def __init__(self, nodes: Sequence[Node], end: int) -> None:
        self.nodes = nodes
        self.end = end
        self.place = 0

    def peek(self, ahead: int = 0) -> Node:
        """Return a token to come; one of kind `end` when there is none."""
        place = self.place + ahead
        return self.nodes[place] if place < len(self.nodes) else Node("end", self.end, self.end)

    def mark(self) -> str:
        """Return the operator or mark that comes next, which may be of several tokens."""
        first, second = self.peek(), self.peek(1)
        if first.kind != "mark":
            return ""
        if second.kind == "mark" and second.start == first.end:
            both = first.text + second.text
            if both in _OPERATORS or both == "..":
                return both
        return first.text

    def take(self, count: int = 1) -> Node:
        node = self.peek()
        self.place += count
        return node

    def expect(self, text: str) -> None:
        node = self.take()
        if node.text != text:
            raise NotNixError(node.start, f"'{text}' is wanted here")


def translate(text: str, path: str) -> str:
    """Return a Nix expression that means what a text does, in terms of symbols.

    Args:
        text: What a file holds.
        path: Where it stands below some folder: paths in it are taken to be relative to that
            folder, and nothing is looked up there.

    Raises:
        NotNixError: When it is not Nix, or not of a kind that is known here.
        RecursionError: When it is nested too deep.
    """
    if OURS in text:
        raise NotNixError(text.index(OURS), f"names that begin with '{OURS}' are not compared")
    file, _ = scan.scan(text)
    if any("\ud800" <= each <= "\udfff" for each in text):
        raise NotNixError(0, "it is no text in UTF-8")
    return _Translation(text, path).file(file)


class _Translation:
    """The translation of one text. Each method takes tokens and returns one operand of Nix."""

    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.folder = posixpath.dirname(path)
        self.count = 0
        self.words: set[str] = set()

    def file(self, file: Node) -> str:
        whole = self.whole(file, _Scope())
        names = " ".join(string(word) for word in sorted(self.words))
        return f"(let {OURS}_names = [ {names} ]; in {whole})"

    def whole(self, node: Node, scope: _Scope) -> str:
        """Translate all that is in a file, parentheses or an interpolation."""
        return self.all_of(node.parts, node.end, scope)

    def all_of(self, nodes: Sequence[Node], end: int, scope: _Scope) -> str:
        tokens = _Tokens(nodes, end)
        said = self.expression(tokens, scope)
        if tokens.peek().kind != "end":
            raise NotNixError(tokens.peek().start, "nothing of this kind can stand here")
        return said

    def expression(self, tokens: _Tokens, scope: _Scope) -> str:
        first, second = tokens.peek(), tokens.peek(1)
        if first.kind == "let":
            return self.let(tokens, scope)
        if second.text in (":", "@") and first.kind == "word" and first.text not in _KEYWORDS:
            return self.function(tokens, scope)
        if second.text in (":", "@") and first.kind == "{":
            return self.function(tokens, scope)
        if first.text == "with":
            return self.with_scope(tokens, scope)
        if first.text == "assert":
            tokens.take()
            condition = self.expression(tokens, scope)
            tokens.expect(";")
            return f"({OURS}.require {condition} {self.expression(tokens, scope)})"
        if first.text == "if":
            tokens.take()
            condition = self.expression(tokens, scope)
            tokens.expect("then")
            then = self.expression(tokens, scope)
            tokens.expect("else")
            return f"({OURS}.choose {condition} {then} {self.expression(tokens, scope)})"
        return self.operation(tokens, scope, 0)

    def let(self, tokens: _Tokens, scope: _Scope) -> str:
        node = tokens.take()
        inner, bindings = self.bindings(node, scope, recursive=True)
        return f"(let {bindings} in {self.expression(tokens, inner)})"

    def with_scope(self, tokens: _Tokens, scope: _Scope) -> str:
        tokens.take()
        value = self.expression(tokens, scope)
        tokens.expect(";")
        self.count += 1
        name = f"{OURS}_with{self.count}"
        withs = (name, *scope.withs)
        body = self.expression(tokens, scope._replace(withs=withs))
        chain = f"{OURS}.scope {OURS}_names [ {' '.join(withs)} ]"
        return f"(let {name} = {value}; in with {chain}; {body})"

    # Functions

    def function(self, tokens: _Tokens, scope: _Scope) -> str:
        first = tokens.take()
        if first.kind == "word" and tokens.peek().text == ":":
            tokens.take()
            body = self.expression(tokens, scope.binding(first.text))
            return f"({OURS}.function {string(first.text)} ({first.text}: {body}))"
        alias, formals = "", first
        if tokens.peek().text == "@":
            tokens.take()
            other = tokens.take()
            alias, formals = (other.text, first) if other.kind == "word" else (first.text, other)
        tokens.expect(":")
        if formals.kind != "{":
            raise NotNixError(formals.start, "the arguments of a function are wanted here")
        given = f"{OURS}_given"
        defaults, ellipsis = self.formals(formals)
        inner = scope.binding(alias, *defaults)
        values = [f"{alias} = {given};"] if alias else []
        for name, default in defaults.items():
            value = f"{OURS}.formal {given} {string(name)}"
            if default:
                said = self.all_of(default, formals.end, inner)
                value = f"{OURS}.formalOr {given} {string(name)} {said}"
            values.append(f"{name} = {value};")
        optional = " ".join(
            f"{name} = {'true' if default else 'false'};" for name, default in defaults.items()
        )
        body = self.expression(tokens, inner)
        return (
            f"({OURS}.pattern {{ {optional} }} {'true' if ellipsis else 'false'} {string(alias)} "
            f"({given}: let {' '.join(values)} in {body}))"
        )

    def formals(self, node: Node) -> tuple[dict[str, Sequence[Node]], bool]:
        """Return the names that a function takes with their defaults, and whether any other."""
        defaults: dict[str, Sequence[Node]] = {}
        for part in _split(node.parts):
            if [each.text for each in part] == [".", ".", "."]:
                return defaults, True
            name, *default = part
            if name.kind != "word" or name.text in defaults:
                raise NotNixError(name.start, "the name of an argument is wanted here")
            if default and (default[0].text != "?" or len(default) == 1):
                raise NotNixError(default[0].start, "the default of an argument is wanted here")
            defaults[name.text] = default[1:]
        return defaults, False

    # Operators

    def operation(self, tokens: _Tokens, scope: _Scope, least: int) -> str:
        """Translate operands as far as the operators between bind at least as strongly."""
        mark = tokens.mark()
        if mark == "!":
            tokens.take()
            left = f"({OURS}.not {self.operation(tokens, scope, _NOT)})"
        elif mark == "-":
            tokens.take()
            left = f"({OURS}.negate {self.operation(tokens, scope, _NEGATION)})"
        else:
            left = self.application(tokens, scope)
        before = ""
        while (mark := tokens.mark()) in _OPERATORS:
            strength, side, function = _OPERATORS[mark]
            if strength < least:
                break
            if (
                before
                and _OPERATORS[before].strength == strength
                and (not side or side != _OPERATORS[before].side)
            ):
                raise NotNixError(tokens.peek().start, f"'{mark}' does not go on after '{before}'")
            tokens.take(len(mark) if mark not in ("==", "!=", "<=", ">=") else 1)
            if mark == "?":
                left = f"({OURS}.has {left} [ {' '.join(self.names(tokens, scope))} ])"
            else:
                right = self.operation(tokens, scope, strength + (side != "right"))
                operands = [right, left] if mark in _SWAPPED else [left, right]
                called = f"{OURS}.{function}" if function else ""
                left = f"({' '.join([called, *operands]).lstrip()})"
            before = mark
        return left

    def application(self, tokens: _Tokens, scope: _Scope) -> str:
        parts = [self.selection(tokens, scope)]
        while self.is_operand(tokens):
            parts.append(self.selection(tokens, scope))
        return f"({' '.join(parts)})" if len(parts) > 1 else parts[0]

    def is_operand(self, tokens: _Tokens) -> bool:
        node = tokens.peek()
        if node.kind == "word":
            return node.text not in _KEYWORDS or node.text == "rec"
        if node.kind == "mark":
            return bool(self.search_path(node)) or self.is_home(tokens)
        return node.kind not in ("end", "let", "${")

    def selection(self, tokens: _Tokens, scope: _Scope) -> str:
        target = self.simple(tokens, scope)
        if tokens.mark() != ".":
            return target
        tokens.take()
        names = " ".join(self.names(tokens, scope))
        if tokens.peek().text != "or":
            return f"({OURS}.select {target} [ {names} ])"
        tokens.take()
        return f"({OURS}.selectOr {target} [ {names} ] {self.selection(tokens, scope)})"

    def names(self, tokens: _Tokens, scope: _Scope) -> list[str]:
        """Translate names with dots between them, each to text or what it is computed from."""
        names = [self.name(tokens.take(), scope)]
        while tokens.mark() == ".":
            tokens.take()
            names.append(self.name(tokens.take(), scope))
        return names

    def name(self, node: Node, scope: _Scope) -> str:
        static = scan.attribute_name(node, self.text)
        if static is not None:
            return string(static)
        return self.string(node, scope) if node.kind == '"' else self.whole(node, scope)

    # Operands

    def simple(self, tokens: _Tokens, scope: _Scope) -> str:
        if self.is_home(tokens):
            tokens.take()
            return self.path("~" + tokens.take().text)
        if search_path := self.search_path(tokens.peek()):
            while tokens.take().text != ">":
                pass
            return f"({OURS}.named {string(search_path)})"
        node = tokens.take()
        match node.kind:
            case "word" if node.text == "rec" and tokens.peek().kind == "{":
                return f"(rec {self.set(tokens.take(), scope, recursive=True)})"
            case "word":
                return self.variable(node, scope)
            case "number":
                if _FLOAT.fullmatch(node.text):
                    return f"({OURS}.float {string(repr(float(node.text)))})"
                return node.text
            case '"' | "''":
                return self.string(node, scope)
            case "uri":
                return string(node.text)
            case "path":
                return self.computed_path(node, scope) if node.parts else self.path(node.text)
            case "(":
                return self.whole(node, scope)
            case "[":
                return self.list(node, scope)
            case "{":
                return self.set(node, scope, recursive=False)
        raise NotNixError(node.start, "a value is wanted here")

    def search_path(self, node: Node) -> str:
        found = _SEARCH_PATH.match(self.text, node.start) if node.text == "<" else None
        return found[0] if found else ""

    def is_home(self, tokens: _Tokens) -> bool:
        mark, path = tokens.peek(), tokens.peek(1)
        return (
            mark.text == "~"
            and path.kind == "path"
            and path.start == mark.end
            and path.text.startswith("/")
        )

    def variable(self, node: Node, scope: _Scope) -> str:
        name = node.text
        if name in _KEYWORDS or name == "__curPos":
            raise NotNixError(node.start, f"'{name}' is no value")
        if name in scope.bound or name in _CONSTANTS:
            return name
        if name == "builtins":
            return f"{OURS}.everything"
        if name in _GLOBAL or name.startswith("__"):
            return f"({OURS}.builtin {string(name.removeprefix('__'))})"
        if not scope.withs:
            raise NotNixError(node.start, f"undefined variable '{name}'")
        self.words.add(name)
        return name

    def string(self, node: Node, scope: _Scope) -> str:
        """Translate a string: Nix reads it with marks where values come, which then take theirs."""
        if not node.parts:
            return self.text[node.start : node.end]
        template, end = "", node.start
        for number, part in enumerate(node.parts):
            template += f'{self.text[end : part.start]}${{"{OURS}:{number}:"}}'
            end = part.end
        values = " ".join(self.whole(part, scope) for part in node.parts)
        return f"({OURS}.interpolate {template}{self.text[end : node.end]} [ {values} ])"

    def path(self, text: str) -> str:
        if text.endswith("/") and len(text) > 1:
            raise NotNixError(0, f"the path '{text}' ends in a slash")
        whole = text if text.startswith("~") else posixpath.join(self.folder, text)
        return f"({OURS}.path {string(posixpath.normpath(whole))})"

    def computed_path(self, node: Node, scope: _Scope) -> str:
        """Translate a path with values in it; it is not known where it leads."""
        pieces, end = [string(self.folder)], node.start
        for part in node.parts:
            pieces += [string(self.text[end : part.start]), self.whole(part, scope)]
            end = part.end
        pieces.append(string(self.text[end : node.end]))
        return f"({OURS}.pathOf [ {' '.join(pieces)} ])"

    def list(self, node: Node, scope: _Scope) -> str:
        tokens = _Tokens(node.parts, node.end)
        elements = []
        while tokens.peek().kind != "end":
            elements.append(self.selection(tokens, scope))
        return f"[ {' '.join(elements)} ]"

    def set(self, node: Node, scope: _Scope, *, recursive: bool) -> str:
        _, bindings = self.bindings(node, scope, recursive=recursive)
        return f"{{ {bindings} }}"

    def bindings(self, node: Node, scope: _Scope, *, recursive: bool) -> tuple[_Scope, str]:
        """Translate bindings, and return the scope of their values with them."""
        found = [*scan.bindings(node, self.text)]
        inner = scope
        if recursive:
            inner = scope.binding(*(path[0] for each in found for path in each.paths))
        return inner, " ".join(self.binding(each.tokens, inner, scope) for each in found)

    def binding(self, nodes: Sequence[Node], inner: _Scope, outer: _Scope) -> str:
        if nodes[0].text == "inherit":
            return self.inherit(nodes[1:], inner, outer)
        equals = next(place for place, node in enumerate(nodes) if node.text == "=")
        names = ".".join(self.attribute(node, inner) for node in nodes[:equals:2])
        value = self.all_of(nodes[equals + 1 :], nodes[-1].end, inner)
        return f"{names} = {value};"

    def attribute(self, node: Node, scope: _Scope) -> str:
        static = scan.attribute_name(node, self.text)
        if static is not None:
            return string(static)
        return f"${{{OURS}.key {self.name(node, scope)}}}"

    def inherit(self, nodes: Sequence[Node], inner: _Scope, outer: _Scope) -> str:
        if nodes and nodes[0].kind == "(":
            source = self.whole(nodes[0], inner)
            names = " ".join(self.name(node, inner) for node in nodes[1:])
            return f"inherit ({OURS}.taken {source} [ {names} ]) {names};"
        bindings = []
        for node in nodes:
            name = scan.attribute_name(node, self.text) or ""
            value = self.variable(node._replace(text=name), outer)
            bindings.append(
                f"inherit {string(name)};" if value == name else f"{string(name)} = {value};"
            )
        return " ".join(bindings)


def _split(nodes: Sequence[Node]) -> list[list[Node]]:
    """Return what stands between commas; one at the end is allowed."""
    parts: list[list[Node]] = [[]]
    for node in nodes:
        if node.text == ",":
            parts.append([])
        else:
            parts[-1].append(node)
    if not parts[-1]:
        parts.pop()
    if [] in parts:
        raise NotNixError(nodes[0].start, "a comma stands where an argument is wanted")
    return parts
