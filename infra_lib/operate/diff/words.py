"""What is said of a difference in words, for people: in a terminal, and on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.clouds.secret_values import looks_secret
from infra_lib.model.wording import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from infra_lib.clouds.adoption import Difference
    from infra_lib.operate.diff.fleet_diff import DiskChange, FleetDiff, MachineChange, OtherChange

_MOST = 4  # arguments that are told of one thing
_NAMES = 8  # names that are listed
_LONGEST = 48  # characters of a value that is told
# What people may have put secrets into.
_UNTOLD = ("metadata.", "user_data", "startup")


def because_text(differences: Sequence[Difference]) -> str:
    """Return the arguments that are others: "machine_type e2-small → e2-medium"."""
    texts = [_difference(each) for each in differences[:_MOST]]
    rest = len(differences) - _MOST
    return ", ".join([*texts, *([f"{rest} more"] if rest > 0 else [])])


def state_text(machine: MachineChange) -> str:
    """Return the states of a machine: "off → on", "on", "-"."""
    states = [state for state in (machine.before, machine.after) if state is not None]
    if machine.before is None and machine.after is not None:
        return f"new → {machine.after}"
    if machine.after is None and machine.before is not None:
        return f"{machine.before} → gone"
    return " → ".join(dict.fromkeys(states)) or "-"


def nixos_text(machine: MachineChange) -> str:
    """Return what is to be done about a machine's NixOS: "install", "update", "-"."""
    if machine.installs:
        return "install"
    return "update" if machine.updates else "-"


def disk_text(disk: DiskChange) -> str:
    """Return what becomes of a disk, in a sentence."""
    name = disk.text
    before, after = disk.sizes
    if disk.what == "created":
        return f"new: {name}, {after} GB"
    if disk.what == "grown":
        return f"grows: {name}, {before} → {after} GB; what is on it has to be grown, too"
    why = because_text(disk.because)
    if disk.what == "changed":
        return f"changed: {name}" + (f": {why}" if why else "")
    size = f", {before} GB" if before is not None else ""
    if disk.expected:
        return f"goes: {name}{size}, with what is on it: the machine is switched off"
    end = "an empty one takes its place" if disk.anew else "nothing has it any more"
    if disk.boot and not disk.anew:
        end = "its machine is deleted"
    return f"LOST: {name}{size}, with what is on it: {end}" + (f", for its {why}" if why else "")


def other_texts(others: Iterable[OtherChange]) -> Iterator[tuple[str, bool]]:
    """Yield what becomes of other resources, those alike together, and whether an address goes."""
    groups: dict[tuple[str, str, str], list[OtherChange]] = {}
    for each in others:
        kind = each.address.partition(".")[0]
        why = because_text(each.because) if each.what in {"changed", "replaced"} else ""
        groups.setdefault((each.what, kind, why), []).append(each)
    for (what, kind, why), members in groups.items():
        names = listed([each.address.partition(".")[2] for each in members], _NAMES)
        bad = members[0].is_address and what in {"replaced", "deleted"}
        yield f"{what}: {kind} {names}" + (f": {why}" if why else ""), bad


def nixos_texts(diff: FleetDiff) -> Iterator[str]:
    """Yield what is to be done about NixOS on machines that stay."""
    installs = [machine.name for machine in diff.machines if machine.installs]
    updates = [machine.name for machine in diff.machines if machine.updates]
    if installs:
        yield f"NixOS has to be installed on {listed(installs, _NAMES)}: infra runbook"
    if updates:
        yield f"their own configuration changes: clan machines update {listed(updates, _NAMES)}"
    if diff.shared_files:
        yield (
            "files change that may concern the configuration of every machine: "
            "clan machines update brings it to all"
        )


def more_notes(diff: FleetDiff) -> Iterator[str]:
    """Yield what there is to know, beside what the other parts say."""
    scratch = [machine.name for machine in diff.machines if machine.scratch_lost]
    if scratch:
        yield f"what is on the Local SSDs of {listed(scratch, _NAMES)} goes, as at each stop"
    yield from diff.notes


def counts_text(diff: FleetDiff) -> str:
    """Return how many machines become what: "1 replaced, 2 changed"; empty for none."""
    counts: dict[str, int] = {}
    for machine in diff.machines:
        counts[machine.what] = counts.get(machine.what, 0) + 1
    return ", ".join(f"{count} {what}" for what, count in counts.items())


def _difference(difference: Difference) -> str:
    path, before, after = difference.path, difference.before, difference.after
    if path.startswith(_UNTOLD) or not (_is_short(before, path) and _is_short(after, path)):
        return path
    return f"{path} {_value(before)} → {_value(after)}"


def _is_short(value: Any, path: str) -> bool:
    if value is None or isinstance(value, bool | int | float):
        return True
    return (
        isinstance(value, str)
        and len(value) <= _LONGEST
        and "${" not in value
        and not looks_secret(value, path)
    )


def _value(value: Any) -> str:
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value) or '""'
