"""One rule per kind of expression: its document from the documents of its parts.

The rules are those of RFC 166 as nixfmt 1.x applies them; `layout` says how a document becomes
lines.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

from nixgen import tree
from nixgen.document import (
    BLANK,
    BREAK,
    COMMENT,
    END,
    GROUP,
    IF_BROKEN,
    LINE,
    NEST,
    NEWLINE,
    OFFSET,
    ONE_LINE,
    PRIORITY,
    SHORT,
    SOFT_BREAK,
    SOFT_LINE,
    SPACE,
    SURELY_ONE_LINE,
    TEXT_NEWLINE,
    TRAILING_COMMENT,
    TRANSPARENT,
    UNNEST,
    Doc,
    Owned,
    layout,
)
from nixgen.tree import Node

_SHORT_INTERPOLATION: Final = 30
_LONG_LIST: Final = 7
_WHITE_SPACE: Final = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What has Unicode's White_Space property, which is not quite what `str.strip` takes for space."""
_COMPARISONS: Final = frozenset({"<", "<=", ">", ">=", "==", "!="})
_CONCATENATIONS: Final = frozenset({"//", "++", "+"})


def lay_out(node: Node) -> str:
    """The lines of a whole file, without the last line end.

    Args:
        node: Its tree.
    """
    return _settled(lambda: _doc(node), 0)


def lay_out_entry(alone: Node, indent: int) -> str:
    """The lines of a binding of a set or an element of a list, with what stands above it.

    Args:
        alone: The tree of a set or list that has no other.
        indent: Spaces before each line but the first.
    """
    entries: list[Any] = alone.entries  # type: ignore[attr-defined]
    return _settled(lambda: _entries(entries, NEWLINE), indent)


def _settled(doc: Callable[[], Doc], indent: int) -> str:
    """Lay out so that nixfmt, reading the result, would lay it out the same.

    nixfmt keeps brackets on lines of their own when it finds them so, and a soft break looks ahead
    at such brackets. So when there are both, the brackets are marked and all is laid out again.
    """
    while True:
        laid = layout(doc(), indent)
        if not (laid.soft and laid.broken):
            return laid.text
        for owner in laid.broken:
            owner.broken = True  # type: ignore[attr-defined]


# Rules --------------------------------------------------------------------------------------------
#
# Each is a generator of pieces; a rule yields the document of a part as it is, without running it.


def _doc(node: Node) -> Doc:
    """The document of an expression or term."""
    if isinstance(node, tree.List):
        yield GROUP
        yield _RULES[tree.List](node)
        yield END
    else:
        yield _RULES[type(node)](node)


def _wide(node: Node) -> Doc:
    """A term where an attribute set takes several lines even if it would fit on one."""
    if isinstance(node, tree.AttrSet):
        return _set(node, wide=True)
    return _RULES[type(node)](node)


def _group(doc: Doc) -> Doc:
    yield GROUP
    yield doc
    yield END


def _above(trivia: tree.Trivia) -> Doc:
    """Comment lines and empty lines."""
    if trivia:
        yield NEWLINE
    for line in trivia:
        if line is None:
            yield BLANK
        else:
            yield COMMENT, f"# {line}" if line else "#"
            yield NEWLINE


def _after(comment: str) -> Doc:
    """The comment at the end of a line."""
    if comment:
        yield SPACE
        yield TRAILING_COMMENT, f"# {comment}"
        yield NEWLINE


def _token(node: tree.Token) -> Doc:
    yield _above(node.before)
    yield node.text
    yield _after(node.after)


def _raw(node: tree.RawText) -> Doc:
    yield _above(node.before)
    for index, line in enumerate(node.lines):
        if index:
            yield TEXT_NEWLINE
        yield line
    if "#" in node.lines[-1]:
        yield NEWLINE
    yield _after(node.after)


# Strings ------------------------------------------------------------------------------------------


def _quoted(node: tree.Quoted) -> Doc:
    yield _above(node.before)
    yield GROUP
    yield '"'
    yield _parts(node.parts)
    yield '"'
    yield END
    yield _after(node.after)


