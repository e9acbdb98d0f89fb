"""What Compute Engine accepts, checked before anything is written.

The rules come from https://cloud.google.com/compute/docs/gpus (GPUs),
https://cloud.google.com/compute/docs/instances/limit-vm-runtime (`max_run_duration`) and
https://cloud.google.com/compute/docs/instances/spot (Spot VMs).
"""

from __future__ import annotations

import re
from string import ascii_lowercase
from typing import TYPE_CHECKING

from infra_lib.clouds.gcp.catalog import Catalog
from infra_lib.clouds.gcp.catalog.catalog import did_you_mean
from infra_lib.clouds.gcp.catalog.entries import (
    blank_accelerator_type,
    blank_machine_type,
    blank_zone,
)
from infra_lib.model import check
from infra_lib.model.errors import FleetError, alike, field_error, nearest
from infra_lib.model.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.clouds.gcp.catalog import AcceleratorType, MachineType, Zone
    from infra_lib.clouds.gcp.machine import GcpMachine, Gpu
    from infra_lib.clouds.gcp.project import GcpProject

STACK_LABELS = ("cost", "fleet", "machine", "state")
# https://cloud.google.com/compute/docs/labeling-resources#requirements; Google's provider adds one
# of its own, goog-terraform-provisioned.
_MOST_LABELS = 64 - len(STACK_LABELS) - 1
# What metadata the stack writes, and what says it.
STACK_METADATA = {
    "block-project-ssh-keys": "GcpProject(project_ssh_keys=…)",
    "enable-guest-attributes": "GcpProject(guest_attributes=…)",
    "enable-oslogin": "GcpProject(os_login=…)",
    "serial-port-enable": "serial_port",
    "ssh-keys": "GcpProject(ssh_keys=…)",
    "startup-script": "startup_script",
}
RUN_SECONDS = (30, 120 * 24 * 60 * 60)

# https://cloud.google.com/vpc/docs/add-remove-network-tags#restrictions; two are the stack's.
_MOST_TAGS = 64 - 2

# https://cloud.google.com/compute/docs/disks#disk-types; new ones are Hyperdisks.
_DISK_TYPE = re.compile(r"pd-(balanced|extreme|ssd|standard)|hyperdisk-[a-z][-a-z0-9]*")
MOST_GB = 65536

_SWITCHES = (
    *("enabled", "stopped", "spot", "discard_local_ssd", "serial_port"),
    *("deletion_protection", "allow_stopping_for_update"),
)

# https://cloud.google.com/kms/docs/getting-resource-ids; a version may not stand after it: Google
# uses the newest, and the provider, which leaves it out, would see a change at every plan.
_KMS_KEY = re.compile(
    r"projects/[-.:a-z0-9]+/locations/(?P<location>[-a-z0-9]+)"
    r"/keyRings/[-_A-Za-z0-9]{1,63}/cryptoKeys/[-_A-Za-z0-9]{1,63}"
)

_EMAIL = re.compile(r"[^@]+@[^@]+")
_STATE_VERSION = re.compile(r"[0-9]{2}\.[0-9]{2}")


def check_machine(machine: GcpMachine) -> None:
    """Check everything about one machine that needs no other.

    Raises:
        FleetError: At the first thing that Compute Engine, or NixOS, would refuse.
    """
    machine_type(machine)
    zone(machine)
    _check_fallback_zones(machine)
    for field in _SWITCHES:
        check.boolean(_where(machine), field, getattr(machine, field))
    if machine.gpu is not None:
        _check_gpu(machine, machine.gpu)
    _check_run(machine)
    _check_local_ssds(machine)
    _check_disks(machine)
    _check_network(machine)
    _check_metadata(machine)
    check_labels(machine)
    check.words(_where(machine), "modules", machine.modules, '"base"')
    version = machine.state_version
    if version is not None and not (isinstance(version, str) and _STATE_VERSION.fullmatch(version)):
        raise _error(machine, "state_version", version, 'a NixOS release: "25.05"')


def check_labels(machine: GcpMachine, project: GcpProject | None = None) -> None:
    """Check that a machine has no more labels than an instance may have.

    Args:
        machine: The machine.
        project: The project of its stack, whose labels it has as well; None while that is not
            known, since a stack may name another one than the fleet's.

    Raises:
        FleetError: When it has.
    """
    given = machine.labels.keys() | (project.labels.keys() if project is not None else ())
    if len(given) > _MOST_LABELS:
        accepted = (
            f"at most {_MOST_LABELS}, with those of the project, beside the stack's own and one of "
            "Google's provider"
        )
        raise _error(machine, "labels", f"{len(given)} labels", accepted)


