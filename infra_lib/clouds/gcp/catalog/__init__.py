"""What Compute Engine offers and costs: machine types, accelerators, zones and prices.

The facts are tables beside this module, read when first asked for. They age: a `Catalog` of
your own adds to them or corrects them, and is given to the machines that need it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import cache

from attrs import field

from infra_lib.model import check
from infra_lib.model.errors import alike, field_error, nearest
from nixgen.frozen import frozen

MACHINE_TYPES_AS_OF = "2026-07-01"
MACHINE_TYPES_SOURCE = (
    "gcloud compute machine-types list, as kept by Cyclenerd/google-cloud-pricing-cost-calculator"
)
PRICES_AS_OF = "2024-06-26"
PRICES_SOURCE = "doitintl/gcpinstances.info"
ACCELERATORS_AS_OF = "2026"
ACCELERATORS_SOURCE = "skypilot-org/skypilot-catalog"

# How the tables' own names are, and the generations in `AcceleratorType.architecture`.
_NAME = re.compile(r"[a-z][-a-z0-9]*")
_REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
ZONE = re.compile(rf"({_REGION.pattern})-[a-z0-9]+")  # a group for the region
_HUGE = 1e9
_GENERATION = re.compile(r"[a-z]+")


def _counts(value: Mapping[int, int]) -> Mapping[int, int]:
    return check.frozen_mapping(value)


def _matching(where: str, field: str, value: object, rule: re.Pattern[str], accepted: str) -> None:
    if not isinstance(value, str) or not rule.fullmatch(value):
        raise field_error(where, field, value, f"{accepted} is accepted")


@frozen
class AcceleratorType:
    """A GPU as Compute Engine names it.

    Attributes:
        name: The accelerator type: "nvidia-tesla-t4".
        label: What people call it: "T4".
        architecture: NVIDIA's name of the generation, in lower case: "turing".
        memory_gb: Memory of one GPU in GB.
        max_vcpus: For a GPU that is attached to an N1 machine: the counts that may be attached,
            each with the most vCPUs the machine may have. Empty for a GPU that only comes with a
            machine type (https://cloud.google.com/compute/docs/gpus#n1-gpus).
        compute_capability: What CUDA code for it is built for, "7.5"
            (https://developer.nvidia.com/cuda-gpus); None when nobody says. A GPU older than
            Turing needs it: nixpkgs builds for newer ones unless told.

    Raises:
        FleetError: When a field cannot be.
    """

    name: str
    label: str
    architecture: str
    memory_gb: int
    max_vcpus: Mapping[int, int] = field(factory=dict, converter=_counts, hash=False)
    compute_capability: str | None = None

    def __attrs_post_init__(self) -> None:
        where = f"accelerator type {self.name!r}"
        _matching(where, "name", self.name, _NAME, 'a name such as "nvidia-tesla-t4"')
        check.text(where, "label", self.label)
        generation = 'a generation in lower case such as "turing"'
        _matching(where, "architecture", self.architecture, _GENERATION, generation)
        check.whole(where, "memory_gb", self.memory_gb, "GB", least=1)
        if not isinstance(self.max_vcpus, Mapping):
            raise field_error(where, "max_vcpus", self.max_vcpus, "a mapping is accepted: {1: 48}")
        for count, vcpus in self.max_vcpus.items():
            check.whole(where, "max_vcpus", count, "GPUs", least=1)
            check.whole(where, f"max_vcpus[{count}]", vcpus, "vCPUs", least=1)
        if self.compute_capability is not None:
            check.compute_capability(where, "compute_capability", self.compute_capability)

    @property
    def open_kernel_module(self) -> bool:
        """Whether NVIDIA's open kernel module drives it: Turing and later."""
        return self.architecture not in {"kepler", "maxwell", "pascal", "volta"}


@frozen
class MachineType:
    """A machine type.

    Attributes:
        name: Its name: "n1-standard-8".
        vcpus: Number of vCPUs.
        memory_gib: Memory in GiB.
        shared_core: Whether its vCPUs share a core with others (e2-micro, f1-micro).
        accelerator: The accelerator type that comes with it, if one does: "nvidia-l4".
        accelerator_count: How many of them.
        local_ssd_gib: GiB of the Local SSDs that come with it; 0 for none, or as many as nobody
            says here.

    Raises:
        FleetError: When a field cannot be, or the name says that GPUs come with the machine type
            and the fields do not.
    """

    name: str
    vcpus: int
    memory_gib: float
    shared_core: bool = False
    accelerator: str | None = None
    accelerator_count: int = 0
    local_ssd_gib: int = 0

    def __attrs_post_init__(self) -> None:
        where = f"machine type {self.name!r}"
        _matching(where, "name", self.name, _NAME, 'a name such as "n1-standard-8"')
        check.whole(where, "vcpus", self.vcpus, "vCPUs", least=1)
        if not _is_amount(self.memory_gib) or self.memory_gib == 0:
            raise field_error(where, "memory_gib", self.memory_gib, "a number of GiB is accepted")
        check.boolean(where, "shared_core", self.shared_core)
        if self.accelerator is not None:
            name = 'a name such as "nvidia-l4"'
            _matching(where, "accelerator", self.accelerator, _NAME, name)
        least, most = (0, 0) if self.accelerator is None else (1, check.MOST)
        check.whole(
            where, "accelerator_count", self.accelerator_count, "GPUs", least=least, most=most
        )
        check.whole(where, "local_ssd_gib", self.local_ssd_gib, "GiB", least=0)
        self._check_named(where)

    def _check_named(self, where: str) -> None:
        """Check that there is what the name says: a machine without its GPUs would be on."""
        if _with_tpus(self.name):
            if self.accelerator is not None:
                accepted = "this series comes with TPUs, which are no GPUs: leave it out"
                raise field_error(where, "accelerator", self.accelerator, accepted)
        elif _with_gpus(self.name) and self.accelerator is None:
            accepted = (
                "GPUs come with this series: say which and how many, "
                'accelerator="nvidia-…", accelerator_count=…'
            )
            raise field_error(where, "accelerator", self.accelerator, accepted)

    @property
    def family(self) -> str:
        """The series: "n1" of "n1-standard-8"."""
        return self.name.partition("-")[0]

    @property
    def accelerated(self) -> bool:
        """Whether it comes with GPUs or TPUs, or may, being of a series that nobody knows here."""
        return (
            self.accelerator is not None
            or _with_tpus(self.name)
            or not _without_accelerators(self.name)
        )

    @property
    def local_ssds(self) -> bool:
        """Whether Local SSDs come with it: its name says so, or `local_ssd_gib` does."""
        return self.local_ssd_gib > 0 or _with_local_ssds(self.name)


def blank_machine_type(name: str) -> str:
    """Return how a machine type of that name is described in Python, with … for what to fill in.

    Empty for a name that none has.
    """
    if not _NAME.fullmatch(name):
        return ""
    fields = ["vcpus=…", "memory_gib=…"]
    if _with_gpus(name):
        fields += ["accelerator=…", "accelerator_count=…"]
    return f"MachineType({name!r}, {', '.join(fields)})"


def blank_accelerator_type(name: str, *, attached: bool) -> str:
    """Return how a GPU of that name is described, as `blank_machine_type` does.

    Args:
        name: The accelerator type.
        attached: Whether it is one that attaches to a machine.
    """
    if not _NAME.fullmatch(name):
        return ""
    fields = ["label=…", "architecture=…", "memory_gb=…", *(["max_vcpus=…"] if attached else [])]
    return f"AcceleratorType({name!r}, {', '.join(fields)})"


def blank_zone(name: str, accelerators: tuple[str, ...] = ()) -> str:
    """Return how a zone of that name is described in Python; empty for a name that none has."""
    found = ZONE.fullmatch(name)
    if found is None:
        return ""
    offered = f", accelerators={accelerators!r}" if accelerators else ""
    return f"Zone({name!r}, region={found[1]!r}{offered})"


def may_be_region(name: str) -> bool:
    """Whether a region may have that name: us-central1, and neither us-central1-a nor us-east-1."""
    return _REGION.fullmatch(name) is not None


@frozen
class Zone:
    """A zone.

    Attributes:
        name: Its name: "us-central1-c".
        region: The region it lies in: "us-central1".
        accelerators: The accelerator types it offers.

    Raises:
        FleetError: When a field cannot be, or the name is not in the region.
    """

    name: str
    region: str
    accelerators: tuple[str, ...] = field(default=(), converter=check.strings)

    def __attrs_post_init__(self) -> None:
        where = f"zone {self.name!r}"
        _matching(where, "region", self.region, _NAME, 'a region such as "us-central1"')
        example = f'a name such as "{self.region}-a"'
        _matching(where, "name", self.name, _NAME, example)
        if not self.name.startswith(f"{self.region}-"):
            raise field_error(where, "name", self.name, f"{example} is accepted")
        check.words(where, "accelerators", self.accelerators, '"nvidia-l4"')


@frozen
class Price:
    """What a machine type costs in a region, or one GPU in a zone.

    Attributes:
        name: The machine type, or an accelerator type that is attached to N1 machines: the price
            of a machine type that comes with GPUs has them in it.
        location: The region (machine type) or zone (accelerator type); "*" for everywhere.
        usd_per_hour: USD per hour on demand; None when unknown.
        usd_per_hour_spot: USD per hour as a Spot VM; None when unknown.

    Raises:
        FleetError: When a field cannot be.
    """

    name: str
    location: str
    usd_per_hour: float | None
    usd_per_hour_spot: float | None = None

    def __attrs_post_init__(self) -> None:
        where = f"price of {self.name!r}"
        _matching(where, "name", self.name, _NAME, "a machine type or an accelerator type")
        if self.location != "*":
            _matching(where, "location", self.location, _NAME, 'a region, a zone or "*"')
        for name in ("usd_per_hour", "usd_per_hour_spot"):
            usd = getattr(self, name)
            if usd is not None and not _is_amount(usd):
                raise field_error(
                    where, name, usd, "USD per hour, or None when unknown, is accepted"
                )


def _with_gpus(name: str) -> bool:
    """Whether a machine type's name says that GPUs come with it.

    Series a and g have them, but for g1, which shares a core:
    https://cloud.google.com/compute/docs/machine-resource.
    """
    return "gpu" in name or (_is_series(name, "ag") and not name.startswith("g1-"))


def _with_tpus(name: str) -> bool:
    """Whether a machine type's name says that TPUs come with it: ct5lp-hightpu-4t, tpu7x-….

    See https://cloud.google.com/kubernetes-engine/docs/concepts/plan-tpus.
    """
    return "tpu" in name or (name.startswith("ct") and name[2:3].isdigit())


def _without_accelerators(name: str) -> bool:
    """Whether a machine type is of a series that is known to have no accelerators."""
    return _is_series(name, "cefhmntxz") or name.startswith(("g1-", "custom-"))


def _with_local_ssds(name: str) -> bool:
    """Whether a machine type's name says that Local SSDs come with it.

    See https://cloud.google.com/compute/docs/disks/local-ssd#lssd_disks_fixed.
    """
    series = ("a2-ultragpu-", "a3-", "a4-", "a4x-", "z3-")
    return "nolssd" not in name and ("lssd" in name or name.startswith(series))


def _is_series(name: str, letters: str) -> bool:
    """Whether a machine type is of a series of one of these letters: n and 2 in n2d-standard-8."""
    return name[0] in letters and name[1:2].isdigit()


def _words(text: str) -> set[str]:
    """Return the words that a GPU is called by, in lower case; 80, 80g and 80GB are 80gb."""
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {re.sub(r"^([0-9]+)g?b?$", r"\1gb", word) for word in words}


def _is_amount(value: object) -> bool:
    """Whether something is a number that an amount can be: finite and not below zero."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= _HUGE


# Attachable counts and vCPU limits: https://cloud.google.com/compute/docs/gpus#n1-gpus
# Compute capabilities: https://developer.nvidia.com/cuda-gpus and …/cuda-legacy-gpus
_ACCELERATORS = {
    accelerator.name: accelerator
    for accelerator in (
        AcceleratorType("nvidia-tesla-t4", "T4", "turing", 16, {1: 48, 2: 48, 4: 96}, "7.5"),
        AcceleratorType("nvidia-tesla-p4", "P4", "pascal", 8, {1: 24, 2: 48, 4: 96}, "6.1"),
        AcceleratorType(
            "nvidia-tesla-v100", "V100", "volta", 16, {1: 12, 2: 24, 4: 48, 8: 96}, "7.0"
        ),
        AcceleratorType("nvidia-tesla-p100", "P100", "pascal", 16, {1: 16, 2: 32, 4: 96}, "6.0"),
        AcceleratorType("nvidia-l4", "L4", "ada", 24, {}, "8.9"),
        AcceleratorType("nvidia-tesla-a100", "A100", "ampere", 40, {}, "8.0"),
        AcceleratorType("nvidia-a100-80gb", "A100 80GB", "ampere", 80, {}, "8.0"),
        AcceleratorType("nvidia-h100-80gb", "H100", "hopper", 80, {}, "9.0"),
        AcceleratorType("nvidia-h100-mega-80gb", "H100 Mega", "hopper", 80, {}, "9.0"),
        AcceleratorType("nvidia-h200-141gb", "H200", "hopper", 141, {}, "9.0"),
    )
}

# Machine types that come with GPUs: https://cloud.google.com/compute/docs/accelerator-optimized-machines
_BUILT_IN = {
    **{f"g2-standard-{vcpus}": ("nvidia-l4", 1) for vcpus in (4, 8, 12, 16, 32)},
    "g2-standard-24": ("nvidia-l4", 2),
    "g2-standard-48": ("nvidia-l4", 4),
    "g2-standard-96": ("nvidia-l4", 8),
    **{f"a2-highgpu-{count}g": ("nvidia-tesla-a100", count) for count in (1, 2, 4, 8)},
    "a2-megagpu-16g": ("nvidia-tesla-a100", 16),
    **{f"a2-ultragpu-{count}g": ("nvidia-a100-80gb", count) for count in (1, 2, 4, 8)},
    **{f"a3-highgpu-{count}g": ("nvidia-h100-80gb", count) for count in (1, 2, 4, 8)},
    **dict.fromkeys(("a3-edgegpu-8g", "a3-edgegpu-8g-nolssd"), ("nvidia-h100-80gb", 8)),
    "a3-megagpu-8g": ("nvidia-h100-mega-80gb", 8),
    **dict.fromkeys(("a3-ultragpu-8g", "a3-ultragpu-8g-nolssd"), ("nvidia-h200-141gb", 8)),
}

# A region has zones a, b and c, but for these: https://cloud.google.com/compute/docs/regions-zones
_ZONE_LETTERS = {"us-central1": "abcf", "us-east1": "bcd", "europe-west1": "bcd"}


def _rows(table: str) -> list[list[str]]:
    """Read a table beside this module: no field holds a comma or a quote."""
    with open(os.path.join(os.path.dirname(__file__), table), encoding="utf-8") as file:  # noqa: PTH118, PTH120, PTH123 - pathlib costs start-up
        next(file)
        return [line.rstrip("\n").split(",") for line in file]


@cache
def _prices(table: str) -> dict[tuple[str, str], list[str]]:
    """Prices as they stand in a table, by name and place: [on demand, spot], "" for unknown."""
    return {(name, place): prices for name, place, *prices in _rows(table)}


@cache
def _machine_types() -> dict[str, MachineType]:
    # a3-edgegpu and a3-ultragpu have no price in the source, and so no Local SSDs there. They come
    # with some: https://cloud.google.com/compute/docs/disks/add-local-ssd. How many is not
    # known for sure.
    return {row[0]: _machine_type(*row) for row in _rows("machine_types.csv")}


def _machine_type(name: str, vcpus: str, shared: str, memory: str, local_ssd: str) -> MachineType:
    accelerator, count = _BUILT_IN.get(name, (None, 0))
    return MachineType(
        name,
        int(vcpus),
        float(memory),
        shared == "true",
        accelerator,
        count,
        int(local_ssd),
    )


@cache
def _zones() -> dict[str, Zone]:
    offered: dict[str, list[str]] = {}
    for accelerator, zone in _prices("accelerator_zones.csv"):
        offered.setdefault(zone, []).append(accelerator)
    names = {
        f"{region}-{letter}": region
        for region in {region for _, region in _prices("prices.csv")}
        for letter in _ZONE_LETTERS.get(region, "abc")
    }
    names |= {zone: zone.rpartition("-")[0] for zone in offered}
    return {
        name: Zone(name, names[name], tuple(sorted(offered.get(name, ()))))
        for name in sorted(names)
    }


def _machine_type_entries(value: Iterable[MachineType]) -> tuple[MachineType, ...]:
    return check.in_order(value)


def _accelerator_type_entries(value: Iterable[AcceleratorType]) -> tuple[AcceleratorType, ...]:
    return check.in_order(value)


def _zone_entries(value: Iterable[Zone]) -> tuple[Zone, ...]:
    return check.in_order(value)


def _price_entries(value: Iterable[Price]) -> tuple[Price, ...]:
    return check.in_order(value)


@frozen
class Catalog:
    """The catalogue, with what you know better: your entries win over the built-in ones.

    `Catalog(machine_types=(MachineType("c4-standard-8", vcpus=8, memory_gib=30),))` is the way to
    use a machine type that the tables do not know yet; give it to `GcpMachine(catalog=…)`.

    Attributes:
        machine_types: Further machine types.
        accelerator_types: Further accelerator types.
        zones: Further zones, or zones that have come to offer other accelerators.
        prices: Further prices, of types and places that the catalogue knows, with your entries.
            The most particular wins: one for the very location, then one for "*", then the
            built-in one.

    Raises:
        FleetError: When an entry is given twice, or a price is one that nothing would look up.
    """

    machine_types: tuple[MachineType, ...] = field(default=(), converter=_machine_type_entries)
    accelerator_types: tuple[AcceleratorType, ...] = field(
        default=(), converter=_accelerator_type_entries
    )
    zones: tuple[Zone, ...] = field(default=(), converter=_zone_entries)
    prices: tuple[Price, ...] = field(default=(), converter=_price_entries)

    def __attrs_post_init__(self) -> None:
        where = "catalog"
        check.each(where, "machine_types", self.machine_types, MachineType, "MachineType(…)")
        check.each(
            where,
            "accelerator_types",
            self.accelerator_types,
            AcceleratorType,
            "AcceleratorType(…)",
        )
        check.each(where, "zones", self.zones, Zone, "Zone(…)")
        check.each(where, "prices", self.prices, Price, "Price(…)")
        for field_name in ("machine_types", "accelerator_types", "zones"):
            check.unique(where, field_name, (entry.name for entry in getattr(self, field_name)))
        check.unique(where, "prices", (f"{item.name} in {item.location}" for item in self.prices))
        for price in self.prices:
            _check_place(self, price)

    def machine_type(self, name: str) -> MachineType | None:
        """Return the machine type of that name, None when it is not known."""
        own = {item.name: item for item in self.machine_types}
        return own.get(name) or _machine_types().get(name)

    def accelerator_type(self, name: str) -> AcceleratorType | None:
        """Return the accelerator type of that name, None when it is not known."""
        own = {item.name: item for item in self.accelerator_types}
        return own.get(name) or _ACCELERATORS.get(name)

    def accelerator_types_meant(self, said: str) -> tuple[AcceleratorType, ...]:
        """Return the accelerator types that a name of people's may mean: "T4", "A100 80GB".

        Of the same letters and digits as its name, it means that type. Otherwise a type may be
        meant when its model, the first word of its label, is among the words; of several, those
        that have the most of the words, in their name, label or memory ("80gb").
        """
        known = self.all_accelerator_types()
        if same := alike(said, known):
            return tuple(known[name] for name in same)
        words = _words(said)
        shared = {
            item: len(words & _words(f"{item.name} {item.label} {item.memory_gb}"))
            for item in known.values()
            if item.label.partition(" ")[0].lower() in words
        }
        most = max(shared.values(), default=0)
        return tuple(item for item, count in shared.items() if count == most)

    def machine_types_with(self, accelerator_type: str) -> tuple[str, ...]:
        """Return the machine types that come with an accelerator type; empty for none."""
        return tuple(
            item.name
            for item in self.all_machine_types().values()
            if item.accelerator == accelerator_type
        )

    def zone(self, name: str) -> Zone | None:
        """Return the zone of that name, None when it is not known."""
        own = {item.name: item for item in self.zones}
        return own.get(name) or _zones().get(name)

    def all_machine_types(self) -> dict[str, MachineType]:
        """Return every machine type by name."""
        return _machine_types() | {item.name: item for item in self.machine_types}

    def all_accelerator_types(self) -> dict[str, AcceleratorType]:
        """Return every accelerator type by name."""
        return _ACCELERATORS | {item.name: item for item in self.accelerator_types}

    def all_zones(self) -> dict[str, Zone]:
        """Return every zone by name."""
        return _zones() | {item.name: item for item in self.zones}

    def regions(self) -> tuple[str, ...]:
        """Return every region, sorted."""
        return tuple(sorted({zone.region for zone in self.all_zones().values()}))

    def zones_offering(self, accelerator_type: str) -> tuple[str, ...]:
        """Return the zones that offer an accelerator type, sorted; empty when none is known."""
        return tuple(
            name
            for name, zone in sorted(self.all_zones().items())
            if accelerator_type in zone.accelerators
        )

    def machine_price(self, machine_type: str, region: str) -> Price:
        """Return what a machine type costs in a region, built-in GPUs included."""
        return self._price(machine_type, region, "prices.csv")

    def accelerator_price(self, accelerator_type: str, zone: str) -> Price:
        """Return what one attached GPU costs in a zone."""
        return self._price(accelerator_type, zone, "accelerator_zones.csv")

    def _price(self, name: str, location: str, table: str) -> Price:
        own = {item.location: item for item in self.prices if item.name == name}
        for place in (location, "*"):
            if place in own:
                return own[place]
        cells = _prices(table).get((name, location), ["", ""])
        return Price(name, location, *(float(cell) if cell else None for cell in cells))


def did_you_mean(meant: Iterable[AcceleratorType]) -> str:
    """Return the end of a message that asks for accelerator types by name; empty for none."""
    names = " or ".join(repr(item.name) for item in meant)
    return f" (did you mean {names}?)" if names else ""


def _check_place(catalog: Catalog, price: Price) -> None:
    """Check that a price is of something that is priced, in the kind of place that it has one for.

    Any other would never be looked up.
    """
    where = f"price of {price.name!r}"
    accelerator = catalog.accelerator_type(price.name)
    places: Iterable[str]
    if accelerator is None:
        machine_types = catalog.all_machine_types()
        if price.name not in machine_types:
            near = did_you_mean(catalog.accelerator_types_meant(price.name)) or nearest(
                price.name, {*machine_types, *catalog.all_accelerator_types()}
            )
            accepted = "a machine type or an accelerator type of the catalogue, yours included"
            raise field_error(where, "name", price.name, f"{accepted}{near}")
        kind, example, places = "a machine type", "region", catalog.regions()
    else:
        if not accelerator.max_vcpus:
            holders = catalog.machine_types_with(price.name)
            accepted = "only comes with a machine type, whose price has it in it"
            example = f": {', '.join(sorted(holders)[:3])}" if holders else ""
            raise field_error(where, "name", price.name, f"{accepted}{example}")
        kind, example, places = "an accelerator type", "zone", catalog.all_zones()
    if price.location != "*" and price.location not in places:
        near = nearest(price.location, places)
        accepted = f'{kind} has its price in a {example} of the catalogue, or in "*"'
        raise field_error(where, "location", price.location, f"{accepted}{near}")


CATALOG = Catalog()
