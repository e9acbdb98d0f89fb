"""The project of the instances that are there: what their machines have in common."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.adoption import Item
from infra_lib.clouds.gcp.adoption.draft import SWITCHES, Draft
from infra_lib.clouds.gcp.adoption.rules import OwnRule, are_logged, source_ranges
from infra_lib.clouds.gcp.adoption.sources import Sources, most_common
from infra_lib.clouds.gcp.adoption.values import literal
from infra_lib.clouds.gcp.catalog import CATALOG
from infra_lib.clouds.gcp.fields import check_kms_key, check_link
from infra_lib.clouds.gcp.project import GcpProject
from infra_lib.model.errors import FleetError, shown
from infra_lib.model.validators import check_cidrs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_PLACEHOLDER = "example-project"
_CLOSED = "no source has a firewall rule of the fleet's: this is Identity-Aware Proxy"


def project_of_drafts(
    drafts: Sequence[Draft], sources: Sources, rules: tuple[OwnRule, ...]
) -> tuple[GcpProject, dict[str, str], list[Item]]:
    """Return the project, what of it is guessed by the field, and what the report says of it.

    Args:
        drafts: What the instances say, at least one.
        sources: All that was found.
        rules: The firewall rules that the fleet's stacks made.

    Raises:
        FleetError: When the project or its region cannot be.
    """
    comments: dict[str, str] = {}
    items: list[Item] = []
    where = drafts[0].found.where
    fields: dict[str, Any] = {"region": _region(drafts, sources)}
    project = sources.project
    if project is None:
        project = _PLACEHOLDER
        comments["project"] = "no source says the project's ID: write it here"
        items.append(Item(kind="guessed", where=where, what=comments["project"]))
    network = most_common(
        each.network for each in drafts if each.network is not None and _is_network(each.network)
    )
    if network is not None and network != "default":
        fields["network"] = network
    if labels := _common_labels(drafts):
        fields["labels"] = labels
    if (key := _common_key(drafts)) is not None:
        fields["kms_key"] = key
    if keys := _common_keys(drafts):
        fields["ssh_keys"] = keys
    items += _other_keys(drafts, keys)
    fields |= _switches(drafts, comments, items)
    fields |= _openings(drafts, rules, comments, items)
    try:
        return GcpProject(project, **fields), comments, items
    except FleetError as error:
        raise FleetError(f"{where}: {error}") from None


def _region(drafts: Sequence[Draft], sources: Sources) -> str:
    """Return the provider's region, or else the one that most machines are in."""
    given = literal(sources.provider.get("region"))
    zones = (CATALOG.zone(each.fields["zone"]) for each in drafts)
    found = most_common(None if zone is None else zone.region for zone in zones)
    return given or found or drafts[0].fields["zone"].rpartition("-")[0] or "us-central1"


def _is_network(network: str) -> bool:
    return _is_taken(check_link, network, "global/networks")


def _common_labels(drafts: Sequence[Draft]) -> dict[str, str]:
    """Return the labels that all machines have; of one alone nobody knows whose they are."""
    if len(drafts) < 2:
        return {}
    first, *others = (draft.labels for draft in drafts)
    return {
        key: value for key, value in first.items() if all(each.get(key) == value for each in others)
    }


def _common_key(drafts: Sequence[Draft]) -> str | None:
    """Return the key that encrypts every disk; None where one has another, or none."""
    keys = {disk.kms_key for each in drafts for disk in (each.boot_disk, *each.data_disks)}
    key = keys.pop() if len(keys) == 1 else None
    return key if _is_taken(check_kms_key, key) else None


def _common_keys(drafts: Sequence[Draft]) -> tuple[str, ...]:
    first, *others = (draft.root_keys for draft in drafts)
    return tuple(key for key in first if all(key in each for each in others))


def _other_keys(drafts: Sequence[Draft], common: tuple[str, ...]) -> list[Item]:
    return [
        Item(
            kind="left",
            where=each.found.where,
            what=f"metadata.ssh-keys: {count} {'key' if count == 1 else 'keys'} of root that not "
            "every machine has; the first deployment takes it away",
            do="who is to log in to all machines as root, goes into GcpProject(ssh_keys=…)",
        )
        for each in drafts
        if (count := len({*each.root_keys} - {*common}))
    ]


def _switches(
    drafts: Sequence[Draft], comments: dict[str, str], items: list[Item]
) -> dict[str, Any]:
    """Return what metadata says that is one for a project here, as most machines have it."""
    said = {
        key: Counter(each.switches[key] for each in drafts).most_common(1)[0][0] for key in SWITCHES
    }
    fields: dict[str, Any] = {}
    if said["enable-oslogin"] is not None:
        fields["os_login"] = said["enable-oslogin"]
    if said["enable-guest-attributes"] is False:
        fields["guest_attributes"] = False
    blocked = said["block-project-ssh-keys"]
    if not blocked and not said["enable-oslogin"]:
        fields["project_ssh_keys"] = True
        if blocked is None:
            comments["project_ssh_keys"] = (
                "no machine says block-project-ssh-keys, so keys of the project let people in"
            )
    for each in drafts:
        for key, field in SWITCHES.items():
            own = each.switches[key]
            if own is not None and own != said[key]:
                items.append(
                    Item(
                        kind="left",
                        where=each.found.where,
                        what=f"metadata.{key}={'TRUE' if own else 'FALSE'}: {field} is one for all "
                        "machines of a project, and most say otherwise",
                    )
                )
    return fields


def _openings(
    drafts: Sequence[Draft],
    rules: tuple[OwnRule, ...],
    comments: dict[str, str],
    items: list[Item],
) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    ranges = source_ranges(rules)
    taken = tuple(each for each in ranges if _is_taken(check_cidrs, (each,)))
    for each in ranges:
        if each not in taken:
            what = f"source_ranges: {shown(each)}: not a range as a field takes it"
            items.append(Item(kind="left", where=rules[0].found.where, what=what))
    # Of a stack of the fleet's that opens nothing there are no rules, or none that opens SSH.
    if rules or all(each.own and each.found.name for each in drafts):
        if taken != GcpProject("example-project", region="us-central1").ssh_source_ranges:
            fields["ssh_source_ranges"] = taken
    else:
        comments["ssh_source_ranges"] = _CLOSED
    if are_logged(rules):
        fields["firewall_logging"] = True
    return fields


def _is_taken(check: Callable[..., None], value: object, *more: str) -> bool:
    try:
        check("", "", value, *more)
    except FleetError:
        return False
    return True


def in_project(draft: Draft, project: GcpProject) -> dict[str, Any]:
    """Return the fields of a machine, without what its project says.

    Args:
        draft: What the instance says.
        project: The project.
    """
    own: dict[str, Any] = dict(draft.fields)
    if draft.network is not None and draft.network != project.network:
        own["network"] = draft.network
    labels = {key: value for key, value in draft.labels.items() if project.labels.get(key) != value}
    if labels:
        own["labels"] = labels
    return own
