"""Python source is what it was made of, and as ruff lays it out."""

import ast
import subprocess
from keyword import iskeyword
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_lib.operate.adopt.python_text import (
    Call,
    Commented,
    Name,
    assignment,
    comment_lines,
    expression,
    text_literal,
)
from tests.helpers.tools import require

# What ruff measures otherwise, and what no terminal shows, is left to the tests of values.
LETTERS = st.characters(min_codepoint=32, max_codepoint=0x17F) | st.sampled_from("\n\t\"'\\{}$é")
TEXTS = st.text(LETTERS, max_size=60)
SCALARS = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXTS
NAMES = st.from_regex(r"[a-z][a-z_]{0,12}", fullmatch=True).filter(lambda name: not iskeyword(name))


def containers(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    arguments = st.dictionaries(NAMES, children, max_size=5)
    return (
        st.lists(children, max_size=6)
        | st.lists(children, max_size=6).map(tuple)
        | st.dictionaries(TEXTS, children, max_size=5)
        | st.builds(
            lambda first, named: Call("dict", ((None, {"": first}), *named.items())),
            children,
            arguments,
        )
    )


VALUES = st.recursive(SCALARS, containers, max_leaves=25)


def plain(value: Any) -> Any:
    """What a value evaluates to."""
    if isinstance(value, Call):
        (_, first), *named = value.arguments
        return {**plain(first), **{name: plain(each) for name, each in named}}
    if isinstance(value, Commented):
        return plain(value.value)
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(plain(each) for each in value)
    return value


def value_of(text: str) -> Any:
    names: dict[str, Any] = {}
    exec(text, names)  # noqa: S102 - our own text
    return names["it"]


@given(VALUES)
def test_source_is_what_it_was_made_of(value: Any) -> None:
    assert value_of(assignment("it", value)) == plain(value)


@given(st.text(max_size=200))
def test_any_text_stays_and_nothing_in_it_acts(text: str) -> None:
    literal = text_literal(text)

    assert ast.literal_eval(literal) == text
    assert literal.isprintable()
    assert value_of(assignment("it", f"{text}\n\n{text}")) == f"{text}\n\n{text}"


@pytest.mark.slow
@settings(max_examples=60)
@given(st.lists(VALUES, min_size=1, max_size=30))
def test_ruff_finds_nothing_to_change(values: list[Any]) -> None:
    text = "".join(assignment(f"it_{number}", value) for number, value in enumerate(values))

    assert formatted(text) == text


def formatted(text: str, *arguments: str) -> str:
    command = [
        require("ruff"),
        "format",
        "--isolated",
        "--stdin-filename",
        "it.py",
        *arguments,
        "-",
    ]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_comments_and_names_are_as_ruff_has_them() -> None:
    fleet = Call(
        "Fleet",
        (
            ("name", "ore"),
            ("machines", (Commented(Call("Machine", ((None, "a"),)), "Not in\nthe inventory."),)),
            ("zone", Name("US_CENTRAL1_B")),
        ),
        {"name": "Guessed: " + "the folder's name, " * 8},
    )
    text = assignment("fleet", fleet)

    assert formatted(text) == text
    assert "    # Guessed: the folder's name," in text
    assert "        # Not in\n        # the inventory.\n        Machine(" in text
    assert max(map(len, text.splitlines())) <= 88
    # A wider line changes nothing of what stands on several.
    assert formatted(text, "--line-length", "120") == text


def test_a_comment_cannot_end_its_line() -> None:
    lines = comment_lines("a\rimport os\u2028b\x1b[31m")

    assert len(lines) == 1
    assert lines[0].isprintable()


def test_what_no_python_is_known_for_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        expression(object())
