"""Free names: what an expression refers to and does not bind itself, as Nix has it."""

import re
import subprocess
import sys
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nixgen import (
    Apply,
    Assert,
    AttrSet,
    BinaryOp,
    BlankLine,
    Comment,
    Commented,
    HasAttr,
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
    free_names,
    ref,
)
from tests.helpers.process import python
from tests.helpers.tools import require
from tests.nixgen import oracle
from tests.nixgen.strategies import Draw

CASES: dict[str, tuple[Any, str]] = {
    "plain data": ({"a": [1, "b", None, True], ("c", "d"): {}}, ""),
    "the first step of a dotted name": (ref("config.flake.modules"), "config"),
    "what is selected, computed names and a default": (
        Select("a", "b", ref("c.d"), default=[ref("e")]),
        "a c e",
    ),
    "has-attr": (HasAttr("a", "b", Str(ref("c"), "d")), "a c"),
    "a call": (Apply("f", ref("x"), {"y": ref("z")}), "f x z"),
    "text with interpolations": (
        [Str("a", ref("b")), IndentedStr("c\n", ref("d")), PathLiteral("./", ref("e"))],
        "b d e",
    ),
    "operators": ([BinaryOp("+", ref("a"), ref("b")), Not(ref("c")), Neg(ref("d"))], "a b c d"),
    "keywords": ([If(ref("a"), ref("b"), ref("c")), Assert(ref("d"), ref("e"))], "a b c d e"),
    "comments": (List(Comment("a"), BlankLine(), Commented(ref("b"), before="c")), "b"),
    "a search path": (SearchPath("nixpkgs"), ""),
    "a computed attribute": ({(ref("a"), "b"): 1}, "a"),
    # What binds
    "a function of a name": (Lambda("x", Apply("f", ref("x"))), "f"),
    "a function of a set": (
        Lambda(
            Pattern("a", Commented(Param("b", [ref("a"), ref("args"), ref("d")])), alias="args"),
            [ref("a"), ref("b"), ref("args"), ref("c")],
        ),
        "c d",
    ),
    "a let, whose variables see each other": (
        Let({"a": ref("b"), ("b", "c"): ref("d")}, [ref("a"), ref("b"), ref("c")]),
        "c d",
    ),
    "a set, whose attributes are no variables": ({"a": 1, "b": ref("a")}, "a"),
    "a rec set": (AttrSet({"a": 1, Str("b"): ref("a")}, {"c": ref("b")}, rec=True), ""),
    "inherited from the scope": (AttrSet(Inherit("a")), "a"),
    "inherited from the scope around a let": (Let([Inherit("a")], ref("a")), "a"),
    "inherited from the scope around a rec set": (AttrSet(Inherit("a"), rec=True), "a"),
    "inherited from a set": (AttrSet(Inherit("a", source=ref("b"))), "b"),
    "inherited from a variable of the same let": (
        Let([Inherit("a", source=ref("b")), {"b": ref("c")}], ref("a")),
        "c",
    ),
    "the body of a with": (With(ref("pkgs"), [ref("git")]), "git pkgs"),
    "a name that is bound in one place only": ([Lambda("x", ref("x")), ref("x")], "x"),
    "what Nix binds everywhere": (
        Apply("map", ref("builtins.toString"), ref("null")),
        "builtins map",
    ),
    # Source text
    "raw: a name": (Raw(" a.b "), "a"),
    "raw: attributes": (Raw('a.b."c".${d} or e ? f.g'), "a d e"),
    "raw: text and comments": (Raw("/* a */ \"b ${c} $${d}\" # e\n + ''f ${g} ''${h}''"), "c g"),
    "raw: a path": (Raw("./a/${b}/c"), "b"),
    "raw: a set": (Raw('{ a = b; c.${d} = 1; "e ${f}" = rec { }; }'), "b d f"),
    "raw: inherited": (Raw("{ inherit a; inherit (b) c; }"), "a b"),
    "raw: a rec set": (Raw("rec { a = b; b = c; inherit d; inherit (a) e; }"), "c d"),
    "raw: a let": (Raw("let a = b; b.c = d; in f: a b c f"), "c d"),
    "raw: a let as it was once written": (Raw("let { body = a; a = b; }"), "b"),
    "raw: functions": (Raw("[ (a: b: a b c) b ]"), "b c"),
    "raw: a module": (Raw("{ config, lib ? x, ... }: lib.f config.x"), "x"),
    "raw: patterns with a name": (Raw("[ (a@{ b ? a }: b) ({ c ? d }@d: d) ]"), ""),
    "raw: a function in a condition": (Raw("if x: x then y: x y else y: x"), "x"),
    "raw: a function in a with or an assert": (Raw("with x: x; assert y: y; [ x y ]"), "x y"),
    "raw: a function in a binding": (Raw("{ a = x: x; b = x; }"), "x"),
    "raw: an identifier that looks like a URI is none": (Raw("x:x"), ""),
    "raw: no Nix": (Raw("{ a = b; c ]"), "a b c"),
    "raw: no bindings": (Raw("let a = 1; b in c"), "a b c"),
}


@pytest.mark.parametrize("name", CASES)
def test_free_names_are_those_that_are_not_bound(name: str) -> None:
    value, free = CASES[name]
    assert free_names(value) == set(free.split())


def undefined(text: str) -> set[str]:
    """The variables that Nix finds undefined in a text, which it names one by one."""
    found: list[str] = []
    while True:
        given = f"{{ {', '.join(found)} }}:\n{text}"
        read = subprocess.run(
            [require("nix-instantiate"), *oracle.WITH_PIPES, "--parse", "-"],
            input=given.encode(),
            check=False,
            capture_output=True,
        )
        if read.returncode == 0:
            return set(found)
        message = read.stderr.decode()
        missing = re.search(r"undefined variable '([^']+)'", message)
        assert missing, message
        found.append(missing[1])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(2, 20))
def test_nix_finds_exactly_the_free_names_undefined(seed: int, size: int) -> None:
    value = oracle.readable(Draw(Random(seed)).file(size))  # noqa: S311 (nothing secret)
    # Whatever stands in the body of a `with`, Nix takes for an attribute of the set.
    text = re.sub(r"\bwith\b", "assert", dumps(value))
    assert free_names(value) == undefined(text)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(2, 40))
def test_source_text_refers_to_what_its_expression_refers_to(seed: int, size: int) -> None:
    value = Draw(Random(seed)).file(size)  # noqa: S311 (nothing secret)
    assert free_names(Raw(dumps(value))) == free_names(value)


def test_what_is_no_expression_is_refused() -> None:
    for value in (object(), [{1}], {1: 2}, {"a": b"x"}):
        with pytest.raises(NixError):
            free_names(value)


def test_depth_and_data_that_hold_themselves_end() -> None:
    deep: Any = ref("x")
    for _ in range(20_000):
        deep = Let({"a": 1}, [deep])
    assert free_names(deep) == {"x"}
    assert free_names(Raw("(" * 20_000 + "x" + ")" * 20_000)) == {"x"}
    endless: dict[str, Any] = {"a": ref("y")}
    endless["b"] = Lambda("x", [endless, ref("x")])
    assert free_names(endless) == {"y"}


def test_whoever_asks_for_another_name_does_not_load_this() -> None:
    asked = "import nixgen, sys; nixgen.dumps({}); print('nixgen.scope' in sys.modules)"
    assert python("-c", asked).stdout == "False\n"
    assert "free_names" in dir(sys.modules["nixgen"])
