"""What came of a deployment, read from Terraform's log.

cdktf may lose the end of what Terraform prints, where the errors stand: the terminal that it gives
Terraform closes before all is read.
"""

from __future__ import annotations

import re

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.failure import Failure
from infra_lib.operate.kinds import machine_of

# 2026-11-23T03:30:16.720Z [ERROR] vertex "google_compute_instance.galena" error: …
_ENTRY = re.compile(r"^\d{4}-\d\d-\d\dT\S+ \[", re.MULTILINE)
_VERTEX = re.compile(r'ERROR\] +vertex "(?P<address>\S+?)(?: .*?)?" error: (?P<text>.*)', re.DOTALL)
_CREATING = re.compile(r"DEBUG\] +(?P<address>\S+): applying the planned Create change")


def read_failures(log: str) -> tuple[Failure, ...]:
    """Return the errors in Terraform's log, each once, in their order."""
    found = (_VERTEX.match(entry) for entry in _ENTRY.split(log))
    return tuple(dict.fromkeys(_failure(each) for each in found if each))


def find_created(log: str) -> frozenset[str]:
    """Return the names of the instances that were made, from Terraform's log."""
    begun = (_CREATING.match(entry) for entry in _ENTRY.split(log))
    machines = {machine_of(each["address"]) for each in begun if each}
    failed = {machine_of(failure.address) for failure in read_failures(log)}
    return frozenset(name for name in machines - failed if name is not None)


def _failure(found: re.Match[str]) -> Failure:
    address, text = found["address"], " ".join(found["text"].split())
    for cloud in CLOUDS.values():
        if f"{cloud.KINDS.provider}_" in address:
            known = cloud.operations().failure(address, text)
            if known is not None:
                return known
    return Failure(address, text)
