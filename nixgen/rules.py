"""One rule per kind of expression: its document from the documents of its parts.

The rules are those of RFC 166 as nixfmt 1.x applies them; `document` says how a document becomes
lines. Whoever follows nixfmt's source (https://github.com/NixOS/nixfmt, src/Nixfmt/Pretty.hs) finds
there under other names:

| here                                        | there                                             |
| ------------------------------------------- | ------------------------------------------------- |
| `_entries`                                  | `renderItems`                                     |
| `_list`                                     | `renderList`                                      |
| `_set`, `_wide`                             | `prettySet`, `prettyTermWide`                     |
| `_quoted`, `_indented`                      | `prettySimpleString`, `prettyIndentedString`      |
| `_line_of_string`, `_interpolation`         | `pretty` of `[StringPart]`, `StringPart`          |
| `_assignment`, `_inherit`                   | `pretty` of a `Binder`                            |
| `_right_side`                               | `absorbRHS`                                       |
| `_absorb`, `_absorb_paren`                  | `absorbExpr`, `absorbParen`                       |
| `_call`, `_application`                     | `prettyApp`                                       |
| `_arguments`, `_argument`, `_last_argument` | its `absorbApp`, `absorbInner`, `absorbLast`      |
| `_operation`, `_chain`                      | `prettyOp`, its `flatten`                         |
| `_function_of_name`, `_pattern`, `_param`   | `absorbAbs`, `pretty` of a `Parameter`, its parts |
| `_with`, `_absorb_with`, `_if`              | `prettyWith False`, `prettyWith True`, `prettyIf` |
| `tree.Node`: `simple`                       | `isSimple`                                        |
| `tree.Node`: `absorbable`, `absorbs`        | `isAbsorbable`, `isAbsorbableExpr`                |
| `tree.Pattern`: `broken`                    | not `canFlattenAttrs`                             |
| `on_one_line`, `short`                      | `unexpandSpacing'`, with a limit                  |

Its `sourceLine` of two brackets differs where ours are `broken`.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from nixgen import tree
from nixgen.document import (
    BLANK,
    BREAK,
    COMMENT,
    IF_BROKEN,
    LINE,
    NEWLINE,
    SOFT_BREAK,
    SOFT_LINE,
    SPACE,
    TEXT_NEWLINE,
    TRAILING_COMMENT,
    Doc,
    Owned,
    group,
    layout,
    nest,
    offset,
    on_one_line,
    priority,
    short,
    surely_on_one_line,
    transparent,
    unnest,
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
_PIPES: Final = frozenset({"|>", "<|"})
_SHORT_PIPE: Final = 3


def lay_out(node: Node) -> str:
    """The lines of a whole file, without the last line end.

    Args:
        node: Its tree.
    """
    return _settle(_doc(node), 0, whole=True)


def lay_out_entry(alone: Node, indent: int) -> str:
    """The lines of a binding of a set or an element of a list, with what stands above it.

    Args:
        alone: The tree of a set or list that has no other.
        indent: Spaces before each line but the first.
    """
    entries: list[Any] = alone.entries  # type: ignore[attr-defined]
    return _settle(partial(_entries, entries, NEWLINE), indent)


def _settle(doc: Callable[[], Doc], indent: int, *, whole: bool = False) -> str:
    """Lay out so that nixfmt, reading the result, would lay it out the same.

    nixfmt keeps brackets on lines of their own when it finds them so, and a soft break looks ahead
    at such brackets. So when there are both, the brackets are marked and all is laid out again.
    """
    while True:
        laid = layout(doc, indent, whole=whole)
        if not (laid.soft and laid.broken):
            return laid.text
        for owner in laid.broken:
            owner.broken = True  # type: ignore[attr-defined]


# Rules --------------------------------------------------------------------------------------------
#
# Each returns a document. What stands in it for a part of the tree is called when its turn comes.


def _doc(node: Node) -> Callable[[], Doc]:
    """The document of an expression or term, when its turn comes."""
    return partial(_list_in_group if isinstance(node, tree.List) else _RULES[type(node)], node)


def _list_in_group(node: Any) -> Doc:
    return group(_list(node))


def _term(node: Node) -> Callable[[], Doc]:
    """The document of a term that is in a group already, when its turn comes."""
    return partial(_RULES[type(node)], node)


def _wide(node: Node) -> Callable[[], Doc]:
    """A term where an attribute set takes several lines even if it would fit on one."""
    return partial(_set, node, wide=True) if isinstance(node, tree.AttrSet) else _term(node)


def _above(trivia: tree.Trivia) -> Doc:
    """Comment lines and empty lines; and the language of a string, before it.

    ```python
    Commented(Str("ls", language="bash"), before="Above.")
    ```
    ```nix
    # Above.
    /* bash */ "ls"
    ```
    """
    doc: Doc = []
    for line in trivia:
        if isinstance(line, tree.Language):
            doc += [(COMMENT, f"/* {line.name} */"), SPACE]
            continue
        doc = doc or [NEWLINE]
        doc += [BLANK] if line is None else [(COMMENT, f"# {line}" if line else "#"), NEWLINE]
    return doc


def _after(comment: str) -> Doc:
    """The comment at the end of a line.

    ```python
    [Commented(ref("x"), after="After.")]
    ```
    ```nix
    [
      x # After.
    ]
    ```
    """
    return [SPACE, (TRAILING_COMMENT, f"# {comment}"), NEWLINE] if comment else []


def _token(node: tree.Token) -> Doc:
    """A name, number or search path.

    ```python
    Apply("import", SearchPath("nixpkgs"), 1)
    ```
    ```nix
    import <nixpkgs> 1
    ```
    """
    if not (node.before or node.after):
        return [node.text]
    return [_above(node.before), node.text, _after(node.after)]


def _raw(node: tree.RawText) -> Doc:
    """Source text.

    ```python
    Apply("f", Raw("x # what it is"))
    ```
    ```nix
    f (
      x # what it is
    )
    ```
    """
    doc = _above(node.before)
    for index, line in enumerate(node.lines):
        doc += [TEXT_NEWLINE, line] if index else [line]
    if "#" in node.lines[-1]:
        doc.append(NEWLINE)
    return [doc, _after(node.after)]


# Strings ------------------------------------------------------------------------------------------


def _quoted(node: tree.Quoted) -> Doc:
    """A string in double quotes.

    ```python
    Str("root@", ref("name"), ".zt")
    ```
    ```nix
    "root@${name}.zt"
    ```
    """
    string = group('"', _line_of_string(node.parts), '"')
    return [_above(node.before), string, _after(node.after)]


def _path(node: tree.Path) -> Doc:
    """A path.

    ```python
    PathLiteral("./machines/", ref("name"))
    ```
    ```nix
    ./machines/${name}
    ```
    """
    return [_above(node.before), _line_of_string(node.parts), _after(node.after)]


def _indented(node: tree.Indented) -> Doc:
    r"""An indented string.

    ```python
    IndentedStr("one\n", ref("two"), "\n")
    ```
    ```nix
    ''
      one
      ${two}
    ''
    ```
    """
    lines: Doc = []
    for index, line in enumerate(node.lines):
        lines += [TEXT_NEWLINE, _line_of_string(line)] if index else _line_of_string(line)
    edge = [BREAK] if len(node.lines) > 1 else []
    return [
        _above(node.before),
        group("''", edge, nest(lines), "''"),
        _after(node.after),
    ]


def _line_of_string(parts: list[tree.Part]) -> Doc:
    r"""One line of a string; what is interpolated is indented as the line.

    ```python
    IndentedStr("one\n  ", Apply("f", "x" * 60, "y" * 60, "z"), "\n")
    ```
    ```nix
    ''
      one
        ${f "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
          "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
          "z"
        }
    ''
    ```
    """
    head: tree.Part = parts[0] if parts else ""
    rest = parts[1:]
    if isinstance(head, Node):
        head, rest = "", parts
    margin = len(head) - len(head.lstrip(_WHITE_SPACE))
    if len(rest) == 1 and isinstance(rest[0], Node) and not head.strip(_WHITE_SPACE):
        # Alone on its line, an interpolation opens like parentheses.
        return [head, offset(margin, group("${", nest(_enclose(rest[0])), "}"))]
    doc: Doc = []
    for part in rest:
        doc += [part] if isinstance(part, str) else _interpolation(part)
    return [head, offset(margin, doc)]


def _interpolation(node: Node) -> Doc:
    """What is interpolated: on one line if it is simple or short, else opened like a bracket.

    ```python
    Str("x" * 80, ref("simple"), " ", Apply("f", 1, 2, ref("is.longer.than.thirty.characters")))
    ```
    ```nix
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx${simple} ${
      f 1 2 is.longer.than.thirty.characters
    }"
    ```
    """
    if node.absorbable:
        return group("${", _term(node), "}")
    if node.simple:
        doc = _doc(node)
        return ["${", (surely_on_one_line(doc) if node.one_line else on_one_line([], doc)), "}"]
    return group("${", short(_SHORT_INTERPOLATION, group(_doc(node))), "}")


# Lists, sets and parentheses ----------------------------------------------------------------------


def _entries(entries: list[Any], separator: int) -> Doc:
    """Elements or bindings, and what stands above them.

    ```python
    AttrSet({"x": 1}, BlankLine(), Comment("Twice as much."), {"y": 2})
    ```
    ```nix
    {
      x = 1;

      # Twice as much.
      y = 2;
    }
    ```
    """
    doc: Doc = []
    beside = False
    for entry in entries:
        if doc and not beside:
            doc.append(separator)
        beside = False
        if isinstance(entry, list):
            doc += _above(entry)
            beside = isinstance(entry[-1], tree.Language)
        elif isinstance(entry, Node):
            doc += group(_doc(entry))
        else:
            rule = _assignment if isinstance(entry, tree.Assignment) else _inherit
            doc += group(partial(rule, entry))
    return doc


def _list(node: tree.List, separator: int = NEWLINE) -> Doc:
    """A list: on one line if it has one element and fits.

    ```python
    {"one": [ref("x")], "two": [ref("x"), ref("y")]}
    ```
    ```nix
    {
      one = [ x ];
      two = [
        x
        y
      ];
    }
    ```
    """
    if not node.entries and not node.before:
        return ["[", SPACE, "]", _after(node.after)]
    comments_only = all(isinstance(entry, list) for entry in node.entries)
    edge = NEWLINE if node.broken or comments_only else Owned.line(node)
    entries = nest(_entries(node.entries, separator))
    return [_above(node.before), "[", edge, entries, edge, "]", _after(node.after)]


def _set(node: tree.AttrSet, *, wide: bool = False) -> Doc:
    """An attribute set: on one line if it has one binding, fits and is not to be wide.

    ```python
    [{"x": 1}, AttrSet({"y": {"z": 1}}, rec=True), {}]
    ```
    ```nix
    [
      { x = 1; }
      rec {
        y = {
          z = 1;
        };
      }
      { }
    ]
    ```
    """
    opening: Doc = ["rec", SPACE, "{"] if node.recursive else ["{"]
    if not node.entries and not node.before:
        return [opening, SPACE, "}", _after(node.after)]
    edge = NEWLINE if wide or node.broken else Owned.line(node)
    entries = nest(_entries(node.entries, NEWLINE))
    return [_above(node.before), opening, edge, entries, edge, "}", _after(node.after)]


def _inherit(node: tree.Inherit) -> Doc:
    """Names that are inherited: up to three on one line if they fit.

    ```python
    AttrSet(Inherit("x", "y", source=ref("z")), Inherit("lib", "pkgs", "self", "system"))
    ```
    ```nix
    {
      inherit (z) x y;
      inherit
        lib
        pkgs
        self
        system
        ;
    }
    ```
    """
    spread = node.broken or len(node.names) > 3
    between, end = (NEWLINE, NEWLINE) if spread else (Owned.line(node), BREAK)
    names: Doc = []
    for name in node.names:
        names += [between, _selector(name)]
    if node.source is None:
        return ["inherit", nest(names, end, ";")]
    return ["inherit", nest(group(LINE, _doc(node.source)), names, end, ";")]


def _selector(name: tree.Selector) -> Doc:
    return [name if isinstance(name, str) else _term(name)]


def _selectors(path: list[tree.Selector]) -> Doc:
    """An attribute path.

    ```python
    AttrSet({("a", "b c"): 1}, Binding((ref("d"), "e"), 2))
    ```
    ```nix
    {
      a."b c" = 1;
      ${d}.e = 2;
    }
    ```
    """
    doc: Doc = []
    for name in path:
        doc += [".", name] if isinstance(name, str) else [".", _term(name)]
    return doc[1:]


def _interpolated(node: tree.Interpolated) -> Doc:
    """A step of an attribute path that is computed.

    ```python
    Select("x", Apply("f", "y"))
    ```
    ```nix
    x.${f "y"}
    ```
    """
    return _interpolation(node.value)


def _assignment(node: tree.Assignment) -> Doc:
    """A binding: a short name without quotes is never parted from its value.

    ```python
    {"short": "x", "a name in quotes " * 4: "y" * 40}
    ```
    ```nix
    {
      short = "x";
      "a name in quotes a name in quotes a name in quotes a name in quotes " =
        "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy";
    }
    ```
    """
    value = _right_side(node.value)
    if len(node.path) > 4 or not all(isinstance(name, str) for name in node.path):
        value = [BREAK, priority(value)]
    return [_selectors(node.path), nest(SPACE, "=", value), ";", _after(node.after)]


def _right_side(node: Node) -> Doc:
    """What is after `=` or `?`.

    ```python
    {
        "set": {"x": 1},
        "call": Apply("f", 1, 2, "x" * 50, "y" * 50),
        "update": BinaryOp("//", ref("x"), {"y": 1}),
        "choice": If(ref("x" * 40), ref("y" * 40), ref("z" * 20)),
    }
    ```
    ```nix
    {
      set = {
        x = 1;
      };
      call =
        f 1 2 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
          "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy";
      update = x // {
        y = 1;
      };
      choice =
        if xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx then
          yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
        else
          zzzzzzzzzzzzzzzzzzzz;
    }
    ```
    """
    if _is_one_inherit(node):
        return nest(SPACE, group(_term(node)))
    if node.absorbs:
        return nest(SPACE, group(_absorb(node, wide=True)))
    if isinstance(node, tree.Paren):
        return nest(SPACE, _absorb_paren(node))
    if isinstance(node, tree.Quoted | tree.Indented):
        return nest(SPACE, group(_doc(node)))
    if isinstance(node, tree.Call):
        return nest(_call(node, start=LINE))
    if isinstance(node, tree.Operation) and node.op in _CONCATENATIONS:
        if node.left.absorbable and not node.left.before:
            return [SPACE, _operation(node, wide=True)]
        if node.right.absorbable and not node.above:
            right = transparent(node.op, SPACE, priority(_wide(node.right)))
            return nest(group(LINE, _doc(node.left), LINE, right))
    if isinstance(node, tree.RawText) and len(node.lines) > 1:
        return unnest(SPACE, _raw(node))
    if node.level <= tree.SELECT or isinstance(node, tree.With):
        return nest(group(LINE, _doc(node)))
    return nest(LINE, group(_doc(node)))


def _is_one_inherit(node: Node) -> bool:
    return (
        isinstance(node, tree.AttrSet)
        and len(node.entries) == 1
        and isinstance(node.entries[0], tree.Inherit)
    )


def _absorb(node: Node, *, wide: bool) -> Callable[[], Doc]:
    """What opens on the line before it.

    ```python
    {"x": With(ref("pkgs"), {"y": ref("hello")})}
    ```
    ```nix
    {
      x = with pkgs; {
        y = hello;
      };
    }
    ```
    """
    if node.absorbable:
        return _wide(node) if wide else _term(node)
    if isinstance(node, tree.With):
        return partial(_absorb_with, node)
    return _doc(node)


def _paren(node: tree.Paren) -> Doc:
    """Parentheses.

    ```python
    BinaryOp("*", BinaryOp("+", 1, 2), 3)
    ```
    ```nix
    (1 + 2) * 3
    ```
    """
    inner = nest(_enclose(node.inner))
    return group(_above(node.before), "(", inner, ")", _after(node.after))


def _enclose(node: Node) -> Doc:
    """What is in parentheses, or alone in an interpolation.

    ```python
    [
        Lambda("x", {"y": ref("x")}),
        Apply("f", "x" * 40, "y" * 40, 1, 2),
        BinaryOp("+", "x" * 50, "y" * 50),
    ]
    ```
    ```nix
    [
      (x: { y = x; })
      (f "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy" 1 2)
      (
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        + "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
      )
    ]
    ```
    """
    if node.absorbs:
        return group(_absorb(node, wide=False))
    if isinstance(node, tree.Call):
        return _call(node, indented=True, end=True)
    if isinstance(node, tree.Selection) and not node.target.absorbable:
        return [group(_doc(node)), BREAK]
    return [BREAK, group(_doc(node)), BREAK]


def _absorb_paren(node: tree.Paren) -> Doc:
    """Parentheses that open on the line before them.

    ```python
    Apply("f", BinaryOp("+", "x" * 50, "y" * 50))
    ```
    ```nix
    f (
      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
      + "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
    )
    ```
    """
    inner = group(nest(_doc(node.inner)))
    return priority(nest("(", BREAK, inner, BREAK, ")", _after(node.after)))


def _selection(node: tree.Selection) -> Doc:
    """An attribute of something.

    ```python
    Select(Apply("f", ref("x")), "y", "z", default={})
    ```
    ```nix
    (f x).y.z or { }
    ```
    """
    target = node.target
    doc: Doc = [_doc(target)]
    if isinstance(target, tree.Paren):
        doc.append(SOFT_BREAK)
    elif not isinstance(target, tree.Token):
        doc.append(BREAK)
    doc += [".", _selectors(node.path), _after(node.after)]
    if node.default is not None:
        doc += [SOFT_LINE, nest("or", SPACE, _doc(node.default))]
    return doc


# Calls and operators ------------------------------------------------------------------------------


def _call(
    node: tree.Call, *, start: int | None = None, indented: bool = False, end: bool = False
) -> Doc:
    """A call.

    ```python
    Apply("f", "x", Apply("g", ref("y")))
    ```
    ```nix
    f "x" (g y)
    ```

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
    """A function and its arguments: the last may open on the line, or each is on its own.

    ```python
    [
        Apply("f", ref("x"), {"y": ref("z")}),
        Apply("f", *(letter * 40 for letter in "xyz")),
        Apply("f", ["x" * 50], ["y" * 50]),
    ]
    ```
    ```nix
    [
      (f x { y = z; })
      (f "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
        "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"
      )
      (f
        [ "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" ]
        [ "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy" ]
      )
    ]
    ```
    """
    leaf = tree.first(function)
    hoisted, leaf.before = leaf.before, []  # else the comment would break up the call
    indented = indented and not hoisted
    before: Doc = [] if start is None else [start]
    last_break: Doc = [BREAK] if end else []
    if _are_two_lists(args):
        before += transparent(_arguments(function, args[:-2], indented=indented))
        lists: Doc = [[LINE, nest(group(_argument(arg)))] for arg in args[-2:]]
        doc = group(before, lists, last_break)
    else:
        before += transparent(_arguments(function, args[:-1], indented=indented))
        last = _last_argument(args[-1])
        if not simple:
            doc = group(before, LINE, last, last_break)
        elif one_line:
            doc = group(surely_on_one_line(before), SPACE, last)
        else:
            told: list[bool] = []

            def rest() -> Doc:
                return [SPACE, last] if told[0] else [LINE, last, last_break]

            doc = group(on_one_line(told, before), rest)
    if not hoisted:
        return doc

    def put_back() -> Doc:
        leaf.before = hoisted
        return [NEWLINE] if end else []

    return [_above(hoisted), doc, put_back]


