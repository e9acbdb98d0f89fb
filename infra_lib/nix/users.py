"""`modules/clan/inventory/services/users.nix`: accounts, and the machines that have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix.services import instance, members
from infra_lib.nix.style import clan

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from infra_lib.model.users import User
    from nixgen.expr import Value
    from nixgen.files.values import FileValue

PATH = "modules/clan/inventory/services/users.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when there are users: an instance of clan's users service for each."""
    instances = {
        f"user-{user.name}": instance("users", {"default": _role(user)}) for user in fleet.users
    }
    return {PATH: {clan(fleet, "inventory", "instances"): instances}} if instances else {}


def _role(user: User) -> Value:
    role: dict[str, Value] = {}
    if user.machines:
        role["machines"] = members(user.machines)
    if user.tags:
        role["tags"] = members(user.tags)
    role["settings"] = _settings(user)
    return role


def _settings(user: User) -> Value:
    settings: dict[str | tuple[str, ...], Value] = {
        "user": user.name,
        "groups": list(user.groups),
        "share": user.share,
        "prompt": user.prompt,
    }
    if user.ssh_keys:
        settings["openssh", "authorizedKeys", "keys"] = list(user.ssh_keys)
    return settings