def _path(node: tree.Path) -> Doc:
    yield _above(node.before)
    yield _parts(node.parts)
    yield _after(node.after)


def _indented(node: tree.Indented) -> Doc:
    yield _above(node.before)
    yield GROUP
    yield "''"
    if len(node.lines) > 1:
        yield BREAK
    yield NEST
    for index, line in enumerate(node.lines):
        if index:
            yield TEXT_NEWLINE
        yield _parts(line)
    yield UNNEST
    yield "''"
    yield END
    yield _after(node.after)


def _parts(parts: list[tree.Part]) -> Doc:
    """One line of a string."""
    head: tree.Part = parts[0] if parts else ""
    rest = parts[1:]
    if isinstance(head, Node):
        head, rest = "", parts
    yield head
    margin = len(head) - len(head.lstrip(_WHITE_SPACE))
    yield OFFSET, margin
    if len(rest) == 1 and isinstance(rest[0], Node) and not head.strip(_WHITE_SPACE):
        # Alone on its line, an interpolation opens like parentheses.
        yield GROUP
        yield "${"
        yield NEST
        yield _enclosed(rest[0])
        yield UNNEST
        yield "}"
        yield END
    else:
        for part in rest:
            yield part if isinstance(part, str) else _interpolation(part)
    yield OFFSET, -margin


def _interpolation(node: Node) -> Doc:
    if node.absorbable:
        yield GROUP
        yield "${"
        yield _RULES[type(node)](node)
        yield "}"
        yield END
    elif node.simple:
        yield "${"
        yield SURELY_ONE_LINE if node.one_line else (ONE_LINE, [])
        yield _doc(node)
        yield END
        yield "}"
    else:
        yield GROUP
        yield "${"
        yield SHORT, _SHORT_INTERPOLATION
        yield _group(_doc(node))
        yield END
        yield "}"
        yield END


# Lists, sets and parentheses ----------------------------------------------------------------------


def _entries(entries: list[Any], separator: int) -> Doc:
    """Elements or bindings, and what stands above them."""
    for index, entry in enumerate(entries):
        if index:
            yield separator
        if isinstance(entry, list):
            yield _above(entry)
        else:
            yield GROUP
            if isinstance(entry, Node):
                yield _doc(entry)
            elif isinstance(entry, tree.Assignment):
                yield _assignment(entry)
            else:
                yield _inherit(entry)
            yield END


def _list(node: tree.List, separator: int = NEWLINE) -> Doc:
    yield _above(node.before)
    if not node.entries and not node.before:
        yield "["
        yield SPACE
    else:
        comments_only = all(isinstance(entry, list) for entry in node.entries)
        edge = NEWLINE if node.broken or comments_only else Owned.line(node)
        yield "["
        yield edge
        yield NEST
        yield _entries(node.entries, separator)
        yield UNNEST
        yield edge
    yield "]"
    yield _after(node.after)


def _set(node: tree.AttrSet, *, wide: bool = False) -> Doc:
    yield _above(node.before)
    if node.recursive:
        yield "rec"
        yield SPACE
    if not node.entries and not node.before:
        yield "{"
        yield SPACE
    else:
        edge = NEWLINE if wide or node.broken else Owned.line(node)
        yield "{"
        yield edge
        yield NEST
        yield _entries(node.entries, NEWLINE)
        yield UNNEST
        yield edge
    yield "}"
    yield _after(node.after)


def _inherit(node: tree.Inherit) -> Doc:
    spread = node.broken or len(node.names) > 3
    between, end = (NEWLINE, NEWLINE) if spread else (Owned.line(node), BREAK)
    yield "inherit"
    if node.source is None:
        yield between
        yield NEST
    else:
        yield NEST
        yield GROUP
        yield LINE
        yield _doc(node.source)
        yield END
        yield between
    for index, name in enumerate(node.names):
        if index:
            yield between
        yield _selector(name)
    yield end
    yield ";"
    yield UNNEST


def _selector(name: tree.Selector) -> Doc:
    if isinstance(name, str):
        yield name
    else:
        yield _RULES[type(name)](name)


