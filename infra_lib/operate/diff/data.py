"""What is between two versions of a fleet, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.clouds.adoption import blocks
from infra_lib.clouds.secret_values import HIDDEN, looks_secret
from infra_lib.operate.cost_diff import as_data as cost_data

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra_lib.clouds.adoption import Difference
    from infra_lib.operate.diff.fleet_diff import FleetDiff

_UNTOLD = ("metadata.", "user_data", "startup")


def as_data(
    diff: FleetDiff, before: Mapping[str, Any], after: Mapping[str, Any], *, files: bool = False
) -> dict[str, Any]:
    """Return what is between two versions of a fleet, in a shape that stays.

    Args:
        diff: What is between them.
        before: What the version before is: `source`, `revision`, `commit` and `missing`.
        after: What the other one is, in the same way; all None for the work tree.
        files: Whether the differences of generated files are in it.

    Returns:
        `fleet`: its name; `before` and `after`, as given; `ok`: whether nothing is lost or refused,
        and the budget keeps; `problems`: why not, in sentences; `machines`, each with `name`,
        `what` (see `fleet_diff.What`), `cloud`, `state` and `zone` (each `before` and `after`, None
        for none), `because`, `address` ("kept", "changes", "lost", "new"; None without one),
        `nixos` ("install", "update"; None for nothing to do) and `local_ssds_lost`; `disks`, each
        with `name`, `machine`, `boot`, `what` ("created", "grown", "changed", "lost"), `size_gb`
        (`before` and `after`), `made_anew`, `expected` and `because`; `resources`: what else there
        is, each with `address`, `what` ("created", "changed", "replaced", "deleted"), `is_address`
        and `because`; `files`, each with `path`, `what` ("created", "changed", "removed"), `added`
        and `removed` (lines), `machines` (the names of those that it may concern, None for all),
        and `diff` (None unless it was asked for); `shared_files`: whether one may concern all
        machines; `notes`; `refused`; and `costs`, as `infra cost --diff --json` has them. A
        `because` is a list of `argument`, `before` and `after`, where a value is "…" that may be
        secret, and None where it is not text, a number or a truth value.
    """
    return {
        "fleet": diff.fleet,
        "before": dict(before),
        "after": dict(after),
        "ok": not diff.problems,
        "problems": list(diff.problems),
        "machines": [
            {
                "name": machine.name,
                "what": machine.what,
                "cloud": machine.cloud,
                "state": {"before": machine.before, "after": machine.after},
                "zone": {"before": machine.zones[0], "after": machine.zones[1]},
                "because": _because(machine.because),
                "address": machine.address,
                "nixos": "install" if machine.installs else "update" if machine.updates else None,
                "local_ssds_lost": machine.scratch_lost,
            }
            for machine in diff.machines
        ],
        "disks": [
            {
                "name": disk.name,
                "machine": disk.machine,
                "boot": disk.boot,
                "what": disk.what,
                "size_gb": {"before": disk.sizes[0], "after": disk.sizes[1]},
                "made_anew": disk.anew,
                "expected": disk.expected,
                "because": _because(disk.because),
            }
            for disk in diff.disks
        ],
        "resources": [
            {
                "address": other.address,
                "what": other.what,
                "is_address": other.is_address,
                "because": _because(other.because),
            }
            for other in diff.others
        ],
        "files": [
            {
                "path": file.path,
                "what": file.change,
                "added": file.added,
                "removed": file.removed,
                "machines": None if file.machines is None else list(file.machines),
                "diff": file.diff if files else None,
            }
            for file in diff.files
        ],
        "shared_files": diff.shared_files,
        "notes": list(diff.notes),
        "refused": list(diff.refused),
        "costs": cost_data(diff.costs, before, diff.over_budget),
    }


def _because(differences: Sequence[Difference]) -> list[dict[str, Any]]:
    return [
        {
            "argument": each.path,
            "before": _told(each.path, each.before),
            "after": _told(each.path, each.after),
        }
        for each in differences
    ]


def _told(path: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if path.startswith(_UNTOLD) or looks_secret(value, path):
        return HIDDEN
    if isinstance(value, list | tuple) and not blocks(value):
        return [_told(path, each) for each in value]
    return "".join(value) if isinstance(value, str) else None
