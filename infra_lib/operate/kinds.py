"""What Terraform calls the resources of all clouds, and whose each of them is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.all_clouds import CLOUDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_lib.clouds.cloud import Cloud
    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine
    from infra_lib.terraform.state import Readers

_NAME = re.compile(r"[-\w]+")


def is_instance(kind: str) -> bool:
    """Return whether a type of resources is that of machines."""
    return any(kind == cloud.KINDS.instance for cloud in CLOUDS.values())


def is_disk(kind: str) -> bool:
    """Return whether a type is one of disks, whose deletion loses what is on them."""
    return any(kind in cloud.KINDS.disks for cloud in CLOUDS.values())


def is_paid(kind: str) -> bool:
    """Return whether a type is one of what runs, and is paid for as long as it does."""
    return is_instance(kind) or any(kind in cloud.KINDS.uncounted for cloud in CLOUDS.values())


def cloud_of(address: str) -> Cloud | None:
    """Return the cloud that an address is of: that of a resource, or of the provider itself.

    Args:
        address: As Terraform names it: "module.x.google_compute_disk.ore[0]", or
            'provider["registry.terraform.io/hashicorp/google"]'.
    """
    for cloud in CLOUDS.values():
        name = re.escape(cloud.KINDS.provider)
        if re.search(rf"(?:^|\.){name}_\w+\.|^provider\[.*/{name}\W*\]", address):
            return cloud
    return None


def stack_class(cloud: str) -> str:
    """Return what the class of a cloud's stacks is called: "GcpStack"."""
    return f"{cloud.capitalize()}Stack"


def labelled_kinds() -> list[str]:
    """Return the types of the resources whose labels say which fleet and machine they are of."""
    return [kind for cloud in CLOUDS.values() for kind in cloud.KINDS.labelled]


def instance_readers() -> Readers:
    """Return what reads the attributes of an instance, by its type."""
    return {cloud.KINDS.instance: cloud.operations().read_instance for cloud in CLOUDS.values()}


def address_of(machine: ProvisionedMachine) -> str:
    """Return what a machine's instance is called in Terraform: "google_compute_instance.galena"."""
    return f"{CLOUDS[machine.cloud].KINDS.instance}.{machine.name}"


def machine_of(address: str) -> str | None:
    """Return the name of the machine whose instance an address is of; None for anything else."""
    kind, _, name = address.partition(".")
    return name if is_instance(kind) and _NAME.fullmatch(name) else None


def owner_of(resource: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the fleet and the machine that a resource's labels name; None where they do not."""
    labels = resource.get("labels")
    if not isinstance(labels, dict):
        return None
    fleet, machine = labels.get("fleet"), labels.get("machine")
    return (fleet, machine) if isinstance(fleet, str) and isinstance(machine, str) else None


def owners(document: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return fleet and name of each machine whose instance or data disks a stack has.

    Args:
        document: What a framework wrote as cdk.tf.json.
    """
    resources = document.get("resource")
    kinds = (
        [resources.get(kind) for kind in labelled_kinds()] if isinstance(resources, dict) else []
    )
    found = (
        owner_of(body)
        for bodies in kinds
        if isinstance(bodies, dict)
        for body in bodies.values()
        if isinstance(body, dict)
    )
    return {owner for owner in found if owner is not None}


def is_of(resource: Mapping[str, Any], fleet: Fleet) -> bool:
    """Return whether a resource's labels say that it is a fleet's."""
    owner = owner_of(resource)
    return owner is not None and owner[0] == fleet.name
