"""Classes that share their methods behave as attrs' own."""

from typing import Any

import attrs
import pytest
from attrs import field

from nixgen.frozen import frozen


def point(decorator: Any) -> Any:
    @decorator
    class Point:
        x: object
        _y: int = 0
        source: str = field(default="", eq=False)
        secret: str = field(default="", repr=False)
        labels: dict[str, str] = field(factory=dict, hash=False)

    return Point


Ours, Theirs = point(frozen), point(attrs.frozen)
SAMPLES: tuple[dict[str, Any], ...] = (
    {"x": 1},
    {"x": 1, "y": 0, "source": "elsewhere"},
    {"x": 1.0},
    {"x": 2},
    {"x": 1, "y": 1},
    {"x": 1, "secret": "s"},
    {"x": 1, "labels": {"a": "b"}},
    {"x": "a\n"},
)


@pytest.mark.parametrize("given", SAMPLES)
def test_it_prints_as_of_attrs(given: dict[str, Any]) -> None:
    printed = repr(Theirs(**given))
    assert repr(Ours(**given)) == printed


@pytest.mark.parametrize("given", SAMPLES)
def test_it_compares_and_hashes_as_of_attrs(given: dict[str, Any]) -> None:
    for other in SAMPLES:
        equal = Theirs(**given) == Theirs(**other)
        assert (Ours(**given) == Ours(**other)) is equal
        assert (Ours(**given) != Ours(**other)) is not equal
        if equal:
            assert hash(Ours(**given)) == hash(Ours(**other))
    assert Ours(**given) != Theirs(**given)
    assert len({Ours(**each) for each in SAMPLES}) == len({Theirs(**each) for each in SAMPLES})


def test_another_class_is_another_value() -> None:
    Mine: Any = attrs.frozen(type("Mine", (Ours,), {}))  # noqa: N806
    assert Mine(1) != Ours(1)
    assert Mine(1) == Mine(1)


def test_a_class_keeps_its_own_methods_and_cannot_be_changed() -> None:
    @frozen(kw_only=True)
    class Own:
        x: int

        def __repr__(self) -> str:
            return "mine"

    assert repr(Own(x=1)) == "mine"
    assert Own(x=1) == Own(x=1)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Own(x=1).x = 2  # type: ignore[misc]
