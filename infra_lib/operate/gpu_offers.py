"""Finding GPUs in every cloud: what can be had where, and what it costs there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.answers import GpuOffer, by_price
from infra_lib.model import gpu_count
from infra_lib.model.errors import field_error, nearest
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from infra_lib.clouds.answers import Source
    from infra_lib.clouds.cloud import Cloud
    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine

_COMMAND = "infra gpus"
_NOT_COUNTED = {"disks", "addresses"}  # in the price of an offer


@frozen
class GpuKind:
    """A kind of GPU.

    Attributes:
        offers: What it can be had in, at least one.
    """

    offers: tuple[GpuOffer, ...]

    @property
    def largest(self) -> GpuOffer:
        """An offer of the most of them: of whole ones, if there are any."""
        return max(self.offers, key=lambda offer: offer.gpu_count)

    @property
    def counts(self) -> list[float]:
        """How many a machine may have."""
        return sorted({offer.gpu_count for offer in self.offers})

    @property
    def regions(self) -> list[str]:
        """The regions that are known to have it."""
        return sorted({offer.region for offer in self.offers if offer.region is not None})

    @property
    def zones(self) -> list[str]:
        """The zones that are known to have it."""
        return sorted({zone for offer in self.offers for zone in offer.zones})

    def cheapest(self, *, spot: bool) -> list[GpuOffer]:
        """Return the offers of the lowest price, on demand or as a Spot VM; empty if none is known.

        Args:
            spot: Whether the price as a Spot VM counts, and not that on demand.
        """
        known = [offer for offer in self.offers if offer.price(spot=spot) is not None]
        least = min((offer.price(spot=spot) or 0.0 for offer in known), default=None)
        return by_price((each for each in known if each.price(spot=spot) == least), spot=spot)


@frozen
class Wish:
    """What somebody wants of offers.

    Attributes:
        said: As it is said: "--count 8".
        grants: Whether an offer has that; None when nobody knows.
        value: What an offer has in that place; None when nobody knows.
        unit: What follows such a value, for people: " GB".
    """

    said: str
    grants: Callable[[GpuOffer], bool | None]
    value: Callable[[GpuOffer], float | str | None]
    unit: str = ""


@frozen
class Found:
    """What is found for wishes.

    Attributes:
        offers: The offers that have all of it, the cheapest first.
        doubtful: Those that may have all of it: nobody knows.
    """

    offers: tuple[GpuOffer, ...]
    doubtful: tuple[GpuOffer, ...]


def all_offers(fleet: Fleet | None) -> list[GpuOffer]:
    """Return every offer of every cloud, by the catalogue of the fleet's machines."""
    return [offer for _, cloud, machines in _clouds(fleet) for offer in cloud.gpu_offers(machines)]


def price_sources(fleet: Fleet | None, offers: Iterable[GpuOffer]) -> dict[str, Source]:
    """Return where the prices of offers come from, by what they are of."""
    offering = {offer.cloud for offer in offers}
    return {
        of: source
        for name, cloud, machines in _clouds(fleet)
        if name in offering
        for of, source in cloud.price_sources(machines).items()
        if of.partition(" ")[0] not in _NOT_COUNTED
    }


def kinds(offers: Iterable[GpuOffer]) -> list[GpuKind]:
    """Return the kinds of GPU among offers, in the order of their first ones."""
    found: dict[tuple[str, str], list[GpuOffer]] = {}
    for offer in offers:
        found.setdefault((offer.cloud, offer.gpu_type), []).append(offer)
    return [GpuKind(tuple(each)) for each in found.values()]


def find(offers: Iterable[GpuOffer], wishes: Sequence[Wish], *, spot: bool = False) -> Found:
    """Return the offers that have all that is wanted, the cheapest first.

    Args:
        offers: The offers.
        wishes: What is wanted.
        spot: Whether the price as a Spot VM counts, and not that on demand.
    """
    granted: list[GpuOffer] = []
    doubtful: list[GpuOffer] = []
    for offer in by_price(offers, spot=spot):
        answers = {wish.grants(offer) for wish in wishes}
        if False not in answers:
            (doubtful if None in answers else granted).append(offer)
    return Found(tuple(granted), tuple(doubtful))


