"""Which machines' costs are looked at, in which order, and what groups of them cost together."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from infra_lib.model import costs
from infra_lib.model.errors import FleetError
from infra_lib.model.money import Amount, Years
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.sums import Sum, known_part
from infra_lib.operate.choice import choose
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from infra_lib.fleet import Fleet
    from infra_lib.model.bill import Part, State
    from infra_lib.model.money import Currency

Group = Literal["tag", "state", "cloud", "zone"]
By = Literal["machine", "part", "tag", "state", "cloud", "zone"]
Sort = Literal["name", "state", "zone", "type", "price", "now", "month"]

GROUPS: tuple[Group, ...] = ("tag", "state", "cloud", "zone")
BY: tuple[By, ...] = ("machine", "part", *GROUPS)
SORTS: tuple[Sort, ...] = ("name", "state", "zone", "type", "price", "now", "month")
_GROUP_SORTS: tuple[Sort, ...] = ("name", "now", "month")

_Line = TypeVar("_Line")

if TYPE_CHECKING:
    _Key = Callable[[_Line], str | tuple[float, ...] | None]


@frozen(kw_only=True)
class View:
    """What of a fleet's costs is looked at, and how.

    Attributes:
        by: What has a line of its own.
        sort: What lines are in order of: names from A to Z, money from the most to the least, and
            last what is unknown. Without a rate between currencies, USD come first, and then EUR.
            None for the order of the fleet, and of the names of groups.
        reverse: Whether the order is the other way round; what is unknown stays last.
        names: Machines of these names; with no names and no tags, all.
        tags: Machines that have one of these tags.
        states: Machines in one of these states; empty for all.
        clouds: Machines in one of these clouds; empty for all.
        years: How long the commitments are under which months are shown too; None for none.

    Raises:
        FleetError: When groups have no such order.
    """

    by: By = "machine"
    sort: Sort | None = None
    reverse: bool = False
    names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    clouds: tuple[str, ...] = ()
    years: Years | None = None

    def __attrs_post_init__(self) -> None:
        if self.by in GROUPS and self.sort not in {None, *_GROUP_SORTS}:
            accepted = ", ".join(_GROUP_SORTS)
            raise FleetError(f"--sort {self.sort}: --by {self.by} has it by one of {accepted}")

    @property
    def filters(self) -> dict[Literal["machine"] | Group, tuple[str, ...]]:
        """What machines have to be: by what it is, the names of which one will do.

        A machine that is named need not have a tag.
        """
        given: dict[Literal["machine"] | Group, tuple[str, ...]] = {
            "machine": self.names,
            "tag": self.tags,
            "state": self.states,
            "cloud": self.clouds,
        }
        return {group: names for group, names in given.items() if names}

    def machines(self, fleet: Fleet) -> list[ProvisionedMachine]:
        """Return the machines of a fleet that are looked at, in order.

        Raises:
            FleetError: When the fleet has no machine of a name, or with a tag.
        """
        meant = {machine.name for machine in choose(fleet, self.names, self.tags)}
        chosen = [
            machine
            for machine in fleet.provisioned
            if machine.name in meant
            and (not self.states or machine.state in self.states)
            and (not self.clouds or machine.cloud in self.clouds)
        ]
        keys = _machine_keys(fleet.usd_per_eur)
        return _ordered(chosen, keys.get(self.sort), reverse=self.reverse)

    def parts(
        self, machines: Iterable[ProvisionedMachine], usd_per_eur: float | None
    ) -> list[tuple[ProvisionedMachine, Part]]:
        """Return each part that machines are billed for, beside its machine, in order.

        Where parts are not in order of money, they are in that of the machines.
        """
        parts = [(machine, part) for machine in machines for part in machine.bill.parts]
        key = _part_keys(usd_per_eur).get(self.sort)
        return parts if key is None else _ordered(parts, key, reverse=self.reverse)

    def groups(
        self, machines: Iterable[ProvisionedMachine], usd_per_eur: float | None
    ) -> list[Subtotal]:
        """Return what groups of machines cost together, in order; `by` says which groups."""
        group = next((group for group in GROUPS if group == self.by), None)
        found = [] if group is None else subtotals(machines, group, usd_per_eur)
        return _ordered(found, _group_keys().get(self.sort), reverse=self.reverse)


@frozen(kw_only=True)
class Subtotal:
    """What machines cost together, and of which of them what is not known.

    Attributes:
        name: What they have in common: a tag, a state, a cloud or a zone.
        machines: The machines.
        usd_per_eur: How many USD a EUR is; None when nobody said.
        hour_now: What an hour costs in their present states.
        month_now: What a month costs in their present states.
    """

    name: str
    machines: tuple[ProvisionedMachine, ...]
    usd_per_eur: float | None
    hour_now: Sum
    month_now: Sum

    @property
    def on(self) -> int:
        """How many of them are on."""
        return sum(machine.state == "on" for machine in self.machines)

    @property
    def month_on(self) -> Sum:
        """What a month costs, were they all on."""
        return costs.sum_of(
            ((machine, machine.bill.month) for machine in self.machines), self.usd_per_eur
        )

    @property
    def currencies(self) -> tuple[Currency, ...]:
        """What they are billed in."""
        return tuple(amount.currency for amount in self.hour_now.amounts)

    @property
    def unknown(self) -> list[str]:
        """Names of those that cost something now, and nobody knows how much."""
        return [machine.name for machine in self.machines if machine.bill.hour_now.unknown]

    def month_committed(self, years: Years) -> Sum:
        """Return a month in their present states, under commitments where these apply."""
        months = (
            (machine, committed_month(machine, years) or machine.bill.month_now)
            for machine in self.machines
        )
        return costs.sum_of(months, self.usd_per_eur)


def subtotal(
    machines: Iterable[ProvisionedMachine], usd_per_eur: float | None, name: str = ""
) -> Subtotal:
    """Return what machines cost together."""
    machines = tuple(machines)
    return Subtotal(
        name=name,
        machines=machines,
        usd_per_eur=usd_per_eur,
        hour_now=costs.hourly(machines, usd_per_eur),
        month_now=costs.monthly(machines, usd_per_eur),
    )


def subtotals(
    machines: Iterable[ProvisionedMachine], group: Group, usd_per_eur: float | None
) -> list[Subtotal]:
    """Return what the machines of each tag, state, cloud or zone cost together, by its name.

    A machine counts in each of its tags, so that those do not add up.
    """
    names_of = _names(group)
    members: dict[str, list[ProvisionedMachine]] = {}
    for machine in machines:
        for name in names_of(machine):
            members.setdefault(name, []).append(machine)
    return [subtotal(members[name], usd_per_eur, name) for name in sorted(members)]


def may_commit(machine: ProvisionedMachine) -> bool:
    """Return whether a commitment would be for a machine: it is on, and no Spot VM."""
    return machine.state == "on" and not machine.spot


def is_committed(part: Part, years: Years) -> bool:
    """Return whether a part can be had under a commitment of so many years, as far as is known."""
    return any(length == years for length, _ in part.committed_use)


def committed_month(machine: ProvisionedMachine, years: Years) -> Amount | None:
    """Return a month of a machine under a commitment; None where none applies."""
    bill = machine.bill
    if not may_commit(machine) or years not in bill.commitments:
        return None
    return bill.month_committed(years)


def part_hour(machine: ProvisionedMachine, part: Part, state: State) -> Amount:
    """Return an hour of a part of a machine in a state, the way the machine runs."""
    return Amount(part.hour(state, spot=machine.spot), (), machine.currency)


def part_month(machine: ProvisionedMachine, part: Part, years: Years | None = None) -> Amount:
    """Return a month of a part of a machine in its present state."""
    bill = machine.bill
    month = part.month(bill.state, spot=bill.spot, hours_per_day=bill.hours_per_day, years=years)
    return Amount(month, (), bill.currency)


def is_by_currency(view: View, shown: Subtotal) -> bool:
    """Return whether lines are in order of money, and by currency, as there is no rate."""
    by_money = view.sort in {"price", "now", "month"}
    return by_money and len(shown.currencies) > 1 and shown.usd_per_eur is None


def _names(group: Group) -> Callable[[ProvisionedMachine], tuple[str, ...]]:
    """Return a function from a machine to the names of the groups that it is in."""
    names: dict[Group, Callable[[ProvisionedMachine], tuple[str, ...]]] = {
        "tag": lambda machine: machine.all_tags,
        "state": lambda machine: (machine.state,),
        "cloud": lambda machine: (machine.cloud,),
        "zone": lambda machine: (machine.zone,),
    }
    return names[group]


def _ordered(lines: list[_Line], key: _Key[_Line] | None, *, reverse: bool) -> list[_Line]:
    """Return lines in order: text from A to Z, money from most to least, None at the end."""
    if key is None:
        return lines[::-1] if reverse else lines
    keyed = [(key(line), line) for line in lines]
    known: list[tuple[Any, _Line]] = [each for each in keyed if each[0] is not None]
    money = any(isinstance(value, tuple) for value, _ in known)
    known.sort(key=itemgetter(0), reverse=money != reverse)
    return [line for _, line in known] + [line for value, line in keyed if value is None]


def _order(amount: Amount, usd_per_eur: float | None) -> tuple[float, ...] | None:
    """Return what an amount is in order by; None for one that is not known."""
    if amount.known is None:
        return None
    return Sum((known_part(amount),), usd_per_eur).order


def _machine_keys(usd_per_eur: float | None) -> dict[Sort | None, _Key[ProvisionedMachine]]:
    return {
        "name": lambda machine: machine.name,
        "state": lambda machine: machine.state,
        "zone": lambda machine: machine.zone,
        "type": lambda machine: machine.machine_type,
        "price": lambda machine: _order(machine.bill.hour, usd_per_eur),
        "now": lambda machine: _order(machine.bill.hour_now, usd_per_eur),
        "month": lambda machine: _order(machine.bill.month_now, usd_per_eur),
    }


def _part_keys(
    usd_per_eur: float | None,
) -> dict[Sort | None, _Key[tuple[ProvisionedMachine, Part]]]:
    """Return what parts are in order of by themselves, not as their machines are."""
    return {
        "price": lambda each: _order(part_hour(*each, "on"), usd_per_eur),
        "now": lambda each: _order(part_hour(*each, each[0].state), usd_per_eur),
        "month": lambda each: _order(part_month(*each), usd_per_eur),
    }


def _group_keys() -> dict[Sort | None, _Key[Subtotal]]:
    return {
        "name": lambda group: group.name,
        "now": lambda group: group.hour_now.order,
        "month": lambda group: group.month_now.order,
    }
