"""What `benchmarks/synth.py` measures: the stack of a fleet.

python benchmarks/synth_ours.py MACHINES
"""

import sys

from cdktf import App

from infra_lib import Fleet, GcpMachine, GcpProject, Machine
from infra_lib.stacks import GcpStack

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"


def main() -> None:
    """Synthesize the stack `gcp` in the current folder."""
    machines = [
        GcpMachine(f"m{n}", machine_type="e2-standard-8", zone="us-central1-b", tags=("peer",))
        for n in range(int(sys.argv[1]))
    ]
    fleet = Fleet(
        name="metals",
        domain="zt",
        gcp=GcpProject("example-project", region="us-central1", ssh_keys=(KEY,)),
        machines=(Machine("cinnabar", tags=("controller",)), *machines),
    )
    app = App()
    GcpStack(app, "gcp", fleet=fleet)
    app.synth()


if __name__ == "__main__":
    main()
