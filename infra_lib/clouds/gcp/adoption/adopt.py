"""Machines and their project, made of what was found on Google Cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve

from infra_lib.clouds.adoption import Adopted, Item
from infra_lib.clouds.gcp.adoption import instance
from infra_lib.clouds.gcp.adoption.disks import check_device
from infra_lib.clouds.gcp.adoption.leftover import told
from infra_lib.clouds.gcp.adoption.project import in_project, project_of_drafts
from infra_lib.clouds.gcp.adoption.rules import own_rules
from infra_lib.clouds.gcp.adoption.sources import Sources, labels_of, same_instances
from infra_lib.clouds.gcp.adoption.values import (
    block,
    is_nothing,
    last,
    literal,
    number,
    table,
    text,
    texts,
)
from infra_lib.clouds.gcp.disks import BootDisk, DataDisk
from infra_lib.clouds.gcp.firewall import zerotier_tag
from infra_lib.clouds.gcp.machine import GcpMachine
from infra_lib.model.errors import FleetError, shown
from infra_lib.model.facts import MachineFacts
from infra_lib.model.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra_lib.clouds.adoption import Found
    from infra_lib.clouds.gcp.adoption.draft import Draft
    from infra_lib.clouds.gcp.project import GcpProject

# What a fleet says itself, or what says nothing of what is there.
_TOLD = frozenset(
    {
        *("add_terraform_attribution_label", "alias", "batching", "default_labels", "project"),
        *("region", "request_reason", "request_timeout", "scopes", "version", "zone"),
    }
)
_CREDENTIALS = frozenset({"access_token", "credentials"})
_BY_HAND = "describe it by hand, or leave it as it is"


def adopt(found: Sequence[Found], provider: Mapping[str, Any], fleet: str) -> Adopted:
    """Return what describes what was found; see `infra_lib.clouds.cloud.Adoption`.

    Raises:
        FleetError: When the project that the machines are in cannot be.
    """
    sources = Sources(tuple(found), provider)
    rules = own_rules(sources, fleet)
    begins = frozenset({fleet, zerotier_tag(fleet), *(rule.tag for rule in rules)})
    items: list[Item] = [*_provider(provider)]
    drafts: list[Draft] = []
    for group in same_instances(sources):
        items += _contradictions(group)
        draft = _draft(group, sources, fleet, begins, items)
        if draft is not None:
            drafts.append(draft)
    drafts = _distinct(drafts, sources, items)
    project: GcpProject | None = None
    comments: dict[tuple[str, str], str] = {}
    machines: dict[str, tuple[GcpMachine, Draft]] = {}
    if drafts:
        project, guessed, noted = project_of_drafts(drafts, sources, rules)
        comments |= {("", field): said for field, said in guessed.items()}
        items += noted
        machines = _machines(drafts, project, items)
    install = _installed(found, machines)
    if project is not None and install:
        project = evolve(project, install=True)
    made = [draft for _, draft in machines.values()]
    carried = {
        each.where
        for each in (
            *(each for draft in made for each in draft.sources),
            *(rule.found for rule in rules),
            *install,
        )
    }
    for draft in made:
        comments |= {(draft.name, field): said for field, said in draft.notes.comments.items()}
    items += [item for draft in made for item in draft.notes.items]
    items += _left(found, carried, items)
    return Adopted(
        project=project if machines else None,
        machines=tuple(machine for machine, _ in machines.values()),
        sources={draft.name: _once(draft.sources) for draft in made},
        comments=comments if machines else {},
        facts=tuple(
            MachineFacts(draft.name, external_ip=draft.address)
            for draft in made
            if draft.address is not None
        ),
        items=_once(items),
        carried=frozenset(carried),
    )


def _provider(provider: Mapping[str, Any]) -> Iterator[Item]:
    """Yield what the provider is told beside where it works: a stack tells it nothing more."""
    for name, value in provider.items():
        if is_nothing(value) or name in _TOLD:
            continue
        if name in _CREDENTIALS:
            if not isinstance(value, Reference):
                yield Item(
                    kind="left",
                    where='provider "google"',
                    what=f"its {name} stands in the configuration, and is not carried",
                    do="`gcloud auth application-default login`, or GOOGLE_APPLICATION_CREDENTIALS "
                    "in the environment, gives the stack its own; others may have read this one",
                )
        else:
            what = f"{name} is set: a fleet has no field for it"
            yield Item(kind="left", where='provider "google"', what=what)


def _once(values: Iterable[Any]) -> tuple[Any, ...]:
    kept: list[Any] = []
    seen: set[Any] = set()
    for value in values:
        key = value if isinstance(value, Item) else value.where
        if key not in seen:
            seen.add(key)
            kept.append(value)
    return tuple(kept)


def _draft(
    group: tuple[Found, ...],
    sources: Sources,
    fleet: str,
    begins: frozenset[str],
    items: list[Item],
) -> Draft | None:
    if any(_is_of_group(each) for each in group):
        what = "a group of instances makes it, and takes it away: it is no machine of a fleet"
        items += [Item(kind="left", where=each.where, what=what) for each in group]
        return None
    try:
        return instance.read(group, sources, fleet, begins)
    except FleetError as error:
        items.append(_refused(group[0], error))
        return None


def _is_of_group(found: Found) -> bool:
    """Whether an instance is one of many that a group makes from a template, as GKE's nodes are."""
    maker = table(found.attributes.get("metadata")).get("created-by")
    return isinstance(maker, str) and "/instanceGroupManagers/" in maker


