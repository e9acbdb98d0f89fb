"""Where machines take builds from: clan's services ncps and trusted-nix-caches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clan_services.instance import check_directory, check_given, instance
from infra_lib.model.caches import BinaryCache
from infra_lib.model.validators import check_boolean, check_each, check_port, in_order

if TYPE_CHECKING:
    from infra_lib.model.services import ClanService, Role


def ncps(
    *,
    server: Role | None = None,
    client: Role | None = None,
    caches: tuple[BinaryCache, ...] | list[BinaryCache] | None = None,
    data_path: str | None = None,
    port: int | None = None,
    allow_put_verb: bool | None = None,
    name: str = "ncps",
    input: str | None = None,
) -> ClanService:
    """Return an instance of ncps: a cache of your own in front of public ones.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/ncps/default.nix

    Args:
        server: The machines that are such a cache.
        client: The machines that take builds from it.
        caches: What the servers ask; None for cache.nixos.org and nix-community's.
        data_path: Where servers keep what they have: the absolute path of a directory.
        port: Where they listen.
        allow_put_verb: Whether they take builds from anyone who reaches that port, without a
            password, and sign them with a key that every client trusts.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be.
    """
    where = f"service {name!r}"
    example = 'BinaryCache("https://cache.nixos.org", public_key="cache.nixos.org-1:6NCH…")'
    check_given(where, check_each, BinaryCache, example, caches=caches)
    check_given(where, check_directory, data_path=data_path)
    check_given(where, check_port, port=port)
    check_given(where, check_boolean, allow_put_verb=allow_put_verb)
    asked = None if caches is None else in_order(caches)
    return instance(
        "ncps",
        name,
        input,
        server=(
            server,
            {
                ("caches",): None if asked is None else [cache.url for cache in asked],
                ("publicKeys",): None if asked is None else _public_keys(asked),
                ("dataPath",): data_path,
                ("port",): port,
                ("allowPutVerb",): allow_put_verb,
            },
        ),
        client=(client, {}),
    )


def _public_keys(caches: tuple[BinaryCache, ...]) -> list[str]:
    keys: list[str] = []
    for cache in caches:
        given: str | tuple[str, ...] = cache.public_key
        keys += [given] if isinstance(given, str) else given
    return keys


def trusted_nix_caches(
    *, role: Role, name: str = "trusted-nix-caches", input: str | None = None
) -> ClanService:
    """Return an instance of trusted-nix-caches: users may ask for clan's and nix-community's cache.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/trusted-nix-caches/default.nix

    Args:
        role: The machines whose users may.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be.
    """
    return instance("trusted-nix-caches", name, input, default=(role, {}))
