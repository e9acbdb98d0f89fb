"""Random expressions of the whole language: nixfmt changes nothing, Nix reads what was meant."""

import math
import string
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nixgen import (
    Apply,
    AttrSet,
    BinaryOp,
    Commented,
    HasAttr,
    IndentedStr,
    Lambda,
    Let,
    Pattern,
    Select,
    Str,
    conversion,
    dumps,
    ref,
    render,
    rules,
)
from tests.nixgen import oracle
from tests.nixgen.strategies import Draw

BATCH = 50


def draw_of(seed: int | str) -> Draw:
    return Draw(Random(seed))  # noqa: S311 (nothing secret)


def check(values: list[Any]) -> None:
    """Compare values with what the tools make of them; show the smallest that differs."""
    texts = [dumps(value) for value in values]
    readable = [oracle.readable(value) for value in values]
    to_read = [dumps(value) for value in readable]
    spelled = [oracle.spelled(value) for value in readable]
    names = oracle.names_in(to_read + spelled)
    with TemporaryDirectory() as folder:
        formatted = oracle.formatted(texts, Path(folder))
        meant = oracle.parsed(spelled, Path(folder), names)
        read = oracle.parsed(to_read, Path(folder), names)
    changed = [pair for pair in zip(texts, formatted, strict=True) if pair[0] != pair[1]]
    if changed:
        ours, theirs = min(changed, key=lambda pair: len(pair[0]))
        assert ours == theirs
    misread = [each for each in zip(to_read, read, meant, strict=True) if each[1] != each[2]]
    if misread:
        text, as_read, as_meant = min(misread, key=lambda each: len(each[0]))
        assert as_read == as_meant, text


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(2, 24))
def test_thousands_of_expressions_are_as_nixfmt_has_them_and_mean_what_was_meant(
    seed: int, size: int
) -> None:
    draws = [draw_of(f"{seed} {index}") for index in range(BATCH)]
    check([draw.file(size) for draw in draws])


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False), st.integers(1, 4))
def test_small_expressions_are_as_nixfmt_has_them_and_mean_what_was_meant(
    random: Random, size: int
) -> None:
    """Ask the same of few expressions that hypothesis can shrink."""
    check([Draw(random).file(size)])


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(2, 24))
def test_no_comment_is_lost(seed: int, size: int) -> None:
    draw = draw_of(seed)
    text = dumps(draw.file(size))
    assert [mark for mark in draw.marks if mark not in text] == []


VALUES = [
    1,
    "text " * 20,
    ref("a.b.c"),
    ref(".".join(["long"] * 20)),
    {},
    {"x": 1},
    [1, 2],
    ["long " * 10, "text " * 10],
    Apply("lib.mkIf", ref("condition"), {"x": 1}),
    Apply("function", *["argument " * 3] * 5),
    Lambda("x", {"y": ref("x")}),
    BinaryOp("++", ref("list"), [1]),
    BinaryOp("+", "a" * 50, "b" * 50),
    Let({"x": 1}, ref("x")),
    IndentedStr("one\n", "two\n"),
    Str(ref("a"), "/", ref("b")),
]


@pytest.mark.parametrize("steps", range(1, 9))
@pytest.mark.parametrize("name", ["a", "quoted name", "long" * 5])
def test_paths_of_any_number_of_steps_are_as_nixfmt_has_them(steps: int, name: str) -> None:
    """From five steps on nixfmt breaks lines after the equals sign."""
    paths: list[tuple[Any, ...]] = [
        tuple(f"{name}{n}" for n in range(steps)),
        (*["x"] * (steps - 1), Str(ref("y"), "z")),
    ]
    check(
        [
            made
            for path in paths
            for value in VALUES
            for made in ({path: value}, Select("set", *path, default=value), HasAttr("set", *path))
        ]
    )


# Strings ------------------------------------------------------------------------------------------

texts = st.text(
    st.one_of(
        st.sampled_from("$${}''\"\\\n\n \t\r#ab"),
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=20, max_size=40))
def test_text_is_kept_whatever_it_holds(pairs: list[tuple[str, str]]) -> None:
    value = Let(
        {"x": "X"},
        [
            [
                before,
                IndentedStr(before),
                Str(before, ref("x"), after),
                IndentedStr(before, ref("x"), after),
            ]
            for before, after in pairs
        ],
    )
    text = dumps(value)
    with TemporaryDirectory() as folder:
        assert oracle.evaluated([text], Path(folder)) == [
            [[before, before, f"{before}X{after}", f"{before}X{after}"] for before, after in pairs]
        ]
        assert oracle.formatted([text], Path(folder)) == [text]
    assert not any(line.endswith((" ", "\t")) for line in text.split("\n"))


# Plain data ---------------------------------------------------------------------------------------

names = st.one_of(
    texts.filter(lambda name: name not in {"outPath", "__toString"}),
    st.text(string.ascii_letters, min_size=1, max_size=60).filter(lambda n: n != "outPath"),
)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-9999, 9999).map(lambda quarters: quarters / 4),  # Nix prints six digits in JSON
    texts,
)
data = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=4)),
    max_leaves=25,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(data, min_size=5, max_size=15))
