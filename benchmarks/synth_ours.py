"""What `benchmarks/synth.py` measures: the stack of a fleet.

python benchmarks/synth_ours.py cdktf|cdktn MACHINES
"""

import importlib
import sys

from infra_lib import Fleet, GcpMachine, GcpProject, Machine

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"


def main() -> None:
    """Synthesize the stack `gcp` in the current folder."""
    framework, count = sys.argv[1], int(sys.argv[2])
    machines = [
        GcpMachine(f"m{n}", machine_type="e2-standard-8", zone="us-central1-b", tags=("peer",))
        for n in range(count)
    ]
    fleet = Fleet(
        name="metals",
        domain="zt",
        gcp=GcpProject("example-project", region="us-central1", ssh_keys=(KEY,)),
        machines=(Machine("cinnabar", tags=("controller",)), *machines),
    )
    app = importlib.import_module(framework).App()
    importlib.import_module(f"infra_lib.stacks.{framework}").GcpStack(app, "gcp", fleet=fleet)
    app.synth()


if __name__ == "__main__":
    main()
