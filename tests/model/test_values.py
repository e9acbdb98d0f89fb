"""The parts of a fleet are values: frozen, compared by content, hashable, evolved by attrs."""

from typing import Any

import attrs
import pytest

import infra_lib
from infra_lib import (
    AcceleratorType,
    AddressPrice,
    BinaryCache,
    BootDisk,
    Catalog,
    ClanService,
    DataDisk,
    DiskPrice,
    Dns,
    FirewallRule,
    Fleet,
    FleetError,
    GcpMachine,
    GcpProject,
    GcsBackend,
    Gpu,
    HetznerCatalog,
    HetznerMachine,
    HetznerProject,
    Identity,
    IdleStop,
    Internet,
    Location,
    Machine,
    MachineType,
    ModuleNames,
    Nvidia,
    NvidiaTuning,
    Price,
    PrivateNetwork,
    Role,
    Series,
    ServerPrice,
    ServerType,
    ServiceAccount,
    ShieldedVm,
    StateEncryption,
    StopSchedule,
    User,
    Volume,
    ZeroTier,
    Zone,
)

CACHE_KEY = "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY="


def values() -> dict[str, Any]:
    """One of each class, made anew, with every mapping and sequence filled."""
    project = GcpProject("example-project", region="us-central1", labels={"team": "ml"})
    l4 = GcpMachine(
        "l4",
        machine_type="g2-standard-4",
        zone="us-central1-a",
        labels={"a": "b"},
        metadata={"c": "d"},
        data_disks=(DataDisk("data", size_gb=10),),
        service_account=ServiceAccount("a@b"),
        spot=True,
        max_run_duration=60,
    )
    network = PrivateNetwork("internal", subnet="10.0.1.0/24")
    cinnabar = HetznerMachine(
        "cinnabar",
        server_type="cx43",
        location="fsn1",
        networks={"internal": "10.0.1.5"},
        volumes=(Volume("ore", size_gb=100, format="ext4"),),
        firewall_rules=(FirewallRule("tcp", port="443"),),
        firewall_ids=(7,),
        placement_group="web",
        labels={"a": "b"},
    )
    return {
        "accelerator type": AcceleratorType("nvidia-x", "X", "turing", 16, {1: 8}),
        "cache": BinaryCache("https://cache.nixos.org", public_key=CACHE_KEY, priority=1),
        "boot disk": BootDisk(size_gb=50),
        "catalog": Catalog(prices=(Price("e2-micro", "*", 1),)),
        "data disk": DataDisk("data", size_gb=10),
        "DNS": Dns("example.org", zones={"hetzner": "example.org"}, machines=("cinnabar",)),
        "fleet": Fleet(
            name="metals",
            domain="zt",
            machines=(Machine("cinnabar", tags=("controller",)), l4),
            gcp=project,
            hetzner=HetznerProject(),
            state_encryption=StateEncryption(),
            dns=Dns("example.org", zones={"gcp": "example-org"}),
            files={"docs/gpu-costs.md": None},
        ),
        "GCP machine": l4,
        "project": project,
        "backend": GcsBackend("bucket"),
        "firewall rule": FirewallRule("udp", port="1-9", source_ranges=("203.0.113.0/24",)),
        "GPU": Gpu("nvidia-tesla-t4", 2),
        "Hetzner machine": cinnabar,
        "Hetzner project": HetznerProject(
            name="metals", networks=(network,), labels={"team": "ml"}, ssh_key_names=("laptop",)
        ),
        "catalog of Hetzner": HetznerCatalog(prices=(ServerPrice("cx43", "*", eur_per_hour=1),)),
        "location": Location("ams1", city="Amsterdam", country="NL", network_zone="eu-central"),
        "machine": Machine("cinnabar", machine_class="darwin", tags=("a",)),
        "machine type": MachineType("a", 1, 0.5),
        "nvidia": Nvidia(tuning=NvidiaTuning(application_clocks=(5001, 1590))),
        "tuning": NvidiaTuning(power_limit=70),
        "price": Price("a", "*", 1.0),
        "series": Series("x9", disk_types=("hyperdisk-balanced",), confidential=("TDX",)),
        "price of a disk": DiskPrice("pd-ssd", "*", 0.17),
        "price of an address": AddressPrice("*", 0.005, 0.01),
        "private network": network,
        "server price": ServerPrice("cx43", "fsn1", eur_per_hour=0.01, eur_per_month=5),
        "server type": ServerType(
            "cx99",
            vcpus=1,
            memory_gib=2,
            disk_gb=40,
            architecture="x86",
            firmware="bios",
            locations=("fsn1",),
            deprecated_in=("nbg1",),
            unavailable_after="2026-12-31",
            listed_available=("fsn1",),
        ),
        "service account": ServiceAccount("a@b", scopes=("c",)),
        "shielded": ShieldedVm(secure_boot=True),
        "state encryption": StateEncryption(migrate=True),
        "stop schedule": StopSchedule("0 20 * * *", time_zone="Europe/Berlin"),
        "user": User("cameron", groups=("wheel",), machines=("l4",)),
        "identity": Identity(email="ann@example.org", groups=("admins",), display_name="Ann"),
        "idle stop": IdleStop(20, session_minutes=None, load=0.25),
        "internet": Internet(roles={"default": Role(machines={"a": {"host": "a.example.org"}})}),
        "role": Role(machines={"a": {"b": [1, "c"]}}, tags=("d",), settings={"e": {"f": 1.5}}),
        "clan service": ClanService(
            "sshd", module="m", input="self", roles={"r": Role(tags=("t",))}
        ),
        "volume": Volume("ore", size_gb=100, location="fsn1"),
        "zerotier": ZeroTier(moons={"cinnabar": ("203.0.113.7",)}),
        "module names": ModuleNames(caches="caches"),
        "zone": Zone("a-b", "a", ("nvidia-l4",)),
    }


