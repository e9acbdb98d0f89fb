"""An instance as the fields of a machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import NOTHING, evolve

from infra_lib.clouds.adoption import blocks
from infra_lib.clouds.gcp import scheduling as rules
from infra_lib.clouds.gcp.adoption import network as networks
from infra_lib.clouds.gcp.adoption import words
from infra_lib.clouds.gcp.adoption.disks import boot_disk, data_disks
from infra_lib.clouds.gcp.adoption.draft import Draft
from infra_lib.clouds.gcp.adoption.leftover import fate, leftover, unsaid
from infra_lib.clouds.gcp.adoption.notes import Notes
from infra_lib.clouds.gcp.adoption.policy import stop_schedule
from infra_lib.clouds.gcp.adoption.sources import Sources, is_own, merged
from infra_lib.clouds.gcp.adoption.values import (
    block,
    flag,
    is_nothing,
    last,
    literal,
    number,
    text,
    texts,
)
from infra_lib.clouds.gcp.catalog import CATALOG
from infra_lib.clouds.gcp.gpu import Gpu
from infra_lib.clouds.gcp.machine import ServiceAccount, ShieldedVm
from infra_lib.clouds.gcp.readings import INSTANCE
from infra_lib.model.errors import shown
from infra_lib.model.facts import is_ipv4

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_lib.clouds.adoption import Found
    from infra_lib.clouds.gcp.catalog import MachineType
    from infra_lib.clouds.gcp.catalog.series import ProvisioningModel

CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
_BY_NAME = "compute.googleapis.com/reservation-name"
_STOPPED = {"TERMINATED", "STOPPED", "STOPPING"}
_SUSPENDED = {"SUSPENDED", "SUSPENDING"}


def read(group: tuple[Found, ...], sources: Sources, fleet: str, begins: frozenset[str]) -> Draft:
    """Return what an instance says.

    Args:
        group: All that tells of it, the source that counts first.
        sources: All that was found.
        fleet: The fleet's name.
        begins: What the network tags of the fleet's stacks are.

    Raises:
        FleetError: When a part of it cannot be in a fleet.
    """
    first, found = group[0], merged(group)
    own = is_own(first, fleet)
    attributes = found.attributes
    if not own:
        attributes = sources.resolved(attributes, found)
        found = evolve(found, attributes=attributes)
    notes = Notes(found)
    name = literal(attributes.get("name")) or ""
    entry = CATALOG.machine_type(last(text(attributes.get("machine_type")) or ""))
    metadata = words.metadata(found, attributes, notes)
    policy, policy_found = stop_schedule(attributes, sources, notes)
    reach = networks.read(attributes, first, sources, notes)
    boot = boot_disk(attributes, first, sources, entry, notes, own=own)
    disks = data_disks(attributes, sources, entry, fleet, notes)
    fields: dict[str, Any] = {
        **_place(attributes, sources),
        **_gpu(attributes, entry, notes),
        **_run(attributes, entry, notes),
        **({} if policy is None else {"stop_schedule": policy}),
        **reach.fields,
        **words.tags(found, attributes, begins, notes),
        **metadata.fields,
        **_shielded(attributes, entry),
        **_processors(attributes),
        **_identity(attributes, notes),
    }
    if flag(attributes.get("deletion_protection")):
        fields["deletion_protection"] = True
    if flag(attributes.get("allow_stopping_for_update")) is False and not _is_listed(first):
        fields["allow_stopping_for_update"] = False
    _note_rest(attributes, entry, notes)
    notes.items += leftover(found, attributes)
    return Draft(
        found=found,
        attributes=attributes,
        group=group,
        name=name,
        own=own,
        fields=fields,
        network=reach.network,
        labels=words.labels(found, sources.provider, fleet, notes),
        root_keys=metadata.root_keys,
        switches=metadata.switches,
        boot_disk=boot,
        data_disks=disks,
        sources=(
            *group,
            *(disk.found for disk in (boot, *disks) if disk.found is not None),
            *((policy_found,) if policy_found is not None else ()),
            *((reach.reserved,) if reach.reserved is not None else ()),
            *sources.attached_to(found),
        ),
        notes=notes,
        address=_address(attributes) if found.exists and "stopped" not in fields else None,
    )


def _is_listed(found: Found) -> bool:
    return found.exists and not found.name


def _address(attributes: Mapping[str, Any]) -> str | None:
    interface = block(attributes.get("network_interface"))
    address = block(interface.get("access_config")).get("nat_ip")
    return address if is_ipv4(address) else None


def _place(attributes: Mapping[str, Any], sources: Sources) -> dict[str, Any]:
    zone = text(attributes.get("zone")) or literal(sources.provider.get("zone")) or ""
    return {"machine_type": last(text(attributes.get("machine_type")) or ""), "zone": last(zone)}


def gpus(attributes: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    """Return the accelerator types that are attached, by their names, and how many of each."""
    return tuple(
        (last(text(each.get("type")) or ""), number(each.get("count")) or 0)
        for each in blocks(attributes.get("guest_accelerator"))
        if number(each.get("count")) != 0
    )


def _gpu(attributes: Mapping[str, Any], entry: MachineType | None, notes: Notes) -> dict[str, Any]:
    """Return the GPU, but for one that comes with the machine type; and `enabled` where it is."""
    found = gpus(attributes)
    if len(found) > 1:
        told = ", ".join(f"{count}x {shown(kind)}" for kind, count in found[1:])
        notes.item(
            f"guest_accelerator: {told} beside the first: a machine here has one kind of GPU, and "
            "Google's provider would make it anew to be without the others",
            "leave this machine out of the fleet",
        )
    said: dict[str, Any] = {}
    if found:
        kind, count = found[0]
        built_in = entry is not None and entry.accelerator is not None
        if not built_in or (entry is not None and entry.accelerator != kind and count):
            said["gpu"] = Gpu(kind, count)
    if said or (entry is not None and entry.accelerated):
        said["enabled"] = True
    return said


def on_host_maintenance(attributes: Mapping[str, Any]) -> str | None:
    """Return what maintenance of its host does to an instance; None where nobody says it."""
    return text(block(attributes.get("scheduling")).get("on_host_maintenance"))


def _run(attributes: Mapping[str, Any], entry: MachineType | None, notes: Notes) -> dict[str, Any]:
    """Return how an instance is provisioned, how its runs end, and whether it is stopped."""
    said = block(attributes.get("scheduling"))
    fields = _provisioning(said, entry, notes)
    seconds = number(block(said.get("max_run_duration")).get("seconds"))
    if seconds is not None:
        fields["max_run_duration"] = seconds
    model: ProvisioningModel = fields.get("provisioning_model") or (
        "SPOT" if fields.get("spot") else _standard(entry)
    )
    action = text(said.get("instance_termination_action"))
    if action is not None and action != rules.termination_action(model, seconds, None):
        if rules.ends(model, seconds):
            fields["instance_termination_action"] = action
        else:
            path = "scheduling.instance_termination_action"
            notes.items.append(unsaid(notes.found, path, path, action))
    if flag(block(said.get("on_instance_stop_action")).get("discard_local_ssd")):
        fields["discard_local_ssd"] = True
    restart = flag(said.get("automatic_restart"))
    if restart is not None and restart != (model == "STANDARD"):
        notes.item(
            f"scheduling.automatic_restart={restart}: a machine here is started again after a "
            "failure unless its runs end by themselves; the first deployment changes it"
        )
    status = literal(attributes.get("current_status")) or literal(attributes.get("desired_status"))
    if status in _STOPPED:
        fields["stopped"] = True
    elif status in _SUSPENDED:
        notes.item(
            f"it is {status}: a machine here runs or is stopped, so the first deployment resumes it"
        )
    return {**fields, **_reservation(attributes, model, notes)}


def _standard(entry: MachineType | None) -> ProvisioningModel:
    if entry is None:
        return "STANDARD"
    return rules.provisioning_model("", entry.series, spot=NOTHING, model=None)


def _provisioning(
    said: Mapping[str, Any], entry: MachineType | None, notes: Notes
) -> dict[str, Any]:
    model, preemptible = text(said.get("provisioning_model")), flag(said.get("preemptible"))
    if model == "SPOT":
        return {"spot": True}
    if preemptible:
        notes.item(
            "scheduling.preemptible=true without provisioning_model=SPOT: preemptible VMs of the "
            "older kind have no field here, and Google's provider would make it anew as a Spot VM",
            "leave this machine out of the fleet, or let it be made anew",
        )
        return {"spot": True}
    return {} if model is None or model == _standard(entry) else {"provisioning_model": model}


def _reservation(
    attributes: Mapping[str, Any], model: ProvisioningModel, notes: Notes
) -> dict[str, Any]:
    said = block(attributes.get("reservation_affinity"))
    kind, named = text(said.get("type")), block(said.get("specific_reservation"))
    values = texts(named.get("values"))
    if kind == "SPECIFIC_RESERVATION" and named.get("key") == _BY_NAME and len(values) == 1:
        return {"reservation": values[0]}
    if kind in {None, "ANY_RESERVATION"} or (kind == "NO_RESERVATION" and model == "FLEX_START"):
        return {}
    notes.item(
        f"reservation_affinity={shown(kind)}: a field here names one reservation or none; it stays "
        "as it is, and a machine that is made anew consumes any that matches it"
    )
    return {}


def _shielded(attributes: Mapping[str, Any], entry: MachineType | None) -> dict[str, Any]:
    said = block(attributes.get("shielded_instance_config"))
    names = {
        "secure_boot": "enable_secure_boot",
        "vtpm": "enable_vtpm",
        "integrity_monitoring": "enable_integrity_monitoring",
    }
    given = {ours: flag(said.get(theirs)) for ours, theirs in names.items()}
    options = ShieldedVm(**{name: on for name, on in given.items() if on is not None})
    if options == ShieldedVm() or (entry is not None and entry.bare_metal):
        return {}
    return {"shielded_vm": options}


def _processors(attributes: Mapping[str, Any]) -> dict[str, Any]:
    said = block(attributes.get("advanced_machine_features"))
    fields: dict[str, Any] = {}
    if threads := number(said.get("threads_per_core")):
        fields["threads_per_core"] = threads
    if flag(said.get("enable_nested_virtualization")):
        fields["nested_virtualization"] = True
    hidden = block(attributes.get("confidential_instance_config"))
    technology = text(hidden.get("confidential_instance_type"))
    if technology is None and flag(hidden.get("enable_confidential_compute")):
        technology = "SEV"
    if technology is not None:
        fields["confidential"] = technology
    return fields


def _identity(attributes: Mapping[str, Any], notes: Notes) -> dict[str, Any]:
    accounts = [each for each in blocks(attributes.get("service_account")) if not is_nothing(each)]
    if not accounts:
        return {}
    email = text(accounts[0].get("email"))
    if email is None:
        notes.item(
            "service_account: no source says its email, so it cannot be described; without it the "
            "first deployment stops the machine, takes the account off it and starts it",
            "give a state, or the list of `gcloud compute instances list --format=json`, or write "
            "service_account=ServiceAccount(…)",
        )
        return {}
    scopes = tuple(scope_url(each) for each in texts(accounts[0].get("scopes")))
    return {
        "service_account": ServiceAccount(email)
        if scopes == (CLOUD_PLATFORM,)
        else ServiceAccount(email, scopes=scopes)
    }


def scope_url(scope: str) -> str:
    """Return a scope as Google's provider has it, which takes short names for the usual ones."""
    return CLOUD_PLATFORM if scope == "cloud-platform" else scope


def _note_rest(attributes: Mapping[str, Any], entry: MachineType | None, notes: Notes) -> None:
    """Note what of an instance no field says, and what is no argument of its own."""
    local = blocks(attributes.get("scratch_disk"))
    if local and not (entry is not None and entry.local_ssds):
        notes.item(
            f"scratch_disk: {len(local)} Local SSDs beside what its machine type comes with: they "
            "stay as they are, and a machine that is made anew is without"
        )
    for path in ("boot_disk", "network_interface"):
        if not blocks(attributes.get(path)):
            told = shown(attributes.get(path))
            notes.item(f"{path}={told}: Terraform has a block there, so nothing of it is read")
    platform = literal(attributes.get("min_cpu_platform"))
    confidential = block(attributes.get("confidential_instance_config"))
    if platform and platform.lower() != "automatic" and is_nothing(confidential):
        path = "min_cpu_platform"
        told = shown(platform)
        notes.item(f"{path}={told}: nothing here says it; {fate(INSTANCE, path)}")
