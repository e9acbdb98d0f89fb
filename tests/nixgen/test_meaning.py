"""What Nix files mean, by real Nix: which say the same, and where others differ."""

from __future__ import annotations

import random
from itertools import dropwhile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nixgen import (
    Apply,
    AttrSet,
    BinaryOp,
    HasAttr,
    If,
    Inherit,
    Lambda,
    Let,
    Neg,
    Not,
    Param,
    Pattern,
    Select,
    Str,
    With,
    dumps,
    ref,
)
from nixgen.files.meaning import nix
from nixgen.files.meaning.evaluate import Known, Unknown, evaluate
from nixgen.files.meaning.term import Meaning, elements, members
from nixgen.files.meaning.translate import translate
from nixgen.files.meaning.verdict import Pair, Verdict, judge
from nixgen.literals import name as spelled_name
from tests.helpers import CHECKOUT
from tests.helpers.tools import require
from tests.nixgen.oracle import evaluated, readable, spelled
from tests.nixgen.strategies import Draw

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATH = "modules/clan/x.nix"


def verdict(yours: str, generated: str) -> Verdict:
    (found,) = judge(require("nix-instantiate"), [Pair(PATH, yours, generated)])
    return found


def differences(yours: str, generated: str) -> list[str]:
    found = verdict(yours, generated)
    assert not found.unknown
    return [*map(str, found.differences)]


def meaning(text: str, path: str = PATH) -> Meaning:
    (outcome,) = evaluate(require("nix-instantiate"), [(path, text)], explain=True)
    assert isinstance(outcome, Known), outcome
    return outcome.meaning


def data(of: Meaning) -> Any:
    """A meaning as Python has the same data."""
    if (inner := members(of)) is not None:
        return {name: data(each) for name, each in inner.items()}
    if (listed := elements(of)) is not None:
        return [*map(data, listed)]
    assert isinstance(of, str | int | None)
    return of


# What says the same

