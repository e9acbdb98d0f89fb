"""What a fleet costs as plain data: what `infra cost --json` prints, and what is compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib import cost
from infra_lib.fleet import clouds_of
from infra_lib.model.money import HOURS_PER_MONTH, YEARS, rounded
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.operate.cost_view import GROUPS, View, subtotal, subtotals

if TYPE_CHECKING:
    from infra_lib.clouds.answers import Source
    from infra_lib.fleet import Fleet
    from infra_lib.model.bill import Bill, Part
    from infra_lib.model.machine import Machine
    from infra_lib.operate.cost_view import Subtotal


def cost_data(fleet: Fleet, view: View | None = None) -> dict[str, Any]:
    """Return what a fleet costs, in a shape that stays. An amount is None when unknown.

    Args:
        fleet: The fleet.
        view: Which of its machines are looked at, and in which order; None for all.

    Returns:
        `fleet`: its name; `machines`, a list, see `machine_data`; `total` of them in their present
        state: `machines` and `on`, how many there are and how many of them are on, `usd_per_hour`,
        `usd_per_month`, `usd_per_hour_at_least` and `usd_per_month_at_least` (of what is known),
        `usd_per_month_all_on` and `usd_per_month_all_on_at_least` (were they all on),
        `usd_per_month_committed` (what is on, on demand, under commitments of "1" and of "3"
        years), `unknown` (names of machines of which something is not known) and
        `budget_usd_per_hour` (None without one); `by_tag`, `by_state`, `by_cloud` and `by_zone`:
        the same but for the budget by the name of each, of which those of tags do not add up;
        `filters`: what machines are looked at: `tags`, `states` and `clouds`, empty for all;
        `budget`, of the whole fleet whatever the filters (None without one): `usd_per_hour`,
        `used_usd_per_hour`, `used_usd_per_hour_at_least`; `not_provisioned`: names of machines
        that cost nothing here; `hours_per_month`; and `prices`: by what they are of, `as_of` and
        `source`.

    Raises:
        FleetError: When no machine of the fleet has a tag that is looked at.
    """
    view = view or View()
    machines = view.machines(fleet)
    return {
        "fleet": fleet.name,
        "machines": [machine_data(machine) for machine in machines],
        "total": {
            **_subtotal_data(subtotal(machines)),
            "budget_usd_per_hour": fleet.budget_usd_per_hour,
        },
        **{
            f"by_{group}": {each.name: _subtotal_data(each) for each in subtotals(machines, group)}
            for group in GROUPS
        },
        "filters": {
            "tags": list(view.tags),
            "states": list(view.states),
            "clouds": list(view.clouds),
        },
        "budget": _budget_data(fleet),
        "not_provisioned": [machine.name for machine in not_provisioned(fleet)],
        "hours_per_month": HOURS_PER_MONTH,
        "prices": {of: source.data for of, source in price_sources(fleet).items()},
    }


def machine_data(machine: ProvisionedMachine) -> dict[str, Any]:
    """Return what a machine costs.

    Returns:
        `name`, `cloud`, `tags`, `state` ("on", "stopped", "off"), `zone`, `machine_type`, `gpu`
        (`type` and `count`; None without one); `usd_per_hour` while it is on, with all its parts
        (`on_demand` and `spot`); `applies`, which of the two;
        `runs_as`, how it is provisioned ("on demand", "spot", "flex-start", "reservation");
        `usd_per_month` that it is on, with sustained use; `hours_per_day` that a month counts;
        `usd_per_month_committed`: the same on demand under a commitment of "1" and of "3" years;
        `usd_per_hour_now` and
        `usd_per_month_now` in its state; `unknown`: the kinds of parts whose price is not known;
        and `parts`, each with `kind` ("machine", "GPU", "Local SSD", "Confidential VM",
        "boot disk", "data disk", "address"), `text`, `usd_per_hour` while it is on (`on_demand`
        and `spot`), and in the other states `usd_per_hour_stopped` and `usd_per_hour_off`;
        `usd_per_month` as above, and `usd_per_hour_now` and `usd_per_month_now`.
    """
    bill = machine.bill
    return {
        "name": machine.name,
        "cloud": machine.cloud,
        "tags": list(machine.all_tags),
        "state": machine.state,
        "zone": machine.zone,
        "machine_type": machine.machine_type,
        "gpu": gpu_data(machine),
        "usd_per_hour": {
            "on_demand": rounded(bill.on_demand.usd),
            "spot": rounded(bill.as_spot.usd),
        },
        "applies": "spot" if bill.spot else "on_demand",
        "runs_as": machine.runs_as,
        "usd_per_month": _cents(bill.month.usd),
        "hours_per_day": round(bill.hours_per_day, 4),
        "usd_per_month_committed": {
            str(years): _cents(bill.month_committed(years).usd) for years in YEARS
        },
        "usd_per_hour_now": rounded(bill.hour_now.usd),
        "usd_per_month_now": _cents(bill.month_now.usd),
        "unknown": list(bill.hour.unknown),
        "parts": [_part_data(bill, part) for part in bill.parts],
    }


def gpu_data(machine: ProvisionedMachine) -> dict[str, Any] | None:
    """Return the GPUs of a machine as plain data: `type` and `count`; None without one."""
    gpu = machine.accelerator
    return None if gpu is None else {"type": gpu.name, "count": machine.accelerator_count}


def price_sources(fleet: Fleet) -> dict[str, Source]:
    """Return where the prices of a fleet's machines come from, by what they are of."""
    return {
        of: source
        for cloud, _, machines in clouds_of(fleet)
        if machines
        for of, source in cloud.price_sources(machines).items()
    }