def _are_two_lists(args: list[Node]) -> bool:
    """Whether the last two arguments are lists, which stay together."""
    return len(args) > 1 and isinstance(args[-1], tree.List) and isinstance(args[-2], tree.List)


def _arguments(function: Node, args: list[Node], *, indented: bool) -> Doc:
    """A function and all arguments but the last.

    Each argument stands in a group with all before it, so that a line takes as many as fit. Two
    lists in a row stay together.

    ```python
    Apply("f", *("x" * 25 for _ in range(4)), [1, 2], [3])
    ```
    ```nix
    f "xxxxxxxxxxxxxxxxxxxxxxxxx" "xxxxxxxxxxxxxxxxxxxxxxxxx" "xxxxxxxxxxxxxxxxxxxxxxxxx"
      "xxxxxxxxxxxxxxxxxxxxxxxxx"
      [ 1 2 ]
      [ 3 ]
    ```
    """
    pairs: list[list[Node]] = []
    stop = len(args)
    while stop:
        start = stop - 2 if _are_two_lists(args[max(stop - 2, 0) : stop]) else stop - 1
        pairs.append(args[start:stop])
        stop = start
    doc: Doc = nest(group(BREAK, _doc(function))) if indented else [_doc(function)]
    for pair in reversed(pairs):
        if len(pair) == 1:
            kind = group if isinstance(pair[0], tree.Selection) else priority
            doc = [transparent(doc), LINE, nest(kind(_argument(pair[0])))]
        else:
            lists: Doc = [[LINE, group(_argument(arg))] for arg in pair]
            doc = transparent(transparent(doc), nest(group(*lists)))
    return doc