def check_kms_key(where: str, field: str, key: object) -> None:
    """Check the name of a key in Cloud KMS; a `Reference` may stand for it, and None for none.

    Raises:
        FleetError: When it is none.
    """
    if key is None or isinstance(key, Reference):
        return
    if not isinstance(key, str) or not _KMS_KEY.fullmatch(key):
        accepted = (
            "a key of Cloud KMS by its full name, without a version: "
            '"projects/example-project/locations/us-central1/keyRings/fleet/cryptoKeys/disks"'
        )
        raise field_error(where, field, key, accepted)


def check_kms_key_of_project(machine: GcpMachine, project: GcpProject) -> None:
    """Check that the key of the project of a machine's stack is right for its disks without one.

    Raises:
        FleetError: When it is in another region.
    """
    if None in {machine.boot_disk.kms_key, *(disk.kms_key for disk in machine.data_disks)}:
        _check_location(machine, f"project {project.project!r}", "kms_key", project.kms_key)


def _check_location(machine: GcpMachine, where: str, field: str, key: str | None) -> None:
    """Check that a key is where a machine's disks are, or may be.

    The rule: https://cloud.google.com/compute/docs/disks/customer-managed-encryption
    """
    found = None if key is None else _KMS_KEY.fullmatch(key)
    # A multi-region ("europe", "nam4") or "global" may be right; a region is where it is.
    if found is None or found["location"] not in machine.catalog.regions():
        return
    regions = {_zone(machine, "zone", name).region for name in machine.zones}
    if {found["location"]} != regions:
        accepted = (
            f"a disk takes a key of its own region, and those of {machine.name} may be in "
            f"{', '.join(sorted(regions))}: name a key there, or one of a location that holds "
            "it, such as global"
        )
        raise field_error(where, field, key, accepted)


def machine_type(machine: GcpMachine) -> MachineType:
    """Return what the catalogue knows of a machine's type.

    Raises:
        FleetError: When it knows nothing.
    """
    check.instance(_where(machine), "catalog", machine.catalog, Catalog)
    given = machine.machine_type
    found = machine.catalog.machine_type(_text(given))
    if found is None:
        known = machine.catalog.all_machine_types()
        near = alike(_text(given), known)
        meant = machine.catalog.accelerator_types_meant(_text(given))
        if not near and not meant:
            check.word(_where(machine), "machine_type", given, 'one such as "n1-standard-8"')
        brought = _bringers(machine.catalog, meant)
        accepted = "not in the catalogue" + (brought or nearest(given, known))
        described = blank_machine_type(given)
        if described and not brought and not near:
            accepted += (
                "; when it exists all the same, say so: "
                f"catalog=Catalog(machine_types=({described},))"
            )
            if "accelerator" in described:
                accepted += "; accelerator_types=(AcceleratorType(…),) beside them for a new GPU"
        elif not brought and not near:
            accepted += '; one such as "n1-standard-8" is wanted'
        raise _error(machine, "machine_type", given, accepted)
    return found


def accelerator_type(machine: GcpMachine, gpu: Gpu) -> AcceleratorType:
    """Return what the catalogue knows of a machine's GPU.

    Raises:
        FleetError: When it knows nothing.
    """
    catalog = machine.catalog
    found = catalog.accelerator_type(_text(gpu.type))
    if found is None:
        known = catalog.all_accelerator_types()
        meant = catalog.accelerator_types_meant(_text(gpu.type))
        if not meant:
            check.word(_where(machine), "gpu.type", gpu.type, 'one such as "nvidia-tesla-t4"')
        accepted = "not in the catalogue" + (
            did_you_mean(meant) or f", which has {', '.join(known)}"
        )
        accepted += _carriers(catalog, meant)
        facts = machine_type(machine)
        described = blank_accelerator_type(gpu.type, attached=facts.accelerator is None)
        if described and (facts.takes_gpus or facts.accelerator is not None):
            accepted += (
                "; when it exists all the same, say so: "
                f"catalog=Catalog(accelerator_types=({described},))"
            )
        raise _error(machine, "gpu.type", gpu.type, accepted)
    return found


