"""What a change of a fleet does, as `infra diff` prints it, for Python.

`diff(before, after)` compares two fleets. Nobody is asked, and nothing is written: what the first
fleet describes is taken for what is there, and the rules of the clouds' providers say the rest.
"""

from infra_lib.operate.diff.files import FileChange
from infra_lib.operate.diff.fleet_diff import (
    DiskChange,
    FleetDiff,
    MachineChange,
    OtherChange,
    diff,
)

__all__ = ["DiskChange", "FileChange", "FleetDiff", "MachineChange", "OtherChange", "diff"]
