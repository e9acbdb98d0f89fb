"""Fleets that together use every feature of the generated files."""

from pathlib import PurePath
from typing import Any, Literal

from infra_lib import (
    BinaryCache,
    Catalog,
    ClanService,
    DataDisk,
    Fleet,
    GcpMachine,
    GcpProject,
    Gpu,
    Identity,
    Internet,
    Machine,
    MachineType,
    Nvidia,
    NvidiaTuning,
    Role,
    ServiceAccount,
    Ssh,
    SshCertificateAuthority,
    SshHost,
    User,
    ZeroTier,
    Zone,
)
from main import fleet as example
from nixgen import Apply, Lambda, Pattern, Str, ref

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u"
KEY_BYTES = "74DUi4Ye579gUqzH4ziL9IyiJBlDpMRn9MBN8oNan9M="
CACHE = BinaryCache("https://cache.example.org", public_key=f"cache.example.org-1:{KEY_BYTES}")
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
H100 = GcpMachine("malachite", machine_type="a3-highgpu-8g", zone="us-central1-a")
ONE_H100 = GcpMachine("azurite", machine_type="a3-highgpu-1g", zone="us-central1-a", spot=True)
PART = GcpMachine(
    "beryl",
    machine_type="g4-standard-12",
    zone="us-central1-b",
    service_account=ServiceAccount("gpu@example-project.iam.gserviceaccount.com"),
    catalog=Catalog(
        machine_types=(
            MachineType(
                "g4-standard-12",
                vcpus=12,
                memory_gib=45,
                accelerator="nvidia-rtx-pro-6000",
                accelerator_count=0.25,
            ),
        ),
    ),
)
VGPU_DRIVER = Apply(
    "config.boot.kernelPackages.nvidiaPackages.mkDriver",
    {"version": "580.159.03", "url": "https://drivers.example.org/vgpu.run"},
)
CPU = GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b")


def workshop(module_style: Literal["flake-parts", "nixos"]) -> Fleet:
    """A fleet as people have them who use many of clan's services, and some of their own."""
    plain = module_style == "nixos"
    everyone = Role(tags=("all",))
    linux_laptops = Apply(
        "builtins.filter",
        Lambda("name", Apply("builtins.elem", ref("name"), ref("config.nixos"))),
        ref("config.stationary"),
    )
    home = {
        ("home-manager", "users", "smith"): ref("inputs.self.smith"),
        ("users", "users", "smith", "shell"): ref("pkgs.zsh"),
    }
    return Fleet(
        name="Iron_works",
        domain="iron.example",
        description='Where "things" are made for ${everyone}',
        module_style=module_style,
        target_host={"nixos": "root@{name}.{domain}", "darwin": "smith@{name}.local:2222"},
        machines=(
            Machine(
                "anvil",
                tags=("server",),
                description="Backups and builds",
                target_host="root@anvil.example.org?ProxyJump=gate@bellows.example.org",
                build_host="root@bellows.example.org",
                forward_agent=True,
                modules=(ref("inputs.srvos.nixosModules.server"),),
                config={("services", "openssh", "enable"): True},
                state_version="25.11",
                platform="x86_64-linux",
            ),
            Machine("bellows", tags=("server", "blower")),
            Machine("2nd_Hammer", tags=("laptop",)),
            Machine("or", tags=("laptop",), target_host=None),
            Machine("chisel-air", machine_class="darwin", tags=("laptop",)),
        ),
        tags={
            "stationary": ("anvil", "chisel-air"),
            "still-linux": linux_laptops,
            "of-their-own": None,
        },
        users=(
            User(
                "smith",
                groups=("wheel",),
                share=True,
                prompt=False,
                machines=("anvil",),
                tags={"laptop": {"groups": ["video"]}},
                identity={"main": Identity(groups=("smiths",)), "guild": Identity()},
                ssh_keys=(f"{KEY} smith",),
                ssh_key_files=(PurePath("keys/smith.pub"),),
                extra_modules=(Lambda(Pattern("pkgs", ellipsis=True), home),),
            ),
            User("root", groups=(), prompt=False, tags=("nixos",), instance="root-password"),
        ),
        zerotier=ZeroTier(
            instance="bench",
            controller_tag="blower",
            peer_tag="all",
            roles={"controller": Role(settings={"allowedIds": ["b504d84a2e"]}), "moon": Role()},
        ),
        internet=Internet(
            roles={"default": Role(machines={"bellows": {"host": "bellows.example.org"}})}
        ),
        services=(
            ClanService(
                "backups",
                module="borgbackup",
                roles={
                    "server": Role(
                        machines={"anvil": {"directory": "/srv/backups"}},
                        extra_modules=("own/base" if plain else "base",),
                    ),
                    "client": Role(
                        machines={"or": {"startAt": Apply("lib.mkForce", "*-*-* 05:00:00")}},
                        tags={"laptop": {"exclude": ["*.iso"]}, "server": {}},
                        settings={"startAt": "*-*-* 03:00:00", "exclude": ["/tmp"]},
                        extra_modules=(
                            PurePath("own/backups.nix"),
                            PurePath("own/disks"),
                            ref("inputs.srvos.nixosModules.server"),
                            {("services", "cron", "enable"): False},
                        ),
                    ),
                },
            ),
            ClanService(
                "furnace",
                module="@iron/heat",
                input="self",
                roles={
                    "default": Role(
                        machines={
                            "anvil": {
                                "image": ref("self.packages.x86_64-linux.image"),
                                "skills": Str(ref("self"), "/skills"),
                                "seal": PurePath("keys/smith.pub"),
                                "limits": {"low": 0.5, "high": None, "steps": [{"by": -1}]},
                                "vault.example.org": {},
                            }
                        }
                    )
                },
            ),
            ClanService("tor", roles={"server": everyone}),
            ClanService("tor-of-laptops", module="tor", roles={"client": Role(tags=("laptop",))}),
            ClanService(
                "stones",
                input="quarry",
                roles={
                    "sharp": Role(tags=("stationary", "of-their-own")),
                    "dull": Role(tags=("still-linux",), settings=ref("inputs.quarry.settings")),
                },
            ),
        ),
        clan={("inventory", "machines", "anvil", "icon"): "anvil.png"},
    )


