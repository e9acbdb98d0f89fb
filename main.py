"""The example: the fleet of the story, and the CDKTF app that provisions it."""

from pathlib import Path

from infra_lib import (
    BinaryCache,
    Facts,
    Fleet,
    GcpMachine,
    GcpProject,
    Gpu,
    HetznerMachine,
    HetznerProject,
    IdleStop,
    Machine,
    Nvidia,
    User,
)

ADMIN_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"

fleet = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1", ssh_keys=(ADMIN_KEY,)),
    # Its token is HCLOUD_TOKEN in the environment. SSH is open to where the admin comes from.
    hetzner=HetznerProject(ssh_keys=(ADMIN_KEY,), ssh_source_ranges=("198.51.100.7/32",)),
    machines=(
        HetznerMachine(
            "cinnabar",
            server_type="cx43",
            location="fsn1",
            tags=("controller",),
            description="Primary VPS, ZeroTier controller",
        ),
        HetznerMachine(
            "electrum",
            server_type="ccx23",
            location="fsn1",
            tags=("peer",),
            description="Secondary VPS",
        ),
        GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b", tags=("peer",)),
        # A GPU node is off unless enabled=True. When the zone has stock, an L4 is the
        # alternative: machine_type="g2-standard-4".
        GcpMachine(
            "scheelite",
            machine_type="n1-standard-8",
            zone="us-central1-c",
            gpu=Gpu("nvidia-tesla-t4", count=1),
            tags=("peer",),
            description="inference and training",
        ),
        Machine(
            "stibnite", machine_class="darwin", tags=("workstation",), description="MacBook Pro"
        ),
        Machine(
            "blackphos", machine_class="darwin", tags=("workstation",), description="MacBook Air"
        ),
    ),
    caches=(
        BinaryCache(
            "https://cache.nixos.org",
            public_key="cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=",
        ),
        BinaryCache(
            "https://cache.nixos-cuda.org",
            public_key="cache.nixos-cuda.org:74DUi4Ye579gUqzH4ziL9IyiJBlDpMRn9MBN8oNan9M=",
            priority=5,
        ),
    ),
    users=(
        User(
            "cameron",
            groups=("wheel", "networkmanager"),
            machines=("cinnabar", "electrum", "galena", "scheelite"),
            ssh_keys=(ADMIN_KEY,),
        ),
    ),
    # Who forgets it pays for half an hour more, not for a month.
    nvidia=Nvidia(cuda_toolkit=True, idle_stop=IdleStop(minutes=30)),
    # Addresses and keys, as `infra sync` learnt them.
    facts=Facts.load(Path(__file__).with_name("facts.json")),
)


def main() -> None:
    """Synthesize the stacks."""
    from cdktf import App

    from infra_lib.stacks import GcpStack, HetznerStack

    app = App()
    GcpStack(app, "gcp", fleet=fleet)
    HetznerStack(app, "hetzner", fleet=fleet)
    app.synth()


if __name__ == "__main__":
    main()
