"""What a plan does to servers, volumes and addresses that its words do not tell.

What Google does to a machine while it runs, or to one that it has shut down in peace, Hetzner's
provider does by cutting the power. It checks first what the machine might not survive as it is.
https://github.com/hetznercloud/terraform-provider-hcloud/blob/main/internal/server/resource.go
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.clouds.hetzner.catalog.offers import SCARCE, as_large
from infra_lib.clouds.hetzner.server_state import DELETED_FIRST, is_off

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_lib.clouds.hetzner.catalog import ServerType
    from infra_lib.clouds.hetzner.machine import HetznerMachine
    from infra_lib.terraform.plan import Change

_SERVER, _VOLUME, _ADDRESS = "hcloud_server", "hcloud_volume", "hcloud_primary_ip"
_ARCHITECTURES = {"x86": "x86", "arm": "Arm"}


def explain_changes(machines: Sequence[HetznerMachine], changes: Sequence[Change]) -> list[str]:
    """Return what people should know before they agree to changes: what is off for how long.

    Args:
        machines: The fleet's machines.
        changes: What becomes of each resource of a stack.
    """
    known = {machine.name: machine for machine in machines}
    told = {
        change.name
        for change in changes
        if change.type == _SERVER and (change.deletes or _loses_power(change))
    }
    lines: list[str] = []
    for change in changes:
        if change.type == _SERVER:
            lines += _of_server(change, known.get(change.name))
        elif change.type == _ADDRESS and change.deletes:
            lines += _of_address(change, told)
    return lines


def prevent(machines: Sequence[HetznerMachine], changes: Sequence[Change]) -> str | None:
    """Return why changes cannot be carried out though Terraform plans them; None when they can.

    Half of them might be done when Hetzner refuses one: of another server type, when the server is
    off already.

    Args:
        machines: The fleet's machines.
        changes: What becomes of each resource of a stack.
    """
    known = {machine.name: machine for machine in machines}
    for change in changes:
        before, after = change.before or {}, change.after or {}
        reason = _protected(change) or _unnoticed(change, changes) or _unknown(change, changes)
        if reason is None and change.type == _SERVER and change.actions == ("update",):
            reason = _refused_type(change, known.get(change.name)) or _left_group(change)
        if reason is None and change.type == _VOLUME and change.actions == ("update",):
            there, wanted = before.get("size") or 0, after.get("size") or 0
            if 0 < wanted < there:
                reason = (
                    f"volume {change.name!r}: size_gb={wanted}: it has {there} GB, and no volume "
                    f"shrinks: {there} or more is accepted"
                )
        if reason is not None:
            return reason
    return None


def refuse_unseen(machines: Sequence[HetznerMachine], changes: Sequence[Change]) -> str | None:
    """Return which change nobody should agree to unseen; None when there is none.

    An address that goes is gone: names and firewalls elsewhere go on leading to whoever is given it
    next. It goes unseen with a machine that leaves the fleet, where the fleet asks for none, and
    where no server ever had it.

    Args:
        machines: The fleet's machines that have been deployed.
        changes: What becomes of each resource of a stack.
    """
    names = {machine.name for machine in machines}
    for change in changes:
        owner, used = _owner(change), (change.before or {}).get("assignee_id")
        if change.type == _ADDRESS and change.replaces and (used or owner in names):
            return (
                f"{owner or 'a server'} would have another address than {_address(change)}, for "
                f"its {' and '.join(change.forced_by)}: an address does not move, and who had it "
                "does not get it back. To have it so, deploy without --yes"
            )
    return None


def held(changes: Sequence[Change]) -> frozenset[str]:
    """Return the names of the machines whose addresses exist: elsewhere they would lose them."""
    owners = (
        _owner(change)
        for change in changes
        if change.type == _ADDRESS and change.before is not None
    )
    return frozenset(owner for owner in owners if owner is not None)


def explain_gone(names: Sequence[str]) -> str | None:
    """Return what it may mean that what the state has is no longer in the project.

    Args:
        names: What is gone.
    """
    verb = "is" if len(names) == 1 else "are"
    return (
        f"{', '.join(names)} {verb} in the state, and no longer in the project: somebody deleted "
        "that by hand, or HCLOUD_TOKEN is the token of another project, where all of it would be "
        "made anew, empty, and be paid for twice"
    )


def left_behind(changes: Sequence[Change]) -> list[str]:
    """Return what a deployment of changes may leave behind when it fails."""
    return [
        f"{change.name} may be powered off, for it was to get another server_type: what hcloud "
        f"server describe {change.name} tells is what is; hcloud server poweron {change.name} or "
        "the console starts it"
        for change in changes
        if _resized(change)
    ]


def no_room(machine: HetznerMachine, *, exists: bool) -> str:
    """Return what follows a line on a location that has no stock for a machine.

    Args:
        machine: The machine.
        exists: Whether it is there, and was to get another server type.
    """
    if exists:
        return (
            "for another server_type it was powered off, and stays so: hcloud server poweron "
            f"{machine.name}, or the console, starts it as it was"
        )
    texts = []
    if machine.placement_group is not None:
        texts.append(
            "Hetzner says the same where the servers of its placement_group "
            f"{machine.placement_group!r} are on all hosts that there are"
        )
    entry = machine.server_type_entry
    others = as_large(machine.catalog, entry, machine.location, but=SCARCE)
    if entry.family in SCARCE and others:
        other = others[0]
        kind = (
            "" if other.architecture == entry.architecture else f", which is {other.architecture}"
        )
        texts.append(
            f"{entry.family} is often out of stock: server_type={other.name!r} is less so{kind}"
        )
    return "; ".join(texts)


def _of_server(change: Change, machine: HetznerMachine | None) -> Iterator[str]:
    before, after = change.before or {}, change.after or {}
    if change.replaces:
        yield f"{change.name} is made anew: {DELETED_FIRST}"
    if change.deletes or change.before is None:
        return
    if _resized(change):
        yield _resize(change, machine)
    else:
        if is_off(before):
            yield (
                f"{change.name} is powered off, which saves nothing: it costs its full price until "
                "it is deleted"
            )
        if _loses_power(change):
            yield f"{change.name} is powered off and on again, hard, for its addresses change"
    if _differs(before, after, "rescue"):
        yield f"{change.name} is reset, hard, for its rescue system changes"


def _resize(change: Change, machine: HetznerMachine | None) -> str:
    before, after = change.before or {}, change.after or {}
    start = (
        f"{change.name} is off, and is started when it has become {after.get('server_type')}"
        if is_off(before)
        else f"{change.name} is powered off, hard, to become {after.get('server_type')}, and "
        "started again when that is done"
    )
    there, wanted = _types(change, machine)
    firmware = (
        f". It goes from {there.firmware.upper()} to {wanted.firmware.upper()}: a disk that boots "
        "by both, as disko's default here does, is wanted"
        if there
        and wanted
        and there.firmware
        and wanted.firmware
        and there.firmware != wanted.firmware
        else ""
    )
    grows = "" if after.get("keep_disk") else ". Its disk grows, so there is no way back"
    return (
        f"{start}: minutes. With no stock it stays off: hcloud server poweron {change.name}, or "
        f"the console, starts it as it was. It costs what an order costs today{grows}{firmware}"
    )


def _of_address(change: Change, told: set[str]) -> Iterator[str]:
    owner = _owner(change)
    whose = f" of {owner}" if owner else ""
    yield f"the address {_address(change)}{whose} is given up, for good"
    if (change.before or {}).get("assignee_id") and owner not in told:
        yield f"{owner or 'its server'} is powered off and on again, hard, to take its address off"


def _protected(change: Change) -> str | None:
    if not change.deletes or not (change.before or {}).get("delete_protection"):
        return None
    field = "deletion_protection" if change.type == _SERVER else "delete_protection"
    return (
        f"{change.address} is protected, and Terraform does not lift that: it would fail when all "
        f"else is deleted. Deploy it with {field}=False first, then delete it"
    )


def _refused_type(change: Change, machine: HetznerMachine | None) -> str | None:
    if not _resized(change):
        return None
    there, wanted = _types(change, machine)
    if wanted is None:
        return None
    where = f"machine {change.name!r}: server_type={wanted.name!r}"
    again = "to have it made anew, deploy it with enabled=False, then with enabled=True"
    if there is not None and there.architecture != wanted.architecture:
        return (
            f"{where}: it is {there.name}, which is {_ARCHITECTURES[there.architecture]}, and no "
            f"server becomes {_ARCHITECTURES[wanted.architecture]}: {again}"
        )
    disk = (change.before or {}).get("primary_disk_size") or 0
    if wanted.disk_gb is not None and wanted.disk_gb < disk:
        return (
            f"{where}: its disk has {disk} GB, and {wanted.name} has {wanted.disk_gb}: no disk "
            f"shrinks; {again}, with an empty disk"
        )
    return None


def _left_group(change: Change) -> str | None:
    before, after = change.before or {}, change.after or {}
    there = before.get("placement_group_id")
    if not there or is_off(before) or after.get("placement_group_id") == there:
        return None
    return (
        f"machine {change.name!r}: placement_group: a server leaves its group, for another too, "
        f"only while it is powered off, and it runs: hcloud server shutdown {change.name}, deploy, "
        f"then hcloud server poweron {change.name}"
    )


def _unnoticed(change: Change, changes: Sequence[Change]) -> str | None:
    """Return why an address cannot be given up yet: the state does not know that a server has it.

    An address is made before its server, and the state learns later whose it is. Terraform goes by
    what the state said (https://github.com/hashicorp/terraform/issues/35568), so that the provider
    does not take it off the server, asks for minutes to delete it, and is refused.
    """
    before = change.before or {}
    if change.type != _ADDRESS or change.actions != ("delete",) or before.get("assignee_id"):
        return None
    server = next((each for each in changes if _has_address(each, before.get("id"))), None)
    if server is None or server.deletes:
        return None
    return (
        f"{change.address}: Terraform's state does not know yet that {server.name} has that "
        "address, and Hetzner deletes none that a server has. Have it look first: terraform apply "
        "-refresh-only, or the same of tofu, in the stack's folder; then deploy"
    )


def _unknown(change: Change, changes: Sequence[Change]) -> str | None:
    """Return why a server cannot be given the addresses that it has; see `server.UNREAD`.

    The state does not know them where the server was taken over.
    """
    before, after = change.before or {}, change.after or {}
    if change.type != _SERVER or change.actions != ("update",) or before.get("public_net"):
        return None
    nets = after.get("public_net") or ()
    wanted = {net.get(version) for net in nets for version in ("ipv4", "ipv6")} - {None, 0}
    for each in changes:
        there = each.before or {}
        if each.type == _ADDRESS and there.get("id") in wanted and _is_on(there, before):
            return (
                f"{change.address}: Terraform's state does not know that it has the address "
                f"{_address(each)}, for it was taken over: the provider would power it off, delete "
                "that address, and fail to give it that one. Leave the entry of "
                f"{change.address} in the stack's imports as long as this server is there"
            )
    return None


def _is_on(address: Mapping[str, Any], server: Mapping[str, Any]) -> bool:
    """Whether a server has an address; its own id is text, and that of the address is not."""
    assignee = address.get("assignee_id")
    return bool(assignee) and str(assignee) == str(server.get("id"))


def _has_address(change: Change, number: object) -> bool:
    """Whether a server has the address of that number, as far as the state says."""
    if change.type != _SERVER or number is None:
        return False
    nets = (change.before or {}).get("public_net") or ()
    return any(number in (net.get("ipv4"), net.get("ipv6")) for net in nets)


def _loses_power(change: Change) -> bool:
    """Whether a server is powered off and on again for its addresses."""
    return _differs(change.before or {}, change.after or {}, "public_net")


def _resized(change: Change) -> bool:
    return (
        change.type == _SERVER
        and change.actions == ("update",)
        and _differs(change.before or {}, change.after or {}, "server_type")
    )


def _types(
    change: Change, machine: HetznerMachine | None
) -> tuple[ServerType | None, ServerType | None]:
    """Return what the catalogue knows of a server's type, and of the one it is to have."""
    if machine is None:
        return None, None
    find = machine.catalog.server_type
    said = ((each or {}).get("server_type") for each in (change.before, change.after))
    there, wanted = (find(str(name)) for name in said)
    return there, wanted


def _differs(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> bool:
    return (before.get(name) or None) != (after.get(name) or None)


def _owner(change: Change) -> str | None:
    labels = (change.before or change.after or {}).get("labels")
    owner = labels.get("machine") if isinstance(labels, dict) else None
    return str(owner) if owner else None


def _address(change: Change) -> str:
    return str((change.before or {}).get("ip_address") or change.name)
