"""The GPUs of a machine on Compute Engine."""

from __future__ import annotations

from attrs import field

from infra_lib.model.errors import shown
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import check_whole, valid


@frozen
class Gpu:
    """GPUs of one machine.

    Attributes:
        type: The accelerator type, as Compute Engine names it: "nvidia-tesla-t4".
        count: How many.

    Raises:
        FleetError: When the count is not a whole number from 1 on.
    """

    type: str
    count: int = field(default=1, validator=valid(check_whole, "GPUs", least=1))

    @property
    def _where(self) -> str:
        return f"gpu {shown(self.type)}"
