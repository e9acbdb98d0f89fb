"""Instances: what Compute Engine refuses, and what it does when one is made, changed or removed."""

import re
from typing import Any

from .cloud import (
    LINK,
    ApiError,
    Cloud,
    State,
    bad_request,
    external_address,
    fingerprint,
    not_found,
)
from .values import canonical, last, relative, same_link

KIND = "google_compute_instance"

# Arguments that google's provider changes only while the machine is stopped.
STOPPED_FOR = (
    "advanced_machine_features",
    "enable_display",
    "machine_type",
    "min_cpu_platform",
    "network_interface.network",
    "network_interface.subnetwork",
    "network_interface.subnetwork_project",
    "scheduling.node_affinities",
    "service_account",
    "shielded_instance_config",
)

G2_GPUS = {4: 1, 8: 1, 12: 1, 16: 1, 24: 2, 32: 1, 48: 4, 96: 8}
N1_COUNTS = {
    "nvidia-tesla-t4": (1, 2, 4),
    "nvidia-tesla-p4": (1, 2, 4),
    "nvidia-tesla-p100": (1, 2, 4),
    "nvidia-tesla-v100": (1, 2, 4, 8),
}


def create(cloud: Cloud, instance: State) -> State:
    """Insert `instance`, start it, and stop it again where that is its desired status.

    Raises:
        ApiError: The API refuses it, or has no room for it.
    """
    try:
        check(cloud, instance)
    except ApiError as error:
        raise ApiError(f"Error creating instance: {error}") from None
    ask_for_room(cloud, instance, "instance to create")
    instance["current_status"] = "RUNNING"
    fill(cloud, instance)
    cloud.log.append(f"instances.insert {instance['name']}")
    if instance["desired_status"] == "TERMINATED":
        stop(cloud, instance)
    return instance


def update(cloud: Cloud, prior: State, instance: State, changed: set[str]) -> State:
    """Make the instance as in `prior` to be as in `instance`; `changed` names what differs.

    Raises:
        ApiError: The change asks for a stop that was not allowed, or the API refuses it.
    """
    stored = cloud.find(KIND, prior["id"])
    status, desired = stored["current_status"], instance["desired_status"]
    stopping = any(
        name == of or name.startswith(f"{of}.") for name in changed for of in STOPPED_FOR
    )
    if (
        stopping
        and status == "RUNNING"
        and desired != "TERMINATED"
        and not instance["allow_stopping_for_update"]
    ):
        raise ApiError(
            "Changing the machine_type, min_cpu_platform, service_account, enable_display,"
            " shielded_instance_config, scheduling.node_affinities, scheduling.max_run_duration or"
            " network_interface.[#d].(network/subnetwork/subnetwork_project) or"
            " advanced_machine_features on a started instance requires stopping it. To acknowledge"
            " this, please set allow_stopping_for_update = true in your config. You can also stop"
            ' it by setting desired_status = "TERMINATED", but the instance will not be restarted'
            " after the update."
        )
    check(cloud, instance)
    resize(stored, instance)
    instance["current_status"] = status
    if not any(name.startswith("attached_disk") for name in changed):
        # A disk that was made anew has the link of the one before. So nothing differs, and it
        # stays detached.
        instance["attached_disk"] = stored["attached_disk"]
    # Stored before anything is started: when there is no room, the rest has been done all the same.
    stored.clear()
    stored.update(instance)
    if (stopping or desired == "TERMINATED") and status == "RUNNING":
        stop(cloud, stored)
    if names := sorted({name.partition(".")[0] for name in changed}):
        cloud.log.append(f"instances.update {instance['name']}: {' '.join(names)}")
    fill(cloud, stored)
    wanted = desired or status
    if wanted == "RUNNING" and stored["current_status"] != "RUNNING":
        ask_for_room(cloud, stored, "starting instance" if stopping else "updating status")
        start(cloud, stored)
    return stored


def resize(stored: State, instance: State) -> None:
    """Let the boot disk grow.

    Raises:
        ApiError: It is to shrink.
    """
    (before,), (after,) = (of["boot_disk"][0]["initialize_params"] for of in (stored, instance))
    if after["size"] < before["size"]:
        refused = bad_request(
            f"Invalid value for field 'sizeGb': '{after['size']}'. The new size of a disk has to be"
            " larger than its size is.",
            "invalid",
        )
        raise ApiError(f'Error updating Disk "{instance["id"]}": {refused}')


