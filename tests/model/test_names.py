"""The checks agree with the rules as others state them, whatever is tried."""

import string
from collections.abc import Callable
from ipaddress import ip_address

from hypothesis import example, given
from hypothesis import strategies as st

from infra_lib import (
    FleetError,
    GcpMachine,
    GcpProject,
    HetznerMachine,
    HetznerProject,
    Machine,
    PrivateNetwork,
    Volume,
)

LOWER, DIGITS = string.ascii_lowercase, string.digits

# Mostly what is nearly right, now and then anything at all.
near_names = st.text(st.sampled_from("ab-zA_0 9.\n٣é"), max_size=66)
anything = st.text(max_size=70)


def accepts(make: Callable[[], object]) -> bool:
    try:
        make()
    except FleetError:
        return False
    return True


def is_rfc1035_label(text: str) -> bool:
    return (
        0 < len(text) < 64
        and text[0] in LOWER
        and text[-1] in LOWER + DIGITS
        and all(character in LOWER + DIGITS + "-" for character in text)
    )


def is_host_name(text: str) -> bool:
    """As networking.hostName of NixOS takes one."""
    inside = set(string.ascii_letters + DIGITS + "-_")
    return 0 < len(text) < 64 and set(text) <= inside and not {text[0], text[-1]} & set("-_")


@given(near_names | anything | st.from_regex(r"[a-z][-a-z0-9]{0,64}", fullmatch=True))
@example("nul")
@example("a" * 63)
@example("a" * 64)
@example("galena\n")
@example("7zip")
@example("Vault_2")
def test_names(text: str) -> None:
    assert accepts(lambda: Machine(text)) == is_host_name(text)
    mac = accepts(lambda: Machine(text, machine_class="darwin"))
    assert mac == (is_host_name(text) and "_" not in text)
    assert accepts(lambda: gcp(name=text)) == is_rfc1035_label(text)


def is_rfc1123_label(text: str) -> bool:
    """As Hetzner Cloud takes a server's name, but for the first digit, which Terraform refuses."""
    letters = string.ascii_letters
    return (
        0 < len(text) < 64
        and text[0] in letters
        and text[-1] in letters + DIGITS
        and all(character in letters + DIGITS + "-" for character in text)
    )


def is_label_value(text: str) -> bool:
    """As hcloud-go has it: https://github.com/hetznercloud/hcloud-go/blob/main/hcloud/labels.go."""
    ends = string.ascii_letters + DIGITS
    inside = ends + "._-"
    return not text or (
        len(text) < 64 and text[0] in ends and text[-1] in ends and not set(text) - set(inside)
    )


@given(near_names | anything | st.from_regex(r"[A-Za-z][-A-Za-z0-9]{0,64}", fullmatch=True))
@example("a" * 63)
@example("a" * 64)
@example("galena\n")
@example("7zip")
@example("gam_ma")
def test_names_at_hetzner(text: str) -> None:
    accepted = is_rfc1123_label(text)
    assert accepts(lambda: hetzner(name=text)) == accepted
    assert accepts(lambda: Volume(text, size_gb=10)) == accepted
    assert accepts(lambda: PrivateNetwork(text)) == accepted
    assert accepts(lambda: hetzner(placement_group=text)) == accepted


@given(st.text(st.sampled_from("aZ0._-/@ é\n"), max_size=66) | anything)
@example("a" * 63)
@example("a" * 64)
@example("Ada Lovelace")
@example("ml-")
def test_labels_at_hetzner(text: str) -> None:
    for make in (hetzner, HetznerProject):
        assert accepts(lambda make=make: make(labels={"a": text})) == is_label_value(text)  # type: ignore[misc]


@given(st.lists(st.sampled_from("aZ0._-/ ") | st.just("example.org/"), max_size=5).map("".join))
@example("Zexample.org/a")
@example("example.org/")
def test_label_keys_at_hetzner(text: str) -> None:
    prefix, slash, name = text.rpartition("/")
    characters = set(LOWER + LOWER.upper() + DIGITS)
    # As https://github.com/hetznercloud/hcloud-go/blob/main/hcloud/labels.go has it.
    prefixed = bool(prefix) and {prefix[0], prefix[-1]} <= characters >= set(prefix) - set("-_.")
    good = bool(name) and is_label_value(name) and (prefixed if slash else True)
    assert accepts(lambda: hetzner(labels={text: ""})) == good


