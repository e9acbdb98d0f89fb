"""What is on the page, as plain data: what `infra report --json` prints."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, get_args

from infra_lib.clouds.answers import sources_text
from infra_lib.fleet import clouds_of
from infra_lib.model import costs
from infra_lib.model.bill import Kind
from infra_lib.model.money import Amount, Currency, rounded
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.sums import add
from infra_lib.model.wording import listed
from infra_lib.operate.cost_data import cost_data, cost_notes, price_sources
from infra_lib.operate.deploy.price import over_budget
from infra_lib.operate.show_data import as_data as show_data
from infra_lib.operate.show_data import roles_of, summaries, users_of
from infra_lib.services import services

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra_lib.fleet import Fleet
    from infra_lib.model.bill import Part
    from infra_lib.model.machine import Machine

ELSEWHERE = "elsewhere"
"""What stands for the state of a machine that the fleet does not provision."""

STATES = ("on", "stopped", "off", ELSEWHERE)
"""All states, in the order in which they are counted."""


def report_data(fleet: Fleet) -> dict[str, Any]:
    """Return what the page shows of a fleet, in a shape that stays. An amount is None when unknown.

    Returns:
        `show`: what `infra show --json` prints, and `cost`: what `infra cost --json` prints;
        `description` of the fleet; `projects`: the fleet's project in each cloud, in words;
        `states`: how many machines are "on", "stopped", "off" and "elsewhere", which is what the
        fleet does not provision; `on_until`: of machines that are on for a time, by name, until
        when; `all_on`: what an hour would cost, were all on: `usd_per_hour` and
        `usd_per_hour_at_least` (of what is known), and `by_currency` the same by currency without
        `usd_`; `by_part`: what is billed now, by `currency` and `kind` of part: `machines`, how
        many have such a part, `per_hour`, `per_month`, `per_hour_at_least`, `per_month_at_least`,
        and `unknown`, the names of machines of whose part the price is not known; `gpus`: by
        `type`, what people call it (`label`), how many there are (`total`) and how many of them in
        machines that are on (`on`), and `machines`; `tags`: of each `tag` its `machines`; `roles`,
        of every instance of a clan service but those of users: of each `instance`, `service`,
        `role` and `machines` that play it; `users`: of each `name`, `groups` and `machines`;
        `places`: of each `zone` with machines its `cloud`, who that is (`service`), `place`,
        `latitude` and `longitude` in degrees (None where nobody knows), and `machines`; `mesh`: see
        `mesh_data`; and `warnings`, `notes` on costs and `sources` of prices, each a sentence.
    """
    return {
        "show": show_data(fleet),
        "cost": cost_data(fleet),
        "description": fleet.description,
        "projects": [each.text for each in summaries(fleet).values() if each is not None],
        "states": _states(fleet.machines),
        "on_until": {
            machine.name: until
            for machine in fleet.provisioned
            if (until := _on_until(machine)) is not None
        },
        "all_on": _all_on(fleet),
        "by_part": [*_by_part(fleet.provisioned)],
        "gpus": _gpus(fleet.gpu_machines),
        "tags": _tags(fleet.machines),
        "roles": [*_roles(fleet)],
        "users": _users(fleet),
        "places": [*_places(fleet)],
        "mesh": mesh_data(fleet),
        "warnings": [*_warnings(fleet)],
        "notes": cost_notes(fleet, fleet.provisioned),
        "sources": [*sources_text(price_sources(fleet).values())],
    }


def mesh_data(fleet: Fleet) -> dict[str, Any]:
    """Return who is in the fleet's ZeroTier network, in a shape that stays.

    Returns:
        `network_id` (None when not known), and `members`: of each machine and device in it `name`,
        `roles` (of "controller", "moon" and "peer" those that it is; of a device "device"),
        `address` there (None when not known), `state` and `zone` (None of a device, `zone` also of
        a machine that the fleet does not provision).
    """
    facts = fleet.facts
    machines = [
        {
            "name": machine.name,
            "roles": roles_of(fleet, machine),
            "address": facts.machine(machine.name).zerotier_ip,
            "state": state_of(machine),
            "zone": machine.zone if isinstance(machine, ProvisionedMachine) else None,
        }
        for machine in fleet.machines
        if fleet.zerotier.includes(machine)
    ]
    devices = [
        {
            "name": device.name,
            "roles": ["device"],
            "address": facts.zerotier_ip(device.zerotier_member_id),
            "state": None,
            "zone": None,
        }
        for device in fleet.devices
    ]
    return {"network_id": facts.zerotier_network_id, "members": [*machines, *devices]}


def state_of(machine: Machine) -> str:
    """Return the state of a machine as the page has it: one of `STATES`."""
    return machine.state if isinstance(machine, ProvisionedMachine) else ELSEWHERE


def _states(machines: Iterable[Machine]) -> dict[str, int]:
    counts = Counter(map(state_of, machines))
    return {state: counts[state] for state in STATES}


def _on_until(machine: ProvisionedMachine) -> str | None:
    """Return until when a machine is on that was switched on for a time, for people."""
    return machine.on_until if machine.state == "on" else None


def _all_on(fleet: Fleet) -> dict[str, Any]:
    hour = costs.sum_of(
        ((machine, machine.bill.hour) for machine in fleet.provisioned), fleet.usd_per_eur
    )
    return {
        "usd_per_hour": rounded(hour.in_usd.value),
        "usd_per_hour_at_least": rounded(hour.in_usd.known),
        "by_currency": {
            each.currency: {
                "per_hour": rounded(each.value),
                "per_hour_at_least": rounded(each.known),
            }
            for each in hour.amounts
        },
    }


def _by_part(machines: Iterable[ProvisionedMachine]) -> Iterator[dict[str, Any]]:
    """Yield what each kind of part costs now, of the machines billed in each currency."""
    found: dict[tuple[Currency, Kind], list[tuple[ProvisionedMachine, Part]]] = {}
    for machine in machines:
        for part in machine.bill.parts:
            found.setdefault((machine.currency, part.kind), []).append((machine, part))
    for currency in get_args(Currency):
        for kind in get_args(Kind):
            if parts := found.get((currency, kind)):
                yield _part_data(currency, kind, parts)


def _part_data(
    currency: Currency, kind: Kind, parts: list[tuple[ProvisionedMachine, Part]]
) -> dict[str, Any]:
    def amount(machine: ProvisionedMachine, price: float | None) -> Amount:
        return Amount(price, (machine.name,) if price is None else (), currency)

    bills = [(machine, part, machine.bill) for machine, part in parts]
    hours = add(
        amount(machine, part.hour(bill.state, spot=bill.spot)) for machine, part, bill in bills
    ).of(currency)
    months = add(
        amount(machine, part.month(bill.state, spot=bill.spot, hours_per_day=bill.hours_per_day))
        for machine, part, bill in bills
    ).of(currency)
    return {
        "currency": currency,
        "kind": kind,
        "machines": len({machine.name for machine, _ in parts}),
        "per_hour": rounded(hours.value),
        "per_month": _cents(months.value),
        "per_hour_at_least": rounded(hours.known),
        "per_month_at_least": _cents(months.known),
        "unknown": [*dict.fromkeys(hours.unknown)],
    }


def _cents(money: float | None) -> float | None:
    return None if money is None else round(money, 2)


def _gpus(machines: Iterable[ProvisionedMachine]) -> list[dict[str, Any]]:
    found: dict[str, list[ProvisionedMachine]] = {}
    for machine in machines:
        if machine.accelerator is not None:
            found.setdefault(machine.accelerator.name, []).append(machine)
    return [
        {
            "type": name,
            "label": some[0].accelerator and some[0].accelerator.label,
            "total": sum(machine.accelerator_count for machine in some),
            "on": sum(machine.accelerator_count for machine in some if machine.state == "on"),
            "machines": [machine.name for machine in some],
        }
        for name, some in sorted(found.items())
    ]


def _roles(fleet: Fleet) -> Iterator[dict[str, Any]]:
    of_users = {user.service.name for user in fleet.users}
    for service in services(fleet):
        if service.name in of_users:
            continue
        for name, role in service.roles.items():
            yield {
                "instance": service.name,
                "service": service.module_name,
                "role": name,
                "machines": [each.name for each in fleet.machines if role.includes(each)],
            }


def _tags(machines: Iterable[Machine]) -> list[dict[str, Any]]:
    found: dict[str, list[str]] = {}
    for machine in machines:
        for tag in machine.all_tags:
            found.setdefault(tag, []).append(machine.name)
    return [{"tag": tag, "machines": names} for tag, names in sorted(found.items())]


def _users(fleet: Fleet) -> list[dict[str, Any]]:
    machines: dict[str, list[str]] = {}
    for machine in fleet.machines:
        for name in users_of(fleet, machine):
            machines.setdefault(name, []).append(machine.name)
    return [
        {
            "name": user.name,
            "groups": list(user.groups or ()),
            "machines": machines.get(user.name, []),
        }
        for user in fleet.users
    ]


def _places(fleet: Fleet) -> Iterator[dict[str, Any]]:
    for cloud, _, machines in clouds_of(fleet):
        zones: dict[str, list[ProvisionedMachine]] = {}
        for machine in machines:
            zones.setdefault(machine.zone, []).append(machine)
        for zone, here in sorted(zones.items()):
            place = cloud.place(here[0])
            yield {
                "cloud": here[0].cloud,
                "service": cloud.KINDS.service,
                "zone": zone,
                "place": place and place.name,
                "latitude": place and place.latitude,
                "longitude": place and place.longitude,
                "machines": [machine.name for machine in here],
            }


def _warnings(fleet: Fleet) -> Iterator[str]:
    """Yield what should be looked at: what clouds warn of, the budget, and unknown prices."""
    budget = over_budget(fleet, otherwise="")
    if budget is not None:
        yield budget
    for cloud, project, machines in clouds_of(fleet):
        if machines:
            yield from cloud.warnings(fleet, project, machines)
    unknown = [(each, kind) for each in fleet.provisioned for kind in each.bill.hour.unknown]
    if unknown:
        names = [f"{machine.name} ({kind})" for machine, kind in unknown]
        how = costs.how_to_say(unknown)
        yield f"Unknown prices, which sums are without: {listed(names)}. To say one: {how}."
