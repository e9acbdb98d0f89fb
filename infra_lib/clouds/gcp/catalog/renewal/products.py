"""What a SKU of Compute Engine is of, as its description says it: nothing else in it does.

The descriptions are Google's, "N2 Instance Core running in Americas"; https://cloud.google.com/skus
lists them. One that is not understood is never taken for another: whoever asks is told.
"""

from __future__ import annotations

import re
from typing import Final, Literal

from nixgen.frozen import frozen

Kind = Literal[
    "vcpu",
    "gib",
    "extended_gib",
    "gpu",
    "slice",
    "eighth",
    "machine",
    "local_ssd",
    "disk",
    "address",
]

CUSTOM = "-custom"
"""Follows the name of a series in what its custom machine types are billed by."""
PREMIUM = "m2 premium"
"""What is billed on top of m1's rates for m2."""


@frozen
class Product:
    """What a SKU is of.

    Attributes:
        kind: What is counted: a "vcpu", a "gib" of memory, one of extended memory
            ("extended_gib"), a "gpu", a whole machine by its GPUs ("slice") or by eighths of one
            ("eighth"), a whole "machine", a GiB of "local_ssd" or of a "disk", an "address".
        name: Of what. That of a series: "n2", "n2-custom", "a3-megagpu", "*" for Local SSD of any
            other; of slices with the accelerator type: "a4 nvidia-b200". An accelerator type, a
            machine type, a disk type; of an address "in use" or "unused".
    """

    kind: Kind
    name: str


OTHER: Final = "other"
"""What else is for sale, of which the catalogue holds no price."""

# Groups of Compute Engine's SKUs (category.resourceGroup) whose prices make up a machine's.
_PARTS = frozenset({"CPU", "RAM", "N1Standard", "F1Micro", "G1Small", "GPU", "LocalSSD"})
_DISKS = frozenset({"PDStandard", "SSD"})

# Words of other ways to buy the same, which have prices of their own: on sole-tenant nodes,
# reserved for a time, for a defined duration (flex-start), by a commitment to spend. And TPUs.
_OTHER_WAYS = ("sole tenancy", "reserved ", "calendar mode", "dws ", "dollar based", "tpu")

_REGION = re.compile(
    r"\s+(running\s+)?in\s.*|\s+running\s+globally\s*|\s+for\s+[13] years?\s*", re.IGNORECASE
)
_SPOT = re.compile(r"^(spot )?preemptible | attached to (spot )?preemptible vms?$", re.IGNORECASE)
_COMMITMENT = re.compile(r"^commitment( v[0-9]+)?: ", re.IGNORECASE)
_SERIES = re.compile(r"[a-z][0-9]+[a-z]*")
_VENDORS = frozenset({"amd", "arm", "predefined"})

# Series that the descriptions call otherwise, and parts of series that have SKUs of their own.
_SERIES_CALLED = {
    "compute optimized": "c2",
    "memory-optimized": "m1",
    "m3 memory-optimized": "m3",
    "memory optimized upgrade premium for memory-optimized": PREMIUM,
    "a3plus": "a3-megagpu",
    "a3ultra": "a3-ultragpu",
    "m4ultramem224": "m4-ultramem-224",
    "m4nultramem224": "m4n-ultramem-224",
}
_GPUS_CALLED = {
    "t4": "nvidia-tesla-t4",
    "p4": "nvidia-tesla-p4",
    "p100": "nvidia-tesla-p100",
    "v100": "nvidia-tesla-v100",
    "a100": "nvidia-tesla-a100",
    "a100 80gb": "nvidia-a100-80gb",
    "l4": "nvidia-l4",
    "h100 80gb": "nvidia-h100-80gb",
    "h100 80gb mega": "nvidia-h100-mega-80gb",
    "h100 mega 80gb": "nvidia-h100-mega-80gb",
    "h100 80gb plus": "nvidia-h100-mega-80gb",  # as A3Plus is A3 Mega
    "h200 141gb": "nvidia-h200-141gb",
    "rtx 6000 96gb": "nvidia-rtx-pro-6000",
}
_MACHINES_CALLED = {
    "micro instance with burstable cpu": "f1-micro",
    "small instance with 1 vcpu": "g1-small",
}
_DISKS_CALLED = {
    "storage pd": "pd-standard",
    "balanced pd": "pd-balanced",
    "ssd backed pd": "pd-ssd",
    "extreme pd": "pd-extreme",
    "hyperdisk balanced": "hyperdisk-balanced",
    "hyperdisk balanced high availability": "hyperdisk-balanced-high-availability",
    "hyperdisk extreme": "hyperdisk-extreme",
    "hyperdisk throughput": "hyperdisk-throughput",
    "hyperdisk ml": "hyperdisk-ml",
}
_ADDRESSES_CALLED = {
    "external ip charge on a standard vm": "in use",
    "static ip charge": "unused",
}


