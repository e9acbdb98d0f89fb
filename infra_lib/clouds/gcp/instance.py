"""A machine as a `google_compute_instance`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.clouds.gcp import left_alone
from infra_lib.clouds.gcp.disks import included_performance
from infra_lib.clouds.gcp.scheduling import migrates_confidential, termination_action
from infra_lib.clouds.gcp.startup_script import startup_script
from infra_lib.clouds.gcp.stop_policy import policy_name
from infra_lib.model import money
from infra_lib.model.errors import field_error
from infra_lib.model.reference import Reference
from infra_lib.terraform.resource import Resource, reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.gcp.machine import GcpMachine
    from infra_lib.clouds.gcp.project import GcpProject

_MOST_VALUE_BYTES = 256 * 1024
_MOST_METADATA_BYTES = 512 * 1024

# Where an instance has its address outside of its network.
ADDRESS = "network_interface[0].access_config[0].nat_ip"


def instance(
    fleet: FleetView, project: GcpProject, machine: GcpMachine, tags: tuple[str, ...]
) -> Resource:
    """Return the instance of a machine. It does not hold the machine's description.

    Args:
        fleet: The fleet.
        project: The project that the machine is in.
        machine: The machine.
        tags: Its network tags.

    Raises:
        FleetError: When it has more metadata than an instance may have.
    """
    account, shielded = machine.service_account, machine.shielded_vm
    performance = included_performance(machine.boot_disk.type, machine.boot_disk.size_gb)
    return Resource(
        "google_compute_instance",
        machine.name,
        {
            "name": machine.name,
            "machine_type": machine.machine_type,
            "zone": machine.zone,
            "boot_disk": {
                "initialize_params": {
                    "image": machine.boot_disk.image,
                    "size": machine.boot_disk.size_gb,
                    "type": machine.boot_disk.type,
                    **performance,
                },
                "kms_key_self_link": machine.boot_disk.kms_key or project.kms_key,
            },
            "attached_disk": [
                {
                    "source": reference("google_compute_disk", disk.name, "self_link"),
                    "device_name": disk.name,
                }
                for disk in machine.data_disks
            ]
            or None,
            "network_interface": [
                {
                    "network": machine.network or project.network,
                    "subnetwork": machine.subnetwork,
                    "access_config": _access_config(machine.external_ip),
                }
            ],
            "tags": list(tags),
            "labels": {
                **common_labels(fleet, project, machine),
                "cost": money.label(machine.bill.hour),
                "state": machine.state,
            },
            "metadata": _metadata(project, machine),
            # None, not an empty list: from its release 8.0 on, Google's provider makes a machine
            # anew for that one. See
            # https://github.com/hashicorp/terraform-provider-google/blob/main/website/docs/guides/version_8_upgrade.html.markdown.
            # A part of a GPU is no number of them: the machine type alone says it.
            "guest_accelerator": None
            if machine.gpu is None or machine.gpu.is_part
            else [{"type": machine.gpu.type, "count": machine.gpu.count}],
            "scheduling": _scheduling(machine),
            "reservation_affinity": _reservation_affinity(machine),
            "min_cpu_platform": _least_platform(machine),
            "advanced_machine_features": _machine_features(machine),
            "confidential_instance_config": _confidential_config(machine),
            "desired_status": "TERMINATED" if machine.stopped else "RUNNING",
            "shielded_instance_config": None
            if machine.catalog_entry.bare_metal
            else {
                "enable_secure_boot": shielded.secure_boot,
                "enable_vtpm": shielded.vtpm,
                "enable_integrity_monitoring": shielded.integrity_monitoring,
            },
            "service_account": None
            if account is None
            else {"email": account.email, "scopes": list(account.scopes)},
            "resource_policies": None
            if machine.stop_schedule is None
            else [reference("google_compute_resource_policy", policy_name(machine), "self_link")],
            "deletion_protection": machine.deletion_protection,
            "allow_stopping_for_update": machine.allow_stopping_for_update,
        },
        # More performance, of a disk that was given it since, is no reason to make it anew.
        lifecycle={
            "ignore_changes": [
                *left_alone.INSTANCE,
                *(f"boot_disk[0].initialize_params[0].{name}" for name in performance),
            ]
        },
    )


def instance_reference(machine: GcpMachine, attribute: str) -> Reference:
    """Return a reference to an attribute of a machine's instance."""
    return reference("google_compute_instance", machine.name, attribute)


