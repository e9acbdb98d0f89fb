"""Binary caches that the fleet's machines, and the flake, may take builds from."""

from __future__ import annotations

import binascii
import re
import warnings

from attrs import field

from infra_lib.model import check, destination
from infra_lib.model.errors import field_error
from nixgen.frozen import frozen

_URL = re.compile(r"(https?|s3|ssh|ssh-ng)://([^/?#]+)(?:/[^?#]*)?")

# What NixOS and nix-darwin append to `nix.settings.substituters` as "https://cache.nixos.org/":
# https://github.com/NixOS/nixpkgs/blob/master/nixos/modules/config/nix.nix
# Nix takes the two spellings for two caches, and asks both.
_NIXOS_OWN = ("https://cache.nixos.org", "http://cache.nixos.org")

# Left by its maintainers in November 2025; it answers 403 since September 2026.
_ABANDONED = "cuda-maintainers.cachix.org"


@frozen
class BinaryCache:
    """A binary cache.

    Attributes:
        url: Its address: "https://cache.nixos.org".
        public_key: The key its paths are signed with: "cache.nixos.org-1:6NCH…".
        priority: Which cache is asked first: the lowest number; None for what the cache itself
            says (40 for cache.nixos.org, which NixOS appends at that priority in any case, so
            that only a lower number has an effect on it). See `priority` in
            https://nix.dev/manual/nix/stable/store/types/http-binary-cache-store.

    Raises:
        FleetError: When a field cannot be.
    """

    url: str
    public_key: str = field(kw_only=True)
    priority: int | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        where = f"cache {self.url!r}"
        accepted = 'an address without parameters such as "https://cache.nixos.org"'
        check.word(where, "url", self.url, accepted)
        found = _URL.fullmatch(self.url)
        if found is None:
            raise field_error(where, "url", self.url, f"{accepted} is accepted")
        # Login and host reach ssh as they are; libcurl takes any login.
        login = found[2] if found[1].startswith("ssh") else found[2].rpartition("@")[2]
        try:
            destination.parse(login)
        except ValueError as error:
            raise field_error(where, "url", self.url, f"{accepted} is accepted ({error})") from None
        accepted = (
            "a name, a colon and the base64 of 32 bytes, as nix-store "
            "--generate-binary-cache-key writes them,"
        )
        check.word(where, "public_key", self.public_key, accepted)
        if not _is_public_key(self.public_key):
            raise field_error(where, "public_key", self.public_key, f"{accepted} is accepted")
        if self.priority is not None:
            check.whole(where, "priority", self.priority, "places", least=0)
        if _ABANDONED in self.url:
            warnings.warn(
                f"{where}: abandoned, and refuses every request; use https://cache.nixos-cuda.org",
                stacklevel=3,
            )

    @property
    def nixos_own(self) -> bool:
        """Whether NixOS and nix-darwin have it among their substituters by themselves."""
        return self.substituter.removesuffix("/") in _NIXOS_OWN

    @property
    def substituter(self) -> str:
        """The URL as `nix.settings.substituters` takes it, with the priority where one is set."""
        return self.url if self.priority is None else f"{self.url}?priority={self.priority}"


def _is_public_key(value: str) -> bool:
    name, _, key = value.partition(":")
    try:
        return bool(name) and len(binascii.a2b_base64(key, strict_mode=True)) == 32
    except ValueError:
        return False
