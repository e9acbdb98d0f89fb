"""What a flake tells, asked of Nix: the clan's inventory, and the binary caches."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING

from infra_lib.model.errors import FleetError
from infra_lib.operate.adopt.sources import Source, Vars, evaluated
from infra_lib.terraform.printing import progress, trace

if TYPE_CHECKING:
    from pathlib import Path

# What of the inventory is data. Clan keeps options and modules in it too, which JSON cannot hold.
_APPLIED = (
    "i: builtins.intersectAttrs { machines = null; meta = null; tags = null; } i // { instances = "
    "builtins.mapAttrs (_: e: e // { roles = builtins.mapAttrs (_: r: r // { extraModules = map "
    "(m: if builtins.isFunction m || builtins.isAttrs m then null else toString m) "
    "(r.extraModules or [ ]); }) (e.roles or { }); }) (i.instances or { }); }"
)
_NIX = ("nix", "--extra-experimental-features", "nix-command flakes", "eval", "--json")


def inventory_command(flake: str) -> list[str]:
    """Return the command that prints the inventory of a flake's clan.

    Args:
        flake: The flake, as Nix takes it: ".".
    """
    return [*_NIX, "--no-write-lock-file", f"{flake}#clan.inventory", "--apply", _APPLIED]


def caches_command(folder: Path) -> list[str]:
    """Return the command that prints what `lib/caches.nix` of a folder holds."""
    return ["nix-instantiate", "--eval", "--strict", "--json", str(folder / "lib" / "caches.nix")]


def read_flake(folder: Path) -> list[Source]:
    """Return what a flake in a folder tells: its inventory, and caches and vars where it has any.

    Args:
        folder: The folder of `flake.nix`.

    Raises:
        FleetError: When there is no flake, Nix is not there, or fails.
    """
    if not (folder / "flake.nix").is_file():
        raise FleetError(f"--flake {folder}: there is no flake.nix in it")
    command = inventory_command(str(folder.resolve()))
    sources = [evaluated("inventory", _printed(command), "inventory")]
    if (folder / "lib" / "caches.nix").is_file():
        sources.append(evaluated("caches", _printed(caches_command(folder)), "lib/caches.nix"))
    if (folder / "vars").is_dir():
        sources.append(Vars(folder=folder / "vars"))
    return sources


def _printed(command: list[str]) -> bytes:
    """Return what a command prints.

    Raises:
        FleetError: When it cannot be run, or fails; the message holds the end of what it said.
    """
    trace(command)
    try:
        with progress(f"{command[0]} evaluates"):
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, check=False
            )
    except OSError as error:
        raise FleetError(
            f"{command[0]} cannot be run ({error.strerror}). Where Nix is, run this, and give what "
            f"it prints by a file, as --inventory FILE or --caches FILE:\n{shlex.join(command)}"
        ) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-20:]
        end = "\n".join(f"  {line}" for line in said)
        raise FleetError(f"{shlex.join(command[:1])}: it failed:\n{shlex.join(command)}\n{end}")
    return done.stdout
