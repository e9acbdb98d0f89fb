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


@pytest.mark.parametrize(
    "point",
    [
        "203.0.113.7/9993",
        "203.0.113.7/1",
        "203.0.113.7/65535",
        "2001:db8::7/9993",
    ],
)
def test_an_endpoint_may_have_a_port(point: str) -> None:
    assert ZeroTier(moons={"io": (point,)}).moons == {"io": (point,)}


@pytest.mark.parametrize(
    "point",
    [
        "203.0.113.7/",
        "203.0.113.7/0",
        "203.0.113.7/65536",
        "203.0.113.7/09993",
        "203.0.113.7/+9993",
        "203.0.113.7/\u0661",
        "203.0.113.7/9993/9993",
        "203.0.113.7:9993",
        "203.0.113.0/24/9993",
        "[2001:db8::7]/9993",
        "fe80::7%eth0",
        "/9993",
        "luna.example.org/9993",
    ],
)
def test_what_zerotier_would_misread_is_refused(point: str) -> None:
    with pytest.raises(FleetError) as refusal:
        ZeroTier(moons={"io": ("192.0.2.1", point)})
    assert str(refusal.value).startswith(f"zerotier: moons['io']={point!r}: public IP addresses")
    assert '"203.0.113.7/9993"' in str(refusal.value)