def delete(cloud: Cloud, instance: State) -> None:
    """Remove `instance`; its boot disk goes with it, other disks are detached.

    Raises:
        ApiError: It is protected.
    """
    if instance["deletion_protection"]:
        raise ApiError(
            f"Cannot delete instance {instance['name']}: instance Deletion Protection is enabled."
            " Set deletion_protection to false for this resource and run"
            ' "terraform apply" before attempting to delete it.'
        )
    cloud.of(KIND).pop(instance["id"], None)
    cloud.log.append(f"instances.delete {instance['name']}")


def read(cloud: Cloud, instance: State, prior: State) -> State:
    """`instance` as the provider reads it back, with the disks that others attached to it.

    Where the state, `prior`, has no desired status, or no script beside the metadata, it stays so;
    and after an import it has neither.
    """
    seen = dict(instance)
    seen["desired_status"] = prior["desired_status"] and seen["current_status"]
    seen |= start_up(seen, apart=bool(prior["metadata_startup_script"]))
    attached = [
        {
            **dict.fromkeys(_DISK_ARGUMENTS),
            "source": LINK + relative(other["disk"]),
            "device_name": other["device_name"],
            "mode": other["mode"],
            "force_attach": False,
        }
        for other in cloud.of("google_compute_attached_disk").values()
        if relative(other["instance"]) == instance["id"]
    ]
    seen["attached_disk"] = [*seen["attached_disk"], *attached]
    return seen


def start_up(instance: State, *, apart: bool) -> State:
    """The metadata, with the script that a machine runs among them, or beside them."""
    key, script = "startup-script", instance["metadata_startup_script"]
    metadata = dict(instance["metadata"] or {}) | ({key: script} if script else {})
    script = metadata.pop(key, "") if apart else None
    return {"metadata": metadata or instance["metadata"], "metadata_startup_script": script}


_DISK_ARGUMENTS = (
    "device_name",
    "disk_encryption_key_raw",
    "disk_encryption_key_rsa",
    "disk_encryption_key_sha256",
    "disk_encryption_service_account",
    "force_attach",
    "kms_key_self_link",
    "mode",
    "source",
)


def check(cloud: Cloud, instance: State) -> None:
    """What Compute Engine checks before it does anything.

    Raises:
        ApiError: The message that it answers with.
    """
    if not re.fullmatch(r"[a-z]+-[a-z]+\d+-[a-z]", instance["zone"]):
        raise bad_request(
            f"Invalid value for field 'zone': '{instance['zone']}'. Unknown zone.", "invalid"
        )
    check_scheduling(instance)
    check_gpus(instance)
    for i, tag in enumerate(instance["tags"] or ()):
        if not re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", tag):
            raise bad_request(
                f"Invalid value for field 'resource.tags.items[{i}]': '{tag}'. Must be a match of"
                " regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'",
                "invalid",
            )
    for disk in instance["attached_disk"]:
        check_disk(cloud, instance, disk["source"])
    for policy in policies(instance):
        cloud.find("google_compute_resource_policy", policy)
        if f"/regions/{region(instance)}/" not in policy:
            raise not_found(policy)
    for interface in instance["network_interface"]:
        check_network(cloud, instance, interface)


def check_scheduling(instance: State) -> None:
    """The rules of the scheduling block."""
    scheduling = _first(instance["scheduling"])
    preemptible = bool(scheduling.get("preemptible"))
    maintenance = scheduling.get("on_host_maintenance")
    spot = scheduling.get("provisioning_model") == "SPOT"
    if (preemptible or spot) and scheduling.get("automatic_restart"):
        raise bad_request(
            "Invalid value for field 'resource.scheduling.preemptible': 'true'. Scheduling must"
            " have preemptible be false when AutomaticRestart is true.",
            "invalid",
        )
    if (preemptible or spot) and maintenance == "MIGRATE":
        raise bad_request(
            "Invalid value for field 'resource.scheduling.preemptible': 'true'. Scheduling must"
            " have preemptible be false when OnHostMaintenance isn't TERMINATE.",
            "invalid",
        )
    family = last(instance["machine_type"]).partition("-")[0]
    if family == "e2" and maintenance == "TERMINATE" and not (preemptible or spot):
        raise bad_request(
            "e2 instances do not support onHostMaintenance=TERMINATE unless they are preemptible."
        )
    if (duration := _first(scheduling.get("max_run_duration"))) or scheduling.get(
        "termination_time"
    ):
        if not scheduling.get("instance_termination_action"):
            raise bad_request(
                "Invalid value for field 'resource.scheduling.instanceTerminationAction': ''. An"
                " instance termination action must be specified when a limit on the run time is.",
                "invalid",
            )
        if duration and not 30 <= duration["seconds"] <= 120 * 24 * 3600:
            raise bad_request(
                "Invalid value for field 'resource.scheduling.maxRunDuration.seconds':"
                f" '{duration['seconds']}'. Must be between 30 seconds and 120 days.",
                "invalid",
            )


