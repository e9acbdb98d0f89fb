"""`modules/nixos/idle-stop.nix`: machines that turn themselves off when nobody uses them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra_lib.model.idle_machines import idle_stop
from infra_lib.nix.placement import path_of
from infra_lib.nix.style import module
from nixgen.expr import (
    Apply,
    AttrSet,
    BlankLine,
    Commented,
    IndentedStr,
    Item,
    Lambda,
    Let,
    Pattern,
    Str,
    Value,
    ref,
)

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from infra_lib.model.idle_stop import IdleStop
    from infra_lib.model.provisioned import ProvisionedMachine
    from nixgen.files.values import FileValue

PATH = "modules/nixos/idle-stop.nix"
UNIT = "infra-idle-stop"
MINUTES = "IDLE_STOP_MINUTES"

_LEASES = "/run/infra-keep-alive"  # as both scripts have it


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when a machine turns itself off when nobody uses it."""
    if not any(idle_stop(fleet.nvidia, machine) for machine in fleet.provisioned):
        return {}
    value = Lambda(Pattern("pkgs", ellipsis=True), _module())
    return {PATH: module(fleet, ("nixos", fleet.module_names.idle_stop), value)}


def claimed_minutes(fleet: Fleet, machine: ProvisionedMachine) -> int | None:
    """Return after how many minutes a machine turns itself off by the module; None for never.

    None also where the module is not generated: then people's own decides.
    """
    said = idle_stop(fleet.nvidia, machine)
    return None if said is None or path_of(fleet, PATH) is None else said.minutes


def items(fleet: Fleet, machine: ProvisionedMachine) -> list[Item]:
    """Return what a machine that turns itself off has of its own: when it does.

    Nothing where the module is not generated: then people's own decides.
    """
    said = idle_stop(fleet.nvidia, machine)
    if said is None or path_of(fleet, PATH) is None:
        return []
    environment: dict[str, Value] = {**settings(said)}
    if machine.accelerator is not None:
        driver = ref("config.hardware.nvidia.package.bin")
        environment["IDLE_STOP_NVIDIA_SMI"] = Str(driver, "/bin/nvidia-smi")
    said_here = Commented(environment, before="When it turns itself off; the load in hundredths.")
    return [BlankLine(), {("systemd", "services", UNIT, "environment"): said_here}]


def settings(said: IdleStop) -> dict[str, str]:
    """Return the environment that tells the script when a machine turns itself off."""
    return {
        MINUTES: str(said.minutes),
        "IDLE_STOP_SESSION_MINUTES": _limit(said.session_minutes),
        "IDLE_STOP_STALLED_MINUTES": _limit(said.stalled_minutes),
        "IDLE_STOP_GRACE_MINUTES": str(said.grace_minutes),
        "IDLE_STOP_BOOT_MINUTES": str(said.boot_minutes),
        "IDLE_STOP_GPU_PERCENT": str(said.gpu_percent),
        "IDLE_STOP_LOAD": str(round(said.load * 100)),
    }


def _limit(minutes: int | None) -> str:
    return "never" if minutes is None else str(minutes)


def _script(name: str, file: str) -> Value:
    # Not writeShellApplication, which would have every machine's build run shellcheck: tests do.
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    return Apply("pkgs.writeShellScriptBin", name, IndentedStr(text, language="bash"))


def _module() -> Value:
    scripts: dict[str, Value] = {
        "idleStop": _script(UNIT, "idle_stop.sh"),
        "keepAlive": _script("infra-keep-alive", "keep_alive.sh"),
    }
    unit: Item = {
        ("systemd", "services", UNIT): {
            "description": "Turn the machine off when nobody uses it",
            "path": [ref("pkgs.util-linux")],
            "serviceConfig": _service(),
        }
    }
    timer: Item = {
        ("systemd", "timers", UNIT): {
            "description": "Look every minute whether the machine is used",
            "wantedBy": ["timers.target"],
            "timerConfig": {"OnBootSec": "1min", "OnUnitActiveSec": "1min", "AccuracySec": "5s"},
        }
    }
    leases: Item = {
        ("systemd", "tmpfiles", "rules"): Commented(
            [f"d {_LEASES} 1777 root root -"], before="Whoever is logged in may keep it on."
        )
    }
    command: Item = {("environment", "systemPackages"): [ref("keepAlive")]}
    return Let(scripts, AttrSet(unit, BlankLine(), timer, BlankLine(), leases, command))


def _service() -> Value:
    """What the unit may do: see GPUs, terminals and logind, write to terminals, and power off."""
    return {
        "Type": "oneshot",
        "ExecStart": Str(ref("idleStop"), f"/bin/{UNIT}"),
        "RuntimeDirectory": UNIT,
        "RuntimeDirectoryPreserve": Commented(True, before="Since when nobody uses it."),
        "TimeoutStartSec": "2min",
        "TimeoutStopSec": Commented(
            "10s", before="An nvidia-smi that hangs in the driver does not end, and is left behind."
        ),
        # Neither PrivateDevices nor ProtectClock: both would take the GPUs away.
        "CapabilityBoundingSet": "CAP_DAC_OVERRIDE CAP_KILL CAP_SYS_BOOT",
        "IPAddressDeny": "any",
        "LockPersonality": True,
        "NoNewPrivileges": True,
        "PrivateTmp": True,
        "ProtectControlGroups": True,
        "ProtectHome": True,
        "ProtectKernelLogs": True,
        "ProtectKernelModules": True,
        "ProtectSystem": "strict",
        "RestrictAddressFamilies": "AF_UNIX AF_NETLINK",
        "RestrictNamespaces": True,
        "RestrictRealtime": True,
        "RestrictSUIDSGID": True,
        "SystemCallArchitectures": "native",
        "UMask": "0022",
    }
