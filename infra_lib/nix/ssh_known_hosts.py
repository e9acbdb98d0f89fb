"""`modules/system/ssh-known-hosts.nix`: whose key is whose, so that none is taken on trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nixgen.expr import AttrSet, Ident, Inherit, Lambda, Let, Pattern, Select

from ..hosts import hosts
from .style import is_plain

if TYPE_CHECKING:
    from nixgen.expr import Value
    from nixgen.files import FileValue

    from ..fleet import Fleet
    from ..hosts import Host

PATH = "modules/system/ssh-known-hosts.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when a key is known: it adds to the base modules of NixOS and darwin."""
    known = [host for host in hosts(fleet) if host.key is not None]
    if not known:
        return {}
    by_vars = fleet.ssh.known_hosts == "vars"
    entries = {host.name: _entry(host, by_vars) for host in known}
    if is_plain(fleet):
        return {PATH: {("programs", "ssh", "knownHosts"): entries}}
    ssh = AttrSet(Inherit("knownHosts"))
    body = Let(
        {"knownHosts": entries},
        {
            ("flake", "modules"): {
                ("nixos", "base", "programs", "ssh"): ssh,
                ("darwin", "base", "programs", "ssh"): ssh,
            }
        },
    )
    refers = by_vars and any(host.nixos for host in known)
    return {PATH: Lambda(Pattern("config", ellipsis=True), body) if refers else body}


def _entry(host: Host, by_vars: bool) -> dict[str, Value]:
    names = (host.alias, *host.addresses)
    return {
        "hostNames": [name if host.port == 22 else f"[{name}]:{host.port}" for name in names],
        "publicKey": _var(host) if by_vars and host.nixos else host.key,
    }


def _var(host: Host) -> Value:
    """The key in clan's vars, as the machine's own configuration knows it."""
    return Select(
        Ident("config"),
        *("flake", "nixosConfigurations", host.name, "config"),
        *("clan", "core", "vars", "generators", "openssh", "files", "ssh.id_ed25519.pub", "value"),
    )
