"""What servers at Hetzner are billed for, in each state, and what is to be known of that."""

from typing import Any

import pytest
from attrs import evolve

from infra_lib import HetznerMachine
from infra_lib.clouds.hetzner.catalog import CATALOG, HetznerCatalog, ServerPrice, ServerType
from infra_lib.clouds.hetzner.catalog.file import FILE
from infra_lib.clouds.hetzner.catalog.tables import Tables
from infra_lib.clouds.hetzner.cost_notes import cost_notes
from infra_lib.clouds.hetzner.price_sources import price_sources
from infra_lib.clouds.hetzner.prices import cost_parts
from infra_lib.model.bill import Bill, Part, State
from tests.clouds.hetzner.rows import number, rows

SERVERS = [row for row in rows("prices") if CATALOG.server_type(row["server_type"])]
VAT_NOTE = "Prices at Hetzner are without VAT, for an account that is billed in EUR."


def parts(server_type: str = "cx43", location: str = "fsn1", **more: Any) -> tuple[Part, ...]:
    fields: dict[str, Any] = {
        "volumes": (),
        "ipv4": False,
        "ipv6": False,
        "backups": False,
        "catalog": CATALOG,
        **more,
    }
    entry = fields["catalog"].server_type(server_type)
    return tuple(cost_parts(entry, location=location, **fields))


def bill(state: State = "on", **more: Any) -> Bill:
    return Bill(parts=parts(**more), state=state, currency="EUR")


@pytest.mark.parametrize("row", SERVERS, ids=lambda row: f"{row['server_type']}-{row['location']}")
@pytest.mark.parametrize("state", ["on", "stopped"])
def test_a_server_costs_what_its_row_says_on_or_powered_off(
    row: dict[str, str], state: State
) -> None:
    hour, month = number(row["eur_per_hour"]), number(row["eur_per_month"])
    assert month is not None
    found = bill(state, server_type=row["server_type"], location=row["location"])
    # Where nobody says what an hour costs, it is what that is of a month.
    assert found.hour_now.eur == pytest.approx(month / 730 if hour is None else hour)
    assert found.month_now.eur == pytest.approx(month, abs=1e-9)
    assert bill("off", server_type=row["server_type"], location=row["location"]).hour_now.eur == 0


def test_a_server_is_a_part_with_its_size() -> None:
    (server,) = parts()
    assert (server.kind, server.text) == ("machine", "cx43, 8 vCPUs, 16 GB")
    (small,) = parts("cpx02", "nbg1")
    assert small.text == "cpx02, 1 vCPU, 1 GB"


def test_everything_of_a_machine_adds_up_to_the_cent() -> None:
    every: dict[str, Any] = {
        "volumes": (("models", 100), ("state", 10)),
        "ipv4": True,
        "ipv6": True,
        "backups": True,
    }
    assert [(part.kind, part.text) for part in parts(**every)] == [
        ("machine", "cx43, 8 vCPUs, 16 GB"),
        ("backups", "of its root disk"),
        ("data disk", "models, 100 GB volume"),
        ("data disk", "state, 10 GB volume"),
        ("address", "primary IPv4"),
    ]
    server, backups, volumes, address = 15.99, 15.99 * 0.2, 110 * 0.0572, 0.5
    on = bill("on", **every)
    assert on.month_now.eur == pytest.approx(server + backups + volumes + address)
    assert bill("stopped", **every).month_now.eur == on.month_now.eur
    assert bill("off", **every).month_now.eur == pytest.approx(volumes + address)


def test_backups_are_of_the_server_alone_and_go_with_it() -> None:
    _, backups, *_ = parts(backups=True, ipv4=True)
    assert backups.on.on_demand == pytest.approx(0.0256 * 0.2)
    assert backups.most_month == pytest.approx(15.99 * 0.2)
    assert (backups.stopped, backups.off) == (backups.on.on_demand, 0.0)


def test_an_address_costs_its_hour_and_no_more_than_its_month() -> None:
    (_, address) = parts(ipv4=True, ipv6=True)
    for state in ("on", "stopped", "off"):
        assert address.hour(state, spot=False) == 0.0008
        assert address.month(state, spot=False, hours_per_day=24) == 0.5


def test_an_ipv6_network_is_billed_once_it_has_a_price() -> None:
    about = {"as_of": "2026-11-27", "source": "mine", "currency": "EUR"}
    prices = {**about, "primary_ips": {"ipv6": {"fsn1": [0.0001, 0.06]}}}
    mine = HetznerCatalog(tables=Tables(FILE.text_of({"prices": prices})))
    assert [part.text for part in parts(catalog=mine, ipv6=True)][1:] == ["primary IPv6"]
    assert [part.text for part in parts(catalog=mine, ipv6=False)][1:] == []


