"""A project and its machines, of what was found of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.clouds.adoption import Adopted
from infra_lib.clouds.hetzner.adoption.addresses import facts
from infra_lib.clouds.hetzner.adoption.firewalls import ssh_ranges
from infra_lib.clouds.hetzner.adoption.keys import keys
from infra_lib.clouds.hetzner.adoption.known import report_labels, report_unsaid
from infra_lib.clouds.hetzner.adoption.networks import networks
from infra_lib.clouds.hetzner.adoption.report import Report
from infra_lib.clouds.hetzner.adoption.servers import contradictions, draft, relations
from infra_lib.clouds.hetzner.adoption.things import FIREWALLED, Things, gather, is_empty, listed
from infra_lib.clouds.hetzner.firewall import SSH
from infra_lib.clouds.hetzner.machine import HetznerMachine
from infra_lib.clouds.hetzner.project import HetznerProject, check_machine_in_project
from infra_lib.clouds.hetzner.readings import (
    ATTACHMENT,
    FIREWALL,
    GROUP,
    MEMBERSHIP,
    NETWORK,
    SERVER,
    VOLUME,
)
from infra_lib.model.errors import FleetError, shown
from infra_lib.model.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra_lib.clouds.adoption import Found
    from infra_lib.clouds.hetzner.adoption.networks import Described
    from infra_lib.clouds.hetzner.adoption.servers import Draft, Relations
    from infra_lib.model.facts import MachineFacts

_STAYS = "it stays as it is; nothing here describes it"


def adopt(found: Sequence[Found], provider: Mapping[str, Any], fleet: str) -> Adopted:
    """Return what describes what was found; see `infra_lib.clouds.adoption.Adoption`.

    Args:
        found: All that the sources have.
        provider: The arguments of the provider, where a configuration has them.
        fleet: The fleet's name.
    """
    things, items = gather(found)
    report = Report(items)
    _provider(provider, report)
    contradictions(things, report)
    of = relations(things, fleet)
    described = networks(things, report)
    drafts = _drafts(things, of, described, report)
    project = _project(things, of, described, drafts, report)
    machines: list[HetznerMachine] = []
    known: list[MachineFacts] = []
    sources: dict[str, tuple[Found, ...]] = {}
    for each in drafts:
        machine = _machine(each, project, report)
        if machine is None:
            continue
        machines.append(machine)
        whole = (each.server, *each.parts)
        report.carry(*whole)
        sources[machine.name] = tuple(one for thing in whole for one in thing.founds)
        told = facts(each.server)
        known += [told] if told is not None else []
        kept = {*machine.labels, *project.labels}
        for part in each.parts:
            # The provider leaves those of a firewall alone.
            if part.type not in (FIREWALL, MEMBERSHIP, GROUP):
                report_labels(part, kept, report)
    _relations(things, report)
    _rest(things, of, report)
    if not machines and not (project.networks or project.ssh_keys or project.ssh_key_names):
        return Adopted(items=tuple(report.items))
    return Adopted(
        project=project,
        machines=tuple(machines),
        sources=sources,
        facts=tuple(known),
        items=tuple(report.items),
        carried=frozenset(report.carried),
    )


def _drafts(
    things: Things, of: Relations, described: Sequence[Described], report: Report
) -> list[Draft]:
    by_network = {each.network: each for each in described}
    drafts = []
    for server in things.of(SERVER):
        if not server.name:
            report.drop(server, "no source tells its name", "give a state, or hcloud's own list")
            continue
        one = draft(server, things, of, by_network, report)
        drafts += [one] if one is not None else []
    return drafts


def _project(
    things: Things,
    of: Relations,
    described: Sequence[Described],
    drafts: Sequence[Draft],
    report: Report,
) -> HetznerProject:
    """Return the project, and take from the machines the labels that all of them have."""
    labels = _common(drafts)
    for each in drafts:
        for key in labels:
            del each.labels[key]
    added, names = keys(things, of.firewalls.fleet, report)
    return HetznerProject(
        ssh_keys=added,
        ssh_key_names=names,
        ssh_source_ranges=_ranges(things, of, report),
        networks=tuple(each.private for each in described),
        labels=labels,
    )


def _common(drafts: Sequence[Draft]) -> dict[str, str]:
    """Return the labels that all machines have, of several; none where one of them cannot be."""
    if len(drafts) <= 1:
        return {}
    first, *others = drafts
    labels = {
        key: value
        for key, value in first.labels.items()
        if all(each.labels.get(key) == value for each in others)
    }
    try:
        HetznerProject(labels=labels)
    except FleetError:
        return {}  # as the line about each machine says
    return labels


def _ranges(things: Things, of: Relations, report: Report) -> tuple[str, ...]:
    """Return who the fleet's own firewalls let in by SSH."""
    for firewall in things.of(FIREWALL):
        if of.firewalls.role(firewall) != SSH:
            continue
        ranges = ssh_ranges(firewall)
        try:
            HetznerProject(ssh_source_ranges=ranges)
        except FleetError as error:
            report.left(firewall.where, str(error), "say ssh_source_ranges of the project")
            return ()
        return ranges
    return ()


