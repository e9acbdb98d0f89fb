"""The GPUs of a machine on Compute Engine."""

from __future__ import annotations

from attrs import field

from infra_lib.model.errors import field_error, shown
from infra_lib.model.frozen import frozen
from infra_lib.model.gpu_count import check_gpu_count, is_part
from infra_lib.model.validators import valid


@frozen
class Gpu:
    """GPUs of one machine.

    Attributes:
        type: The accelerator type, as Compute Engine names it: "nvidia-tesla-t4".
        count: How many; 0.5, 0.25 or 0.125 for a part of one, with a machine type that comes with
            it (g4-standard-24, -12 and -6).

    Raises:
        FleetError: When the count is neither a whole number from 1 on nor one of these parts.
    """

    type: str
    count: float = field(default=1, validator=valid(check_gpu_count))

    def __hash__(self) -> int:
        return hash((self.type, self.count))

    @property
    def _where(self) -> str:
        return f"gpu {shown(self.type)}"

    @property
    def is_part(self) -> bool:
        """Whether it is a part of a GPU, which NVIDIA calls a vGPU."""
        return is_part(self.count)


def check_vgpu(where: str, gpu: Gpu, service_account: object) -> None:
    """Check that a machine with a part of a GPU has an identity: the GPU's driver wants to see it.

    The rule: https://docs.cloud.google.com/compute/docs/gpus/create-gpu-vm-g-series

    Args:
        where: What to call the machine.
        gpu: Its GPU.
        service_account: The identity of programs on it; None for none.

    Raises:
        FleetError: When it has none.
    """
    if gpu.is_part and service_account is None:
        accepted = (
            "a machine with a part of a GPU has one, by which Compute Engine knows its vGPU "
            'driver: ServiceAccount("…@….iam.gserviceaccount.com")'
        )
        raise field_error(where, "service_account", service_account, accepted)
