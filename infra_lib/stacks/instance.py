"""A machine as a `google_compute_instance`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cdktf
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
    ComputeInstanceSchedulingOnInstanceStopAction,
    ComputeInstanceServiceAccount,
    ComputeInstanceShieldedInstanceConfig,
)

from infra_lib.clouds.gcp.startup_script import startup_script
from infra_lib.clouds.gcp.stop_policy import policy_address
from infra_lib.model import money
from infra_lib.model.errors import field_error
from infra_lib.terraform.escape import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from constructs import Construct

    from infra_lib.clouds.gcp.disks import BootDisk
    from infra_lib.clouds.gcp.machine import GcpMachine, ServiceAccount, ShieldedVm
    from infra_lib.clouds.gcp.project import GcpProject
    from infra_lib.fleet import Fleet

_MOST_VALUE_BYTES = 256 * 1024
_MOST_METADATA_BYTES = 512 * 1024


def compute_instance(
    scope: Construct,
    id_: str,
    *,
    fleet: Fleet,
    project: GcpProject,
    machine: GcpMachine,
    tags: tuple[str, ...],
) -> ComputeInstance:
    """Return the instance of a machine. The machine's description is no part of it."""
    return ComputeInstance(
        scope,
        id_,
        name=machine.name,
        machine_type=machine.machine_type,
        zone=machine.zone,
        boot_disk=_boot_disk(machine.boot_disk, machine.boot_disk.kms_key or project.kms_key),
        attached_disk=[
            ComputeInstanceAttachedDisk(
                source=f"${{google_compute_disk.{disk.name}.self_link}}", device_name=disk.name
            )
            for disk in machine.data_disks
        ]
        or None,
        network_interface=[
            _network_interface(
                machine.network or project.network, machine.subnetwork, machine.external_ip
            )
        ],
        tags=list(tags),
        labels=_labels(fleet, project, machine),
        metadata=_metadata(project, machine),
        guest_accelerator=None
        if machine.gpu is None
        else [_guest_accelerator(machine.gpu.type, machine.gpu.count)],
        scheduling=_scheduling(
            machine.gpu is not None or machine.catalog_entry.accelerated,
            machine.spot,
            machine.max_run_duration,
            machine.instance_termination_action,
            machine.discard_local_ssd,
        ),
        desired_status="TERMINATED" if machine.stopped else "RUNNING",
        shielded_instance_config=_shielded_instance_config(machine.shielded_vm),
        service_account=None
        if machine.service_account is None
        else _service_account(machine.service_account),
        resource_policies=None
        if machine.stop_schedule is None
        else [f"${{google_compute_resource_policy.{policy_address(machine)}.self_link}}"],
        deletion_protection=machine.deletion_protection,
        allow_stopping_for_update=machine.allow_stopping_for_update,
        lifecycle=_lifecycle(),
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
    price = money.label(machine.usd_per_hour)
    return common_labels(fleet, project, machine) | {"cost": price, "state": machine.state}


def _metadata(project: GcpProject, machine: GcpMachine) -> Mapping[str, str]:
    _check_sizes(machine, _texts(project, machine, str))
    return _texts(project, machine, escape)


def _texts(project: GcpProject, machine: GcpMachine, write: Callable[[str], str]) -> dict[str, str]:
    metadata = {key: write(value) for key, value in machine.metadata.items()}
    # Said either way: what is left out, the project's own metadata decides.
    switches = {
        "block-project-ssh-keys": not project.project_ssh_keys,
        "serial-port-enable": machine.serial_port,
        "enable-guest-attributes": project.guest_attributes,
        "enable-oslogin": project.os_login,
    }
    metadata |= {key: "TRUE" if on else "FALSE" for key, on in switches.items() if on is not None}
    if project.ssh_keys:
        metadata["ssh-keys"] = "\n".join(f"root:{write(key)}" for key in project.ssh_keys)
    # Not metadata_startup_script: a change of that one makes a new machine with a new disk.
    metadata["startup-script"] = startup_script(write(machine.startup_script))
    return metadata


def _check_sizes(machine: GcpMachine, metadata: Mapping[str, str]) -> None:
    """Check that an instance takes its metadata, with what the stack adds.

    The rule: https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#limitations
    """
    sizes = {f"metadata[{key!r}]": len(value.encode()) for key, value in metadata.items()}
    limits = dict.fromkeys(sizes, _MOST_VALUE_BYTES) | {"metadata": _MOST_METADATA_BYTES}
    sizes["metadata"] = sum(sizes.values()) + sum(map(len, metadata))
    for field, most in limits.items():
        if sizes[field] > most:
            accepted = f"at most {most} are accepted, with what the stack adds"
            raise field_error(f"machine {machine.name!r}", field, f"{sizes[field]} bytes", accepted)


# The blocks of an instance are values, and machines mostly have the same: each is made once,
# since making one checks its types, which is what most of a large fleet's synthesis goes into.


@cache
def _lifecycle() -> cdktf.TerraformResourceLifecycle:
    """Let be what would make a new machine, with a new boot disk, for nothing that is asked for.

    The image is what the boot disk was made from, before NixOS was installed over it. Google's
    provider takes the image of a family for another one where the family's name is no part of its
    name (https://github.com/hashicorp/terraform-provider-google/blob/v7.45.0/google/services/compute/resource_compute_disk.go,
    DiskImageDiffSuppress), and would make the machine anew at every deployment; another image in
    the fleet would do it once. A machine that is made, also anew, is made from the fleet's image.

    Compute Engine attaches the Local SSDs that come with a machine type (a2-ultragpu, a3) unasked,
    and the provider would make a machine without them: at every deployment. See
    https://github.com/hashicorp/terraform-provider-google/issues/19648.
    """
    return cdktf.TerraformResourceLifecycle(
        ignore_changes=["boot_disk[0].initialize_params[0].image", "scratch_disk"]
    )


@cache
def _boot_disk(disk: BootDisk, kms_key: str | None) -> ComputeInstanceBootDisk:
    return ComputeInstanceBootDisk(
        kms_key_self_link=kms_key,
        initialize_params=ComputeInstanceBootDiskInitializeParams(
            image=escape(disk.image), size=disk.size_gb, type=disk.type
        ),
    )


@cache
def _network_interface(
    network: str, subnetwork: str | None, external_ip: bool | str
) -> ComputeInstanceNetworkInterface:
    access_config = None
    if external_ip is True:
        # The tier stands here because cdktf leaves out an empty block, and the address with it.
        access_config = ComputeInstanceNetworkInterfaceAccessConfig(network_tier="PREMIUM")
    elif external_ip:
        access_config = ComputeInstanceNetworkInterfaceAccessConfig(nat_ip=escape(external_ip))
    return ComputeInstanceNetworkInterface(
        network=escape(network),
        subnetwork=None if subnetwork is None else escape(subnetwork),
        access_config=None if access_config is None else [access_config],
    )


@cache
def _guest_accelerator(type_: str, count: int) -> ComputeInstanceGuestAccelerator:
    return ComputeInstanceGuestAccelerator(type=type_, count=count)


@cache
def _scheduling(
    accelerated: bool,
    spot: bool,
    max_run_duration: int | None,
    termination_action: str | None,
    discard_local_ssd: bool,
) -> ComputeInstanceScheduling:
    """Return what Compute Engine wants said about an accelerator, a Spot VM or a limited run.

    Google's provider keeps what is left out, so it is said of every machine: otherwise one that is
    no Spot VM any more would stay one, and one without a limit would keep it.

    See https://cloud.google.com/compute/docs/gpus#restrictions,
    https://cloud.google.com/compute/docs/instances/spot and
    https://cloud.google.com/compute/docs/instances/limit-vm-runtime.
    """
    ends = spot or max_run_duration is not None
    return ComputeInstanceScheduling(
        provisioning_model="SPOT" if spot else "STANDARD",
        preemptible=spot,
        automatic_restart=not spot,
        on_host_maintenance="TERMINATE" if spot or accelerated else "MIGRATE",
        max_run_duration=None
        if max_run_duration is None
        else ComputeInstanceSchedulingMaxRunDuration(seconds=max_run_duration),
        instance_termination_action=(termination_action or "STOP") if ends else None,
        on_instance_stop_action=ComputeInstanceSchedulingOnInstanceStopAction(
            discard_local_ssd=True
        )
        if discard_local_ssd
        else None,
    )


@cache
def _shielded_instance_config(options: ShieldedVm) -> ComputeInstanceShieldedInstanceConfig:
    return ComputeInstanceShieldedInstanceConfig(
        enable_secure_boot=options.secure_boot,
        enable_vtpm=options.vtpm,
        enable_integrity_monitoring=options.integrity_monitoring,
    )


@cache
def _service_account(account: ServiceAccount) -> ComputeInstanceServiceAccount:
    return ComputeInstanceServiceAccount(
        email=escape(account.email), scopes=[escape(scope) for scope in account.scopes]
    )
