"""What may go wrong in a cloud, as whoever deploys needs to tell it apart."""

from __future__ import annotations

from nixgen.frozen import frozen


@frozen
class Failure:
    """An error that ended a deployment, which nothing here explains further.

    Attributes:
        address: What it is about, as Terraform names it: "google_compute_instance.scheelite".
        text: What Terraform says, in one line.
    """

    address: str
    text: str


@frozen
class NoRoom(Failure):
    """A zone has no capacity for a machine at the moment.

    Attributes:
        zones: The zones that the cloud says have room; empty when it names none.
    """

    zones: tuple[str, ...] = ()


@frozen
class QuotaExceeded(Failure):
    """The project may not have as much of something as it would take.

    Attributes:
        metric: What is limited, "NVIDIA_T4_GPUS"; None when that is not said.
        limit: How much there may be: "0"; None when that is not said.
        where: What the limit is of: "globally", "in region us-central1"; None when not said.
    """

    metric: str | None
    limit: str | None
    where: str | None