def not_provisioned(fleet: Fleet) -> list[Machine]:
    """Return the machines that the fleet does not provision, and that cost nothing here."""
    return [machine for machine in fleet.machines if not isinstance(machine, ProvisionedMachine)]


def _subtotal_data(group: Subtotal) -> dict[str, Any]:
    month_on = group.month_on
    return {
        "machines": len(group.machines),
        "on": group.on,
        "usd_per_hour": rounded(group.hour_now.usd),
        "usd_per_month": _cents(group.month_now.usd),
        "usd_per_hour_at_least": rounded(group.hour_now.known),
        "usd_per_month_at_least": _cents(group.month_now.known),
        "usd_per_month_all_on": _cents(month_on.usd),
        "usd_per_month_all_on_at_least": _cents(month_on.known),
        "usd_per_month_committed": {
            str(years): _cents(group.month_committed(years).usd) for years in YEARS
        },
        "unknown": group.unknown,
    }


def _budget_data(fleet: Fleet) -> dict[str, Any] | None:
    if fleet.budget_usd_per_hour is None:
        return None
    used = cost.hourly(fleet.provisioned)
    return {
        "usd_per_hour": fleet.budget_usd_per_hour,
        "used_usd_per_hour": rounded(used.usd),
        "used_usd_per_hour_at_least": rounded(used.known),
    }


def _part_data(bill: Bill, part: Part) -> dict[str, Any]:
    spot, hours = bill.spot, bill.hours_per_day
    return {
        "kind": part.kind,
        "text": part.text,
        "usd_per_hour": {
            "on_demand": rounded(part.on.on_demand),
            "spot": rounded(part.on.spot),
        },
        "usd_per_hour_stopped": rounded(part.stopped),
        "usd_per_hour_off": rounded(part.off),
        "usd_per_month": _cents(part.month("on", spot=spot, hours_per_day=hours)),
        "usd_per_hour_now": rounded(part.hour(bill.state, spot=spot)),
        "usd_per_month_now": _cents(part.month(bill.state, spot=spot, hours_per_day=hours)),
    }


def _cents(usd: float | None) -> float | None:
    return None if usd is None else round(usd, 2)