def nothing_text(offers: Sequence[GpuOffer], wishes: Sequence[Wish]) -> str:
    """Return what to say where no offer has all that is wanted, and what there is instead."""
    wanted = " and ".join(wish.said for wish in wishes)
    said = f"nothing is known with {wanted}" if wanted else "no GPU is known"
    for wish in wishes:
        others = find(offers, [other for other in wishes if other is not wish]).offers
        if there := ", ".join(_values(wish, others)):
            said += f"; in place of {wish.said} there is {there}"
    if doubtful := find(offers, wishes).doubtful:
        said += f"; it is not known whether these fit: {names_text(doubtful)}"
    return said


def names_text(offers: Iterable[GpuOffer]) -> str:
    """Return the machine types of offers, with their GPUs: "a4x-highgpu-4g (4x GB200)"."""
    return ", ".join(dict.fromkeys(f"{offer.machine_type} ({offer.gpu_label})" for offer in offers))


def _values(wish: Wish, offers: Iterable[GpuOffer]) -> list[str]:
    """Return what offers have in the place of a wish: numbers by size, all else by price."""
    values = dict.fromkeys(wish.value(offer) for offer in offers)
    numbers = sorted(value for value in values if isinstance(value, (int, float)))
    texts = [value for value in values if isinstance(value, str)]
    return [*(f"{gpu_count.text(number)}{wish.unit}" for number in numbers), *texts]


def gpu_wish(said: str, fleet: Fleet | None, offers: Sequence[GpuOffer]) -> Wish:
    """Return the wish for GPUs that people call so, or for a machine type or a series.

    Raises:
        FleetError: When nothing is called so.
    """
    meant = {
        (name, gpu_type)
        for name, cloud, machines in _clouds(fleet)
        for gpu_type in cloud.gpu_types(machines, said)
    }
    series = f"{said.lower()}-"
    if meant:
        wish = Wish(said, lambda offer: (offer.cloud, offer.gpu_type) in meant, _model)
    else:
        wish = Wish(said, lambda offer: f"{offer.machine_type}-".startswith(series), _model)
        if not any(map(wish.grants, offers)):
            models = dict.fromkeys(offer.gpu_model for offer in by_price(offers))
            types = dict.fromkeys(offer.gpu_type for offer in offers)
            near = nearest(said.upper(), models) or nearest(said.lower(), types)
            near = near or f"; known are {', '.join(models)}"
            raise field_error(_COMMAND, "GPU", said, f"no GPU that is known{near}")
    return wish


def region_wish(said: str, fleet: Fleet | None) -> Wish:
    """Return the wish for a region, or for all that begin so: "us-central1", "europe".

    Raises:
        FleetError: When there is no such region.
    """
    known = {each for _, cloud, machines in _clouds(fleet) for each in cloud.regions(machines)}
    begun = said.lower()
    meant = {begun} & known or {region for region in known if begun and region.startswith(begun)}
    if not meant:
        accepted = 'a region, or how some begin, such as "us-central1" or "europe", is accepted'
        raise field_error(_COMMAND, "--region", said, accepted + nearest(begun, sorted(known)))
    return Wish(
        f"--region {said}",
        lambda offer: None if offer.region is None else offer.region in meant,
        lambda offer: offer.region,
    )


def memory_wish(gb: float) -> Wish:
    """Return the wish for so many GB of memory at least, in one GPU or the part that there is."""
    return Wish(
        f"--memory {gb:g}",
        lambda offer: None if offer.gpu_memory_gb is None else offer.gpu_memory_gb >= gb,
        lambda offer: offer.gpu_memory_gb,
        " GB",
    )


def count_wish(count: float) -> Wish:
    """Return the wish for so many GPUs in a machine, and not more."""
    return Wish(
        f"--count {gpu_count.text(count)}",
        lambda offer: offer.gpu_count == count,
        lambda offer: offer.gpu_count,
    )


def _model(offer: GpuOffer) -> str:
    return offer.gpu_model


def _clouds(
    fleet: Fleet | None,
) -> Iterator[tuple[str, Cloud, tuple[ProvisionedMachine, ...]]]:
    """Yield each cloud with its name, and the fleet's machines there."""
    machines = () if fleet is None else fleet.provisioned
    for name, cloud in CLOUDS.items():
        yield name, cloud, tuple(machine for machine in machines if machine.cloud == name)
