"""What Terraform says of machines that are deployed: its state, and the output `machines`.

What an instance's attributes mean, its cloud says: readers are given, by the resource's type.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import field

from infra_lib.model.errors import FleetError, field_error
from infra_lib.model.facts import canonical_ipv6, is_ipv4
from infra_lib.model.money import Amount
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

OUTPUT = "machines"


@frozen(kw_only=True)
class Instance:
    """What Terraform has of a machine: synthesized, planned, or in its state.

    Attributes:
        zone: The zone it is in; None when that is not said, as with what follows.
        machine_type: What the cloud calls a machine of its size.
        gpu: The accelerator type and the number of each of its kinds of GPU.
        spot: Whether the cloud may stop it at any time.
        state: What Terraform keeps it at: "on" or "stopped", as the fleet says, or what the cloud
            calls anything else.
        paid_as: The state in which it would cost as much, where that is another: "on" of a server
            that is powered off at a cloud that bills for it all the same.
        external_ip: The IPv4 address that it has.
        external_ipv6: The IPv6 address that it has, the first where it has a network.
        boot_disk_gb: The size of its boot disk.
        attached_disks: The names of the data disks that are attached to it.
    """

    zone: Any = None
    machine_type: Any = None
    gpu: tuple[tuple[Any, Any], ...] | None = None
    spot: bool | None = None
    state: Any = None
    paid_as: str | None = None
    external_ip: str | None = None
    external_ipv6: str | None = None
    boot_disk_gb: Any = None
    attached_disks: tuple[str, ...] = ()


Readers = Mapping[str, Callable[[Mapping[str, Any]], Instance]]
"""What reads the attributes of an instance, by its type in Terraform."""


@frozen
class Deployed:
    """A machine that exists in the cloud.

    Attributes:
        external_ip: The IPv4 address it has; None when it has none, or is stopped. Outputs tell the
            one of before a start or a stop, see `State.is_told`.
        zone: The zone it is in.
        usd_per_hour: USD per hour that it costs as it was deployed; None when unknown.
        state: "on" or "stopped", as it was deployed; or what else the cloud says of it.
        fleet: The fleet that its label names; None where only outputs are known.
        external_ipv6: The IPv6 address it has, in the one spelling of it; None when it has none.
        eur_per_hour: EUR per hour, of a machine that is billed in EUR; None of another, or unknown.
    """

    external_ip: str | None
    zone: str
    usd_per_hour: float | None = None
    state: Any = "on"
    fleet: str | None = None
    external_ipv6: str | None = field(default=None, kw_only=True)
    eur_per_hour: float | None = field(default=None, kw_only=True)

    @property
    def per_hour(self) -> Amount:
        """What an hour costs as it was deployed, in the currency that it is billed in."""
        if self.eur_per_hour is not None:
            return Amount(self.eur_per_hour, (), "EUR")
        return Amount(self.usd_per_hour)


@frozen
class State:
    """What there is in a stack, or in several.

    Attributes:
        machines: What each instance of a fleet is, by name.
        addresses: What each resource is called in Terraform: "google_compute_instance.galena".
        is_told: Whether the output `machines` has the addresses of the machines. Terraform computes
            it for the plan, and Google's provider does not foresee that a start, a stop or another
            machine type changes the address: so the deployment after that is the first to tell.
    """

    machines: Mapping[str, Deployed] = field(factory=dict)
    addresses: frozenset[str] = frozenset()
    is_told: bool = True


def parse_outputs(text: str, where: str, readers: Readers) -> list[dict[str, Deployed]]:
    """Return the machines of each stack in what Terraform or a framework wrote.

    `terraform output -json` is of one stack, and so is `terraform state pull`, which tells the
    addresses of now; `cdktf output --outputs-file`, or cdktn's, holds several, by name.

    Args:
        text: The JSON.
        where: What to call it in messages.
        readers: What reads instances.

    Raises:
        FleetError: When it is neither, or has outputs but none called `machines`.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:  # also a number too long for Python
        raise FleetError(f"{where}: no JSON: {error}") from None
    if not isinstance(document, dict):
        raise FleetError(f"{where}: outputs of Terraform or of cdktf are wanted: an object")
    if isinstance(document.get("lineage"), str):
        return [dict(parse_state(text, where, readers).machines)]
    found = list(_outputs(document))
    if not found and any(document.values()):
        raise FleetError(
            f"{where}: no output {OUTPUT!r}; what `terraform output -json`, "
            "`cdktf output --outputs-file` and `terraform state pull` write is accepted"
        )
    return [_machines(output, where) for output in found]


