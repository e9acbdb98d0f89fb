"""`modules/system/ssh-known-hosts.nix`: whose key is whose, so that none is taken on trust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.hosts import hosts
from infra_lib.model.validators import CLASSES
from infra_lib.nix.style import is_plain
from nixgen.expr import Apply, AttrSet, Inherit, Lambda, Let, Pattern, Select, Str, ref

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from infra_lib.hosts import Host
    from infra_lib.model.ssh import SshCertificateAuthority
    from nixgen.expr import Value
    from nixgen.files.values import FileValue

PATH = "modules/system/ssh-known-hosts.nix"

_MISSING = (
    ': clan has no SSH host key of it among its vars, where known_hosts="vars" looks. Its sshd '
    "service makes one: clan.inventory.instances.sshd.roles.server.tags.nixos = { }; without that "
    'service, say ssh=Ssh(known_hosts="facts") in the fleet'
)


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when a key is known.

    It adds to the base modules of NixOS and darwin, or is one of its own.
    """
    known = [host for host in hosts(fleet) if host.key is not None]
    authorities = fleet.ssh.certificate_authorities
    if not known and not authorities:
        return {}
    by_vars = fleet.ssh.known_hosts == "vars"
    refers = by_vars and any(host.nixos for host in known)
    entries = {host.name: _entry(host, by_vars) for host in known}
    entries |= {authority.name: _authority(authority) for authority in authorities}
    if is_plain(fleet):
        return {PATH: {("programs", "ssh", "knownHosts"): entries}}
    name = fleet.module_names.known_hosts or fleet.module_names.base
    ssh = AttrSet(Inherit("knownHosts"))
    body = Let(
        {**({"keyOf": _key_of()} if refers else {}), "knownHosts": entries},
        {
            ("flake", "modules"): {
                (machine_class, name, "programs", "ssh"): ssh for machine_class in CLASSES
            }
        },
    )
    return {PATH: Lambda(Pattern("config", ellipsis=True), body) if refers else body}


def _entry(host: Host, by_vars: bool) -> dict[str, Value]:
    port = host.ssh.port or 22
    names = [host.alias, *host.addresses]
    if port != 22:
        names = [f"[{name}]:{port}" for name in names]
    # ssh looks up a HostKeyAlias as it is, whatever the port; many are the host's own name.
    if host.ssh.host_key_alias is not None:
        names.append(host.ssh.host_key_alias)
    return {
        "hostNames": list(dict.fromkeys(names)),
        "publicKey": Apply("keyOf", host.name) if by_vars and host.nixos else host.key,
    }


def _authority(authority: SshCertificateAuthority) -> dict[str, Value]:
    return {
        "certAuthority": True,
        "hostNames": list(authority.host_names),
        "publicKey": authority.public_key,
    }


def _key_of() -> Value:
    """A function: the key of a machine in clan's vars, as its own configuration knows it.

    Clan's sshd service makes the key, and what services there are is for the user's flake to say.
    """
    key = Select(
        "config",
        *("flake", "nixosConfigurations", ref("name"), "config"),
        *("clan", "core", "vars", "generators", "openssh", "files", "ssh.id_ed25519.pub", "value"),
        default=Apply("throw", Str(ref("name"), _MISSING)),
    )
    return Lambda("name", key)
