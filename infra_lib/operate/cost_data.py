"""What a fleet costs as plain data: what `infra cost --json` prints, and what is compared."""

from __future__ import annotations

from functools import partial
from operator import attrgetter, methodcaller
from typing import TYPE_CHECKING, Any

from infra_lib.fleet import clouds_of
from infra_lib.model import costs
from infra_lib.model.money import HOURS_PER_MONTH, NO_TRAFFIC, YEARS, Amount, in_usd, rounded
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.operate.cost_view import GROUPS, View, subtotal, subtotals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from infra_lib.clouds.answers import Source
    from infra_lib.clouds.cloud import Cloud
    from infra_lib.fleet import Fleet
    from infra_lib.model.bill import Bill, Part
    from infra_lib.model.machine import Machine
    from infra_lib.model.sums import Sum
    from infra_lib.operate.cost_view import Subtotal

    _Round = Callable[[float | None], float | None]


def cost_data(fleet: Fleet, view: View | None = None) -> dict[str, Any]:
    """Return what a fleet costs, in a shape that stays. An amount is None when unknown.

    What is called `usd_…` is in USD. Of what is billed in EUR it is converted where the fleet has a
    rate, and None where it has none. What is called `eur_…` is what is billed in EUR; None for what
    is billed in USD.

    Args:
        fleet: The fleet.
        view: Which of its machines are looked at, and in which order; None for all.

    Returns:
        `fleet`: its name; `machines`, a list, see `machine_data`; `total` of them in their present
        state: `machines` and `on`, how many there are and how many of them are on, `usd_per_hour`,
        `usd_per_month`, `usd_per_hour_at_least` and `usd_per_month_at_least` (of what is known),
        `usd_per_month_all_on` and `usd_per_month_all_on_at_least` (were they all on),
        `usd_per_month_committed` (what is on, on demand, under commitments of "1" and of "3"
        years), `by_currency` (the same amounts of what is billed in each currency, "USD" and "EUR",
        by the same names without `usd_`: `per_hour`, `per_hour_at_least`, …), `unknown` (names of
        machines of which something is not known) and `budget_usd_per_hour` (None without one).
        Without a rate, sums in USD are None when something is billed in EUR, and those "at least"
        are of the rest; `by_tag`, `by_state`, `by_cloud` and `by_zone`:
        the same but for the budget by the name of each, of which those of tags do not add up;
        `filters`: what machines are looked at: `machines` (by name), `tags`, `states` and `clouds`,
        empty for all;
        `budget`, of the whole fleet whatever the filters (None without one): `usd_per_hour`,
        `used_usd_per_hour`, `used_usd_per_hour_at_least`; `not_provisioned`: names of machines
        that cost nothing here; `hours_per_month`; `usd_per_eur`: the rate, None without one; and
        `prices`: by what they are of, `as_of` and `source`.

    Raises:
        FleetError: When the fleet has no machine of a name or with a tag that is looked at.
    """
    view = view or View()
    machines, rate = view.machines(fleet), fleet.usd_per_eur
    return {
        "fleet": fleet.name,
        "machines": [machine_data(machine, rate) for machine in machines],
        "total": {
            **_subtotal_data(subtotal(machines, rate)),
            "budget_usd_per_hour": fleet.budget_usd_per_hour,
        },
        **{
            f"by_{group}": {
                each.name: _subtotal_data(each) for each in subtotals(machines, group, rate)
            }
            for group in GROUPS
        },
        "filters": {
            "machines": list(view.names),
            "tags": list(view.tags),
            "states": list(view.states),
            "clouds": list(view.clouds),
        },
        "budget": _budget_data(fleet),
        "not_provisioned": [machine.name for machine in not_provisioned(fleet)],
        "hours_per_month": HOURS_PER_MONTH,
        "usd_per_eur": rate,
        "prices": {of: source.data for of, source in price_sources(fleet).items()},
    }