def _selectors(path: list[tree.Selector]) -> Doc:
    for index, name in enumerate(path):
        if index:
            yield "."
        yield name if isinstance(name, str) else _selector(name)


def _interpolated(node: tree.Interpolated) -> Doc:
    return _interpolation(node.value)


def _assignment(node: tree.Assignment) -> Doc:
    yield _selectors(node.path)
    yield NEST
    yield SPACE
    yield "="
    if len(node.path) <= 4 and all(isinstance(name, str) for name in node.path):
        yield _right_side(node.value)
    else:
        yield BREAK
        yield PRIORITY
        yield _right_side(node.value)
        yield END
    yield UNNEST
    yield ";"
    yield _after(node.after)


def _right_side(node: Node) -> Doc:
    """What is after `=` or `?`."""
    if _single_inherit(node):
        yield NEST
        yield SPACE
        yield _group(_set(node))  # type: ignore[arg-type]
        yield UNNEST
    elif node.absorbs:
        yield NEST
        yield SPACE
        yield _group(_absorbed(node, wide=True))
        yield UNNEST
    elif isinstance(node, tree.Paren):
        yield NEST
        yield SPACE
        yield _absorbed_paren(node)
        yield UNNEST
    elif isinstance(node, tree.Quoted | tree.Indented):
        yield NEST
        yield SPACE
        yield _group(_doc(node))
        yield UNNEST
    elif isinstance(node, tree.Call):
        yield NEST
        yield _call(node, start=LINE)
        yield UNNEST
    elif isinstance(node, tree.Operation) and node.op in _CONCATENATIONS and node.left.absorbable:
        yield SPACE
        yield _operation(node, wide=True)
    elif isinstance(node, tree.Operation) and node.op in _CONCATENATIONS and node.right.absorbable:
        yield NEST
        yield GROUP
        yield LINE
        yield _doc(node.left)
        yield LINE
        yield TRANSPARENT
        yield node.op
        yield SPACE
        yield PRIORITY
        yield _wide(node.right)
        yield END
        yield END
        yield END
        yield UNNEST
    elif isinstance(node, tree.RawText) and len(node.lines) > 1:
        yield UNNEST
        yield SPACE
        yield _raw(node)
        yield NEST
    elif node.level <= tree.SELECT or isinstance(node, tree.With):
        yield NEST
        yield GROUP
        yield LINE
        yield _doc(node)
        yield END
        yield UNNEST
    else:
        yield NEST
        yield LINE
        yield _group(_doc(node))
        yield UNNEST


def _single_inherit(node: Node) -> bool:
    return (
        isinstance(node, tree.AttrSet)
        and len(node.entries) == 1
        and isinstance(node.entries[0], tree.Inherit)
    )


def _absorbed(node: Node, *, wide: bool) -> Doc:
    """What opens on the line before it."""
    if node.absorbable:
        return _wide(node) if wide else _RULES[type(node)](node)
    if isinstance(node, tree.With):
        return _with_absorbed(node)
    return _doc(node)


def _paren(node: tree.Paren) -> Doc:
    yield GROUP
    yield _above(node.before)
    yield "("
    yield NEST
    yield _enclosed(node.inner)
    yield UNNEST
    yield ")"
    yield _after(node.after)
    yield END


def _enclosed(node: Node) -> Doc:
    """What is in parentheses, or alone in an interpolation."""
    if node.absorbs:
        yield _group(_absorbed(node, wide=False))
    elif isinstance(node, tree.Call):
        yield _call(node, indented=True, end=True)
    elif isinstance(node, tree.Selection) and not node.target.absorbable:
        yield _group(_doc(node))
        yield BREAK
    else:
        yield BREAK
        yield _group(_doc(node))
        yield BREAK


def _absorbed_paren(node: tree.Paren) -> Doc:
    """Parentheses that open on the line before them."""
    yield PRIORITY
    yield NEST
    yield "("
    yield BREAK
    yield GROUP
    yield NEST
    yield _doc(node.inner)
    yield UNNEST
    yield END
    yield BREAK
    yield ")"
    yield _after(node.after)
    yield UNNEST
    yield END


