"""One version of a fleet, as plain data: all that is to be known of it to compare it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import asdict

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.fleet import clouds_of, project_of
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.reference import Reference
from infra_lib.nix.concerned import concerned
from infra_lib.operate.cost_data import cost_data
from infra_lib.operate.cost_view import View
from infra_lib.terraform.resource import Resource
from nixgen.files.header import DIGITS, read_header
from nixgen.files.rendered import WholeFile, render
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine
    from nixgen.files.rendered import Regions

# Headers name a source, which makes no difference here.
_SOURCE = "main:fleet"
# What no argument of Terraform's is called.
_REFERENCE = "\0reference"
_NO_DIGITS = b"." * DIGITS


@frozen(kw_only=True)
class MachineSide:
    """What is to be known of a machine in one version of a fleet, beside its resources.

    Attributes:
        name: Its name.
        cloud: The cloud that it is in; None for one that the fleet does not provision.
        state: "on", "stopped" or "off"; None for one that the fleet does not provision.
        zone: Where it is; None as for `cloud`.
        address: What becomes of its external address at each start: "changes", "stays"; None for a
            machine without one, or whose address is not the fleet's.
        fixed: That address, where the fleet says which it is.
        scratch: Whether it has Local SSDs, whose content goes whenever it stops.
    """

    name: str
    cloud: str | None = None
    state: str | None = None
    zone: str | None = None
    address: str | None = None
    fixed: str | None = None
    scratch: bool = False

    @property
    def exists(self) -> bool:
        """Whether it is in its cloud, on or stopped."""
        return self.state in {"on", "stopped"}


@frozen(kw_only=True)
class StackSide:
    """What a fleet has in a cloud, in one version.

    Attributes:
        backend: Where the state is: its type and arguments; None for a file beside the app.
        resources: The resources.
    """

    backend: Mapping[str, Any] | None
    resources: tuple[Resource, ...]


@frozen(kw_only=True)
class Side:
    """One version of a fleet.

    Attributes:
        name: The fleet's name.
        machines: Its machines by name, in their order.
        stacks: What it has in each cloud, by the cloud's name.
        files: The generated files by path, with all that is in them but for digests; of regions,
            their texts.
        concerned: The machines that each file may concern, as `infra_lib.nix.concerned` has them.
        costs: What it costs, as `cost_data` has it.
    """

    name: str
    machines: Mapping[str, MachineSide]
    stacks: Mapping[str, StackSide]
    files: Mapping[str, str]
    concerned: Mapping[str, tuple[str, ...] | None]
    costs: Mapping[str, Any]


def side_of(fleet: Fleet) -> Side:
    """Return what is to be known of a fleet.

    Raises:
        FleetError: When the fleet makes no stack, or no files.
        NixgenError: When a file cannot be rendered.
    """
    files = {each.path: _text(each) for each in render(fleet.nix_files(), _SOURCE)}
    costs = cost_data(fleet, View())
    scratch = {
        machine["name"]
        for machine in costs["machines"]
        if any(part["kind"] == "Local SSD" for part in machine["parts"])
    }
    return Side(
        name=fleet.name,
        machines={
            machine.name: _machine(machine, scratch=machine.name in scratch)
            for machine in fleet.machines
        },
        stacks={
            name: _stack(fleet, name) for name in CLOUDS if project_of(fleet, name) is not None
        },
        files=files,
        concerned=concerned(fleet, files),
        costs=costs,
    )


def pack(side: Side) -> dict[str, Any]:
    """Return a side as data that JSON can hold, for `unpack`."""
    return {
        "name": side.name,
        "machines": [asdict(machine) for machine in side.machines.values()],
        "stacks": {
            name: {
                "backend": _packed(stack.backend),
                "resources": [
                    [each.type, each.name, _packed(each.arguments), _packed(each.lifecycle)]
                    for each in stack.resources
                ],
            }
            for name, stack in side.stacks.items()
        },
        "files": dict(side.files),
        "concerned": {path: _packed(names) for path, names in side.concerned.items()},
        "costs": side.costs,
    }


def unpack(data: Mapping[str, Any]) -> Side:
    """Return the side that was packed."""
    return Side(
        name=data["name"],
        machines={each["name"]: MachineSide(**each) for each in data["machines"]},
        stacks={
            name: StackSide(
                backend=_unpacked(stack["backend"]),
                resources=tuple(
                    Resource(kind, called, _unpacked(arguments), lifecycle=_unpacked(lifecycle))
                    for kind, called, arguments, lifecycle in stack["resources"]
                ),
            )
            for name, stack in data["stacks"].items()
        },
        files=data["files"],
        concerned={
            path: None if names is None else tuple(names)
            for path, names in data["concerned"].items()
        },
        costs=data["costs"],
    )


def _machine(machine: Machine, *, scratch: bool) -> MachineSide:
    if not isinstance(machine, ProvisionedMachine):
        return MachineSide(name=machine.name)
    return MachineSide(
        name=machine.name,
        cloud=machine.cloud,
        state=machine.state,
        zone=machine.zone,
        address=_address(machine),
        fixed=_fixed(machine.external_ip),
        scratch=scratch,
    )


def _address(machine: ProvisionedMachine) -> str | None:
    if machine.external_ip is False:
        return None
    stays = machine.keeps_addresses or isinstance(machine.external_ip, str)
    return "stays" if stays else "changes"


def _fixed(address: bool | str) -> str | None:
    return "".join(address) if isinstance(address, str) else None


def _stack(fleet: Fleet, name: str) -> StackSide:
    cloud, project, machines = next(each for each in clouds_of(fleet) if each[0] is CLOUDS[name])
    made = cloud.comparison().configuration(fleet, project, machines, name)
    backend = made.backend
    return StackSide(
        backend=None if backend is None else {"type": backend.type, **backend.arguments},
        resources=made.resources,
    )


def _text(file: WholeFile | Regions) -> str:
    if not isinstance(file, WholeFile):
        return "".join(f"# {region.name}\n{text}" for region, text in file.contents)
    header, data = read_header(file.data), file.data
    if header is not None and header.digest:
        data = data[: header.offset] + _NO_DIGITS + data[header.offset + DIGITS :]
    return data.decode(errors="surrogateescape")


def _packed(value: Any) -> Any:
    if isinstance(value, Reference):
        return {_REFERENCE: "".join(value)}
    if isinstance(value, Mapping):
        return {key: _packed(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_packed(each) for each in value]
    return value


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_REFERENCE}:
            return Reference(value[_REFERENCE])
        return {key: _unpacked(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_unpacked(each) for each in value]
    return value