def _argument(node: Node) -> Callable[[], Doc]:
    """An argument; a short list of simple elements is on one line if it fits.

    ```python
    Apply("f", [1, 2, 3], ref("x"))
    ```
    ```nix
    f [ 1 2 3 ] x
    ```
    """
    if (
        isinstance(node, tree.List)
        and len(node.entries) < _LONG_LIST
        and all(isinstance(entry, list) or entry.simple for entry in node.entries)
    ):
        return partial(_list, node, separator=LINE)
    return _doc(node)


def _last_argument(node: Node) -> Doc:
    """The last argument, which may open on the line of the call.

    ```python
    Apply("f", ref("x"), Lambda("y", {"z": ref("y"), "x": 1}))
    ```
    ```nix
    f x (y: {
      z = y;
      x = 1;
    })
    ```
    """
    if node.absorbable:
        return priority(nest(_term(node)))
    if isinstance(node, tree.Paren):
        head, body = _opening(node)
        if body is None:
            return _absorb_paren(node)
        return priority(nest(f"({head}", SPACE, _wide(body), ")", _after(node.after)))
    return group(nest(_doc(node)))


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
    """A chain of one operator, or a comparison; pipes of more than three operands take lines.

    ```python
    BinaryOp("++", ref("x" * 60), BinaryOp("++", ref("y" * 60), ["z"]))
    ```
    ```nix
    xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    ++ yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy
    ++ [ "z" ]
    ```
    ```python
    BinaryOp(
        "|>",
        BinaryOp("|>", BinaryOp("|>", ref("x"), ref("f")), Commented(ref("g"), before="Why.")),
        ref("h"),
    )
    ```
    ```nix
    x
    |> f
    # Why.
    |> g
    |> h
    ```

    Args:
        node: The operation.
        wide: Whether a first operand in brackets takes several lines even if it would fit on one.
    """
    if node.op in _COMPARISONS:
        operator = _above(node.above), node.op
        return [_doc(node.left), SOFT_LINE, *operator, SPACE, _doc(node.right)]
    (_, first), *others = _chain(node)
    doc: Doc = [_wide(first) if wide and first.absorbable else _doc(first)]
    edge = NEWLINE if node.op in _PIPES and len(others) >= _SHORT_PIPE else LINE
    for above, operand in others:
        if isinstance(operand, tree.Operation):
            inner = nest(group(LINE, _doc(operand)))
        elif isinstance(operand, tree.Call):
            inner = nest(group(SPACE, _call(operand, start=LINE)))
        else:
            inner = nest(SPACE, _doc(operand))
        doc.append(edge)
        if above:
            doc += _above(above)
        doc += node.op, inner
    return group(doc)