def without_region(description: str) -> str:
    """Return a description without what it says last: the region, and the years of a commitment."""
    return _REGION.sub("", description).strip()


def is_spot(description: str) -> bool:
    """Whether a description is of a Spot VM; some SKUs of such say elsewhere that they are not."""
    return _SPOT.search(without_region(description)) is not None


def product_of(description: str, family: str, group: str) -> Product | Literal["other"] | None:
    """Return what a SKU is of; None where it is a part of machines that is not understood.

    Args:
        description: The SKU's description.
        family: Its resource family: "Compute".
        group: Its resource group: "CPU".
    """
    text = without_region(description).lower()
    if family == "Network":
        return _address(text, group)
    if group in _DISKS or (family == "Storage" and "hyperdisk" in text):
        return _disk(text)
    if group not in _PARTS:
        return OTHER
    if any(words in description.lower() for words in _OTHER_WAYS):
        return OTHER
    text = _COMMITMENT.sub("", re.sub(r"^(commitment v1: )(cpu|ram)$", r"\1n1 \2", text))
    text = _SPOT.sub("", text)
    if text in _MACHINES_CALLED:
        return Product("machine", _MACHINES_CALLED[text])
    if group == "GPU":
        return _gpu(text)
    return _local_ssd(text) if group == "LocalSSD" else _resource(text)


def _resource(text: str) -> Product | None:
    found = re.fullmatch(r"(.*?) ?(?:instance)? (core|cpu|ram)", text)
    series = _series(found[1]) if found else None
    if found is None or series is None:
        return None
    if found[2] != "ram":
        return Product("vcpu", series)
    return Product("extended_gib" if " extended" in text else "gib", series)


def _series(text: str) -> str | None:
    """Return a series as rates are named: "n2d-custom" of "n2d amd custom extended"."""
    words = [word for word in text.split() if word not in _VENDORS | {"extended"}]
    if "custom" in words:
        words.remove("custom")
        series = _series(" ".join(words) or "n1")
        return series and series + CUSTOM
    name = " ".join(words)
    return _SERIES_CALLED.get(name) or (name if _SERIES.fullmatch(name) else None)


def _gpu(text: str) -> Product | None:
    # All of a machine with eight of them costs eight of these: there are no SKUs of its vCPUs.
    whole = re.fullmatch(r"(a[0-9]+x?) nvidia (\w+) \(1 gpu slice\)", text)
    if whole:
        return Product("slice", f"{whole[1]} nvidia-{whole[2]}")
    if text == "1/8 vgpu no lssd":
        return Product("eighth", "g4 nvidia-rtx-pro-6000")
    words = [word for word in text.split() if word not in {"nvidia", "tesla", "gpu"}]
    name = _GPUS_CALLED.get(" ".join(words))
    return None if name is None else Product("gpu", name)


def _local_ssd(text: str) -> Product | None:
    if text in {"ssd backed local storage", "local ssd"}:
        return Product("local_ssd", "*")
    found = re.fullmatch(r"(\S+)( instance)? local ssd", text)
    series = _series(found[1]) if found else None
    return None if series is None else Product("local_ssd", series)


def _disk(text: str) -> Product | Literal["other"] | None:
    name, capacity, rest = text.partition(" capacity")
    if not capacity or rest or "storage pool" in name or name.endswith(" throughput throughput"):
        return OTHER
    found = _DISKS_CALLED.get(name.removeprefix("regional "))
    if found is None:
        return None
    return Product("disk", f"{found} (regional)" if name.startswith("regional ") else found)


def _address(text: str, group: str) -> Product | Literal["other"]:
    name = _ADDRESSES_CALLED.get(text) if group == "IpAddress" else None
    return OTHER if name is None else Product("address", name)