def test_what_nobody_knows_is_unknown_and_no_small_sum() -> None:
    about = {"as_of": "2026-11-27", "source": "mine", "currency": "EUR"}
    none = HetznerCatalog(tables=Tables(FILE.text_of({"prices": about})))
    found = bill(catalog=none, volumes=(("models", 100),), ipv4=True, backups=True)
    assert found.month.known is None
    assert found.month.unknown == ("machine", "backups", "data disk", "address")
    off = bill("off", catalog=none, backups=True)
    assert off.month_now.is_nothing


def test_your_price_is_that_of_an_older_order() -> None:
    old = ServerPrice("cx43", "fsn1", eur_per_hour=0.02, eur_per_month=11.99)
    mine = HetznerCatalog(prices=(old,))
    found = bill(catalog=mine, backups=True)
    assert found.month.eur == pytest.approx(11.99 * 1.2)
    assert bill(catalog=mine, location="nbg1").month.eur == pytest.approx(15.99)


# Where prices are from.


def machine(
    name: str, server_type: str = "cx43", location: str = "fsn1", **fields: Any
) -> HetznerMachine:
    return HetznerMachine(name, server_type=server_type, location=location, **fields)


def priced(as_of: str) -> HetznerCatalog:
    section = {"as_of": as_of, "source": "mine", "currency": "EUR"}
    return HetznerCatalog(tables=Tables(FILE.text_of({"prices": section})))


def test_prices_are_of_the_built_in_catalogue_by_default() -> None:
    found = price_sources([])
    assert [*found] == ["servers", "backups", "volumes", "primary_ips"]
    assert {source.as_of for source in found.values()} == {"2026-09-29"}
    assert price_sources([machine("cinnabar"), machine("electrum")]) == found


def test_another_catalogue_is_named_by_its_machine() -> None:
    found = price_sources([machine("cinnabar"), machine("electrum", catalog=priced("2026-11"))])
    assert [*found][4:] == [
        "servers of electrum",
        "backups of electrum",
        "volumes of electrum",
        "primary_ips of electrum",
    ]
    assert found["servers of electrum"].text == "Servers of electrum: mine, as of 2026-11"
    assert found["servers"].as_of == "2026-09-29"


# What is to be known of them.


def test_what_is_to_be_known_of_prices_is_said() -> None:
    assert [*cost_notes([machine("cinnabar"), machine("electrum", "ccx63", "ash")])] == [
        VAT_NOTE,
        "Traffic is in these prices up to 20 TB a month for cinnabar (each further TB €1.00); 8 TB "
        "a month for electrum (each further TB €1.00). More is not counted.",
        "Prices of servers are those of orders since 2026-06-15. A server that was made before "
        "pays its earlier price until it is rescaled or made anew, which may more than double it; "
        "catalog=HetznerCatalog(prices=(ServerPrice(…),)) says what it pays.",
    ]


def test_cx_rose_by_less_and_singapore_has_dearer_traffic() -> None:
    *_, order = cost_notes([machine("cinnabar")])
    assert "may raise it by a third or more" in order
    _, traffic, _ = cost_notes([machine("tin", "cpx62", "sin")])
    assert "5 TB a month for tin (each further TB €7.40)" in traffic


def test_machines_that_are_off_have_no_traffic_and_no_older_order() -> None:
    assert [*cost_notes([machine("cinnabar", enabled=False)])] == [VAT_NOTE]
    assert [*cost_notes([])] == []


def test_a_price_that_is_yours_or_of_what_nobody_can_order_is_no_newer_one() -> None:
    mine = HetznerCatalog(prices=(ServerPrice("cx43", "*", eur_per_month=11.99),))
    for each in (machine("cinnabar", catalog=mine), machine("cinnabar", "cx22", existing=True)):
        assert not any("orders" in note for note in cost_notes([each]))


def test_traffic_that_nobody_knows_is_said_to_be_so() -> None:
    new = ServerType("cx99", vcpus=4, memory_gib=8, architecture="x86", locations=("fsn1",))
    catalog = evolve(CATALOG, server_types=(new,))
    found = [*cost_notes([machine("cinnabar", "cx99", catalog=catalog)])]
    assert "How much traffic is in the price of cinnabar is not known here." in found
