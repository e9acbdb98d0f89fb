"""One argument of one call is changed, and not a byte beside it, however the text is laid out."""

import ast
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_lib.model.errors import FleetError
from infra_lib.operate.switch.edit import (
    EditError,
    Place,
    arguments,
    calls,
    remove_argument,
    set_argument,
)

ONE_A_LINE = """\
fleet = [
    Gcp(
        "galena",
        zone="b",  # near
    ),
]
"""


def place(data: bytes, name: str = "galena") -> Place:
    """The call whose first argument is a name."""
    (found,) = (
        at for at, call in calls(data) if call.args and getattr(call.args[0], "value", None) == name
    )
    return found


def with_argument(text: str, name: str, value: Any, after: str = "") -> str:
    data = text.encode()
    return set_argument(data, place(data), name, value, after).decode()


def without(text: str, name: str) -> str:
    data = text.encode()
    return remove_argument(data, place(data), name).decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ONE_A_LINE, ONE_A_LINE.replace("# near\n", "# near\n        enabled=True,\n")),
        ('Gcp("galena", zone="b")', 'Gcp("galena", zone="b", enabled=True)'),
        ('Gcp("galena", zone="b",)', 'Gcp("galena", zone="b", enabled=True,)'),
        ('Gcp(("galena"))', 'Gcp(("galena"), enabled=True)'),
        ('Gcp("galena", disko=lambda a, b: (a, b))', None),
        ('Gcp("galena", enabled = False)', 'Gcp("galena", enabled = True)'),
        ('Gcp("galena", enabled=(\n  False  # off\n))', None),
        (
            'Gcp(\n    "galena",\n    zone="b"  # near\n)',
            'Gcp(\n    "galena",\n    zone="b",  # near\n    enabled=True\n)',
        ),
        ('Gcp(\n    "galena", zone="b"\n)', 'Gcp(\n    "galena", zone="b", enabled=True\n)'),
        ('Gcp(\n    "galena",\n    zone="b")', 'Gcp(\n    "galena",\n    zone="b", enabled=True)'),
        ('Gcp("galena"\n  , zone="b"\n  ,)', 'Gcp("galena"\n  , zone="b", enabled=True\n  ,)'),
        ('Gcp("galena", **{"zone": "b"})', 'Gcp("galena", **{"zone": "b"}, enabled=True)'),
        ('a.b["c"](1)(\n\t"galena",\n)', 'a.b["c"](1)(\n\t"galena",\n\tenabled=True,\n)'),
        ('Gcp("galena").moved("x")', 'Gcp("galena", enabled=True).moved("x")'),
        ('é = "ü"; Gcp("galena", a="ß€😀")', 'é = "ü"; Gcp("galena", a="ß€😀", enabled=True)'),
        ('Gcp("galena", a=f"{1:>{2}}, {\'x\'}")', None),
    ],
)
def test_a_new_argument_stands_as_the_others_do(before: str, after: str | None) -> None:
    found = with_argument(before, "enabled", True)
    if after is not None:
        assert found == after
    (call,) = (
        c for _, c in calls(found.encode()) if c.args and ast.unparse(c.args[0]) == "'galena'"
    )
    assert {k.arg: ast.unparse(k.value) for k in call.keywords}["enabled"] == "True"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('Gcp("galena", zone="b", on="x")', 'Gcp("galena", zone="b")'),
        ('Gcp("galena", on="x", zone="b")', 'Gcp("galena", zone="b")'),
        ('Gcp("galena", on="x",)', 'Gcp("galena",)'),
        ('Gcp("galena",\n    on="x", zone="b")', 'Gcp("galena",\n    zone="b")'),
        ('Gcp(\n    "galena",\n    on="x",\n)', 'Gcp(\n    "galena",\n)'),
        ('Gcp(\n    "galena",\n    on="x"\n)', 'Gcp(\n    "galena",\n)'),
        ('Gcp(\n    "galena",\n    on="x",  # why\n)', 'Gcp(\n    "galena",\n    # why\n)'),
        ('Gcp("galena", zone="b")', 'Gcp("galena", zone="b")'),
    ],
)
def test_an_argument_goes_with_its_comma_and_without_comments(before: str, after: str) -> None:
    assert without(before, "on") == after


def test_an_argument_can_follow_another_than_the_last() -> None:
    text = 'Gcp(\n    "galena",\n    on="x",\n    zone="b",\n)'
    assert with_argument(text, "limit", 60, after="on") == text.replace(
        'on="x",\n', 'on="x",\n    limit=60,\n'
    )


@pytest.mark.parametrize("text", ['Gcp("galena", enabled=ON)', 'Gcp("galena", enabled=not OFF)'])
def test_what_is_no_literal_is_left_alone(text: str) -> None:
    with pytest.raises(EditError, match="enabled="):
        with_argument(text, "enabled", True)


@pytest.mark.parametrize("data", [b"Gcp(", b"# coding: nonsense\nGcp('galena')", b"\xff\n", b"a\0"])
def test_what_python_cannot_read_is_refused_in_one_message(data: bytes) -> None:
    with pytest.raises(FleetError):
        [*calls(data)]


