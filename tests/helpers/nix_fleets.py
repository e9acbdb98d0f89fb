"""Fleets that together use every feature of the generated files."""

from typing import Any

from infra_lib import (
    BinaryCache,
    Catalog,
    DataDisk,
    Fleet,
    GcpMachine,
    GcpProject,
    Gpu,
    Machine,
    MachineType,
    Nvidia,
    NvidiaTuning,
    User,
    ZeroTier,
    Zone,
)
from main import fleet as example

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"
CACHE = BinaryCache(
    "https://cache.example.org",
    public_key="cache.example.org-1:74DUi4Ye579gUqzH4ziL9IyiJBlDpMRn9MBN8oNan9M=",
)
HOSTILE = (
    "${builtins.abort \"x\"} ''${y} '' \" \\ $${z} */ # end\n  second line\ttab\r\n'''\\n é 漢 $"
)
PROJECT = GcpProject("example-project", region="us-central1")


def gpu_machine(name: str, gpu: str, count: int = 1, **fields: Any) -> GcpMachine:
    """An N1 machine with attached GPUs."""
    return GcpMachine(
        name, machine_type="n1-standard-8", zone="us-central1-c", gpu=Gpu(gpu, count), **fields
    )


def fleet_of(*machines: Machine, **fields: Any) -> Fleet:
    """A fleet of these machines, in the project of the tests."""
    return Fleet(name="test", domain="example.org", gcp=PROJECT, machines=machines, **fields)


T4 = gpu_machine("scheelite", "nvidia-tesla-t4")
P100 = gpu_machine("pitchblende", "nvidia-tesla-p100")
V100 = gpu_machine("vanadinite", "nvidia-tesla-v100", 4)
L4 = GcpMachine("lorandite", machine_type="g2-standard-4", zone="us-central1-a", enabled=True)
A100 = GcpMachine("anatase", machine_type="a2-highgpu-4g", zone="us-central1-a", spot=True)
CPU = GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b")

FLEETS: dict[str, Fleet] = {
    "example": example,
    "l4": fleet_of(L4, caches=(CACHE,)),
    "a100": fleet_of(
        A100, nvidia=Nvidia(driver="latest", cuda_packages=(), cuda_capabilities=("8.0", "9.0"))
    ),
    "pascal": fleet_of(P100, V100),
    "mixed": fleet_of(P100, T4, modules=("base", "ssh-known-hosts", "nvidia")),
    "several": fleet_of(
        gpu_machine("quartz", "nvidia-tesla-t4", 4, enabled=True),
        gpu_machine("topaz", "nvidia-tesla-t4", 2, enabled=True, stopped=True),
        nvidia=Nvidia(
            cuda_packages=("torch", "vllm", "onnxruntime"),
            cuda_toolkit=True,
            environment=True,
            kernel_params=("pci=realloc", "nvidia.NVreg_EnableGpuFirmware=1"),
            tuning=NvidiaTuning(
                compute_mode="EXCLUSIVE_PROCESS",
                power_limit=60,
                application_clocks=(5001, 1590),
                ecc=False,
            ),
        ),
    ),
    "data-disks": fleet_of(
        GcpMachine(
            "galena",
            machine_type="e2-standard-8",
            zone="us-central1-b",
            data_disks=(DataDisk("ore", size_gb=500), DataDisk("slag", size_gb=10, type="pd-ssd")),
            modules=("postgres",),
            state_version="24.11",
        )
    ),
    "arm": fleet_of(
        GcpMachine(
            "amber",
            machine_type="c4a-standard-1",
            zone="us-central1-z",
            catalog=Catalog(
                machine_types=(MachineType("c4a-standard-1", vcpus=1, memory_gib=4),),
                zones=(Zone("us-central1-z", region="us-central1"),),
            ),
        )
    ),
    "moons": fleet_of(
        Machine("sun", tags=("root",)),
        Machine("io", tags=("leaf",)),
        Machine("mac", machine_class="darwin", target_host="admin@mac.local"),
        zerotier=ZeroTier(
            instance="net",
            controller_tag="root",
            peer_tag="leaf",
            moons={"io": ("192.0.2.1", "2001:db8::1", "192.0.2.2/9994")},
        ),
        users=(
            User("ann", tags=("nixos",), share=False, prompt=False),
            User("bob", groups=("wheel",), machines=("io",), ssh_keys=(f"{KEY} bob", KEY)),
        ),
    ),
    "bare": fleet_of(CPU, modules=()),
    "empty": Fleet(name="empty", domain="zt", machines=()),
    "moved": fleet_of(
        CPU,
        T4,
        caches=(CACHE,),
        files={
            "lib/caches.nix": "nix/data/caches.nix",
            "modules/system/caches.nix": "modules/caches.nix",
            "docs/gpu-costs.md": "costs.md",
            "modules/machines/nixos/galena/disko.nix": None,
        },
    ),
    "dropped": fleet_of(CPU, caches=(CACHE,), files={"lib/caches.nix": None, "flake.nix": None}),
    "hostile": fleet_of(
        Machine("let", description=HOSTILE, tags=("with#", "#")),
        Machine("or", description="''"),
        Machine("null", machine_class="darwin", description="${", target_host="root@[fd00::1]"),
        GcpMachine(
            "inherit",
            machine_type="e2-small",
            zone="us-central1-b",
            description=HOSTILE,
            modules=("lib", "config", "machines/nixos/or", "9", "with"),
        ),
        users=(User("rec", tags=("all",), ssh_keys=(f"{KEY} {HOSTILE.splitlines()[0]}",)),),
    ),
}