def zone(machine: GcpMachine) -> Zone:
    """Return what the catalogue knows of a machine's zone.

    Raises:
        FleetError: When it knows nothing.
    """
    return _zone(machine, "zone", machine.zone)


def _zone(machine: GcpMachine, field: str, name: str) -> Zone:
    found = machine.catalog.zone(_text(name))
    if found is None:
        known = machine.catalog.all_zones()
        if alike(_text(name), known):
            raise _error(machine, field, name, f"not in the catalogue{nearest(name, known)}")
        check.word(_where(machine), field, name, 'one such as "us-central1-c"')
        # It may be a region itself, or have its region as another cloud spells it: us-east-1a.
        meant = (name, name.rstrip(ascii_lowercase))
        regions = {each for one in meant for each in alike(one, machine.catalog.regions())}
        siblings = [zone for zone in known.values() if zone.region in regions]
        accepted = (
            f"not a zone of {siblings[0].region}, which has "
            + ", ".join(zone.name for zone in siblings)
            if siblings
            else "in no region of the catalogue" + nearest(name, known)
        )
        gpu = machine.gpu.type if machine.gpu is not None else ""
        described = blank_zone(name, (gpu,) if machine.catalog.zones_offering(gpu) else ())
        if described:
            accepted += (
                f"; when it exists all the same, say so: catalog=Catalog(zones=({described},))"
            )
        elif not siblings:
            accepted += '; one such as "us-central1-c" is wanted'
        raise _error(machine, field, name, accepted)
    return found


def _check_fallback_zones(machine: GcpMachine) -> None:
    where = _where(machine)
    check.each(where, "fallback_zones", machine.fallback_zones, str, '"us-central1-a"')
    regions = {_zone(machine, "fallback_zones", name).region for name in machine.fallback_zones}
    check.unique(where, "fallback_zones", machine.zones)
    if machine.fallback_zones and machine.data_disks:
        raise _error(
            machine,
            "fallback_zones",
            machine.fallback_zones,
            f"its data disks stay in {machine.zone}, and cannot be attached elsewhere: leave "
            "fallback_zones out, or data_disks",
        )
    regional = {"subnetwork": machine.subnetwork, "external_ip": machine.external_ip}
    for field, value in regional.items():
        if isinstance(value, str) and regions - {machine.region}:
            raise _error(
                machine,
                "fallback_zones",
                machine.fallback_zones,
                f"{field}={value!r} is in {machine.region} only: name zones of that region",
            )


def _where(machine: GcpMachine) -> str:
    return f"machine {machine.name!r}"


def _error(machine: GcpMachine, field: str, given: object, accepted: str) -> FleetError:
    return field_error(_where(machine), field, given, accepted)


def _text(given: object) -> str:
    """Return what was given; of what is no text, one that names nothing."""
    return given if isinstance(given, str) else ""


def _carriers(catalog: Catalog, accelerators: Iterable[AcceleratorType]) -> str:
    """Return the end of a message that says which machine types GPUs come with."""
    found = {item.name: catalog.machine_types_with(item.name) for item in accelerators}
    return "".join(
        f"; {name} comes with {', '.join(types)}, and such a machine_type takes no gpu"
        for name, types in found.items()
        if types
    )


def _bringers(catalog: Catalog, accelerators: Iterable[AcceleratorType]) -> str:
    """Return the end of a message to who gave GPUs for a machine type: how a machine has them."""
    attached = "".join(
        f"; {item.name} attaches to an n1 machine that shares no core: "
        f'machine_type="n1-standard-8", gpu=Gpu("{item.name}")'
        for item in accelerators
        if item.max_vcpus
    )
    return _carriers(catalog, accelerators) + attached


def _check_gpu(machine: GcpMachine, gpu: Gpu) -> None:
    check.whole(_where(machine), "gpu.count", gpu.count, "GPUs", least=1)
    facts = machine_type(machine)
    built_in = (facts.accelerator, facts.accelerator_count)
    if facts.accelerator is not None and (gpu.type, gpu.count) != built_in:
        raise _error(
            machine,
            "gpu",
            f"{gpu.count}x {gpu.type}",
            f"{facts.name} comes with {built_in[1]}x {built_in[0]} and takes no other; "
            "leave gpu out (None), or choose another machine type",
        )
    accelerator = accelerator_type(machine, gpu)
    if facts.accelerator is None:
        _check_attached(machine, gpu, accelerator, facts)
    _check_offered(machine, gpu, "zone", machine.zone)
    for name in machine.fallback_zones:
        _check_offered(machine, gpu, "fallback_zones", name)


