"""The GPUs that Compute Engine has, and what follows from each for drivers and CUDA.

https://docs.cloud.google.com/compute/docs/gpus lists them, with their memory: of the GPU, without
what its machine has beside it. More about each: what attaches to N1 machines, and the limits of
vCPUs, https://docs.cloud.google.com/compute/docs/gpus#n1-gpus; compute capabilities,
https://developer.nvidia.com/cuda-gpus, and …/cuda-legacy-gpus for what is older than Turing;
NVSwitches, https://docs.nvidia.com/datacenter/tesla/fabric-manager-user-guide.

A name that ends in "-vws" is the same GPU with a licence of NVIDIA's for virtual workstations.
nixpkgs' driver computes on one; graphics need a driver that nixpkgs does not have:
https://docs.cloud.google.com/compute/docs/gpus/install-grid-drivers. Those of L4 and RTX PRO 6000
take the place of what comes with a machine type, and are not here.
"""

from __future__ import annotations

from infra_lib.clouds.gcp.catalog.entries import AcceleratorType

_T4 = {1: 48, 2: 48, 4: 96}
_P4 = {1: 24, 2: 48, 4: 96}
_P100 = {1: 16, 2: 32, 4: 96}
_V100 = {1: 12, 2: 24, 4: 48, 8: 96}

ACCELERATORS = {
    accelerator.name: accelerator
    for accelerator in (
        AcceleratorType("nvidia-tesla-t4", "T4", "turing", 16, _T4, "7.5"),
        AcceleratorType("nvidia-tesla-p4", "P4", "pascal", 8, _P4, "6.1"),
        AcceleratorType("nvidia-tesla-v100", "V100", "volta", 16, _V100, "7.0"),
        AcceleratorType("nvidia-tesla-p100", "P100", "pascal", 16, _P100, "6.0"),
        AcceleratorType("nvidia-tesla-t4-vws", "vWS T4", "turing", 16, _T4, "7.5"),
        AcceleratorType("nvidia-tesla-p4-vws", "vWS P4", "pascal", 8, _P4, "6.1"),
        AcceleratorType("nvidia-tesla-p100-vws", "vWS P100", "pascal", 16, _P100, "6.0"),
        AcceleratorType("nvidia-l4", "L4", "ada", 24, {}, "8.9"),
        AcceleratorType("nvidia-rtx-pro-6000", "RTX PRO 6000", "blackwell", 96, {}, "12.0"),
        AcceleratorType("nvidia-tesla-a100", "A100", "ampere", 40, {}, "8.0", 2),
        AcceleratorType("nvidia-a100-80gb", "A100 80GB", "ampere", 80, {}, "8.0", 2),
        AcceleratorType("nvidia-h100-80gb", "H100", "hopper", 80, {}, "9.0", 3),
        AcceleratorType("nvidia-h100-mega-80gb", "H100 Mega", "hopper", 80, {}, "9.0", 3),
        AcceleratorType("nvidia-h200-141gb", "H200", "hopper", 141, {}, "9.0", 3),
        AcceleratorType("nvidia-b200", "B200", "blackwell", 180, {}, "10.0", 4),
        AcceleratorType("nvidia-gb200", "GB200", "blackwell", 186, {}, "10.0", 4),
        AcceleratorType("nvidia-gb300", "GB300", "blackwell", 279, {}, "10.3", 4),
    )
}