def _machine(draft: Draft, project: HetznerProject, report: Report) -> HetznerMachine | None:
    """Return the machine of a draft; None, with a line in the report, where it cannot be."""
    try:
        machine = HetznerMachine(draft.server.name, **draft.fields, labels=draft.labels)
        check_machine_in_project(machine, project)
    except FleetError as error:
        report.drop(draft.server, str(error), f"describe it by hand; {_STAYS}")
        return None
    return machine


def _relations(things: Things, report: Report) -> None:
    """Carry what only says what belongs together, where both are described."""
    for each in things.of(ATTACHMENT):
        ends = (
            things.find(VOLUME, each.attributes.get("volume_id")),
            things.find(SERVER, each.attributes.get("server_id")),
        )
        if all(end is not None and end.where in report.carried for end in ends):
            report.carry(each)
    for each in things.of(FIREWALLED):
        servers = [things.find(SERVER, one) for one in listed(each.attributes.get("server_ids"))]
        if is_empty(each.attributes.get("label_selectors")) and all(
            server is not None and server.where in report.carried for server in servers
        ):
            report.carry(each)


def _rest(things: Things, of: Relations, report: Report) -> None:
    """Report what is not described, and what of the rest no field says."""
    used = {
        each
        for server, found in of.firewalls.of.items()
        if server.where in report.carried
        for each in found
        if not isinstance(each, int | Reference)
    }
    for thing in things.all:
        if thing.type == FIREWALL and of.firewalls.role(thing) is not None:
            report.carry(thing)
        if thing.where in report.carried:
            if thing.type not in (ATTACHMENT, FIREWALLED):
                report_unsaid(thing, report)
            if thing.type in (GROUP, NETWORK):
                report_labels(thing, (), report)
            continue
        if thing.where in report.dropped:
            continue
        what = _STAYS
        if thing in used:
            what = (
                f"firewall {shown(thing.name)} stays as it is: machines name it in firewall_ids, "
                "and its rules are described nowhere here"
            )
        report.drop(thing, what)


def _provider(provider: Mapping[str, Any], report: Report) -> None:
    """Report what the provider is told: a stack tells it nothing."""
    for name, value in provider.items():
        if is_empty(value):
            continue
        if name == "token":
            if not isinstance(value, Reference):
                report.left(
                    'provider "hcloud"',
                    "its token stands in the configuration, and is not carried",
                    "give it as HCLOUD_TOKEN in the environment; others may have read this one",
                )
        elif name not in ("alias", "version", "poll_interval", "poll_function"):
            report.left('provider "hcloud"', f"{name} is set: a fleet has no field for it")
