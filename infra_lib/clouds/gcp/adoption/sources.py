"""All that was found, and what leads from one to another: references, links, names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import evolve, field

from infra_lib.clouds.adoption import Found, blocks
from infra_lib.clouds.gcp.adoption.values import (
    block,
    is_nothing,
    last,
    literal,
    part,
    referred,
    table,
    text,
)
from infra_lib.clouds.gcp.readings import DISK, INSTANCE
from infra_lib.model.reference import Reference
from nixgen.frozen import frozen

ADDRESS = "google_compute_address"
ATTACHED = "google_compute_attached_disk"

_ATTRIBUTION = "goog-terraform-provisioned"


@frozen
class Sources:
    """What was found, to be looked up.

    Attributes:
        found: All of it.
        provider: The arguments of the provider.
        project: The project that most of it is in; None where nothing says it.
    """

    found: tuple[Found, ...]
    provider: Mapping[str, Any] = field(factory=dict, hash=False)
    project: str | None = field(init=False)
    _typed: dict[str, list[Found]] = field(init=False, eq=False, repr=False)
    _refers: bool = field(init=False, eq=False, repr=False)
    _addressed: dict[str, list[Found]] = field(init=False, eq=False, repr=False)
    _named: dict[tuple[str, str], list[Found]] = field(init=False, eq=False, repr=False)
    _disks_of: dict[str, list[Found]] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        typed: dict[str, list[Found]] = {}
        addressed: dict[str, list[Found]] = {}
        named: dict[tuple[str, str], list[Found]] = {}
        for each in self.found:
            typed.setdefault(each.type, []).append(each)
            if each.name:
                addressed.setdefault(each.address, []).append(each)
            name = literal(each.attributes.get("name"))
            if name is not None:
                named.setdefault((each.type, name), []).append(each)
        object.__setattr__(self, "_typed", typed)
        # What is there has no references.
        object.__setattr__(self, "_refers", not all(each.exists for each in self.found))
        object.__setattr__(self, "_addressed", addressed)
        object.__setattr__(self, "_named", named)
        object.__setattr__(self, "project", self._find_project())
        attached: dict[str, list[Found]] = {}
        for each in self.of(ATTACHED):
            instance = self.named(INSTANCE, each.attributes.get("instance"), each)
            said = each.attributes.get("instance")
            name = literal(instance.attributes.get("name")) if instance else None
            name = name or (last(said) if isinstance(said, str) else None)
            if name is not None:
                attached.setdefault(name, []).append(each)
        object.__setattr__(self, "_disks_of", attached)

    def _find_project(self) -> str | None:
        given = literal(self.provider.get("project"))
        counted = Counter(
            project
            for each in self.of(INSTANCE)
            if (project := project_of(each) or given) is not None
        )
        return next((project for project, _ in counted.most_common(1)), given)

    def of(self, kind: str) -> list[Found]:
        """Return what is of a type."""
        return self._typed.get(kind, [])

    def project_of(self, found: Found) -> str | None:
        """Return the project that a resource is in: its own, or the provider's."""
        return project_of(found) or literal(self.provider.get("project")) or self.project

    def called(self, kind: str, name: object) -> list[Found]:
        """Return what is of a type and has a name in the cloud."""
        return self._named.get((kind, name), []) if isinstance(name, str) else []

    def named(self, kind: str, value: object, near: Found) -> Found | None:
        """Return the resource that an argument names: by a reference, a link or a name.

        Args:
            kind: What it is to be.
            value: The argument.
            near: Whose argument it is: a reference is to its own module, a name in its own zone.
        """
        if isinstance(value, Reference):
            return self._referred(kind, value, near)
        if not isinstance(value, str) or not value:
            return None
        zone = part(value, "zones") or _place(near)
        project = part(value, "projects") or self.project_of(near)
        for each in self._named.get((kind, last(value)), ()):
            if _fits(_place(each), zone) and _fits(self.project_of(each), project):
                return each
        return None

    def _referred(self, kind: str, value: Reference, near: Found) -> Found | None:
        leads = referred(value)
        if leads is None or not leads[0].startswith(f"{kind}."):
            return None
        address, index, _ = leads
        candidates = self._addressed.get(address, ())
        exact = f"{scope(near)}{address}{index}"
        for each in candidates:
            if each.where == exact:
                return each
        whole = [each for each in candidates if each.where.endswith(f"{address}{index}")]
        return whole[0] if len(whole) == 1 else None

    def attached_to(self, found: Found) -> list[Found]:
        """Return the attachments of disks that are resources of their own."""
        return self._disks_of.get(literal(found.attributes.get("name")) or "", [])

    def resolved(self, value: Any, near: Found) -> Any:
        """Return a value with what its references come to, where other sources say it."""
        if not self._refers:
            return value
        if isinstance(value, Reference):
            return self._come_to(value, near)
        if isinstance(value, Mapping):
            return {key: self.resolved(each, near) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self.resolved(each, near) for each in value]
        return value

    def _come_to(self, value: Reference, near: Found) -> Any:
        leads = referred(value)
        target = None if leads is None else self._referred(leads[0].split(".")[0], value, near)
        if leads is None or target is None:
            return value
        said = target.attributes.get(leads[2])
        if literal(said) is not None or isinstance(said, bool | int):
            return said
        name = literal(target.attributes.get("name"))
        by_name = {"google_compute_network", "google_compute_subnetwork"}
        if target.type in by_name and leads[2] in {"id", "self_link"} and name:
            return name
        account, project = target.attributes.get("account_id"), self.project_of(target)
        is_email = target.type == "google_service_account" and leads[2] == "email"
        if is_email and literal(account) and project:
            return f"{account}@{project}.iam.gserviceaccount.com"
        return value


