from infra_lib.table import table


def test_columns_are_as_wide_as_they_need_be() -> None:
    text = table(("A", "LONG", "N"), (("one", "x", "1"), ("", "longer", "10")), right=("N",))
    assert text == "A    LONG     N\none  x        1\n     longer  10"


def test_no_line_ends_in_spaces() -> None:
    assert table(("A", "B"), (("x", ""),)) == "A  B\nx"


def test_a_head_alone() -> None:
    assert table(("A", "B"), ()) == "A  B"
