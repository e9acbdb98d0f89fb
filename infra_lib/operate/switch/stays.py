"""What is lost when a machine is switched off or stopped, what stays, and what that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve

from infra_lib.model import costs
from infra_lib.model.bill import Part
from infra_lib.model.money import Amount, hour_text, month_text, rounded
from infra_lib.model.sums import sums_text
from infra_lib.model.wording import and_listed
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.model.provisioned import ProvisionedMachine
    from infra_lib.model.sums import Sum

Left = Literal["off", "stopped"]


@frozen
class Stays:
    """What of a machine goes on being billed.

    Attributes:
        parts: What that is; nothing where nothing stays that costs anything.
        hour: What an hour of it costs.
        month: What a month of it costs.
    """

    parts: tuple[Part, ...]
    hour: Amount
    month: Amount

    @property
    def text(self) -> str:
        """What stays, and what it costs, in a sentence."""
        if not self.parts:
            return "Nothing stays that is billed."
        named = and_listed([f"{part.kind} ({part.text})" for part in self.parts])
        verb = "stay and go" if len(self.parts) > 1 else "stays and goes"
        if self.hour.least is None:
            return f"{_sentence(named)} {verb} on being billed; for how much is unknown."
        price = f"{hour_text(self.hour)} an hour, {month_text(self.month)} a month"
        return f"{_sentence(named)} {verb} on being billed: {price}."

    @property
    def data(self) -> dict[str, Any]:
        """The same as plain data, in a shape that stays.

        Returns:
            `parts`, each with `kind` and `text`; `per_hour` and `per_month` in `currency`, None
            when unknown.
        """
        return {
            "parts": [{"kind": part.kind, "text": part.text} for part in self.parts],
            "per_hour": rounded(self.hour.value),
            "per_month": rounded(self.month.value),
            "currency": self.hour.currency,
        }


def stays(machine: ProvisionedMachine, left: Left) -> Stays:
    """Return what of a machine is billed once it is off, or stopped."""
    bill = evolve(machine.bill, state=left)
    parts = tuple(part for part in bill.parts if part.hour(left, spot=machine.spot) != 0)
    return Stays(parts, bill.hour_now, bill.month_now)


def lost(machine: ProvisionedMachine, left: Left) -> str:
    """Return what is lost for good when a machine that exists goes; empty where nothing is."""
    if left == "stopped" or machine.state == "off":
        return ""
    return "Its boot disk is deleted, with all that is on it."


def all_stays(machines: Iterable[ProvisionedMachine], usd_per_eur: float | None) -> tuple[Sum, Sum]:
    """Return what is billed of machines once they are all off: an hour and a month.

    Args:
        machines: The machines.
        usd_per_eur: How many USD a EUR is; None when nobody said.
    """
    off = [(machine, stays(machine, "off")) for machine in machines]
    hour = costs.sum_of(((machine, each.hour) for machine, each in off), usd_per_eur)
    month = costs.sum_of(((machine, each.month) for machine, each in off), usd_per_eur)
    return hour, month


def all_stays_text(machines: Iterable[ProvisionedMachine], usd_per_eur: float | None) -> str:
    """Return the same for people."""
    return sums_text(*all_stays(machines, usd_per_eur))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"
