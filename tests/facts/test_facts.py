"""The file of facts: what it takes, what it refuses, and that writing it is reading it back."""

import base64
import json
from collections.abc import Callable, Hashable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_lib import FleetError
from infra_lib.model.facts import Facts, MachineFacts, canonical_ipv6

NETWORK = "0123456789abcdef"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"
SCHEELITE = MachineFacts(
    "scheelite",
    external_ip="203.0.113.48",
    external_ipv6="2001:db8:1:2::1",
    ssh_host_key=KEY,
    state_version="25.05",
    zerotier_ip="fd01:2345:6789:abcd:ef99:93ab:cdef:1200",
    zone="us-central1-c",
)


def ed25519(seed: bytes) -> str:
    blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + seed
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


names = st.from_regex(r"[a-z]([-a-z0-9]{0,10}[a-z0-9])?", fullmatch=True)


def optional(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.none() | strategy


machines = st.builds(
    MachineFacts,
    names,
    external_ip=optional(st.ip_addresses(v=4).map(str)),
    external_ipv6=optional(
        st.ip_addresses(v=6).map(str).filter(lambda text: canonical_ipv6(text) is not None)
    ),
    ssh_host_key=optional(st.binary(min_size=32, max_size=32).map(ed25519)),
    state_version=optional(st.from_regex(r"[0-9]{2}\.[0-9]{2}", fullmatch=True)),
    zerotier_member_id=optional(st.integers(0, 2**40 - 1).map("{:010x}".format)),
    zone=optional(st.sampled_from(["us-central1-c", "europe-west4-a"])),
)


def distinct(field: str) -> Callable[[MachineFacts], Hashable]:
    return lambda each: getattr(each, field) or object()


facts = st.builds(
    Facts,
    machines=st.lists(
        machines,
        max_size=5,
        unique_by=tuple(
            map(
                distinct,
                ("name", "external_ip", "external_ipv6", "ssh_host_key", "zerotier_member_id"),
            )
        ),
    ),
    zerotier_network_id=optional(st.integers(0, 2**64 - 1).map("{:016x}".format)),
)


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "facts.json").mkdir()
    with pytest.raises(OSError, match=r"'.*/facts.json'$") as caught:
        Facts(path=tmp_path / "facts.json").save()
    assert ".facts.json." not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["facts.json"]


@given(facts)
def test_what_is_written_is_read_back(given_facts: Facts) -> None:
    text = given_facts.to_json()
    back = Facts.from_json(text, "facts.json")
    assert back.to_json() == text
    for machine in given_facts.machines:
        assert back.machine(machine.name) == given_facts.machine(machine.name)


@given(
    st.permutations(
        [SCHEELITE, MachineFacts("galena", zone="us-central1-b"), MachineFacts("amber")]
    )
)
def test_the_order_given_does_not_matter(order: list[MachineFacts]) -> None:
    assert Facts(machines=tuple(order)).to_json() == Facts(machines=tuple(order[::-1])).to_json()


def test_the_file_is_sorted_and_leaves_out_what_is_not_known() -> None:
    text = Facts(
        machines=(SCHEELITE, MachineFacts("galena", zone="us-central1-b"), MachineFacts("amber"))
    ).to_json()
    assert text == (
        "{\n"
        '  "machines": {\n'
        '    "galena": {\n'
        '      "zone": "us-central1-b"\n'
        "    },\n"
        '    "scheelite": {\n'
        '      "external_ip": "203.0.113.48",\n'
        '      "external_ipv6": "2001:db8:1:2::1",\n'
        f'      "ssh_host_key": "{KEY}",\n'
        '      "state_version": "25.05",\n'
        '      "zerotier_ip": "fd01:2345:6789:abcd:ef99:93ab:cdef:1200",\n'
        '      "zerotier_member_id": "abcdef1200",\n'
        '      "zone": "us-central1-c"\n'
        "    }\n"
        "  },\n"
        '  "version": 1,\n'
        f'  "zerotier_network_id": "{NETWORK}"\n'
        "}\n"
    )