def _chain(node: tree.Operation) -> list[tuple[tree.Trivia, Node]]:
    """The operands of a chain of the operator, from the left, with what is above the operators."""
    found: list[tuple[tree.Trivia, Node]] = []
    todo: list[tuple[tree.Trivia, Node]] = [([], node)]
    while todo:
        above, operand = todo.pop()
        if isinstance(operand, tree.Operation) and operand.op == node.op:
            todo += (operand.above, operand.right), (above, operand.left)
        else:
            found.append((above, operand))
    return found


def _has(node: tree.Has) -> Doc:
    """Whether there is an attribute.

    ```python
    HasAttr("config.services", "openssh", "enable")
    ```
    ```nix
    config.services ? openssh.enable
    ```
    """
    test = nest(LINE, "?", SPACE, _selectors(node.path), _after(node.after))
    return group(_doc(node.target), test)


def _prefix(node: tree.Prefix) -> Doc:
    """A negation.

    ```python
    BinaryOp("&&", Not(ref("x")), BinaryOp("==", ref("y"), -1))
    ```
    ```nix
    !x && y == -1
    ```
    """
    return [_above(node.before), node.op, _doc(node.operand)]


# Functions and keywords ---------------------------------------------------------------------------


def _function(node: tree.Function) -> Doc:
    """A function.

    ```python
    Lambda("x", Lambda(Pattern("y"), Apply("f", ref("x"), ref("y"))))
    ```
    ```nix
    x: { y }: f x y
    ```
    """
    if isinstance(node.param, str):
        return _function_of_name(node)
    return _function_of_pattern(node, node.param)


