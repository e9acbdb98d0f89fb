"""The fleet whose files `benchmarks/check.py` checks."""

from infra_lib import Fleet, GcpMachine, GcpProject, Gpu, Machine

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"


def fleet_of(machines: int) -> Fleet:
    """Return a fleet of so many provisioned machines, each tenth with a GPU, and one other."""
    return Fleet(
        name="metals",
        domain="zt",
        gcp=GcpProject("example-project", region="us-central1", ssh_keys=(KEY,)),
        machines=(
            Machine("cinnabar", tags=("controller",)),
            *(
                GcpMachine(
                    f"m{n}",
                    machine_type="n1-standard-8",
                    zone="us-central1-c",
                    tags=("peer",),
                    gpu=None if n % 10 else Gpu("nvidia-tesla-t4"),
                )
                for n in range(machines)
            ),
        ),
    )
