"""Whether a machine runs what the fleet says: NixOS, its name, mounts, clock, firewall, units."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.model.disko import devices_of, mountpoints
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.wording import listed
from infra_lib.operate.health.check import Check, short
from infra_lib.operate.health.firewall import read_iptables, read_nftables

if TYPE_CHECKING:
    from infra_lib.model.machine import Machine
    from infra_lib.operate.health.answers import Answer, Answers

_SSH = 22
_GENERATION = r"(?:.*/)?system-([0-9]+)-link"


def judge_system(machine: Machine, answers: Answers) -> list[Check]:
    """Return the checks of what a machine runs.

    Args:
        machine: The machine.
        answers: What it answered.
    """
    return [
        _check_nixos(machine, answers),
        _check_generation(answers),
        _check_restart(machine, answers),
        _check_equal("hostname", machine.name, answers["host"], "networking.hostName says it"),
        _check_platform(machine, answers["platform"]),
    ]


def judge_services(machine: Machine, answers: Answers) -> list[Check]:
    """Return the checks of what is to be at work on a machine.

    Args:
        machine: The machine.
        answers: What it answered.
    """
    return [
        _check_mounts(machine, answers["mounts"]),
        _check_time(answers["time"]),
        _check_firewall(machine, answers),
        _check_units(machine, answers["units"]),
    ]


def _check_nixos(machine: Machine, answers: Answers) -> Check:
    release = _release(answers["os"].said or "")
    kind = release.get("ID", "")
    found = answers["version"].said or release.get("VERSION_ID") or release.get("PRETTY_NAME", "")
    if kind != "nixos":
        return Check(
            name="nixos",
            result="failed" if kind else "unknown",
            expected="NixOS",
            found=short(release.get("PRETTY_NAME", kind)) or "nothing",
            advice=f"infra runbook {machine.name} says how it is installed",
        )
    if release.get("VARIANT_ID") == "installer":
        return Check(
            name="nixos",
            result="failed",
            expected="NixOS",
            found="NixOS's installer",
            advice=f"infra runbook {machine.name} says how the installation goes on",
        )
    return Check(name="nixos", result="ok", expected="NixOS", found=short(found))


def _check_generation(answers: Answers) -> Check:
    link = re.fullmatch(_GENERATION, (answers["generation"].said or "").strip())
    profile, system = answers["profile"].said, answers["system"].said
    if link is None or profile is None or system is None:
        return Check(name="generation", result="unknown", found="no profile of the system")
    if profile != system:
        return Check(
            name="generation",
            result="warning",
            expected=f"the newest, {link[1]}",
            found="another",
            advice="it was tried, or is to be booted first: nixos-rebuild test and boot leave it "
            "so; a restart boots the newest",
        )
    return Check(name="generation", result="ok", expected="the newest", found=link[1])


def _check_restart(machine: Machine, answers: Answers) -> Check:
    now, booted = answers["kernel"].said, answers["booted_kernel"].said
    if now is None or booted is None:
        return Check(name="restart", result="unknown", found="not told")
    if now != booted:
        return Check(
            name="restart",
            result="warning",
            expected="none is due",
            found="another kernel or initrd is installed",
            advice=f"it takes effect with a restart: infra ssh {machine.name} -- systemctl reboot",
        )
    return Check(name="restart", result="ok", expected="none is due", found="none is due")


def _check_platform(machine: Machine, answer: Answer) -> Check:
    if machine.platform is None:
        return Check(name="platform", result="not applicable", found=short(answer.said or ""))
    expected = machine.platform.partition("-")[0]
    return _check_equal("platform", expected, answer, "nixpkgs.hostPlatform says it")


def _check_equal(name: str, expected: str, answer: Answer, advice: str) -> Check:
    said = answer.said
    if said is None:
        return Check(name=name, result="unknown", expected=expected, found="not told")
    ok = said == expected
    return Check(
        name=name,
        result="ok" if ok else "failed",
        expected=expected,
        found=short(said),
        advice="" if ok else f"is it the right machine? {advice}",
    )


def _check_mounts(machine: Machine, answer: Answer) -> Check:
    wanted = mountpoints(devices_of(machine.disko, machine.boot_device))
    if not wanted:
        # A layout that is an expression does not tell, and neither does none.
        return Check(name="mounts", result="not applicable")
    expected = listed(wanted)
    if answer.said is None:
        return Check(name="mounts", result="unknown", expected=expected, found="not told")
    there = {_mountpoint(line) for line in answer.said.split("\n")}
    missing = [path for path in wanted if path not in there]
    if not missing:
        return Check(name="mounts", result="ok", expected=expected, found="all of them")
    return Check(
        name="mounts",
        result="failed",
        expected=expected,
        found=f"not mounted: {listed(missing)}",
        advice=f"infra ssh {machine.name} -- systemctl list-units --type=mount --all says why",
    )


def _mountpoint(line: str) -> str:
    r"""Return where something is mounted, of a line of /proc/self/mounts: \040 is a space."""
    fields = line.split(" ")
    path = fields[1] if len(fields) > 1 else ""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)


def _check_time(answer: Answer) -> Check:
    lines = (answer.said or "").split("\n")
    said = dict(line.split("=", 1) for line in lines if "=" in line).get("NTPSynchronized")
    if said is None:
        return Check(name="time", result="unknown", expected="synchronized", found="not told")
    ok = said == "yes"
    return Check(
        name="time",
        result="ok" if ok else "failed",
        expected="synchronized",
        found="synchronized" if ok else "not synchronized",
        advice=""
        if ok
        else "does systemd-timesyncd reach its time servers? timedatectl "
        "timesync-status tells; soon after a start this passes by itself",
    )


def _check_firewall(machine: Machine, answers: Answers) -> Check:
    if not isinstance(machine, ProvisionedMachine):  # its own files say what it lets in
        return Check(name="firewall", result="not applicable")
    port = machine.ssh.port or _SSH
    expected = f"active, TCP {port} open"
    units = [answers["firewall"], answers["nftables"]]
    if all(unit.is_missing for unit in units):
        return Check(name="firewall", result="unknown", expected=expected, found="not told")
    if not any(unit.said == "active" for unit in units):
        return Check(
            name="firewall",
            result="failed",
            expected=expected,
            found=short(units[0].first_line) or "inactive",
            advice="whatever listens is reached by everybody whom the cloud lets in: "
            f"infra ssh {machine.name} -- systemctl status firewall nftables says why",
        )
    opened = read_iptables(answers["iptables"].text) or read_nftables(answers["nft"].text)
    if opened is None:
        user = answers["user"].said
        return Check(
            name="firewall",
            result="unknown",
            expected=expected,
            found="active",
            advice="" if user == "0" else "its rules are told to root alone: --login root",
        )
    ok = opened.takes_tcp(port)
    return Check(
        name="firewall",
        result="ok" if ok else "failed",
        expected=expected,
        found=short(f"active, {opened.text or 'nothing open'}"),
        advice=""
        if ok
        else f"the rules that are loaded are not the generated ones: clan machines update "
        f"{machine.name}",
    )


def _check_units(machine: Machine, answer: Answer) -> Check:
    if answer.status != 0:
        return Check(name="units", result="unknown", expected="none failed", found="not told")
    failed = [line.split()[0] for line in answer.text.split("\n") if line.strip()]
    if not failed:
        return Check(name="units", result="ok", expected="none failed", found="none failed")
    return Check(
        name="units",
        result="failed",
        expected="none failed",
        found=short(f"failed: {listed(failed)}"),
        advice=f"infra ssh {machine.name} -- systemctl --failed, and then systemctl status UNIT, "
        "say why",
    )


def _release(text: str) -> dict[str, str]:
    """Return the fields of /etc/os-release, whose values may stand in quotes."""
    fields = (line.partition("=") for line in text.split("\n") if "=" in line)
    return {name: value.strip().strip("\"'") for name, _, value in fields}
