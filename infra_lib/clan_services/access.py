"""Getting into machines: clan's services sshd and emergency-access."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra_lib.clan_services.instance import check_given, instance
from infra_lib.model.errors import field_error
from infra_lib.model.validators import (
    check_boolean,
    check_domains,
    check_public_keys,
    check_word,
)

if TYPE_CHECKING:
    from infra_lib.model.services import ClanService, Role


def sshd(
    *,
    server: Role | None = None,
    client: Role | None = None,
    authorized_keys: Mapping[str, str] | None = None,
    generate_root_key: bool | None = None,
    rsa_host_key: bool | None = None,
    certificate: bool | None = None,
    certificate_search_domains: tuple[str, ...] | list[str] | None = None,
    trusted_search_domains: tuple[str, ...] | list[str] | None = None,
    name: str = "sshd",
    input: str | None = None,
) -> ClanService:
    """Return an instance of sshd: SSH servers with host keys that clan keeps, and who trusts them.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/sshd/default.nix

    Args:
        server: The machines that run sshd.
        client: The machines that trust the certificates of those: they need not be asked whether
            they know a host.
        authorized_keys: OpenSSH public keys that may log in as root, each with a name of its own.
        generate_root_key: Whether clan makes another such key, for each server.
        rsa_host_key: Whether servers have an RSA host key too.
        certificate: Whether servers have host certificates, as they do unless this is False.
        certificate_search_domains: Domains besides the clan's: `<machine>.<domain>` is in the
            certificate of each server. Clients of the instance trust such certificates.
        trusted_search_domains: Further domains in which clients trust certificates; a clan-core
            older than October 2025 wants those of the servers here too.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be.
    """
    where = f"service {name!r}"
    check_given(
        where,
        check_boolean,
        generate_root_key=generate_root_key,
        rsa_host_key=rsa_host_key,
        certificate=certificate,
    )
    check_given(where, _check_keys, authorized_keys=authorized_keys)
    check_given(
        where,
        check_domains,
        certificate_search_domains=certificate_search_domains,
        trusted_search_domains=trusted_search_domains,
    )
    return instance(
        "sshd",
        name,
        input,
        server=(
            server,
            {
                ("authorizedKeys",): authorized_keys,
                ("generateRootKey",): generate_root_key,
                ("hostKeys", "rsa", "enable"): rsa_host_key,
                ("certificate", "enable"): certificate,
                ("certificate", "searchDomains"): certificate_search_domains,
            },
        ),
        client=(client, {("certificate", "searchDomains"): trusted_search_domains}),
    )


def _check_keys(where: str, field: str, value: object) -> None:
    if not isinstance(value, Mapping):
        accepted = 'a mapping from names to keys is accepted: {"admin": "ssh-ed25519 AAAA…"}'
        raise field_error(where, field, value, accepted)
    for name, key in value.items():
        check_word(where, field, name, "a name")
        check_public_keys(where, f"{field}[{name!r}]", (key,))


def emergency_access(
    *, role: Role, name: str = "emergency-access", input: str | None = None
) -> ClanService:
    """Return an instance of emergency-access: a password for machines that do not boot.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/emergency-access/default.nix

    Args:
        role: The machines that have one.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be.
    """
    return instance("emergency-access", name, input, default=(role, {}))
