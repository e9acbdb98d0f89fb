"""Nix text as far as bindings go: what nests, where attributes are set, and which are set twice.

This is no parser: what stands between `=` and `;` has only to close what it opens. The tokens are
those of Nix's lexer, https://github.com/NixOS/nix/blob/2.8.0/src/libexpr/lexer.l.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

_TOKEN = re.compile(
    r"""
      (?P<space> [ \t\r\n]+ | \#[^\r\n]* | /\*.*?\*/ )
    | (?P<path> [\w.+-]*(?:/[\w.+-]+)+/? | [\w.+-]*/(?=\$\{) )
    | (?P<uri> [A-Za-z][A-Za-z0-9+.-]*:[\w%/?:@&=+$,.!~*'-]+ )
    | (?P<word> [A-Za-z_][\w'-]* )
    | (?P<number> (?: [1-9][0-9]*\.[0-9]* | 0?\.[0-9]+ ) (?: [Ee][+-]?[0-9]+ )? | [0-9]+ )
    | (?P<quote> " | '' )
    | (?P<open> \$\{ | [{(\[] )
    | (?P<close> [})\]] )
    | (?P<mark> [=!<>]= | [;:@=.,?+*/<>!&|~-] )
    """,
    re.ASCII | re.DOTALL | re.VERBOSE,
)
# What goes on without an interpolation: of a string in quotes, an indented one, and a path.
_LITERAL = {
    '"': re.compile(r'(?:[^$"\\]++|\$[^{"\\]|\$(?=["\\])|\\.)*', re.DOTALL),
    "''": re.compile(r"(?:[^$']++|\$[^{']|\$(?=')|'[^'$]|'(?=\$)|''\$|'''|''\\.)*", re.DOTALL),
    "path": re.compile(r"[\w.+/-]*", re.ASCII),
}
# https://git-scm.com/docs/git-merge#_how_conflicts_are_presented; no Nix begins a line so.
_CONFLICT = re.compile(r"^(?:<{7}|\|{7}|={7}|>{7})(?=[ \r\n]|\Z)", re.MULTILINE)
_CLOSING = {"{": "}", "${": "}", "(": ")", "[": "]"}
KEYWORDS = frozenset({"assert", "else", "if", "in", "inherit", "let", "rec", "then", "with"})
_ESCAPE = re.compile(r"\\(.)|\r\n?", re.DOTALL)
_CONTROL = {"n": "\n", "r": "\r", "t": "\t"}

_Path: TypeAlias = tuple[str | None, ...]


class Node(NamedTuple):
    """A token, or what stands between two that belong together.

    Attributes:
        kind: The token's kind. What nests has what opens it: a bracket, `"`, `''`, `let` (up to its
            `in`), `path` with interpolations, or `file` for all.
        start: Offset of its first character.
        end: Offset after its last.
        text: The token; empty for what nests.
        parts: What nests in it: of a string or a path the interpolations only.
    """

    kind: str
    start: int
    end: int
    text: str = ""
    parts: "tuple[Node, ...]" = ()


class Binding(NamedTuple):
    """What sets attributes in a set or a `let`: `path = value;` or `inherit names;`.

    Attributes:
        start: Offset of its first character.
        end: Offset after its `;`.
        paths: What it sets; None in a path stands for a name that is computed.
        tokens: All of it but the `;`.
        value: The literal set that it sets; None when it is anything else.
        rec: Whether that is a `rec` one.
    """

    start: int
    end: int
    paths: tuple[_Path, ...]
    tokens: tuple[Node, ...]
    value: Node | None = None
    rec: bool = False


class NotNixError(Exception):
    """The text is not Nix.

    Attributes:
        offset: Where.
    """

    def __init__(self, offset: int, problem: str) -> None:
        super().__init__(problem)
        self.offset = offset


class SetTwiceError(Exception):
    """Two bindings set an attribute, and Nix does not merge them.

    Attributes:
        offsets: Where both begin, in the order of the text.
        attributes: What both set, as Nix spells it: one is the other, or leads to it.
        rec: Whether a `rec` set is among them, which some Nix merges.
    """

    def __init__(
        self, offsets: tuple[int, int], attributes: tuple[str, str], *, rec: bool = False
    ) -> None:
        super().__init__(*attributes)
        self.offsets = offsets
        self.attributes = attributes
        self.rec = rec


class _Attribute:
    """One that is set.

    Attributes:
        start: Where the binding begins that sets it first.
        path: Its way from the outermost set.
        binding: What that binding sets: this, or what is in it.
        plain: Whether it is a literal set, so that more can go into it.
        rec: Whether that is a `rec` one.
        attributes: What is in it.
    """

    def __init__(
        self, start: int, path: "_Path", binding: "_Path", *, plain: bool, rec: bool
    ) -> None:
        self.start = start
        self.path = path
        self.binding = binding
        self.plain = plain
        self.rec = rec
        self.attributes: dict[str, _Attribute] = {}


def scan(text: str) -> tuple[Node, frozenset[int]]:
    """Return a text as a node of kind `file`, and the offset of each comment.

    Raises:
        NotNixError: When something is closed that is not open, or the other way round.
    """
    open_nodes: list[tuple[str, int, list[Node]]] = [("file", 0, [])]
    comments: set[int] = set()
    position = 0

    def close() -> None:
        kind, start, parts = open_nodes.pop()
        open_nodes[-1][2].append(Node(kind, start, position, "", tuple(parts)))

    while True:
        kind, start, parts = open_nodes[-1]
        if literal := _LITERAL.get(kind):
            found = literal.match(text, position)
            position = found.end() if found else position
            if text.startswith("${", position):
                open_nodes.append(("${", position, []))
                position += 2
            elif kind == "path":
                close()
            elif text.startswith(kind, position):
                position += len(kind)
                close()
            else:
                raise NotNixError(start, "a string begins here and never ends")
            continue
        if position == len(text):
            break
        if text[position] in "<|=>" and _CONFLICT.match(text, position):
            raise NotNixError(position, "conflict markers: resolve them, then run `nixgen write`")
        token = _TOKEN.match(text, position)
        if token is None:
            raise NotNixError(position, "Nix has no use for the character here")
        if text.startswith("/*", position) and not token["space"]:
            raise NotNixError(position, "a comment begins here and never ends")
        begin, position, found_kind, said = position, token.end(), str(token.lastgroup), token[0]
        if found_kind == "space":
            if not said.isspace():
                comments.add(begin)
        elif found_kind in ("open", "quote"):
            if said == "{" and kind == "let" and not parts:  # let { … }, as it was once written
                open_nodes.pop()
                open_nodes[-1][2].append(Node("word", start, start + 3, "let"))
            open_nodes.append((said, begin, []))
        elif found_kind == "path" and text.startswith("${", position):
            open_nodes.append(("path", begin, []))
        elif said == "let":
            open_nodes.append((said, begin, []))
        elif said == "in" or found_kind == "close":
            if _CLOSING.get(kind, "in" if kind == "let" else "") != said:
                if kind == "file" or said == "in":
                    raise NotNixError(begin, f"'{said}' closes nothing that is open")
                raise NotNixError(start, f"'{kind}' is not closed before the next '{said}'")
            close()
        else:
            parts.append(Node(found_kind, begin, position, said))
    if len(open_nodes) > 1:
        raise NotNixError(start, f"'{kind}' is never closed")
    return Node("file", 0, position, "", tuple(parts)), frozenset(comments)


def around(file: Node, offset: int) -> list[Node]:
    """Return the nodes that an offset lies in, from the file inwards."""
    nodes = [file]
    while inner := next((part for part in nodes[-1].parts if part.start < offset < part.end), None):
        nodes.append(inner)
    return nodes


def binds(node: Node, parent: Node | None) -> bool:
    """Tell whether a node holds bindings: a set or a `let`, and no pattern of a function."""
    if node.kind != "{" or parent is None:
        return node.kind == "let"
    after = next((part.text for part in parent.parts if part.start >= node.end), "")
    return after not in (":", "@")


def widest(nodes: list[Node], text: str) -> Node:
    """Return the outermost set or `let` whose attributes those of the innermost node are among.

    Args:
        nodes: The nodes around a place, from the file inwards; the last holds bindings.
        text: The whole text.
    """
    found, rest = nodes[-1], nodes[:-1]
    while rest:
        parent = rest.pop()
        if parent.kind == "(" and len(parent.parts) == 1:
            continue
        if not binds(parent, rest[-1] if rest else None):
            break
        if not any(binding.value is found for binding in bindings(parent, text)):
            break
        found = parent
    return found


def bindings(node: Node, text: str) -> Iterator[Binding]:
    """Give the bindings of a set or a `let`.

    Raises:
        NotNixError: When there is something else in it.
    """
    begun: list[Node] = []
    to_come = 1
    for part in node.parts:
        begun.append(part)
        to_come += part.text in ("with", "assert")
        to_come -= part.text == ";"
        if not to_come:
            yield _binding(begun, text)
            begun, to_come = [], 1
    if begun:
        raise NotNixError(begun[0].start, "no ';' ends what begins here")


def _binding(parts: list[Node], text: str) -> Binding:
    start, end = parts[0].start, parts.pop().end
    if parts and parts[0].text == "inherit":
        names = parts[2:] if len(parts) > 1 and parts[1].kind == "(" else parts[1:]
        paths = tuple((attribute_name(each, text),) for each in names)
        if (None,) in paths:
            raise NotNixError(start, "what is inherited has a name that is computed")
        return Binding(start, end, paths, tuple(parts))
    equals = next((place for place, part in enumerate(parts) if part.text == "="), None)
    if equals is None:
        raise NotNixError(start, "an attribute without '='")
    named, value = parts[:equals], parts[equals + 1 :]
    if any(part.text != "." for part in named[1::2]) or len(named) % 2 == 0:
        raise NotNixError(start, "what stands before '=' is no name of an attribute")
    if wrong := next((part for part in value if part.text in ("=", ",")), None):
        raise NotNixError(
            wrong.start,
            f"'{wrong.text}' in the middle of a value: a ';' is missing before",
        )
    if not value:
        raise NotNixError(start, "an attribute without a value")
    rec = value[0].text == "rec"
    literal = bare(value[rec:])
    if literal is not None and literal.kind != "{":
        literal = None
    path = tuple(attribute_name(each, text) for each in named[::2])
    return Binding(start, end, (path,), tuple(parts), literal, rec and literal is not None)


def refuse_set_twice(node: Node, text: str, owner: Callable[[int], str | None]) -> None:
    """Refuse what Nix refuses: an attribute that two bindings set, unless it can merge them.

    Nix merges literal sets: any with a path that leads into it, and two of them where they have
    nothing in common. Newer than 2.18 merge what they have in common too, for which this lets those
    of one owner be: the file was like that before. A `rec` set is merged with nothing of another
    owner, for its attributes are variables.
    https://github.com/NixOS/nix/blob/2.8.0/src/libexpr/parser.y (addAttr)
    https://github.com/NixOS/nix/issues/9020

    Args:
        node: A set or a `let`.
        text: The whole text.
        owner: Whose the binding at an offset is.

    Raises:
        SetTwiceError: When one is.
        NotNixError: When what should be bindings is something else.
    """
    top = _Attribute(0, (), (), plain=True, rec=False)
    pending = [_Level(top, bindings(node, text))]
    while pending:
        level = pending[-1]
        binding = next(level.bindings, None)
        if binding is None:
            pending.pop()
            continue
        for path in binding.paths:
            if node.kind == "let" and level.attribute is top and path[0] is None:
                raise NotNixError(binding.start, "a 'let' takes no name that is computed")
            found = _set(level, path, binding, owner)
            if binding.value is not None:
                before = frozenset(found.attributes)
                pending.append(_Level(found, bindings(binding.value, text), before))


class _Level(NamedTuple):
    """A literal set in the middle of being read.

    Attributes:
        attribute: What its bindings go into.
        bindings: Those to come.
        before: What was in there before the set: nothing unless two are merged.
    """

    attribute: _Attribute
    bindings: Iterator[Binding]
    before: frozenset[str] = frozenset()


def _set(
    level: _Level, path: _Path, binding: Binding, owner: Callable[[int], str | None]
) -> _Attribute:
    """Set an attribute, and return it."""
    here = level.attribute
    whole = here.path + path
    for depth, name in enumerate(path, 1):
        last = depth == len(path)
        made = _Attribute(
            binding.start,
            level.attribute.path + path[:depth],
            whole,
            plain=not last or binding.value is not None,
            rec=last and binding.rec,
        )
        # Nobody knows a computed name before it is evaluated.
        there = made if name is None else here.attributes.setdefault(name, made)
        if there is not made:
            owners = owner(there.start), owner(binding.start)
            if (
                not (there.plain and made.plain)
                or (owners[0] != owners[1] and (there.rec or made.rec))
                or (owners != (None, None) and depth == 1 and name in level.before)
            ):
                raise SetTwiceError(
                    (there.start, binding.start),
                    (_spelled(there.binding), _spelled(whole)),
                    rec=there.rec or made.rec,
                )
        here = there
    return here


def bare(nodes: "list[Node] | tuple[Node, ...]") -> Node | None:
    """Return the node that some are, parentheses aside; None when they are not one."""
    while len(nodes) == 1 and nodes[0].kind == "(":
        nodes = nodes[0].parts
    return nodes[0] if len(nodes) == 1 else None


def attribute_name(node: Node, text: str) -> str | None:
    """Return an attribute's name; None when it is computed."""
    if node.kind == "word" and node.text not in KEYWORDS:
        return node.text
    if node.kind == '"':
        return None if node.parts else _unescaped(text[node.start + 1 : node.end - 1])
    if node.kind == "${":
        inner = bare(node.parts)
        if inner is None or inner.parts or inner.kind not in ('"', "''"):
            return None
        if inner.kind == '"':
            return attribute_name(inner, text)
        return text[inner.start + 2 : inner.end - 2].lstrip(" ")
    raise NotNixError(node.start, "the name of an attribute is wanted here")


def _unescaped(text: str) -> str:
    def meant(found: re.Match[str]) -> str:
        return _CONTROL.get(found[1], found[1]) if found[1] else "\n"

    return _ESCAPE.sub(meant, text)


def _spelled(path: _Path) -> str:
    from nixgen.literals import name as spelled  # which takes long, and only messages need it

    return ".".join("${…}" if name is None else spelled(name) for name in path)
