"""What follows from a description, and is never typed twice."""

import pickle
from typing import Any

import pytest
from attrs import evolve

from infra_lib import (
    AcceleratorType,
    Catalog,
    Fleet,
    FleetError,
    GcpMachine,
    GcpProject,
    Gpu,
    HetznerMachine,
    Machine,
    MachineType,
    Zone,
)

T4 = Gpu("nvidia-tesla-t4")


def gcp(
    name: str = "galena",
    machine_type: str = "e2-standard-8",
    zone: str = "us-central1-c",
    *,
    gpu: Gpu | None = None,
    tags: tuple[str, ...] = (),
    description: str = "",
    derive_tags: bool = True,
    derive_description: bool = True,
) -> GcpMachine:
    return GcpMachine(
        name,
        machine_type=machine_type,
        zone=zone,
        gpu=gpu,
        tags=tags,
        description=description,
        derive_tags=derive_tags,
        derive_description=derive_description,
    )


def test_derived_tags_come_first_and_each_tag_once() -> None:
    assert Machine("a", tags=("cloud", "hetzner")).all_tags == ("nixos", "cloud", "hetzner")
    assert Machine("a", machine_class="darwin").all_tags == ("darwin",)
    assert gcp(tags=("peer", "gcp", "peer")).all_tags == ("nixos", "cloud", "gcp", "peer")
    assert gcp(machine_type="n1-standard-8", gpu=T4, tags=("peer",)).all_tags == (
        *("nixos", "cloud", "gcp", "gpu"),
        "peer",
    )
    server = HetznerMachine("a", server_type="cx43", location="fsn1", tags=("peer", "hetzner"))
    assert server.all_tags == ("nixos", "cloud", "hetzner", "peer")
    assert evolve(server, description="web").full_description == "Hetzner node (cx43): web"


def test_description_says_what_the_machine_is_and_then_the_words_given() -> None:
    assert gcp().full_description == "GCP node (e2-standard-8)"
    assert gcp(
        machine_type="n1-standard-8", gpu=T4, description="for training"
    ).full_description == ("GCP GPU node (n1-standard-8, 1x T4): for training")
    assert gcp(machine_type="g2-standard-24", zone="us-central1-a").full_description == (
        "GCP GPU node (g2-standard-24, 2x L4)"
    )
    assert Machine("a", description="Primary VPS").full_description == "Primary VPS"


@pytest.mark.parametrize(
    "said", ["GCP node (e2-standard-8)", "gcp node (E2-standard-8), for builds"]
)
def test_a_description_that_says_what_is_derived_says_it_once(said: str) -> None:
    assert gcp(description=said).full_description == said
    assert gcp(description=f"A {said}").full_description == f"GCP node (e2-standard-8): A {said}"


def test_derived_tags_are_left_out_where_the_machine_says_so_and_its_description_is_not() -> None:
    own = gcp(machine_type="n1-standard-8", gpu=T4, tags=("peer",), derive_tags=False)
    assert own.all_tags == ("peer",)
    assert own.full_description == "GCP GPU node (n1-standard-8, 1x T4)"
    assert Machine("a", machine_class="darwin", derive_tags=False).all_tags == ()


def test_a_derived_description_is_left_out_where_the_machine_says_so_and_its_tags_are_not() -> None:
    own = gcp(tags=("peer",), derive_description=False)
    assert own.full_description == ""
    assert evolve(own, description="for builds").full_description == "for builds"
    assert own.all_tags == ("nixos", "cloud", "gcp", "peer")


def test_a_machine_has_the_tags_that_clan_gives_it_whether_they_are_written_or_not() -> None:
    mac = Machine("a", machine_class="darwin", derive_tags=False)
    assert [tag for tag in ("all", "darwin", "nixos", "peer") if mac.has_tag(tag)] == [
        "all",
        "darwin",
    ]