def address(machine: GcpMachine) -> Reference:
    """Return a reference to where SSH reaches a machine: outside its network, or else inside."""
    inside = "network_interface[0].network_ip"
    return instance_reference(machine, ADDRESS if machine.external_ip else inside)


def common_labels(fleet: FleetView, project: GcpProject, machine: GcpMachine) -> dict[str, str]:
    """Return the labels that a machine and its disks have whatever the machine's state."""
    own = {**project.labels, **machine.labels}
    return own | {"fleet": fleet.name, "machine": machine.name}


def _metadata(project: GcpProject, machine: GcpMachine) -> Mapping[str, str]:
    # Said either way: what is left out, the project's own metadata decides.
    switches = {
        "block-project-ssh-keys": not project.project_ssh_keys,
        "serial-port-enable": machine.serial_port,
        "enable-guest-attributes": project.guest_attributes,
        "enable-oslogin": project.os_login,
    }
    told = {key: "TRUE" if on else "FALSE" for key, on in switches.items() if on is not None}
    metadata = {**machine.metadata, **told}
    if project.ssh_keys:
        metadata["ssh-keys"] = "\n".join(f"root:{key}" for key in project.ssh_keys)
    own = machine.startup_script
    script = startup_script(own)
    # Not metadata_startup_script: a change of that one makes a new machine with a new disk.
    metadata["startup-script"] = Reference(script) if isinstance(own, Reference) else script
    _check_sizes(machine, metadata)
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


def _access_config(external_ip: bool | str) -> list[dict[str, str]] | None:
    if external_ip is True:
        # The tier stands here because cdktf leaves out an empty block, and the address with it.
        return [{"network_tier": "PREMIUM"}]
    return [{"nat_ip": external_ip}] if external_ip else None


def _scheduling(machine: GcpMachine) -> dict[str, Any]:
    """Return what Compute Engine wants said about provisioning, the end of runs and maintenance.

    Google's provider keeps what is left out, so it is said of every machine: otherwise one that is
    no Spot VM any more would stay one, and one without a limit would keep it. What a machine that
    is bound to a reservation may not have is left out, since the provider sends nothing for it.

    See https://github.com/hashicorp/terraform-provider-google/blob/v7.45.0/website/docs/r/compute_instance.html.markdown#nested_scheduling.
    """
    model, seconds = machine.provisioning_model, machine.max_run_duration
    return {
        "provisioning_model": model,
        "preemptible": machine.spot,
        "automatic_restart": model == "STANDARD",
        "on_host_maintenance": machine.on_host_maintenance,
        "max_run_duration": None if seconds is None else {"seconds": seconds},
        "instance_termination_action": termination_action(
            model, seconds, machine.instance_termination_action
        ),
        # Of the end of a run alone: who turns itself off loses them anyway.
        "on_instance_stop_action": {"discard_local_ssd": True}
        if machine.discard_local_ssd and seconds is not None
        else None,
    }


def _reservation_affinity(machine: GcpMachine) -> dict[str, Any] | None:
    """Return which reservations a machine consumes; None for those that match it."""
    if machine.provisioning_model == "FLEX_START":
        return {"type": "NO_RESERVATION"}
    if machine.reservation is None:
        return None
    return {
        "type": "SPECIFIC_RESERVATION",
        "specific_reservation": {
            "key": "compute.googleapis.com/reservation-name",
            "values": [machine.reservation],
        },
    }


def _confidential_config(machine: GcpMachine) -> dict[str, Any] | None:
    """Return what makes a machine a Confidential VM; None where it is none."""
    technology = machine.confidential
    return None if technology is None else {"confidential_instance_type": technology}


def _least_platform(machine: GcpMachine) -> str | None:
    """Return the oldest processors that Google's provider wants named; None for none.

    Of a Confidential VM with SEV-SNP, and one that migrates. See confidential_instance_type in
    https://github.com/hashicorp/terraform-provider-google/blob/v7.45.0/website/docs/r/compute_instance.html.markdown#nested_confidential_instance_config.
    """
    series, technology = machine.catalog_entry.series, machine.confidential
    if technology == "SEV_SNP":
        return series.confidential_platform
    if technology is None or machine.on_host_maintenance != "MIGRATE":
        return None
    return series.confidential_platform if migrates_confidential(series, technology) else None


def _machine_features(machine: GcpMachine) -> dict[str, Any] | None:
    """Return what is said of a machine's processors; None where nothing is."""
    said: dict[str, Any] = {}
    if machine.threads_per_core is not None:
        said["threads_per_core"] = machine.threads_per_core
    if machine.nested_virtualization:
        said["enable_nested_virtualization"] = True
    return said or None