def _function_of_name(node: tree.Function) -> Doc:
    """Functions of one name each: the last body may open on their line.

    ```python
    Lambda("final", Lambda("prev", {"x": ref("prev.x"), "y": ref("final.y")}))
    ```
    ```nix
    final: prev: {
      x = prev.x;
      y = final.y;
    }
    ```
    """
    doc: Doc = [BREAK, _above(node.before), f"{node.param}:"]
    body = node.body
    depth = 1
    while isinstance(body, tree.Function) and isinstance(body.param, str):
        doc += [SPACE, _above(body.before), f"{body.param}:"]
        body = body.body
        depth += 1
    if body.absorbs:
        return group(doc, SPACE, priority(_absorb(body, wide=False)))
    return group(doc, LINE if depth <= 2 else NEWLINE, _doc(body))


def _function_of_pattern(node: tree.Function, pattern: tree.Pattern) -> Doc:
    """A function of a set.

    ```python
    Lambda(Pattern("pkgs", ellipsis=True), {"x": ref("pkgs.hello")})
    ```
    ```nix
    { pkgs, ... }:
    {
      x = pkgs.hello;
    }
    ```
    """
    doc = [_above(node.before), _pattern(pattern), ":"]
    body = node.body
    if not pattern.alias:
        return [doc, NEWLINE if node.broken else Owned.line(node), _doc(body)]
    return [doc, LINE, (group(_wide(body)) if body.absorbable else [_doc(body)])]


