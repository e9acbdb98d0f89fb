"""Every documented example is as shown, and as nixfmt and deadnix would have it."""

import re
from pathlib import Path

import pytest

from nixgen import dumps, expr, rules
from tests.nixgen import oracle
from tests.nixgen.examples import examples, result

EXAMPLES = list(examples())


@pytest.mark.parametrize(
    ("python", "nix"), [pair for _, *pair in EXAMPLES], ids=[where for where, *_ in EXAMPLES]
)
def test_an_example_gives_what_it_shows(python: str, nix: str) -> None:
    assert dumps(result(python)) == nix


def test_nixfmt_changes_no_example(tmp_path: Path) -> None:
    shown = [nix for *_, nix in EXAMPLES]
    assert oracle.formatted(shown, tmp_path) == shown


def test_every_expression_class_has_an_example() -> None:
    classes = {
        name
        for name in expr.__all__
        if isinstance(getattr(expr, name), type) and name not in {"Expr", "NixError", "Value"}
    }
    assert classes <= {where.split()[0] for where, *_ in EXAMPLES}


def test_every_rule_has_an_example() -> None:
    names = {f"rule {rule.__name__}" for rule in rules._RULES.values()}
    assert names <= {where.rpartition(" ")[0] for where, *_ in EXAMPLES}


def test_the_table_of_rules_names_what_there_is() -> None:
    ours = set(re.findall(r"`(_\w+)`", rules.__doc__ or ""))
    assert len(ours) > 20
    assert ours <= vars(rules).keys()


def test_deadnix_finds_nothing_unused_in_an_example(tmp_path: Path) -> None:
    assert oracle.unused((nix for *_, nix in EXAMPLES), tmp_path) == ""
