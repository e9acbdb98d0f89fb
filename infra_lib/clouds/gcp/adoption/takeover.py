"""What the first deployment of a stack does to what is there, when that is imported."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve

from infra_lib.clouds.adoption import (
    Difference,
    Found,
    Item,
    Taken,
    Takeover,
    blocks,
    differences,
    is_within,
)
from infra_lib.clouds.gcp.adoption.sources import ADDRESS, Sources, labels_of, merged
from infra_lib.clouds.gcp.adoption.there import as_imported, import_id
from infra_lib.clouds.gcp.adoption.values import URL, is_nothing, last, literal, number, part
from infra_lib.clouds.gcp.firewall import CLOSING
from infra_lib.clouds.gcp.machine import GcpMachine
from infra_lib.clouds.gcp.readings import (
    DISK,
    FIREWALL,
    INSTANCE,
    POLICY,
    READINGS,
    RECORD,
    STOPPED_FOR,
)
from infra_lib.clouds.gcp.resources import configuration
from infra_lib.clouds.secret_values import HIDDEN, is_secret, looks_secret
from infra_lib.model.errors import shown
from infra_lib.model.reference import Reference
from infra_lib.terraform.resource import reference

if TYPE_CHECKING:
    from infra_lib.clouds.adoption import Adopted
    from infra_lib.clouds.cloud import FleetView
    from infra_lib.terraform.resource import Resource

_NOTHING: Mapping[str, Any] = {}
UNTOLD = "what no source tells"
_DISKS = "give what `gcloud compute disks list --format=json` prints, too: --gcloud disks.json"


def take_over(fleet: FleetView, adopted: Adopted, found: Sequence[Found], stack: str) -> Takeover:
    """Return what the first deployment does; see `infra_lib.clouds.cloud.Adoption`.

    Raises:
        FleetError: When machines and project do not make a stack.
    """
    project = adopted.project
    if project is None:
        return Takeover(taken=())
    machines = [each for each in adopted.machines if isinstance(each, GcpMachine)]
    sources = Sources(tuple(found), {"project": project.project})
    wanted = configuration(fleet, project, machines, stack).resources
    there = dict(_there(wanted, adopted, sources, project.project))
    known = _known(wanted, there, sources)
    guessed = {name for name, field in adopted.comments if field == "boot_disk"}
    taken = tuple(
        _taken(resource, there[resource.address], sources, known, guessed)
        for resource in wanted
        if resource.address in there
    )
    made = tuple(each.address for each in wanted if each.address not in there)
    return Takeover(
        taken=taken,
        made=made,
        items=(
            *(item for each in taken for item in _noted(each)),
            *_new(wanted, there, adopted, fleet.name),
            *_staying(adopted, there, found),
        ),
    )


def _there(
    wanted: Sequence[Resource], adopted: Adopted, sources: Sources, project: str
) -> Iterator[tuple[str, Found]]:
    """Yield the address of each resource that is there already, and what tells of it."""
    owners = {
        disk.name: machine.name for machine in adopted.machines for disk in machine.data_disks
    }
    instances = {
        name: merged([each for each in group if each.type == INSTANCE])
        for name, group in adopted.sources.items()
        if any(each.type == INSTANCE for each in group)
    }
    for resource in wanted:
        name, found = resource.arguments.get("name"), None
        if resource.type == INSTANCE:
            found = instances.get(resource.name)
        elif resource.type == DISK:
            near = instances.get(owners.get(resource.name, ""))
            found = None if near is None else sources.named(DISK, name, near)
        elif resource.type in {FIREWALL, POLICY, RECORD}:
            found = _alike(resource, sources, project)
        if found is not None:
            yield resource.address, found


def _alike(resource: Resource, sources: Sources, project: str) -> Found | None:
    """Return what is there by the name of a resource, where that is to be."""
    arguments = resource.arguments
    own = arguments.get("project") or project
    for each in sources.called(resource.type, arguments.get("name")):
        attributes = each.attributes
        there = literal(attributes.get("project")) or part(attributes.get("self_link"), "projects")
        there = there or part(attributes.get("network"), "projects") or project
        region = attributes.get("region")
        if (
            there == own
            and (
                region is None
                or "region" not in arguments
                or last(str(region)) == arguments["region"]
            )
            and attributes.get("managed_zone") == arguments.get("managed_zone")
            and (resource.type != RECORD or attributes.get("type") == arguments.get("type"))
        ):
            return each
    return None


def _known(
    wanted: Sequence[Resource], there: Mapping[str, Found], sources: Sources
) -> dict[str, Any]:
    """Return what the references of the stack come to: links, and of what is new, that it is."""
    known: dict[str, Any] = {}
    for resource in wanted:
        if resource.type not in {DISK, POLICY}:
            continue
        found = there.get(resource.address)
        link = f"{resource.address}, which is new"
        if found is not None:
            link = f"{URL}{_id(resource, found, sources)}"
        known[reference(resource.type, resource.name, "self_link")] = link
    return known


def _id(resource: Resource, found: Found, sources: Sources) -> str:
    placed = {
        **resource.arguments,
        **{
            name: value
            for name in ("name", "zone", "region", "managed_zone", "type")
            if (value := literal(found.attributes.get(name))) is not None
        },
    }
    project = sources.project_of(found) or ""
    if found.type == FIREWALL and literal(found.attributes.get("project")) is None:
        project = resource.arguments.get("project") or project
    return import_id(resource.type, placed, project)


def _taken(
    resource: Resource,
    found: Found,
    sources: Sources,
    known: Mapping[str, Any],
    guessed: Collection[str],
) -> Taken:
    reading = READINGS[resource.type]
    arguments = {
        key: value
        for key, value in resource.arguments.items()
        if key not in {"labels", "desired_status"}
    }
    changes, forced = differences(
        arguments,
        as_imported(found, resource, sources),
        reading,
        ignored=resource.lifecycle.get("ignore_changes", ()),
        known=known,
    )
    more = [
        *_status(resource, found),
        *_labels(resource.arguments.get("labels") or _NOTHING, found),
    ]
    whole = [each for each in changes if _makes_anew(each)]
    if resource.type == INSTANCE and found.exists and resource.name in guessed:
        # A guess may be wrong, and a machine that runs is not what to try it on.
        wanted = resource.arguments["boot_disk"]["initialize_params"]
        path = "boot_disk[0].initialize_params[0]"
        whole.append(Difference(path=path, before=UNTOLD, after=dict(wanted)))
    return Taken(
        address=resource.address,
        id=_id(resource, found, sources),
        where=found.where,
        changes=tuple(_told(each, found, known) for each in (*changes, *more) if each not in whole),
        forced=tuple(_told(each, found, known) for each in (*forced, *whole)),
        remedy=_DISKS if any(each.before == UNTOLD for each in whole) else "",
    )


def _makes_anew(difference: Difference) -> bool:
    """Whether a change cannot be made, which a list of arguments alone does not tell.

    Another number of network interfaces makes the machine anew; a disk does not shrink.
    """
    if difference.path == "network_interface":
        return True
    before, after = number(difference.before), number(difference.after)
    is_size = difference.path in {"size", "boot_disk[0].initialize_params[0].size"}
    return is_size and before is not None and after is not None and after < before


def _status(resource: Resource, found: Found) -> Iterator[Difference]:
    """Yield that a status is kept from now on, or that the machine is started or stopped."""
    wanted = resource.arguments.get("desired_status")
    if wanted is None:
        return
    attributes = found.attributes
    status = literal(attributes.get("current_status")) or literal(attributes.get("desired_status"))
    if status in {None, wanted}:
        yield Difference(path="desired_status", before=None, after=wanted, noted=True)
    else:
        yield Difference(path="desired_status", before=status, after=wanted)


def _labels(wanted: Mapping[str, Any], found: Found) -> Iterator[Difference]:
    """Yield what becomes of labels: an import knows none, and takes none away."""
    there = labels_of(found, _NOTHING)
    for key, value in wanted.items():
        before = there.get(key)
        same = before == value or isinstance(value, Reference)
        yield Difference(
            path=f"labels.{key}", before=None if same else before, after=value, noted=same
        )


def _told(difference: Difference, found: Found, known: Mapping[str, Any]) -> Difference:
    """Return a difference with what references come to, and without what may be secret."""
    path = difference.path
    if is_secret(found, path) or is_secret(found, _written_as(path)):
        return evolve(difference, before=HIDDEN)
    return evolve(
        difference,
        before=_shown(path, difference.before, known),
        after=_shown(path, difference.after, known),
    )


def _written_as(path: str) -> str:
    return "metadata_startup_script" if path == "metadata.startup-script" else path


def _shown(path: str, value: Any, known: Mapping[str, Any]) -> Any:
    key = path.rpartition(".")[2]
    if isinstance(value, Mapping):
        return {
            name: _shown(str(name), each, known)
            for name, each in value.items()
            if not is_nothing(each)
        }
    if isinstance(value, list | tuple):
        return [_shown(path, each, known) for each in value]
    if isinstance(value, Reference):
        return known.get(value, value)
    return HIDDEN if looks_secret(value, key) else value


def _noted(taken: Taken) -> Iterator[Item]:
    """Yield what is to be known of changes beside what they say."""
    if not taken.address.startswith(f"{INSTANCE}."):
        return
    for each in taken.changes:
        if each.path.startswith("attached_disk[") and each.path.endswith(".device_name"):
            yield _renamed(taken, each.path, each.before, each.after)
        if each.path == "attached_disk":
            before, after = _devices(each.before), _devices(each.after)
            if gone := sorted(before.keys() - after.keys()):
                names = ", ".join(map(shown, gone))
                what = f"the first deployment takes disks off the machine: {names}"
                yield Item(kind="left", where=taken.where, what=what, do="unmount them first")
            for name in before.keys() & after.keys():
                if before[name] != after[name]:
                    yield _renamed(taken, name, before[name], after[name])
    if any(is_within(each.path, STOPPED_FOR) and not each.noted for each in taken.changes):
        what = "the machine is stopped and started again for what the first deployment changes"
        yield Item(kind="differs", where=taken.where, what=what)


def _renamed(taken: Taken, what: str, before: object, after: object) -> Item:
    """Return what becomes of a disk that has another device name now.

    The provider knows an attached disk by all that is said of it.
    """
    return Item(
        kind="left",
        where=taken.where,
        what=f"{what}: its device_name {shown(before)} becomes {shown(after)}: the disk is "
        "detached and attached again while the machine runs",
        do="unmount it before the first deployment, and mount it by "
        f"/dev/disk/by-id/google-{after} from then on",
    )


def _devices(attached: object) -> dict[str, object]:
    """Return the device names of attached disks, by the names of these."""
    return {last(str(each.get("source"))): each.get("device_name") for each in blocks(attached)}


def _new(
    wanted: Sequence[Resource], there: Mapping[str, Found], adopted: Adopted, fleet: str
) -> Iterator[Item]:
    """Yield what new resources do to machines that are there."""
    where = f"fleet {fleet!r}"
    for each in wanted:
        if each.address in there:
            continue
        if each.type == FIREWALL and CLOSING.fullmatch(each.name):
            yield Item(
                kind="differs",
                where=where,
                what=f"{each.address} is new: it keeps whoever is not in ssh_source_ranges out of "
                f"the machines in {each.arguments['network']}, which Google's own rule lets in",
                do="name where people come from in ssh_source_ranges before the first deployment",
            )
        if each.type == "terraform_data" and each.name in adopted.sources:
            yield Item(
                kind="differs",
                where=where,
                what=f"{each.address} is new: the first deployment looks whether {each.name} runs "
                "NixOS, and installs it where it does not, over what is there",
                do="leave GcpProject(install=True) out until then, if it does not run NixOS",
            )


_STAYS = {
    ADDRESS: "it stays reserved, and no stack manages it",
    POLICY: "it stays, and no stack manages it: the machine follows a policy of its own from now "
    "on; delete it where no other machine follows it",
    FIREWALL: "it stays, and no stack manages it: this one has rules of its own; delete it after "
    "the first deployment",
    DISK: "it is a boot disk: it goes with its machine from now on, and no stack manages it alone",
}


def _staying(
    adopted: Adopted, there: Mapping[str, Found], found: Sequence[Found]
) -> Iterator[Item]:
    """Yield what is described, and not taken over."""
    taken = {each.where for each in there.values()}
    for each in found:
        known = each.type in _STAYS and (bool(each.name) or each.type != DISK)
        if known and each.where in adopted.carried and each.where not in taken:
            yield Item(kind="left", where=each.where, what=_STAYS[each.type])
