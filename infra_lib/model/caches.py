"""Binary caches that the fleet's machines, and the flake, may take builds from."""

from __future__ import annotations

import binascii
import re
import warnings

from attrs import field

from infra_lib.model import destination
from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import check_whole, check_word, valid

_URL = r"(https?|s3|ssh|ssh-ng)://([^/?#]+)(?:/[^?#]*)?"

# What NixOS and nix-darwin append to `nix.settings.substituters` as "https://cache.nixos.org/":
# https://github.com/NixOS/nixpkgs/blob/master/nixos/modules/config/nix.nix
# Nix takes the two spellings for two caches, and asks both.
_NIXOS_OWN = ("https://cache.nixos.org", "http://cache.nixos.org")

# Left by its maintainers in November 2025; it answers 403 since September 2026.
_ABANDONED = "cuda-maintainers.cachix.org"


def _check_url(where: str, field: str, value: str) -> None:
    accepted = 'an address without parameters such as "https://cache.nixos.org"'
    check_word(where, field, value, accepted)
    found = re.fullmatch(_URL, value)
    if found is None:
        raise field_error(where, field, value, f"{accepted} is accepted")
    # Login and host reach ssh as they are; libcurl takes any login.
    login = found[2] if found[1].startswith("ssh") else found[2].rpartition("@")[2]
    try:
        destination.parse(login)
    except ValueError as error:
        raise field_error(where, field, value, f"{accepted} is accepted ({error})") from None


def _check_public_key(where: str, field: str, value: str) -> None:
    accepted = (
        "a name, a colon and the base64 of 32 bytes, as nix-store "
        "--generate-binary-cache-key writes them,"
    )
    check_word(where, field, value, accepted)
    name, _, key = value.partition(":")
    try:
        right = bool(name) and len(binascii.a2b_base64(key, strict_mode=True)) == 32
    except ValueError:
        right = False
    if not right:
        raise field_error(where, field, value, f"{accepted} is accepted")


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

    url: str = field(validator=valid(_check_url))
    public_key: str = field(validator=valid(_check_public_key), kw_only=True)
    priority: int | None = field(
        default=None, validator=valid(check_whole, "places", least=0), kw_only=True
    )

    @property
    def _where(self) -> str:
        return f"cache {self.url!r}"

    def __attrs_post_init__(self) -> None:
        if _ABANDONED in self.url:
            warnings.warn(
                f"{self._where}: abandoned, and refuses every request; use https://cache.nixos-cuda.org",
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