@pytest.mark.parametrize(
    ("encoding", "mark"), [("latin-1", b""), ("utf-8", b"\xef\xbb\xbf"), ("cp1251", b"")]
)
@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_encoding_line_ends_and_the_byte_order_mark_stay(
    encoding: str, mark: bytes, end: str
) -> None:
    extra = "Ж" if encoding == "cp1251" else "é"
    text = f"# coding: {encoding}\na = '{extra}'\n{ONE_A_LINE}".replace("\n", end)
    data = mark + text.encode(encoding)
    found = set_argument(data, place(data), "enabled", True)
    added = f"        enabled=True,{end}".encode(encoding)
    assert added in found
    assert found.replace(added, b"") == data


# Text that may stand anywhere in a program, as a comment, in a string, or between tokens.
WORDS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\"'\\{}"), max_size=8
)
NOISE = st.sampled_from(["", " ", "  ", "\t", "\f"])
BREAK = st.one_of(
    NOISE,
    st.builds(lambda word, indent: f"  # {word}\n{indent}", WORDS, st.sampled_from(["", "    "])),
    st.just("\n        "),
)
VALUES = st.one_of(
    WORDS.map(lambda word: f'"{word}"'),
    WORDS.map(lambda word: f'"""{word}\n{word}"""'),
    st.sampled_from(
        ["lambda a, b=(1, 2): [a, b]", "{**x, 'a': (1, 2)}", "(yes)", "f(x, *y, z=1)", "x[1, 2]"]
    ),
    st.integers(0, 10**6).map(str),
)
NAMES = st.sampled_from(["zone", "tags", "ünïcode", "description", "disko", "gpu"])


@st.composite
def programs(draw: st.DrawFn) -> tuple[str, tuple[str, ...]]:
    """A module with a machine in it, laid out in some way; and the names of its arguments."""
    names = draw(st.lists(NAMES, unique=True, max_size=4))
    given_by_name = [f"{name}{draw(NOISE)}={draw(NOISE)}{draw(VALUES)}" for name in names]
    switches = [
        (each, draw(st.booleans())) for each in ("enabled", "stopped") if draw(st.booleans())
    ]
    given_by_name += [f"{name}={value}" for name, value in switches]
    words = ['"galena"', *draw(st.permutations(given_by_name))]
    inside = draw(BREAK) + ",".join(f"{word}{draw(BREAK)}" for word in words)
    for number in range(1, len(words)):  # between them, too
        inside = inside.replace(",", f",{draw(BREAK)}", number % 2)
    comma = f",{draw(BREAK)}" if draw(st.booleans()) else ""
    before, after = draw(WORDS), draw(WORDS)
    callee = draw(st.sampled_from(["Gcp", "infra.Gcp", "(Gcp)", "made(1)"]))
    text = f'# {before}\na = "{before}"; b = [{callee}({inside}{comma}), c("-{after}")]\n'
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n", "\r"]))), (
        *names,
        *(name for name, _ in switches),
    )


def parsed(data: bytes) -> Any:
    try:
        return ast.parse(data)
    except (SyntaxError, ValueError):
        return None


def meaning(data: bytes) -> tuple[str, dict[str, str]]:
    """What a program means without the keywords of the call, and these."""
    tree = ast.parse(data)
    (call,) = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value == "galena"
    )
    keywords = {str(each.arg): ast.dump(each.value) for each in call.keywords}
    call.keywords = []
    return ast.dump(tree), keywords


def common(one: bytes, other: bytes) -> int:
    """How many bytes two texts have in common at their ends, together."""
    most = min(len(one), len(other))
    first = next((n for n in range(most) if one[n] != other[n]), most)
    last = next((n for n in range(most - first) if one[-1 - n] != other[-1 - n]), most - first)
    return first + last


@given(programs(), st.sampled_from(["enabled", "stopped", "on_until"]), st.booleans())
def test_nothing_but_the_argument_changes(
    program: tuple[str, tuple[str, ...]], name: str, value: bool
) -> None:
    text, _ = program
    data = text.encode()
    if parsed(data) is None:
        return
    before, given_before = meaning(data)
    there = name in given_before
    changed = set_argument(data, place(data), name, value)
    after, given_after = meaning(changed)
    assert after == before
    assert given_after == {**given_before, name: ast.dump(ast.Constant(value))}
    # All that is not the argument stands as it did.
    if there:
        assert len(data) - common(data, changed) <= len("False")
    else:
        rest = iter(changed)
        assert all(byte in rest for byte in data)

    removed = remove_argument(changed, place(changed), name)
    assert meaning(removed) == (before, {k: v for k, v in given_before.items() if k != name})
    if not there:
        assert re.sub(rb"[\s,]", b"", removed) == re.sub(rb"[\s,]", b"", data)


@given(programs())
def test_every_argument_is_found_where_it_stands(program: tuple[str, tuple[str, ...]]) -> None:
    text, names = program
    data = text.encode()
    if parsed(data) is None:
        return
    found = arguments(data, place(data))
    assert sorted(each.name for each in found if each.name) == sorted(
        ast.parse(f"f({name}=1)").body[0].value.keywords[0].arg  # type: ignore[attr-defined]
        for name in names
    )
    assert [each.start for each in found] == sorted(each.start for each in found)
