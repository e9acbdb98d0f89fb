"""Binary caches that the fleet's machines, and the flake, may take builds from."""

from __future__ import annotations

import binascii
import warnings
from typing import TYPE_CHECKING

from attrs import field

from infra_lib.model import store_url
from infra_lib.model.errors import field_error, nearest
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import (
    check_unique,
    check_whole,
    check_word,
    check_words,
    in_order,
    strings,
    valid,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.model.machine import Machine

# What NixOS and nix-darwin append to `nix.settings.substituters` as "https://cache.nixos.org/":
# https://github.com/NixOS/nixpkgs/blob/master/nixos/modules/config/nix.nix
# Nix takes the two spellings for two caches, and asks both.
_NIXOS_OWN = ("https://cache.nixos.org", "http://cache.nixos.org")

# Left by its maintainers in November 2025; it answers 403 since September 2026.
_ABANDONED = "cuda-maintainers.cachix.org"


def _keys(value: str | Iterable[str]) -> str | tuple[str, ...]:
    return value if isinstance(value, str) else in_order(value)


def _check_url(where: str, field: str, value: str) -> None:
    accepted = f"an address of a store such as {store_url.EXAMPLES}"
    check_word(where, field, value, accepted)
    try:
        store_url.parse(value)
    except ValueError as error:
        raise field_error(where, field, value, f"{accepted} is accepted ({error})") from None


def _check_public_key(where: str, field: str, value: str | tuple[str, ...]) -> None:
    accepted = (
        "a name, a colon and the base64 of 32 bytes, as nix-store "
        "--generate-binary-cache-key writes them,"
    )
    keys = value if isinstance(value, tuple) else (value,)
    for each in keys:
        check_word(where, field, each, accepted)
        name, _, key = each.partition(":")
        try:
            right = bool(name) and len(binascii.a2b_base64(key, strict_mode=True)) == 32
        except ValueError:
            right = False
        if not right:
            raise field_error(where, field, each, f"{accepted} is accepted")
    check_unique(where, field, keys)


def check_netrc_file(where: str, field: str, value: object) -> None:
    """Check the path of a netrc file on the machines.

    Raises:
        FleetError: When it is no absolute path, or one that everybody could read.
    """
    accepted = 'a path on the machines such as "/run/secrets/netrc"'
    check_word(where, field, value, accepted)
    try:
        store_url.check_path_on_machine(str(value))
    except ValueError as error:
        raise field_error(where, field, value, f"{accepted} is accepted ({error})") from None


@frozen
class BinaryCache:
    """A binary cache: an address that machines take builds from.

    Attributes:
        url: Its address: "https://cache.nixos.org", or any other store that Nix can read, with
            parameters: "s3://bucket?endpoint=https://minio.example&region=eu-west-1". See
            https://nix.dev/manual/nix/stable/store/types/.
        public_key: The key its paths are signed with: "cache.nixos.org-1:6NCH…"; several while one
            takes the place of another. None at all, `()`, is for an address with `?trusted=true`,
            from which Nix takes what nobody has signed.
        priority: Which cache is asked first: the lowest number; None for what the cache itself
            says (40 for cache.nixos.org, which NixOS appends at that priority in any case, so
            that only a lower number has an effect on it). See `priority` in
            https://nix.dev/manual/nix/stable/store/types/http-binary-cache-store.
        machines: Names of the machines that use it. With neither machines nor tags all do, and
            whoever evaluates the flake.
        tags: Tags of machines that use it.

    Raises:
        FleetError: When a field cannot be.
    """

    url: str = field(validator=valid(_check_url))
    public_key: str | tuple[str, ...] = field(
        converter=_keys, validator=valid(_check_public_key), kw_only=True
    )
    priority: int | None = field(
        default=None, validator=valid(check_whole, "places", least=0), kw_only=True
    )
    machines: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_words, '"galena"'), kw_only=True
    )
    tags: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_words, '"gpu"'), kw_only=True
    )

    @property
    def _where(self) -> str:
        return f"cache {self.url!r}"

    def __attrs_post_init__(self) -> None:
        address = store_url.parse(self.url)
        priority = address.parameter("priority")
        if self.priority is not None and priority is not None:
            accepted = f"the address says priority={priority} already; say it once"
            raise field_error(self._where, "priority", self.priority, accepted)
        if not self.public_keys and not address.trusted:
            accepted = (
                "machines take only what is signed by a key they know: give the cache's, or that "
                "of the cache it mirrors; for a cache of your own that signs nothing, write "
                "trusted=true into the address"
            )
            raise field_error(self._where, "public_key", self.public_key, accepted)
        self._warn(address)

    def _warn(self, address: store_url.StoreUrl) -> None:
        texts = [
            f"Nix knows no parameter {name!r} of {address.scheme} stores, and leaves it out"
            + nearest(name, address.settings)
            for name in address.unknown
        ]
        if _ABANDONED in self.url:
            texts.append("abandoned, and refuses every request; use https://cache.nixos-cuda.org")
        if address.trusted and address.scheme == "http":
            texts.append(
                "whoever is on the way to it can put programs on the machines, since nothing is "
                "signed (trusted=true) or encrypted (http); use https or a public_key"
            )
        for text in texts:
            warnings.warn(f"{self._where}: {text}", stacklevel=4)

    @property
    def public_keys(self) -> tuple[str, ...]:
        """The keys its paths are signed with: none where it is trusted without."""
        return (self.public_key,) if isinstance(self.public_key, str) else self.public_key

    @property
    def store(self) -> str:
        """The address without what makes no other store of it: two with the same are one."""
        return store_url.parse(self.url).store

    @property
    def everywhere(self) -> bool:
        """Whether all machines use it."""
        return not self.machines and not self.tags

    @property
    def on_the_machine(self) -> bool:
        """Whether its address is a path, which is another store on each machine."""
        return store_url.parse(self.url).on_the_machine

    def is_of(self, machine: Machine) -> bool:
        """Return whether it is named for a machine: one for all machines is not."""
        return machine.name in self.machines or any(map(machine.has_tag, self.tags))

    @property
    def nixos_own(self) -> bool:
        """Whether NixOS and nix-darwin have it among their substituters by themselves."""
        return self.substituter.removesuffix("/") in _NIXOS_OWN

    @property
    def substituter(self) -> str:
        """The address for `nix.settings.substituters`, with the priority where it is set."""
        if self.priority is None:
            return self.url
        return f"{self.url}{'&' if '?' in self.url else '?'}priority={self.priority}"
