"""The fleet whose files `benchmarks/check.py` checks."""

from infra_lib import Fleet, GcpMachine, GcpProject, Machine

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"


def fleet_of(machines: int) -> Fleet:
    """Return a fleet of so many provisioned machines, and one that is not."""
    return Fleet(
        name="metals",
        domain="zt",
        gcp=GcpProject("example-project", region="us-central1", ssh_keys=(KEY,)),
        machines=(
            Machine("cinnabar", tags=("controller",)),
            *(
                GcpMachine(
                    f"m{n}", machine_type="e2-standard-8", zone="us-central1-b", tags=("peer",)
                )
                for n in range(machines)
            ),
        ),
    )