def test_an_address_says_the_id_and_the_network() -> None:
    facts = Facts(machines=(SCHEELITE,))
    assert facts.machine("scheelite").zerotier_member_id == "abcdef1200"
    assert facts.zerotier_network_id == NETWORK


def test_an_id_and_the_network_say_the_address() -> None:
    facts = Facts(
        machines=(MachineFacts("scheelite", zerotier_member_id="abcdef1200"),),
        zerotier_network_id=NETWORK,
    )
    assert facts.machine("scheelite").zerotier_ip == SCHEELITE.zerotier_ip
    assert facts.zerotier_ip("abcdef1200") == SCHEELITE.zerotier_ip


def test_an_id_without_a_network_has_no_address_yet() -> None:
    facts = Facts(machines=(MachineFacts("stibnite", zerotier_member_id="abcdef1200"),))
    assert facts.machine("stibnite").zerotier_ip is None
    assert facts.zerotier_ip("abcdef1200") is None


def test_nothing_is_known_of_a_machine_that_is_not_there() -> None:
    assert Facts().machine("galena") == MachineFacts("galena")


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("external_ip", "203.0.113.256", "IPv4"),
        ("external_ip", "203.0.113", "IPv4"),
        ("external_ip", "203.0.113.048", "IPv4"),
        ("external_ip", "203.0.113.48 ", "IPv4"),
        ("external_ip", "fddb::1", "IPv4"),
        ("external_ip", "", "IPv4"),
        ("external_ipv6", "203.0.113.48", "IPv6"),
        ("external_ipv6", "2001:db8:1:2::/64", "IPv6"),
        ("external_ipv6", "2001:db8:1:2::1%eth0", "IPv6"),
        ("external_ipv6", "fe80::1", "reached from the Internet"),
        ("external_ipv6", "::1", "reached from the Internet"),
        ("external_ipv6", "::", "reached from the Internet"),
        ("external_ipv6", "ff02::1", "reached from the Internet"),
        ("external_ipv6", "::ffff:203.0.113.48", "IPv6"),
        ("external_ipv6", 1, "IPv6"),
        ("external_ipv6", "", "IPv6"),
        ("ssh_host_key", "AAAA", "OpenSSH public key"),
        ("state_version", "25.5", "a release"),
        ("state_version", 25.05, "a release"),
        ("zerotier_ip", "fe80::1", "RFC 4193"),
        ("zerotier_member_id", "8046D53400", "10 hexadecimal digits"),
        ("zerotier_member_id", "abcdef120", "10 hexadecimal digits"),
        ("zone", "", "a zone"),
        ("zone", "us central1", "a zone"),
        ("zone", "-c", "a zone"),
        ("zone", "c\n", "a zone"),
        ("zone", ["us-central1-c"], "a zone"),
    ],
)
def test_a_value_that_cannot_be_names_machine_field_and_value(
    field: str, value: object, said: str
) -> None:
    text = json.dumps({"version": 1, "machines": {"galena": {field: value}}})
    with pytest.raises(FleetError) as error:
        Facts.from_json(text, "facts.json")
    assert str(error.value).startswith(
        f"facts.json: facts of machine 'galena': {field}={value!r}: "
    )
    assert said in str(error.value)


def test_an_address_and_an_id_that_disagree_are_refused() -> None:
    with pytest.raises(
        FleetError,
        match=r"'scheelite': zerotier_member_id='abcdef1201': its zerotier_ip .*'abcdef1200'",
    ):
        MachineFacts(
            "scheelite", zerotier_ip=SCHEELITE.zerotier_ip, zerotier_member_id="abcdef1201"
        )


def test_an_address_outside_the_network_is_refused() -> None:
    with pytest.raises(
        FleetError,
        match=r"'scheelite': zerotier_ip=.*network 0000000000000001; .* in 0123456789abcdef",
    ):
        Facts(machines=(SCHEELITE,), zerotier_network_id="0000000000000001")


