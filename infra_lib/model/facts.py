"""What deployment learned of the machines, kept in one JSON file that is reviewed like code.

`infra sync` writes it from the outputs of Terraform and the public vars of clan; what neither of
them knows, such as the ZeroTier id of a Mac, a person records with `infra sync --set`. Nothing in
it is secret.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import asdict, evolve, field, fields

from infra_lib.model import ssh_key, zerotier_address
from infra_lib.model.errors import FleetError, field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import (
    check_each,
    check_host_name,
    check_instance,
    check_matching,
    check_unique,
    in_order,
    valid,
)
from nixgen.errors import NixgenError
from nixgen.exact import exact
from nixgen.regular_file import read_regular_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

VERSION = 1

_STATE_VERSION = r"[0-9]{2}\.[0-9]{2}"
# What any cloud may call one; the machine's own cloud knows better.
_ZONE = r"[A-Za-z0-9][-.:_A-Za-z0-9]*"
_OCTET = r"0|[1-9][0-9]{0,2}"
_IPV6 = 'an IPv6 address that is reached from the Internet: "2001:db8:1:2::1"'


def is_ipv4(value: object) -> bool:
    """Whether something is an IPv4 address, in the spelling that all programs take for the same."""
    octets = value.split(".") if isinstance(value, str) else []
    return len(octets) == 4 and all(
        re.fullmatch(_OCTET, each) and int(each) < 256 for each in octets
    )


def _check_ipv4(where: str, field: str, value: object) -> None:
    if not is_ipv4(value):
        raise field_error(where, field, value, 'an IPv4 address: "203.0.113.7"')


def canonical_ipv6(value: object) -> str | None:
    """Return an IPv6 address in the one spelling of it (RFC 5952); None for anything else.

    One that nobody else can reach is none: of this host or link alone, or of a group of hosts.
    """
    from ipaddress import AddressValueError, IPv6Address  # few machines have one

    try:
        address = IPv6Address(value) if isinstance(value, str) else None
    except AddressValueError:
        return None
    if address is None or address.scope_id is not None or address.ipv4_mapped is not None:
        return None
    nobody = address.is_unspecified or address.is_loopback or address.is_link_local
    return None if nobody or address.is_multicast else str(address)


@frozen
class MachineFacts:
    """What is known of one machine; what is None is not known.

    The ZeroTier address and member id are two forms of one thing: the address alone gives both,
    and where both are given they must agree.

    Attributes:
        name: The machine's name in the fleet.
        external_ip: The IPv4 address that it is reached at from the Internet.
        external_ipv6: The IPv6 address that it is reached at from the Internet. Of a network of its
            own, such as the /64 that Hetzner gives, it is the first: "2001:db8:1:2::1".
        ssh_host_key: The public SSH key it answers with: "ssh-ed25519 AAAA…", without a comment.
        state_version: The NixOS release it was first installed with, such as "25.05".
        zerotier_ip: Its address in the ZeroTier network.
        zerotier_member_id: Its 10-digit id there, as `zerotier-cli info` prints it.
        zone: The zone it is deployed in, as its cloud calls that. A fleet has its cloud check it.

    Raises:
        FleetError: When a value is not of its kind, or address and member id disagree.
    """

    name: str = field(validator=valid(check_host_name))
    external_ip: str | None = field(default=None, validator=valid(_check_ipv4), kw_only=True)
    external_ipv6: str | None = field(default=None, kw_only=True)
    ssh_host_key: str | None = field(default=None, kw_only=True)
    state_version: str | None = field(
        default=None,
        validator=valid(check_matching, _STATE_VERSION, 'a release: "25.05"'),
        kw_only=True,
    )
    zerotier_ip: str | None = field(default=None, kw_only=True)
    zerotier_member_id: str | None = field(
        default=None, validator=valid(zerotier_address.check_member_id), kw_only=True
    )
    zone: str | None = field(
        default=None,
        validator=valid(check_matching, _ZONE, 'a zone: "us-central1-c"'),
        kw_only=True,
    )

    @property
    def _where(self) -> str:
        return f"facts of machine {self.name!r}"

    def __attrs_post_init__(self) -> None:
        where = self._where
        if self.external_ipv6 is not None:
            address = canonical_ipv6(self.external_ipv6)
            if address is None:
                raise field_error(where, "external_ipv6", self.external_ipv6, _IPV6)
            object.__setattr__(self, "external_ipv6", address)
        if self.ssh_host_key is not None:
            key = ssh_key.host_key(where, "ssh_host_key", self.ssh_host_key)
            object.__setattr__(self, "ssh_host_key", key)
        if self.zerotier_ip is not None:
            _join(self, where)

    @property
    def zerotier_network_id(self) -> str | None:
        """The network that its ZeroTier address lies in; None without an address."""
        if self.zerotier_ip is None:
            return None
        return zerotier_address.split(self.name, "zerotier_ip", self.zerotier_ip)[0]


@cache
def _nothing_of(name: str) -> MachineFacts:
    """Return the facts of a machine of which nothing is known; many ask, and for each machine."""
    return MachineFacts(name)


FIELDS = tuple(each.name for each in fields(MachineFacts) if each.name != "name")
"""The facts there can be of a machine, in the order of the file."""


def _machines(value: Iterable[MachineFacts]) -> tuple[MachineFacts, ...]:
    return in_order(value)


@frozen(kw_only=True)
class Facts:
    """What deployment learned.

    Attributes:
        machines: What is known of each machine, by name; a machine that is not there is unknown.
        zerotier_network_id: The network's 16-digit id; the addresses say it where it is not given.
        path: The file they are kept in; None for facts that are kept nowhere.

    Raises:
        FleetError: When they contradict each other: two machines of one name, address or id, or an
            address outside the network.
    """

    _where = "facts"

    machines: tuple[MachineFacts, ...] = field(
        default=(),
        converter=_machines,
        validator=valid(check_each, MachineFacts, 'MachineFacts("galena")'),
    )
    zerotier_network_id: str | None = field(
        default=None, validator=valid(zerotier_address.check_network_id)
    )
    path: Path | None = field(default=None, validator=valid(check_instance, Path), eq=False)
    _named: dict[str, MachineFacts] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        check_unique(self._where, "machines", (each.name for each in self.machines))
        machines = tuple(sorted(self.machines, key=lambda each: each.name))
        network = self.zerotier_network_id
        for each in machines:
            network = network or each.zerotier_network_id
            if each.zerotier_network_id not in {None, network}:
                raise field_error(
                    f"facts of machine {each.name!r}",
                    "zerotier_ip",
                    each.zerotier_ip,
                    f"an address in the ZeroTier network {network}; "
                    f"this one is in {each.zerotier_network_id}",
                )
        if network is not None:
            object.__setattr__(self, "zerotier_network_id", network)
            machines = tuple(_addressed(each, network) for each in machines)
        object.__setattr__(self, "machines", machines)
        for name in ("external_ip", "external_ipv6", "zerotier_member_id", "ssh_host_key"):
            _check_unshared(machines, name)
        object.__setattr__(self, "_named", {each.name: each for each in machines})

    def machine(self, name: str) -> MachineFacts:
        """Return what is known of a machine: nothing but its name, where nothing is."""
        return self._named.get(name) or _nothing_of(name)

    def zerotier_ip(self, member_id: str | None) -> str | None:
        """Return the address of a member; None when the network or the member is not known."""
        if member_id is None or self.zerotier_network_id is None:
            return None
        return zerotier_address.address(self.zerotier_network_id, member_id)

    def to_json(self) -> str:
        """Return the text of the file: sorted, without what is not known."""
        import json

        machines = {
            each.name: asdict(each, filter=lambda a, value: a.name != "name" and value is not None)
            for each in self.machines
            if each != MachineFacts(each.name)
        }
        document: dict[str, Any] = {"version": VERSION, "machines": machines}
        if self.zerotier_network_id is not None:
            document["zerotier_network_id"] = self.zerotier_network_id
        return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    def with_zone(self, name: str, zone: str | None) -> Facts:
        """Return the facts with another zone of one machine."""
        others = (each for each in self.machines if each.name != name)
        return evolve(self, machines=(*others, evolve(self.machine(name), zone=zone)))

    def renewed(self) -> Facts:
        """Return the facts as the file has them by now, where there is one.

        Raises:
            FleetError: When it cannot be read, or does not hold facts; see `from_json`.
        """
        return self if self.path is None or not self.path.exists() else Facts.load(self.path)

    @contextmanager
    def locked(self, notify: Callable[[str], None]) -> Iterator[Facts]:
        """Give the facts as the file has them by now, and let nobody else write them meanwhile.

        Args:
            notify: Called with a message when it has to wait, or cannot lock.

        Raises:
            FleetError: When they are kept nowhere, or cannot be read; see `from_json`.
        """
        from infra_lib.model.whole_file import locked

        with locked(self._kept(), notify):
            yield self.renewed()

    def save(self) -> None:
        """Write the file: a whole new one is put in place, or the old one stays.

        What others wrote since these were read is lost, unless they are `locked`.

        Raises:
            FleetError: When they are kept nowhere, or in a folder that is not there.
            OSError: When the file cannot be written.
        """
        from infra_lib.model.whole_file import write

        path = self._kept()
        folder = path.resolve().parent
        if not folder.is_dir():
            raise FleetError(f"{path}: there is no folder {folder} to keep facts in")
        write(path, self.to_json().encode())

    def _kept(self) -> Path:
        if self.path is None:
            raise FleetError("facts without a path are kept nowhere")
        return self.path

    @classmethod
    def from_json(cls, text: str, where: str, path: Path | None = None) -> Facts:
        """Read the text of a file of facts.

        Args:
            text: The file.
            where: What to call it in messages.
            path: What becomes `path`.

        Raises:
            FleetError: When it is no JSON, of another version, holds a field that is not known, or
                a value that cannot be.
        """
        document = _document(text, where)
        machines = _fields(document, where, "machines", {})
        try:
            return cls(
                machines=tuple(_machine(name, given, where) for name, given in machines.items()),
                zerotier_network_id=document.get("zerotier_network_id"),
                path=path,
            )
        except FleetError as error:
            message = str(error)
            raise FleetError(message if where in message else f"{where}: {message}") from None

    @classmethod
    def load(cls, path: Path | str) -> Facts:
        """Read a file of facts. Before the first deployment it is not there, and nothing is known.

        Args:
            path: The file, absolute. In `main.py`, `Path(__file__).with_name("facts.json")` finds
                it from any working directory.

        Raises:
            FleetError: When it cannot be read, or does not hold facts; see `from_json`. A relative
                path is refused: from another folder, all facts would be gone.
        """
        path = Path(exact(path))
        if not path.is_absolute():
            raise FleetError(
                f"Facts.load: path={str(path)!r}: a path that does not depend on the working "
                f"directory is wanted: Path(__file__).with_name({path.name!r})"
            )
        try:
            text = read_regular_file(path).decode()
        except FileNotFoundError:
            return cls(path=path)
        except NixgenError as error:
            raise FleetError(str(error)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise FleetError(f"{path}: cannot be read: {error}") from None
        return cls.from_json(text, str(path), path)


def _join(machine: MachineFacts, where: str) -> None:
    """Fill in what the address says, in the one spelling of it."""
    network, member = zerotier_address.split(where, "zerotier_ip", machine.zerotier_ip)
    if machine.zerotier_member_id not in {None, member}:
        raise field_error(
            where,
            "zerotier_member_id",
            machine.zerotier_member_id,
            f"its zerotier_ip {machine.zerotier_ip} is that of member {member!r}",
        )
    object.__setattr__(machine, "zerotier_member_id", member)
    object.__setattr__(machine, "zerotier_ip", zerotier_address.address(network, member))


def _addressed(machine: MachineFacts, network: str) -> MachineFacts:
    if machine.zerotier_ip is not None or machine.zerotier_member_id is None:
        return machine
    return evolve(
        machine, zerotier_ip=zerotier_address.address(network, machine.zerotier_member_id)
    )


def _check_unshared(machines: tuple[MachineFacts, ...], name: str) -> None:
    owners: dict[str, str] = {}
    for each in machines:
        value = getattr(each, name)
        if value is not None and owners.setdefault(value, each.name) != each.name:
            raise field_error(
                f"facts of machine {each.name!r}",
                name,
                value,
                f"{owners[value]!r} has it; each has its own",
            )


def _document(text: str, where: str) -> dict[str, Any]:
    import json

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        check_unique(where, "fields", (name for name, _ in pairs))
        return dict(pairs)

    try:
        document = json.loads(text, object_pairs_hook=once)
    except FleetError:
        raise
    except (ValueError, RecursionError) as error:  # also a number too long for Python
        raise FleetError(f"{where}: no JSON: {error}") from None
    if not isinstance(document, dict):
        raise FleetError(f"{where}: an object with version and machines is wanted")
    if type(document.get("version")) is not int or document["version"] != VERSION:
        raise field_error(
            where,
            "version",
            document.get("version"),
            f"this version of infra reads version {VERSION}",
        )
    _check_known(where, document, ("machines", "version", "zerotier_network_id"))
    return document


def _fields(
    document: dict[str, Any], where: str, name: str, default: dict[str, Any]
) -> dict[str, Any]:
    value = document.get(name, default)
    if not isinstance(value, dict):
        raise field_error(where, name, value, "an object is wanted")
    return value


def _machine(name: str, given: object, where: str) -> MachineFacts:
    if not isinstance(given, dict):
        raise field_error(where, f"machines.{name}", given, "an object of facts is wanted")
    _check_known(f"{where}: machine {name!r}", given, FIELDS)
    return MachineFacts(name, **given)


def _check_known(where: str, given: dict[str, Any], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise FleetError(f"{where}: field {name!r} is not known; known are {', '.join(known)}")
