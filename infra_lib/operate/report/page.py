"""The page: one HTML file that needs nothing else, no script and no network."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_lib.model.errors import FleetError
from infra_lib.model.money import Amount, Currency, hour_text, month_text
from infra_lib.operate.report.mesh import mesh_drawing
from infra_lib.operate.report.world import world_map
from nixgen.frozen import frozen
from nixgen.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from jinja2 import Environment

MARKER = '<meta name="generator" content="infra report">'
"""What tells a page that is ours, among its first lines."""

_TEMPLATE, _STYLE = "page.html.jinja", "page.css"
_SECTIONS = (
    ("glance", "At a glance"),
    ("warnings", "Warnings"),
    ("costs", "Costs"),
    ("machines", "Machines"),
    ("places", "Places"),
    ("gpus", "GPUs"),
    ("tags", "Tags, roles and users"),
    ("network", "Network"),
    ("caches", "Binary caches"),
)
_MOST_NAMES = 8
_MOST_WITH_PARTS = 40
"""How many machines a fleet has at most whose machines are shown part by part."""


@frozen(kw_only=True)
class Level:
    """An amount that is compared with others, as a bar.

    Attributes:
        currency: The currency of both.
        label: What it is.
        hour: An hour of it.
        month: A month of it; None where nobody says that.
        length: How long the bar is, of 100.
        limit: Where on the bar the budget is; None without one.
    """

    currency: Currency
    label: str
    hour: Figure
    month: Figure | None
    length: float
    limit: float | None = None


@frozen
class Figure:
    """An amount or a number, as the page shows it.

    Attributes:
        path: Where it is in the data: a JSON pointer (RFC 6901), "/cost/total/on".
        value: What is there; None when unknown.
        text: How people read it.
    """

    path: str
    value: float | None
    text: str


def page(data: Mapping[str, Any]) -> str:
    """Return the page of a fleet: the same bytes for the same data.

    Args:
        data: What `report_data` returns.

    Raises:
        FleetError: When Jinja2 is not installed, which writes it.
    """
    environment = _environment()
    from markupsafe import Markup  # which comes with Jinja2

    style = _file(_STYLE)
    places = data["places"]
    states = {each["name"]: each["state"] for each in data["show"]["machines"]}
    on = [sum(states[name] == "on" for name in place["machines"]) for place in places]
    members = data["mesh"]["members"]
    figures = Figures(data)
    return environment.get_template(_TEMPLATE).render(
        **data,
        sections=[each for each in _SECTIONS if each[0] != "caches" or data["show"]["caches"]],
        style=Markup(style),  # noqa: S704 - the file beside this one, as its hash says
        style_hash=b64encode(sha256(style.encode()).digest()).decode(),
        figures=figures,
        levels=_levels(data, figures),
        gpu_labels={each["type"]: each["label"] for each in data["gpus"]},
        costs={each["name"]: (index, each) for index, each in enumerate(data["cost"]["machines"])},
        with_parts=len(data["cost"]["machines"]) <= _MOST_WITH_PARTS,
        on_at=on,
        map=world_map(places, on),
        drawing=mesh_drawing(members) if members else None,
    )


class Figures:
    """The figures of the page, each read from the data where it is found there again.

    Args:
        data: What `report_data` returns.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    def count(self, *path: str | int) -> Figure:
        """Return a number of things."""
        return self._figure(path, lambda value: f"{value:,g}")

    def money(self, currency: Currency, *path: str | int) -> Figure:
        """Return an amount, whose path ends in what it is of: "usd_per_hour_now".

        Args:
            currency: The currency.
            *path: The keys on the way to it.
        """
        text = month_text if "per_month" in str(path[-1]) else hour_text
        return self._figure(path, lambda value: text(Amount(value, (), currency)))

    def sums(self, name: str, *path: str | int) -> list[Figure]:
        """Return a sum in each currency, but for nothing beside something; "at least", if need be.

        Args:
            name: What it is of: "per_hour".
            *path: The keys on the way to what has `by_currency`.
        """
        by_currency = self._at((*path, "by_currency"))
        found = [self.at_least(each, name, *path, "by_currency", each) for each in by_currency]
        return [each for each in found if each.value != 0] or found[:1]

    def at_least(self, currency: Currency, name: str, *path: str | int) -> Figure:
        """Return an amount, or what is known of it where that is not all.

        Args:
            currency: The currency.
            name: What it is of: "per_hour".
            *path: The keys on the way to what has it.
        """
        whole = self.money(currency, *path, name)
        known = self.money(currency, *path, f"{name}_at_least")
        if whole.value is not None or not known.value:
            return whole
        return Figure(known.path, known.value, f"at least {known.text}")

    def share(self, part: Figure, *wholes: Figure) -> float:
        """Return how long a bar is, of 100, where the largest of several amounts has all."""
        most = max((whole.value or 0.0 for whole in wholes), default=0.0)
        return round(100 * (part.value or 0.0) / most, 2) if most else 0.0

    def _figure(self, path: Sequence[str | int], text: Callable[[Any], str]) -> Figure:
        value = self._at(path)
        pointer = "".join(f"/{str(key).replace('~', '~0').replace('/', '~1')}" for key in path)
        return Figure(pointer, value, "unknown" if value is None else text(value))

    def _at(self, path: Sequence[str | int]) -> Any:
        value: Any = self._data
        for key in path:
            value = value[key]
        return value


