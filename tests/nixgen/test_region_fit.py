"""A region goes only where Nix reads the file with it, as real Nix judges."""

import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nixgen import AttrSet, Comment, IndentedStr, Inherit, Raw, Str, ref
from nixgen.errors import NixgenError
from nixgen.files.plan import plan
from nixgen.files.region import fill, find
from nixgen.files.rendered import Regions, render
from nixgen.files.values import Files, Region
from nixgen.files.write import write
from tests.helpers.folders import contents, put
from tests.helpers.tools import require

MARKERS = "\n  # nixgen: begin r\n  # nixgen: end r\n"


def parses(text: str) -> bool:
    """Whether Nix reads a text; `with` lets it have free variables."""
    with tempfile.NamedTemporaryFile("w", suffix=".nix", newline="") as file:
        file.write(f"with {{ }};\n{text}")
        file.flush()
        command = [require("nix-instantiate"), "--parse", file.name]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0


def with_region(text: str, files: Files) -> str:
    """What a file would hold with its regions filled, wherever they are."""
    (output,) = render(files, "main:fleet")
    assert isinstance(output, Regions)
    data = text.encode()
    for each, inside in output.contents:
        data = fill(data, find(data, each.name, "a.nix"), inside)
    return data.decode()


def refusal(text: str, files: Files) -> str | None:
    """Why nixgen leaves a file alone; None when it fills its regions, and says so twice."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        put(root, "a.nix", text)
        refused = []
        for action in (plan, write):
            try:
                action(files, root, "main:fleet")
            except NixgenError as error:
                refused.append(str(error))
        if refused:
            assert refused == [refused[0]] * 2
            assert contents(root) == {"a.nix": text.encode()}
            return refused[0]
        assert (root / "a.nix").read_bytes().decode() == with_region(text, files)
        assert plan(files, root, "main:fleet").drift == ()
        return None


@cache
def merges_further() -> bool:
    """Whether this Nix merges sets at every depth, as those after 2.18 do."""
    return parses("{ a = { b = { }; }; a = { b = { }; }; }")


# Files around a region, of what is easily taken for something else.

names = st.sampled_from([*"abcdefghi", "or", "inherit'", "a-b"])
keys = names | names.map('"{}"'.format) | names.map('${{"{}"}}'.format)
computed = st.sampled_from(["${a}", '"${a}"', '"x${a}b"'])
gaps = st.sampled_from([" ", "\n", "\t", " # b = {\n", " /* ''\n } */ ", " /***/ ", "\r\n"])
VALUES = [
    "1",
    "a",
    "a.b or c",
    '"}${"{" + a}{"',
    '"\\"\\${ $${ \\\\"',
    "''\n  ''${ $${ ''' ''\\' ${''a''} }\n''",
    "''a'${b}'$${''",
    "[ a { b = 1; } ]",
    "import ./a",
    "./a${b}in/let/${c}-rec",
    "./a${b}in",
    "./in.nix",
    "<a/in>",
    "~/in",
    "a:b#'\n",
    "https://a.b/*?c=d#e\n",
    "with a; b",
    "with a; with b; c",
    "assert a; b",
    "let a = 1; b.c = 2; in { inherit a; }",
    "let in let a = with b; c; in a",
    "let { a = 1; body = a; }",
    "if a then { } else { }",
    "{ } // { a = 1; }",
    "{ a = 1; }.a",
    "{ a, b ? { c = 1; }, ... }: { inherit a; }",
    "a@{ b, ... }: b",
    "{ b }@a: b",
    "a: { b = 1; }",
    "a: b: { inherit a b; }",
    "(a: { a = 1; }) { b = 1; }",
    "-a",
    "a ? b && c != a || b <= c -> a == b",
    "a+b ++ c/d",
    "''\n  ''${a} ''' ''\\n $$${b} '$''",
    '"$$${a} $${ \\${ $"',
]
plain = st.sampled_from(VALUES)


def bindings(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    path = st.lists(keys, min_size=1, max_size=3).map(".".join)
    tail = st.just("") | st.just("") | st.just("") | computed.map(".{}".format)
    inherited = st.sampled_from(["inherit", "inherit (a // { b = 1; })"])
    return st.builds("{}{}{} ={}{};".format, path, tail, gaps, gaps, values) | st.builds(
        "{} {}{};".format, inherited, names, gaps
    )


def sets(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    inside = st.lists(bindings(values), max_size=2)
    spaced = st.builds(lambda gap, each: gap.join(["{", *each, "}"]), gaps, inside)
    return spaced | spaced.map("({})".format)


values = st.recursive(plain, lambda inner: sets(inner) | sets(inner) | inner, max_leaves=4)
around = st.lists(bindings(values), max_size=3)
containers = st.sampled_from(
    [
        "{%s}",
        "({%s})",
        "rec {%s}",
        "let%sin a",
        "let {%s}",
        "{ a }: {%s}",
        "a@{ b, ... }: f {%s}",
        "[ {%s} ]",
        '"${f {%s}}"',
        "let a = 1; in {%s}",
        "with a; {%s}",
        "{ a = {%s}; }",
        "{ b = 1; a = ({%s}); a.b = 1; }",
        "{ a.b.c = 1; a = {%s}; }",
        "{ a = {%s} // { }; a = 1; }",
        "{ a.c = {%s}; a.b = 1; }",
    ]
)
files = st.builds(
    lambda container, above, below, gap: container.replace(
        "%s", gap.join(["", *above]) + MARKERS + gap.join([*below, ""])
    ),
    containers,
    around,
    around,
    gaps,
)
leaves: st.SearchStrategy[Any] = st.sampled_from([1, "# nixgen", [], Raw("a: { b = 1; }")])
paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple)
regions = st.dictionaries(
    paths, leaves | st.dictionaries(st.sampled_from("abc"), leaves, max_size=2), max_size=2
).filter(
    lambda value: all(one == other or one != other[: len(one)] for one in value for other in value)
)


@settings(
    deadline=None,
    max_examples=250,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(files, regions)
def test_what_is_written_is_what_nix_reads(text: str, value: dict[tuple[str, ...], Any]) -> None:
    require("nix-instantiate")
    wanted: Files = {"a.nix": Region(value, name="r")}
    why = refusal(text, wanted)
    if not parses(text):
        return
    now = with_region(text, wanted)
    if why is None:
        assert parses(now), now
    elif not merges_further():
        assert not parses(now), f"{why}\n{now}"


# What comes of each, one by one.

OURS = ("nixConfig", "extra-substituters")
CACHES: Files = {"a.nix": Region({OURS: ["https://a.example"]}, name="r", place="at the top")}


@pytest.mark.parametrize(
    ("binding", "theirs"),
    [
        ("nixConfig = import ./config.nix;", "nixConfig"),
        ("nixConfig = with { }; { a = 1; };", "nixConfig"),
        ("nixConfig = { a = 1; } // { };", "nixConfig"),
        ("nixConfig = rec { a = 1; };", "nixConfig"),
        ("inherit (import ./config.nix) nixConfig;", "nixConfig"),
        ("inherit nixConfig;", "nixConfig"),
        ("nixConfig.extra-substituters = [ ];", "nixConfig.extra-substituters"),
        ('"nixConfig"."extra-substituters" = [ ];', "nixConfig.extra-substituters"),
        ('"nix\\Config" = 1;', "nixConfig"),
        ('${"nixConfig"} = 1;', "nixConfig"),
        ("${''nixConfig''} = 1;", "nixConfig"),
        ("nixConfig = ({ a = { }; extra-substituters = [ ]; });", "nixConfig.extra-substituters"),
        ("nixConfig.extra-substituters.a = 1;", "nixConfig.extra-substituters.a"),
        ("nixConfig.extra-substituters = { a = 1; };", "nixConfig.extra-substituters"),
    ],
)
def test_an_attribute_that_is_set_twice_is_named_with_its_line(binding: str, theirs: str) -> None:
    # Nix gives `rec` to all that is merged with it, and CppNix and Lix disagree whether it may.
    merged_by_some = "rec" in binding
    for text, line in (
        (f"{{\n  a = 1;\n\n  {binding}{MARKERS}}}", 4),
        (f"{{{MARKERS}\n  a = 1;\n\n  {binding}\n}}", 7),
    ):
        assert merged_by_some or not parses(with_region(text, CACHES))
        why = refusal(text, CACHES)
        assert why is not None
        assert why.startswith(
            f"a.nix:{line}: {theirs} is set here, and region 'r' sets "
            "nixConfig.extra-substituters, which "
            f"{'not every Nix merges' if merged_by_some else 'Nix does not merge'}; "
        )
        assert "take it out here" in why
        assert ("'nixConfig.… = …;'" in why) == (theirs == "nixConfig")
        # Lines are those of the file as it is, however much the region holds by now.
        filled_in = with_region(text, CACHES)
        again = refusal(filled_in, CACHES)
        assert again is not None
        where = filled_in.splitlines().index(f"  {binding}") + 1
        assert again.startswith(f"a.nix:{where}: {theirs} is set here")


@pytest.mark.parametrize(
    "binding",
    [
        "nixConfig = { a = 1; };",
        "nixConfig = ({ a = 1; b.c = { }; });",
        '"nixConfig" = { };',
        "nixConfig.a = 1; nixConfig.b = rec { c = 1; };",
        "nixConfig = { inherit (import ./a) b; };",
        '"nixConfig${""}" = 1;',
        "outputs = _: { nixConfig.extra-substituters = 1; };",
        "outputs.nixConfig = { extra-substituters = [ ]; };",
        "inherit (nixConfig) a;",
        "# nixConfig.extra-substituters = [ ];\n",
        "a = ''\n  nixConfig = 1;\n'';",
    ],
)
def test_what_nix_merges_may_stand_beside_a_region(binding: str) -> None:
    for text in (f"{{ {binding}{MARKERS}}}", f"{{{MARKERS}{binding} }}"):
        assert refusal(text, CACHES) is None
        assert parses(with_region(text, CACHES))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("{ a = [%s]; }", "in a list"),
        ("{ a = (%s); }", "between parentheses"),
        ("{ a = 1;%s }: { }", "among the arguments of a function"),
        ("{ a,%sb }: { }", "among the arguments of a function"),
        ("{ f = { a,%sb }@c: { }; }", "among the arguments of a function"),
        ("{ f = c@{ a,%sb }: { }; }", "among the arguments of a function"),
        ("{ a =%s 1; }", "in the middle of a binding"),
        ("{ a%s.b = 1; }", "in the middle of a binding"),
        ("{ inherit%s a; }", "in the middle of a binding"),
        ("{ a = ''%s''; }", "in a string or a comment"),
        ('{ a = "%s"; }', "in a string or a comment"),
        ("{ /*%s*/ }", "in a string or a comment"),
        ('{ a = "${%s}"; }', "in an interpolation"),
        ("%s", "outside of every attribute set"),
        ("let a = 1; in%s{ }", "outside of every attribute set"),
        ("{ a = 1; }%s", "outside of every attribute set"),
    ],
)
def test_markers_stand_where_attributes_can_be_set(text: str, where: str) -> None:
    why = refusal(text.replace("%s", MARKERS), CACHES)
    assert why == f"a.nix:2: the markers of region 'r' stand {where}; put them at the top"


def test_both_markers_stand_in_the_same_set() -> None:
    begin, end = MARKERS.strip().split("\n")
    why = refusal(f"{{\n{begin}\na = {{ }}; b = {{\n{end}\n}}; c = 1; }}", CACHES)
    assert why is not None
    assert why.startswith("a.nix:")


@pytest.mark.parametrize(
    ("container", "fits"),
    [
        ("{%s}", True),
        ("# a flake\n({ a = { }; %s})", True),
        ("{ a = {%s}; }", False),
        ("{ a = 1; outputs = _: {%s}; }", False),
        ("let%sin { }", False),
        ("let a = 1; in {%s}", False),
        ("a: {%s}", False),
        ("{%s} // { }", False),
    ],
)
def test_a_region_of_the_top_level_goes_nowhere_else(container: str, fits: bool) -> None:
    top: Files = {"a.nix": Region({"a-b": 1}, name="r", place="at the top", top=True)}
    text = container.replace("%s", MARKERS)
    why = refusal(text, top)
    assert (why is None) == fits
    assert fits or "stand below the top level of the file; put them at the top" in str(why)
    anywhere: Files = {"a.nix": Region({"a-b": 1}, name="r")}
    assert refusal(text, anywhere) is None


@pytest.mark.parametrize(
    ("below", "problem"),
    [
        ("a = {", "'{' is never closed"),
        ("a = [ { ];", "'{' is not closed before the next ']'"),
        ("a = let b = 1; };", "'let' is not closed before the next '}'"),
        ("a = 1; } }", "'}' closes nothing that is open"),
        ("a = b in c;", "'in' closes nothing that is open"),
        ("a = '' b", "a string begins here and never ends"),
        ('a = "${"b}";', "a string begins here and never ends"),
        ("/* a", "a comment begins here and never ends"),
        ("a = 1 b = 2;", "'=' in the middle of a value: a ';' is missing before"),
        ("a = 1, b = 2;", "',' in the middle of a value: a ';' is missing before"),
        ("a = 1", "no ';' ends what begins here"),
        ("inherit a", "no ';' ends what begins here"),
        ("a = with b;", "no ';' ends what begins here"),
        ("a = ;", "an attribute without a value"),
        ("a;", "an attribute without '='"),
        ("a..b = 1;", "what stands before '=' is no name of an attribute"),
        ("a b = 1;", "what stands before '=' is no name of an attribute"),
        ("if = 1;", "the name of an attribute is wanted here"),
        ("inherit a.b;", "the name of an attribute is wanted here"),
        ('inherit "${a}";', "what is inherited has a name that is computed"),
        ("a = \u00a0 1;", "Nix has no use for the character here"),
    ],
)
def test_what_is_not_nix_is_named_with_its_line(below: str, problem: str) -> None:
    text = f"{{{MARKERS}{below}\n}}"
    assert not parses(text)
    line = 1 if problem == "'{' is never closed" else 4
    assert refusal(text, CACHES) == (
        f"a.nix:{line}: {problem}; without its regions this is not Nix, so nothing is written to it"
    )


def test_what_is_set_twice_without_a_region_is_named_too() -> None:
    text = f"{{\n  a.b = 1;{MARKERS}  a = 2;\n}}"
    assert not parses(text)
    assert refusal(text, CACHES) == (
        "a.nix:5: a is set here, and line 2 sets a.b, which Nix does not merge; "
        "nothing is written to such a file"
    )


def test_what_newer_nix_merges_is_left_to_those_who_wrote_it() -> None:
    text = f"{{ a = {{ b = {{ }}; }}; a = {{ b = {{ }}; }};{MARKERS}}}"
    assert refusal(text, CACHES) is None


def test_regions_of_one_file_set_nothing_twice() -> None:
    text = f"{{{MARKERS}{MARKERS.replace(' r', ' s')}}}"

    def two(*values: Any) -> Files:
        return {"a.nix": tuple(Region(v, name=n) for v, n in zip(values, "rs", strict=True))}

    apart = two({("a", "b"): 1}, {("a", "c"): 1})
    assert refusal(text, apart) is None
    assert parses(with_region(text, apart))
    for other in ({("a", "b"): 2}, {"a": {"b": 2}}, {"a": 2}):
        same = two({("a", "b"): 1}, other)
        assert not parses(with_region(text, same))
        why = refusal(text, same)
        assert why is not None
        assert why.startswith("a.nix: region 'r' sets a.b, and region 's' sets a")


def test_a_computed_name_goes_into_no_let() -> None:
    computed = {"a.nix": Region({(ref("b"),): 1}, name="r")}
    assert "a 'let' takes no name that is computed" in str(refusal(f"let{MARKERS}in 1", computed))
    assert not parses(with_region(f"let{MARKERS}in 1", computed))
    assert refusal(f"rec {{ b = 1;{MARKERS}}}", computed) is None


@pytest.mark.parametrize(
    "raw", ["{ b = 1", "[ 1", "''", '"', "/* b", "1; } //", "1; }; c = {", "b in c", "b ="]
)
def test_text_that_does_not_end_what_it_begins_is_not_written(raw: str) -> None:
    files: Files = {"a.nix": Region({"a": Raw(raw)}, name="r")}
    text = f"{{{MARKERS}  b = 1;\n}}"
    assert not parses(with_region(text, files))
    why = refusal(text, files)
    assert why is not None
    assert why.startswith("a.nix: region 'r': a Raw in it does not end what it begins: ")


@pytest.mark.parametrize("marker", ["# nixgen: begin r", "# nixgen: end r", "# nixgen: end other"])
@pytest.mark.parametrize("gap", ["", "  "])
def test_no_value_holds_a_marker(marker: str, gap: str) -> None:
    """It would be taken for the region's own the next time."""
    line = f"{gap}{marker}"
    text = f"{{{MARKERS}}}"
    for value in (
        {"a": IndentedStr(f"x\n{line}\n")},
        {"a": {"b": [IndentedStr("x\n", ref("b"), f"\n{line}\n")]}},
        AttrSet(Comment(f"x\n{marker.removeprefix('# ')}"), {"a": 1}),
        {"a": Raw(f"1\n{line}\n")},
    ):
        why = refusal(text, {"a.nix": Region(value, name="r")})
        assert why == (
            f"a.nix: region 'r': a value or a comment in it has the line {marker!r}, which is "
            "what marks a region: the file could be written once and never again"
        )
    fine: list[Any] = [{"a": f"x\n{line}\n"}, {"a": IndentedStr(f"x {marker}\n")}]
    for value in fine:
        assert refusal(text, {"a.nix": Region(value, name="r")}) is None