SAME = {
    "layout": ("{ a = 1; b = [ 1 2 ]; }", "{\n  a = 1;\n  b = [\n    1\n    2\n  ];\n}\n"),
    "comments": ("{ a = 1; }", "# of mine\n{ /* this */ a = 1; # that\n}"),
    "order": ("{ a = 1; b = 2; }", "{ b = 2; a = 1; }"),
    "line ends": ('{ a = "x"; }', '{\r\na = "x";\r\n}'),
    "nested paths": ("{ a.b.c = 1; a.b.d = 2; }", "{ a = { b = { d = 2; c = 1; }; }; }"),
    "quotes": ('{ "a" = "x\\ny"; }', "{ a = ''\n  x\n  y''; }"),
    "let": ("{ a = 3; }", "let x = 1; y = x + 2; in { a = y; }"),
    "rec": ("{ a = 1; b = 1; }", "rec { a = b; b = 1; }"),
    "own function": ("{ a = [ 1 2 ]; }", "let f = x: [ x (x + 1) ]; in { a = f 1; }"),
    "functor": ("{ a = 2; }", "let f = { __functor = _: x: x + 1; }; in { a = f 1; }"),
    "fold": ("{ a = 6; }", "{ a = builtins.foldl' (a: b: a + b) 0 [ 1 2 3 ]; }"),
    "functions of Nix": ('{ a = [ "x1" "y1" ]; }', '{ a = map (n: "${n}1") [ "x" "y" ]; }'),
    "if": ("{ a = 1; }", "{ a = if 1 < 2 && !(null == 1) then 1 else throw ''no''; }"),
    "names of arguments": ("{ f = x: y: x y; }", "{ f = y: x: y x; }"),
    "unused arguments": ("{ config, ... }: config.a", "{ lib, config, pkgs, ... }: config.a"),
    "alias": ("{ config, ... }: config.a", "args@{ ... }: args.config.a"),
    "with": (
        "{ lib, ... }: with lib; { a = mkDefault 1; }",
        "{ lib, ... }: { a = lib.mkDefault 1; }",
    ),
    "with pkgs": (
        "{ pkgs, ... }: { p = with pkgs; [ git htop ]; }",
        "{ pkgs, ... }: { p = [ pkgs.git pkgs.htop ]; }",
    ),
    "with builtins": ("with builtins; { a = length [ 1 ]; }", "{ a = 1; }"),
    "inherit": (
        "{ lib, ... }: let inherit (lib) mkDefault mkForce; in { a = mkDefault (mkForce 1); }",
        "{ lib, ... }: { a = lib.mkDefault (lib.mkForce 1); }",
    ),
    "inherit into a set": (
        "{ config, ... }: { inherit (config.x) a b; }",
        "{ config, ... }: with config.x; { inherit a; inherit b; }",
    ),
    "conditions": (
        "{ lib, config, ... }: { a = lib.mkIf (config.b || config.c) { x.y = 1; x.z = 2; }; }",
        "{ config, lib, ... }: { a = lib.mkIf (config.b || config.c) { x = { z = 2; y = 1; }; }; }",
    ),
    "the same lib": (
        "{ lib, pkgs, ... }: { p = pkgs.a; m = { config, ... }: lib.mkForce config.a; }",
        "{ pkgs, ... }: { p = pkgs.a; m = { config, lib, ... }: lib.mkForce config.a; }",
    ),
    "paths": (
        "{ imports = [ ./a.nix ../../lib/b.nix (import ./c/d.nix) ]; }",
        "{ imports = [ ./../clan/a.nix ./../../lib/b.nix (import ./c/../c/d.nix) ]; }",
    ),
    "defaults": ("{ a ? 1, ... }: { x = a; }", "{ b ? 2, a ? 1, ... }: { x = a; }"),
    "interpolation": ('{ pkgs, ... }: "${pkgs.a}/b"', '{ pkgs, ... }: "${"${pkgs.a}/"}b"'),
    "or": ("{ config, ... }: config.a.b or 1", "{ config, ... }: (config).a.b or (1)"),
    "floats": ("{ a = 1.5; }", "{ a = 1.50; }"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_it_says_the_same(one: str, other: str) -> None:
    assert verdict(one, other) == Verdict()
    assert verdict(other, one) == Verdict()


@pytest.mark.parametrize(
    "other", ["_: { a.b = 1; }", "{ ... }: { a.b = 1; }", "{ lib, pkgs, ... }: { a.b = 1; }"]
)
def test_a_function_of_nothing_is_the_same_to_who_takes_modules(other: str) -> None:
    assert verdict(other, "{ a.b = 1; }") == Verdict(as_modules=True)
    assert verdict("{ a.b = 1; }", other) == Verdict(as_modules=True)
    assert verdict("{ c.d = { ... }: { a.b = 1; }; }", "{ c.d.a.b = 1; }").as_modules
    # An overlay is none, and a function that takes certain things only is called with them.
    assert differences("{ o = _: { a.b = 1; }; }", "{ o.a.b = 1; }")
    assert differences("{ lib }: { a.b = 1; }", "{ a.b = 1; }")


# What does not

DIFFERENT = {
    "value": ("{ a.b = 1; }", "{ a.b = 2; }", ["a.b: 1 → 2"]),
    "type": ("{ a = 1; b = true; }", '{ a = "1"; b = 1; }', ['a: 1 → "1"', "b: true → 1"]),
    "list": (
        '{ clan.inventory.machines.galena.tags = [ "peer" ]; }',
        '{ clan.inventory.machines.galena.tags = [ "peer" "gpu" ]; }',
        ['clan.inventory.machines.galena.tags: [ "peer" ] → [ "peer" "gpu" ]'],
    ),
    "only one of both": (
        "{ a = 1; b.c = 2; d = { }; }",
        "{ a = 1; e.f.g = [ ]; }",
        ["only in yours: b.c = 2", "only in yours: d = { }", "only generated: e.f.g = [ ]"],
    ),
    "names in quotes": ('{ "a b".c = 1; }', '{ "a b".c = 2; }', ['"a b".c: 1 → 2']),
    "in a list": ("[ { a = 1; } { a = 2; } ]", "[ { a = 1; } { a = 3; } ]", ["[1].a: 2 → 3"]),
    "in a function": (
        "{ m.x = { lib, ... }: { a.b = lib.mkForce 1; c = 1; }; }",
        "{ m.x = { lib, ... }: { a.b = lib.mkForce 2; c = 1; }; }",
        ["m.x.a.b: lib.mkForce 1 → lib.mkForce 2"],
    ),
    "under a condition": (
        "{ lib, config, ... }: { a = lib.mkIf config.x { b = 1; }; }",
        "{ lib, config, ... }: { a = lib.mkIf config.x { b = 2; }; }",
        ["a.b: 1 → 2"],
    ),
    "the condition": (
        "{ lib, config, ... }: { a = lib.mkIf config.x { b = 1; }; }",
        "{ lib, config, ... }: { a = lib.mkIf config.y { b = 1; }; }",
        ["a: lib.mkIf config.x { b = 1; } → lib.mkIf config.y { b = 1; }"],
    ),
    "order of a list": ("[ 1 2 ]", "[ 2 1 ]", ["[ 1 2 ] → [ 2 1 ]"]),
    "floats that Nix prints alike": (
        "{ a = 1.00000001; }",
        "{ a = 1.00000002; }",
        ["a: 1.00000001 → 1.00000002"],
    ),
    "a path and a store path": (
        '{ a = "${./b}/c"; }',
        '{ a = ./b + "/c"; }',
        ['a: "${./b}/c" → ./b + "/c"'],
    ),
    "arguments of other functions": (
        "{ config, ... }: { m = { config, ... }: config.a; }",
        "{ config, ... }: { m = { pkgs, ... }: config.a; }",
        ["m: config.a → config.a, of another function"],
    ),
    "a default": (
        "{ a ? 1, ... }: { x = a; }",
        "{ a ? 2, ... }: { x = a; }",
        ["x: a or 1 → a or 2"],
    ),
    "throws": ('throw "no"', "{ a = 1; }", ['builtins.throw "no" → { a = 1; }']),
    "long text": (
        f'{{ a = "{"x" * 200}1"; }}',
        f'{{ a = "{"x" * 200}2"; }}',
        [f'a: "…{"x" * 20}1" → "…{"x" * 20}2"'],
    ),
    "long lists": (
        "[ " + " ".join(f'"{n:040}"' for n in range(9)) + " ]",
        "[ " + " ".join(f'"{n:040}"' for n in range(1, 10)) + " ]",
        [f'only in yours: […] = "{0:040}"', f'only generated: […] = "{9:040}"'],
    ),
}


@pytest.mark.parametrize(("yours", "generated", "said"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_is_named_with_its_path(yours: str, generated: str, said: list[str]) -> None:
    assert differences(yours, generated) == said


OPAQUE = [
    ("config.x == null", "false"),
    ("config.x == config.x", "config.x == config.y"),
    ("{ a = 1; } // config.x", "config.x"),
    ("{ a = 1; } // config.x", "{ a = 2; } // config.x"),
    ("config ? x", "true"),
    ("config ? x", "false"),
    ("config.x or 1", "1"),
    ("builtins.attrNames config", "[ ]"),
    ("builtins.isAttrs config.x", "true"),
    ("builtins.isFunction config.x", "false"),
    ("builtins.typeOf config.x", '"set"'),
    ("builtins.elem config.x [ 1 ]", "false"),
    ("builtins.elem 1 [ config.x ]", "false"),
    ("builtins.toJSON { a = config.x; }", "builtins.toJSON { }"),
    ("[ 1 ] ++ config.x", "[ 1 ]"),
    ("if config.x then 1 else 2", "2"),
    ("if config.x then 1 else 2", "if config.x then 1 else 3"),
    ("assert config.x; 1", "1"),
    ("!config.x", "true"),
    ("config.x && true", "true"),
    ("config.x || true", "true"),
    ("(x: x) == (x: x)", "false"),
    ('"${config.x}"', "config.x"),
    ("with config; x", "with { x = 1; }; with config; x"),
    ("with config.a; with config.b; x", "with config.b; x"),
    ("({ a ? 1, ... }: a) config", "1"),
    ("builtins.removeAttrs config [ ]", "{ }"),
    ("builtins.filter (x: config.y) [ 1 ]", "[ ]"),
    ("builtins.filter (x: config.y) [ 1 ]", "[ 1 ]"),
    ("builtins.currentSystem", '"x86_64-linux"'),
    ("config.a + config.b", "config.b + config.a"),
    ("{ lib, ... }: lib", "{ config, ... }: config"),
    ("./x.nix", '"./x.nix"'),
    ("<nixpkgs>", "<nixos>"),
    ("{ a, ... }: 1", "{ a }: 1"),
    ("{ a }: 1", "{ a, b }: 1"),
    ("x: y: x", "x: y: y"),
]


@pytest.mark.parametrize(("one", "other"), OPAQUE)
def test_nothing_is_taken_for_known_that_depends_on_the_rest(one: str, other: str) -> None:
    texts = [f"{{ config, ... }}: {{ it = {each}; same = config; }}" for each in (one, other)]
    found = verdict(*texts)
    assert found.differences or found.unknown


# What cannot be told


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{ a = ", "error: syntax error, unexpected"),
        ("{\n  a = b;\n}", "line 2: undefined variable 'b'"),
        ("let x = x; in x", "error: infinite recursion encountered"),
        ("{ a = { }.b; }", "error: there is no attribute 'b' where it is selected"),
        ("{ a = 1 + { }; }", "error: cannot add"),
        ("{ a = assert false; 1; }", "error: assertion"),
        ("let f = n: [ (f (n + 1)) ]; in f 0", "error: stack overflow"),
        ("{ __nixgen = 1; }", "line 1: names that begin with '__nixgen' are not compared"),
        ("{ ${config.x} = 1; }", ""),
        ("<<<<<<< HEAD\n{ }\n=======\n", "error: syntax error"),
        ("[ " * 2000 + "] " * 2000, "it is nested too deep"),
        ("\udcff", ""),
    ],
)
def test_why_nobody_can_tell_is_said(text: str, reason: str) -> None:
    found = verdict(text, "{ a = 1; }")
    assert found.differences == ()
    assert found.unknown.startswith(reason)
    assert found.unknown


@pytest.mark.parametrize(
    "text",
    [
        "let f = x: [ x x x x x x x x ]; in " + "f (" * 12 + "1" + ")" * 12,
        "builtins.genList (x: x) 1000000000",
        "let f = x: if x == 0 then 0 else f (x + 1); in f 1",
    ],
)
def test_what_never_ends_is_ended(text: str) -> None:
    program = require("nix-instantiate")
    endless, other = evaluate(program, [(PATH, text), (PATH, "{ a = 1; }")], 4)
    assert isinstance(endless, Unknown)
    assert isinstance(other, Known)


def test_what_cannot_be_evaluated_is_the_same_where_nix_reads_the_same() -> None:
    text = "{ a = let x = x; in x; b = 1.5; }"
    assert verdict(text, "# mine\n{ a = (let x = x; in x); b = 1.5; }") == Verdict()
    assert verdict(text, "{ a = let x = x; in x; b = 2.5; }").unknown
    # Nix prints these alike.
    assert verdict("[ (let x = x; in x) 1.00000001 ]", "[ (let x = x; in x) 1.00000002 ]").unknown
    assert verdict('[ (let x = x; in x) "${./a}" ]', "[ (let x = x; in x) (./a) ]").unknown


def test_nothing_that_a_file_asks_for_is_done(tmp_path: Path) -> None:
    secret, made = tmp_path / "secret", tmp_path / "made"
    secret.write_text("the secret")
    (tmp_path / "x.nix").write_text('"imported"')
    text = f"""
      let read = builtins.readFile; in
      {{
        file = read {secret};
        text = read "{secret}";
        folder = builtins.readDir {tmp_path};
        imported = import {tmp_path}/x.nix;
        scoped = builtins.scopedImport {{ }} {tmp_path}/x.nix;
        there = builtins.pathExists {secret};
        home = builtins.getEnv "HOME";
        run = builtins.exec [ "touch" "{made}" ];
        store = "${{{secret}}}";
        kept = builtins.toFile "x" "y";
        path = builtins.path {{ path = {secret}; }};
        built = import (derivation {{ name = "x"; system = "x"; builder = "/bin/sh"; }});
        fetched = builtins.fetchTarball "file://{secret}";
        flake = builtins.getFlake "{tmp_path}";
      }}
    """
    (outcome,) = evaluate(require("nix-instantiate"), [(PATH, text)], explain=True)
    assert isinstance(outcome, Known)
    assert {each.tag for each in (members(outcome.meaning) or {}).values()} <= {  # type: ignore[union-attr]
        "apply",
        "interpolation",
    }
    assert "the secret" not in repr(outcome)
    assert 'imported"' not in repr(outcome).replace("'imported'", "")
    assert not made.exists()


def test_all_of_a_fleet_is_evaluated() -> None:
    root = CHECKOUT / "snapshots/nix"
    files = sorted(root.rglob("*.nix"))
    texts = [(file.relative_to(root).as_posix(), file.read_text()) for file in files]
    outcomes = evaluate(require("nix-instantiate"), texts)
    assert [each for each in outcomes if isinstance(each, Unknown)] == []
    pairs = [Pair(path, text, _without_comments(text)) for path, text in texts]
    assert set(judge(require("nix-instantiate"), pairs)) == {Verdict()}


def _without_comments(text: str) -> str:
    if "''" in text:  # in which a line is a script's, and its indentation means something
        return "\n".join(dropwhile(lambda line: line.startswith("# "), text.splitlines()))
    return "\n".join(
        line.strip() for line in text.splitlines() if not line.lstrip().startswith("# ")
    )


# Against what Nix itself says

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | NAMES
DATA = st.recursive(
    st.dictionaries(NAMES, SCALARS | st.lists(SCALARS, max_size=3), max_size=4),
    lambda inner: st.dictionaries(NAMES, inner | st.lists(inner, max_size=3), max_size=4),
    max_leaves=12,
)


def otherwise_written(value: Any, random: random.Random) -> Any:
    """The same data with the attributes of each set in another order."""
    if isinstance(value, dict):
        names = random.sample([*value], len(value))
        return {name: otherwise_written(value[name], random) for name in names}
    if isinstance(value, list):
        return [otherwise_written(each, random) for each in value]
    return value


@settings(max_examples=60)
@given(DATA, st.randoms())
def test_data_written_in_two_ways_say_the_same(value: Any, random: random.Random) -> None:
    other = spelled(otherwise_written(value, random))
    assert verdict(dumps(value), other) == Verdict()
    assert data(meaning(other)) == value


def leaves(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(value, dict):
        return [path]
    return [leaf for name, inner in value.items() for leaf in leaves(inner, (*path, name))]


def changed(value: Any, path: tuple[str, ...]) -> Any:
    if not path:
        return "another value"
    return {**value, path[0]: changed(value[path[0]], path[1:])}


@settings(max_examples=60)
@given(DATA.filter(leaves), st.data())
def test_one_change_is_found_at_its_path(value: Any, draw: st.DataObject) -> None:
    path = draw.draw(st.sampled_from(leaves(value)))
    (found,) = verdict(spelled(value), dumps(changed(value, path))).differences
    assert found.path == ".".join(map(spelled_name, path))
    assert found.generated == '"another value"'


class Typed:
    """Draws expressions that have a value, and operators that bind as they do without brackets."""

    def __init__(self, random: random.Random) -> None:
        self.random = random

    def draw(self, kind: str, depth: int) -> Any:
        if depth == 0:
            plain: dict[str, Callable[[], Any]] = {
                "int": lambda: self.random.randrange(4),
                "bool": lambda: self.random.random() < 0.5,
                "text": lambda: self.random.choice(["", "a", "${", "''", "\\", "\n b"]),
                "list": lambda: [self.random.randrange(3)],
                "set": lambda: {"a": self.random.randrange(3), "b": {"c": 1}},
            }
            return plain[kind]()
        return self.random.choice(self.ways(kind, depth - 1))()

    def ways(self, kind: str, depth: int) -> list[Any]:
        def of(kind: str) -> Any:
            return self.draw(kind, depth)

        def operation(*names: str, kind: str) -> Any:
            return lambda: BinaryOp(self.random.choice(names), of(kind), of(kind))

        any_kind = [
            lambda: If(of("bool"), of(kind), of(kind)),
            lambda: Let({"x": of(kind), "y": of("int")}, ref("x")),
            lambda: Apply(Lambda("x", ref("x")), of(kind)),
            lambda: Apply(
                Lambda(Pattern("x", Param("y", ref("x")), ellipsis=True), ref("y")),
                {"x": of(kind), "z": 1},
            ),
            lambda: With({"w": of(kind)}, ref("w")),  # any other binding of it would hide this
            lambda: Select(AttrSet({"x": of(kind), "y": ref("x")}, rec=True), "y"),
            lambda: Select(of("set"), "none", default=of(kind)),
            lambda: Let([{"s": {"x": of(kind)}}, Inherit("x", source=ref("s"))], ref("x")),
        ]
        return {
            "int": [
                operation("+", "-", "*", kind="int"),
                operation("+", "-", kind="int"),
                lambda: Neg(of("int")),
                lambda: Apply("builtins.length", of("list")),
                lambda: Select(of("set"), "b", "c", default=of("int")),
                *any_kind,
            ],
            "bool": [
                operation("&&", "||", "->", kind="bool"),
                operation("==", "!=", "<", "<=", ">", ">=", kind="int"),
                operation("==", "!=", kind=self.random.choice(["list", "set", "text", "bool"])),
                lambda: Not(of("bool")),
                lambda: HasAttr(of("set"), "b", "c"),
                *any_kind,
            ],
            "text": [
                operation("+", kind="text"),
                lambda: Str("a", Str(of("text")), "b", Str(of("text"))),
                *any_kind,
            ],
            "list": [
                operation("++", kind="list"),
                lambda: [of("int"), of("text"), of("set")],
                lambda: Apply("map", Lambda("x", [ref("x")]), of("list")),
                lambda: Apply("builtins.attrNames", of("set")),
                *any_kind,
            ],
            "set": [
                operation("//", kind="set"),
                lambda: {("b", "c"): of("int"), "d": of("list"), ("b", "e"): of("text")},
                lambda: AttrSet({"b": ref("e"), "e": {"c": of("int")}}, rec=True),
                *any_kind,
            ],
        }[kind]


def test_it_is_what_nix_itself_evaluates(tmp_path: Path) -> None:
    drawn = [
        Typed(random.Random(seed)).draw(kind, 4)  # noqa: S311
        for seed in range(120)
        for kind in ("int", "bool", "text", "list", "set")
    ]
    texts = [dumps(each) for each in drawn]
    outcomes = evaluate(require("nix-instantiate"), [(PATH, text) for text in texts], 60)
    ours = [data(each.meaning) if isinstance(each, Known) else each for each in outcomes]
    for text, mine, theirs in zip(texts, ours, evaluated(texts, tmp_path / "texts"), strict=True):
        assert mine == theirs, text


def test_all_of_the_language_is_translated() -> None:
    program = require("nix-instantiate")
    for seed in range(60):
        value = readable(Draw(random.Random(seed)).file(14))  # noqa: S311
        translated = translate(f"with {{ }};\n{dumps(value)}", PATH)
        assert nix.parse(program, f"__nixgen: {translated}").printed is not None, dumps(value)


def test_paths_are_told_apart_by_where_they_lead() -> None:
    one = meaning("./a.nix", "x/one.nix")
    assert one == meaning("../x/a.nix", "y/other.nix")
    assert one != meaning("./a.nix", "y/other.nix")
    assert PurePosixPath(str(one.atoms[0])) == PurePosixPath("x/a.nix")  # type: ignore[union-attr]
