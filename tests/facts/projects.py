"""A project with a fleet of its own, and `infra` run in it as people do."""

import os
import subprocess
import sys
from pathlib import Path

MAIN = """\
from pathlib import Path

from infra_lib import Facts, Fleet, GcpMachine, GcpProject, Gpu, Machine

fleet = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1"),
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
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGmUG9lLwHjP5LMYgZnYp4IG3h9rXCGm6cpY1tjO7wDT",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBQGPFkMTgWa4CKLzUiXjqCaBsFXPkGXXLSg0pCOAnpc",
)
NETWORK = "db4344343b14b903"
SCHEELITE_IP = "fddb:4344:343b:14b9:399:9380:46d5:3400"


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
    return subprocess.run(
        [sys.executable, "-m", "infra_lib", *arguments],
        cwd=folder,
        env={**environment(), **(env or {})},
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def environment() -> dict[str, str]:
    """Return this process's environment, in which infra_lib is found from any folder."""
    repository = str(Path(__file__).parents[2])
    return {**os.environ, "PYTHONPATH": repository, "PYTHONDONTWRITEBYTECODE": "1"}


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
