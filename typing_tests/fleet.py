"""A user's fleet, as they write it: everything here is to pass strict type checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, assert_type

from infra_lib import (
    AcceleratorType,
    BinaryCache,
    BootDisk,
    Catalog,
    ClanService,
    DataDisk,
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
    Location,
    Machine,
    MachineType,
    Nvidia,
    NvidiaTuning,
    Price,
    PrivateNetwork,
    Reference,
    Role,
    ServerPrice,
    ServerType,
    ServiceAccount,
    ShieldedVm,
    Ssh,
    SshCertificateAuthority,
    SshHost,
    StateEncryption,
    User,
    Volume,
    ZeroTier,
    Zone,
    hybrid_zfs_layout,
)

catalog = Catalog(
    machine_types=[
        MachineType("c4-standard-8", vcpus=8, memory_gib=30),
        MachineType("g4-standard-48", 48, 180.0, accelerator="nvidia-rtx", accelerator_count=1),
    ],
    accelerator_types=(
        AcceleratorType("nvidia-rtx", "RTX", "blackwell", 96),
        AcceleratorType(
            "nvidia-old", "Old", "turing", 8, max_vcpus={1: 24}, compute_capability="7.5"
        ),
    ),
    zones=(Zone("us-central1-z", "us-central1", accelerators=["nvidia-rtx"]),),
    prices=(
        Price("c4-standard-8", "*", usd_per_hour=0.4),
        Price("c4-standard-8", "us-central1", 1, None),
    ),
)

everything = GcpMachine(
    "galena",
    machine_type="n1-standard-8",
    zone="us-central1-c",
    catalog=catalog,
    gpu=Gpu("nvidia-tesla-t4", count=1),
    enabled=True,
    stopped=False,
    spot=True,
    max_run_duration=3600,
    instance_termination_action="STOP",
    boot_disk=BootDisk(size_gb=200, type="pd-ssd", image="debian-cloud/debian-12"),
    data_disks=[DataDisk("models", size_gb=500)],
    network="default",
    subnetwork=None,
    external_ip="203.0.113.7",
    network_tags=["web"],
    labels={"team": "ml"},
    metadata={"motd": "welcome"},
    startup_script="echo",
    shielded_vm=ShieldedVm(secure_boot=False),
    service_account=ServiceAccount("a@b.iam.gserviceaccount.com", scopes=["cloud-platform"]),
    deletion_protection=True,
    allow_stopping_for_update=False,
    modules=("monitoring",),
    state_version="25.11",
    tags=("peer",),
    derive_tags=False,
    description="for training",
    derive_description=False,
    target_host="root@198.51.100.1",
)

hetzner_catalog = HetznerCatalog(
    server_types=[
        ServerType(
            "cx99",
            vcpus=1,
            memory_gib=2,
            disk_gb=40,
            architecture="x86",
            dedicated=False,
            firmware=None,
            locations=["fsn1"],
        )
    ],
    locations=(Location("ams1", city="Amsterdam", country="NL", network_zone="eu-central"),),
    prices=(ServerPrice("cx99", "*", eur_per_hour=0.01, eur_per_month=None),),
)

server = HetznerMachine(
    "cinnabar",
    server_type="cx43",
    location="fsn1",
    fallback_locations=["nbg1"],
    existing=True,
    catalog=hetzner_catalog,
    enabled=True,
    image="debian-12",
    image_architecture="x86",
    ipv4=True,
    ipv6=False,
    networks={"internal": "10.0.1.5", "other": None},
    firewall_rules=[FirewallRule("tcp", port="443"), FirewallRule("icmp", source_ranges=["::/0"])],
    firewall_ids=[7, Reference("${hcloud_firewall.web.id}")],
    backups=True,
    placement_group="web",
    labels={"team": "web"},
    user_data="#cloud-config",
    keep_disk=False,
    deletion_protection=True,
    disko=lambda device: hybrid_zfs_layout(device, pool="tank"),
    tags=("controller",),
)
with_data = HetznerMachine(
    "electrum",
    server_type="ccx23",
    location="fsn1",
    volumes=[Volume("ore", size_gb=100, format="ext4", prevent_destroy=False)],
    networks=("internal",),
)

machines: list[GcpMachine] = [
    GcpMachine(f"worker-{number}", machine_type="e2-standard-8", zone="us-central1-b")
    for number in range(3)
]

fleet = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject(
        "example-project",
        region="us-central1",
        ssh_keys=[
            "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"
        ],
        ssh_source_ranges=(),
        labels={"team": "ml"},
        install=True,
        backend=GcsBackend("states", prefix="metals"),
    ),
    hetzner=HetznerProject(
        name="metals",
        ssh_keys=[],
        ssh_key_names=("laptop",),
        ssh_source_ranges=["203.0.113.7/32"],
        networks=[PrivateNetwork("internal", subnet=None), PrivateNetwork("other")],
        labels={"team": "web"},
        install=False,
        server_limit=10,
    ),
    machines=[
        Machine("vault", machine_class="darwin"),
        Machine("mac", ssh=SshHost(user="me", options={"ForwardAgent": True, "SendEnv": ["LANG"]})),
        everything,
        server,
        with_data,
        *machines,
    ],
    usd_per_eur=1.15,
    dns=Dns(
        "machines.example.org",
        zones={"hetzner": "example.org", "gcp": "example-org"},
        ttl=300,
        machines=["galena"],
    ),
    state_encryption=StateEncryption(gcp_kms_key=None, migrate=True),
    ssh=Ssh(
        certificate_authorities=[
            SshCertificateAuthority("a", public_key="ssh-ed25519 …", host_names=["*.zt"])
        ]
    ),
    caches=(
        BinaryCache("https://cache.nixos.org", public_key="…", priority=5),
        BinaryCache("s3://a?region=b", public_key=["…", "…"], machines=["galena"], tags=("gpu",)),
    ),
    services=[
        ClanService(
            "borgbackup",
            module="borgbackup",
            input=None,
            roles={
                "client": Role(tags=("server",)),
                "server": Role(machines={"vault": {"directory": "/srv"}}, settings={"port": 22}),
                "nobody": Role(machines=["vault"], extra_modules=("base", {"a": 1})),
            },
        )
    ],
    users=[User("cameron", groups=("wheel",), machines=("galena",), share=False, prompt=False)],
    nvidia=Nvidia(
        driver="latest",
        cuda_packages=["torch"],
        cuda_capabilities=["7.5", "8.9"],
        tuning=NvidiaTuning(compute_mode="DEFAULT", application_clocks=(5001, 1590), ecc=True),
    ),
    zerotier=ZeroTier(controller_tag="controller", moons={"cinnabar": ("203.0.113.7",)}),
    modules=("base", "ssh-known-hosts"),
    files={"docs/gpu-costs.md": None},
)
only_gcp = Fleet(name="workers", domain="zt", machines=machines, gcp=fleet.gcp)

assert_type(fleet.machines, tuple[Machine, ...])
assert_type(fleet.gcp_machines, tuple[GcpMachine, ...])
assert_type(fleet.hetzner_machines, tuple[HetznerMachine, ...])
assert_type(fleet.hetzner, HetznerProject | None)
assert_type(fleet.dns, Dns | None)
assert_type(fleet.state_encryption, StateEncryption | None)
assert_type(server.networks["internal"], str | None)
assert_type(server.volumes, tuple[Volume, ...])
assert_type(server.server_type_entry, ServerType)
assert_type(server.location_entry, Location)
assert_type(server.state, Literal["off", "on", "stopped"])
assert_type(hetzner_catalog.server_price("cx43", "fsn1"), ServerPrice | None)
assert_type(fleet.machine("galena").all_tags, tuple[str, ...])
assert_type(fleet.controller, Machine | None)
assert_type(fleet.users[0].machines, Mapping[str, Any])
assert_type(everything.gpu, Gpu | None)
assert_type(everything.enabled, bool)
assert_type(everything.state, Literal["off", "on", "stopped"])
assert_type(everything.labels["team"], str)
assert_type(everything.accelerator, AcceleratorType | None)
assert_type(catalog.machine_price("c4-standard-8", "us-central1").usd_per_hour, float | None)


def failed(error: FleetError) -> ValueError:
    """Handle what the library raises as what Python programs know."""
    return error
