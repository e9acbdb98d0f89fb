"""The marked region of `flake.nix`: the caches that the flake itself may be built from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.nix.caches import public_keys
from nixgen.files.values import Region

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from nixgen.files.values import FileValue

PATH = "flake.nix"
REGION = "caches"
_PLACE = "at the top level of the flake, beside inputs and outputs, not inside nixConfig"
_OTHERWISE = f'leave the region out with Fleet(files={{"{PATH}": None}})'


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the region, when there are caches: `nixConfig` takes literals only, no import.

    It holds for whoever evaluates the flake, on whatever computer: so without the caches of some
    machines only, and those whose address is a path on a machine. Without cache.nixos.org too,
    which Nix has by itself, spelt with a slash: it would be asked twice. With a priority it is
    another substituter to Nix, and stays.
    """
    caches = [
        cache
        for cache in fleet.caches
        if cache.everywhere and not cache.on_the_machine and not cache.nixos_own
    ]
    if not caches:
        return {}
    return {
        PATH: Region(
            {
                ("nixConfig", "extra-substituters"): [cache.substituter for cache in caches],
                ("nixConfig", "extra-trusted-public-keys"): public_keys(caches),
            },
            name=REGION,
            place=_PLACE,
            otherwise=_OTHERWISE,
            top=True,
        )
    }
