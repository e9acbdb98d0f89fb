from infra_lib.operate.table import table


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
