"""What is written is what was checked: a subclass of a plain type is the plain value."""

from collections import OrderedDict, namedtuple
from collections.abc import Callable
from enum import Enum, IntEnum
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nixgen import (
    Apply,
    Assert,
    AttrSet,
    BinaryOp,
    Binding,
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
    NixgenError,
    Not,
    Param,
    PathLiteral,
    Pattern,
    Raw,
    Region,
    SearchPath,
    Select,
    Str,
    TextFile,
    With,
    dumps,
    ref,
)
from nixgen.exact import counts_as_exact, exact
from nixgen.files.rendered import render
from tests.helpers.hostile import HostileStr, hostile, is_exact, member

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text() | st.floats(-9, 9),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(plain)
def test_a_value_of_subclasses_becomes_the_plain_one(value: Any) -> None:
    made = exact(hostile(value))
    assert made == value
    assert repr(made) == repr(value)
    assert is_exact(made)


@given(plain)
def test_what_is_exact_is_returned_itself(value: Any) -> None:
    assert exact(value) is value
    held = (value, MappingProxyType({("a", "b"): [value]}))
    assert exact(held) is held


def test_what_only_looks_like_a_number_or_text_is_left_alone() -> None:
    for value in (b"bytes", {"a", "b"}, object(), exact, 1j):
        assert exact(value) is value


def test_a_tuple_or_mapping_of_another_kind_stays_one_until_it_has_to_change() -> None:
    pair: Any = namedtuple("pair", "x y")  # noqa: PYI024 - a plain one
    assert exact(pair(1, 2)).x == 1
    assert exact(pair(member(1), 2)) == (1, 2)
    assert type(exact(OrderedDict(a=1))) is OrderedDict
    assert exact(OrderedDict(a=member(1))) == {"a": 1}
    assert type(exact(MappingProxyType({"a": member(1)}))) is MappingProxyType


def test_two_keys_that_become_one_are_refused() -> None:
    with pytest.raises(NixgenError, match="two keys of one mapping are 'a'"):
        exact({"a": 1, HostileStr("a"): 2})
    with pytest.raises(NixgenError, match="a is defined twice"):
        dumps({"a": 1, HostileStr("a"): 2})


def test_what_holds_itself_is_left_to_whoever_looks_into_it() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert exact(endless) is endless
    with pytest.raises(NixgenError, match="no end"):
        dumps(AttrSet({"a": endless}))


def test_a_subclass_that_means_something_is_kept_and_one_of_it_becomes_it() -> None:
    @counts_as_exact
    class Meant(str):
        __slots__ = ()

    class Further(Meant, Enum):
        G = "text"

    assert exact(Meant("text")).__class__ is Meant
    assert exact(Further.G).__class__ is Meant
    assert str(exact(Further.G)) == "text"


def outcome(make: Callable[[Any], Any], value: Any) -> str:
    try:
        return dumps(make(value))
    except NixgenError as error:
        return str(error)


@pytest.mark.parametrize("make", [lambda value: value, lambda value: AttrSet({"a": value})])
@example("\0")
@given(plain)
def test_plain_data_of_subclasses_has_the_outcome_of_the_plain_one(make: Any, value: Any) -> None:
    assert outcome(make, hostile(value)) == outcome(make, value)


class N(str, Enum):  # noqa: UP042 - str() gives "N.G", unlike that of StrEnum
    G = "g"


class I(IntEnum):  # noqa: E742
    G = 7


@pytest.mark.parametrize(
    "value",
    [
        {N.G: N.G},
        {("a", N.G): [N.G, I.G]},
        [N.G],
        {"a": {N.G: I.G}},
        {"a": {N.G: N.G, "b": I.G}},
        N.G,
        I.G,
        Commented(N.G, before=N.G, after=N.G),
    ],
)
def test_members_of_enumerations_are_rendered_as_their_values(value: Any) -> None:
    assert "N.G" not in dumps(value)
    assert "I.G" not in dumps(value)
    assert "g" in dumps(value) or "7" in dumps(value)


