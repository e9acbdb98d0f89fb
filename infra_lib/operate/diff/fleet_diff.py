"""What is between two versions of a fleet: what Terraform would do, and what becomes of the files.

Nobody is asked: neither Terraform nor a cloud, nor is a state read. What was described before is
taken for what is there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal

from infra_lib.clouds.adoption import Difference
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.replacement import resource_changes
from infra_lib.model.wording import listed
from infra_lib.operate.cost_diff import CostDiff
from infra_lib.operate.cost_diff import compare as compare_costs
from infra_lib.operate.deploy import guard
from infra_lib.operate.deploy.price import over_budget
from infra_lib.operate.diff.files import FileChange, file_changes
from infra_lib.operate.diff.side import MachineSide, Side, side_of
from infra_lib.operate.kinds import is_disk, is_instance, owner_of
from infra_lib.terraform.installer import INSTALLATION
from infra_lib.terraform.plan import Change, Plan
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from infra_lib.clouds.replacement import ResourceChange
    from infra_lib.fleet import Fleet

What = Literal[
    "replaced",
    "deleted",
    "switched off",
    "removed",
    "restarted",
    "stopped",
    "started",
    "created",
    "added",
    "changed",
    "configured",
]
"""What becomes of a machine, the gravest first: made anew with an empty boot disk; deleted, for it
left the fleet; deleted, for it is `enabled=False` now; taken out of the fleet, which did not have
it in a cloud; stopped and started again for the change; stopped; started; made; new in the fleet,
and not in a cloud; changed while it runs, or lies stopped; of another NixOS configuration alone."""

Address = Literal["kept", "changes", "lost", "new"]
"""What becomes of an external address."""

_ORDER: dict[str, int] = {
    what: place
    for place, what in enumerate(
        (
            *("replaced", "deleted", "switched off", "removed", "restarted", "stopped"),
            *("started", "created", "added", "changed", "configured"),
        )
    )
}
_NOWHERE = MachineSide(name="")
# What follows from something else that is told.
_DERIVED = frozenset(("desired_status", "labels.cost", "labels.state"))
_ACTIONS = {
    "create": ("create",),
    "update": ("update",),
    "replace": ("delete", "create"),
    "delete": ("delete",),
    "none": ("no-op",),
}
_LINK = re.compile(r"\$\{(\w+)\.([\w-]+)\.\w+\}")


@frozen(kw_only=True)
class MachineChange:
    """A machine to which something happens.

    Attributes:
        name: Its name.
        what: What becomes of it.
        cloud: The cloud that it is in, or was; None for one that the fleet does not provision.
        before: Its state before: "on", "stopped", "off"; None where it was not in the fleet, or in
            no cloud.
        after: Its state after.
        zones: Where it was and is; None where it was not or is not.
        because: The arguments in Terraform that are others: those that force what becomes of it,
            where something does.
        address: What becomes of its external address; None for a machine without one.
        installs: Whether NixOS has to be installed on it: it is there with an empty boot disk.
        updates: Whether a file of its own NixOS configuration changes, so that `clan machines
            update` has to bring it that.
        scratch_lost: Whether what is on its Local SSDs goes.
    """

    name: str
    what: What
    cloud: str | None
    before: str | None
    after: str | None
    zones: tuple[str | None, str | None]
    because: tuple[Difference, ...]
    address: Address | None
    installs: bool
    updates: bool
    scratch_lost: bool


@frozen(kw_only=True)
class DiskChange:
    """A disk to which something happens.

    Attributes:
        name: Its name; of a boot disk, its machine's.
        machine: The machine that it is of, or was; None when nobody says.
        boot: Whether it is a boot disk, which goes with its machine.
        what: "created", "grown", "changed", or "lost" with all that is on it.
        sizes: Its size in GB before and after; None where it is not there, or nobody knows.
        anew: Whether an empty one takes its place, where it is lost.
        expected: Whether it goes for a machine that somebody has switched off: no other loss is.
        because: The arguments in Terraform that are others, where they make it go.
    """

    name: str
    machine: str | None
    boot: bool
    what: Literal["created", "grown", "changed", "lost"]
    sizes: tuple[int | None, int | None]
    anew: bool = False
    expected: bool = False
    because: tuple[Difference, ...] = ()

    @property
    def text(self) -> str:
        """What it is, for people: "data disk models of scheelite"."""
        if self.boot:
            return f"the boot disk of {self.name}"
        return f"data disk {self.name}" + (f" of {self.machine}" if self.machine else "")


@frozen(kw_only=True)
class OtherChange:
    """A resource that is neither a machine nor a disk, such as a firewall rule or an address.

    Attributes:
        address: What Terraform calls it: "google_compute_firewall.ssh".
        what: What becomes of it.
        is_address: Whether it is an external address, which is gone for good when it goes.
        because: The arguments that are others.
    """

    address: str
    what: Literal["created", "changed", "replaced", "deleted"]
    is_address: bool
    because: tuple[Difference, ...]


@frozen(kw_only=True)
class FleetDiff:
    """What is between two versions of a fleet.

    Attributes:
        fleet: The fleet's name.
        is_new: Whether there was no fleet before.
        machines: The machines to which something happens, the gravest first, then by name.
        disks: The disks to which something happens: those that are lost first, then by name.
        others: Other resources to which something happens, in the order of the stacks.
        files: The generated files that are others, new or gone, by path.
        shared_files: Whether a file changes that may concern any machine's configuration.
        costs: What it costs more or less.
        notes: What there is to know beside that, in sentences: what is off for how long.
        refused: Why it cannot be deployed so, in sentences; empty when nothing here says so.
        over_budget: Why what it costs is not within its budget; None when it is.
        plans: What Terraform would do, by the rules of the providers, a plan for each cloud.
    """

    fleet: str
    is_new: bool
    machines: tuple[MachineChange, ...]
    disks: tuple[DiskChange, ...]
    others: tuple[OtherChange, ...]
    files: tuple[FileChange, ...]
    shared_files: bool
    costs: CostDiff
    notes: tuple[str, ...]
    refused: tuple[str, ...]
    over_budget: str | None
    plans: tuple[Plan, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing happens to anything, nor is refused, and it costs what it did."""
        changed = (
            *(self.machines, self.disks, self.others, self.files),
            *(self.costs.changes, self.refused),
        )
        return not any(changed)

    @property
    def lost(self) -> tuple[DiskChange, ...]:
        """The disks that are lost, and of no machine that somebody has just switched off."""
        return tuple(disk for disk in self.disks if disk.what == "lost" and not disk.expected)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why this should not be deployed as it is, in sentences; empty when all is well."""
        lost = listed([disk.text for disk in self.lost], 10)
        budget = () if self.over_budget is None else (self.over_budget,)
        loss = (f"lost, with what is on it: {lost}",) if lost else ()
        return (*loss, *self.refused, *budget)


def diff(before: Fleet | None, after: Fleet) -> FleetDiff:
    """Return what is between two versions of a fleet.

    Args:
        before: The one; None where there was none, so that all is new.
        after: The one that it becomes.

    Raises:
        FleetError: When one of them makes no stack, or no files.
        NixgenError: When a file cannot be rendered.
    """
    return compare(None if before is None else side_of(before), side_of(after), after)


def compare(before: Side | None, after: Side, fleet: Fleet) -> FleetDiff:
    """Return what is between a version of a fleet and the one that it becomes.

    Args:
        before: The one, as `side_of` has it; None where there was none.
        after: The other, likewise.
        fleet: That one itself.

    Raises:
        FleetError: As `diff` does.
        NixgenError: As `diff` does.
    """
    changes = {name: _changes(name, before, after) for name in CLOUDS}
    plans = tuple(_plan(name, found) for name, found in changes.items() if found)
    every = [each for found in changes.values() for each in found]
    concerned = {**(before.concerned if before else {}), **after.concerned}
    files = file_changes(before.files if before else {}, after.files, concerned)
    machines = _machines(before.machines if before else {}, after.machines, every, files)
    return FleetDiff(
        fleet=after.name,
        is_new=before is None,
        machines=machines,
        disks=tuple(_disks(every, machines, after.machines)),
        others=tuple(_others(every)),
        files=files,
        shared_files=any(each.machines is None for each in files),
        costs=compare_costs(None if before is None else before.costs, after.costs),
        notes=(*_notes(fleet, plans), *_moved_states(before, after)),
        refused=tuple(_refused(fleet, plans, every)),
        over_budget=over_budget(fleet, otherwise=""),
        plans=plans,
    )


def _changes(name: str, before: Side | None, after: Side) -> list[ResourceChange]:
    old, new = (
        side.stacks[name].resources if side and name in side.stacks else ()
        for side in (before, after)
    )
    if not (old or new):
        return []  # and the cloud's rules need not be loaded
    return resource_changes(old, new, CLOUDS[name].comparison().RULES)


def _plan(stack: str, changes: Iterable[ResourceChange]) -> Plan:
    """Return changes as Terraform would plan them, for whoever reads plans."""
    return Plan(
        stack,
        tuple(
            Change(
                address=each.resource.address,
                type=each.resource.type,
                actions=_ACTIONS[each.action],
                before=_linked(each.old),
                after=_linked(each.new),
                forced_by=tuple(dict.fromkeys(_first(path.path) for path in each.forced)),
                altered=tuple(
                    sorted({_first(path.path) for path in (*each.forced, *each.changes)})
                ),
            )
            for each in changes
        ),
    )


def _first(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _linked(value: Any) -> Any:
    """Return arguments with a link, as an attribute has it, for a template that leads to one."""
    if isinstance(value, str):
        found = _LINK.fullmatch(value)
        return f"{found[1]}/{found[2]}" if found else value
    if isinstance(value, dict):
        return {key: _linked(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_linked(each) for each in value]
    return value


def _machines(
    before: Mapping[str, MachineSide],
    after: Mapping[str, MachineSide],
    changes: Sequence[ResourceChange],
    files: Sequence[FileChange],
) -> tuple[MachineChange, ...]:
    instances: dict[str, list[ResourceChange]] = {}
    lost_addresses = {
        owner[1]
        for each in changes
        if _is_address(each) and each.action in {"replace", "delete"}
        if (owner := owner_of(each.old or {})) is not None
    }
    for each in changes:
        if is_instance(each.resource.type):
            instances.setdefault(each.resource.name, []).append(each)
    own = {name for file in files for name in file.machines or ()}
    found = (
        _machine(
            before.get(name),
            after.get(name),
            instances.get(name, []),
            loses_address=name in lost_addresses,
            updates=name in own,
        )
        for name in dict.fromkeys((*before, *after))
    )
    changed = [each for each in found if each is not None]
    return tuple(sorted(changed, key=lambda each: (_ORDER[each.what], each.name)))


def _machine(
    before: MachineSide | None,
    after: MachineSide | None,
    changes: Sequence[ResourceChange],
    *,
    loses_address: bool,
    updates: bool,
) -> MachineChange | None:
    what = _what(before, after, changes, updates=updates)
    if what is None:
        return None
    old, new = before or _NOWHERE, after or _NOWHERE
    emptied = what in {"replaced", "created"}
    there = after is not None and (after.exists or after.cloud is None)
    stops = what in {"replaced", "restarted", "stopped", "deleted", "switched off"}
    return MachineChange(
        name=new.name or old.name,
        what=what,
        cloud=new.cloud or old.cloud,
        before=old.state,
        after=new.state,
        zones=(old.zone, new.zone),
        because=_because(changes),
        address=_address(before, after, what, loses_address=loses_address),
        installs=emptied,
        updates=updates and there and before is not None and not emptied,
        scratch_lost=stops and old.scratch,
    )


def _what(
    before: MachineSide | None,
    after: MachineSide | None,
    changes: Sequence[ResourceChange],
    *,
    updates: bool,
) -> What | None:
    was, is_there = (side is not None and side.exists for side in (before, after))
    actions = {each.action for each in changes}
    if was and is_there:
        if "replace" in actions or {"create", "delete"} <= actions:
            return "replaced"
        states = ((before or _NOWHERE).state, (after or _NOWHERE).state)
        if states == ("on", "stopped"):
            return "stopped"
        if states == ("stopped", "on"):
            return "started"
        if any(each.stops for each in changes) and states == ("on", "on"):
            return "restarted"
        if changes:
            return "changed"
    elif is_there:
        return "created"
    elif was:
        return "deleted" if after is None or after.state is None else "switched off"
    elif after is None:
        return "removed"
    elif before is None:
        return "added"
    runs = is_there or (after is not None and after.cloud is None)
    return "configured" if updates and runs else None


def _because(changes: Sequence[ResourceChange]) -> tuple[Difference, ...]:
    told = [each for change in changes for each in change.forced or change.changes]
    return tuple(each for each in told if each.path not in _DERIVED)


def _address(
    before: MachineSide | None, after: MachineSide | None, what: What, *, loses_address: bool
) -> Address | None:
    """Return what becomes of an external address; see `MachineSide.address`.

    One that stays is there while its machine is off. Any other is there as long as its machine.
    """
    old, new = (_held(side) for side in (before, after))
    if old is None or new is None:
        return "lost" if old else "new" if new else None
    if loses_address or old != new:
        return "changes"
    starts = what in {"replaced", "restarted", "started", "stopped"}
    return "changes" if old == ("changes", None) and starts else "kept"


def _held(side: MachineSide | None) -> tuple[str, str | None] | None:
    """Return what is to be known of the address that a machine has now; None for none."""
    if side is None or side.address is None or not (side.exists or side.address == "stays"):
        return None
    return side.address, side.fixed


def _disks(
    changes: Sequence[ResourceChange],
    machines: Sequence[MachineChange],
    after: Mapping[str, MachineSide],
) -> Iterator[DiskChange]:
    found = [*_boot_disks(changes, machines, after)]
    found += (_data_disk(each) for each in changes if is_disk(each.resource.type))
    order = {"lost": 0, "created": 1, "grown": 2, "changed": 3}
    yield from sorted(found, key=lambda each: (order[each.what], each.name, each.boot))


def _boot_disks(
    changes: Sequence[ResourceChange],
    machines: Sequence[MachineChange],
    after: Mapping[str, MachineSide],
) -> Iterator[DiskChange]:
    because = {each.name: each for each in machines}
    lost: dict[str, ResourceChange] = {}
    for each in changes:
        if not is_instance(each.resource.type):
            continue
        name = each.resource.name
        if each.action in {"replace", "delete"}:
            lost[name] = each
        elif each.action == "update":
            old, new = _boot_size(each, each.old), _boot_size(each, each.new)
            if old is not None and new is not None and old < new:
                yield DiskChange(name=name, machine=name, boot=True, what="grown", sizes=(old, new))
    for name, each in lost.items():
        machine = because.get(name)
        anew = machine is not None and machine.what == "replaced"
        size = next(
            (
                _boot_size(other, other.new)
                for other in changes
                if other.resource.name == name and is_instance(other.resource.type) and other.new
            ),
            None,
        )
        yield DiskChange(
            name=name,
            machine=name,
            boot=True,
            what="lost",
            sizes=(_boot_size(each, each.old), size if anew else None),
            anew=anew,
            expected=machine is not None and machine.what == "switched off" and name in after,
            because=each.forced,
        )


def _boot_size(change: ResourceChange, attributes: Mapping[str, Any] | None) -> int | None:
    if attributes is None:
        return None
    for cloud in CLOUDS.values():
        if cloud.KINDS.instance == change.resource.type:
            size = cloud.operations().read_instance(attributes).boot_disk_gb
            return size if isinstance(size, int) else None
    return None


def _data_disk(change: ResourceChange) -> DiskChange:
    old, new = ((side or {}).get("size") for side in (change.old, change.new))
    owner = owner_of(change.new or change.old or {})
    grown = isinstance(old, int) and isinstance(new, int) and old < new
    what: Literal["created", "grown", "changed", "lost"] = "grown" if grown else "changed"
    if change.action == "create":
        what = "created"
    elif change.action in {"replace", "delete"}:
        what = "lost"
    return DiskChange(
        name=change.resource.name,
        machine=owner and owner[1],
        boot=False,
        what=what,
        sizes=(old, new),
        anew=change.action == "replace",
        because=change.forced or change.changes,
    )


def _others(changes: Sequence[ResourceChange]) -> Iterator[OtherChange]:
    words: dict[str, Literal["created", "changed", "replaced", "deleted"]] = {
        "create": "created",
        "update": "changed",
        "replace": "replaced",
        "delete": "deleted",
    }
    for each in changes:
        kind = each.resource.type
        if is_instance(kind) or is_disk(kind) or kind == INSTALLATION or each.action == "none":
            continue
        yield OtherChange(
            address=each.resource.address,
            what=words[each.action],
            is_address=_is_address(each),
            because=each.forced or each.changes,
        )


def _is_address(change: ResourceChange) -> bool:
    return any(change.resource.type in cloud.KINDS.addresses for cloud in CLOUDS.values())


def _notes(fleet: Fleet, plans: Sequence[Plan]) -> Iterator[str]:
    yield from guard.explain_changes(fleet, plans)
    for name in guard.detached_disks(plans):
        yield (
            f"data disk {name} is taken off its machine to be made anew, and only the deployment "
            "after that attaches the new one"
        )
    yield from guard.describe_shut_out(plans)


def _moved_states(before: Side | None, after: Side) -> Iterator[str]:
    for name, stack in after.stacks.items():
        there = before.stacks.get(name) if before else None
        if there is not None and there.resources and there.backend != stack.backend:
            yield (
                f"stack {name}: its state is to be elsewhere: where nobody moves it there first, "
                "with terraform init -migrate-state, all is made, and paid for, a second time"
            )


def _refused(
    fleet: Fleet, plans: Sequence[Plan], changes: Sequence[ResourceChange]
) -> Iterator[str]:
    for each in changes:
        for problem in each.problems:
            yield f"{each.resource.address}: {problem}"
    for said in (guard.prevented(fleet, plans), guard.shrinking_disk(plans)):
        if said is not None:
            yield said