def parse_state(text: str, where: str, readers: Readers) -> State:
    """Return what a stack's state holds, which `terraform state pull` prints.

    Args:
        text: The JSON.
        where: What to call it in messages.
        readers: What reads instances.

    Raises:
        FleetError: When it is not a state.
    """
    try:
        state = json.loads(text)
        said = state["outputs"].get(OUTPUT, {}).get("value") or {}
        machines = {
            name: _deployed_now(readers[kind](attributes), attributes, said.get(name, {}))
            for kind, name, attributes in _instances(state, readers)
        }
        return State(
            machines,
            frozenset(
                f"{each['type']}.{each['name']}"
                for each in state["resources"]
                if each["mode"] == "managed" and each["instances"] and "module" not in each
            ),
            all(
                (said[name].get("external_ip") or None) == each.external_ip
                for name, each in machines.items()
                if name in said
            ),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise FleetError(f"{where}: Terraform printed no state: {text[:80]!r}") from None


def _instances(
    state: Mapping[str, Any], readers: Readers
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the fleets' instances: the type, the name and the attributes of each."""
    for resource in state["resources"]:
        if resource["mode"] == "managed" and resource["type"] in readers:
            for each in resource["instances"]:
                # Others may have theirs in there.
                if "fleet" in (each["attributes"]["labels"] or {}):
                    yield resource["type"], resource["name"], each["attributes"]


def _deployed_now(
    instance: Instance, attributes: Mapping[str, Any], said: Mapping[str, Any]
) -> Deployed:
    """Return an instance of the state, and what it costs if the output knows it as it is."""
    there = instance.zone, instance.machine_type, instance.paid_as or instance.state or "on"
    as_said = there == (said.get("zone"), said.get("machine_type"), _state(said))
    return Deployed(
        instance.external_ip,
        instance.zone,
        said["usd_per_hour"] if as_said else None,
        instance.state,
        attributes["labels"]["fleet"],
        external_ipv6=canonical_ipv6(instance.external_ipv6),
        eur_per_hour=said.get("eur_per_hour") if as_said else None,
    )


def _state(said: Mapping[str, Any]) -> object:
    """Return the state that the output tells.

    Once it did not, and counted no disks: what cost nothing was stopped.
    """
    return said.get("state", "stopped" if said.get("usd_per_hour") == 0 else "on")


def _outputs(document: Mapping[str, Any]) -> Iterator[Any]:
    own = document.get(OUTPUT)
    if isinstance(own, dict) and {"sensitive", "value"} <= own.keys():
        yield own["value"]
        return
    for stack in document.values():
        if isinstance(stack, dict) and OUTPUT in stack:
            yield stack[OUTPUT]


def _machines(output: object, where: str) -> dict[str, Deployed]:
    if not isinstance(output, dict):
        raise field_error(where, OUTPUT, output, "a map from name to machine is wanted")
    return {name: _deployed(name, given, where) for name, given in output.items()}


def _deployed(name: str, given: object, where: str) -> Deployed:
    if not isinstance(given, dict) or not isinstance(given.get("zone"), str):
        raise field_error(where, f"{OUTPUT}.{name}", given, "an object with zone and external_ip")
    address = given.get("external_ip") or None
    if address is not None and not is_ipv4(address):
        raise field_error(
            where, f"{OUTPUT}.{name}.external_ip", address, "an IPv4 address, or null"
        )
    told = given.get("external_ipv6") or None
    ipv6 = canonical_ipv6(told)
    if told is not None and ipv6 is None:
        where_told = f"{OUTPUT}.{name}.external_ipv6"
        raise field_error(where, where_told, told, "an IPv6 address, or null")
    usd, eur = (
        price if isinstance(price, int | float) else None
        for price in (given.get("usd_per_hour"), given.get("eur_per_hour"))
    )
    return Deployed(
        address,
        given["zone"],
        usd,
        _state(given),
        external_ipv6=ipv6,
        eur_per_hour=eur,
    )