def again(machine: Machine) -> Any:
    return pickle.loads(pickle.dumps(machine))  # noqa: S301 - our own


def targets(target_host: Any) -> dict[str, str | None]:
    """Where clan reaches machines that say nothing: two that run NixOS, and a Mac."""
    machines = (Machine("a"), Machine("Mac", machine_class="darwin"), Machine("b"))
    fleet = Fleet(name="m", domain="example.org", machines=machines, target_host=target_host)
    return {machine.name: fleet.target_host(machine) for machine in fleet.machines}


def test_target_host_is_the_machine_in_the_domain_unless_given() -> None:
    fleet = Fleet(
        name="metals",
        domain="example.org",
        machines=(Machine("a"), Machine("b", target_host="admin@198.51.100.7")),
    )
    assert [fleet.target_host(machine) for machine in fleet.machines] == [
        "root@a.example.org",
        "admin@198.51.100.7",
    ]


def test_a_fleet_says_where_machines_are_that_do_not_say_it() -> None:
    assert targets("admin@{name}.lan?ProxyJump=root@gate.{domain}") == {
        name: f"admin@{name}.lan?ProxyJump=root@gate.example.org" for name in ("a", "Mac", "b")
    }
    assert targets(None) == {"a": None, "Mac": None, "b": None}
    assert targets({"darwin": "admin@{name}.local"}) == {
        "a": "root@a.example.org",
        "Mac": "admin@Mac.local",
        "b": "root@b.example.org",
    }
    assert targets({"nixos": None, "darwin": "{name}"}) == {"a": None, "Mac": "Mac", "b": None}


def test_a_machine_says_that_it_has_no_target() -> None:
    nowhere = Machine("a", target_host=None)
    assert nowhere != Machine("a")
    for copy in (nowhere, evolve(nowhere, description="b"), again(nowhere)):
        fleet = Fleet(name="m", domain="zt", machines=(copy,))
        assert fleet.target_host(copy) is None
    unsaid = evolve(Machine("a"), description="b")
    assert Fleet(name="m", domain="zt", machines=(unsaid,)).target_host(unsaid) == "root@a.zt"
    assert "target_host=None" in repr(nowhere)
    assert "target_host=None" not in repr(unsaid)


@pytest.mark.parametrize(
    ("machine_type", "zone", "gpu"),
    [
        ("g2-standard-4", "us-central1-a", Gpu("nvidia-l4", 1)),
        ("g2-standard-8", "us-central1-a", Gpu("nvidia-l4", 1)),
        ("g2-standard-12", "us-central1-a", Gpu("nvidia-l4", 1)),
        ("g2-standard-16", "us-central1-a", Gpu("nvidia-l4", 1)),
        ("g2-standard-24", "us-central1-a", Gpu("nvidia-l4", 2)),
        ("g2-standard-32", "us-central1-a", Gpu("nvidia-l4", 1)),
        ("g2-standard-48", "us-central1-a", Gpu("nvidia-l4", 4)),
        ("g2-standard-96", "us-central1-a", Gpu("nvidia-l4", 8)),
        ("a2-highgpu-1g", "us-central1-a", Gpu("nvidia-tesla-a100", 1)),
        ("a2-highgpu-2g", "us-central1-a", Gpu("nvidia-tesla-a100", 2)),
        ("a2-highgpu-4g", "us-central1-a", Gpu("nvidia-tesla-a100", 4)),
        ("a2-highgpu-8g", "us-central1-a", Gpu("nvidia-tesla-a100", 8)),
        ("a2-megagpu-16g", "us-central1-a", Gpu("nvidia-tesla-a100", 16)),
        ("a2-ultragpu-1g", "us-central1-a", Gpu("nvidia-a100-80gb", 1)),
        ("a2-ultragpu-2g", "us-central1-a", Gpu("nvidia-a100-80gb", 2)),
        ("a2-ultragpu-4g", "us-central1-a", Gpu("nvidia-a100-80gb", 4)),
        ("a2-ultragpu-8g", "us-central1-a", Gpu("nvidia-a100-80gb", 8)),
        ("a3-highgpu-8g", "us-central1-a", Gpu("nvidia-h100-80gb", 8)),
        ("e2-standard-8", "us-central1-a", None),
        ("n1-standard-8", "us-central1-a", None),
    ],
)
def test_gpus_that_come_with_a_machine_type(machine_type: str, zone: str, gpu: Gpu | None) -> None:
    assert gcp(machine_type=machine_type, zone=zone).gpu == gpu
    if gpu is not None:  # saying it all the same changes nothing
        assert gcp(machine_type=machine_type, zone=zone, gpu=gpu) == gcp(
            machine_type=machine_type, zone=zone
        )


