"""The fleet at a glance as plain data: what `infra show --json` prints, and what a page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.fleet import project_of
from infra_lib.model import money
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.operate.cost_data import gpu_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_lib.clouds.answers import Summary
    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine


def as_data(fleet: Fleet, machines: Sequence[Machine] | None = None) -> dict[str, Any]:
    """Return the fleet as plain data, in a shape that stays.

    Args:
        fleet: The fleet.
        machines: Those of its machines that are told; None for all.

    Returns:
        `name`, `domain`; of each cloud by its name what it says of the fleet's project there, or
        None: `gcp`: `project` and `region`; `caches`: of each `url` and
        `priority` (or None); `machines`: of each `name`, `class` ("nixos", "darwin"),
        `description`, `tags` (derived ones first), `target_host` (or None), `users` (login names),
        `zerotier` (of "controller", "moon" and "peer" those that it is), and, None for a machine
        that is not provisioned here, `state` ("on", "off", "stopped"), `on_until` (until when it is
        meant to be on, with its offset; None for as long as it is described so), `zone`,
        `machine_type`, `gpu` (`type` and `count`; None without one), `spot`, `usd_per_hour` while
        it is on (None when unknown; of one that is billed in EUR converted, and None without a
        rate), `eur_per_hour` (None for one that is billed in USD), and `currency` ("USD", "EUR").
    """
    return {
        "name": fleet.name,
        "domain": fleet.domain,
        **{cloud: each and dict(each.data) for cloud, each in summaries(fleet).items()},
        "machines": [
            _data(fleet, each) for each in (fleet.machines if machines is None else machines)
        ],
        "caches": [{"url": cache.url, "priority": cache.priority} for cache in fleet.caches],
    }


def summaries(fleet: Fleet) -> dict[str, Summary | None]:
    """Return the fleet's project in each cloud, by the cloud's name; None where it has none."""
    projects = {name: project_of(fleet, name) for name in CLOUDS}
    return {
        name: None if project is None else CLOUDS[name].summary(project)
        for name, project in projects.items()
    }


def users_of(fleet: Fleet, machine: Machine) -> list[str]:
    """Return the login names of those who have an account on a machine."""
    return [user.name for user in fleet.users if user.role.includes(machine)]


def roles_of(fleet: Fleet, machine: Machine) -> list[str]:
    """Return which of "controller", "moon" and "peer" a machine is in the ZeroTier network."""
    return [role for role in ("controller", "moon", "peer") if fleet.zerotier.plays(machine, role)]


def _data(fleet: Fleet, machine: Machine) -> dict[str, Any]:
    here = machine if isinstance(machine, ProvisionedMachine) else None
    rate = fleet.usd_per_eur
    return {
        "name": machine.name,
        "class": machine.machine_class,
        "description": machine.full_description,
        "tags": list(machine.all_tags),
        "target_host": fleet.target_host(machine),
        "users": users_of(fleet, machine),
        "zerotier": roles_of(fleet, machine),
        "state": here and here.state,
        "on_until": here and here.on_until,
        "zone": here and here.zone,
        "machine_type": here and here.machine_type,
        "gpu": here and gpu_data(here),
        "spot": here and here.spot,
        "usd_per_hour": here and money.rounded(money.in_usd(here.bill.hour, rate).value),
        "eur_per_hour": here and money.rounded(here.bill.hour.eur),
        "currency": here and here.currency,
    }
