"""A user's extensions, as they write them: everything here is to pass strict type checks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, assert_type

from infra_lib import (
    DataDisk,
    Fleet,
    GcpMachine,
    GcpProject,
    HetznerProject,
    Nvidia,
    Reference,
    zfs_layout,
)
from nixgen import FileValue, Lambda, Pattern, Raw, Region, TextFile, dumps, ref

if TYPE_CHECKING:
    from cdktf import App
    from cdktn import App as Terrain


def motd(fleet: Fleet) -> dict[str, FileValue]:
    """Generate a file for every machine."""
    return {
        f"modules/motd/{machine.name}.nix": {("users", "motd"): machine.full_description}
        for machine in fleet.gcp_machines
    }


def documents(fleet: Fleet) -> dict[str, TextFile | Region]:
    """Generate files that hold no Nix value."""
    return {
        "docs/name.md": TextFile(fleet.name, comment="<!-- -->"),
        "flake.nix": Region({"description": fleet.name}, name="description"),
    }


def with_ore(device: str) -> dict[tuple[str, str], Any]:
    """Lay out another disk beside the default."""
    return zfs_layout(device) | {("disk", "ore"): {"type": "disk", "device": "/dev/sdb"}}


def by_hand(device: str) -> Raw:
    """Lay out a disk in Nix."""
    return Raw(f'{{ disk.primary.device = "{device}"; }}')


zone, machine_type = "us-central1-b", "e2-standard-8"
fleet = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1"),
    module_style="nixos",
    config=Lambda(Pattern("pkgs", ellipsis=True), {"packages": [ref("pkgs.htop")]}),
    modules=["modules/base.nix"],
    nvidia=Nvidia(driver="legacy_580"),
    extra_files=[motd, documents, lambda fleet: {"name.txt": TextFile(fleet.name)}],
    files={"docs/gpu-costs.md": None},
    machines=(
        GcpMachine("galena", machine_type=machine_type, zone=zone, disko=with_ore),
        GcpMachine("halite", machine_type=machine_type, zone=zone, disko=by_hand),
        GcpMachine(
            "quartz",
            machine_type=machine_type,
            zone=zone,
            config={("services", "nginx", "enable"): True},
            disko=partial(zfs_layout, pool="tank"),
            data_disks=(DataDisk("ore", size_gb=500),),
        ),
        GcpMachine(
            "topaz",
            machine_type=machine_type,
            zone=zone,
            config=Raw("{ pkgs, ... }: { environment.systemPackages = [ pkgs.htop ]; }"),
            disko=lambda device: {("disk", "primary", "device"): device},
            external_ip=Reference("${google_compute_address.topaz.address}"),
        ),
    ),
)

assert_type(dumps(fleet.nix_files()["modules/motd/galena.nix"]), str)
assert_type(zfs_layout("/dev/sda"), dict[tuple[str, str], Any])


def stacks(app: App) -> None:
    """Make a stack for each project, and a resource that refers to an instance."""
    from cdktf import TerraformOutput, TerraformResource

    from infra_lib.stacks import GcpStack, HetznerStack

    stack = GcpStack(app, "gcp", fleet=fleet)
    assert_type(list(stack.instances), list[str])
    assert_type(stack.instances["galena"].instance_id, str)
    TerraformOutput(stack, "galena", value=stack.instances["galena"].instance_id)
    shop = GcpProject("example-shop", region="europe-west4")
    GcpStack(app, "shop", fleet=fleet, gcp=shop, machines=["halite"])
    servers = HetznerStack(app, "hetzner", fleet=fleet)
    assert_type(servers.servers["cinnabar"], TerraformResource)
    assert_type(servers.primary_ips["cinnabar-ipv4"].get_string_attribute("ip_address"), str)
    web = HetznerProject(name="web", ssh_key_names=("laptop",))
    HetznerStack(app, "web", fleet=fleet, hetzner=web, machines=("electrum",))


def forked(app: Terrain) -> None:
    """Make the same stack for CDK Terrain."""
    from cdktn import TerraformOutput, TerraformResource

    from infra_lib.stacks.cdktn import GcpStack, HetznerStack

    stack = GcpStack(app, "gcp", fleet=fleet)
    TerraformOutput(stack, "galena", value=stack.instances["galena"].instance_id)
    assert_type(stack.instances["galena"].instance_id, str)
    servers = HetznerStack(app, "hetzner", fleet=fleet)
    assert_type(servers.servers["cinnabar"], TerraformResource)