FLEETS: dict[str, Fleet] = {
    "example": example,
    "l4": fleet_of(L4, caches=(CACHE,)),
    "a100": fleet_of(
        A100, nvidia=Nvidia(driver="latest", cuda_packages=(), cuda_capabilities=("8.0", "9.0"))
    ),
    "pascal": fleet_of(P100, V100),
    "mixed": fleet_of(P100, T4, modules=("base", "ssh-known-hosts", "nvidia")),
    "boards": fleet_of(H100, ONE_H100, PART, nvidia=Nvidia(vgpu_driver=VGPU_DRIVER)),
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
    "workshop": workshop("flake-parts"),
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
    "caches": fleet_of(
        CPU,
        T4,
        Machine("cinnabar", tags=("builder",)),
        Machine("stibnite", machine_class="darwin", tags=("builder",)),
        caches=(
            CACHE,
            BinaryCache(
                "s3://builds?endpoint=https://minio.example&region=eu-west-1",
                public_key=("builds-1:" + KEY_BYTES, "builds-2:" + KEY_BYTES),
                priority=10,
            ),
            BinaryCache("file:///srv/cache?trusted=true", public_key=(), priority=50),
            BinaryCache(
                "ssh-ng://nix@cinnabar?ssh-key=/run/secrets/nix",
                public_key="cinnabar:" + KEY_BYTES,
                tags=("builder",),
            ),
            BinaryCache(
                "https://gpu.example",
                public_key="gpu.example:" + KEY_BYTES,
                machines=("galena",),
                tags=("gpu",),
            ),
        ),
        netrc_file="/run/secrets/netrc",
    ),
    "ssh": fleet_of(
        CPU,
        Machine(
            "cinnabar",
            ssh=SshHost(
                user="root",
                port=2222,
                proxy_jump="gate.example",
                options={
                    "SetEnv": {
                        "TERM": HOSTILE.replace("\n", " ").replace("\r", "").replace("\t", "")
                    },
                    "IdentityFile": ("~/.ssh/a", "~/.ssh/b"),
                    "IgnoreUnknown": "UseKeychain",
                    "UseKeychain": True,
                },
            ),
        ),
        ssh=Ssh(
            certificate_authorities=(
                SshCertificateAuthority(
                    'Ores "${CA}" *', public_key=KEY, host_names=("*.zt", "!a.zt")
                ),
            )
        ),
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