def _selection(node: tree.Selection) -> Doc:
    target = node.target
    yield _doc(target)
    if isinstance(target, tree.Paren):
        yield SOFT_BREAK
    elif not isinstance(target, tree.Token):
        yield BREAK
    for name in node.path:
        yield "."
        yield name if isinstance(name, str) else _selector(name)
    yield _after(node.after)
    if node.default is not None:
        yield SOFT_LINE
        yield NEST
        yield "or"
        yield SPACE
        yield _doc(node.default)
        yield UNNEST


# Calls and operators ------------------------------------------------------------------------------


def _call(
    node: tree.Call, *, start: int | None = None, indented: bool = False, end: bool = False
) -> Doc:
    """A call.

    Args:
        node: The call.
        start: A spacing that the call may start with instead of breaking between its arguments.
        indented: Whether the function may start on a line of its own.
        end: Whether the call may end with a line end.
    """
    return _application(
        node.function,
        node.args,
        node.simple,
        node.one_line,
        start=start,
        indented=indented,
        end=end,
    )


def _application(
    function: Node,
    args: list[Node],
    simple: bool,
    one_line: bool,
    *,
    start: int | None = None,
    indented: bool = False,
    end: bool = False,
) -> Doc:
    leaf = tree.first(function)
    hoisted, leaf.before = leaf.before, []
    try:
        yield _above(hoisted)
        indented = indented and not hoisted
        yield GROUP
        if len(args) > 1 and isinstance(args[-1], tree.List) and isinstance(args[-2], tree.List):
            if start is not None:
                yield start
            yield TRANSPARENT
            yield _arguments(function, args[:-2], indented=indented)
            yield END
            for arg in args[-2:]:
                yield LINE
                yield NEST
                yield _group(_argument(arg))
                yield UNNEST
            if end:
                yield BREAK
        else:
            whole: list[bool] = []
            if simple:
                yield SURELY_ONE_LINE if one_line else (ONE_LINE, whole)
            if start is not None:
                yield start
            yield TRANSPARENT
            yield _arguments(function, args[:-1], indented=indented)
            yield END
            if simple:
                yield END
                simple = one_line or whole[0]
            yield SPACE if simple else LINE
            yield _last_argument(args[-1])
            if end and not simple:
                yield BREAK
        yield END
        if end and hoisted:
            yield NEWLINE
    finally:
        leaf.before = hoisted


def _arguments(function: Node, args: list[Node], *, indented: bool) -> Doc:
    """A function and all arguments but the last.

    Each argument stands in a group with all before it, so that a line takes as many as fit. Two
    lists in a row stay together.
    """
    pairs: list[tuple[Node, ...]] = []
    at = len(args)
    while at:
        paired = (
            at > 1 and isinstance(args[at - 1], tree.List) and isinstance(args[at - 2], tree.List)
        )
        pairs.append(tuple(args[at - 2 : at]) if paired else (args[at - 1],))
        at -= len(pairs[-1])
    for pair in pairs:
        yield from (TRANSPARENT,) * len(pair)
    if indented:
        yield NEST
        yield GROUP
        yield BREAK
        yield _doc(function)
        yield END
        yield UNNEST
    else:
        yield _doc(function)
    for pair in reversed(pairs):
        yield END
        if len(pair) == 1:
            yield LINE
            yield NEST
            yield GROUP if isinstance(pair[0], tree.Selection) else PRIORITY
            yield _argument(pair[0])
            yield END
            yield UNNEST
        else:
            yield NEST
            yield GROUP
            for arg in pair:
                yield LINE
                yield _group(_argument(arg))
            yield END
            yield UNNEST
            yield END


def _argument(node: Node) -> Doc:
    """An argument; a short list of simple elements is on one line if it fits."""
    if (
        isinstance(node, tree.List)
        and len(node.entries) < _LONG_LIST
        and all(isinstance(entry, list) or entry.simple for entry in node.entries)
    ):
        return _list(node, separator=LINE)
    return _doc(node)


