"""An instance of Compute Engine as Terraform has it: synthesized, planned, or in its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.clouds.gcp.stop_policy import policy_name
from infra_lib.model import money
from infra_lib.terraform.state import Instance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.terraform.plan import Change


def read_instance(attributes: Mapping[str, Any]) -> Instance:
    """Return what the attributes of a `google_compute_instance` say.

    Google's provider plans that a boot disk shrinks, and Compute Engine refuses it after other
    changes have been made. To make a data disk anew it takes that off its machine to delete it;
    Terraform has read the machine before, so the new disk, whose link is the same, is attached by
    the next deployment.
    """
    gpus = attributes.get("guest_accelerator")
    model = _block(attributes.get("scheduling")).get("provisioning_model")
    address = _block(_block(attributes.get("network_interface")).get("access_config"))
    return Instance(
        zone=_last(attributes.get("zone")),
        machine_type=_last(attributes.get("machine_type")),
        gpu=None
        if gpus is None
        else tuple(
            (_last(each.get("type")), each.get("count"))
            for each in _blocks(gpus)
            if each.get("count") != 0
        ),
        spot=None if model is None else model == "SPOT",
        # Of an instance that was taken over, nobody has said yet what it is to be.
        state=_state(attributes.get("desired_status") or attributes.get("current_status")),
        external_ip=address.get("nat_ip") or None,
        boot_disk_gb=_boot_disk(attributes).get("size"),
        attached_disks=tuple(
            str(_last(disk.get("source"))) for disk in _blocks(attributes.get("attached_disk"))
        ),
    )


def move(resources: dict[str, Any], machine: GcpMachine) -> None:
    """Write into a stack's resources where a machine is by now, and what it costs there."""
    instance = resources["google_compute_instance"][machine.name]
    instance["zone"] = machine.zone
    instance["labels"]["cost"] = money.label(machine.bill.hour)
    policy = resources.get("google_compute_resource_policy", {}).get(policy_name(machine))
    if policy is not None:
        policy["region"] = machine.region


def explain_wipe(change: Change) -> str | None:
    """Return why nobody should let an instance be made anew unseen: for its boot disk.

    Another change that makes it anew is one that the fleet asks for, and takes that.
    """
    if "boot_disk" not in change.forced_by:
        return None
    there, wanted = _boot_disk(change.before or {}), _boot_disk(change.after or {})
    grows = there.get("size", 0) < (wanted.get("size") or 0)
    if grows and change.forced_by == ("boot_disk",) and there.get("type") == wanted.get("type"):
        return (
            f"{change.name} would be made anew, with an empty boot disk, to have {wanted['size']} "
            f"GB for {there['size']}: from 7.22 on Google's provider grows a disk in place, and "
            "the stack's .terraform.lock.hcl holds an older one. Remove that file, or deploy "
            "without --yes to have it so"
        )
    return (
        f"{change.name} would be made anew, with an empty boot disk: no machine keeps its own "
        "for what the fleet says of boot_disk, or for another kms_key. To delete the one that "
        "is there with what is on it, deploy without --yes"
    )


def _state(status: object) -> object:
    """Return a status in the fleet's words; one that the fleet has no word for stays as it is."""
    words = {"RUNNING": "on", "TERMINATED": "stopped"}
    return words.get(status, status) if isinstance(status, str) else status


def _boot_disk(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is known of an instance's boot disk: its size in GB, its type, its image."""
    return _block(_block(attributes.get("boot_disk")).get("initialize_params"))


def _block(value: object) -> Mapping[str, Any]:
    return next(_blocks(value), {})


def _blocks(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield blocks, which Terraform's JSON takes alone or in a list."""
    for each in value if isinstance(value, list) else (value,):
        if isinstance(each, dict):
            yield each


def _last(link: object) -> object:
    """Return the name at the end of a link, which Google's provider may have for it."""
    return link.rpartition("/")[2] if isinstance(link, str) else link