def hetzner(
    *,
    name: str = "a",
    labels: dict[str, str] | None = None,
    placement_group: str | None = None,
) -> HetznerMachine:
    return HetznerMachine(
        name,
        server_type="cx43",
        location="fsn1",
        labels=labels or {},
        placement_group=placement_group,
    )


def gcp(
    *,
    name: str = "a",
    labels: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
    description: str = "",
    startup_script: str = "",
) -> GcpMachine:
    return GcpMachine(
        name,
        machine_type="e2-micro",
        zone="us-central1-a",
        labels=labels or {},
        metadata=metadata or {},
        description=description,
        startup_script=startup_script,
    )


@given(near_names | anything, near_names | anything)
@example("team", "")
@example("cost", "ml")
def test_labels(key: str, value: str) -> None:
    allowed = set(LOWER + DIGITS + "_-")
    possible = (
        0 < len(key) < 64
        and key[0] in LOWER
        and set(key) <= allowed
        and 0 < len(value) < 64
        and set(value) <= allowed
    )
    reserved = {"cost", "fleet", "machine", "state"}
    assert accepts(lambda: gcp(labels={key: value})) == (possible and key not in reserved)


@given(near_names | anything)
@example("ssh-keys")
def test_metadata_keys(key: str) -> None:
    allowed = set(string.ascii_letters + DIGITS + "_-")
    possible = 0 < len(key) < 129 and set(key) <= allowed
    reserved = {
        *("block-project-ssh-keys", "enable-guest-attributes", "enable-oslogin"),
        *("serial-port-enable", "ssh-keys", "startup-script"),
    }
    assert accepts(lambda: gcp(metadata={key: ""})) == (possible and key not in reserved)


@given(st.text(st.sampled_from("ab-_:.$\\'\"{} \t\nä\u00a0\x7f"), max_size=8) | anything)
@example("")
def test_tags(tag: str) -> None:
    word = tag.split() == [tag] and not set(tag) & set("\"'\\${}")
    control = any(ord(character) < 32 or ord(character) == 127 for character in tag)
    surrogate = any(0xD800 <= ord(character) <= 0xDFFF for character in tag)
    assert accepts(lambda: Machine("a", tags=(tag,))) == (word and not control and not surrogate)


def is_ipv4_range(text: str) -> bool:
    address, slash, length = text.partition("/")
    octets = address.split(".")
    numbers = [*octets, length]
    if not slash or len(octets) != 4 or not all(set(part) <= set(DIGITS) for part in numbers):
        return False
    if not all(numbers) or any(part != str(int(part)) for part in numbers):
        return False
    value = 0
    for octet in octets:
        if int(octet) > 255:
            return False
        value = value * 256 + int(octet)
    return int(length) <= 32 and value % 2 ** (32 - int(length)) == 0


octets = st.integers(0, 300).map(str) | st.sampled_from(["0", "00", "", "255"])
ranges = st.builds("{}.{}.{}.{}/{}".format, octets, octets, octets, octets, st.integers(0, 40))


@given(ranges | st.text(st.sampled_from("0123456789./"), max_size=20))
@example("0.0.0.0/0")
@example("10.0.0.0/08")
@example("35.235.240.0/20\n")
def test_ipv4_ranges(text: str) -> None:
    project = accepts(
        lambda: GcpProject("example-project", region="us-central1", ssh_source_ranges=(text,))
    )
    assert project == is_ipv4_range(text)


@given(st.integers(0, 2**128 - 1), st.integers(0, 128))
def test_ipv6_ranges(value: int, length: int) -> None:
    network = value >> (128 - length) << (128 - length)
    text = f"{ip_address(network + (1 << 128) - (1 << 128)) if network > 2**32 else '::'}/{length}"
    assert accepts(
        lambda: GcpProject("example-project", region="us-central1", ssh_source_ranges=(text,))
    )


@given(st.text())
@example("${a} %{b} ''${c} \" \\ \r\n\t $$ 'd'")
@example("\x00")
@example("\ud800")
def test_text_is_kept_exactly_or_refused(text: str) -> None:
    writable = not any(
        (ord(character) < 32 and character not in "\t\r\n")
        or ord(character) == 127
        or 0xD800 <= ord(character) <= 0xDFFF
        for character in text
    )
    assert accepts(lambda: Machine("a", description=text)) == writable
    if writable:
        machine = gcp(metadata={"a": text}, description=text, startup_script=text)
        assert machine.metadata["a"] == text
        assert machine.description == text
        assert machine.startup_script == text
        assert machine.full_description == f"GCP node (e2-micro){': ' * bool(text)}{text}"
