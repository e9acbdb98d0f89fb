"""Expressions: what cannot be built, and how that is told."""

import copy as copies
import pickle
import re
import subprocess
from collections.abc import Callable
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from nixgen.errors import NixgenError
from tests.helpers.tools import require
from tests.nixgen import oracle

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "keyword": (lambda: Ident("if"), "Ident: 'if' is no Nix identifier: it is a keyword"),
    "or": (lambda: Ident("or"), "'or' is no Nix identifier: it is a keyword"),
    "empty name": (lambda: Ident(""), "it must match"),
    "digit first": (lambda: Lambda("1a", 1), "Lambda: '1a' is no Nix identifier"),
    "dotted name": (lambda: ref("config.a b"), "ref: 'a b' in 'config.a b' is no Nix identifier"),
    "dotted keyword": (lambda: ref("let.a"), "'let' is no Nix identifier"),
    "empty step": (lambda: ref("a..b"), "'' in 'a..b' is no Nix identifier"),
    "NUL": (lambda: Str("a\0"), "Str part 0: the string holds a NUL character at index 1"),
    "surrogate": (lambda: Str("\ud800"), r"a lone surrogate \(U\+D800\)"),
    "NUL in a key": (lambda: AttrSet({"a\0": 1}), "holds a NUL character"),
    "NUL in a comment": (lambda: Comment("\0"), "Comment: the text holds a NUL character"),
    "infinite": (lambda: List(1, float("inf")), "List element 1: inf is not finite"),
    "not a number": (lambda: Not(float("nan")), "Not: nan is not finite"),
    "large": (lambda: Apply("f", 2**63), "9223372036854775808 does not fit Nix's 64-bit integers"),
    "small": (lambda: If(1, 2, -(2**63) - 1), "If otherwise: -9223372036854775809 does not fit"),
    "set": (lambda: List({1}), "a set .it has no order; give a sorted list. is no Nix expression"),
    "bytes": (lambda: Str(b"x"), "bytes .decode them to a str. is no Nix expression"),
    "object": (lambda: With(object(), 1), r"With scope: <object object at .* is no Nix expression"),
    "twice": (lambda: AttrSet({"a": 1}, {"a": 2}), "AttrSet: a is defined twice"),
    "goes into": (
        lambda: AttrSet({"a": 1, ("a", "b"): 2}),
        "AttrSet: a.b goes into a, which already has a value",
    ),
    "has attributes": (
        lambda: AttrSet({("a", "b"): 2}, Binding("a", 1)),
        "AttrSet: a already has attributes of its own",
    ),
    "inherited": (lambda: AttrSet(Inherit("a"), {"a": 1}), "a is defined twice"),
    "inherited and entered": (
        lambda: Let([Inherit("a"), {("a", "b"): 1}], 1),
        "Let: a.b goes into",
    ),
    "quoted twice": (lambda: AttrSet({"a b": 1}, Binding(Str("a b"), 1)), '"a b" is defined twice'),
    "inherits twice": (lambda: Inherit("a", "b", "a"), "Inherit: 'a' is inherited twice"),
    "inherits nothing": (Inherit, "Inherit: give at least one name"),
    "inherits no name": (lambda: Inherit("a b"), "Inherit: 'a b' is no Nix identifier"),
    "bound": (
        lambda: Binding(("a", "b c"), {1}),
        r'^Binding a\."b c": a set .* is no Nix expression',
    ),
    "bound in a set": (lambda: AttrSet({("a", "b"): b"x"}), r"^AttrSet a\.b: bytes .* is no Nix "),
    "empty path": (lambda: Binding((), 1), "an attribute path needs at least one name"),
    "number in a path": (lambda: Binding(("a", 1), 1), r"1 \(int\) is no attribute name"),
    "number as a key": (lambda: AttrSet({1: 2}), r"1 \(int\) is no attribute name"),
    "no selection": (lambda: Select("a"), "Select: an attribute path needs at least one name"),
    "no test": (lambda: HasAttr("a"), "HasAttr: an attribute path needs at least one name"),
    "dynamic in let": (
        lambda: Let({Ident("x"): 1}, 2),
        "Let: ..….? is a dynamic attribute, which Nix does not take in let",
    ),
    "no item": (lambda: AttrSet(3), r"AttrSet: 3 \(int\) is no item"),  # type: ignore[arg-type]
    "no argument": (lambda: Apply("f"), "Apply: give at least one argument"),
    "operator": (lambda: BinaryOp("<>", 1, 2), r"'<>' is no operator; give one of \+\+ \* / \+"),
    "parameter twice": (lambda: Pattern("a", "a"), "Pattern: 'a' is there twice"),
    "alias twice": (lambda: Pattern("a", alias="a"), "Pattern: 'a' is there twice"),
    "no parameter": (lambda: Pattern(1), r"Pattern: 1 \(int\) is no parameter"),  # type: ignore[arg-type]
    "default": (lambda: Param("a", {1}), "Param a: default: a set"),
    "relative": (lambda: PathLiteral("a/b"), "PathLiteral: 'a/b' is no path"),
    "empty path step": (lambda: PathLiteral("./a//b"), "is no path"),
    "slash at the end": (lambda: PathLiteral("./a/"), "is no path"),
    "space in a path": (lambda: PathLiteral("./a b"), "interpolate the rest"),
    "drive": (lambda: List(PureWindowsPath("C:/a")), "has a drive"),
    "search path": (lambda: SearchPath("a b"), "SearchPath: 'a b' is no search path"),
    "nothing raw": (lambda: Raw(" \n"), "is no source text of an expression"),
    "comment of two lines": (lambda: Commented(1, after="a\nb"), "it is one line"),
    "comment on a comment": (
        lambda: Commented(Commented(1)),
        "Commented: a comment cannot stand here",
    ),
    "comment on a function": (
        lambda: Apply(Commented(ref("f"), before="x"), 1),
        "Apply function: a comment cannot stand here; see Commented for where it can",
    ),
    "comment after a body": (
        lambda: Let({"a": 1}, Commented(1, after="x")),
        "Let body: what ends an expression has comments above it only",
    ),
    "comment after the last argument": (
        lambda: Apply("f", Commented(1, after="x"), Commented(2, after="y")),
        "Apply argument 1: what ends an expression has comments above it only",
    ),
    "comment after the right operand": (
        lambda: BinaryOp("+", Commented(1, after="x"), Commented(2, after="y")),
        r"BinaryOp \+ right: what ends an expression .* put the one after it on the whole",
    ),
    "comment after the last branch": (
        lambda: If(1, Commented(2, after="x"), Commented(3, after="y")),
        "If otherwise: what ends an expression has comments above it only",
    ),
    "comment after a default": (
        lambda: Param("a", Commented(3, after="y")),
        "Param a: default: what ends an expression has comments above it only",
    ),
    "comment as a comment": (
        lambda: IndentedStr("a", language="a b"),
        "IndentedStr: 'a b' is no language such as 'bash': give up to 30 letters, digits and",
    ),
    "language that ends a comment": (lambda: Str("a", language="*/"), "'.*' is no language such"),
    "language of 31 letters": (lambda: Str("a", language="x" * 31), "'x+' is no language such"),
    "language of a name": (
        lambda: Select("a", Str("b", language="nix")),
        "Select: the name of an attribute has no language; got 'nix'",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_nix_could_not_hold_is_refused_when_built(name: str) -> None:
    build, message = REFUSED[name]
    with pytest.raises(NixError, match=message):
        build()


def test_a_refusal_is_an_error_that_people_are_shown_and_a_value_error() -> None:
    assert issubclass(NixError, NixgenError)
    assert issubclass(NixError, ValueError)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"machines": {"galena": {"tags": ["a", "b", {1}]}}},
            r"^machines\.galena\.tags\[2\]: a set .* is no Nix expression",
        ),
        ({"a b": [float("nan")]}, r'^"a b"\[0\]: nan is not finite'),
        ({("a", "b"): {"c": "\0"}}, r"^a\.b\.c: the string holds a NUL"),
        ([[2**64]], r"^\[0\]\[0\]: 18446744073709551616 does not fit"),
        ({"a": Apply("f", {"b": {"c": object}})}, r"^a\.b\.c: <class 'object'> \(type\) is no Nix"),
        ({"a": {"b": 1, ("b", "c"): 2}}, r"^a: attribute set: b\.c goes into b"),
        ({"a": [{1: 2}]}, r"^a\[0\]: attribute set: 1 \(int\) is no attribute name"),
        ({"a": {"x\ud800": 1}}, "lone surrogate"),
        ({"a": Str("x", {"b": {1}})}, r"^a\.\$\{…\}\.b: a set"),
        (object(), "is no Nix expression"),
    ],
)
def test_plain_data_are_checked_when_rendered_and_the_place_is_named(
    value: Any, message: str
) -> None:
    with pytest.raises(NixError, match=message):
        dumps(value)


