"""`modules/home/core/ssh-hosts.nix`: `ssh <name>.<domain>` for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nixgen.expr import Apply, Lambda, Pattern

from ..hosts import hosts
from .style import module

if TYPE_CHECKING:
    from nixgen.expr import Value
    from nixgen.files import FileValue

    from ..fleet import Fleet
    from ..hosts import Host

PATH = "modules/home/core/ssh-hosts.nix"

# The names that home-manager's `matchBlocks` has for OpenSSH's.
_OLDER = {"HostName": "hostname", "Port": "port", "User": "user"}


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when an address is known: it adds to the core module of home-manager."""
    older = fleet.ssh.home_manager == "matchBlocks"
    blocks = {host.alias: _block(host, older) for host in hosts(fleet) if host.addresses}
    if not blocks:
        return {}
    ssh = {"enable": Apply("lib.mkDefault", True), fleet.ssh.home_manager: blocks}
    value = Lambda(Pattern("lib", ellipsis=True), {("programs", "ssh"): ssh})
    return {PATH: module(fleet, ("homeManager", "core"), value)}


def _block(host: Host, older: bool) -> dict[str, Value]:
    block: dict[str, Value] = {"HostName": host.addresses[0]}
    if host.port != 22:
        block["Port"] = host.port
    if host.user is not None:
        block["User"] = host.user
    return {_OLDER[name]: value for name, value in block.items()} if older else block
