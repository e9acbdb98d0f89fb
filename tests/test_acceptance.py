"""The acceptance criteria of story 7.4, "GPU-capable togglable node", each by its number.

The story provisions with Terranix; here the Terraform is written by `infra_lib.stacks.GcpStack`.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from infra_lib import Fleet, GcpMachine, GcpProject, Gpu, Nvidia, NvidiaTuning
from infra_lib.model import money
from main import fleet as story
from tests.helpers.markdown import rows
from tests.helpers.nix import NixTree, planted
from tests.helpers.tools import require, unavailable

Synth = Callable[[Fleet], dict[str, Any]]

NVIDIA = """(load "modules/nixos/nvidia.nix" { }).flake.modules.nixos.nvidia {
  config = {
    boot.kernelPackages.nvidiaPackages.production = "the production driver";
    hardware.nvidia.package.bin = "/driver";
  };
  inherit lib pkgs;
}"""

GPUS = {
    "nvidia-tesla-t4": "n1-standard-8",
    "nvidia-l4": "g2-standard-4",
    "nvidia-tesla-a100": "a2-highgpu-1g",
}


@pytest.fixture(scope="module")
def synth() -> Synth:
    """What GcpStack synthesizes for a fleet."""
    require("node")
    try:
        from cdktf import App, Testing

        from infra_lib.stacks import GcpStack
    except ModuleNotFoundError as error:
        unavailable(str(error))

    def synthesized(fleet: Fleet) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(Testing.synth(GcpStack(App(), "gcp", fleet=fleet)))
        return document

    return synthesized


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> NixTree:
    """The generated Nix files of the story's fleet."""
    return planted(story, tmp_path_factory.mktemp("story"))


def gpu_fleet(*machines: GcpMachine) -> Fleet:
    project = GcpProject("example-project", region="us-central1")
    return Fleet(name="gpus", domain="zt", gcp=project, machines=machines)


