"""The catalogue of Hetzner Cloud: what it holds, what you add to it, and what it says of mistakes.

The rows of its sources lie beside this test.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from infra_lib import HetznerMachine
from infra_lib.clouds.hetzner import catalog as package
from infra_lib.clouds.hetzner.catalog import (
    CATALOG,
    HetznerCatalog,
    Location,
    ServerPrice,
    ServerType,
)
from infra_lib.clouds.hetzner.catalog.file import FILE
from infra_lib.clouds.hetzner.catalog.lookup import check_sold, find_location, find_server_type
from infra_lib.clouds.hetzner.catalog.offers import as_large, europe_alone
from infra_lib.clouds.hetzner.catalog.stock import stock_note
from infra_lib.clouds.hetzner.catalog.tables import Tables
from infra_lib.model.errors import FleetError
from tests.clouds.hetzner.rows import EUROPE, number, rows

FOLDER = Path(package.__file__).parent
BUILT_IN = {name: json.loads((FOLDER / f"{name}.json").read_text())[name] for name in FILE.sections}
# Nobody lists where it is sold, and it is seen to be sold there.
SEEN = {"cpx02": ("nbg1", "hel1")}
STOCK = {"": None, "absent from /server_types": None, "none": ()}
OWN = ServerType("cx99", vcpus=4, memory_gib=8, architecture="x86", locations=("fsn1",))
WHERE = "machine 'cinnabar'"


# What is built in.


@pytest.mark.parametrize("row", rows("server-types"), ids=lambda row: row["name"])
def test_every_server_type_of_the_source_is_there(row: dict[str, str]) -> None:
    found = CATALOG.server_type(row["name"])
    assert found is not None
    assert found.vcpus == int(row["cores"])
    assert found.memory_gib == float(row["memory_gb"])
    assert found.disk_gb == number(row["disk_gb"])
    assert found.architecture == row["architecture"]
    assert found.platform == {"x86": "x86_64-linux", "arm": "aarch64-linux"}[found.architecture]
    assert found.dedicated == (row["cpu_type"] == "dedicated")
    measured = row["boot_firmware"] in {"bios", "uefi"}
    assert found.firmware == (row["boot_firmware"] if measured else None)
    assert found.locations == SEEN.get(found.name, tuple(row["locations"].split()))
    gone = EUROPE if row["deprecated_in"] == "all" else tuple(row["deprecated_in"].split())
    assert found.deprecated_in == gone
    assert found.unavailable_after == (row["unavailable_after"] or None)
    said = row["listed_available_2026_09_29"]
    assert found.listed_available == STOCK.get(said, tuple(said.split()))
    assert found.family == row["name"].rstrip("0123456789")


@pytest.mark.parametrize("row", rows("locations"), ids=lambda row: row["location"])
def test_every_location_of_the_source_is_there(row: dict[str, str]) -> None:
    expected = {key: row[key] for key in ("city", "country", "network_zone")}
    assert CATALOG.location(row["location"]) == Location(row["location"], **expected)


@pytest.mark.parametrize(
    "row", rows("prices"), ids=lambda row: f"{row['server_type']}-{row['location']}"
)
def test_every_price_of_the_source_is_there(row: dict[str, str]) -> None:
    of, place = row["server_type"], row["location"]
    hour, month = number(row["eur_per_hour"]), number(row["eur_per_month"])
    everywhere = {
        "volume_gb": CATALOG.volume_price,
        "snapshot_gb": CATALOG.snapshot_price,
        "backup_percent": CATALOG.backup_percent,
    }
    if of in everywhere:
        assert everywhere[of]() == month
    elif of == "traffic_tb":
        assert CATALOG.traffic_price(place) == month
    elif of in {"primary_ipv4", "primary_ipv6"}:
        rate = CATALOG.primary_ip_price(of.removeprefix("primary_"), place)  # type: ignore[arg-type]
        assert (rate.eur_per_hour, rate.eur_per_month) == (hour, month)
    else:
        expected = ServerPrice(of, place, eur_per_hour=hour, eur_per_month=month)
        assert CATALOG.server_price(of, place) == expected


def test_nothing_is_there_that_no_source_has() -> None:
    assert {*CATALOG.all_server_types()} == {row["name"] for row in rows("server-types")}
    assert {*CATALOG.all_locations()} == {row["location"] for row in rows("locations")}
    priced = {(row["server_type"], row["location"]) for row in rows("prices")}
    servers = BUILT_IN["prices"]["servers"]
    assert {(name, place) for name, places in servers.items() for place in places} < priced


def test_an_hour_costs_what_624_hours_cost_in_a_month() -> None:
    for places in BUILT_IN["prices"]["servers"].values():
        for hour, month in places.values():
            assert hour is None or hour == round(month / 624, 4)


def test_everything_that_is_sold_has_a_price_and_traffic() -> None:
    for name, entry in CATALOG.all_server_types().items():
        for place in (*entry.locations, *entry.deprecated_in):
            price = CATALOG.server_price(name, place)
            assert price is not None, (name, place)
            assert price.eur_per_month
            if name != "cpx02":
                assert CATALOG.included_traffic_tb(name, place)
        assert CATALOG.server_price(name, "nowhere") is None


def test_traffic_is_more_in_europe() -> None:
    assert CATALOG.included_traffic_tb("cx43", "fsn1") == 20
    assert CATALOG.included_traffic_tb("ccx63", "fsn1") == 60
    assert CATALOG.included_traffic_tb("ccx63", "ash") == 8
    assert CATALOG.included_traffic_tb("cpx12", "sin") == 0.5
    assert CATALOG.included_traffic_tb("cpx02", "nbg1") is None


def test_where_it_is_from_is_said() -> None:
    assert [source.of for source in CATALOG.sources] == ["Server types", "Locations", "Prices"]
    assert {source.as_of for source in CATALOG.sources} == {"2026-09-29"}
    assert CATALOG.source("prices").name.startswith("Hetzner Cloud API")


@pytest.mark.parametrize("name", FILE.sections)
def test_the_files_are_as_they_are_written(name: str) -> None:
    text = (FOLDER / f"{name}.json").read_text()
    FILE.check(text, name)
    assert FILE.text_of(json.loads(text)) == text


# What you add.


def test_your_entries_win() -> None:
    more = HetznerCatalog(
        server_types=(
            OWN,
            ServerType("cx43", vcpus=9, memory_gib=1, architecture="x86", locations=()),
        ),
        locations=[Location("nyc1", city="New York", country="US", network_zone="us-east")],
        prices=(
            ServerPrice("cx53", "*", eur_per_month=1.0),
            ServerPrice("cx53", "nbg1", eur_per_hour=0.002, eur_per_month=2.0),
        ),
    )
    assert more.server_type("cx99") is OWN
    assert more.server_type("cx43") != CATALOG.server_type("cx43")
    assert more.server_type("cx53") == CATALOG.server_type("cx53")
    assert more.all_server_types()["cx99"] is OWN
    assert more.location("nyc1") in more.all_locations().values()
    assert [
        price.eur_per_month
        for place in ("fsn1", "nbg1")
        if (price := more.server_price("cx53", place))
    ] == [1.0, 2.0]
    assert more.server_price("cx33", "fsn1") == CATALOG.server_price("cx33", "fsn1")


def test_catalogues_of_the_same_entries_are_the_same() -> None:
    assert HetznerCatalog(server_types=(OWN,)) == HetznerCatalog(server_types=(OWN,))
    assert hash(HetznerCatalog(server_types=(OWN,))) == hash(HetznerCatalog(server_types=(OWN,)))
    assert HetznerCatalog(server_types=(OWN,)) != CATALOG


def a_type(**more: Any) -> ServerType:
    fields = {"vcpus": 4, "memory_gib": 8, "architecture": "x86", "locations": ("fsn1",), **more}
    return ServerType(fields.pop("name", "cx99"), **fields)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "CX99"}, "name='CX99': a name such as \"cx43\" is accepted"),
        ({"vcpus": 0}, "vcpus=0: a whole number of vCPUs from 1"),
        ({"vcpus": True}, "vcpus=True: a whole number of vCPUs"),
        ({"memory_gib": 0}, "memory_gib=0: a number of GB"),
        ({"memory_gib": float("inf")}, "memory_gib=inf: a number of GB"),
        ({"disk_gb": -1}, "disk_gb=-1: a whole number of GB from 1"),
        ({"architecture": "arm64"}, 'architecture=\'arm64\': "x86" or "arm" is accepted'),
        ({"dedicated": 1}, "dedicated=1: True or False is accepted"),
        ({"firmware": "efi"}, 'firmware=\'efi\': "bios" or "uefi" is accepted'),
        ({"locations": "fsn1"}, "locations='fsn1': a tuple or a list is accepted"),
        ({"locations": ("fsn1-dc14",)}, "locations='fsn1-dc14': a location such as"),
        ({"locations": ("fsn1", "fsn1")}, "locations='fsn1': given twice"),
        ({"deprecated_in": ("fsn1",)}, "deprecated_in='fsn1': it is among its locations"),
        ({"unavailable_after": "2025"}, "unavailable_after='2025': a day such as"),
        ({"listed_available": ("",)}, "listed_available='': a location such as"),
        ({"cores": 4}, "there is no field 'cores'"),
    ],
)
def test_a_server_type_that_cannot_be(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(FleetError) as error:
        a_type(**fields)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Location("FSN", city="x", country="DE", network_zone="eu-central"), "name='FSN'"),
        (
            lambda: Location("fsn9", city="\0", country="DE", network_zone="eu-central"),
            "location 'fsn9': city=",
        ),
        (
            lambda: Location("fsn9", city="x", country="Germany", network_zone="eu-central"),
            "country='Germany': two letters such as \"DE\"",
        ),
        (
            lambda: Location("fsn9", city="x", country="DE", network_zone="europe"),
            "network_zone='europe': a network zone such as \"eu-central\"",
        ),
        (lambda: ServerPrice("cx43", "fsn1", eur_per_hour=-1), "price of 'cx43': eur_per_hour=-1"),
        (
            lambda: ServerPrice("cx43", "fsn1", eur_per_month=True),
            "eur_per_month=True: EUR without VAT",
        ),
        (lambda: ServerPrice("cx43", "eu central"), 'a location such as "fsn1", or "*" for all'),
        (lambda: HetznerCatalog(server_types=(OWN, OWN)), "server_types='cx99': given twice"),
        (lambda: HetznerCatalog(server_types=OWN), "a tuple or a list is accepted"),  # type: ignore[arg-type]
        (
            lambda: HetznerCatalog(server_types=(a_type(locations=("fsn7",)),)),
            "server type 'cx99': locations='fsn7': not in the catalogue, nor among its locations "
            "(nearest: fsn1)",
        ),
        (
            lambda: HetznerCatalog(prices=(ServerPrice("cx44", "fsn1"),)),
            "price of 'cx44': server_type='cx44': not in the catalogue, nor among its server_types",
        ),
        (
            lambda: HetznerCatalog(prices=(ServerPrice("cx43", "fsn2"),)),
            "price of 'cx43': location='fsn2': not in the catalogue",
        ),
        (
            lambda: HetznerCatalog(prices=(ServerPrice("cx43", "*"), ServerPrice("cx43", "*"))),
            "prices='cx43 in *': given twice",
        ),
    ],
)
def test_an_entry_that_cannot_be(make: Any, said: str) -> None:
    with pytest.raises(FleetError) as error:
        make()
    assert said in str(error.value)


# Looking up.


def server_type_error(name: Any) -> str:
    with pytest.raises(FleetError) as error:
        find_server_type(CATALOG, name, WHERE)
    return str(error.value)


def test_what_is_known_is_found() -> None:
    assert find_server_type(CATALOG, "cx43", WHERE).name == "cx43"
    assert find_server_type(HetznerCatalog(server_types=(OWN,)), "cx99", WHERE) is OWN
    assert find_location(CATALOG, "fsn1", WHERE, "location").city == "Falkenstein"


def test_a_server_type_that_nobody_knows_is_told_how_to_be_used_all_the_same() -> None:
    assert server_type_error("cx44") == (
        "machine 'cinnabar': server_type='cx44': not in the catalogue (nearest: cx43, cpx42, "
        "cpx41); when it exists all the same, say so: catalog=HetznerCatalog(server_types="
        "(ServerType('cx44', vcpus=…, memory_gib=…, architecture=…, locations=(…,)),))"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("CX43", "not in the catalogue (nearest: cx43)"),
        ("cx 43", "not in the catalogue (nearest: cx43)"),
        ("n1-standard-8", 'not in the catalogue; one such as "cx43" is wanted'),
        ("gex44", "a dedicated server; Hetzner Cloud has server types such as ccx23, and no GPUs"),
        ("AX41-NVMe", "a dedicated server; Hetzner Cloud has server types such as ccx23"),
        ("", 'one such as "cx43" is accepted'),
        (None, 'one such as "cx43" is accepted'),
        (("cx43",), 'one such as "cx43" is accepted'),
    ],
)
def test_what_is_no_server_type_is_told_what_one_is(name: Any, said: str) -> None:
    message = server_type_error(name)
    assert message.startswith(f"{WHERE}: server_type={name!r}: {said}")
    assert "ServerType(" not in message


def test_the_server_type_that_is_offered_instead_can_be_ordered() -> None:
    assert "(nearest: cpx22, cx23)" in server_type_error("cx2222")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fsn2", "not in the catalogue (nearest: fsn1); when it exists all the same, say so: "),
        ("FSN1", "not in the catalogue (nearest: fsn1)"),
        ("fsn1-dc14", 'that is a datacenter; "fsn1" is the location that it is in'),
        ("nbg1-DC3", 'that is a datacenter; "nbg1" is the location that it is in'),
        ("eu-central", "that is a network zone; its locations are fsn1, hel1 and nbg1"),
        ("Falkenstein", 'that is the city; "fsn1" is the location'),
        ("ashburn", 'that is the city; "ash" is the location'),
        ("us-central1-b", "not in the catalogue, which has ash (Ashburn, VA), fsn1 (Falkenstein)"),
        ("", 'one such as "fsn1" is accepted'),
        (None, 'one such as "fsn1" is accepted'),
    ],
)
def test_a_location_that_is_none_is_told_what_was_meant(name: Any, said: str) -> None:
    with pytest.raises(FleetError) as error:
        find_location(CATALOG, name, WHERE, "fallback_locations")
    assert str(error.value).startswith(f"{WHERE}: fallback_locations={name!r}: {said}")


# What a location sells.


def sold(name: str, place: str, *, field: str = "server_type", existing: bool = False) -> None:
    entry, location = CATALOG.server_type(name), CATALOG.location(place)
    assert entry is not None
    assert location is not None
    check_sold(WHERE, field, entry, location, CATALOG, existing=existing)


def unsold(name: str, place: str, **more: Any) -> str:
    with pytest.raises(FleetError) as error:
        sold(name, place, **more)
    return str(error.value)


def test_what_is_sold_is_accepted_whatever_its_stock() -> None:
    for name, entry in CATALOG.all_server_types().items():
        for place in entry.locations:
            sold(name, place)
            sold(name, place, existing=True)


def test_cx_outside_europe_is_refused_in_these_words() -> None:
    assert unsold("cx43", "ash") == (
        "machine 'cinnabar': server_type='cx43': cx and cax are sold in Europe alone (cx43 in "
        "fsn1, nbg1 and hel1), and ash is Ashburn, VA; as large, and sold in ash: cpx41 (8 vCPUs, "
        "16 GB) and ccx33 (8 vCPUs, 32 GB); if that has changed, infra catalog update --help says "
        "how to renew the catalogue"
    )


def test_where_no_arm_is_sold_x86_is_offered_and_said_to_be_so() -> None:
    message = unsold("cax11", "sin", field="fallback_locations")
    assert "fallback_locations='sin': cx and cax are sold in Europe alone" in message
    assert "cpx22 (2 vCPUs, 4 GB)" in message
    assert "of x86, for no Arm is sold there" in message


def test_what_is_sold_elsewhere_names_where() -> None:
    message = unsold("cpx22", "ash")
    assert "cpx22 is sold in fsn1, nbg1, hel1 and sin, and not in ash" in message
    assert "cpx21 (3 vCPUs, 4 GB)" in message


def test_what_can_no_longer_be_ordered_stays_with_a_server_that_exists() -> None:
    assert unsold("cpx11", "fsn1") == (
        "machine 'cinnabar': server_type='cpx11': cpx11 can no longer be ordered in fsn1 (the last "
        "day was 2025-12-31); a server that exists keeps it: existing=True; as large, and sold in "
        "fsn1: cx23 (2 vCPUs, 4 GB), cpx22 (2 vCPUs, 4 GB) and ccx13 (2 vCPUs, 8 GB)"
    )
    assert "cx22 can no longer be ordered in fsn1; a server" in unsold("cx22", "fsn1")
    sold("cpx11", "fsn1", existing=True)
    sold("cx22", "hel1", existing=True)


def test_a_server_cannot_exist_where_its_type_never_was() -> None:
    assert "sold in Europe alone" in unsold("cx43", "ash", existing=True)
    assert "cx22 is sold nowhere any more, and not in ash" in unsold("cx22", "ash", existing=True)


def test_nothing_is_offered_where_nothing_is_as_large() -> None:
    huge = a_type(vcpus=500)
    own = HetznerCatalog(server_types=(huge,))
    place = own.location("ash")
    assert place is not None
    with pytest.raises(FleetError, match=r"nothing that is sold in ash is as large \(500 vCPUs"):
        check_sold(WHERE, "server_type", huge, place, own, existing=False)


@given(st.sampled_from([*CATALOG.all_server_types()]), st.sampled_from([*CATALOG.all_locations()]))
def test_what_is_offered_instead_is_sold_and_as_large(name: str, place: str) -> None:
    wanted = CATALOG.all_server_types()[name]
    found = as_large(CATALOG, wanted, place)
    assert len({each.family for each in found}) == len(found)
    for each in found:
        assert place in each.locations
        assert each.vcpus >= wanted.vcpus
        assert each.memory_gib >= wanted.memory_gib
        assert each.name != name
    months = [CATALOG.server_price(each.name, place) for each in found]
    amounts = [price.eur_per_month or 0 for price in months if price]
    assert amounts == sorted(amounts)


def test_a_dedicated_server_type_is_not_replaced_by_a_shared_one() -> None:
    wanted = CATALOG.all_server_types()["ccx23"]
    assert [each.name for each in as_large(CATALOG, wanted, "fsn1")] == ["ccx33"]


def test_a_family_is_of_europe_alone_until_it_is_sold_elsewhere() -> None:
    assert europe_alone(CATALOG) == ["cx", "cax"]
    cx43 = CATALOG.all_server_types()["cx43"]
    more = evolve(cx43, locations=(*cx43.locations, "ash"))
    assert europe_alone(HetznerCatalog(server_types=(more,))) == ["cax"]


# Stock.


def machine(name: str, server_type: str, location: str = "fsn1", **fields: Any) -> HetznerMachine:
    return HetznerMachine(name, server_type=server_type, location=location, **fields)


def test_what_often_cannot_be_had_is_said_with_what_can() -> None:
    found = stock_note(
        [
            machine("cinnabar", "cx43"),
            machine("electrum", "cx43"),
            machine("arsenic", "cax11", "nbg1"),
            machine("galena", "ccx23"),
        ]
    )
    assert found == (
        "cx and cax server types often cannot be created, for Hetzner runs out of them: cx43 in "
        "fsn1 for cinnabar, electrum, which was listed as unavailable on 2026-09-29 (take cpx42 "
        "instead: 8 vCPUs, 16 GB); cax11 in nbg1 for arsenic, which was listed as unavailable on "
        "2026-09-29 (take cpx22 instead: 2 vCPUs, 4 GB, x86)"
    )


def test_a_reading_that_says_available_is_not_trusted() -> None:
    cx43 = evolve(CATALOG.all_server_types()["cx43"], listed_available=("fsn1",))
    found = stock_note([machine("cinnabar", "cx43", catalog=HetznerCatalog(server_types=(cx43,)))])
    assert found is not None
    assert "cx43 in fsn1 for cinnabar (take cpx42 instead" in found


@pytest.mark.parametrize(
    "each",
    [
        machine("cinnabar", "cx43", enabled=False),
        machine("cinnabar", "cx43", existing=True),
        machine("cinnabar", "cpx42"),
        machine("cinnabar", "ccx23", "ash"),
    ],
)
def test_where_nothing_is_to_be_made_nothing_is_said(each: HetznerMachine) -> None:
    assert stock_note([each]) is None


# The file.


def test_a_file_is_loaded_and_what_it_leaves_out_is_built_in(tmp_path: Path) -> None:
    path = tmp_path / "hetzner-catalog.json"
    entry = {"vcpus": 3, "memory_gib": 6.5, "architecture": "arm", "locations": ["fsn1"]}
    section = {"as_of": "2026-11", "source": "mine", "server_types": {"cax99": entry}}
    path.write_text(FILE.text_of({"server_types": section}))
    found = HetznerCatalog.load(path)
    assert [*found.all_server_types()] == ["cax99"]
    assert found.all_server_types()["cax99"].memory_gib == 6.5
    assert found.location("fsn1") == CATALOG.location("fsn1")
    assert found.source("server_types").text == "Server types: mine, as of 2026-11"
    assert evolve(found, server_types=(OWN,)).server_type("cx99") is OWN


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no JSON"),
        ("[", "no JSON"),
        ("[]", "no catalogue: an object with server_types, locations, prices is wanted"),
        ("{}", "no catalogue"),
        ('{"prices": 1, "prices": 2}', "'prices' is there twice"),
        ('{"machine_types": {}}', "machine_types is not known"),
        ('{"prices": []}', "prices=[]: an object is wanted"),
        ('{"prices": {"as_of": "soon"}}', "prices.as_of='soon': a date such as"),
        ('{"prices": {"as_of": "2026", "source": "a\\u0007"}}', "prices.source="),
    ],
)
def test_a_file_that_holds_no_catalogue_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "c.json"
    path.write_text(content)
    with pytest.raises(FleetError) as error:
        HetznerCatalog.load(path)
    assert str(path) in str(error.value)
    assert said in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match=r"c\.json: cannot be read: No such file"):
        HetznerCatalog.load(tmp_path / "c.json")
    with pytest.raises(FleetError, match="not a regular file"):
        HetznerCatalog.load(tmp_path)


def changed(section: str, *path: str, to: Any) -> str:
    content = json.loads(json.dumps({section: BUILT_IN[section]}))
    *way, last = path
    at = content[section]
    for name in way:
        at = at[name]
    at[last] = to
    return json.dumps(content)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (changed("prices", "currency", to="USD"), "prices.currency='USD': \"EUR\" is wanted"),
        (changed("prices", "orders_since", to="2026"), "prices.orders_since='2026': a day"),
        (changed("prices", "volume_gb", to=-1), "prices.volume_gb=-1: an amount is wanted"),
        (changed("prices", "volume_bg", to=1), "prices.volume_bg is not known (nearest: volume_gb"),
        (
            changed("prices", "servers", "cx43", "fsn1", to=[1]),
            "prices.servers.cx43.fsn1=[1]: [EUR per hour, EUR per month] is wanted",
        ),
        (changed("prices", "servers", "CX", to={}), "prices.servers='CX': no such name can be"),
        (changed("prices", "servers", "cx43", to=1), "prices.servers.cx43=1: an object is wanted"),
        (
            changed("prices", "primary_ips", "ipv5", to={}),
            "prices.primary_ips='ipv5': no such name",
        ),
        (changed("prices", "traffic_tb", "fsn1", to="1"), "prices.traffic_tb.fsn1='1': an amount"),
        (
            changed("locations", "locations", to={}),
            "locations.locations={}: one at least is wanted",
        ),
        (
            changed("locations", "locations", "fsn1", "country", to="D"),
            "location 'fsn1': country='D'",
        ),
        (
            changed("locations", "locations", "fsn1", to={"city": "x"}),
            "locations.locations.fsn1: city, country, network_zone are wanted",
        ),
        (
            changed("server_types", "server_types", "cx43", "vcpus", to=0.5),
            "server type 'cx43': vcpus=0.5",
        ),
        (
            changed("server_types", "server_types", "cx43", "cores", to=8),
            "server_types.server_types.cx43.cores is not known",
        ),
        (
            changed("server_types", "server_types", "cx43", "locations", to="fsn1"),
            "server type 'cx43': locations='fsn1'",
        ),
        (changed("server_types", "server_types", "cx43", to=[]), "cx43=[]: an object is wanted"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(text: str, said: str) -> None:
    with pytest.raises(FleetError) as error:
        FILE.check(text, "mine.json")
    assert str(error.value).startswith("mine.json: ")
    assert said in str(error.value)


# Files of any content come back as they were.

amounts = st.one_of(st.none(), st.floats(0, 1e6), st.integers(0, 10**6))
places = st.sampled_from([*CATALOG.all_locations()])
names = st.from_regex(r"[a-z]{1,4}[0-9]{1,3}", fullmatch=True)
rates = st.dictionaries(names, st.dictionaries(places, st.tuples(amounts, amounts).map(list)))
entries = st.builds(
    ServerType,
    names,
    vcpus=st.integers(1, 999),
    memory_gib=st.floats(0.5, 999) | st.integers(1, 999),
    disk_gb=st.none() | st.integers(1, 9999),
    architecture=st.sampled_from(["x86", "arm"]),
    dedicated=st.booleans(),
    firmware=st.sampled_from([None, "bios", "uefi"]),
    locations=st.lists(places, unique=True).map(tuple),
    unavailable_after=st.none() | st.dates().map(str),
    listed_available=st.none() | st.lists(places, unique=True).map(tuple),
)


def as_entry(entry: ServerType) -> dict[str, Any]:
    names = [each for each in ServerType.__slots__ if each not in {"name", "__weakref__"}]  # type: ignore[attr-defined]
    found = {name: getattr(entry, name) for name in names}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in found.items()
        if value is not None
    }


@given(st.lists(entries, min_size=1, unique_by=lambda entry: entry.name), rates, amounts)
def test_a_file_comes_back(types: list[ServerType], servers: Any, amount: Any) -> None:
    about = {"as_of": "2026-11-27", "source": "Ümlaut “mine”"}
    content: dict[str, Any] = {
        "server_types": {**about, "server_types": {each.name: as_entry(each) for each in types}},
        "prices": {
            **about,
            "currency": "EUR",
            "servers": servers,
            **dict.fromkeys(("volume_gb", "snapshot_gb", "backup_percent"), amount),
        },
    }
    text = FILE.text_of(content)
    FILE.check(text, "mine.json")
    assert FILE.text_of(json.loads(text)) == text
    found = HetznerCatalog(tables=Tables(text))
    assert found.all_server_types() == {each.name: each for each in types}
    assert found.volume_price() == amount
    for name, by_place in servers.items():
        for place, (hour, month) in by_place.items():
            price = found.server_price(name, place)
            given = None if price is None else [price.eur_per_hour, price.eur_per_month]
            assert given == (None if hour is None and month is None else [hour, month])