def machine_data(machine: ProvisionedMachine, usd_per_eur: float | None = None) -> dict[str, Any]:
    """Return what a machine costs.

    Args:
        machine: The machine.
        usd_per_eur: How many USD a EUR is; None when nobody said.

    Returns:
        `name`, `cloud`, `tags`, `state` ("on", "stopped", "off"), `zone`, `machine_type`, `gpu`
        (`type` and `count`; None without one); `currency`, in which it is billed ("USD", "EUR");
        amounts in USD, as follow here, and the same in EUR (`eur_per_hour`, …), see `cost_data`:
        `usd_per_hour` while it is on, with all its parts (`on_demand` and `spot`);
        `applies`, which of the two;
        `runs_as`, how it is provisioned ("on demand", "spot", "flex-start", "reservation");
        `usd_per_month` that it is on, with sustained use; `hours_per_day` that a month counts;
        `usd_per_month_committed`: the same on demand under a commitment of "1" and of "3" years;
        `usd_per_hour_now` and
        `usd_per_month_now` in its state; `unknown`: the kinds of parts whose price is not known;
        and `parts`, each with `kind` ("machine", "GPU", "Local SSD", "Confidential VM",
        "boot disk", "data disk", "address", "backups"), `text`,
        `usd_per_hour` while it is on (`on_demand` and `spot`), and in the other states
        `usd_per_hour_stopped` and `usd_per_hour_off`;
        `usd_per_month` as above, and `usd_per_hour_now` and `usd_per_month_now`.
    """
    bill = machine.bill
    both = partial(_both, usd_per_eur=usd_per_eur)
    return {
        "name": machine.name,
        "cloud": machine.cloud,
        "tags": list(machine.all_tags),
        "state": machine.state,
        "zone": machine.zone,
        "machine_type": machine.machine_type,
        "gpu": gpu_data(machine),
        "currency": bill.currency,
        **both("per_hour", {"on_demand": bill.on_demand, "spot": bill.as_spot}, rounded),
        "applies": "spot" if bill.spot else "on_demand",
        "runs_as": machine.runs_as,
        **both("per_month", bill.month, _cents),
        "hours_per_day": round(bill.hours_per_day, 4),
        **both(
            "per_month_committed",
            {str(years): bill.month_committed(years) for years in YEARS},
            _cents,
        ),
        **both("per_hour_now", bill.hour_now, rounded),
        **both("per_month_now", bill.month_now, _cents),
        "unknown": list(bill.hour.unknown),
        "parts": [_part_data(bill, part, usd_per_eur) for part in bill.parts],
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


def cost_notes(fleet: Fleet, machines: Sequence[ProvisionedMachine]) -> list[str]:
    """Return what their clouds say is to be known of what some machines of a fleet cost.

    Where they are in several clouds, each note says of which it is.
    """
    notes = [*_notes(fleet, machines)]
    if len({machine.cloud for machine in machines}) < 2:
        return [note for _, note in notes]
    return [f"{cloud.KINDS.service}: {note}" for cloud, note in notes]


def further_notes(fleet: Fleet) -> list[str]:
    """Return what clouds say of what a fleet costs; nothing where all say that traffic is extra."""
    if all(note == NO_TRAFFIC for _, note in _notes(fleet, fleet.provisioned)):
        return []
    return cost_notes(fleet, fleet.provisioned)


def _notes(fleet: Fleet, machines: Sequence[ProvisionedMachine]) -> Iterator[tuple[Cloud, str]]:
    names = {machine.name for machine in machines}
    for cloud, _, here in clouds_of(fleet):
        some = [machine for machine in here if machine.name in names]
        if some:
            for note in dict.fromkeys(cloud.cost_notes(some)):
                yield cloud, note


def _subtotal_data(group: Subtotal) -> dict[str, Any]:
    in_usd = _sums_data(group, attrgetter("in_usd"))
    return {
        "machines": len(group.machines),
        "on": group.on,
        **{f"usd_{name}": amount for name, amount in in_usd.items()},
        "by_currency": {
            currency: _sums_data(group, methodcaller("of", currency))
            for currency in group.currencies
        },
        "unknown": group.unknown,
    }


def _sums_data(group: Subtotal, amount_of: Callable[[Sum], Amount]) -> dict[str, Any]:
    """Return what machines cost together, of each sum the amount that a function takes of it."""
    hour, month, month_on = map(amount_of, (group.hour_now, group.month_now, group.month_on))
    return {
        "per_hour": rounded(hour.value),
        "per_month": _cents(month.value),
        "per_hour_at_least": rounded(hour.known),
        "per_month_at_least": _cents(month.known),
        "per_month_all_on": _cents(month_on.value),
        "per_month_all_on_at_least": _cents(month_on.known),
        "per_month_committed": {
            str(years): _cents(amount_of(group.month_committed(years)).value) for years in YEARS
        },
    }


def _budget_data(fleet: Fleet) -> dict[str, Any] | None:
    if fleet.budget_usd_per_hour is None:
        return None
    used = costs.hourly(fleet.provisioned, fleet.usd_per_eur).in_usd
    return {
        "usd_per_hour": fleet.budget_usd_per_hour,
        "used_usd_per_hour": rounded(used.value),
        "used_usd_per_hour_at_least": rounded(used.known),
    }


def _part_data(bill: Bill, part: Part, usd_per_eur: float | None) -> dict[str, Any]:
    def both(name: str, price: float | None, places: _Round) -> dict[str, Any]:
        return _both(name, Amount(price, (), bill.currency), places, usd_per_eur=usd_per_eur)

    spot, hours = bill.spot, bill.hours_per_day
    on = {
        "on_demand": Amount(part.on.on_demand, (), bill.currency),
        "spot": Amount(part.on.spot, (), bill.currency),
    }
    return {
        "kind": part.kind,
        "text": part.text,
        **_both("per_hour", on, rounded, usd_per_eur=usd_per_eur),
        **both("per_hour_stopped", part.stopped, rounded),
        **both("per_hour_off", part.off, rounded),
        **both("per_month", part.month("on", spot=spot, hours_per_day=hours), _cents),
        **both("per_hour_now", part.hour(bill.state, spot=spot), rounded),
        **both("per_month_now", part.month(bill.state, spot=spot, hours_per_day=hours), _cents),
    }


def _both(
    name: str,
    amounts: Amount | Mapping[str, Amount],
    places: _Round,
    *,
    usd_per_eur: float | None,
) -> dict[str, Any]:
    """Return an amount, or several by what they are of, in USD and as it is billed in EUR."""

    def each(read: Callable[[Amount], float | None]) -> Any:
        if isinstance(amounts, Amount):
            return places(read(amounts))
        return {key: places(read(amount)) for key, amount in amounts.items()}

    return {
        f"usd_{name}": each(lambda amount: in_usd(amount, usd_per_eur).value),
        f"eur_{name}": each(lambda amount: amount.eur),
    }


def _cents(money: float | None) -> float | None:
    return None if money is None else round(money, 2)