def check_gpus(instance: State) -> None:
    """Which GPUs go with which machine types, and that none of them can migrate."""
    machine_type = last(instance["machine_type"])
    family = machine_type.partition("-")[0]
    built_in = built_in_gpus(machine_type)
    asked = [(last(gpu["type"]), gpu["count"]) for gpu in instance["guest_accelerator"]]
    for kind, count in asked:
        if built_in and (kind, count) not in built_in:
            raise bad_request(
                f"[{machine_type}, {kind}] features are not compatible for creating instance."
            )
        if not built_in and (family != "n1" or kind not in N1_COUNTS):
            raise bad_request(
                f"[{machine_type}, {kind}] features are not compatible for creating instance."
            )
        if not built_in and count not in N1_COUNTS[kind]:
            raise bad_request(
                "Invalid value for field 'resource.guestAccelerators[0].acceleratorCount':"
                f" '{count}'. The number of accelerators is not supported.",
                "invalid",
            )
    maintenance = _first(instance["scheduling"]).get("on_host_maintenance")
    if (built_in or asked) and maintenance in (None, "MIGRATE"):
        raise bad_request("Instances with guest accelerators do not support live migration.")


def built_in_gpus(machine_type: str) -> list[tuple[str, int]]:
    """The GPUs that come with a machine type: their type and how many."""
    if found := re.fullmatch(r"g2-standard-(\d+)", machine_type):
        return [("nvidia-l4", G2_GPUS[int(found[1])])]
    if found := re.fullmatch(r"a2-(highgpu|megagpu|ultragpu)-(\d+)g", machine_type):
        kind = "nvidia-a100-80gb" if found[1] == "ultragpu" else "nvidia-tesla-a100"
        return [(kind, int(found[2]))]
    return []


def check_disk(cloud: Cloud, instance: State, source: str) -> None:
    """A disk must be there, in the zone, and in no other instance."""
    link = disk_link(instance, source)
    if f"/zones/{instance['zone']}/" not in link:
        raise not_found(link.replace(link.split("/")[3], instance["zone"]))
    disk = cloud.find("google_compute_disk", link)
    for other in cloud.of(KIND).values():
        if other["name"] != instance["name"] and any(
            same_link(used["source"], disk["id"]) for used in other["attached_disk"]
        ):
            raise bad_request(
                f"The disk resource '{disk['id']}' is already being used by '{other['id']}'",
                "resourceInUseByAnotherResource",
            )


def check_network(cloud: Cloud, instance: State, interface: State) -> None:
    """A network other than the default one must be there, and so must a reserved address."""
    network = interface["network"]
    if network and last(network) != "default":
        link = canonical(network, instance["project"], "global", "networks")
        cloud.find("google_compute_network", link)
    for i, access in enumerate(interface["access_config"]):
        address = access["nat_ip"]
        if not address or address in _ephemeral(cloud, instance):
            continue
        if address not in _reserved(cloud, region(instance)):
            raise bad_request(
                f"Invalid value for field 'resource.networkInterfaces[0].accessConfigs[{i}].natIP':"
                f" '{address}'. The specified external IP address '{address}' was not found in"
                f" region '{region(instance)}'.",
                "invalid",
            )


