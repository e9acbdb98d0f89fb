"""What a terminal acts on is shown instead."""

import json
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nixgen.terminal import visible

ACTING = [
    chr(number)
    for number in range(0x10000)
    if category(chr(number)) in {"Cc", "Zl", "Zp", "Cs"} and chr(number) not in "\t\n"
]
BIDIRECTIONAL = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("colours", [False, True])
@pytest.mark.parametrize("character", [*ACTING[:64], "\u2028", "\u2029", "\udc9b", *BIDIRECTIONAL])
def test_it_is_escaped(character: str, colours: bool) -> None:
    assert visible(f"a{character}b", colours=colours) == f"a\\u{ord(character):04x}b"


def test_no_control_is_left_out() -> None:
    assert [each for each in ACTING if visible(each) == each] == []


@pytest.mark.parametrize("text", ["a\tb\n", "é漢 ñ", "👩\u200d💻", "क्\u200cष", "\ue000", "~"])
def test_what_is_only_shown_stays(text: str) -> None:
    assert visible(text) == text


def test_colours_stay_where_they_are_wanted() -> None:
    red = "\x1b[1;31mred\x1b[0m \x1b[38:5:9m\x1b[m"
    assert visible(red, colours=True) == red
    assert visible(red) == red.replace("\x1b", "\\u001b")


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b[2J",
        "\x1b[1;1H",
        "\x1b[K",
        "\x1b[1A",
        "\x1b]0;title\x07",
        "\x1b]52;c;ZWNobw==\x1b\\",
        "\x1b]8;;https://example.org\x1b\\",
        "\x1bP+q\x1b\\",
        "\x1bc",
        "\x1b[?25l",
        "\x1b[31",
        "\x1b[3\x1b1m",
        "\x1b[>4;1m",
        "\x9b31m",
        "\r",
        "\b",
    ],
)
def test_nothing_but_colours_stays(sequence: str) -> None:
    shown = visible(sequence, colours=True)
    assert shown.isprintable()
    assert shown != sequence


@given(st.text())
def test_json_stays_json_of_the_same_value(text: str) -> None:
    assert json.loads(visible(json.dumps(text, ensure_ascii=False))) == text
    assert visible(visible(text)) == visible(text)
