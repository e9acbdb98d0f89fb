"""Records in the DNS that lead to machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from attrs import field

from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import (
    check_domain,
    check_unique,
    check_whole,
    check_word,
    check_words,
    frozen_mapping,
    in_order,
    valid,
)

if TYPE_CHECKING:
    from infra_lib.model.provisioned import ProvisionedMachine

# What both services take: Hetzner's API refuses less, and DNS has no more (RFC 2181, section 8).
# https://docs.hetzner.cloud/reference/cloud#zone-rrsets
LEAST_TTL: Final = 60
MOST_TTL: Final = 2**31 - 1


def _zones(value: Mapping[str, str]) -> Mapping[str, str]:
    return frozen_mapping(value)


def _machines(
    value: tuple[str, ...] | list[str] | Iterator[str] | None,
) -> tuple[str, ...] | None:
    return None if value is None else in_order(value)


def _check_zones(where: str, field: str, zones: object) -> None:
    example = '{"hetzner": "example.org", "gcp": "example-org"}'
    if not isinstance(zones, Mapping) or not zones:
        raise field_error(where, field, zones, f"the zone in each cloud's DNS: {example}")
    for cloud, zone in zones.items():
        check_word(where, field, cloud, "the name of a cloud")
        check_word(where, f"{field}[{cloud!r}]", zone, "the zone in that cloud's DNS")


def _check_machines(where: str, field: str, machines: tuple[str, ...]) -> None:
    check_words(where, field, machines, '"galena"')
    check_unique(where, field, machines)


@frozen
class Dns:
    """Names in the DNS for machines, which follow their addresses.

    Each machine that is on and has an address outside its cloud has the name `<machine>.<domain>`.
    The zones exist; the fleet neither makes nor deletes them.

    Attributes:
        domain: What the names end in: "machines.example.org".
        zones: The zone that holds the records of a cloud's machines, by the cloud: at Hetzner by
            the zone's own name, at Google by that of the managed zone, which of another project is
            "projects/<project>/managedZones/<name>". Machines of other clouds have no names.
        ttl: How long others may keep a record, in seconds: 60 at least.
        machines: Names of the machines that have records; None for all.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "dns"

    domain: str = field(validator=valid(check_domain))
    zones: Mapping[str, str] = field(
        converter=_zones, validator=valid(_check_zones), hash=False, kw_only=True
    )
    ttl: int = field(
        default=300,
        validator=valid(check_whole, "seconds", least=LEAST_TTL, most=MOST_TTL),
        kw_only=True,
    )
    machines: tuple[str, ...] | None = field(
        default=None, converter=_machines, validator=valid(_check_machines), kw_only=True
    )

    def name(self, machine: ProvisionedMachine) -> str:
        """Return the name of a machine: "galena.machines.example.org"."""
        return f"{machine.name}.{self.domain}"

    def zone(self, machine: ProvisionedMachine) -> str | None:
        """Return the zone that holds the records of a machine; None where it has none."""
        if self.machines is not None and machine.name not in self.machines:
            return None
        return self.zones.get(machine.cloud)