EXPRESSIONS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "plain data": (lambda *data: list(data), ("a", -1, 1.5, {"b": "c", "d": {"e": 1}})),
    "Ident": (Ident, ("x",)),
    "Str": (Str, ("a", ref("x"), "b")),
    "IndentedStr": (IndentedStr, ("a\n", ref("x"), "\n b\n")),
    "PathLiteral": (PathLiteral, ("./a/", ref("x"))),
    "SearchPath": (SearchPath, ("nixpkgs/nixos",)),
    "Raw": (Raw, ("x: x",)),
    "Comment": (lambda text: AttrSet(Comment(text)), ("a",)),
    "Binding": (lambda *given: AttrSet(Binding(*given)), (("a", "b c"), "d")),
    "Inherit": (lambda *names: AttrSet(Inherit(*names)), ("a", "b")),
    "Inherit of": (lambda *names: AttrSet(Inherit(*names, source=ref("x"))), ("a", "b c")),
    "AttrSet": (AttrSet, ({"a": 1, ("b", "c"): ["d"]},)),
    "List": (List, ("a", 1, ["b"])),
    "Select": (lambda *given: Select(*given, default="d"), ("a.b", "c", "d e")),
    "HasAttr": (HasAttr, ("a", "b")),
    "Apply": (Apply, ("f", "a", {"b": 1})),
    "Lambda": (Lambda, ("x", "y")),
    "Pattern": (lambda name, alias: Lambda(Pattern(name, alias=alias), 1), ("x", "y")),
    "Param": (lambda *given: Lambda(Pattern(Param(*given)), 1), ("x", "y")),
    "Let": (Let, ({"a": 1}, "b")),
    "With": (With, ({"a": 1}, "b")),
    "If": (If, ("a", "b", 1)),
    "Assert": (Assert, ("a", 1)),
    "BinaryOp": (BinaryOp, ("+", "a", "b")),
    "Not": (Not, ("a",)),
    "Neg": (Neg, (5,)),
    "ref": (ref, ("a.b",)),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_asks_a_subclass_nothing(name: str) -> None:
    make, given_ = EXPRESSIONS[name]
    assert dumps(make(*hostile(given_))) == dumps(make(*given_))
    if name != "plain data":
        assert repr(make(*hostile(given_))) == repr(make(*given_))


def test_paths_sources_and_texts_of_files_ask_a_subclass_nothing() -> None:
    def files(made: Any) -> Any:
        text, region = made("text ${x}"), made("region")
        return {
            made("a/b.nix"): {"x": 1},
            made("c.md"): TextFile(text, comment=made("<!-- -->")),
            made("flake.nix"): Region({"x": made("y")}, name=region, place=made("on top")),
        }

    assert render(files(HostileStr), HostileStr("main:fleet")) == render(files(str), "main:fleet")


def test_a_subclass_of_what_nix_cannot_hold_is_refused_as_that_is() -> None:
    for value in ("\0", 2**63, float("nan"), ["\ud800"], {"\0": 1}):
        with pytest.raises(NixgenError):
            dumps(hostile(value))
        with pytest.raises(NixgenError):
            dumps(AttrSet({"a": hostile(value)}))


class Same(str):
    """Text that takes itself for any other."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash("a")


@pytest.mark.parametrize(
    "value",
    [
        {"x": {"a": 1, "c": 2}, "y": {Same("b"): 1, "d": 2}},
        {"x": {"a": 1, "c": 2}, "y": [{Same("b"): 1}]},
    ],
)
def test_a_key_that_takes_itself_for_another_has_its_own_name(value: Any) -> None:
    assert "b = 1;" in dumps(value)


def test_a_parameter_and_an_alias_of_one_name_are_refused_whatever_they_say() -> None:
    with pytest.raises(NixgenError, match="'x' is there twice"):
        Pattern(HostileStr("x"), alias=HostileStr("x"))


class ByName(dict[Any, Any]):
    """Gives its pairs in another order than its values."""

    def items(self) -> Any:
        return [(key, self[key]) for key in sorted(self)]


class Attributes(dict[str, Any]):
    """What it holds stands in for its methods."""

    def __init__(self, **held: Any) -> None:
        super().__init__(**held)
        self.__dict__ = self


def test_each_key_of_a_mapping_keeps_its_value_whatever_else_the_mapping_does() -> None:
    assert exact(ByName(b=member("x"), a=member("y"))) == {"a": "y", "b": "x"}
    assert list(exact(ByName(b=member("x"), a=member("y")))) == ["a", "b"]
    held: Any = Attributes(values=member("x"), keys=1)
    assert exact(held) == {"values": "x", "keys": 1}