@pytest.mark.parametrize(
    "items",
    [
        ({("a", "b"): 1}, {("a", "c"): 2}),
        (Inherit("a"), Inherit("b", source=ref("x"))),
        ({"a": Commented({"b": 1}, before="x")}, {("a", "c"): 2}),
        ({("a", "c"): 2}, {"a": Commented({"b": 1}, before="x")}),
        (Binding((Ident("x"), "a"), 1), {"a": 2}),
        (Binding(("a", Ident("x")), 1), {("a", "b"): 2}),
        (Comment("only"), BlankLine()),
    ],
)
def test_paths_that_only_share_a_start_do_not_collide(items: tuple[Any, ...]) -> None:
    AttrSet(*items)


def test_the_largest_and_the_least_integer_can_be_held() -> None:
    assert dumps(2**63 - 1) == "9223372036854775807\n"
    assert dumps([-(2**63)]) == "[ (-9223372036854775807 - 1) ]\n"


def test_a_float_too_small_for_a_literal_is_a_product() -> None:
    assert dumps(-5e-324) == "-2.2250738585072014e-308 * 2.220446049250313e-16\n"


def test_expressions_are_values() -> None:
    assert ref("a.b") == Select("a", "b") == Select(Ident("a"), "b")
    assert len({ref("a"), ref("a"), Str("a"), IndentedStr("a")}) == 3
    assert Assert(ref("a"), 1) != Assert(ref("b"), 1)
    assert repr(With(ref("a"), 1)) == "With(scope=Ident(name='a'), body=1)"
    with pytest.raises(AttributeError):
        ref("a").name = "b"  # type: ignore[union-attr,misc]