def _pattern(pattern: tree.Pattern) -> Doc:
    """What a function takes apart: up to two names, without defaults, on one line if they fit.

    ```python
    Lambda(Pattern("f", Param("x", 1), ellipsis=True, alias="y"), Apply("f", ref("x"), ref("y.z")))
    ```
    ```nix
    {
      f,
      x ? 1,
      ...
    }@y:
    f x y.z
    ```
    """
    alias = [f"@{pattern.alias}"] if pattern.alias else []
    params: Doc = []
    edge = NEWLINE if pattern.broken else Owned.line(pattern)
    for index, param in enumerate(pattern.params):
        last = index + 1 == len(pattern.params) and not pattern.ellipsis
        params += [edge, _param(param, last=last)]
    if pattern.ellipsis:
        params += [edge, "..."]
    if not params:
        return [group("{", SPACE, "}"), alias]
    first_edge, *rest = params
    return [group("{", first_edge, nest(rest), edge, "}"), alias]


def _param(param: tree.Param, *, last: bool) -> Doc:
    """A name in a pattern, and its default.

    ```python
    Lambda(Pattern(Commented("f", after="After."), Param("x", {"y": 1})), Apply("f", ref("x")))
    ```
    ```nix
    {
      f, # After.
      x ? {
        y = 1;
      },
    }:
    f x
    ```
    """
    comma: Doc = [(IF_BROKEN, ",")] if last and not param.after else [",", _after(param.after)]
    name = [_above(param.before), param.name]
    if param.default is None:
        return [name, comma]
    default: Doc = [name, SPACE, nest("?", _right_side(param.default))]
    return [group(default), comma] if last and not param.after else group(default, comma)