@pytest.mark.parametrize(
    ("machine_type", "zone", "gpu", "open_module"),
    [
        ("n1-standard-8", "us-central1-c", Gpu("nvidia-tesla-p4"), False),
        ("n1-standard-8", "us-central1-c", Gpu("nvidia-tesla-p100"), False),
        ("n1-standard-8", "us-central1-c", Gpu("nvidia-tesla-v100"), False),
        ("n1-standard-8", "us-central1-c", Gpu("nvidia-tesla-t4"), True),
        ("a2-highgpu-1g", "us-central1-a", None, True),
        ("a2-ultragpu-1g", "us-central1-a", None, True),
        ("g2-standard-4", "us-central1-a", None, True),
        ("a3-highgpu-8g", "us-central1-a", None, True),
    ],
)
def test_open_kernel_module_from_turing_on(
    machine_type: str, zone: str, gpu: Gpu | None, open_module: bool
) -> None:
    accelerator = gcp(machine_type=machine_type, zone=zone, gpu=gpu).accelerator
    assert accelerator is not None
    assert accelerator.open_kernel_module is open_module


def test_every_generation_has_its_kernel_module() -> None:
    """https://github.com/NVIDIA/open-gpu-kernel-modules: Turing and later."""
    proprietary = ("kepler", "maxwell", "pascal", "volta")
    for generation in proprietary:
        assert not AcceleratorType("a", "A", generation, 8).open_kernel_module
    for generation in ("turing", "ampere", "ada", "hopper", "blackwell", "rubin"):
        assert AcceleratorType("a", "A", generation, 8).open_kernel_module


@pytest.mark.parametrize(
    ("type_", "count", "most"),
    [
        *(("nvidia-tesla-t4", count, most) for count, most in {1: 48, 2: 48, 4: 96}.items()),
        *(("nvidia-tesla-p4", count, most) for count, most in {1: 24, 2: 48, 4: 96}.items()),
        *(("nvidia-tesla-p100", count, most) for count, most in {1: 16, 2: 32, 4: 96}.items()),
        *(
            ("nvidia-tesla-v100", count, most)
            for count, most in {1: 12, 2: 24, 4: 48, 8: 96}.items()
        ),
    ],
)
def test_the_most_vcpus_that_a_count_allows(type_: str, count: int, most: int) -> None:
    catalog = Catalog(
        machine_types=(
            MachineType("n1-custom-fits", most, 30),
            MachineType("n1-custom-large", most + 1, 30),
        ),
        zones=(Zone("us-central1-c", "us-central1", (type_,)),),
    )

    def machine(machine_type: str) -> GcpMachine:
        return GcpMachine(
            "galena",
            machine_type=machine_type,
            zone="us-central1-c",
            gpu=Gpu(type_, count),
            catalog=catalog,
        )

    assert machine("n1-custom-fits").gpu == Gpu(type_, count)
    with pytest.raises(FleetError, match=f"allows up to {most} vCPUs"):
        machine("n1-custom-large")


