"""What there is of a fleet, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.model.money import in_usd, rounded

if TYPE_CHECKING:
    from datetime import datetime

    from infra_lib.operate.status.result import Asked, MachineStatus, Status


def status_data(status: Status) -> dict[str, Any]:
    """Return what there is of a fleet as plain data, in a shape that stays.

    Moments are in RFC 3339, in UTC: "2026-11-26T14:03:05+00:00". A state is "on", "stopped" or
    "off", which is not there at all, or another word; None is not known.

    Returns:
        `fleet`, its name; `at`; `machines`: of each `name`, `cloud` ("gcp", "hetzner"; None for one
        that is not provisioned here), `is_described`, `described`, `on_until`, `deployed`,
        `deployed_unknown` (why, or None), `live`, `live_said` (the cloud's own word),
        `live_unknown` (why, or None), `zone`, `machine_type`, `external_ip`, `external_ipv6`,
        `zerotier_ip`, `since`, `ends_at`, `seconds_left` (below 0 when it is over), `usd_per_hour`
        (None when unknown; of what is billed in EUR converted, and None without a rate),
        `eur_per_hour` (None for what is billed in USD), and `differences`: of each `kind`, `text`
        and `command` (or None); `usd_per_hour` of all, None when a part of it is unknown,
        `known_usd_per_hour`, what is known of it, and `unknown_prices`, the names of the machines
        it is not known of; `by_currency`: of what is billed in each, "USD" and "EUR", `per_hour`
        (None when a part of it is unknown) and `per_hour_at_least`; `clouds` and `stacks`, who was
        asked: of each `about`, `cloud` (None for a stack), and `reason`, why there was no answer,
        or None.
    """
    hour = status.per_hour
    return {
        "fleet": status.fleet,
        "at": _moment(status.at),
        "machines": [_machine(each, status) for each in status.machines],
        "usd_per_hour": rounded(hour.in_usd.value),
        "known_usd_per_hour": rounded(hour.in_usd.known),
        "unknown_prices": [*hour.unknown],
        "by_currency": {
            amount.currency: {
                "per_hour": rounded(amount.value),
                "per_hour_at_least": rounded(amount.known),
            }
            for amount in hour.amounts
        },
        "clouds": [_asked(each) for each in status.clouds],
        "stacks": [_asked(each) for each in status.stacks],
    }


def _machine(machine: MachineStatus, status: Status) -> dict[str, Any]:
    price, ends = machine.per_hour, machine.ends_at
    return {
        "name": machine.name,
        "cloud": machine.cloud,
        "is_described": machine.is_described,
        "described": machine.described,
        "on_until": _moment(machine.on_until),
        "deployed": machine.deployed,
        "deployed_unknown": machine.deployed_unknown or None,
        "live": machine.live,
        "live_said": machine.live_said,
        "live_unknown": machine.live_unknown or None,
        "zone": machine.zone,
        "machine_type": machine.machine_type,
        "external_ip": machine.external_ip,
        "external_ipv6": machine.external_ipv6,
        "zerotier_ip": machine.zerotier_ip,
        "since": _moment(machine.since),
        "ends_at": _moment(ends),
        "seconds_left": None if ends is None else int((ends - status.at).total_seconds()),
        "usd_per_hour": price and rounded(in_usd(price, status.usd_per_eur).value),
        "eur_per_hour": price and rounded(price.eur),
        "differences": [
            {"kind": each.kind, "text": each.text, "command": each.command}
            for each in machine.differences
        ],
    }


def _asked(asked: Asked) -> dict[str, Any]:
    return {"about": asked.about, "cloud": asked.cloud, "reason": asked.reason}


def _moment(moment: datetime | None) -> str | None:
    from datetime import UTC

    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="seconds")
