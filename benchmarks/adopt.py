"""How long a repository of 1,000 machines takes to become Python: `infra adopt`, the whole process.

    python benchmarks/adopt.py [MACHINES] [RUNS]

The sources are a clan's inventory with 50 services, and a state with a machine for each entry, half
of them in each cloud, as `terraform show -json` prints it. The peer is a process that imports the
library and loads the same files as JSON, and no more. The aim for 1,000 machines is under 5 s.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

REPOSITORY = Path(__file__).parents[1]
AIM = 5.0
PEER = "import json, sys, infra_lib; [json.load(open(name)) for name in sys.argv[1:]]"


def inventory(machines: int) -> dict[str, Any]:
    """Return an inventory of so many machines, in 50 services."""
    names = [f"m{n}" for n in range(machines)]
    return {
        "meta": {"name": "metals", "domain": "zt"},
        "machines": {
            name: {
                "tags": ["nixos", "server"],
                "description": f"Machine {name}",
                "deploy": {"targetHost": f"root@{name}.zt"},
            }
            for name in names
        },
        "instances": {
            f"service-{n}": {
                "module": {"name": "sshd", "input": None},
                "roles": {"server": {"machines": {name: {} for name in names[n::50]}}},
            }
            for n in range(50)
        },
    }


def state(machines: int) -> dict[str, Any]:
    """Return a state of so many machines: every other one at Hetzner, each tenth with a GPU."""
    resources = [_hetzner(n) if n % 2 else _google(n, gpu=n % 10 == 0) for n in range(machines)]
    return {"format_version": "1.0", "values": {"root_module": {"resources": resources}}}


def _google(n: int, *, gpu: bool) -> dict[str, Any]:
    values = {
        "name": f"m{n}",
        "machine_type": "n1-standard-8",
        "zone": "us-central1-c",
        "project": "example-project",
        "boot_disk": [{"initialize_params": [{"size": 100, "type": "pd-balanced"}]}],
        "network_interface": [
            {"network": "default", "access_config": [{"nat_ip": f"203.0.{n // 250}.{n % 250}"}]}
        ],
        "guest_accelerator": [{"type": "nvidia-tesla-t4", "count": 1}] if gpu else [],
        "scheduling": [{"on_host_maintenance": "TERMINATE" if gpu else "MIGRATE"}],
        "metadata": {"note": "x" * 200},
        "current_status": "RUNNING",
    }
    return _resource("google_compute_instance", n, values)


def _hetzner(n: int) -> dict[str, Any]:
    values = {
        "id": str(10_000 + n),
        "name": f"m{n}",
        "server_type": "ccx23",
        "location": "fsn1",
        "status": "running",
        "ipv4_address": f"198.51.{n // 250}.{n % 250}",
        "firewall_ids": [81],
        "public_net": [{"ipv4": 50_000 + n, "ipv4_enabled": True, "ipv6_enabled": False}],
        "labels": {"team": "ore"},
    }
    return _resource("hcloud_server", n, values)


def _resource(kind: str, n: int, values: dict[str, Any]) -> dict[str, Any]:
    return {
        "address": f"{kind}.m{n}",
        "mode": "managed",
        "type": kind,
        "name": f"m{n}",
        "values": values,
        "sensitive_values": {},
    }


def seconds(command: list[str], folder: Path) -> float:
    """Return how long a command takes in a folder, which has to end well."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "INFRA_TODAY": "2026-08-01"}
    started = time.perf_counter()
    subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, check=True, timeout=600
    )
    return time.perf_counter() - started


def main() -> None:
    """Run both in turn, and print how long they take, and the ratio."""
    machines, runs, *_ = (*map(int, sys.argv[1:]), *(1000, 5)[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "inventory.json").write_text(json.dumps(inventory(machines)))
        (folder / "state.json").write_text(json.dumps(state(machines)))
        ours, peer = [], []
        for run in range(runs + 1):
            output = f"fleet_{run}"
            (folder / output).mkdir()
            adopt = [sys.executable, "-m", "infra_lib", "adopt", "-o", f"{output}/fleet.py"]
            adopt += ["--inventory", "inventory.json", "--terraform", "state.json"]
            ours.append(seconds(adopt, folder))
            files = ["inventory.json", "state.json"]
            peer.append(seconds([sys.executable, "-c", PEER, *files], folder))
    # The first run of each compiles, and fills caches.
    taken, loaded = median(ours[1:]), median(peer[1:])
    print(f"infra adopt, {machines} machines      {taken:6.2f} s")
    print(f"import and json.load           {loaded:6.2f} s")
    print(f"ratio                          {taken / loaded:6.1f}")
    if machines <= 1000:
        print(f"aim: under {AIM:.0f} s: {'met' if taken < AIM else 'MISSED'}")


if __name__ == "__main__":
    main()
