"""Custom machine types: what one is called, and which of them Compute Engine makes.

"n2-custom-8-32768" has 8 vCPUs and 32768 MiB of memory, of the series N2; "-ext" at the end lets it
have more memory than its vCPUs allow. One of N1 is called "custom-8-32768" or "n1-custom-8-32768".
E2 has shared cores, too: "e2-custom-micro-2048".

The limits, and that only series of N and E have them:
https://docs.cloud.google.com/compute/docs/general-purpose-machines#custom_machine_types. N2 has up
to 128 vCPUs on Ice Lake, which
https://docs.cloud.google.com/compute/docs/samples/compute-custom-machine-type-helper-class knows.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise

from nixgen.frozen import frozen

MIB = 1024
"""Of a GiB."""

_NAME = r"(?:(?P<series>[a-z][a-z0-9]*)-)?custom-(?P<size>[a-z0-9]+)-(?P<mib>[0-9]+)(?P<ext>-ext)?"
# At the end of a count of vCPUs or MiB that no machine has, Python would take long to read it.
_LONGEST = 80


@frozen
class Limits:
    """Which custom machine types a series has.

    Attributes:
        vcpus: The counts of vCPUs.
        most_gib: The most memory, whatever the vCPUs are, in GiB.
        least_mib_per_vcpu: The least memory, in MiB per vCPU.
        most_mib_per_vcpu: The most memory without "-ext", in MiB per vCPU.
        extended: Whether "-ext" lets one have more memory than that.
        step_mib: What the memory is a multiple of, in MiB.
        least_mib: The least memory, whatever the vCPUs are, in MiB.
    """

    vcpus: tuple[int, ...]
    most_gib: int
    least_mib_per_vcpu: float = 512
    most_mib_per_vcpu: float = 8192
    extended: bool = True
    step_mib: int = 256
    least_mib: int = 1024

    def nearest_mib(self, vcpus: int, mib: int, *, extended: bool) -> int:
        """Return the memory nearest to one, in MiB, that a count of vCPUs can have."""
        least = max(self.least_mib_per_vcpu * vcpus, self.least_mib)
        most: float = self.most_gib * MIB
        if not extended:
            most = min(self.most_mib_per_vcpu * vcpus, most)
        step = self.step_mib
        steps = round(min(max(mib, least), most) / step)
        return min(max(steps, -int(-least // step)), int(most // step)) * step


_SIXTEENS = (2, 4, 8, *range(16, 97, 16))
LIMITS = {
    "e2": Limits(tuple(range(2, 33, 2)), 128, extended=False),
    "n1": Limits((1, *range(2, 97, 2)), 624, 0.9 * MIB, 6.5 * MIB),
    "n2": Limits((*range(2, 33, 2), *range(36, 129, 4)), 864),
    "n2d": Limits(_SIXTEENS, 768),
    "n4": Limits(tuple(range(2, 81, 2)), 640, 2 * MIB, least_mib=4 * MIB),
    "n4a": Limits(tuple(range(1, 65)), 512, 2 * MIB, step_mib=MIB, least_mib=2 * MIB),
    "n4d": Limits(_SIXTEENS, 768),
}

# https://docs.cloud.google.com/compute/docs/general-purpose-machines#e2_shared-core_machine_types
SHARED_CORES = {"micro": (0.25, 2), "small": (0.5, 4), "medium": (1.0, 8)}
"""Machine types of E2 that share a core: vCPUs that are paid for, and the most GiB of memory."""


@frozen
class Custom:
    """A custom machine type, as its name says it.

    Attributes:
        series: The name of its series: "n2".
        vcpus: Its vCPUs; those with a shared core have two.
        billed_vcpus: The vCPUs that are paid for.
        memory_gib: Its memory in GiB.
        extended_gib: What of it is extended memory, in GiB, which has a price of its own.
        shared_core: Whether its vCPUs share a core with others.
    """

    series: str
    vcpus: int
    billed_vcpus: float
    memory_gib: float
    extended_gib: float = 0
    shared_core: bool = False


@cache
def custom(name: str) -> Custom | None:
    """Return the custom machine type of a name; None when Compute Engine makes none of that name.

    Args:
        name: Any name: "n2-custom-8-32768".
    """
    found = re.fullmatch(_NAME, name)
    if found is None or nearest_name(name) != name:
        return None
    series, size, mib = found["series"] or "n1", found["size"], int(found["mib"])
    if size in SHARED_CORES:
        return Custom(series, 2, SHARED_CORES[size][0], mib / MIB, shared_core=True)
    vcpus = int(size)
    extended = max(0, mib - LIMITS[series].most_mib_per_vcpu * vcpus) / MIB
    return Custom(series, vcpus, vcpus, mib / MIB, extended)


def nearest_name(name: str) -> str:
    """Return the name of the custom machine type that is nearest to one; "" when none is.

    It is the name itself where Compute Engine makes it.
    """
    found = re.fullmatch(_NAME, name)
    if found is None or len(name) > _LONGEST:
        return ""
    series, size, mib = found["series"] or "n1", found["size"], int(found["mib"])
    prefix = name.partition("custom")[0] + "custom-"
    if series == "e2" and size in SHARED_CORES:
        most = SHARED_CORES[size][1]
        shared = Limits((2,), most, least_mib_per_vcpu=0)
        return f"{prefix}{size}-{shared.nearest_mib(2, mib, extended=False)}"
    if series not in LIMITS or not size.isdecimal():
        return ""
    limits = LIMITS[series]
    vcpus = min(limits.vcpus, key=lambda count: (abs(count - int(size)), -count))
    extended = found["ext"] is not None and limits.extended
    memory = limits.nearest_mib(vcpus, mib, extended=extended)
    return f"{prefix}{vcpus}-{memory}{'-ext' if extended else ''}"


def accepted_instead(name: str) -> str:
    """Return what would be accepted instead of a name; "" for one that means no custom type."""
    if not re.match(r"([a-z0-9]+-)?custom(-|$)", name.lower()):
        return ""
    series = name.lower().partition("custom")[0].rstrip("-") or "n1"
    if series not in LIMITS:
        having = ", ".join(LIMITS)
        return f"{series} has no custom machine types; those that have are {having}"
    limits = LIMITS[series]
    text = f"{_counts(limits.vcpus)} vCPUs are accepted"
    text += f", each with {_gib(limits.least_mib_per_vcpu)} to {_gib(limits.most_mib_per_vcpu)}"
    text += f" GiB, {_gib(limits.least_mib)} GiB or more, in multiples of {limits.step_mib} MiB"
    if limits.most_mib_per_vcpu * limits.vcpus[-1] > limits.most_gib * MIB:
        text += f", up to {limits.most_gib} GiB in all"
    if limits.extended:
        text += f"; with -ext at the end up to {limits.most_gib} GiB"
    if series == "e2":
        text += "; or micro with up to 2 GiB, small with up to 4, medium with up to 8"
    near = nearest_name(name.lower())
    return text + (f" (nearest: {near})" if near else f": {series}-custom-8-32768, in MiB")


def _counts(counts: tuple[int, ...]) -> str:
    """Return counts as people say them: "2, 4, 6 … 32, 36, 40 … 128"."""
    text, shown = [], 0
    steps = [after - before for before, after in pairwise(counts)]
    for i, count in enumerate(counts):
        same = 1 < i < len(steps) and steps[i - 2] == steps[i - 1] == steps[i]
        if not same:
            text.append(("… " if i > shown + 1 else "") + str(count))
            shown = i
    return ", ".join(text).replace(", …", " …")


def _gib(mib: float) -> str:
    return f"{mib / MIB:g}"
