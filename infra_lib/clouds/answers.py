"""What a cloud answers with; see `infra_lib.clouds.cloud.Cloud`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from infra_lib.model import gpu_count
from infra_lib.model.bill import Bill
from infra_lib.model.wording import as_subject
from nixgen.expr import Item, Value
from nixgen.frozen import frozen


@frozen
class Summary:
    """A project as whoever looks at the fleet sees it.

    Attributes:
        text: In words: "project example-project in us-central1".
        data: The same as plain data, in a shape that stays.
    """

    text: str
    data: Mapping[str, str]


@frozen
class Place:
    """Where on Earth a region, or what a cloud has in its stead, is: a town, not a building.

    Attributes:
        name: The town and its country: "Falkenstein, Germany".
        latitude: Degrees north of the equator; south of it below 0.
        longitude: Degrees east of Greenwich; west of it below 0.
    """

    name: str
    latitude: float
    longitude: float


@frozen(kw_only=True)
class Nixos:
    """What the NixOS configuration of a machine has from its cloud.

    Attributes:
        boot: `boot`, but for ZFS: the boot loader, kernel modules and the console.
        networking: What `networking` has beside the name, the firewall and systemd-networkd:
            time servers, where the cloud has its own.
        uplink: The network interface, `systemd.network.networks."10-uplink"`.
        root_keys: OpenSSH public keys of those who log in as root.
        items: What stands below all this.
        arguments: The arguments of a NixOS module that `items` take, beside `lib`: "pkgs".
        assertions: What has to hold for the configuration to be built: `assertion` and `message`.
    """

    boot: Mapping[str | tuple[str, ...], Value]
    networking: Mapping[str | tuple[str, ...], Value]
    uplink: Value
    root_keys: tuple[str, ...]
    items: tuple[Item, ...] = ()
    arguments: tuple[str, ...] = ()
    assertions: tuple[Value, ...] = ()


@frozen(kw_only=True)
class Handling:
    """What to know of a machine that is taken down, or made anew, in sentences.

    Attributes:
        instead: What may be done instead of taking it down, or why not; empty for nothing.
        deleted: What is deleted when it is taken down, and what stays.
        replaced: What is deleted and made when it is made anew.
    """

    instead: str
    deleted: str
    replaced: str


@frozen
class Source:
    """Where facts of a cloud's catalogue come from.

    Attributes:
        of: What they are of, as a sentence starts: "Machine types".
        name: Who has them.
        as_of: From when they are.
    """

    of: str
    name: str
    as_of: str

    @property
    def text(self) -> str:
        """All three, for people."""
        return f"{self.of}: {self.name}, as of {self.as_of}"

    @property
    def data(self) -> dict[str, str]:
        """The source and its date as plain data, in a shape that stays."""
        return {"as_of": self.as_of, "source": self.name}


def sources_text(sources: Iterable[Source]) -> Iterator[str]:
    """Yield sources for people, in a sentence for all that is of one source and day."""
    of: dict[tuple[str, str], list[str]] = {}
    for source in sources:
        of.setdefault((source.name, source.as_of), []).append(source.of)
    for (name, as_of), things in of.items():
        yield f"{as_subject(things)}: {name}, as of {as_of}."


@frozen(kw_only=True)
class GpuOffer:
    """A machine type with GPUs, where it can be had, and what it costs there.

    Attributes:
        cloud: The name of its cloud, a key of `infra_lib.clouds.all_clouds.CLOUDS`.
        machine_type: What the cloud calls it.
        vcpus: Its vCPUs.
        memory_gib: Its memory in GiB.
        gpu_type: What the cloud calls its GPUs: "nvidia-tesla-t4".
        gpu_model: What people call them: "T4".
        gpu_count: How many there are; 0.5 for a half of one.
        gpu_memory_gb: The memory of one of them in GB, or of the part that there is of one; None
            when it is not known.
        attached: Whether they are added to the machine type, which stands for all that take them;
            otherwise they come with it.
        region: Where it is; None when nobody knows.
        zones: The zones of the region that have it at this price; empty when nobody knows which.
        bill: What it costs, without disks, addresses and traffic.
    """

    cloud: str
    machine_type: str
    vcpus: int
    memory_gib: float
    gpu_type: str
    gpu_model: str
    gpu_count: float
    gpu_memory_gb: float | None
    attached: bool
    region: str | None
    zones: tuple[str, ...]
    bill: Bill

    @property
    def gpu_label(self) -> str:
        """Its GPUs as people say it: "1x T4"."""
        return gpu_count.label(self.gpu_count, self.gpu_model)

    @property
    def all_gpu_memory_gb(self) -> float | None:
        """The memory of all its GPUs in GB; None when it is not known."""
        return None if self.gpu_memory_gb is None else self.gpu_memory_gb * max(self.gpu_count, 1)

    def price(self, *, spot: bool) -> float | None:
        """Return USD per hour, as a Spot VM or on demand; None when unknown."""
        return (self.bill.as_spot if spot else self.bill.on_demand).usd


def by_price(offers: Iterable[GpuOffer], *, spot: bool = False) -> list[GpuOffer]:
    """Return offers, the cheapest first and those of unknown price last.

    Those of one price are in the order of their names, so that no order is left to chance.

    Args:
        offers: The offers.
        spot: Whether the price as a Spot VM counts, and not that on demand.
    """

    def order(offer: GpuOffer) -> tuple[bool, float, str, str, float, str]:
        price = offer.price(spot=spot)
        name, region = offer.machine_type, offer.region or "~"
        return price is None, price or 0.0, name, offer.gpu_type, offer.gpu_count, region

    return sorted(offers, key=order)


@frozen(kw_only=True)
class Renewed:
    """What comes of renewing a cloud's catalogue; see `infra_lib.clouds.cloud.Renewal`.

    Attributes:
        text: What the file of a fleet is to hold.
        built_in: The same as it is built in: the text of each file of the folder it is in.
        notes: What is to be known of it, in lines.
    """

    text: str
    built_in: Mapping[str, str]
    notes: tuple[str, ...]


@frozen(kw_only=True)
class Alternatives:
    """What `docs/gpu-costs.md` tells of a cloud, beside the fleet's own machines.

    Attributes:
        region: Where the alternatives are.
        machine_types: The alternatives, the cheapest first.
        note: A sentence on how they are shown.
        stopped: A sentence on what a stopped machine costs.
        sources: Where all this comes from.
        correction: A sentence on how to correct a price.
    """

    region: str
    machine_types: tuple[GpuOffer, ...]
    note: str
    stopped: str
    sources: tuple[Source, ...]
    correction: str