def _last_argument(node: Node) -> Doc:
    """The last argument, which may open on the line of the call."""
    if node.absorbable:
        yield PRIORITY
        yield NEST
        yield _RULES[type(node)](node)
        yield UNNEST
        yield END
        return
    if isinstance(node, tree.Paren):
        head, body = _opening(node)
        if body is None:
            yield _absorbed_paren(node)
            return
        yield PRIORITY
        yield NEST
        yield f"({head}"
        yield SPACE
        yield _wide(body)
        yield ")"
        yield _after(node.after)
        yield UNNEST
        yield END
        return
    yield GROUP
    yield NEST
    yield _doc(node)
    yield UNNEST
    yield END


def _opening(node: tree.Paren) -> tuple[str, Node | None]:
    """What is before the absorbable body of a function, or argument of a call, in parentheses."""
    inner = node.inner
    if isinstance(inner, tree.Function) and isinstance(inner.param, str) and not inner.before:
        if inner.body.absorbable:
            return f"{inner.param}:", inner.body
    elif isinstance(inner, tree.Call) and len(inner.args) == 1 and not node.after:
        function, [arg] = inner.function, inner.args
        if (
            isinstance(function, tree.Token)
            and function.identifier
            and not function.before
            and arg.absorbable
        ):
            return function.text, arg
    return "", None


def _operation(node: tree.Operation, *, wide: bool = False) -> Doc:
    """A chain of one operator, or a comparison.

    Args:
        node: The operation.
        wide: Whether a first operand in brackets takes several lines even if it would fit on one.
    """
    if node.op in _COMPARISONS:
        yield _doc(node.left)
        yield SOFT_LINE
        yield node.op
        yield SPACE
        yield _doc(node.right)
        return
    yield GROUP
    for index, operand in enumerate(_chain(node)):
        if not index:
            yield _wide(operand) if wide and operand.absorbable else _doc(operand)
            continue
        yield LINE
        yield node.op
        yield NEST
        if isinstance(operand, tree.Operation) and not operand.absorbable:
            yield GROUP
            yield LINE
            yield _doc(operand)
            yield END
        elif isinstance(operand, tree.Call):
            yield GROUP
            yield SPACE
            yield _call(operand, start=LINE)
            yield END
        else:
            yield SPACE
            yield _doc(operand)
        yield UNNEST
    yield END


def _chain(node: tree.Operation) -> Iterable[Node]:
    """The operands of a chain of the operator, from the left."""
    todo: list[Node] = [node]
    while todo:
        operand = todo.pop()
        if isinstance(operand, tree.Operation) and operand.op == node.op:
            todo.append(operand.right)
            todo.append(operand.left)
        else:
            yield operand


def _has(node: tree.Has) -> Doc:
    yield GROUP
    yield _doc(node.target)
    yield NEST
    yield LINE
    yield "?"
    yield SPACE
    yield _selectors(node.path)
    yield _after(node.after)
    yield UNNEST
    yield END


def _prefix(node: tree.Prefix) -> Doc:
    yield _above(node.before)
    yield node.op
    yield _doc(node.operand)


# Functions and keywords ---------------------------------------------------------------------------


def _function(node: tree.Function) -> Doc:
    return (
        _function_of_name(node)
        if isinstance(node.param, str)
        else _function_of_pattern(node, node.param)
    )


def _function_of_name(node: tree.Function) -> Doc:
    yield GROUP
    yield BREAK
    yield _above(node.before)
    yield f"{node.param}:"
    body = node.body
    depth = 1
    while isinstance(body, tree.Function) and isinstance(body.param, str):
        yield SPACE
        yield _above(body.before)
        yield f"{body.param}:"
        body = body.body
        depth += 1
    if body.absorbs:
        yield SPACE
        yield PRIORITY
        yield _absorbed(body, wide=False)
        yield END
    else:
        yield LINE if depth <= 2 else NEWLINE
        yield _doc(body)
    yield END


def _function_of_pattern(node: tree.Function, pattern: tree.Pattern) -> Doc:
    yield _above(node.before)
    yield _pattern(pattern)
    yield ":"
    body = node.body
    if pattern.alias:
        yield LINE
        yield _group(_wide(body)) if body.absorbable else _doc(body)
    else:
        yield NEWLINE if node.broken else Owned.line(node)
        yield _doc(body)