def ask_for_room(cloud: Cloud, instance: State, waiting_for: str) -> None:
    """Start `instance` if the zone has room and the quota allows it.

    Raises:
        ApiError: The faults of the cloud say that it has not, or does not.
    """
    name, zone, machine_type = instance["name"], instance["zone"], last(instance["machine_type"])
    gpus = [(last(gpu["type"]), gpu["count"]) for gpu in instance["guest_accelerator"]]
    gpus = gpus or built_in_gpus(machine_type)
    fault = cloud.fault(name, zone, gpus=bool(gpus))
    if fault is None:
        return
    if fault["error"] == "QUOTA_EXCEEDED":
        raise ApiError(f"Error waiting for {waiting_for}: {quota_message(instance, fault)}")
    with_gpus = "".join(f" with {count} {kind} accelerator(s)" for kind, count in gpus)
    details = (
        " '(resource type:compute)'.\n\n\n"
        f"A {machine_type} VM instance{with_gpus} is currently unavailable in the {zone} zone."
        " Alternatively, you can try your request again with a different VM hardware configuration"
        " or at a later time. For more information, see the troubleshooting documentation.\n\n\n"
        "Troubleshooting documentation\nhttps://cloud.google.com/compute/docs/resource-error\n"
    )
    raise ApiError(
        f"Error waiting for {waiting_for}: The zone 'projects/{instance['project']}/zones/{zone}'"
        " does not have enough resources available to fulfill the request. "
        + (
            details
            if fault.get("details", True)
            else " Try a different zone, or try again later.\n"
        )
    )


def quota_message(instance: State, fault: dict[str, Any]) -> str:
    """What the API says of a quota, with what google's provider adds."""
    metric = fault.get("metric", "GPUS_ALL_REGIONS")
    if metric.endswith("_ALL_REGIONS"):
        where, scope, dimension = "globally", "project", "global:global"
    else:
        where = f"in region {region(instance)}"
        scope, dimension = "project-region", f"region:{region(instance)}"
    return (
        f"Quota '{metric}' exceeded.  Limit: 0.0 {where}.\n"
        f"\tmetric name = compute.googleapis.com/{metric.lower()}\n"
        f"\tlimit name = {metric.replace('_', '-')}-per-{scope}\n"
        f"\tdimensions = map[{dimension}]\n"
    )


def stop(cloud: Cloud, instance: State) -> None:
    """Stop `instance`: an external address that is not reserved is given back."""
    instance["current_status"] = "TERMINATED"
    kept = _reserved(cloud, region(instance))
    for interface in instance["network_interface"]:
        for access in interface["access_config"]:
            if access["nat_ip"] not in kept:
                access["nat_ip"] = ""
    cloud.log.append(f"instances.stop {instance['name']}")


def start(cloud: Cloud, instance: State) -> None:
    """Start `instance`: it gets an external address anew where it has none."""
    instance["current_status"] = "RUNNING"
    cloud.log.append(f"instances.start {instance['name']}")
    fill(cloud, instance)


def fill(cloud: Cloud, instance: State) -> None:
    """What the API answers for everything that was not given."""
    project, zone, name = instance["project"], instance["zone"], instance["name"]
    instance["machine_type"] = last(instance["machine_type"])
    if not instance["scheduling"]:
        instance["scheduling"] = [
            {
                **dict.fromkeys(_SCHEDULING_ARGUMENTS),
                "automatic_restart": True,
                "preemptible": False,
                **{block: [] for block in _SCHEDULING_BLOCKS},
            }
        ]
    for scheduling in instance["scheduling"]:
        if not scheduling["on_host_maintenance"]:
            scheduling["on_host_maintenance"] = (
                "TERMINATE" if scheduling["preemptible"] else "MIGRATE"
            )
        if not scheduling["provisioning_model"]:
            scheduling["provisioning_model"] = "STANDARD"
    if not instance["shielded_instance_config"] and "metal" not in instance["machine_type"]:
        instance["shielded_instance_config"] = [dict(SHIELDED)]
    if not instance["guest_accelerator"]:
        instance["guest_accelerator"] = [
            {"type": kind, "count": count}
            for kind, count in built_in_gpus(instance["machine_type"])
        ]
    for gpu in instance["guest_accelerator"]:
        kind = last(gpu["type"])
        gpu["type"] = f"{LINK}projects/{project}/zones/{zone}/acceleratorTypes/{kind}"
    for i, interface in enumerate(instance["network_interface"]):
        fill_interface(cloud, instance, i, interface)
    for disk in instance["boot_disk"]:
        _set(disk, "device_name", "persistent-disk-0")
        _set(disk, "source", f"{LINK}projects/{project}/zones/{zone}/disks/{name}")
        for params in disk["initialize_params"]:
            _set(params, "size", 10)
            _set(params, "type", "pd-standard")
            _set(params, "architecture", "X86_64")
            if params["image"]:
                params["image"] = cloud.image(params["image"], project)
    for i, disk in enumerate(instance["attached_disk"]):
        _set(disk, "device_name", f"persistent-disk-{i + 1}")
        disk["source"] = LINK + disk_link(instance, disk["source"])
    instance["resource_policies"] = [LINK + policy for policy in policies(instance)]
    for account in instance["service_account"]:
        _set(account, "email", "123456789012-compute@developer.gserviceaccount.com")
    _set(instance, "instance_id", str(int(fingerprint([project, zone, name]), 16)))
    _set(instance, "cpu_platform", "Intel Broadwell")
    instance["metadata_fingerprint"] = fingerprint(instance["metadata"])
    instance["tags_fingerprint"] = fingerprint(instance["tags"])


