"""A machine as a `google_compute_instance`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdktf_cdktf_provider_google.compute_instance import (
    ComputeInstance,
    ComputeInstanceAttachedDisk,
    ComputeInstanceBootDisk,
    ComputeInstanceBootDiskInitializeParams,
    ComputeInstanceGuestAccelerator,
    ComputeInstanceNetworkInterface,
    ComputeInstanceNetworkInterfaceAccessConfig,
    ComputeInstanceScheduling,
    ComputeInstanceSchedulingMaxRunDuration,
    ComputeInstanceServiceAccount,
    ComputeInstanceShieldedInstanceConfig,
)

from .. import cost
from .escape import escape
from .firewall import network_tags
from .startup_script import startup_script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from constructs import Construct

    from ..fleet import Fleet
    from ..gcp_machine import GcpMachine, Gpu
    from ..gcp_project import GcpProject


def compute_instance(
    scope: Construct, id_: str, *, fleet: Fleet, project: GcpProject, machine: GcpMachine
) -> ComputeInstance:
    """Return the instance of a machine. The machine's description is no part of it."""
    return ComputeInstance(
        scope,
        id_,
        name=machine.name,
        machine_type=machine.machine_type,
        zone=machine.zone,
        boot_disk=ComputeInstanceBootDisk(
            # No labels: a change of these parameters makes a new machine with a new disk.
            initialize_params=ComputeInstanceBootDiskInitializeParams(
                image=escape(machine.boot_disk.image),
                size=machine.boot_disk.size_gb,
                type=machine.boot_disk.type,
            ),
        ),
        attached_disk=[
            ComputeInstanceAttachedDisk(
                source=f"${{google_compute_disk.{disk.name}.self_link}}", device_name=disk.name
            )
            for disk in machine.data_disks
        ]
        or None,
        network_interface=[
            ComputeInstanceNetworkInterface(
                network=escape(machine.network or project.network),
                subnetwork=None if machine.subnetwork is None else escape(machine.subnetwork),
                access_config=_access_config(machine.external_ip),
            )
        ],
        tags=list(network_tags(fleet, machine)),
        labels=_labels(fleet, project, machine),
        metadata=_metadata(project, machine),
        guest_accelerator=_guest_accelerator(machine.gpu),
        scheduling=_scheduling(machine),
        desired_status="TERMINATED" if machine.stopped else "RUNNING",
        shielded_instance_config=ComputeInstanceShieldedInstanceConfig(
            enable_secure_boot=machine.shielded_vm.secure_boot,
            enable_vtpm=machine.shielded_vm.vtpm,
            enable_integrity_monitoring=machine.shielded_vm.integrity_monitoring,
        ),
        service_account=None
        if machine.service_account is None
        else ComputeInstanceServiceAccount(
            email=escape(machine.service_account.email),
            scopes=[escape(scope) for scope in machine.service_account.scopes],
        ),
        deletion_protection=machine.deletion_protection,
        allow_stopping_for_update=machine.allow_stopping_for_update,
    )


def reference(machine: GcpMachine, attribute: str) -> str:
    """Return a Terraform reference to an attribute of a machine's instance."""
    return f"${{google_compute_instance.{machine.name}.{attribute}}}"


def address(machine: GcpMachine) -> str:
    """Return a reference to where SSH reaches a machine: outside its network, or else inside."""
    interface = "network_interface[0]"
    return reference(
        machine,
        f"{interface}.access_config[0].nat_ip"
        if machine.external_ip
        else f"{interface}.network_ip",
    )


def common_labels(fleet: Fleet, project: GcpProject, machine: GcpMachine) -> dict[str, str]:
    """Return the labels that a machine and its disks have whatever the machine's state."""
    own = {**project.labels, **machine.labels}
    return {key: escape(value) for key, value in own.items()} | {
        "fleet": fleet.name,
        "machine": machine.name,
    }


def _labels(fleet: Fleet, project: GcpProject, machine: GcpMachine) -> Mapping[str, str]:
    usd_per_hour = cost.running(machine)
    price = (
        "unknown" if usd_per_hour is None else f"{usd_per_hour:.4f}-usd-per-hour".replace(".", "-")
    )
    labels = common_labels(fleet, project, machine)
    return labels | {"cost": price, "state": machine.state}


def _metadata(project: GcpProject, machine: GcpMachine) -> Mapping[str, str]:
    metadata = {key: escape(value) for key, value in machine.metadata.items()}
    if project.ssh_keys:
        metadata["ssh-keys"] = "\n".join(f"root:{escape(key)}" for key in project.ssh_keys)
    # Not metadata_startup_script: a change of that one makes a new machine with a new disk.
    metadata["startup-script"] = startup_script(escape(machine.startup_script))
    return metadata


def _access_config(
    external_ip: bool | str,
) -> list[ComputeInstanceNetworkInterfaceAccessConfig] | None:
    if external_ip is False:
        return None
    if external_ip is True:
        # The tier stands here because cdktf leaves out an empty block, and the address with it.
        return [ComputeInstanceNetworkInterfaceAccessConfig(network_tier="PREMIUM")]
    return [ComputeInstanceNetworkInterfaceAccessConfig(nat_ip=escape(external_ip))]


def _guest_accelerator(gpu: Gpu | None) -> list[ComputeInstanceGuestAccelerator] | None:
    return (
        None if gpu is None else [ComputeInstanceGuestAccelerator(type=gpu.type, count=gpu.count)]
    )


def _scheduling(machine: GcpMachine) -> ComputeInstanceScheduling | None:
    """Return what Compute Engine wants said about a Spot VM, a GPU or a limited run.

    See https://cloud.google.com/compute/docs/instances/spot,
    https://cloud.google.com/compute/docs/gpus#restrictions and
    https://cloud.google.com/compute/docs/instances/limit-vm-runtime.
    """
    seconds = machine.max_run_duration
    ends = machine.spot or seconds is not None
    if not ends and machine.gpu is None:
        return None
    return ComputeInstanceScheduling(
        provisioning_model="SPOT" if machine.spot else None,
        preemptible=True if machine.spot else None,
        automatic_restart=False if machine.spot else None,
        on_host_maintenance="TERMINATE" if machine.spot or machine.gpu is not None else None,
        max_run_duration=None
        if seconds is None
        else ComputeInstanceSchedulingMaxRunDuration(seconds=seconds),
        instance_termination_action=(machine.instance_termination_action or "STOP")
        if ends
        else None,
    )
