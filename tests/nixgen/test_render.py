"""What dumps writes, construct by construct, and the cases that once went wrong."""

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from nixgen import (
    Apply,
    Assert,
    AttrSet,
    BinaryOp,
    Binding,
    BlankLine,
    Comment,
    Commented,
    HasAttr,
    Ident,
    If,
    IndentedStr,
    Inherit,
    Lambda,
    Let,
    List,
    Neg,
    NixError,
    Not,
    Param,
    PathLiteral,
    Pattern,
    Raw,
    SearchPath,
    Select,
    Str,
    With,
    dumps,
    ref,
)
from tests.nixgen import oracle

LONG = "a" * 48

CASES: dict[str, tuple[Any, str]] = {
    # Brackets
    "empty": ({"a": [], "b": {}}, "{\n  a = [ ];\n  b = { };\n}"),
    "one binding fits": ({"a": 1}, "{ a = 1; }"),
    "one binding of a set does not": ({"a": {"b": 1}}, "{\n  a = {\n    b = 1;\n  };\n}"),
    "one element fits": ([{"a": 1}], "[ { a = 1; } ]"),
    "two elements do not": ([1, 2], "[\n  1\n  2\n]"),
    "only a comment": (List(Comment("x")), "[\n  # x\n]"),
    "too wide": (["x" * 97], f'[\n  "{"x" * 97}"\n]'),
    "short list as an argument": (Apply("f", [1, 2], 3), "f [ 1 2 ] 3"),
    "list as the last argument": (Apply("f", [1, 2]), "f [\n  1\n  2\n]"),
    "two lists": (Apply("f", [1], [2]), "f [ 1 ] [ 2 ]"),
    # Names
    "quotes": (
        {"a b": 1, "if": 2, "or": 3, "1": 4, "": 5, "a'-_1": 6, "${x}": 7},
        '{\n  "a b" = 1;\n  "if" = 2;\n  "or" = 3;\n  "1" = 4;\n  "" = 5;\n  a\'-_1 = 6;\n'
        '  "\\${x}" = 7;\n}',
    ),
    "or as a name": (
        AttrSet({("a", "or"): [HasAttr("x", "or")]}, Inherit("or", source=ref("lib.or.or"))),
        '{\n  a."or" = [ (x ? "or") ];\n  inherit (lib."or"."or") "or";\n}',
    ),
    "set and path side by side": (
        AttrSet({"a": {"b": {}}}, {("a", "b", "c"): 2}, {("a", "d"): {"e": 3}, ("a", "d", "f"): 4}),
        "{\n  a = {\n    b = { };\n  };\n  a.b.c = 2;\n"
        "  a.d = {\n    e = 3;\n  };\n  a.d.f = 4;\n}",
    ),
    "interpolated name": (AttrSet(Binding(Str("a-", ref("b")), 1)), '{ "a-${b}" = 1; }'),
    "long value": (
        {LONG: Apply("f", 1, ref(LONG), ref(LONG))},
        f"{{\n  {LONG} =\n    f 1 {LONG}\n      {LONG};\n}}",
    ),
    "long simple value": (
        {LONG: Apply("f", ref(LONG), ref(LONG))},
        f"{{\n  {LONG} = f {LONG} {LONG};\n}}",
    ),
    "long quoted name": (
        {f"{LONG} {LONG}": "x"},
        f'{{\n  "{LONG} {LONG}" =\n    "x";\n}}',
    ),
    # Numbers
    "negative": (
        {"a": -1, "b": [-1, -0.5]},
        "{\n  a = -1;\n  b = [\n    (-1)\n    (-0.5)\n  ];\n}",
    ),
    "exponents": ([1e22, 1e-7], "[\n  1.0e+22\n  1.0e-07\n]"),
    "number selected from": (Select(1, "a"), "(1).a"),  # nixfmt 1.2 writes 1.a, a float
    # Strings
    "escapes": ('\\ " \n \r \t ${ $ $${', r'"\\ \" \n \r \t \${ $ $\${"'),
    "dollar before interpolation": (Str("$", ref("x"), "$"), r'"\$${x}$"'),
    "indented": (IndentedStr("a\n  b\n\nc"), "''\n  a\n    b\n\n  c''"),
    "indented of one line": (IndentedStr("a"), '"a"'),
    "indented of one line with quotes": (IndentedStr('say "hi"'), "''say \"hi\"''"),
    "indented of nothing": (IndentedStr(), '""'),
    "indented specials": (
        IndentedStr("'' ${ ' \\n $\n", "'$", ref("x"), "\n'''\n"),
        "''\n  ''' ''${ ' \\n $\n  ''\\'''$${x}\n  '''''\\'\n''",
    ),
    "quote at the end": (IndentedStr("a\n'"), "''\n  a\n  ''\\'''"),
    "spaces that would be lost": (
        IndentedStr("  a\n  b \n"),
        "''\n  ${\"  \"}a\n    b${\" \"}\n''",
    ),
    "lines of spaces": (
        IndentedStr("\n \n\t\n  "),
        '\'\'\n\n  ${" "}\n  ${"\\t"}\n  ${"  "}\'\'',
    ),
    # Paths
    "path": (PurePosixPath("../a b"), '../${"a b"}'),
    "path selected from": (Select(PurePosixPath("a"), "b"), "(./a).b"),
    "minus before a path": (Neg(PurePosixPath("a")), "-(./a)"),  # -./a is a path too
    "search path": (Apply("import", SearchPath("nixpkgs"), {}), "import <nixpkgs> { }"),
    # Operators
    "precedence": (
        BinaryOp("||", BinaryOp("&&", ref("a"), Not(ref("b"))), BinaryOp("->", ref("c"), ref("d"))),
        "a && !b || (c -> d)",
    ),
    "left": (BinaryOp("-", 1, BinaryOp("-", 2, 3)), "1 - (2 - 3)"),
    "right": (BinaryOp("//", BinaryOp("//", {}, {}), {}), "({ } // { }) // { }"),
    "none": (BinaryOp("==", BinaryOp("==", 1, 2), 3), "(1 == 2) == 3"),
    "negated chain": (Not(BinaryOp("+", 1, 2)), "!(1 + 2)"),
    "double": (Neg(Neg(Not(ref("a")))), "-(-(!a))"),  # nixfmt before 1.2 reads no --
    "test": (BinaryOp("&&", HasAttr("a", "b"), Not(HasAttr("c", "d"))), "a ? b && !c ? d"),
    "function as operand": (BinaryOp("+", Lambda("x", 1), 2), "(x: 1) + 2"),
    "pipes": (
        [
            BinaryOp("|>", BinaryOp("|>", 1, ref("f")), BinaryOp("|>", 2, ref("g"))),
            BinaryOp("<|", BinaryOp("<|", ref("f"), 1), BinaryOp("<|", ref("g"), 2)),
            BinaryOp("|>", BinaryOp("<|", ref("f"), 1), BinaryOp("<|", ref("g"), 2)),
            BinaryOp("<|", BinaryOp("|>", 1, ref("f")), BinaryOp("|>", 2, ref("g"))),
            BinaryOp("|>", BinaryOp("->", 1, 2), BinaryOp("||", ref("f"), Lambda("x", 3))),
            BinaryOp("->", BinaryOp("|>", 1, ref("f")), Not(BinaryOp("<|", ref("f"), 2))),
            Lambda("x", BinaryOp("|>", ref("x"), ref("f"))),
        ],
        "[\n  (1 |> f |> (2 |> g))\n  ((f <| 1) <| g <| 2)\n  ((f <| 1) |> (g <| 2))\n"
        "  ((1 |> f) <| (2 |> g))\n  (1 -> 2 |> f || (x: 3))\n  ((1 |> f) -> !(f <| 2))\n"
        "  (x: x |> f)\n]",
    ),
    "four piped": (
        BinaryOp("<|", ref("a"), BinaryOp("<|", ref("b"), BinaryOp("<|", ref("c"), 1))),
        "a\n<| b\n<| c\n<| 1",
    ),
    "concatenation": (
        {"a": BinaryOp("++", [1, 2], [3])},
        "{\n  a = [\n    1\n    2\n  ]\n  ++ [ 3 ];\n}",
    ),
    "update": (
        {"a": BinaryOp("//", ref("b"), {"c": 1})},
        "{\n  a = b // {\n    c = 1;\n  };\n}",
    ),
    # Calls
    "negative argument": (Apply("f", -1), "f (-1)"),
    "call of a call": (Apply(Apply("f", 1), 2), "f 1 2"),
    "argument with default": (Apply("f", Select("a", "b", default=1)), "f a.b or 1"),
    "call of a default": (Apply(Select("a", "b", default=1), 2), "(a.b or 1) 2"),
    "function as the last argument": (
        Apply("map", Lambda("x", {"y": ref("x")}), ref("z")),
        "map (x: { y = x; }) z",
    ),
    # Functions
    "two parameters": (Lambda(Pattern("a", "b"), ref("a")), "{ a, b }: a"),
    "three parameters": (Lambda(Pattern("a", "b", "c"), 1), "{\n  a,\n  b,\n  c,\n}:\n1"),
    "no parameters": (Lambda(Pattern(), 1), "{ }: 1"),
    "any parameters": (Lambda(Pattern(ellipsis=True), 1), "{ ... }: 1"),
    "alias": (Lambda(Pattern("a", alias="x"), {"b": 1}), "{ a }@x:\n{\n  b = 1;\n}"),
    "module": (
        {"m": Lambda(Pattern("pkgs", ellipsis=True), {"a": 1})},
        "{\n  m =\n    { pkgs, ... }:\n    {\n      a = 1;\n    };\n}",
    ),
    "commented parameters": (
        Lambda(Pattern(Commented("a", after="x"), Commented(Param("b", 1), before="y")), 1),
        "{\n  a, # x\n  # y\n  b ? 1,\n}:\n1",
    ),
    # Keywords
    "chain": (
        If(ref("a"), 1, If(ref("b"), 2, 3)),
        "if a then\n  1\nelse if b then\n  2\nelse\n  3",
    ),
    "nested let": (
        Let({"a": 1}, Let({"b": 2}, ref("b"))),
        "let\n  a = 1;\nin\nlet\n  b = 2;\nin\nb",
    ),
    "with": ({"a": With(ref("b"), [ref("c")])}, "{ a = with b; [ c ]; }"),
    "assert": (Assert(Apply("f", 1), 2), "assert f 1;\n2"),
    "commented body": (Let({"a": 1}, Commented({}, before="x")), "let\n  a = 1;\nin\n# x\n{\n}"),
    "many inherited": (
        AttrSet(Inherit("a", "b", "c", "d")),
        "{\n  inherit\n    a\n    b\n    c\n    d\n    ;\n}",
    ),
    "inherited names in quotes": (
        AttrSet(Inherit("a b", source=ref("x"))),
        '{ inherit (x) "a b"; }',
    ),
    # Comments
    "blank lines": (
        List(BlankLine(), 1, BlankLine(), BlankLine(), 2, BlankLine()),
        "[\n  1\n\n  2\n]",
    ),
    "blank before": (
        {
            "a": 1,
            "b": Commented(2, blank_before=True),
            "c": Commented(3, before="x", blank_before=True),
        },
        "{\n  a = 1;\n\n  b = 2;\n\n  # x\n  c = 3;\n}",
    ),
    "blank before the first": (
        {"a": Commented(2, blank_before=True), "b": 1},
        "{\n  a = 2;\n  b = 1;\n}",
    ),
    "comment text": (Commented(1, before="\n a \n\nb\r\n\tc\n"), "#  a\n#\n# b\n# \tc\n1"),
    "empty comment": (AttrSet(Comment("")), "{\n  #\n}"),
    "comment behind the file": (Commented(1, after=" x "), "1 # x"),
    "comment behind a long string": (
        [Commented("x" * 99, after="y")],
        f'[\n  "{"x" * 99}" # y\n]',
    ),
    "comments on arguments": (
        Apply(
            "f",
            Commented(1, before="x", after="y"),
            Commented({"a": 1, "b": 2}, before="z", blank_before=True),
        ),
        "f\n  # x\n  1 # y\n\n  # z\n  {\n    a = 1;\n    b = 2;\n  }",
    ),
    "comment on an argument in parentheses": (
        {"a": Apply("f", Commented(Let({"b": 1}, ref("b")), before="x"))},
        "{\n  a = f (\n    # x\n    let\n      b = 1;\n    in\n    b\n  );\n}",
    ),
    "comment after an argument in parentheses": (
        Apply("f", Commented(Apply("g", 1), after="x"), 2),
        "f (g 1) # x\n  2",
    ),
    "comments on operands": (
        BinaryOp(
            "++",
            Commented([1], before="x", after="y"),
            Commented(BinaryOp("++", Commented(ref("a"), before="v", after="w"), [2]), before="u"),
        ),
        "# x\n[ 1 ] # y\n# u\n# v\n++ a # w\n++ [ 2 ]",
    ),
    "comment on a first operand in brackets": (
        {"a": BinaryOp("++", Commented([1], before="x"), ref("b"))},
        "{\n  a =\n    # x\n    [ 1 ] ++ b;\n}",
    ),
    "comment after a selected argument": (
        [Apply("f", Commented(ref("a.b"), after="x"), ref("c"))],
        "[\n  (f a.b # x\n    c\n  )\n]",
    ),
    "comments on compared operands": (
        {"a": BinaryOp("==", Commented(1, after="x"), Commented(2, before="y"))},
        "{\n  a =\n    1 # x\n    # y\n    == 2;\n}",
    ),
    "comments on a sum": (
        BinaryOp("+", Commented(BinaryOp("+", 1, Commented(2, before="x")), after="y"), 3),
        "1\n# x\n+ 2 # y\n+ 3",
    ),
    "comment on an operand in parentheses": (
        BinaryOp("+", 1, Commented(Lambda("a", 1), before="x")),
        "1\n# x\n+ (a: 1)",
    ),
    "comment before a set that is merged": (
        {"a": BinaryOp("//", ref("b"), Commented({"c": 1}, before="x"))},
        "{\n  a =\n    b\n    # x\n    // {\n      c = 1;\n    };\n}",
    ),
    "comments on branches": (
        If(
            Commented(ref("a"), before="x"),
            Commented(1, before="y", after="z"),
            Commented(If(ref("b"), 2, Commented(3, before="w")), before="v"),
        ),
        "if\n  # x\n  a\nthen\n  # y\n  1 # z\n# v\nelse if b then\n  2\nelse\n  # w\n  3",
    ),
    "comment on a default": (
        Lambda(Pattern(Param("a", Commented({"b": 1}, before="x")), Commented("c", after="y")), 1),
        "{\n  a ?\n    # x\n    {\n      b = 1;\n    },\n  c, # y\n}:\n1",
    ),
    "comment in an interpolated call": (
        Str(Apply("f", Commented(1, before="x", after="y"), 2)),
        '"${f\n  # x\n  # y\n  1\n  2\n}"',
    ),
    # Languages
    "languages": (
        {
            "a": IndentedStr("b\n", language="bash"),
            "c": [Str("d", language="c++"), Commented(Str("e", language="sh"), before="x")],
            "f": Apply("g", Str("h", language="x"), IndentedStr("i", language="y")),
        },
        "{\n  a = /* bash */ ''\n    b\n  '';\n  c = [\n    /* c++ */ \"d\"\n    # x\n"
        '    /* sh */ "e"\n  ];\n  f = g /* x */ "h" /* y */ "i";\n}',
    ),
    "language of an operand": (
        BinaryOp("+", 1, BinaryOp("*", Str("a", language="b"), 2)),
        '1 + /* b */ "a" * 2',
    ),
    "language that makes the first line long": (
        BinaryOp("+", Str("a" * 40, language="x" * 30), "b" * 40),
        f'/* {"x" * 30} */ "{"a" * 40}" + "{"b" * 40}"',
    ),
    "language in a short list": (
        Apply("f", [Str("a", language="b"), ref("c")], 1),
        'f [ /* b */ "a" c ] 1',
    ),
    "called string with a language": (
        Apply(Select(Str("a", language="b"), "c"), 1),
        '(/* b */ "a".c) 1',
    ),
    # nixfmt-rs takes a comment behind an element for one above the next
    "comment in an interpolation": (
        Str(List(Commented(1, after="x"), 2)),
        '"${[\n  # x\n  1\n  2\n]}"',
    ),
    "white space before a long interpolation": (
        IndentedStr("x\n", "\t", Select("a", LONG, LONG, default=1)),
        f"''\n  x\n  \t${{a.{LONG}.{LONG}\n     or 1\n   }}''",
    ),
    # Source text
    "raw name": (Apply("f", Raw("a.b")), "f a.b"),
    "raw expression": (Apply("f", Raw("a b")), "f (a b)"),
    "raw lines": ({"a": Raw("  {\n    b = 1;\n  }\n")}, "{\n  a = {\n    b = 1;\n  };\n}"),
    "raw comment": (List(Raw("a # b"), 1), "[\n  (\n    a # b\n  )\n  1\n]"),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_written_so(name: str) -> None:
    value, nix = CASES[name]
    assert dumps(value) == f"{nix}\n"


def test_nixfmt_changes_none_of_it(tmp_path: Path) -> None:
    texts = [dumps(value) for value, _ in CASES.values()]
    assert oracle.formatted(texts, tmp_path) == texts


def test_nix_reads_all_of_it_as_meant(tmp_path: Path) -> None:
    values = [oracle.readable(value) for value, _ in CASES.values()]
    texts = [dumps(value) for value in values]
    spelled = [oracle.spelled(value) for value in values]
    names = oracle.names_in(texts + spelled)
    assert oracle.parsed(texts, tmp_path, names) == oracle.parsed(spelled, tmp_path, names)


@pytest.mark.parametrize("value", [{}, [], {"a": 1}, Apply("f", ref(LONG), ref(LONG + LONG))])
def test_nixfmt_changes_nothing_below_a_header(value: Any, tmp_path: Path) -> None:
    text = "# Header.\n\n" + dumps(value, headed=True)
    assert oracle.formatted([text], tmp_path) == [text]


def test_what_ends_or_begins_something_in_a_string_is_escaped() -> None:
    assert dumps({"said": 'a "b"'}) == '{ said = "a \\"b\\""; }\n'
    assert dumps({"said": "a\\b"}) == '{ said = "a\\\\b"; }\n'
    assert dumps({"said": "$a ${b}"}) == '{ said = "$a \\${b}"; }\n'
    assert dumps({"said": "a\tb\nc\r"}) == '{ said = "a\\tb\\nc\\r"; }\n'
    assert dumps({"said": "é\u00a0\u200b"}) == '{ said = "é\u00a0\u200b"; }\n'


def test_the_order_of_keys_is_kept() -> None:
    assert dumps({"b": 1, "a": 2}) == "{\n  b = 1;\n  a = 2;\n}\n"


def test_any_mapping_is_a_set_and_any_of_list_and_tuple_a_list() -> None:
    from collections import ChainMap, OrderedDict
    from types import MappingProxyType

    for mapping in (OrderedDict(a=1), MappingProxyType({"a": 1}), ChainMap({"a": 1})):
        assert dumps(mapping) == "{ a = 1; }\n"
    assert dumps((1,)) == dumps([1]) == "[ 1 ]\n"


def nested(wrap: Any, depth: int) -> Any:
    """Wrap something so many times."""
    value: Any = ref("x")
    for _ in range(depth):
        value = wrap(value)
    return value


NESTING: dict[str, Any] = {
    "set": lambda inner: {"a": inner},
    "list": lambda inner: [inner],
    "set of two": lambda inner: {"a": inner, "b": 1},
    "commented": lambda inner: AttrSet({"a": Commented(inner, before="x")}),
    "element": lambda inner: List(Commented(inner, after="x")),
    "string": lambda inner: Str("a", inner),
    "indented": lambda inner: IndentedStr("a\n", inner, "\n"),
    "path": lambda inner: PathLiteral("./", inner),
    "name": lambda inner: AttrSet(Binding((inner,), 1)),
    "selection": lambda inner: Select(inner, "a", default=1),
    "default": lambda inner: Select("a", "b", default=inner),
    "test": lambda inner: HasAttr(inner, "a"),
    "call": lambda inner: Apply("f", inner, 1),
    "argument": lambda inner: Apply("f", inner),
    "function called": lambda inner: Apply(inner, 1),
    "function": lambda inner: Lambda("x", inner),
    "pattern": lambda inner: Lambda(Pattern("a", Param("b", 1)), inner),
    "parameter": lambda inner: Lambda(Pattern(Param("a", inner)), 1),
    "let": lambda inner: Let({"a": 1}, inner),
    "let binding": lambda inner: Let({"a": inner}, 1),
    "with": lambda inner: With(ref("a"), inner),
    "scope": lambda inner: With(inner, 1),
    "if": lambda inner: If(inner, 1, 2),
    "then": lambda inner: If(ref("a"), inner, 2),
    "else": lambda inner: If(ref("a"), 1, inner),
    "assert": lambda inner: Assert(inner, 1),
    "assertion": lambda inner: Assert(ref("a"), inner),
    "inherit": lambda inner: AttrSet(Inherit("a", source=inner)),
    "left operand": lambda inner: BinaryOp("+", inner, 1),
    "right operand": lambda inner: BinaryOp("+", 1, inner),
    "comparison": lambda inner: BinaryOp("==", inner, 1),
    "not": Not,
    "minus": Neg,
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", NESTING)
def test_depth_hits_no_limit(kind: str) -> None:
    # 5,000 deep, the text of some kinds is mostly indentation: up to 250 MB.
    assert dumps(nested(NESTING[kind], 5_000)).endswith("\n")


@pytest.mark.parametrize("kind", NESTING)
def test_what_is_deep_is_laid_out_right(kind: str, tmp_path: Path) -> None:
    text = dumps(nested(NESTING[kind], 40))
    assert oracle.formatted([text], tmp_path) == [text]


def test_what_is_wrong_deep_down_is_told_with_its_place() -> None:
    value: Any = Ident("x")
    for _ in range(1_000):
        value = {"a": [value]}
    value["b"] = [1, {"c": {2}}]
    with pytest.raises(NixError, match=r"^b\[1\]\.c: a set"):
        dumps(value)
