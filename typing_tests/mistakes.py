# ruff: noqa: B018
"""What type checkers are to find in a user's fleet: an error at each line marked so, no other."""

from __future__ import annotations

from infra_lib import (
    BinaryCache,
    Catalog,
    DataDisk,
    Dns,
    FirewallRule,
    Fleet,
    GcpMachine,
    GcpProject,
    Gpu,
    HetznerCatalog,
    HetznerMachine,
    HetznerProject,
    Location,
    Machine,
    MachineType,
    Nvidia,
    Price,
    PrivateNetwork,
    ServerType,
    SshHost,
    StateEncryption,
    User,
    Volume,
    ZeroTier,
    Zone,
    zfs_layout,
)

E2, HERE = "e2-standard-8", "us-central1-b"
machine = GcpMachine("galena", machine_type=E2, zone=HERE)
CX, THERE = "cx43", "fsn1"
server = HetznerMachine("cinnabar", server_type=CX, location=THERE)

Machine()  # error
Machine(5)  # error
Machine("cinnabar", "nixos")  # error
Machine("cinnabar", machine_class="windows")  # error
Machine("cinnabar", tags="peer")  # error
Machine("cinnabar", tags=("peer", 5))  # error
Machine("cinnabar", description=None)  # error
Machine("cinnabar", colour="red")  # error
Machine("cinnabar", derive_tags="no")  # error
Machine("cinnabar", derive_description=None)  # error
GcpMachine("galena", machine_type=E2)  # error
GcpMachine("galena", machine_type=None, zone=HERE)  # error
GcpMachine("galena", machine_type=E2, zone=HERE, gpu="t4")  # error
GcpMachine("galena", machine_type=E2, zone=HERE, enabled="yes")  # error
GcpMachine("galena", machine_type=E2, zone=HERE, machine_class="nixos")  # error
GcpMachine("galena", machine_type=E2, zone=HERE, labels={"a": 1})  # error
GcpMachine("galena", machine_type=E2, zone=HERE, data_disks=("a",))  # error
HetznerMachine("cinnabar", server_type=CX)  # error
HetznerMachine("cinnabar", server_type=None, location=THERE)  # error
HetznerMachine("cinnabar", CX, THERE)  # error
HetznerMachine("cinnabar", server_type=CX, zone=THERE)  # error
HetznerMachine("cinnabar", server_type=CX, location=THERE, fallback_locations="nbg1")  # error
HetznerMachine("cinnabar", server_type=CX, location=THERE, enabled="yes")  # error
HetznerMachine("cinnabar", server_type=CX, location=THERE, ipv4="203.0.113.7")  # error
HetznerMachine("cinnabar", server_type=CX, location=THERE, image_architecture="amd64")  # error
HetznerMachine("cinnabar", server_type=CX, location=THERE, volumes=("ore",))  # error
HetznerMachine("cinnabar", server_type=CX, location=THERE, networks={"internal": 5})  # error
HetznerMachine("cinnabar", server_type=CX, location=THERE, networks="internal")  # error
HetznerMachine("cinnabar", server_type=CX, location=THERE, firewall_rules=("443",))  # error
HetznerMachine("cinnabar", server_type=CX, location=THERE, firewall_ids=("web",))  # error
HetznerMachine("cinnabar", server_type=CX, location=THERE, gpu=Gpu("nvidia-l4"))  # error
HetznerMachine("cinnabar", server_type=CX, location=THERE, labels={"a": 1})  # error
HetznerMachine("cinnabar", server_type=CX, location=THERE, catalog=Catalog())  # error
Volume("ore")  # error
Volume("ore", 100)  # error
Volume("ore", size_gb=100, format="zfs")  # error
FirewallRule("http", port="80")  # error
FirewallRule("tcp", port=443)  # error
PrivateNetwork("internal", ip_range=None)  # error
HetznerProject("metals")  # error
HetznerProject(ssh_source_ranges="203.0.113.7/32")  # error
HetznerProject(networks=("internal",))  # error
HetznerCatalog(locations=("fsn1",))  # error
ServerType("cx99", vcpus=1, memory_gib=2, architecture="arm64", locations=())  # error
Location("ams1", "Amsterdam", "NL", "eu-central")  # error
Gpu("nvidia-tesla-t4", count="1")  # error
DataDisk("models")  # error
GcpProject("example-project")  # error
GcpProject("example-project", region="us-central1", ssh_keys="ssh-ed25519 AAAA")  # error
BinaryCache("https://cache.nixos.org")  # error
BinaryCache("https://cache.nixos.org", public_key="…", priority="5")  # error
BinaryCache("https://cache.nixos.org", public_key=5)  # error
BinaryCache("https://cache.nixos.org", public_key="…", machines="galena")  # error
SshHost(options={"ConnectTimeout": 1.5})  # error
Machine("cinnabar", ssh="root@gate")  # error
User("cameron", groups="wheel")  # error
Nvidia(driver="legacy")  # error
Nvidia(driver="legacy_470")  # error
Nvidia(cuda_capabilities="7.5")  # error
ZeroTier(moons=["cinnabar"])  # error
Fleet(name="metals", domain="zt")  # error
Fleet(name="metals", domain="zt", machines=("galena",))  # error
Fleet(name="metals", domain="zt", machines=machine)  # error
Fleet(name="metals", domain="zt", machines=(machine,), gcp="example-project")  # error
Fleet(name="metals", domain="zt", machines=(machine,), module_style="flakes")  # error
Fleet(name="metals", domain="zt", machines=(machine,), extra_files=("motd",))  # error
Fleet(name="metals", domain="zt", machines=(machine,), extra_files=(lambda: None,))  # error
GcpMachine("galena", machine_type=E2, zone=HERE, disko="zfs")  # error
zfs_layout("/dev/sda", pool=5)  # error
Catalog(machine_types=(Zone("us-central1-z", "us-central1"),))  # error
MachineType("c4-standard-8", vcpus="8", memory_gib=30)  # error
Price("c4-standard-8", "*", "0.4")  # error
Fleet(name="metals", domain="zt", machines=(server,), hetzner="metals")  # error
Fleet(name="metals", domain="zt", machines=(server,), dns="example.org")  # error
Fleet(name="metals", domain="zt", machines=(server,), state_encryption=True)  # error
Dns("example.org")  # error
Dns("example.org", zones={"hetzner": 5})  # error
Dns("example.org", zones={"hetzner": "example.org"}, machines="cinnabar")  # error
StateEncryption("word")  # error
Fleet(name="metals", domain="zt", machines=(server,), hetzner=GcpProject("a", region="b"))  # error
machine.enabled = True  # error
server.location = "nbg1"  # error
server.volumes.append(Volume("ore", size_gb=10))  # error
server.networks["internal"].upper()  # error
machine.gpu.count  # error