def _let(node: tree.Let) -> Doc:
    """Local variables: on lines of their own.

    ```python
    Let({"x": 1}, ref("x"))
    ```
    ```nix
    let
      x = 1;
    in
    x
    ```
    """
    entries = nest(_entries(node.entries, NEWLINE))
    variables = group("let", NEWLINE, entries)
    return [_above(node.before), variables, NEWLINE, group("in", NEWLINE, _doc(node.body))]


def _with(node: tree.With) -> Doc:
    """A `with`.

    ```python
    With(ref("pkgs"), [ref("git"), ref("hello")])
    ```
    ```nix
    with pkgs;
    [
      git
      hello
    ]
    ```
    """
    return [group(_above(node.before), _scope(node)), LINE, _doc(node.body)]


def _absorb_with(node: tree.With) -> Doc:
    """A `with` whose body opens on its line.

    ```python
    {"x": With(ref("pkgs"), [ref("git"), ref("hello")])}
    ```
    ```nix
    {
      x = with pkgs; [
        git
        hello
      ];
    }
    ```
    """
    body = priority(_wide(node.body))
    return group(BREAK, _above(node.before), _scope(node), SPACE, body)


def _scope(node: tree.With) -> Doc:
    return ["with", SPACE, nest(group(_doc(node.scope))), ";"]