def _levels(data: Mapping[str, Any], figures: Figures) -> list[Level]:
    """Return what is on beside what all would cost, and the budget; without one by currency."""
    if data["cost"]["budget"] is not None:
        total = ("cost", "total")
        now = figures.at_least("USD", "used_usd_per_hour", "cost", "budget")
        every = figures.at_least("USD", "usd_per_hour", "all_on")
        budget = figures.money("USD", "cost", "budget", "usd_per_hour")
        limit = figures.share(budget, now, every, budget)
        over = (every.value or 0.0) > (budget.value or 0.0)
        amounts = (
            ("now", now, figures.at_least("USD", "usd_per_month", *total)),
            (
                "all on, over it" if over else "all on",
                every,
                figures.at_least("USD", "usd_per_month_all_on", *total),
            ),
            ("budget", budget, None),
        )
        return [
            Level(
                currency="USD",
                label=label,
                hour=hour,
                month=month,
                length=figures.share(hour, now, every, budget),
                limit=limit,
            )
            for label, hour, month in amounts
        ]
    levels = []
    for currency in data["all_on"]["by_currency"]:
        path = ("cost", "total", "by_currency", currency)
        now = figures.at_least(currency, "per_hour", *path)
        every = figures.at_least(currency, "per_hour", "all_on", "by_currency", currency)
        rows = (("now", now, "per_month"), ("all on", every, "per_month_all_on"))
        levels += [
            Level(
                currency=currency,
                label=label,
                hour=hour,
                month=figures.at_least(currency, name, *path),
                length=figures.share(hour, now, every),
            )
            for label, hour, name in rows
        ]
    return levels


def _environment() -> Environment:
    try:
        from jinja2 import DictLoader, Environment, StrictUndefined
    except ImportError as error:
        raise FleetError(
            f"the page is written by Jinja2, which is not installed here ({error}): "
            'pip install "infra-lib[all]" has it; --json does without'
        ) from None
    environment = Environment(
        loader=DictLoader({_TEMPLATE: _file(_TEMPLATE)}),
        autoescape=True,
        optimized=False,  # it is rendered once, and is compiled sooner so
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    environment.filters.update(some=_some, bar=_bar)
    return environment


def _shown(value: Any) -> Any:
    """Return what is to be written for a value: what reverses or hides other text is escaped."""
    return visible(value) if type(value) is str else value


def _some(names: Sequence[str]) -> tuple[Sequence[str], int]:
    """Return the first of some names, and how many more there are."""
    return names[:_MOST_NAMES], max(len(names) - _MOST_NAMES, 0)


def _bar(length: float) -> str:
    """Return a number as SVG has it."""
    return f"{length:g}"


def _file(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
