"""The ZeroTier network's moons: each has an address, and there are no more than clan takes."""

import pytest

from infra_lib import FleetError, ZeroTier


@pytest.mark.parametrize("points", [(), [], iter(())])
def test_a_moon_without_an_endpoint_is_refused(points: tuple[str, ...]) -> None:
    """Nobody could reach it, and clan writes a moon that nobody can use."""
    with pytest.raises(FleetError, match=r"zerotier: moons\['io'\]='': public IP addresses, at le"):
        ZeroTier(moons={"sun": ("192.0.2.1",), "io": points})


@pytest.mark.parametrize("points", [("192.0.2.1",), ["2001:db8::1"], ("192.0.2.1", "2001:db8::1")])
def test_one_endpoint_is_enough(points: tuple[str, ...]) -> None:
    assert ZeroTier(moons={"io": points}).moons == {"io": tuple(points)}


def test_four_moons_are_the_most() -> None:
    four = dict.fromkeys("abcd", ("192.0.2.1",))
    assert ZeroTier(moons=four).moons == four
    with pytest.raises(FleetError, match="at most 4 moons"):
        ZeroTier(moons={**four, "e": ("192.0.2.1",)})