def test_only_line_feeds_end_the_lines_of_a_region() -> None:
    lines = "a\u2028  b\x85  c\x0b  d\x0c  e\x1c  f"
    value = AttrSet(Inherit("b", source={}), {"a": lines, "c": Str(lines)})
    files: Files = {"a.nix": Region(value, name="r")}
    assert refusal(f"{{{MARKERS}}}", files) is None
    assert with_region(f"{{{MARKERS}}}", files).count(lines) == 2


@pytest.mark.parametrize("value", VALUES)
def test_any_value_may_stand_beside_a_region_and_hides_nothing(value: str) -> None:
    x: Files = {"a.nix": Region({"x": 1}, name="r")}
    text = f"{{ y = {value};{MARKERS}z.y = {value}; }}"
    assert parses(text)
    assert refusal(text, x) is None
    assert parses(with_region(text, x))
    for twice in (
        f"{{ y = {value}; x = 2;{MARKERS}}}",
        f"{{{MARKERS}y = {value}; x = [ ]; }}",
    ):
        assert not parses(with_region(twice, x))
        why = str(refusal(twice, x))
        assert "x is set here, and region 'r' sets x, which Nix does not merge" in why


@pytest.mark.parametrize(
    ("container", "refused"),
    [
        ("{ a = {%s}; a.b = 1; }", "a.b"),
        ("{ a = ({%s}); a.b = 1; }", "a.b"),
        ("{ a.b = 1; a = {%s}; }", "a.b"),
        ("{ a = { b = ({%s}); }; a.b.b = 1; }", "a.b.b"),
        ("{ a = { b = {%s}; }; a.b.c = 1; }", None),
        ("{ a = {%s} // { }; b = 1; }", None),
        ("{ b = 1; a = {%s}; }", None),
        ("{ a = _: {%s}; b = 1; }", None),
    ],
)
def test_a_set_is_followed_to_where_it_is_a_value(container: str, refused: str | None) -> None:
    files: Files = {"a.nix": Region({"b": 1}, name="r")}
    text = container.replace("%s", MARKERS)
    assert parses(with_region(text, files)) == (refused is None)
    why = refusal(text, files)
    assert (why is None) == (refused is None)
    assert refused is None or f": {refused} is set here" in str(why)