def _refused(found: Found, error: FleetError) -> Item:
    do = _BY_HAND
    if any(isinstance(found.attributes.get(each), Reference) for each in ("zone", "machine_type")):
        do = "give a state or a plan as well, which say what its references come to"
    return Item(kind="left", where=found.where, what=f"no machine is made of it: {error}", do=do)


def _contradictions(group: tuple[Found, ...]) -> list[Item]:
    """Return what further sources of an instance say otherwise than the first."""
    first, *others = group
    return [
        Item(
            kind="contradiction",
            where=first.where,
            what=f"{name}={here}, and {there} in {other.where}; the first counts",
            do="say it the same in both, or leave one of the sources out",
        )
        for other in others
        for name, here, there in _differ(first, other)
    ]


def _differ(first: Found, other: Found) -> Iterator[tuple[str, str, str]]:
    """Yield what two sources say otherwise: what it is called, and both values for people."""
    for name in ("machine_type", "zone"):
        here, there = (literal(each.attributes.get(name)) for each in (first, other))
        if here is not None and there is not None and last(here) != last(there):
            yield name, shown(last(here)), shown(last(there))
    ours, theirs = (instance.gpus(each.attributes) for each in (first, other))
    said = [
        "guest_accelerator" in each.attributes and (each.exists or bool(gpus))
        for each, gpus in ((first, ours), (other, theirs))
    ]
    if ours != theirs and (all(said) or (ours and said[1]) or (theirs and said[0])):
        yield "guest_accelerator", shown(_label(ours)), shown(_label(theirs))
    if first.exists and other.exists:
        yield from _drifted(first, other)


def _drifted(first: Found, other: Found) -> Iterator[tuple[str, str, str]]:
    """Yield what two sources of what is there say otherwise: one of them is older."""
    for name in ("metadata", "labels"):
        ours, theirs = (
            labels_of(each, {}) if name == "labels" else table(each.attributes.get(name))
            for each in (first, other)
        )
        for key in dict.fromkeys((*ours, *theirs)):
            path = f"{name}.{key}"
            if ours.get(key) != theirs.get(key) and path != "metadata.startup-script":
                yield path, told(first, path, ours.get(key)), told(other, path, theirs.get(key))
    tags = [sorted(texts(each.attributes.get("tags"))) for each in (first, other)]
    if tags[0] != tags[1]:
        yield "tags", shown(tags[0]), shown(tags[1])
    sizes = [
        number(block(block(each.attributes.get("boot_disk")).get("initialize_params")).get("size"))
        for each in (first, other)
    ]
    if None not in sizes and sizes[0] != sizes[1]:
        yield "boot_disk.size", shown(sizes[0]), shown(sizes[1])


