"""Whether a machine is in the fleet's ZeroTier network, at the address that the facts have."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from infra_lib.model.facts import canonical_ipv6
from infra_lib.operate.health.check import Check, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine
    from infra_lib.operate.health.answers import Answer, Answers

_ONLINE, _ADDRESS = "zerotier", "zerotier_address"


def judge_zerotier(fleet: Fleet, machine: Machine, answers: Answers) -> list[Check]:
    """Return the checks of a machine's place in the network; none applies where it is not in it.

    Args:
        fleet: The fleet.
        machine: The machine.
        answers: What it answered.
    """
    if not fleet.zerotier.includes(machine):
        return [Check(name=name, result="not applicable") for name in (_ONLINE, _ADDRESS)]
    return [
        _check_online(machine, answers),
        _check_address(fleet, machine, answers),
    ]


def _check_online(machine: Machine, answers: Answers) -> Check:
    answer = answers["zerotier"]
    info = _json(answer)
    if not isinstance(info, dict) or "online" not in info:
        return Check(
            name=_ONLINE,
            result="failed" if answer.is_missing or answers["user"].said == "0" else "unknown",
            expected="online",
            found="no zerotier-cli" if answer.is_missing else short(answer.text) or "nothing",
            advice="ZeroTier does not run there: "
            f"infra ssh {machine.name} -- systemctl status zerotierone"
            if answer.is_missing or answers["user"].said == "0"
            else "ZeroTier tells root alone: --login root",
        )
    ok = info["online"] is True
    return Check(
        name=_ONLINE,
        result="ok" if ok else "failed",
        expected="online",
        found="online" if ok else "offline",
        advice="" if ok else "it reaches none of ZeroTier's root servers: is UDP 9993 let out?",
    )


def _check_address(fleet: Fleet, machine: Machine, answers: Answers) -> Check:
    expected = fleet.facts.machine(machine.name).zerotier_ip
    if expected is None:
        return Check(
            name=_ADDRESS,
            result="unknown",
            found="no address in the facts",
            advice="infra sync learns it",
        )
    networks = [*_networks(answers["networks"], fleet.facts.zerotier_network_id)]
    assigned = [each for network in networks for each in _assigned(network)]
    everywhere = [*_interfaces(answers["addresses"])]
    if expected in (*assigned, *everywhere):
        return Check(name=_ADDRESS, result="ok", expected=expected, found=expected)
    states = [str(network.get("status")) for network in networks]
    is_told = isinstance(_json(answers["networks"]), list) or answers["addresses"].said is not None
    if not is_told:
        return Check(name=_ADDRESS, result="unknown", expected=expected, found="not told")
    found = ", ".join((*assigned, *(state for state in states if state != "OK"))) or "no address"
    controller = "" if fleet.controller is None else f"clan machines update {fleet.controller.name}"
    advice = (
        f"the controller does not admit it: {controller}"
        if "ACCESS_DENIED" in states and controller
        else "infra sync learns the address that clan gave it; another one may be of an identity "
        "that the machine made itself"
    )
    return Check(
        name=_ADDRESS, result="failed", expected=expected, found=short(found), advice=advice
    )


def _networks(answer: Answer, network: str | None) -> Iterator[dict[str, Any]]:
    """Yield what is told of the fleet's network, or of each where its id is not known."""
    told = _json(answer)
    for each in told if isinstance(told, list) else ():
        if isinstance(each, dict) and network in (None, each.get("id"), each.get("nwid")):
            yield each


def _assigned(network: dict[str, Any]) -> Iterator[str]:
    addresses = network.get("assignedAddresses")
    for each in addresses if isinstance(addresses, list) else ():
        yield from _address(str(each))


def _interfaces(answer: Answer) -> Iterator[str]:
    """Yield the IPv6 addresses of `ip -o addr show`."""
    for line in (answer.said or "").split("\n"):
        words = line.split()
        for kind, address in pairwise(words):
            if kind == "inet6":
                yield from _address(address)


def _address(text: str) -> Iterator[str]:
    address = canonical_ipv6(text.partition("/")[0])
    if address is not None:
        yield address


def _json(answer: Answer) -> Any:
    try:
        return json.loads(answer.said or "")
    except (ValueError, RecursionError):
        return None