def _check_offered(machine: GcpMachine, gpu: Gpu, field: str, name: str) -> None:
    offering = [
        item for item in machine.catalog.all_zones().values() if gpu.type in item.accelerators
    ]
    here = _zone(machine, field, name)
    if offering and here not in offering:
        region = here.region
        near = [item.name for item in offering if item.region == region]
        raise _error(
            machine,
            field,
            name,
            f"does not offer {gpu.type}; "
            + (
                f"in {region} it is in {', '.join(near)}"
                if near
                else f"it is in {', '.join(sorted({item.region for item in offering}))}"
            ),
        )


def _check_attached(
    machine: GcpMachine, gpu: Gpu, accelerator: AcceleratorType, facts: MachineType
) -> None:
    limits = accelerator.max_vcpus
    if not limits:
        carriers = machine.catalog.machine_types_with(gpu.type)
        raise _error(
            machine,
            "gpu.type",
            gpu.type,
            f"attaches to no machine: it comes with {', '.join(carriers) or 'a machine type'}, "
            f"not with {facts.name}; name one as machine_type, and leave gpu out",
        )
    if not facts.takes_gpus:
        raise _error(
            machine,
            "machine_type",
            facts.name,
            f"takes no GPU; {gpu.type} attaches to an n1 machine that shares no core "
            "(n1-standard-8), and g2, a2 and a3 come with their own",
        )
    if gpu.count not in limits:
        counts = ", ".join(str(count) for count in sorted(limits))
        raise _error(machine, "gpu.count", gpu.count, f"{gpu.type} comes in {counts}")
    if facts.vcpus > limits[gpu.count]:
        more = [count for count in sorted(limits) if limits[count] >= facts.vcpus]
        raise _error(
            machine,
            "gpu.count",
            gpu.count,
            f"{gpu.count}x {gpu.type} allows up to {limits[gpu.count]} vCPUs and "
            f"{facts.name} has {facts.vcpus}; "
            + (f"take {more[0]} GPUs or " if more else "take ")
            + "a smaller machine type",
        )


def _check_run(machine: GcpMachine) -> None:
    if machine.stopped and not machine.enabled:
        raise _error(
            machine,
            "stopped",
            machine.stopped,
            "only an enabled machine can be stopped: give enabled=True to keep it and its boot "
            "disk, or leave stopped out",
        )
    seconds = machine.max_run_duration
    if seconds is not None:
        least, most = RUN_SECONDS
        unit = "seconds (up to 120 days; None for no limit)"
        check.whole(_where(machine), "max_run_duration", seconds, unit, least=least, most=most)
    action = machine.instance_termination_action
    if action is None:
        return
    check.one_of(_where(machine), "instance_termination_action", action, ("STOP", "DELETE"))
    if not machine.spot and seconds is None:
        raise _error(
            machine,
            "instance_termination_action",
            action,
            "only with spot=True or max_run_duration",
        )
    if action == "DELETE" and machine.deletion_protection:
        raise _error(
            machine,
            "instance_termination_action",
            action,
            "deletion_protection=True forbids it; take STOP",
        )


def _check_local_ssds(machine: GcpMachine) -> None:
    """Check that what is to stop a machine with Local SSDs can say that they are discarded.

    Compute Engine refuses to stop one without that. Google's provider does not say it when it stops
    one (https://github.com/hashicorp/terraform-provider-google/issues/26173), nor does a schedule,
    which has no field for it. The end of a run needs it, and takes it for nothing else
    (https://cloud.google.com/sdk/gcloud/reference/compute/instances/create#--discard-local-ssds-at-termination-timestamp);
    a Spot VM that is preempted loses what is on them
    (https://cloud.google.com/compute/docs/disks/local-ssd#data_persistence).
    """
    facts = machine_type(machine)
    stops_at_limit = (
        machine.max_run_duration is not None and machine.instance_termination_action != "DELETE"
    )
    if machine.discard_local_ssd and not (facts.local_ssds and stops_at_limit):
        raise _error(
            machine,
            "discard_local_ssd",
            machine.discard_local_ssd,
            "only for a machine type that comes with Local SSDs, with a max_run_duration that "
            "stops it",
        )
    if not facts.local_ssds:
        return
    comes = f"{facts.name} comes with Local SSDs"
    if machine.stopped:
        raise _error(
            machine,
            "stopped",
            machine.stopped,
            f"{comes}, and Google's provider cannot stop such a machine: it would run, and be "
            "billed; take enabled=False, which keeps data disks",
        )
    if machine.stop_schedule is not None:
        raise _error(
            machine,
            "stop_schedule",
            machine.stop_schedule,
            f"{comes}, and a schedule cannot stop such a machine: it would run on, and be billed; "
            "take max_run_duration",
        )
    if stops_at_limit and not machine.discard_local_ssd:
        raise _error(
            machine,
            "max_run_duration",
            machine.max_run_duration,
            f"{comes}, and what is on them is lost when it is stopped: agree with "
            'discard_local_ssd=True, or take instance_termination_action="DELETE"',
        )


