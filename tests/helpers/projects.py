"""A project with a fleet of its own, and `infra` run in it as people do."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.helpers.process import python
from tests.helpers.tools import require

MAIN = """\
from pathlib import Path

from infra_lib import Facts, Fleet, GcpMachine, GcpProject, Gpu, Machine

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"

fleet = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1", ssh_keys=(KEY,)),
    machines=(
        Machine("cinnabar", tags=("controller",)),
        GcpMachine(
            "galena",
            machine_type="e2-standard-8",
            zone="us-central1-b",
            tags=("peer",),
            enabled=GALENA,
        ),
        GcpMachine(
            "scheelite",
            machine_type="n1-standard-8",
            zone="us-central1-c",
            gpu=Gpu("nvidia-tesla-t4"),
            tags=("peer",),
            enabled=SCHEELITE,
        ),
        Machine("stibnite", machine_class="darwin"),
    ),
    facts=Facts.load(Path(__file__).with_name("facts.json")),
)
"""
KEYS = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG90aGVyOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u",
)
_LOOKED_UP = {"zone": "us-central1-a", "machine_type": "e2-micro", "external_ip": "203.0.113.66"}
NETWORK = "0123456789abcdef"
SCHEELITE_IP = "fd01:2345:6789:abcd:ef99:93ab:cdef:1200"


def make(folder: Path, *, galena: bool = True, scheelite: bool = True) -> Path:
    """Write a project whose generated files go into the folder itself."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text('[tool.nixgen]\nsource = "main:fleet"\n')
    main = MAIN.replace("GALENA", str(galena)).replace("SCHEELITE", str(scheelite))
    (folder / "main.py").write_text(main)
    return folder


def infra(
    folder: Path, *arguments: str, env: dict[str, str] | None = None, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `infra` in a folder."""
    return python("-m", "infra_lib", *arguments, cwd=folder, stdin=stdin, env=env)


def put(folder: Path, variable: str, value: str) -> None:
    """Write a public var as clan does."""
    path = folder / "vars" / variable / "value"
    path.parent.mkdir(parents=True)
    path.write_text(value)


def newest_vars(folder: Path) -> None:
    """Write scheelite's vars in clan's newest layout, secrets beside them as FIFOs."""
    put(folder, "shared/zerotier-network-zerotier/network-id", NETWORK)
    put(folder, "shared/zerotier-ip-scheelite-zerotier/ip", SCHEELITE_IP + "\n")
    put(folder, "per-machine/scheelite/openssh/ssh.id_ed25519.pub", KEYS[0] + " \n")
    put(folder, "per-machine/scheelite/state-version/version", "25.05")
    secret(folder, "per-machine/scheelite/openssh/ssh.id_ed25519")
    secret(folder, "shared/zerotier-identity-scheelite/identity-secret")


def older_vars(folder: Path) -> None:
    """Write scheelite's vars in the layout that clan had before; all of a generator in a folder."""
    put(folder, "per-machine/cinnabar/zerotier/zerotier-network-id", NETWORK)
    put(folder, "per-machine/scheelite/zerotier/zerotier-ip", SCHEELITE_IP)
    put(folder, "per-machine/scheelite/openssh/ssh.id_ed25519.pub", KEYS[0])
    put(folder, "per-machine/scheelite/state-version/version", "25.05")
    secret(folder, "per-machine/scheelite/openssh/ssh.id_ed25519")
    secret(folder, "per-machine/scheelite/zerotier/zerotier-identity-secret")


def secret(folder: Path, variable: str) -> None:
    """Put a FIFO where a secret would be: whoever opens it to read waits for ever."""
    path = folder / "vars" / variable / "secret"
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)


def stack(folder: Path, name: str = "gcp") -> Path:
    """Synthesize a stack that a real Terraform can ask for its state, without any provider."""
    stack = folder / "cdktf.out/stacks" / name
    stack.mkdir(parents=True)
    backend = {"local": {"path": str(_state(folder, name))}}
    synthesized = {"terraform": {"backend": backend}, "output": {"machines": {"value": {}}}}
    (stack / "cdk.tf.json").write_text(json.dumps(synthesized))
    return stack


def deploy(
    folder: Path,
    instances: Mapping[str, Mapping[str, Any]],
    name: str = "gcp",
    *,
    said: Mapping[str, Mapping[str, Any]] | None = None,
    fleet: str = "metals",
) -> None:
    """Leave behind what a deployment of a stack does: its state.

    Args:
        folder: The project.
        instances: What exists: zone, machine type and external address by name.
        name: The stack.
        said: What the output `machines` says, when that is not what exists.
        fleet: The fleet that the instances are of.
    """
    stack = folder / "cdktf.out/stacks" / name
    if not (stack / ".terraform").exists():
        subprocess.run(
            [require("terraform"), f"-chdir={stack}", "init"],
            check=True,
            capture_output=True,
            env={**os.environ, "CHECKPOINT_DISABLE": "1"},
        )
    machines = instances if said is None else said
    state = {
        "version": 4,
        "terraform_version": "1.5.0",
        "serial": 1,
        "lineage": "0b5d1f1c-7a5e-4d1e-9d1b-0a4f5b0c2f11",
        "outputs": {"machines": {"value": machines, "type": _type(machines)}} if machines else {},
        "resources": [
            *(_instance(each, there, fleet) for each, there in instances.items()),
            {**_instance("pyrite", _LOOKED_UP, fleet), "mode": "data"},
        ],
    }
    _state(folder, name).write_text(json.dumps(state))


def _state(folder: Path, name: str) -> Path:
    return folder / f"terraform.{name}.tfstate"


def _type(value: object) -> object:
    if isinstance(value, Mapping):
        return ["object", {name: _type(each) for name, each in value.items()}]
    return "dynamic" if value is None else "string" if isinstance(value, str) else "number"


def _instance(name: str, there: Mapping[str, Any], fleet: str) -> dict[str, Any]:
    access = [{"nat_ip": there["external_ip"] or ""}]
    attributes = {
        "zone": there["zone"],
        "machine_type": there["machine_type"],
        "labels": {"fleet": fleet},
        "desired_status": there.get("desired_status", "RUNNING"),
        "network_interface": [{"access_config": access}],
    }
    return {
        "mode": "managed",
        "type": "google_compute_instance",
        "name": name,
        "provider": 'provider["registry.terraform.io/hashicorp/google"]',
        "instances": [{"schema_version": 6, "attributes": attributes}],
    }
