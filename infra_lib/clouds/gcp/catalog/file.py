"""The file that a catalogue is kept in: the built-in one beside this module, and yours.

JSON, with one entry a line, sorted, so that a difference of two is readable. It has sections, each
of which may be left out; one that is there replaces the built-in section of that name as a whole,
for facts of two days do not mix. Each says from where and from when it is:

    {
    "machine_types": {"as_of": "2026-07-01", "source": "gcloud compute machine-types list",
      "machine_types": {"n2-standard-2": {"vcpus": 2, "memory_gib": 8}, …}},
    "zones": {"as_of": …, "source": …,
      "zones": {"us-central1-c": ["nvidia-tesla-t4"], "us-central2-a": []}},
    "machine_prices": {"as_of": …, "source": …,
      "rates": {"n2": {"us-central1": [0.031611, 0.004237, 0.0126, 0.0017]}},
      "extended_memory": {"n2": {"us-central1": [0.009550, 0.00291]}},
      "local_ssd": {"*": {"us-central1": [0.08, 0.0428]}, "c4": …},
      "machine_types": {"g2-standard-4": {"us-central1": [0.706832, 0.397336]}}},
    "accelerator_prices": {"as_of": …, "source": …,
      "accelerators": {"nvidia-tesla-t4": {"us-central1": [0.35, 0.175]}}},
    "disk_prices": {"as_of": …, "source": …,
      "disks": {"pd-ssd": {"us-central1": 0.17}}},
    "address_prices": {"as_of": …, "source": …,
      "addresses": {"us-central1": [0.005, 0.01]}},
    "discounts": {"as_of": …, "source": …,
      "sustained_use": {"n1": [1, 0.8, 0.6, 0.4]},
      "committed_use": {"n1": [0.63, 0.45]},
      "custom_premium": {"n1": 0.05}}
    }

Prices are in USD. A price is on demand, as a Spot VM, and under a commitment of one and of three
years, in this order; null stands for an unknown one, and those at the end of a list may be left
out.

- `machine_types`: `vcpus` and `memory_gib`, and the other fields of `MachineType` where they are
  not their defaults; and `billed_vcpus` where it is not `vcpus` that is paid for (an e2-micro
  shares its two, and pays for a quarter of one).
- `zones`: every zone, with the accelerator types that it offers.
- `rates`: what a vCPU and a GiB of memory cost per hour, in pairs: [vcpu, gib, vcpu as a Spot VM,
  gib as a Spot VM, …]. Their name is that of a series, or what names of machine types begin with:
  of "a3-megagpu-8g", "a3-megagpu" and "a3", the longest counts. A custom machine type is of
  "n2-custom" (that of N1 is of "n1-custom").
- `extended_memory`: a GiB per hour beyond what a custom machine type has without `-ext`, by series.
- `local_ssd`: a GiB of Local SSD per month of 730 hours, by series; "*" is for every other one.
- `machine_types` of `machine_prices`: a whole machine type per hour, with its GPUs and Local SSDs.
  It wins over what rates would give, which is: vCPUs and memory at their rates, GPUs that come with
  the machine type at `accelerators`, Local SSDs at `local_ssd`, unknown where one of these is. The
  region "*" stands for every other one: {"*": []} says that nobody knows the price anywhere.
- `accelerators`: one GPU per hour, by region.
- `disks`: a GiB of a disk per month of 730 hours; "pd-ssd (regional)" is one in two zones.
- `addresses`: an external IPv4 address per hour, [used by a machine, by none].
- `sustained_use`: what part of the price on demand is paid in each quarter of a month that a
  machine type, or a GPU attached to one, runs. Named as rates are; all is paid where none is.
- `committed_use`: what part of it is paid under a commitment of one and of three years, where no
  price above says it; [] where there is no commitment. Named as rates are.
- `custom_premium`: what custom machine types of a series cost more than its predefined ones, as a
  part of their rates, where no rates of their own say it: on demand, and, under a commitment, as a
  part of the rates under one of three years.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.catalog_file import CatalogFile, Section, Table, check_names
from infra_lib.clouds.gcp.catalog.entries import (
    ACCELERATOR,
    MACHINE_TYPE,
    PRICED_DISK,
    REGION,
    ZONE,
    MachineType,
    is_amount,
)
from infra_lib.model.errors import FleetError, field_error

if TYPE_CHECKING:
    from infra_lib.clouds.catalog_file import Check

# What a machine type has, in this order.
_MACHINE_TYPE = (
    *("vcpus", "billed_vcpus", "memory_gib", "shared_core", "accelerator", "accelerator_count"),
    *("local_ssd_gib", "obsolete"),
)


def _prices(most: int) -> Check:
    """Return a check of a list of prices."""

    def check_prices(where: str, field: str, value: Any) -> None:
        amounts = isinstance(value, list) and all(each is None or is_amount(each) for each in value)
        if not amounts or len(value) > most:
            accepted = f"a list of up to {most} amounts of USD is wanted, null for what is unknown"
            raise field_error(where, field, value, accepted)

    return check_prices


def _check_price(where: str, field: str, value: Any) -> None:
    if value is not None and not is_amount(value):
        raise field_error(where, field, value, "an amount of USD is wanted, or null")


def _check_part(where: str, field: str, value: Any) -> None:
    if not is_amount(value) or value > 1:
        raise field_error(where, field, value, "a part of a price, from 0 to 1, is wanted")


def _check_parts(*counts: int) -> Check:
    """Return a check of a list of parts of a price."""

    def check_parts(where: str, field: str, value: Any) -> None:
        if not isinstance(value, list) or len(value) not in counts:
            many = " or ".join(map(str, sorted(set(counts))))
            raise field_error(where, field, value, f"a list of {many} parts of a price is wanted")
        for part in value:
            _check_part(where, field, part)

    return check_parts


def _check_machine_type(where: str, field: str, value: Any) -> None:
    if not isinstance(value, dict):
        raise field_error(where, field, value, "an object is wanted")
    check_names(where, f"{field}.", value, _MACHINE_TYPE)
    billed = value.get("billed_vcpus", 1)
    if not is_amount(billed) or not {"vcpus", "memory_gib"} <= value.keys():
        raise field_error(where, field, value, "vcpus and memory_gib are wanted, as numbers")
    fields = {key: each for key, each in value.items() if key != "billed_vcpus"}
    try:
        MachineType(field.rpartition(".")[2], **fields)
    except FleetError as error:
        raise FleetError(f"{where}: {error}") from None


def _check_offered(where: str, field: str, value: Any) -> None:
    if not isinstance(value, list) or not all(
        isinstance(each, str) and re.fullmatch(ACCELERATOR, each) for each in value
    ):
        raise field_error(where, field, value, 'a list of accelerator types, ["nvidia-l4"]')


_ANY_REGION = rf"{REGION}|\*"
_SERIES = rf"{MACHINE_TYPE}|\*"
_MACHINE_TYPES = Table((MACHINE_TYPE,), _check_machine_type, _MACHINE_TYPE)

FILE = CatalogFile(
    {
        "machine_types": Section({"machine_types": _MACHINE_TYPES}, never_empty=True),
        "zones": Section({"zones": Table((ZONE,), _check_offered)}, never_empty=True),
        "machine_prices": Section(
            {
                "rates": Table((MACHINE_TYPE, REGION), _prices(8)),
                "extended_memory": Table((MACHINE_TYPE, REGION), _prices(4)),
                "local_ssd": Table((_SERIES, REGION), _prices(4)),
                "machine_types": Table((MACHINE_TYPE, _ANY_REGION), _prices(4)),
            }
        ),
        "accelerator_prices": Section({"accelerators": Table((ACCELERATOR, REGION), _prices(4))}),
        "disk_prices": Section({"disks": Table((PRICED_DISK, REGION), _check_price)}),
        "address_prices": Section({"addresses": Table((REGION,), _prices(2))}),
        "discounts": Section(
            {
                "sustained_use": Table((MACHINE_TYPE,), _check_parts(4, 4)),
                "committed_use": Table((MACHINE_TYPE,), _check_parts(0, 2)),
                "custom_premium": Table((MACHINE_TYPE,), _check_part),
            }
        ),
    }
)
"""What such a file holds."""
