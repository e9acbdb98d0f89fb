"""A catalogue of Hetzner Cloud from what its API answers, and from what it does not."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_lib.clouds.answers import Renewed
from infra_lib.clouds.hetzner.catalog import CATALOG, HetznerCatalog, renewal
from infra_lib.clouds.hetzner.catalog.file import FILE
from infra_lib.clouds.hetzner.catalog.tables import Tables
from infra_lib.model.errors import FleetError
from tests.clouds.hetzner.rows import rows
from tests.helpers import hetzner_api as api

DAY = "2026-11-27"
TYPES, LOCATIONS, PRICING = renewal.FILES


def renew(
    kept: str | None = None, as_of: str | None = None, *, today: str = DAY, **given: Any
) -> Renewed:
    """Renew from documents: a list has one for each file, of which text is taken as it is."""
    files = {
        f"hetzner-{name.replace('_', '-')}": [
            (f"{name}-{number}.json", _bytes(each))
            for number, each in enumerate(documents, start=1)
        ]
        for name, documents in given.items()
    }
    assert files.keys() <= renewal.FILES.keys()
    return renewal.renew(files, None if kept is None else ("kept.json", kept), as_of, today)


def _bytes(document: Any) -> bytes:
    if isinstance(document, bytes):
        return document
    return (document if isinstance(document, str) else json.dumps(document)).encode()


def loaded(renewed: Renewed) -> HetznerCatalog:
    FILE.check(renewed.text, "what was written")
    return HetznerCatalog(tables=Tables(renewed.text))


def refused(**given: Any) -> str:
    with pytest.raises(FleetError) as error:
        renew(**given)
    return str(error.value)


# What the API says today is what the sources of the built-in catalogue said.


def all_types() -> list[dict[str, Any]]:
    return [
        api.server_type(
            row["name"],
            cores=int(row["cores"]),
            memory=float(row["memory_gb"]),
            disk=int(row["disk_gb"]),
            architecture=row["architecture"],
            cpu_type=row["cpu_type"],
            sold=row["locations"].split(),
            gone=row["deprecated_in"].split(),
            unavailable_after=row["unavailable_after"],
            available=row["listed_available_2026_09_29"].split(),
        )
        for row in rows("server-types")
        if row["api_id"] and row["deprecated_in"] != "all"
    ]


def all_prices() -> dict[str, Any]:
    servers: dict[str, list[dict[str, Any]]] = {}
    ipv4 = []
    for row in rows("prices"):
        name, place, hour, month = (
            row[key] for key in ("server_type", "location", "eur_per_hour", "eur_per_month")
        )
        if name == "primary_ipv4":
            ipv4.append(api.price(place, hour, month))
        elif name != "cpx02" and CATALOG.server_type(name):
            tb = CATALOG.included_traffic_tb(name, place)
            more = CATALOG.traffic_price(place)
            assert tb is not None
            assert more is not None
            servers.setdefault(name, []).append(
                api.server_price(place, hour, month, tb=tb, more=more)
            )
    return api.pricing(servers, ipv4)


def all_locations() -> list[dict[str, Any]]:
    return [
        api.location(row["location"], row["city"], row["country"], row["network_zone"])
        for row in rows("locations")
    ]


def everything() -> dict[str, Any]:
    types = all_types()
    return {
        "server_types": [
            api.page("server_types", types[:20], following=2),
            api.page("server_types", types[20:], number=2),
        ],
        "locations": [api.page("locations", all_locations())],
        "pricing": [all_prices()],
    }


def test_what_the_api_says_is_what_is_built_in() -> None:
    found = loaded(renew(**everything()))
    assert found.all_locations() == CATALOG.all_locations()
    for name, entry in CATALOG.all_server_types().items():
        if name != "cpx02":
            assert found.server_type(name) == entry
        for place in CATALOG.all_locations():
            if name != "cpx02":
                assert found.server_price(name, place) == CATALOG.server_price(name, place)
                assert found.included_traffic_tb(name, place) == CATALOG.included_traffic_tb(
                    name, place
                )
    for place in CATALOG.all_locations():
        assert found.traffic_price(place) == CATALOG.traffic_price(place)
        for version in ("ipv4", "ipv6"):
            assert found.primary_ip_price(version, place) == CATALOG.primary_ip_price(
                version, place
            )
    assert found.volume_price() == CATALOG.volume_price()
    assert found.snapshot_price() == CATALOG.snapshot_price()
    assert found.backup_percent() == CATALOG.backup_percent()
    assert found.tables.orders_since() == CATALOG.tables.orders_since()


def test_what_was_done_is_noted() -> None:
    assert renew(**everything()).notes == (
        "can be ordered nowhere any more, and kept for old servers: cpx02",
        "not known to boot by BIOS or by UEFI, which no API tells: cpx02",
        "server types: 30, of which 25 can be ordered",
    )


def test_the_same_files_make_the_same_catalogue() -> None:
    first = renew(**everything(), as_of="2026-11-20")
    again = renew(first.text, **everything(), as_of="2026-11-20")
    assert again.text == first.text
    assert {section["as_of"] for section in json.loads(first.text).values()} == {"2026-11-20"}
    assert {source.as_of for source in loaded(renew(**everything())).sources} == {DAY}


def test_the_built_in_files_are_the_sections() -> None:
    found = renew(**everything()).built_in
    assert [*found] == ["server_types.json", "locations.json", "prices.json"]
    for name, text in found.items():
        assert [*json.loads(text)] == [name.removesuffix(".json")]
        assert (renewal.BUILT_IN / name).exists()
    assert len(found) == len([*renewal.BUILT_IN.glob("*.json")])


def test_pages_may_be_in_one_file_and_in_any_order() -> None:
    first, second = everything()["server_types"]
    assert (
        renew(server_types=[json.dumps(second) + "\n" + json.dumps(first)]).text
        == renew(server_types=[first, second]).text
    )


# What changes.


def one_type(**more: Any) -> list[Any]:
    return [api.page("server_types", [api.server_type("cx43", **more)])]


def one_price(hour: str = "0.0256", month: str = "15.99", **more: Any) -> list[Any]:
    return [api.pricing({"cx43": [api.server_price("fsn1", hour, month)]}, **more)]


def test_what_no_file_is_given_for_stays() -> None:
    first = renew(pricing=one_price("0.0300", "18.00"))
    assert [*json.loads(first.text)] == ["prices"]
    second = renew(first.text, server_types=one_type())
    assert json.loads(second.text)["prices"] == json.loads(first.text)["prices"]
    assert [*json.loads(second.text)] == ["server_types", "prices"]


def test_a_rise_of_prices_is_noted_and_dated() -> None:
    found = renew(pricing=one_price("0.0300", "18.00"))
    assert "other prices of orders than before: cx43 in fsn1" in found.notes
    assert loaded(found).tables.orders_since() == DAY
    again = renew(found.text, pricing=one_price("0.0300", "18.00"), today="2026-12-24")
    assert loaded(again).tables.orders_since() == DAY
    assert loaded(again).source("prices").as_of == "2026-12-24"


def test_what_lost_its_price_is_noted() -> None:
    found = renew(pricing=one_price())
    (lost,) = [note for note in found.notes if note.startswith("without the price")]
    assert lost.startswith("without the price that they had: cax11 in fsn1, ")
    assert lost.endswith(" more")


def test_a_server_type_that_is_gone_stays_for_old_servers() -> None:
    found = loaded(renew(server_types=one_type()))
    gone = found.all_server_types()["cpx22"]
    assert gone.locations == ()
    assert gone.deprecated_in == ("fsn1", "nbg1", "hel1", "sin")
    assert (gone.vcpus, gone.firmware) == (2, "uefi")
    assert found.all_server_types()["cx22"] == CATALOG.server_type("cx22")


def test_sale_is_what_is_listed_without_deprecation_and_not_what_has_stock() -> None:
    found = loaded(
        renew(
            server_types=one_type(
                sold=["fsn1", "hel1"],
                gone=["nbg1"],
                unavailable_after="2027-01-31",
                available=["nbg1", "fsn1"],
            )
        )
    ).all_server_types()["cx43"]
    assert found.locations == ("fsn1", "hel1")
    assert found.deprecated_in == ("nbg1",)
    assert found.unavailable_after == "2027-01-31"
    assert found.listed_available == ("fsn1", "nbg1")


def test_what_is_deprecated_as_a_whole_is_so_everywhere() -> None:
    found = loaded(renew(server_types=one_type(deprecation=api.deprecation("2026-12-31"))))
    entry = found.all_server_types()["cx43"]
    assert (entry.locations, entry.deprecated_in) == ((), ("fsn1", "nbg1", "hel1"))
    assert entry.unavailable_after == "2026-12-31"


@pytest.mark.parametrize(
    ("name", "firmware"),
    [
        ("cx43", "bios"),
        ("cx63", "bios"),
        ("cpx72", "uefi"),
        ("cpx61", "bios"),
        ("ccx73", "uefi"),
        ("cax51", "uefi"),
        ("cx44", None),
        ("cpx02", None),
        ("kx11", None),
    ],
)
def test_firmware_is_that_of_the_family_and_generation(name: str, firmware: str | None) -> None:
    arm = "arm" if name.startswith("cax") else "x86"
    page = api.page("server_types", [api.server_type(name, architecture=arm)])
    found = renew(server_types=[page])
    assert loaded(found).all_server_types()[name].firmware == firmware
    unknown = [note for note in found.notes if note.startswith("not known to boot")]
    assert (name in "".join(unknown)) == (firmware is None)


def test_a_location_that_is_new_is_asked_for() -> None:
    found = renew(server_types=one_type(sold=["fsn1", "nyc1"]))
    assert "not among the locations, so give --hetzner-locations too: nyc1" in found.notes


# What is wrong.


@pytest.mark.parametrize("name", ["server_types", "locations", "pricing"])
@pytest.mark.parametrize(
    ("held", "said"),
    [
        ("", "it is empty"),
        ("{", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        ("[]", ""),
        ("{}", "what GET /v1/"),
        ('"<html>"', ""),
        ("<html>", "no JSON"),
        (
            {"error": {"code": "unauthorized", "message": "unable to authenticate"}},
            "the API answered with an error: unable to authenticate (unauthorized)",
        ),
    ],
)
def test_what_is_no_answer_of_the_api_is_named(name: str, held: Any, said: str) -> None:
    message = refused(**{name: [held]})
    assert message.startswith(f"{name}-1.json: ")
    assert said in message


def test_files_of_the_wrong_option_are_told_the_right_one() -> None:
    documents = everything()
    for name in documents:
        for other in documents:
            if name != other:
                message = refused(**{name: documents[other][:1]})
                assert f"what GET /v1/{name} answers is wanted: an object with {name}" in message


def test_a_page_that_is_missing_is_asked_for() -> None:
    first, second = everything()["server_types"]
    assert refused(server_types=[first]) == (
        "server_types-1.json: page 2 of server_types follows it; give it too"
    )
    assert "page 1 of server_types is there twice" in refused(server_types=[first, first, second])
    empty = api.page("server_types", [])
    assert "server_types: an empty list" in refused(server_types=[empty])


@pytest.mark.parametrize("currency", ["USD", None, "eur"])
def test_another_currency_than_eur_is_refused(currency: str | None) -> None:
    message = refused(pricing=one_price(currency=currency))
    assert message == (
        f"pricing-1.json: pricing.currency={currency!r}: an account is billed in this currency, "
        "and a catalogue holds EUR: ask with the token of a project whose account is billed in EUR"
    )


def test_amounts_are_those_without_vat() -> None:
    found = loaded(renew(pricing=one_price(vat_rate="21.000000")))
    price = found.server_price("cx43", "fsn1")
    assert price is not None
    assert (price.eur_per_hour, price.eur_per_month) == (0.0256, 15.99)


def test_two_answers_on_prices_are_one_too_many() -> None:
    message = refused(pricing=[all_prices(), all_prices()])
    assert message.startswith("pricing-2.json: /v1/pricing has one page, and this is another")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"cores": 0}, "cx43: cores=0: a whole number, 1 or more"),
        ({"cores": "8"}, "cx43: cores='8': a whole number"),
        ({"disk": None}, "cx43: disk=None: a whole number"),
        ({"memory": "16"}, "cx43: memory='16': a number of GB"),
        ({"memory": float("nan")}, "cx43: memory=nan: a number of GB"),
        ({"architecture": "riscv"}, 'cx43: architecture=\'riscv\': "x86" or "arm" is wanted'),
        ({"cpu_type": "burst"}, 'cx43: cpu_type=\'burst\': "shared" or "dedicated"'),
        ({"locations": None}, "cx43: locations=None: a list of objects is wanted"),
        ({"locations": ["fsn1"]}, "cx43: locations=['fsn1']: a list of objects"),
        ({"locations": [{"name": "../x"}]}, "cx43: locations: name='../x': a location such as"),
        ({"sold": ["fsn1", "fsn1"]}, "cx43: locations: fsn1 is there twice"),
        ({"deprecation": {"unavailable_after": "soon"}}, "cx43: deprecation="),
        ({"deprecation": True}, "cx43: deprecation=True: null, or an object"),
        ({"name": "cx 43"}, "name='cx 43': a server type such as cx43 is wanted"),
    ],
)
def test_a_server_type_that_is_none_is_named(more: dict[str, Any], said: str) -> None:
    fields = {"name": "cx43", **more}
    message = refused(server_types=[api.page("server_types", [api.server_type(**fields)])])
    assert message.startswith("server_types-1.json: ")
    assert said in message


def test_what_is_listed_twice_is_named() -> None:
    twice = [api.server_type("cx43")] * 2
    assert refused(server_types=[api.page("server_types", twice)]).endswith("cx43 is there twice")
    twice = all_locations()[:1] * 2
    assert refused(locations=[api.page("locations", twice)]).endswith("fsn1 is there twice")


@pytest.mark.parametrize(
    ("field", "value"),
    [("city", 3), ("country", ""), ("country", "Germany"), ("network_zone", "x")],
)
def test_a_location_that_is_none_is_named(field: str, value: Any) -> None:
    entry = {**all_locations()[0], field: value}
    message = refused(locations=[api.page("locations", [entry])])
    assert f"{field}={value!r}" in message
    assert "fsn1" in message


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"volume": None}, "volume: an object is wanted"),
        ({"volume": {"price_per_gb_month": {"net": "-1"}}}, "volume: price_per_gb_month: net='-1'"),
        ({"image": {"price_per_gb_month": {"net": "NaN"}}}, "net='NaN': an amount such as"),
        ({"server_backup": {}}, "server_backup: percentage=None: an amount"),
        ({"server_types": []}, "server_types: no price of any server"),
        ({"server_types": {}}, "server_types={}: a list of objects is wanted"),
        ({"primary_ips": [{"type": "ipv5"}]}, "type='ipv5': ipv4 or ipv6 is wanted"),
        (
            {"server_types": [{"name": "cx43", "prices": [api.price("fsn1", 1, 1)]}]},
            "cx43 in fsn1: included_traffic=None: a number of bytes is wanted",
        ),
        (
            {"server_types": [{"name": "cx43", "prices": [api.server_price("fsn1", 1, 1)] * 2}]},
            "cx43: prices: fsn1 is there twice",
        ),
        (
            {
                "server_types": [
                    {"name": "cx43", "prices": [api.server_price("fsn1", 1, 1)]},
                    {"name": "cx53", "prices": [api.server_price("fsn1", 1, 1, more=2)]},
                ]
            },
            "cx53 in fsn1: price_per_tb_traffic=2.0: others in fsn1 have 1.0",
        ),
    ],
)
def test_a_price_that_is_none_is_named(more: dict[str, Any], said: str) -> None:
    message = refused(pricing=one_price(**more))
    assert message.startswith("pricing-1.json: ")
    assert said in message


def test_a_file_that_is_no_catalogue_stays_as_it_is() -> None:
    with pytest.raises(FleetError) as error:
        renew('{"machine_types": {}}', pricing=one_price())
    assert str(error.value).startswith("kept.json: machine_types is not known")
    assert str(error.value).endswith(
        ". It stays as it is: mend it, move it away, or name another file with -o"
    )


# Whatever is in a file, what comes of it is a catalogue, or a FleetError.

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


def cells(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to everything in a document."""
    keys = (
        value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    return [way, *(each for key in keys for each in cells(value[key], (*way, key)))]


DOCUMENTS = {
    "server_types": one_type(gone=["hil"])[0],
    "locations": api.page("locations", all_locations()[:2]),
    "pricing": api.pricing(
        {"cx43": [api.server_price("fsn1", 1, 1)]}, [api.price("fsn1", 0.0008, 0.5)]
    ),
}


@given(st.sampled_from([*DOCUMENTS]), st.data())
def test_a_document_with_anything_in_it_is_read_or_refused(name: str, data: st.DataObject) -> None:
    document = json.loads(json.dumps(DOCUMENTS[name]))
    *way, last = data.draw(st.sampled_from(cells(document)[1:]))
    at = document
    for key in way:
        at = at[key]
    at[last] = data.draw(ANYTHING)
    given: dict[str, Any] = {name: [document]}
    try:
        found = renew(**given)
    except FleetError:
        return
    loaded(found)
