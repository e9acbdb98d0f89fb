"""How many GPUs a machine has: a whole number, or a part of one that it shares with others."""

from __future__ import annotations

from infra_lib.model.errors import field_error
from infra_lib.model.validators import MOST, check_whole

# A vGPU of NVIDIA's: https://docs.cloud.google.com/compute/docs/accelerator-optimized-machines
_PARTS = {0.5: "1/2", 0.25: "1/4", 0.125: "1/8"}


def whole_or_part(value: float) -> float:
    """Make an integer of a number that is whole, 2.0 as a table may say it; leave any other."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def is_part(count: float) -> bool:
    """Whether a count is of no whole GPU, but of a part of one that other machines share."""
    return isinstance(count, float) and count in _PARTS


def check_gpu_count(where: str, field: str, value: object) -> None:
    """Check a count of GPUs: a whole number from 1 on, or 0.5, 0.25 or 0.125.

    Args:
        where: What has the field.
        field: The field.
        value: What was given.

    Raises:
        FleetError: When it is neither.
    """
    if isinstance(value, float):
        if not is_part(value):
            accepted = f"a whole number of GPUs from 1 to {MOST} is accepted, or a part of one: "
            raise field_error(where, field, value, accepted + ", ".join(map(str, _PARTS)))
    else:
        check_whole(where, field, value, "GPUs", least=1)


def text(count: float) -> str:
    """Return how many GPUs there are as people say it: "2", "1/4"."""
    return _PARTS.get(count, f"{count:g}")


def label(count: float, gpu: str) -> str:
    """Return GPUs as people say it: "2x T4", "1/4x RTX PRO 6000".

    Args:
        count: How many.
        gpu: What people call one.
    """
    return f"{text(count)}x {gpu}"
