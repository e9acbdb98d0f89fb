"""The syntax tree of what is printed: which tokens an expression takes, with comments in place.

It knows of each part what the layout rules ask about it.
"""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

# How tightly an expression holds together, tightest first (Nix's parser.y).
TERM: Final = 0
SELECT: Final = 1
CALL: Final = 2
NEGATE: Final = 3
HAS: Final = 4
NOT: Final = 8
PIPE: Final = 15
FUNCTION: Final = 16


class Language:
    """`/* name */` before a string, on its line.

    Attributes:
        name: What the string is to be taken for.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


Trivia: TypeAlias = "list[str | Language | None]"
"""What stands before a token: comment lines without their `# `, and `None` for an empty line; last,
the language of a string."""


class Node:
    """A part of the tree.

    Attributes:
        level: How tightly it holds together.
        before: What stands before its first token.
        after: The comment after its last token, or empty.
        simple: Whether a call of it or with it may be kept on one line however long it is.
        one_line: Whether it can be on one line for sure; only told for what is simple.
        absorbable: Whether it is a bracket or text of several lines, whose opening can end a line.
        absorbs: Whether it ends in something absorbable, with all before that on the opening line.
    """

    __slots__ = ("after", "before", "one_line", "simple")
    level = TERM
    absorbable = False
    absorbs = False

    def __init__(self) -> None:
        self.before: Trivia = []
        self.after = ""
        self.simple = False
        self.one_line = False

    def is_simple(self) -> bool:
        """Whether it is simple, with the comments that it and its parts have now."""
        return False

    def is_bare(self) -> bool:
        """Whether it has no comments."""
        return not (self.before or self.after)


class Token(Node):
    """A name, number or search path.

    Attributes:
        text: As it is written.
        identifier: Whether it is a name.
    """

    __slots__ = ("identifier", "text")

    def __init__(self, text: str, *, identifier: bool = True) -> None:
        super().__init__()
        self.text = text
        self.identifier = identifier
        self.simple = self.one_line = True

    is_simple = Node.is_bare


class RawText(Node):
    """Source text that is taken over.

    Attributes:
        lines: Its lines.
    """

    __slots__ = ("lines",)
    level = FUNCTION

    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = lines


Part: TypeAlias = "str | Node"
"""Text as it is written, or what is interpolated."""


def _sure(parts: "list[Part]") -> bool:
    """Whether text with interpolations is on one line for sure."""
    return all(isinstance(part, str) or (part.simple and part.one_line) for part in parts)


class Quoted(Node):
    """A string in double quotes.

    Attributes:
        parts: Its parts.
    """

    __slots__ = ("parts",)

    def __init__(self, parts: list[Part]) -> None:
        super().__init__()
        self.parts = parts
        self.simple = True
        self.one_line = _sure(parts)

    is_simple = Node.is_bare


class Path(Quoted):
    """A path literal."""

    __slots__ = ()


class Interpolated(Node):
    """`${value}` as a step of an attribute path."""

    __slots__ = ("value",)

    def __init__(self, value: Node) -> None:
        super().__init__()
        self.value = value


class Indented(Node):
    """An indented string.

    Attributes:
        lines: The parts of each line.
    """

    __slots__ = ("absorbable", "absorbs", "lines")

    def __init__(self, lines: list[list[Part]]) -> None:
        super().__init__()
        self.lines = lines
        self.absorbable = self.absorbs = len(lines) > 1
        self.simple = True
        self.one_line = len(lines) == 1 and _sure(lines[0])

    is_simple = Node.is_bare


class Assignment:
    """`path = value;` with the comment after it."""

    __slots__ = ("after", "path", "value")

    def __init__(self, path: "list[Selector]", value: Node, after: str) -> None:
        self.path = path
        self.value = value
        self.after = after


class Inherit:
    """`inherit (source) names;`.

    Attributes:
        names: What is inherited.
        source: Where from, in parentheses; `None` is the scope.
        broken: Whether each name is on a line of its own even if all fit on one.
    """

    __slots__ = ("broken", "names", "source")

    def __init__(self, names: "list[Selector]", source: Node | None) -> None:
        self.names = names
        self.source = source
        self.broken = False


Selector: TypeAlias = "str | Node"
"""A step of an attribute path: a plain name, a `Quoted` name, or what is interpolated."""


class Sequence(Node):
    """What the bracketed things have in common.

    Attributes:
        entries: Elements or bindings, and what stands above them.
        broken: Whether the brackets are on lines of their own even if all fits on one.
    """

    __slots__ = ("absorbable", "absorbs", "broken", "entries")

    def __init__(self, entries: list[Any]) -> None:
        super().__init__()
        self.entries = entries
        self.broken = False
        self.absorbable = self.absorbs = bool(entries)


class List(Sequence):
    """A list; its entries are nodes and trivia."""

    __slots__ = ()


class AttrSet(Sequence):
    """An attribute set; its entries are assignments, inherits and trivia.

    Attributes:
        recursive: Whether it is a `rec` set.
    """

    __slots__ = ("recursive",)

    def __init__(self, entries: list[Any], *, recursive: bool) -> None:
        super().__init__(entries)
        self.recursive = recursive


class Paren(Node):
    """An expression in parentheses."""

    __slots__ = ("inner",)

    def __init__(self, inner: Node) -> None:
        super().__init__()
        self.inner = inner
        self.simple = inner.simple
        self.one_line = inner.one_line

    def is_simple(self) -> bool:
        """As what is in it."""
        return self.is_bare() and self.inner.simple


class Selection(Node):
    """`target.path or default`."""

    __slots__ = ("default", "path", "target")
    level = SELECT

    def __init__(self, target: Node, path: list[Selector], default: Node | None) -> None:
        super().__init__()
        self.target = target
        self.path = path
        self.default = default
        self.simple = self.is_simple()
        self.one_line = target.one_line

    def is_simple(self) -> bool:
        """As its target, if its path has plain names only."""
        plain = all(isinstance(name, str) for name in self.path)
        return self.target.simple and self.default is None and plain


class Call(Node):
    """A function and its arguments."""

    __slots__ = ("args", "function")
    level = CALL

    def __init__(self, function: Node, args: list[Node]) -> None:
        super().__init__()
        self.function = function
        self.args = args
        self.simple = self.is_simple()
        self.one_line = function.one_line and all(arg.one_line for arg in args)

    def is_simple(self) -> bool:
        """As its parts, if these are few."""
        args = self.args
        return len(args) <= 2 and self.function.simple and all(arg.simple for arg in args)


class Operation(Node):
    """Two operands and the operator between them, with what stands above that."""

    __slots__ = ("above", "left", "level", "op", "right")

    def __init__(self, left: Node, above: Trivia, op: str, right: Node, level: int) -> None:
        super().__init__()
        self.left = left
        self.above = above
        self.op = op
        self.right = right
        self.level = level


class Has(Node):
    """`target ? path`."""

    __slots__ = ("path", "target")
    level = HAS

    def __init__(self, target: Node, path: list[Selector]) -> None:
        super().__init__()
        self.target = target
        self.path = path


class Prefix(Node):
    """`!operand` or `-operand`."""

    __slots__ = ("level", "op", "operand")

    def __init__(self, op: str, operand: Node, level: int) -> None:
        super().__init__()
        self.op = op
        self.operand = operand
        self.level = level


class Param:
    """One attribute of a pattern."""

    __slots__ = ("after", "before", "default", "name")

    def __init__(self, name: str, default: Node | None, before: Trivia, after: str) -> None:
        self.name = name
        self.default = default
        self.before = before
        self.after = after


class Pattern:
    """`{ params, ... }@alias`.

    Attributes:
        params: The attributes.
        ellipsis: Whether others may be given.
        alias: The name of all, or empty.
        broken: Whether the braces are on lines of their own even if all fits on one.
    """

    __slots__ = ("alias", "broken", "ellipsis", "params")

    def __init__(self, params: list[Param], *, ellipsis: bool, alias: str) -> None:
        self.params = params
        self.ellipsis = ellipsis
        self.alias = alias
        self.broken = len(params) > 2 or any(
            param.default is not None or param.before or param.after for param in params
        )


class Function(Node):
    """`param: body`.

    Attributes:
        param: A name or a pattern.
        body: What it returns.
        absorbs: Whether it ends in something absorbable.
        broken: Whether the body is on a line of its own even if all fits on one.
    """

    __slots__ = ("absorbs", "body", "broken", "param")
    level = FUNCTION

    def __init__(self, param: str | Pattern, body: Node) -> None:
        super().__init__()
        self.param = param
        self.body = body
        self.absorbs = self.broken = False
        if isinstance(param, str):
            self.absorbs = body.absorbable or (isinstance(body, Function) and body.absorbs)
        elif not param.alias and body.absorbs:
            self.broken = True
            _break(body)


def _break(body: Node) -> None:
    """Put the body of a function of a pattern on lines of its own.

    Versions of nixfmt differ in whether `{ pkgs }: { … }` keeps its braces together; this form all
    keep.
    """
    while not body.absorbable and body.absorbs and isinstance(body, Function | With):
        body = body.body
    if isinstance(body, Sequence):
        body.broken = body.absorbable


class Let(Node):
    """`let entries in body`."""

    __slots__ = ("body", "entries")
    level = FUNCTION

    def __init__(self, entries: list[Any], body: Node) -> None:
        super().__init__()
        self.entries = entries
        self.body = body


class With(Node):
    """`with scope; body`."""

    __slots__ = ("absorbs", "body", "scope")
    level = FUNCTION

    def __init__(self, scope: Node, body: Node) -> None:
        super().__init__()
        self.scope = scope
        self.body = body
        self.absorbs = body.absorbable


class Assert(Node):
    """`assert condition; body`."""

    __slots__ = ("body", "condition")
    level = FUNCTION

    def __init__(self, condition: Node, body: Node) -> None:
        super().__init__()
        self.condition = condition
        self.body = body


class If(Node):
    """`if condition then then else otherwise`, with what stands above the `else`."""

    __slots__ = ("above", "condition", "otherwise", "then")
    level = FUNCTION

    def __init__(self, condition: Node, then: Node, above: Trivia, otherwise: Node) -> None:
        super().__init__()
        self.condition = condition
        self.then = then
        self.above = above
        self.otherwise = otherwise


_FIRST: Final[dict[type, str]] = {
    Selection: "target",
    Has: "target",
    Call: "function",
    Operation: "left",
}
"""What of a node starts with its first token, where that is not its own."""


def towards_first(node: Node) -> Iterator[Node]:
    """The nodes that start with the first token of a node, from the outermost."""
    yield node
    while part := _FIRST.get(type(node)):
        node = getattr(node, part)
        yield node


def first(node: Node) -> Node:
    """The node that the first token of a node belongs to."""
    while part := _FIRST.get(type(node)):
        node = getattr(node, part)
    return node


def towards_last(node: Node) -> Iterator[Node]:
    """The nodes that end with the last token of a node, from the outermost."""
    yield node
    while True:
        if isinstance(node, Function | Let | With | Assert):
            node = node.body
        elif isinstance(node, If):
            node = node.otherwise
        elif isinstance(node, Call):
            node = node.args[-1]
        elif isinstance(node, Operation):
            node = node.right
        elif isinstance(node, Prefix):
            node = node.operand
        elif isinstance(node, Selection) and node.default is not None:
            node = node.default
        else:
            return
        yield node
