"""From expressions to the tree: where parentheses, escapes and comments go."""

import re
from collections.abc import Callable, Generator, Iterable, Mapping
from pathlib import PurePath
from typing import Any, Final, TypeAlias

from nixgen import expr, literals
from nixgen.comments import (
    comment_lines,
    join_trivia,
    lines_above,
    put_above,
    put_after,
    take_above,
    trivia_above,
)
from nixgen.exact import exact
from nixgen.expr import MISSING, NixError
from nixgen.tree import (
    CALL,
    FUNCTION,
    HAS,
    NEGATE,
    NOT,
    PIPE,
    SELECT,
    TERM,
    Assert,
    Assignment,
    AttrSet,
    Call,
    Function,
    Has,
    If,
    Indented,
    Inherit,
    Interpolated,
    Language,
    Let,
    List,
    Node,
    Operation,
    Param,
    Paren,
    Part,
    Path,
    Pattern,
    Prefix,
    Quoted,
    RawText,
    Selection,
    Selector,
    Token,
    Trivia,
    With,
    first,
)

_BINARY: Final = {
    "++": (5, "right"),
    "*": (6, "left"),
    "/": (6, "left"),
    "+": (7, "left"),
    "-": (7, "left"),
    "//": (9, "right"),
    "<": (10, "none"),
    "<=": (10, "none"),
    ">": (10, "none"),
    ">=": (10, "none"),
    "==": (11, "none"),
    "!=": (11, "none"),
    "&&": (12, "left"),
    "||": (13, "left"),
    "->": (14, "right"),
    "|>": (PIPE, "left"),
    "<|": (PIPE, "right"),
}
"""Binary operators: how tightly they hold, and which operand may be of the same level without
parentheses."""

_Part: TypeAlias = "tuple[expr.Value, _Way]"
_Way: TypeAlias = "tuple[expr.Name, ...] | int | str"
"""Where a part is, for messages: the path of a binding, the index of an element, or text."""
_Step: TypeAlias = "Generator[_Part, Node, Node]"
"""Asks for the tree of a part, with the way to that part for messages, and returns the tree of the
whole."""

_INTERPOLATED: Final = ".${…}"
"""The way to what is interpolated."""


def _in_parentheses(node: Node, level: int) -> Node:
    """The node, in parentheses if it does not hold together as tightly as that."""
    return node if node.level <= level else Paren(node)


def _negative(positive: Node) -> Node:
    return Prefix("-", positive, NEGATE)


def _number(value: float) -> Node:
    """A number, as an operation where it has no literal."""
    text = literals.number(value)
    if not text:
        op, left, right = (
            ("-", value + 1, 1) if isinstance(value, int) else ("*", value * 2.0**52, 2.0**-52)
        )
        return Operation(_number(left), [], op, _number(right), _BINARY[op][0])
    number = Token(text.removeprefix("-"), identifier=False)
    return _negative(number) if text.startswith("-") else number


def _leaf(value: expr.Value) -> Node | None:
    """The tree of what has no parts; `None` if it has."""
    if isinstance(value, expr.Expr):
        if isinstance(value, expr.Ident):
            return Token(value.name)
        if isinstance(value, expr.SearchPath):
            return Token(f"<{value.path}>", identifier=False)
        return _raw(value.text) if isinstance(value, expr.Raw) else None
    if value is None:
        return Token("null")
    if isinstance(value, str):
        text = exact(value)
        return Quoted([literals.string(text)[1:-1]] if text else [])
    if isinstance(value, bool):
        return Token("true" if value else "false")
    if isinstance(value, int | float):
        return _number(exact(value))
    if isinstance(value, PurePath):
        parts: list[Part] = []
        for part in literals.path(value):
            _extend(parts, part if isinstance(part, str) else Quoted([literals.escape(part[0])]))
        return Path(parts)
    return None


def _extend(parts: list[Part], part: Part) -> None:
    """Append a part; neighbouring texts become one."""
    if isinstance(part, str) and parts and isinstance(parts[-1], str):
        parts[-1] += part
    elif part != "":
        parts.append(part)