def scope(found: Found) -> str:
    """Return where a resource is: its source and its module, "state.json: module.gpu."."""
    start = found.where.rfind(found.address) if found.name else -1
    return found.where[:start] if start >= 0 else ""


def source(found: Found) -> str:
    """Return the source of a resource, as `where` begins with it."""
    return found.where.partition(": ")[0]


def project_of(found: Found) -> str | None:
    """Return the project that a resource itself tells; None where it does not."""
    attributes = found.attributes
    return literal(attributes.get("project")) or next(
        (
            project
            for key in ("self_link", "id")
            if (project := part(attributes.get(key), "projects")) is not None
        ),
        None,
    )


def labels_of(found: Found, provider: Mapping[str, Any]) -> dict[str, Any]:
    """Return the labels that a resource has, but for that of Google's provider.

    Args:
        found: The resource.
        provider: The arguments of the provider, whose labels each resource has too.
    """
    attributes = found.attributes
    labels = table(attributes.get("effective_labels"))
    if not found.exists or not labels:
        labels = {**table(provider.get("default_labels")), **table(attributes.get("labels"))}
    return {key: each for key, each in labels.items() if key != _ATTRIBUTION}


def is_own(found: Found, fleet: str) -> bool:
    """Whether a stack of the fleet made a resource."""
    labels = labels_of(found, {})
    return labels.get("fleet") == fleet and text(labels.get("machine")) is not None


def same_instances(sources: Sources) -> list[tuple[Found, ...]]:
    """Return the instances, each with all that tells of it, in the order of what was found.

    A name in a source is one instance for each zone there; in two sources it is the same one, also
    where they put it in two zones.
    """
    groups: list[list[Found]] = []
    by_name: dict[tuple[str | None, str], list[list[Found]]] = {}
    for each in sources.of(INSTANCE):
        name = literal(each.attributes.get("name"))
        if name is None:
            groups.append([each])
            continue
        known = by_name.setdefault((sources.project_of(each), name), [])
        group = _group(each, known)
        if group is None:
            group = []
            groups.append(group)
            known.append(group)
        group.append(each)
    return [tuple(group) for group in groups]


def _group(found: Found, known: Sequence[list[Found]]) -> list[Found] | None:
    zone = literal(found.attributes.get("zone"))
    others = [group for group in known if all(source(each) != source(found) for each in group)]
    same = [
        group
        for group in others
        if zone is not None and zone == literal(group[0].attributes.get("zone"))
    ]
    return next(iter((*same, *others)), None)


def merged(group: Sequence[Found]) -> Found:
    """Return the first of what tells of a resource, with what others know that it leaves out.

    What is there leaves nothing out.
    """
    first = group[0]
    attributes: Mapping[str, Any] = first.attributes
    for other in () if first.exists else group[1:]:
        if other.exists:
            attributes = _filled(attributes, other.attributes)
            secret = first.secret | other.secret
            first = evolve(first, attributes=attributes, exists=True, secret=secret)
    return first


def _filled(said: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    filled = dict(said)
    for name, value in more.items():
        own = filled.get(name)
        if is_nothing(own) and own is not False:
            filled[name] = value
        elif isinstance(own, Mapping):
            filled[name] = _filled(own, block(value))
        elif blocks(own) and blocks(value):
            own_blocks, more_blocks = blocks(own), blocks(value)
            filled[name] = [
                _filled(each, more_blocks[index]) if index < len(more_blocks) else each
                for index, each in enumerate(own_blocks)
            ]
        elif isinstance(own, Reference):
            filled[name] = value
    return filled


def boot_disk_of(sources: Sources, found: Found) -> Found | None:
    """Return the resource or the entry of a list that is an instance's boot disk."""
    named = block(found.attributes.get("boot_disk")).get("source")
    return sources.named(DISK, named, found)


def most_common(values: Iterable[str | None], otherwise: str | None = None) -> str | None:
    """Return the most common of some texts, the first where several are; of none, another."""
    counted = Counter(value for value in values if value is not None)
    return next((value for value, _ in counted.most_common(1)), otherwise)


def _place(found: Found) -> str | None:
    zone = literal(found.attributes.get("zone"))
    return zone and last(zone)


def _fits(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other
