"""What CUDA code is built for: NVIDIA's compute capabilities."""

from __future__ import annotations

import re

from infra_lib.model.errors import field_error

_CAPABILITY = r"[1-9][0-9]?\.[0-9]"
# What the drivers here and CUDA 12.9 drive, but for Jetsons; in order:
# https://github.com/NixOS/nixpkgs/blob/master/pkgs/development/cuda-modules/_cuda/db/bootstrap/cuda.nix
_CAPABILITIES = (
    *("5.0", "5.2", "6.0", "6.1", "7.0", "7.5", "8.0", "8.6", "8.9", "9.0"),
    *("10.0", "10.3", "12.0", "12.1"),
)
# Code for one capability alone, or for a family of them, and from which one on there is any:
# https://developer.nvidia.com/blog/nvidia-blackwell-and-nvidia-cuda-12-9-introduce-family-specific-architecture-features/
_SPECIFIC = {"a": (9, 0), "f": (10, 0)}


def check_capability(where: str, field: str, value: object, *, specific: bool = False) -> None:
    """Check a compute capability of NVIDIA: "7.5". One newer than those known here is taken.

    Args:
        where: What has the field.
        field: The field.
        value: What was given.
        specific: Whether code may be meant that other GPUs do not run: "9.0a", "10.0f".

    Raises:
        FleetError: When it is not one.
    """
    plain, least = value, (0, 0)
    if specific and isinstance(value, str) and value[-1:] in _SPECIFIC:
        plain, least = value[:-1], _SPECIFIC[value[-1]]
    if (
        not isinstance(plain, str)
        or not re.fullmatch(_CAPABILITY, plain)
        or (plain not in _CAPABILITIES and by_version(plain) < by_version(_CAPABILITIES[-1]))
        or by_version(plain) < least
    ):
        known = ", ".join(_CAPABILITIES)
        suffixed = "; from 9.0 on also with an a, from 10.0 on with an f" if specific else ""
        accepted = f'one such as "7.5" is accepted: {known}, or a newer one{suffixed}'
        raise field_error(where, field, value, accepted)


def by_version(capability: str) -> tuple[int, ...]:
    """Return what compute capabilities are sorted by: (12, 0) for "12.0", and for "12.0a"."""
    return tuple(map(int, capability.rstrip("".join(_SPECIFIC)).split(".")))