def _label(gpus: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{count}x {kind}" for kind, count in gpus) or "none"


def _distinct(drafts: list[Draft], sources: Sources, items: list[Item]) -> list[Draft]:
    """Return the instances of the one project, each of a name of its own."""
    kept: dict[str, Draft] = {}
    for draft in drafts:
        project = sources.project_of(draft.found)
        if project != sources.project:
            what = f"it is in project {shown(project)}: the machines are in {sources.project}"
            do = f"adopt it into a fleet of its own: --machine {draft.name}"
        elif draft.name in kept:
            what = f"a machine called {shown(draft.name)} is there already: names are a fleet's own"
            do = f"it is {kept[draft.name].found.where}"
        else:
            kept[draft.name] = draft
            continue
        items.append(Item(kind="left", where=draft.found.where, what=what, do=do))
    return [*kept.values()]


def _machines(
    drafts: Sequence[Draft], project: GcpProject, items: list[Item]
) -> dict[str, tuple[GcpMachine, Draft]]:
    machines: dict[str, tuple[GcpMachine, Draft]] = {}
    owners: dict[str, str] = {draft.name: draft.name for draft in drafts}
    for draft in drafts:
        try:
            machine = _machine(draft, project, owners)
        except FleetError as error:
            items.append(_refused(draft.found, error))
            continue
        machines[draft.name] = machine, draft
    return machines


def _machine(draft: Draft, project: GcpProject, owners: dict[str, str]) -> GcpMachine:
    fields = in_project(draft, project)
    boot = dict(draft.boot_disk.fields)
    if draft.boot_disk.kms_key != project.kms_key:
        boot["kms_key"] = draft.boot_disk.kms_key
    if boot != {"size_gb": BootDisk().size_gb}:
        fields["boot_disk"] = BootDisk(**boot)
    disks = []
    for said in draft.data_disks:
        name = said.fields["name"]
        if name in owners:
            what = f"data disk {name!r} is of {owners[name]!r} already, so it is taken off"
            draft.notes.item(what)
            continue
        key = None if said.kms_key == project.kms_key else said.kms_key
        disks.append(DataDisk(**said.fields, kms_key=key))
    if disks:
        fields["data_disks"] = tuple(disks)
    if not draft.own:
        for name, value in fields.items():
            if _refers(value):
                draft.notes.comments.setdefault(
                    name, "as it was written: the stack has to have what this refers to"
                )
    machine = _maintained(draft, GcpMachine(draft.name, **fields))
    owners |= {disk.name: draft.name for disk in machine.data_disks}
    check_device(draft.attributes, machine.boot_device, draft.notes)
    return machine


def _maintained(draft: Draft, machine: GcpMachine) -> GcpMachine:
    """Return a machine of which maintenance makes what it does of the instance."""
    said: Any = instance.on_host_maintenance(draft.attributes)
    if said is None or said == machine.on_host_maintenance:
        return machine
    try:
        return evolve(machine, on_host_maintenance=said)
    except FleetError as error:
        draft.notes.item(f"{error}; the first deployment changes it")
        return machine


def _refers(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_refers, value.values()))
    if isinstance(value, BootDisk):
        return any(map(_refers, (value.image, value.kms_key)))
    if isinstance(value, DataDisk):
        return _refers(value.kms_key)
    if isinstance(value, list | tuple):
        return any(map(_refers, value))
    return isinstance(value, Reference)


def _installed(
    found: Sequence[Found], machines: Mapping[str, tuple[GcpMachine, Draft]]
) -> list[Found]:
    """Return what installs NixOS when a machine is made, where a stack has that."""
    numbers = {
        value
        for _, draft in machines.values()
        for value in (
            f"${{{draft.found.address}.instance_id}}",
            text(draft.attributes.get("instance_id")),
        )
        if value
    }
    return [
        each
        for each in found
        if each.type == "terraform_data"
        and each.name in machines
        and machines[each.name][1].own
        and _trigger(each) in numbers
    ]


def _trigger(found: Found) -> object:
    value = found.attributes.get("triggers_replace")
    value = value.get("value") if isinstance(value, Mapping) else value
    return value if isinstance(value, str) else None


def _left(found: Sequence[Found], carried: set[str], items: list[Item]) -> list[Item]:
    """Return a line for each resource that nothing describes, and nothing was said of."""
    said = {item.where for item in items}
    return [
        Item(kind="left", where=each.where, what=_unsaid(each))
        for each in found
        if each.type.startswith("google_") and each.where not in carried and each.where not in said
    ]


def _unsaid(found: Found) -> str:
    owner = labels_of(found, {}).get("machine")
    if found.type == "google_compute_disk" and isinstance(owner, str):
        return (
            f"a disk of {shown(owner)}, of which no instance was found: it stays as it is; nothing "
            "here describes it"
        )
    return "it stays as it is; nothing here describes it"
