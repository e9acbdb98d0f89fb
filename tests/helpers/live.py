"""What gcloud and hcloud print of the machines that are there, and stand-ins that print it."""

import json
import shlex
from pathlib import Path
from typing import Any

from tests.helpers import hetzner_api

URL = "https://www.googleapis.com/compute/v1/projects"


def instance(
    name: str,
    status: str = "RUNNING",
    *,
    zone: str = "us-central1-c",
    machine_type: str = "n1-standard-8",
    ip: str | None = "203.0.113.20",
    project: str = "example-project",
    **more: Any,
) -> dict[str, Any]:
    """An instance, as `gcloud compute instances list --format=json` prints it."""
    place = f"{URL}/{project}/zones/{zone}"
    access = {
        "kind": "compute#accessConfig",
        "name": "external-nat",
        "networkTier": "PREMIUM",
        "type": "ONE_TO_ONE_NAT",
        **({} if ip is None else {"natIP": ip}),
    }
    return {
        "kind": "compute#instance",
        "id": "4123456789012345678",
        "name": name,
        "status": status,
        "creationTimestamp": "2026-11-20T01:00:00.000-08:00",
        "lastStartTimestamp": "2026-11-26T02:00:00.000-08:00",
        "labels": {"fleet": "metals", "machine": name, "cost": "0-7300-usd-per-hour"},
        "machineType": f"{place}/machineTypes/{machine_type}",
        "networkInterfaces": [
            {
                "accessConfigs": [access],
                "kind": "compute#networkInterface",
                "name": "nic0",
                "networkIP": "10.128.0.5",
                "stackType": "IPV4_ONLY",
            }
        ],
        "scheduling": {
            "automaticRestart": True,
            "onHostMaintenance": "TERMINATE",
            "preemptible": False,
            "provisioningModel": "STANDARD",
        },
        "selfLink": f"{place}/instances/{name}",
        "zone": place,
        **more,
    }


def server(name: str, status: str = "running", **more: Any) -> dict[str, Any]:
    """A server, as `hcloud server list --output=json` prints it."""
    labels = {"fleet": "metals", "machine": name, "cost": "0-0264-eur-per-hour"}
    return hetzner_api.server(
        name,
        4711,
        **{
            "ipv4": (1, "203.0.113.5"),
            "ipv6": (2, "2001:db8:c1:5::/64"),
            "status": status,
            "labels": labels,
            "location": hetzner_api.place("fsn1"),
            "server_type": hetzner_api.server_type("cx43"),
            **more,
        },
    )


def stand_in(
    folder: Path,
    program: str,
    listed: object = None,
    *,
    printing: str | None = None,
    saying: str = "",
    status: int = 0,
    before: str = "",
) -> Path:
    """Write a program that prints a list, and notes its arguments in `<program>.asked`.

    Args:
        folder: The folder that it goes to, which is to be on PATH.
        program: Its name.
        listed: What it prints as JSON.
        printing: What it prints instead.
        saying: What it prints on the other stream.
        status: Its exit status.
        before: Shell that it runs first.
    """
    folder.mkdir(exist_ok=True)
    (folder / f"{program}.out").write_text(json.dumps(listed) if printing is None else printing)
    (folder / f"{program}.err").write_text(saying)
    path = folder / program
    where = shlex.quote(str(folder))
    path.write_text(
        f'#!/bin/sh\necho "$*" >> {where}/{program}.asked\n{before}\n'
        f"cat {where}/{program}.err >&2\ncat {where}/{program}.out\nexit {status}\n"
    )
    path.chmod(0o755)
    return path