def test_plain_data_evaluate_to_themselves(values: list[Any]) -> None:
    texts = [dumps(value) for value in values]
    with TemporaryDirectory() as folder:
        assert oracle.evaluated(texts, Path(folder)) == values
        assert oracle.formatted(texts, Path(folder)) == texts


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=30, max_size=30))
@settings(max_examples=30, deadline=None)
def test_a_float_is_the_same_to_the_last_bit(values: list[float]) -> None:
    """Compare in Nix, with integers times powers of two, since Nix prints six digits only."""
    scale = Lambda(
        "factor",
        Lambda(
            "times",
            Apply(
                "builtins.foldl'", Lambda("x", Lambda("_", BinaryOp("*", ref("x"), ref("factor"))))
            ),
        ),
    )
    checks = []
    for value in values:
        mantissa, exponent = math.frexp(value)
        whole, exponent = int(mantissa * 2**53), exponent - 53
        times = Apply("builtins.genList", Lambda("i", ref("i")), abs(exponent))
        factor = 2.0 if exponent > 0 else 0.5
        exact = Apply(ref("scale"), factor, times, BinaryOp("*", whole, 1.0), times)
        checks.append(BinaryOp("==", value, exact))
    with TemporaryDirectory() as folder:
        [found] = oracle.evaluated([dumps(Let({"scale": scale}, checks))], Path(folder))
    assert found == [True] * len(values)


# Short cuts: what is written line by line, and what is laid out once ------------------------------


def mixed(draw: Draw, size: int) -> Any:
    """Plain data with some expressions in them, and names that are too long for a line."""
    if size < 1 or draw.chance(15):
        return draw.commented(draw.expression(3)) if draw.chance(10) else draw.scalar()
    if draw.chance(50):
        return [mixed(draw, size - 1) for _ in range(draw.count(3))]
    bindings: dict[Any, Any] = {}
    taken: set[str] = set()
    for _ in range(draw.count(4)):
        name = draw.name() if draw.chance(80) else draw.random.choice(("a b", "quoted " * 14))
        path = (name, *(draw.name() for _ in range(draw.count(5) if draw.chance(30) else 0)))
        if draw.free(taken, path):
            bindings[path if draw.chance(50) else path[0]] = mixed(draw, size - 1)
    return bindings


def as_the_rules_have_it(value: Any) -> str:
    """Lay out all of a value anew."""
    return rules.lay_out(conversion.convert_file(value)) + "\n"


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 20))]
)
def test_short_cuts_give_what_the_rules_give(seed: int) -> None:
    for index in range(100):
        draw = draw_of(f"{seed} {index}")
        plain = mixed(draw, draw.count(6))
        assert dumps(plain) == as_the_rules_have_it(plain)
        value = draw.file(draw.count(30))
        assert dumps(value) == as_the_rules_have_it(value)


LOOK_ALIKE: list[tuple[Any, ...]] = [
    (True, 1, 1.0),
    (False, 0, 0.0, -0.0),
    (None, "null", ref("null")),
    ([1], (1, 1), {"1": 1}),
    ([["x"], "y"], [["x", "y"]], ["x", ["y"]]),
    (Str("x", ref("y")), Str("x"), IndentedStr("x\n", ref("y"))),
    (PurePosixPath("x"), PurePosixPath("/x"), "./x"),
    ({"x": "y", "z": "a"}, {"x": "z", "y": "a"}, {"z": "a", "x": "y"}),
    (AttrSet({"x": 1, "y": 2}), AttrSet({"x": 1, "y": 2}, rec=True)),
    (Commented(1, before="x"), Commented(1, after="x"), Commented(1, blank_before=True)),
    (Select("x", "y"), Select("x", "y", default=None), Select("x", "y", default="y")),
]
PLACES: dict[str, Callable[[Any], Any]] = {
    "argument": lambda value: Apply("f", value, ref("x")),
    "binding": lambda value: Lambda("x", {"a": value, "b": 1}),
    "only binding": lambda value: Lambda("x", {"a": value}),
    "variable": lambda value: Let({"a": value}, ref("a")),
    "body": lambda value: Lambda(Pattern("a"), value),
    "element": lambda value: [1, [value]],
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("alike", LOOK_ALIKE)
def test_1_true_and_1_0_keep_layouts_of_their_own(alike: tuple[Any, ...], place: str) -> None:
    for value in (*alike, *alike):
        if place in ("argument", "body") and isinstance(value, Commented):
            continue  # no comment can stand there
        whole = {"p": PLACES[place](value), "q": 1}
        assert dumps(whole) == as_the_rules_have_it(whole)


@pytest.mark.parametrize("width", [4, 30, 80, 96, 120])
def test_names_of_one_width_share_a_layout_only_where_it_is_the_same(width: int) -> None:
    """What is after the name depends on its width, and on what the name is made of."""
    value = Apply("function", ref("argument"), ["element"])
    names = [
        "n" * width,
        "m" * width,
        "q " * (width // 2 - 1),  # takes two quotes
        tuple("s" * (width // 2)),  # and as many dots
        ("t", "u" * (width - 2)),
    ]
    for name in names:
        whole = {name: value, "other": 1}
        assert dumps(whole) == as_the_rules_have_it(whole)


def test_a_part_that_stands_twice_is_no_part_of_itself() -> None:
    shared = {"a": 1, "b": 2}
    whole = {"p": Let({"x": shared, "y": Apply("f", shared)}, shared), "q": shared}
    assert dumps(whole) == as_the_rules_have_it(whole)


@pytest.mark.parametrize("comment", ["\x1a", "x\n\x1a\ny"])
def test_a_comment_may_be_what_stands_for_bindings_inside(comment: str) -> None:
    inner = Commented({"b": 1, "c": 2}, before=comment)
    whole = {"a": Lambda(Pattern("x", "y", "z"), inner), "d": Let({"e": 1}, inner)}
    for _ in range(2):
        assert dumps(whole) == as_the_rules_have_it(whole)


def test_what_is_kept_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "_MOST", 3)
    for number in range(10):
        whole = {f"a{number}": Apply("f", number), "b" * (number + 2): Apply("g", number)}
        assert dumps(whole) == as_the_rules_have_it(whole)
        assert max(len(render._laid), len(render._names)) <= 3
