import sys
from typing import Any

import pytest

from infra_lib.operate.table import fitted_table, fold, table, terminal_width


def test_columns_are_as_wide_as_they_need_be() -> None:
    text = table(("A", "LONG", "N"), (("one", "x", "1"), ("", "longer", "10")), right=("N",))
    assert text == "A    LONG     N\none  x        1\n     longer  10"


def test_no_line_ends_in_spaces() -> None:
    assert table(("A", "B"), (("x", ""),)) == "A  B\nx"


def test_a_head_alone() -> None:
    assert table(("A", "B"), ()) == "A  B"


def test_columns_hold_what_is_shown_of_their_cells() -> None:
    rows = (("\x1b[2J", "x"), ("a\nb\t", "y"), ("漢字", "z"), ("e\u0301", "w"))
    assert table(("A", "B"), rows).splitlines() == [
        "A          B",
        "\\u001b[2J  x",
        "a\\nb\\t     y",
        "漢字       z",
        "e\u0301          w",
    ]
    assert table(("漢",), (("1",),), right=("漢",)) == "漢\n 1"


HEAD = ("NAME", "ZONE", "WHAT", "USD")
ROWS = (("galena", "us-central1-b", "a boot disk of 100 GB", "$195.68"), ("b", "-", "x", "$1.00"))


def fitted(width: int | None, **options: Any) -> tuple[list[str], list[str]]:
    text, dropped = fitted_table(HEAD, ROWS, right=("USD",), width=width, **options)
    return text.splitlines(), dropped


def test_a_table_that_fits_is_whole() -> None:
    whole = table(HEAD, ROWS, right=("USD",)).splitlines()
    assert len(whole[1]) == 53
    for width in (None, 53, 200):
        assert fitted(width, optional=("ZONE",), folds=("WHAT",)) == (whole, [])


def test_columns_are_left_out_in_turn_until_the_table_fits() -> None:
    optional = ("GPU", "ZONE", "WHAT")
    assert fitted(52, optional=optional) == (
        [
            "NAME    WHAT                       USD",
            "galena  a boot disk of 100 GB  $195.68",
            "b       x                        $1.00",
        ],
        ["ZONE"],
    )
    assert fitted(38, optional=optional)[1] == ["ZONE"]
    assert fitted(37, optional=optional)[1] == ["ZONE", "WHAT"]


def test_cells_are_folded_between_words_before_a_column_is_left_out() -> None:
    assert fitted(45, optional=("ZONE",), folds=("WHAT",)) == (
        [
            "NAME    ZONE           WHAT               USD",
            "galena  us-central1-b  a boot disk    $195.68",
            "                       of 100 GB",
            "b       -              x                $1.00",
        ],
        [],
    )


def test_cells_are_folded_by_what_a_terminal_shows_of_them() -> None:
    rows = (("b", "漢字漢字, e\u0301e\u0301", "longer text"),)
    text, dropped = fitted_table(("A", "B", "C"), rows, width=25, folds=("B",), optional=("C",))
    assert dropped == []
    assert text.splitlines() == [
        "A  B          C",
        "b  漢字漢字,  longer text",
        "   e\u0301e\u0301",
    ]


def test_then_the_widest_texts_are_cut_at_last_names_and_never_numbers() -> None:
    assert fitted(37)[0] == [
        "NAME    ZONE       WHAT           USD",
        "galena  us-centr…  a boot d…  $195.68",
        "b       -          x            $1.00",
    ]
    assert fitted(35)[0][1] == "galena  us-cent…  a boot …  $195.68"
    assert fitted(34)[0][1] == "galena  us-cen…  a boot …  $195.68"
    assert fitted(22)[0][1] == fitted(5)[0][1] == "ga…  us…  a …  $195.68"
    text, _ = fitted_table(("A", "N"), (("a", "$1,234,567.89"),), right=("N",), width=10)
    assert text.splitlines()[1] == "a  $1,234,567.89"


def test_words_of_cells_that_are_folded_are_broken_and_not_cut() -> None:
    whole = sorted("".join(fitted(None)[0]).replace(" ", ""))
    for width in range(31, 53):
        lines, dropped = fitted(width, folds=("ZONE", "WHAT"))
        assert dropped == []
        assert max(map(len, lines)) <= width
        assert sorted("".join(lines).replace(" ", "")) == whole
    assert fitted(32, folds=("ZONE", "WHAT"))[0][1:3] == [
        "galena  us-centra  a     $195.68",
        "        l1-b       boot",
    ]


def test_wide_characters_are_cut_by_what_a_terminal_shows_of_them() -> None:
    rows = (("a", "漢字漢字漢字", "1"), ("b", "plain", "2"))
    text, _ = fitted_table(("A", "B", "N"), rows, right=("N",), width=15)
    assert text.splitlines() == ["A  B          N", "a  漢字漢字…  1", "b  plain      2"]


def test_prose_is_folded_between_words_and_long_words_anywhere() -> None:
    assert fold("one two three\nfour", 8) == "one two\nthree\nfour"
    assert fold("a abcdefghij k", 8) == "a\nabcdefgh\nij k"
    assert fold("as  it is", None) == "as  it is"


def test_a_terminal_says_how_wide_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "77")
    assert terminal_width() is None
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert terminal_width() == 77