def test_a_copy_is_the_same_expression() -> None:
    value = Select("a", "b")
    for copy in (copies.deepcopy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301 (ours)
        assert copy == value
        assert dumps(copy) == "a.b\n"


def test_a_selection_from_a_selection_goes_on_with_its_path() -> None:
    assert Select(ref("a.b"), "c", default=1) == Select("a", "b", "c", default=1)
    assert dumps(Select(Select("a", "b", default=1), "c")) == "(a.b or 1).c\n"


def test_an_enumeration_is_the_string_or_number_it_is() -> None:
    from enum import Enum, IntEnum

    class Color(str, Enum):  # noqa: UP042 (whose str() is not its value)
        RED = "r$d"

    class Count(IntEnum):
        TWO = 2

    assert dumps({"a": Color.RED, "b": Count.TWO}) == '{\n  a = "r$d";\n  b = 2;\n}\n'
    assert dumps([Color.RED, Count.TWO]) == '[\n  "r$d"\n  2\n]\n'


@pytest.mark.parametrize(
    ("path", "nix"),
    [
        ("a", "./a"),
        (".", "./."),
        ("..", "../."),
        ("../..", "../.."),
        ("/", "/."),
        ("/etc/nixos", "/etc/nixos"),
        ("a b/ü.nix", './${"a b"}/${"ü.nix"}'),
        ("~/x", './${"~"}/x'),
    ],
)
def test_a_path_is_a_path_literal(path: str, nix: str) -> None:
    assert dumps(PurePosixPath(path)) == f"{nix}\n"


def test_data_that_hold_themselves_are_refused() -> None:
    mapping: dict[str, Any] = {"kept": {"b": 1}}
    mapping["kept"]["c"] = [1, mapping]
    for value in (mapping, {"f": Lambda("x", mapping)}):
        with pytest.raises(NixError, match=r"kept\.c\[1\]: .*holds itself"):
            dumps(value)
    alone: list[Any] = []
    alone.append(alone)
    with pytest.raises(NixError, match=r"^\[0\]: .*holds itself"):
        dumps(alone)
    twice = {"a": 1, "b": 2}
    shown = "  {\n    a = 1;\n    b = 2;\n  }\n"
    assert dumps([twice, twice]) == f"[\n{shown * 2}]\n"


BOUND: list[Any] = [1, {}, {"a": 1}, {"b": 1, "c": 2}, Apply("f", {"a": 1})]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.builds(
                Binding,
                st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple),
                st.sampled_from(BOUND),
            ),
            st.builds(Inherit, st.sampled_from("abc")),
            st.builds(Inherit, st.sampled_from("abc"), source=st.just(1)),
        ),
        min_size=2,
        max_size=4,
    )
)
def test_bindings_are_merged_where_nix_merges_them_and_refused_where_it_does_not(
    items: list[Any],
) -> None:
    bindings = oracle.spelled_bindings(items)
    read = subprocess.run(
        [require("nix-instantiate"), "--parse", "--expr", f"with {{ }}; {{ {bindings} }}"],
        check=False,
        capture_output=True,
        text=True,
    )
    if read.returncode == 0:
        AttrSet(*items)
        Let(items, 1)
    else:
        assert "already defined" in read.stderr
        with pytest.raises(NixError, match=r"defined twice|already has"):
            AttrSet(*items)
        with pytest.raises(NixError, match=r"defined twice|already has"):
            Let(items, 1)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (
            [{"a": AttrSet({"b": 1}, rec=True)}, {("a", "c"): 2}],
            "AttrSet: a.c goes into a, which is a rec set",
        ),
        (
            [{("a", "c"): 2}, {"a": Commented(AttrSet({"b": 1}, rec=True), before="x")}],
            "AttrSet: a already has attributes of its own",
        ),
        (
            [{"a": {"b": 1}}, {"a": {"c": 2}}, {("a", "c"): 3}],
            "AttrSet: a.c is defined twice",
        ),
        # Nix before 2.19 merges no sets that have a set of one name in them.
        ([{"a": {"b": {"c": 1}}}, {"a": {"b": {"d": 2}}}], "AttrSet: a.b is defined twice"),
        ([{"a": {"b": 1}}, {("a", "b", "c"): 2}], "a.b.c goes into a.b, which already has a value"),
        ([{"a": {("b", "c"): 1}}, {("a", "b"): 2}], "a.b already has attributes of its own"),
    ],
)
def test_what_would_be_merged_differently_is_refused(items: list[Any], message: str) -> None:
    with pytest.raises(NixError, match=re.escape(message)):
        AttrSet(*items)
    whole = {key: value for item in items for key, value in item.items()}
    if len(whole) == len(items):
        with pytest.raises(NixError, match=re.escape(message.removeprefix("AttrSet: "))):
            dumps({"x": whole})