_NAME_ONLY = r"[A-Za-z_][A-Za-z0-9_'-]*(\.[A-Za-z_][A-Za-z0-9_'-]*)*"


def _raw(text: str) -> Node:
    """Source text without common indentation and without space around it."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").split("\n")]
    while not lines[0]:
        del lines[0]
    while not lines[-1]:
        lines.pop()
    margin = min(len(line) - len(line.lstrip(" ")) for line in lines if line)
    lines = [line[margin:] for line in lines]
    if len(lines) == 1 and re.fullmatch(_NAME_ONLY, lines[0]):
        head, *path = lines[0].split(".")
        return Selection(Token(head), list(path), None) if path else Token(head)
    return RawText(lines)


def _body(value: expr.Value) -> _Step:
    """The tree of a value that may have comments above it, which go to its first token."""
    node = yield value, ""
    if isinstance(value, expr.Commented):
        put_above(node, trivia_above(value))
    return node


def _comments(value: expr.Commented, *, interpolated: bool) -> tuple[Trivia, str]:
    """What stands above a value, and the comment after it.

    Args:
        value: The value.
        interpolated: Whether it stands in an interpolation. There, nixfmt may take the comment
            after something for one above the next, so it goes above that.
    """
    above, after = trivia_above(value), value.after.strip()
    return ([*above, after], "") if interpolated and after else (above, after)


def _part(node: Node, value: expr.Value, level: int, *, interpolated: bool) -> Node:
    """A part of an expression with its comments, which go to its first and last token.

    Args:
        node: The tree of the part.
        value: The part itself, which may have comments.
        level: How tightly it has to hold together. What is above it goes into the parentheses that
            it may need, and what is after it behind these.
        interpolated: Whether it stands in an interpolation.
    """
    if not isinstance(value, expr.Commented):
        return _in_parentheses(node, level)
    above, after = _comments(value, interpolated=interpolated)
    put_above(node, above)
    node = _in_parentheses(node, level)
    put_after(node, after)
    return node


def _mapping(value: Mapping[Any, expr.Value]) -> _Step:
    expr.check_mapping(value)
    return AttrSet((yield from _bindings((value,))), recursive=False)


def _set(value: expr.AttrSet) -> _Step:
    return AttrSet((yield from _bindings(value.items)), recursive=value.rec)


def _bindings(items: Iterable[expr.Item]) -> Generator[_Part, Node, list[Any]]:
    """The entries of a set or `let`."""
    entries: list[Any] = []
    for item in items:
        if isinstance(item, expr.Comment):
            entries.append(list(comment_lines(item.text)))
        elif isinstance(item, expr.BlankLine):
            entries.append([None])
        elif isinstance(item, expr.Inherit):
            source = None if item.source is MISSING else Paren((yield item.source, ""))
            entries.append(Inherit([_static_selector(name) for name in item.names], source))
        elif isinstance(item, expr.Binding):
            yield from _binding(entries, item.path, item.value)
        else:
            for key, value in item.items():
                yield from _binding(entries, expr.as_path(key), value)
    return join_trivia(entries)


def _binding(
    entries: list[Any], path: tuple[expr.Name, ...], value: expr.Value
) -> Generator[_Part, Node]:
    after = ""
    if isinstance(value, expr.Commented):
        entries.append(trivia_above(value))
        after = value.after.strip()
        value = value.value
    selectors = yield from _selectors(path)
    entries.append(Assignment(selectors, (yield value, path), after))


def _static_selector(name: str) -> Selector:
    return (
        name if expr.is_identifier(name) else Quoted([literals.string(name)[1:-1]] if name else [])
    )


def _selectors(path: tuple[expr.Name, ...]) -> Generator[_Part, Node, list[Selector]]:
    """An attribute path."""
    selectors: list[Selector] = []
    for name in path:
        static = expr.static_name(name)
        if static is not None:
            selectors.append(_static_selector(static))
        elif isinstance(name, expr.Str | expr.IndentedStr):
            selectors.append(Quoted((yield from _parts(name.parts))))
        else:
            selectors.append(Interpolated((yield name, _INTERPOLATED)))
    return selectors


def _list(value: expr.Value, *, interpolated: bool) -> _Step:
    """A list.

    Args:
        value: A plain or an `expr.List`.
        interpolated: Whether it stands in an interpolation.
    """
    entries: list[Any] = []
    index = 0
    for item in value.items if isinstance(value, expr.List) else value:
        if isinstance(item, expr.Comment):
            entries.append(list(comment_lines(item.text)))
        elif isinstance(item, expr.BlankLine):
            entries.append([None])
        else:
            after = ""
            if isinstance(item, expr.Commented):
                above, after = _comments(item, interpolated=interpolated)
                entries.append(above)
            node = _in_parentheses((yield item, index), SELECT)
            entries.append(take_above(node, language=True))
            put_after(node, after)
            entries.append(node)
            index += 1
    return List(join_trivia(entries))


def _string(value: expr.Str) -> _Step:
    return _with_language(Quoted((yield from _parts(value.parts))), value.language)


def _with_language(string: Node, language: str) -> Node:
    put_above(string, [Language(language)] if language else [])
    return string


def _parts(values: tuple[expr.Value, ...]) -> Generator[_Part, Node, list[Part]]:
    """The parts of a string in double quotes."""
    texts: list[Part] = []
    for value in values:
        _extend(texts, value if isinstance(value, str) else (yield value, _INTERPOLATED))
    return _escape(texts)


def _escape(parts: list[Part]) -> list[Part]:
    """Parts as they stand between double quotes."""
    return [
        literals.escape(part, before_interpolation=index + 1 < len(parts))
        if isinstance(part, str)
        else part
        for index, part in enumerate(parts)
    ]


def _path(value: expr.PathLiteral) -> _Step:
    parts: list[Part] = []
    for part in value.parts:
        _extend(parts, part if isinstance(part, str) else (yield part, _INTERPOLATED))
    return Path(parts)


def _spaces(text: str) -> Node:
    """Spaces that would be lost as text, to be interpolated."""
    return Quoted([literals.escape(text)])


def _indented_string(value: expr.IndentedStr) -> _Step:
    lines: list[list[Part]] = [[]]
    for part in value.parts:
        if isinstance(part, str):
            head, *tail = part.split("\n")
            _extend(lines[-1], head)
            lines += ([text] if text else [] for text in tail)
        else:
            lines[-1].append((yield part, _INTERPOLATED))
    if len(lines) == 1 and not _quotes_better_indented(lines[0]):
        return _with_language(Quoted(_escape(lines[0])), value.language)
    if len(lines) > 1:
        _keep_spaces(lines)
    indented = Indented(
        [
            [
                literals.escape_indented(
                    part,
                    before_interpolation=index + 1 < len(line),
                    last=line is lines[-1] and index + 1 == len(line),
                )
                if isinstance(part, str)
                else part
                for index, part in enumerate(line)
            ]
            for line in lines
        ]
    )
    return _with_language(indented, value.language)


def _quotes_better_indented(line: list[Part]) -> bool:
    """Whether nixfmt keeps one line an indented string: it has what double quotes must escape."""
    texts = [part for part in line if isinstance(part, str)]
    if not any('"' in text or "\\" in text for text in texts):
        return False
    return not (isinstance(line[0], str) and line[0].startswith(" "))


def _keep_spaces(lines: list[list[Part]]) -> None:
    """Interpolate spaces that an indented string drops, or that other tools drop at line ends."""
    for line in lines:
        tail = line[-1] if line else None
        if isinstance(tail, str):
            kept = tail.rstrip(" \t")
            lost = line is not lines[-1] or (len(line) == 1 and not kept)
            if kept != tail and lost:
                line[-1:] = [kept, _spaces(tail[len(kept) :])] if kept else [_spaces(tail)]
    started = [line for line in lines if line]
    if started and all(isinstance(line[0], str) and line[0].startswith(" ") for line in started):
        head = str(started[0][0])
        text = head.lstrip(" ")
        started[0][:1] = [_spaces(head[: len(head) - len(text)]), *([text] if text else [])]


def _select(value: expr.Select) -> _Step:
    target = _in_parentheses((yield value.target, ""), TERM)
    if isinstance(target, Path) or (isinstance(target, Token) and target.text[0].isdigit()):
        target = Paren(target)  # a dot would go on with the literal
    path = yield from _selectors(value.path)
    default = (
        None if value.default is MISSING else _in_parentheses((yield value.default, ""), SELECT)
    )
    return Selection(target, path, default)


def _has(value: expr.HasAttr) -> _Step:
    target = _in_parentheses((yield value.target, ""), NEGATE)
    return Has(target, (yield from _selectors(value.path)))


def _apply(value: expr.Apply, interpolated: bool) -> _Step:
    calls = [value]
    while isinstance(calls[-1].function, expr.Apply):
        calls.append(calls[-1].function)
    function = yield calls[-1].function, ""
    args: list[Node] = []
    for arg in (arg for call in reversed(calls) for arg in call.args):
        node = yield arg, ""
        args.append(_part(node, arg, SELECT, interpolated=interpolated))
    orelse = isinstance(function, Selection) and function.default is not None
    if orelse or first(function).before:
        # Not needed, but people read `a.b or c d` wrongly, and nixfmt before 1.4 takes the language
        # away from a string that is called.
        return Call(Paren(function), args)
    return Call(_in_parentheses(function, SELECT), args)


def _lambda(value: expr.Lambda) -> _Step:
    param = value.param if isinstance(value.param, str) else (yield from _parameters(value.param))
    return Function(param, (yield from _body(value.body)))


def _parameters(value: expr.Pattern) -> Generator[_Part, Node, Pattern]:
    params: list[Param] = []
    for given in value.params:
        before: Trivia = []
        after = ""
        if isinstance(given, expr.Commented):
            before, after = trivia_above(given), given.after.strip()
        param: expr.Param = given.value if isinstance(given, expr.Commented) else given
        if not params and before[:1] == [None]:
            before = before[1:]
        default = None if param.default is MISSING else (yield from _body(param.default))
        params.append(Param(param.name, default, before, after))
    return Pattern(params, ellipsis=value.ellipsis, alias=value.alias or "")


def _let(value: expr.Let) -> _Step:
    entries = yield from _bindings(value.bindings)
    return Let(entries, (yield from _body(value.body)))


def _with(value: expr.With) -> _Step:
    scope = yield value.scope, ""
    return With(scope, (yield from _body(value.body)))


def _if(value: expr.If, interpolated: bool) -> _Step:
    parts: list[Node] = []
    for part in (value.condition, value.then, value.otherwise):
        node = yield part, ""
        parts.append(_part(node, part, FUNCTION, interpolated=interpolated))
    condition, then, otherwise = parts
    # In a chain, between `else` and `if` would be an odd place.
    above = take_above(otherwise, language=False) if isinstance(otherwise, If) else []
    return If(condition, then, above, otherwise)


def _assert(value: expr.Assert) -> _Step:
    condition = yield value.condition, ""
    return Assert(condition, (yield from _body(value.body)))


def _binary(value: expr.BinaryOp, interpolated: bool) -> _Step:
    level, associates = _BINARY[value.op]
    left = yield value.left, ""
    right = yield value.right, ""
    above = trivia_above(value.right) if isinstance(value.right, expr.Commented) else []
    if isinstance(right, Operation) and first(right).before:
        # Between the operator and the first operand in there would be an odd place.
        above += take_above(right, language=False)
    if level == PIPE:
        left, right = _facing(left, value.op), _facing(right, value.op)
    left = _in_parentheses(left, level if associates == "left" else level - 1)
    if isinstance(value.left, expr.Commented):
        left = _part(left, value.left, FUNCTION, interpolated=interpolated)
    right = _in_parentheses(right, level if associates == "right" else level - 1)
    if value.op == "+" and isinstance(left, Operation) and left.op == "+":
        # Addition is laid out from the left: its first operand may be a bracket that stays on the
        # line.
        rest = Operation(left.right, above, "+", right, level)
        return Operation(left.left, left.above, "+", rest, level)
    return Operation(left, above, value.op, right, level)


def _facing(operand: Node, op: str) -> Node:
    """An operand of a pipe, in parentheses if it is a pipe of the other direction."""
    if isinstance(operand, Operation) and operand.level == PIPE and operand.op != op:
        return Paren(operand)
    return operand


def _not(value: expr.Not) -> _Step:
    operand = yield value.operand, ""
    # Nix would take `!a + b` for `!(a + b)`, but readers would not, nor does every nixfmt; and
    # not every one reads `!!a`.
    bare = operand.level <= HAS and not isinstance(operand, Prefix)
    return Prefix("!", operand if bare else Paren(operand), NOT)


def _neg(value: expr.Neg) -> _Step:
    operand = yield value.operand, ""
    # A minus right before a path would be part of the path.
    bare = operand.level <= CALL and not isinstance(first(operand), Path)
    return _negative(operand if bare else Paren(operand))


_STEPS: Final[dict[type, Callable[[Any], _Step]]] = {
    expr.AttrSet: _set,
    expr.Str: _string,
    expr.IndentedStr: _indented_string,
    expr.PathLiteral: _path,
    expr.Select: _select,
    expr.HasAttr: _has,
    expr.Lambda: _lambda,
    expr.Let: _let,
    expr.With: _with,
    expr.Assert: _assert,
    expr.Not: _not,
    expr.Neg: _neg,
}
_STEPS_OF_COMMENTED: Final[dict[type, Callable[[Any, bool], _Step]]] = {
    expr.Apply: _apply,
    expr.BinaryOp: _binary,
    expr.If: _if,
}
"""Those of expressions with parts that may have comments after them."""


def convert_file(value: expr.Value, *, headed: bool = False) -> Node:
    """The tree of a whole file, which may have comments.

    Args:
        value: The expression, or a `Commented` one.
        headed: Whether something stands above it that is not part of the tree.

    Raises:
        NixError: As `convert`.
    """
    above: Trivia = [None] if headed else []
    if not isinstance(value, expr.Commented):
        node = convert(value)
        put_above(node, above)
    else:
        node = convert(value.value)
        put_above(node, [*above, *lines_above(value)])
        put_after(node, value.after.strip())
    return node


ENDLESS: Final = "a mapping or list that holds itself has no end"


def convert(value: expr.Value) -> Node:
    """The tree of an expression.

    Args:
        value: The expression.

    Raises:
        NixError: Something in it is nothing that Nix could hold; the message starts with the way to
            it.
    """
    steps: list[tuple[_Step, _Way, bool, int]] = []
    inside: set[int] = set()
    way: _Way = ""
    node: Node | None
    try:
        while True:
            node = _leaf(value)
            if node is None:
                if id(value) in inside:
                    raise NixError(ENDLESS)
                interpolated = way == _INTERPOLATED or (bool(steps) and steps[-1][2])
                kind = type(value)
                if kind in _STEPS_OF_COMMENTED:
                    step = _STEPS_OF_COMMENTED[kind](value, interpolated)
                elif kind in _STEPS:
                    step = _STEPS[kind](value)
                elif isinstance(value, (list, tuple, expr.List)):
                    step = _list(value, interpolated=interpolated)
                elif isinstance(value, Mapping):
                    step = _mapping(value)
                elif isinstance(value, expr.Commented) and steps:
                    value = value.value  # its comments go where whoever has it puts them
                    continue
                else:
                    expr.check_value(value)
                    raise NixError(f"{expr.describe(value)} is no Nix expression")
                steps.append((step, way, interpolated, id(value)))
                inside.add(id(value))
            while True:
                if node is not None and not steps:
                    return node
                step = steps[-1][0]
                way = ""
                try:
                    value, way = next(step) if node is None else step.send(node)
                    break
                except StopIteration as done:
                    node = done.value
                    inside.remove(steps.pop()[3])
    except NixError as error:
        path = "".join(map(_show_way, (*(way for _, way, *_ in steps), way))).lstrip(".")
        raise NixError(f"{path}: {error}" if path else str(error)) from None


def _show_way(way: _Way) -> str:
    if isinstance(way, int):
        return f"[{way}]"
    return way if isinstance(way, str) else f".{expr.show_path(way)}"