def _pattern(pattern: tree.Pattern) -> Doc:
    yield GROUP
    yield "{"
    if pattern.params or pattern.ellipsis:
        edge = NEWLINE if pattern.broken else Owned.line(pattern)
        yield edge
        yield NEST
        for index, param in enumerate(pattern.params):
            if index:
                yield edge
            last = index + 1 == len(pattern.params) and not pattern.ellipsis
            yield _param(param, last=last)
        if pattern.ellipsis:
            if pattern.params:
                yield edge
            yield "..."
        yield UNNEST
        yield edge
    else:
        yield SPACE
    yield "}"
    yield END
    if pattern.alias:
        yield f"@{pattern.alias}"


def _param(param: tree.Param, *, last: bool) -> Doc:
    comma = (IF_BROKEN, ",") if last and not param.after else ","
    if param.default is None:
        yield _above(param.before)
        yield param.name
        yield comma
        yield _after(param.after)
    else:
        yield GROUP
        yield _above(param.before)
        yield param.name
        yield SPACE
        yield NEST
        yield "?"
        yield _right_side(param.default)
        yield UNNEST
        if not (last and not param.after):
            yield comma
            yield _after(param.after)
        yield END
        if last and not param.after:
            yield comma


def _let(node: tree.Let) -> Doc:
    yield _above(node.before)
    yield GROUP
    yield "let"
    yield NEWLINE
    yield NEST
    yield _entries(node.entries, NEWLINE)
    yield UNNEST
    yield END
    yield NEWLINE
    yield GROUP
    yield "in"
    yield NEWLINE
    yield _doc(node.body)
    yield END


def _with(node: tree.With) -> Doc:
    yield GROUP
    yield _above(node.before)
    yield "with"
    yield SPACE
    yield NEST
    yield _group(_doc(node.scope))
    yield UNNEST
    yield ";"
    yield END
    yield LINE
    yield _doc(node.body)


def _with_absorbed(node: tree.With) -> Doc:
    """A `with` whose body opens on its line."""
    yield GROUP
    yield BREAK
    yield _above(node.before)
    yield "with"
    yield SPACE
    yield NEST
    yield _group(_doc(node.scope))
    yield UNNEST
    yield ";"
    yield SPACE
    yield PRIORITY
    yield _wide(node.body)
    yield END
    yield END


def _if(node: tree.If) -> Doc:
    yield GROUP
    yield _above(node.before)
    branch: Node = node
    edge = LINE
    while isinstance(branch, tree.If):
        yield GROUP
        yield "if"
        yield LINE
        yield NEST
        yield _doc(branch.condition)
        yield UNNEST
        yield LINE
        yield "then"
        yield END
        yield edge
        yield NEST
        yield _group(_doc(branch.then))
        yield UNNEST
        yield edge
        yield "else"
        yield SPACE
        branch = branch.otherwise
        edge = NEWLINE
    yield LINE
    yield NEST
    yield _group(_doc(branch))
    yield UNNEST
    yield END


def _assert(node: tree.Assert) -> Doc:
    yield GROUP
    keyword = tree.Token("assert", identifier=False)
    keyword.before = node.before
    condition = node.condition
    called = (
        [condition.function, *condition.args] if isinstance(condition, tree.Call) else [condition]
    )
    yield _application(keyword, called, simple=False, one_line=False)
    yield ";"
    yield NEWLINE
    yield _doc(node.body)
    yield END


_RULES: Final[dict[type, Callable[[Any], Doc]]] = {
    tree.Token: _token,
    tree.RawText: _raw,
    tree.Quoted: _quoted,
    tree.Path: _path,
    tree.Indented: _indented,
    tree.List: _list,
    tree.AttrSet: _set,
    tree.Interpolated: _interpolated,
    tree.Paren: _paren,
    tree.Selection: _selection,
    tree.Call: _call,
    tree.Operation: _operation,
    tree.Has: _has,
    tree.Prefix: _prefix,
    tree.Function: _function,
    tree.Let: _let,
    tree.With: _with,
    tree.If: _if,
    tree.Assert: _assert,
}