def test_a_gpu_machine_is_off_unless_enabled() -> None:
    assert gcp().enabled
    assert not gcp(machine_type="n1-standard-8", gpu=T4).enabled
    assert not gcp(machine_type="g2-standard-4", zone="us-central1-a").enabled
    enabled = GcpMachine("galena", machine_type="g2-standard-4", zone="us-central1-a", enabled=True)
    assert enabled.state == "on"


@pytest.mark.parametrize(
    "machine",
    [
        gcp(machine_type="g2-standard-4", zone="us-central1-a"),
        gcp(machine_type="n1-standard-8", gpu=T4),
    ],
    ids=["comes with the type", "given"],
)
def test_a_copy_with_a_gpu_is_off_unless_somebody_said_that_it_is_on(machine: GcpMachine) -> None:
    """It is paid for from the next deployment on."""

    def copy(of: GcpMachine) -> GcpMachine:
        return evolve(of, machine_type=machine.machine_type, zone=machine.zone, gpu=machine.gpu)

    assert not copy(gcp()).enabled
    assert not copy(evolve(gcp(), description="words")).enabled
    assert not copy(gcp().in_zone("us-central1-c")).enabled
    assert copy(evolve(gcp(), enabled=True)).enabled
    assert not evolve(evolve(gcp(), enabled=False), description="words").enabled


def test_machines_are_equal_whether_what_is_derived_was_said_or_not() -> None:
    assert gcp() == evolve(gcp(), enabled=True)
    assert repr(gcp()) == repr(evolve(gcp(), enabled=True))
    off = evolve(gcp(), enabled=False)
    assert gcp() != off
    assert "enabled=False" in repr(off)


@pytest.mark.parametrize(
    ("enabled", "stopped", "state"),
    [(False, False, "off"), (True, False, "on"), (True, True, "stopped")],
)
def test_states(enabled: bool, stopped: bool, state: str) -> None:
    machine = GcpMachine(
        "a", machine_type="e2-micro", zone="us-central1-a", enabled=enabled, stopped=stopped
    )
    assert machine.state == state


def test_who_is_who_in_the_fleet() -> None:
    fleet = Fleet(
        name="metals",
        domain="zt",
        gcp=GcpProject("example-project", region="us-central1"),
        machines=(
            Machine("cinnabar", tags=("controller",)),
            gcp("galena", tags=("peer",)),
            gcp("scheelite", "n1-standard-8", gpu=T4, tags=("peer",)),
        ),
    )
    assert fleet.controller == fleet.machine("cinnabar")
    assert [machine.name for machine in fleet.peers] == ["galena", "scheelite"]
    assert [machine.name for machine in fleet.gcp_machines] == ["galena", "scheelite"]
    assert [machine.name for machine in fleet.gpu_machines] == ["scheelite"]
    assert fleet.machine("galena").all_tags[-1] == "peer"
    with pytest.raises(FleetError, match="machine='ghost': one of cinnabar, galena, scheelite"):
        fleet.machine("ghost")


def test_a_fleet_without_peers_needs_no_controller() -> None:
    assert Fleet(name="metals", domain="zt", machines=(Machine("a"),)).controller is None


def test_region_and_facts_come_from_the_catalogue() -> None:
    machine = gcp()
    assert machine.region == "us-central1"
    assert (machine.catalog_entry.vcpus, machine.catalog_entry.memory_gib) == (8, 32)
    assert machine.accelerator is None


def test_a_gpu_of_ones_own_has_its_own_label_and_module() -> None:
    catalog = Catalog(
        machine_types=(MachineType("g9-standard-8", 8, 32, False, "nvidia-old", 1),),
        accelerator_types=(AcceleratorType("nvidia-old", "Old", "maxwell", 4),),
    )
    machine = GcpMachine("a", machine_type="g9-standard-8", zone="us-central1-a", catalog=catalog)
    assert machine.gpu_label == "1x Old"
    assert machine.accelerator is not None
    assert not machine.accelerator.open_kernel_module
    assert not machine.enabled