def test_addresses_in_two_networks_are_refused() -> None:
    other = MachineFacts("galena", zerotier_ip="fd00:0:0:0:199:93ab:cdef:1201")
    with pytest.raises(FleetError, match="an address in the ZeroTier network"):
        Facts(machines=(SCHEELITE, other))


@pytest.mark.parametrize("text", ["2001:DB8:1:2:0:0:0:1", "2001:0db8:0001:0002::0001"])
def test_an_ipv6_address_has_one_spelling(text: str) -> None:
    assert MachineFacts("scheelite", external_ipv6=text).external_ipv6 == "2001:db8:1:2::1"


@pytest.mark.parametrize(
    "field", ["external_ip", "external_ipv6", "zerotier_member_id", "ssh_host_key"]
)
def test_what_is_one_machines_is_no_others(field: str) -> None:
    other = MachineFacts("zinc", **{field: getattr(SCHEELITE, field)})
    with pytest.raises(FleetError, match=f"machine 'zinc': {field}=.*'scheelite' has it"):
        Facts(machines=(SCHEELITE, other))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ('{"version": ' + "1" * 5000 + "}", "no JSON"),
        ("[]", "an object with version and machines is wanted"),
        ("{}", "version=None: this version of infra reads version 1"),
        ('{"version": 2}', "version=2: this version of infra reads version 1"),
        ('{"version": true}', "version=True"),
        ('{"version": 1, "machine": {}}', "field 'machine' is not known; known are machines"),
        ('{"version": 1, "machines": []}', "machines=[]: an object is wanted"),
        ('{"version": 1, "machines": {"a": 5}}', "machines.a=5: an object of facts is wanted"),
        (
            '{"version": 1, "machines": {"a": {"ip": "1.1.1.1"}}}',
            "machine 'a': field 'ip' is not known; known are external_ip",
        ),
        ('{"version": 1, "machines": {"a": {"name": "b"}}}', "field 'name' is not known"),
        ('{"version": 1, "machines": {"-a": {}}}', "a host name has 1 to 63"),
        ('{"version": 1, "machines": {"a": {}, "a": {}}}', "fields='a': given twice"),
        (
            '{"version": 1, "zerotier_network_id": 5}',
            "zerotier_network_id=5: 16 hexadecimal digits",
        ),
    ],
)
def test_a_file_that_is_not_one_of_facts_is_refused(text: str, said: str) -> None:
    with pytest.raises(FleetError) as error:
        Facts.from_json(text, "facts.json")
    assert str(error.value).startswith("facts.json")
    assert said in str(error.value)


@given(
    st.text()
    | st.recursive(
        st.none() | st.booleans() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
    ).map(json.dumps)
)
def test_whatever_stands_in_the_file_the_error_is_ours(text: str) -> None:
    with pytest.raises(FleetError, match=r"^facts\.json"):
        Facts.from_json(text, "facts.json")


def test_no_file_is_no_facts_and_the_path_is_kept(tmp_path: Path) -> None:
    facts = Facts.load(tmp_path / "facts.json")
    assert facts == Facts()
    assert facts.path == tmp_path / "facts.json"


def test_a_path_that_depends_on_the_working_directory_is_refused() -> None:
    with pytest.raises(FleetError, match=r"Path\(__file__\)\.with_name\('facts\.json'\)"):
        Facts.load("facts.json")


def test_a_zone_for_accelerators_is_a_zone() -> None:
    assert MachineFacts("galena", zone="us-central1-ai1a").zone == "us-central1-ai1a"


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    (tmp_path / "facts.json").write_bytes(b"\xff")
    with pytest.raises(FleetError, match=r"facts\.json: cannot be read: .*utf-8"):
        Facts.load(tmp_path / "facts.json")
    with pytest.raises(FleetError, match="cannot be read"):
        Facts.load(tmp_path)