def test_every_public_class_is_covered() -> None:
    public = {getattr(infra_lib, name) for name in infra_lib.__all__}
    classes = {item for item in public if isinstance(item, type) and attrs.has(item)}
    modules = {
        "infra_lib.model.facts",
        "infra_lib.model.device",
        "infra_lib.model.ssh",
    }  # have tests of their own
    mine = {item for item in classes if item.__module__ not in modules}
    assert mine == {type(value) for value in values().values()}


@pytest.mark.parametrize("name", values())
def test_equal_content_is_equal_and_hashes_alike(name: str) -> None:
    one, other = values()[name], values()[name]
    assert one == other
    assert hash(one) == hash(other)
    assert len({one, other}) == 1


@pytest.mark.parametrize("name", values())
def test_nothing_can_be_changed(name: str) -> None:
    value = values()[name]
    for field in attrs.fields(type(value)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field.name, None)
        held = getattr(value, field.name)
        if hasattr(held, "keys"):
            with pytest.raises(TypeError):
                held["new"] = "value"
        else:
            assert not isinstance(held, (list, set, dict))


@pytest.mark.parametrize("name", values())
def test_evolving_nothing_changes_nothing(name: str) -> None:
    value = values()[name]
    assert attrs.evolve(value) == value


def test_evolving_is_checked_as_construction_is() -> None:
    machine = values()["GCP machine"]
    assert attrs.evolve(machine, name="other").full_description == machine.full_description
    assert attrs.evolve(machine, enabled=True).state == "on"
    with pytest.raises(FleetError, match="name='Other'"):
        attrs.evolve(machine, name="Other")
    server = values()["Hetzner machine"]
    assert attrs.evolve(server, enabled=False).state == "off"
    assert attrs.evolve(server, server_type="cax31").platform == "aarch64-linux"
    with pytest.raises(FleetError, match="location='ash'"):
        attrs.evolve(server, location="ash")
    larger = attrs.evolve(machine, machine_type="g2-standard-24", gpu=None)
    assert larger.gpu == Gpu("nvidia-l4", 2)


def test_different_content_differs() -> None:
    machine = values()["GCP machine"]
    assert attrs.evolve(machine, labels={}) != machine
    assert attrs.evolve(machine, enabled=True) != machine
    assert Machine("a") != Machine("b")
    server = values()["Hetzner machine"]
    assert attrs.evolve(server, networks={"internal": None}) != server
    assert attrs.evolve(server, backups=True) != server


def test_a_fleet_of_the_same_machines_described_apart_is_the_same() -> None:
    assert values()["fleet"].gcp_machines[0] == values()["GCP machine"]