def _if(node: tree.If) -> Doc:
    """A choice, or a chain of them.

    ```python
    If(
        ref("x"),
        Commented(1, after="One."),
        Commented(If(ref("y"), 2, Commented(3, before="Three.")), before="Or else."),
    )
    ```
    ```nix
    if x then
      1 # One.
    # Or else.
    else if y then
      2
    else
      # Three.
      3
    ```
    """
    doc = _above(node.before)
    branch: Node = node
    edge = LINE
    while isinstance(branch, tree.If):
        doc += group("if", LINE, nest(_doc(branch.condition)), LINE, "then")
        doc += [edge, nest(group(_doc(branch.then))), edge, _above(branch.above), "else", SPACE]
        branch = branch.otherwise
        edge = NEWLINE
    return group(doc, LINE, nest(group(_doc(branch))))


def _assert(node: tree.Assert) -> Doc:
    """An assertion: laid out as if it called a function.

    ```python
    Assert(Apply("lib.assertMsg", ref("x"), "y"), ref("x"))
    ```
    ```nix
    assert lib.assertMsg x "y";
    x
    ```
    """
    keyword = tree.Token("assert", identifier=False)
    keyword.before = node.before
    condition = node.condition
    called = (
        [condition.function, *condition.args] if isinstance(condition, tree.Call) else [condition]
    )
    assertion = _application(keyword, called, simple=False, one_line=False)
    return group(assertion, ";", NEWLINE, _doc(node.body))


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