def test_what_only_newer_nix_merges_is_not_merged_with_a_region() -> None:
    """A flake is read by whichever Nix somebody has."""
    nested: Files = {"a.nix": Region({("a", "b", "c"): 1}, name="r")}
    theirs = "a = { b = { d = 1; }; };"
    assert merges_further() == parses(with_region(f"{{{MARKERS}{theirs} }}", nested))
    why = refusal(f"{{{MARKERS}{theirs} }}", nested)
    assert why is not None
    assert why.startswith("a.nix:4: a.b is set here, and region 'r' sets a.b.c, ")
    assert "'a.b.… = …;'" in why
    # The other way round, every Nix merges them.
    assert refusal(f"{{ {theirs}{MARKERS}}}", nested) is None
    assert parses(with_region(f"{{ {theirs}{MARKERS}}}", nested))


@pytest.mark.parametrize("end", ["/*\n%s\n*/", "a = ''\n%s\n'';"])
def test_a_marker_in_a_comment_or_a_string_ends_no_region(end: str) -> None:
    begin, closing = MARKERS.strip().split("\n")
    why = refusal(f"{{\n{begin}\n{end.replace('%s', closing)}\n}}", CACHES)
    assert why is not None
    assert why.startswith("a.nix:")


FLAKE = {"a.nix": Region({"nixConfig": {"extra-x": 1}}, name="r", top=True)}
CONFLICT = "<<<<<<< HEAD\n  x = 1;\n=======\n  x = 2;\n>>>>>>> other\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{{{MARKERS}\n{CONFLICT}}}", 5),
        (f"{{{MARKERS}\n  outputs = inputs: {{\n{CONFLICT}  }};\n}}", 6),
        (f"{{{MARKERS}\n>>>>>>> other\n}}", 5),
        (f"{{{MARKERS}\n||||||| base\n}}", 5),
    ],
)
def test_conflict_markers_in_what_people_wrote_are_called_so(text: str, line: int) -> None:
    """Nix reads none, however deep they are."""
    assert not parses(with_region(text, FLAKE))
    assert refusal(text, FLAKE) == (
        f"a.nix:{line}: conflict markers: resolve them, then run `nixgen write`; without its "
        "regions this is not Nix, so nothing is written to it"
    )


@pytest.mark.parametrize("inside", ["''\n{}  ''", "''${{a}}\n{}  ''", "/*\n{} */ 1", '"\n{}"'])
def test_what_only_looks_like_a_conflict_marker_is_text(inside: str) -> None:
    text = f"{{{MARKERS}\n  x = {inside.format(CONFLICT)};\n}}"
    assert refusal(text, FLAKE) is None


def test_a_file_may_be_a_rec_set() -> None:
    text = f"rec {{{MARKERS}\n  x = 1;\n}}"
    assert parses(with_region(text, FLAKE))
    assert refusal(text, FLAKE) is None


def test_what_only_some_nix_merges_is_said_so() -> None:
    why = refusal(f"{{{MARKERS}\n  nixConfig = rec {{ y = 1; }};\n}}", FLAKE)
    assert why is not None
    assert "sets nixConfig, which not every Nix merges; " in why