def _check_disks(machine: GcpMachine) -> None:
    where = _where(machine)
    boot = machine.boot_disk
    _check_disk(where, "boot_disk", boot.size_gb, boot.type, least=10)
    check.referable(
        where, "boot_disk.image", boot.image, 'an image such as "debian-cloud/debian-12"'
    )
    _check_own_key(machine, "boot_disk.kms_key", boot.kms_key)
    for disk in machine.data_disks:
        check.name(where, "data_disks.name", disk.name)
        _check_own_key(machine, f"data_disks[{disk.name!r}].kms_key", disk.kms_key)
        if disk.name == machine.name:
            raise _error(
                machine, "data_disks.name", disk.name, "the boot disk has the machine's name"
            )
        _check_disk(where, f"data_disks[{disk.name!r}]", disk.size_gb, disk.type, least=1)
        check.boolean(where, f"data_disks[{disk.name!r}].prevent_destroy", disk.prevent_destroy)
    check.unique(where, "data_disks.name", (disk.name for disk in machine.data_disks))


def _check_own_key(machine: GcpMachine, field: str, key: str | None) -> None:
    check_kms_key(_where(machine), field, key)
    _check_location(machine, _where(machine), field, key)


def _check_disk(where: str, field: str, size_gb: object, disk_type: object, least: int) -> None:
    check.whole(where, f"{field}.size_gb", size_gb, "GB", least=least, most=MOST_GB)
    if not isinstance(disk_type, str) or not _DISK_TYPE.fullmatch(disk_type):
        accepted = "pd-balanced, pd-extreme, pd-ssd, pd-standard or a Hyperdisk's"
        raise field_error(where, f"{field}.type", disk_type, f'{accepted}: "hyperdisk-balanced"')


def _check_network(machine: GcpMachine) -> None:
    if machine.network is not None:
        check.link(_where(machine), "network", machine.network, "global/networks")
    if machine.subnetwork is not None:
        kind = f"regions/{machine.region}/subnetworks"
        check.link(_where(machine), "subnetwork", machine.subnetwork, kind)
    check.each(_where(machine), "network_tags", machine.network_tags, str, '"web"')
    for tag in machine.network_tags:
        check.name(_where(machine), "network_tags", tag)
    if len(set(machine.network_tags)) > _MOST_TAGS:
        given = f"{len(set(machine.network_tags))} tags"
        raise _error(
            machine, "network_tags", given, f"at most {_MOST_TAGS}, beside the stack's own"
        )
    address = machine.external_ip
    if not isinstance(address, bool | Reference):
        from ipaddress import IPv4Address

        try:
            IPv4Address(address if isinstance(address, str) else "")
        except ValueError:
            raise _error(
                machine,
                "external_ip",
                address,
                "True (an address that may change), False (none), a reserved IPv4 address or a "
                "Reference to one",
            ) from None


def _check_metadata(machine: GcpMachine) -> None:
    where = _where(machine)
    check.labels(where, "labels", machine.labels, STACK_LABELS)
    check.metadata(where, "metadata", machine.metadata, STACK_METADATA)
    check.text(where, "startup_script", machine.startup_script)
    account = machine.service_account
    if account is not None:
        accepted = 'an address such as "name@project.iam.gserviceaccount.com"'
        check.referable(where, "service_account.email", account.email, accepted)
        if not isinstance(account.email, Reference) and not _EMAIL.fullmatch(account.email):
            raise _error(machine, "service_account.email", account.email, f"{accepted} is accepted")
        scope = '"https://www.googleapis.com/auth/cloud-platform"'
        check.words(where, "service_account.scopes", account.scopes, scope)