def instances(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["resource"]["google_compute_instance"]
    return found


def with_story_gpu_on() -> Fleet:
    machines = (
        evolve(machine, enabled=True) if isinstance(machine, GcpMachine) else machine
        for machine in story.machines
    )
    return evolve(story, machines=tuple(machines))


def test_criterion_1_g2_and_n1_machine_types_with_gpu(synth: Synth) -> None:
    """1. Terranix module supports g2-standard and n1-standard machine types with GPU attachment."""
    found = instances(
        synth(
            gpu_fleet(
                GcpMachine(
                    "lorandite", machine_type="g2-standard-4", zone="us-central1-a", enabled=True
                ),
                GcpMachine(
                    "scheelite",
                    machine_type="n1-standard-8",
                    zone="us-central1-c",
                    gpu=Gpu("nvidia-tesla-t4"),
                    enabled=True,
                ),
            )
        )
    )
    assert found["lorandite"]["machine_type"] == "g2-standard-4"
    assert found["lorandite"]["guest_accelerator"] == [{"type": "nvidia-l4", "count": 1}]
    assert found["scheelite"]["machine_type"] == "n1-standard-8"
    assert found["scheelite"]["guest_accelerator"] == [{"type": "nvidia-tesla-t4", "count": 1}]
    for instance in found.values():
        assert instance["scheduling"]["on_host_maintenance"] == "TERMINATE"


def test_criterion_2_l4_t4_and_a100(synth: Synth) -> None:
    """2. Support L4, T4 and A100 accelerator options."""
    machines = (
        GcpMachine(
            f"gpu-{index}",
            machine_type=machine_type,
            zone="us-central1-a",
            gpu=Gpu(accelerator),
            enabled=True,
        )
        for index, (accelerator, machine_type) in enumerate(GPUS.items())
    )
    found = instances(synth(gpu_fleet(*machines)))
    accelerators = [instance["guest_accelerator"] for instance in found.values()]
    assert accelerators == [[{"type": accelerator, "count": 1}] for accelerator in GPUS]


def test_criterion_3_one_two_or_four_gpus(synth: Synth) -> None:
    """3. Configurable accelerator count (1, 2, 4 GPUs)."""
    machines = (
        GcpMachine(
            f"gpu-{count}",
            machine_type="n1-standard-8",
            zone="us-central1-c",
            gpu=Gpu("nvidia-tesla-t4", count=count),
            enabled=True,
        )
        for count in (1, 2, 4)
    )
    found = instances(synth(gpu_fleet(*machines)))
    counts = [found[f"gpu-{count}"]["guest_accelerator"][0]["count"] for count in (1, 2, 4)]
    assert counts == [1, 2, 4]


def test_criterion_4_gpu_metadata_in_the_output(synth: Synth) -> None:
    """4. GPU-specific machine metadata included in terraform output."""
    machines = synth(with_story_gpu_on())["output"]["machines"]["value"]
    assert machines["scheelite"]["gpu"] == {"type": "nvidia-tesla-t4", "count": 1}
    assert machines["scheelite"]["machine_type"] == "n1-standard-8"
    # The machine and its GPU, 100 GB of disk, and an address.
    assert machines["scheelite"]["usd_per_hour"] == pytest.approx(0.73 + 0.0137 + 0.005, abs=1e-4)
    assert machines["galena"]["gpu"] == "${null}"


def test_criterion_5_the_nvidia_package(tree: NixTree) -> None:
    """5. NixOS configuration includes `hardware.nvidia.package` module."""
    assert tree.evaluate(f"({NVIDIA}).hardware.nvidia.package") == "the production driver"
    assert "nvidia" in tree.machine("scheelite")["imports"]


def test_criterion_6_the_cuda_toolkit(tree: NixTree) -> None:
    """6. NixOS includes CUDA toolkit modules."""
    assert "/cudatoolkit" in tree.evaluate(f"({NVIDIA}).environment.systemPackages")
    with_cuda = tree.evaluate(f"""
      let
        package = {{
          cudaSupport = false;
          override = {{
            __functionArgs.cudaSupport = true;
            __functor = _: arguments: arguments;
          }};
        }};
        overlay = builtins.head ({NVIDIA}).nixpkgs.overlays;
        extended = overlay {{ }} {{ pythonPackagesExtensions = [ ]; }};
        extension = builtins.head extended.pythonPackagesExtensions;
      in
      extension {{ }} {{ torch = package; jax = package; numpy = package; }}
    """)
    assert with_cuda == {"torch": {"cudaSupport": True}, "jax": {"cudaSupport": True}}


def test_criterion_7_kernel_parameters(tmp_path_factory: pytest.TempPathFactory) -> None:
    """7. GPU-specific kernel parameters configured."""
    tuned = evolve(
        story,
        nvidia=Nvidia(
            kernel_params=("pci=realloc",), tuning=NvidiaTuning(compute_mode="EXCLUSIVE_PROCESS")
        ),
    )
    tree = planted(tuned, tmp_path_factory.mktemp("tuned"))
    assert tree.evaluate(f"({NVIDIA}).boot.kernelParams") == ["pci=realloc"]
    assert tree.evaluate(f"({NVIDIA}).services.xserver.videoDrivers") == ["nvidia"]
    driver = tree.evaluate(f'builtins.removeAttrs ({NVIDIA}).hardware.nvidia [ "package" ]')
    assert driver == {
        "open": True,
        "nvidiaPersistenced": True,
        "nvidiaSettings": False,
        "modesetting": {"enable": False},
        "powerManagement": {"enable": False, "finegrained": False},
    }
    script = tree.evaluate(f"({NVIDIA}).systemd.services.nvidia-tuning.script")
    assert script == "/driver/bin/nvidia-smi --compute-mode=EXCLUSIVE_PROCESS\n"


def test_criterion_8_access_to_the_gpu(tree: NixTree) -> None:
    """8. Proper device permissions for GPU access."""
    mounts = tree.evaluate(f"({NVIDIA}).programs.nix-required-mounts")
    assert mounts == {"enable": True, "presets": {"nvidia-gpu": {"enable": True}}}
    assert tree.evaluate(f"({NVIDIA}).hardware.graphics.enable") is True


def test_criterion_9_hourly_costs_are_prominent() -> None:
    """9. Hourly costs documented prominently (GPUs expensive when idle)."""
    text = story.nix_files()["docs/gpu-costs.md"].text
    assert "GPUs are expensive when idle" in text.split("##")[0]
    for machine in story.gcp_machines:
        assert money.hour_text(machine.cost.on_demand) in text


@pytest.mark.parametrize("accelerator", GPUS)
def test_criterion_10_gpu_nodes_are_off_by_default(synth: Synth, accelerator: str) -> None:
    """10. GPU nodes default to `enabled = false`."""
    machine = GcpMachine(
        "gpu", machine_type=GPUS[accelerator], zone="us-central1-a", gpu=Gpu(accelerator)
    )
    assert not machine.enabled
    assert "google_compute_instance" not in synth(gpu_fleet(machine)).get("resource", {})
    assert set(instances(synth(story))) == {"galena"}


def test_criterion_11_a_table_compares_costs() -> None:
    """11. Cost comparison table in documentation/comments."""
    found = rows(story.nix_files()["docs/gpu-costs.md"].text)
    assert any("Spot, month" in row for row in found)
    for machine_type, gpu in (
        ("n1-standard-8", "1x T4"),
        ("g2-standard-4", "1x L4"),
        ("a2-highgpu-1g", "1x A100"),
    ):
        (row,) = (row for row in found if row[:2] == [machine_type, gpu])
        assert sum("$" in cell for cell in row) == 4