SHIELDED = {
    "enable_integrity_monitoring": True,
    "enable_secure_boot": False,
    "enable_vtpm": True,
}
"""What a machine has that boots by UEFI, as all of today's images do, and does not say it."""

_SCHEDULING_ARGUMENTS = (
    "automatic_restart",
    "availability_domain",
    "instance_termination_action",
    "min_node_cpus",
    "on_host_maintenance",
    "preemptible",
    "provisioning_model",
    "termination_time",
)
_SCHEDULING_BLOCKS = (
    "local_ssd_recovery_timeout",
    "max_run_duration",
    "node_affinities",
    "on_instance_stop_action",
)


def fill_interface(cloud: Cloud, instance: State, number: int, interface: State) -> None:
    """The addresses of one network interface."""
    project = instance["project"]
    network = canonical(interface["network"] or "default", project, "global", "networks")
    interface["network"] = LINK + network
    _set(interface, "name", f"nic{number}")
    _set(interface, "stack_type", "IPV4_ONLY")
    _set(interface, "subnetwork", f"regions/{region(instance)}/subnetworks/{last(network)}")
    subnetwork = canonical(
        interface["subnetwork"],
        interface["subnetwork_project"] or network.split("/")[1],
        f"regions/{region(instance)}",
        "subnetworks",
    )
    interface["subnetwork"] = LINK + subnetwork
    interface["subnetwork_project"] = subnetwork.split("/")[1]
    number = int(fingerprint([instance["zone"], instance["name"]]), 16)
    _set(interface, "network_ip", f"10.128.{(number >> 8) % 256}.{number % 254 + 1}")
    for access in interface["access_config"]:
        _set(access, "network_tier", "PREMIUM")
        if not access["nat_ip"] and instance["current_status"] == "RUNNING":
            access["nat_ip"] = next_address(cloud, instance)


def next_address(cloud: Cloud, instance: State) -> str:
    """An external address that nothing else has, another at every start."""
    taken = {address for other in cloud.of(KIND).values() for address in addresses(other)}
    taken |= _reserved(cloud, region(instance))
    link = f"projects/{instance['project']}/zones/{instance['zone']}/instances/{instance['name']}"
    return external_address(link, taken, cloud.log.count(f"instances.start {instance['name']}"))


def disk_link(instance: State, source: str) -> str:
    """The id of the disk that `source`, a name or a link, means to an instance."""
    return canonical(source, instance["project"], f"zones/{instance['zone']}", "disks")


def policies(instance: State) -> list[str]:
    """The ids of the resource policies of an instance."""
    place = f"regions/{region(instance)}"
    return [
        canonical(policy, instance["project"], place, "resourcePolicies")
        for policy in instance["resource_policies"] or ()
    ]


def region(instance: State) -> str:
    """The region that the zone of `instance` is in."""
    return str(instance["zone"]).rpartition("-")[0]


def _first(blocks: Any) -> dict[str, Any]:
    return dict(blocks[0]) if blocks else {}


def _set(block: State, name: str, value: Any) -> None:
    if not block[name]:
        block[name] = value


def addresses(instance: State) -> list[str]:
    return [
        access["nat_ip"]
        for interface in instance["network_interface"]
        for access in interface["access_config"]
        if access["nat_ip"]
    ]


def _ephemeral(cloud: Cloud, instance: State) -> list[str]:
    """The addresses that `instance` has already, if it is there."""
    link = f"projects/{instance['project']}/zones/{instance['zone']}/instances/{instance['name']}"
    stored = cloud.of(KIND).get(link)
    return addresses(stored) if stored else []


def _reserved(cloud: Cloud, of_region: str) -> set[str]:
    """The reserved addresses of a region."""
    return {
        address["address"]
        for address in cloud.of("google_compute_address").values()
        if last(address["region"]) == of_region
    }
