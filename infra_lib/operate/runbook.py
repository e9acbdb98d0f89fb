"""The commands that bring a machine up, take it down or replace it, in order."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Literal

from infra_lib.clouds.gcp.machine import GcpMachine
from infra_lib.clouds.gcp.project import IAP_RANGE
from infra_lib.fleet import Fleet
from infra_lib.hosts import ways_in
from infra_lib.model import destination, money
from infra_lib.model.reference import Reference
from infra_lib.terraform.installer import ALONE, FOLDER, UNCHECKED, clan_install, guarded
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra_lib.model.machine import Machine

Action = Literal["up", "down", "replace"]
ACTIONS: tuple[Action, ...] = ("up", "down", "replace")

_TITLES = {"up": "Bring it up", "down": "Take it down", "replace": "Replace it"}
_TERRAFORM = '"${TERRAFORM_BINARY_NAME:-terraform}"'  # cdktf's own variable
_INTENT = (
    "Install NixOS, unless the machine says that it runs it: installing wipes its disks. One that "
    "answers to another name is left alone."
)
_BUILT_THERE = "It builds there: a Mac with Apple silicon cannot build x86_64-linux itself."
_CHECKED = "Its host key has to be one that its image has published, where gcloud tells of any."
_NOT_CHECKED = "The image's own host key is not checked: guest_attributes=False."
_CLOSED = (
    f"SSH is closed to whoever installs it: add Identity-Aware Proxy, {IAP_RANGE}, to "
    "ssh_source_ranges until it runs NixOS, and deploy that first. "
)
_TIMEOUT = "-o ConnectTimeout=10"
# A machine that was replaced has another key than is known of it: a person is asked about that.
_FORGOTTEN = "-o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null"


@frozen
class Step:
    """One thing to do.

    Attributes:
        text: What it is, and why.
        commands: Lines of shell that do it; none when it is for a person to do.
    """

    text: str
    commands: tuple[str, ...] = ()


@frozen
class Runbook:
    """What to do for one machine and one end.

    Attributes:
        machine: The machine's name.
        action: The end.
        steps: What to do, in order.
    """

    machine: str
    action: Action
    steps: tuple[Step, ...]


@frozen(kw_only=True)
class Writer:
    """Writes the runbooks of a fleet.

    Attributes:
        fleet: The fleet.
        source: What `infra` and `nixgen` are told to read; empty for what pyproject.toml says.
        configured: Whether pyproject.toml says what `nixgen` writes, which may be more than this.
        stack: The name of the stack.
        project: The ID of the Google Cloud project that the stack is in; empty for the fleet's.
        output: The folder that cdktf writes stacks to.
    """

    fleet: Fleet
    source: str = ""
    configured: bool = False
    stack: str = "gcp"
    project: str = ""
    output: str = "cdktf.out"

    def runbooks(self, machine: Machine) -> tuple[Runbook, ...]:
        """Return what to do for a machine: one for each of `ACTIONS`."""
        if isinstance(machine, GcpMachine):
            steps = self._gcp_up(machine), self._gcp_down(machine), self._gcp_replace(machine)
        elif machine.machine_class == "darwin":
            up = self._mac_up(machine, self.fleet.facts.machine(machine.name).zerotier_member_id)
            steps = up, self._mac_down(machine), self._mac_up(machine, None)
        else:
            steps = (
                self._elsewhere_up(machine, anew=False),
                self._elsewhere_down(machine),
                self._elsewhere_up(machine, anew=True),
            )
        return tuple(
            Runbook(machine.name, action, tuple(each))
            for action, each in zip(ACTIONS, steps, strict=True)
        )

    def installed(self, machine: GcpMachine) -> Runbook:
        """Return what is left to do for a machine that has just been made."""
        return Runbook(machine.name, "up", tuple(self._installed(machine, anew=False)))

    def _gcp_up(self, machine: GcpMachine) -> list[Step]:
        fields = "enabled=True" + (" and no stopped=True" if machine.stopped else "")
        return [
            self._expect(machine, "on", f"In the fleet, give {machine.name} {fields}."),
            self._written(),
            Step(
                f"Create it. {_price(machine)}",
                (self._infra("deploy", shlex.quote(self.stack)),),
            ),
            *self._installed(machine, anew=False),
        ]

    def _gcp_down(self, machine: GcpMachine) -> list[Step]:
        kept = ", ".join(disk.name for disk in machine.data_disks)
        instead = (
            " stopped=True instead keeps its boot disk, "
            "and stops paying for vCPUs, memory and GPUs."
        )
        if machine.catalog_entry.local_ssds:
            instead = ""  # it cannot be stopped
        return [
            self._expect(
                machine,
                "off",
                f"In the fleet, give {machine.name} enabled=False.{instead}{_unprotected(machine)}",
            ),
            Step(
                "Delete it." + (f" Its data disks stay: {kept}." if kept else ""),
                (self._infra("deploy", shlex.quote(self.stack)),),
            ),
            self._synced("Forget its address. Its keys stay: they come back with it."),
            _reviewed(),
        ]

    def _gcp_replace(self, machine: GcpMachine) -> list[Step]:
        folder = shlex.quote(f"{self.output}/stacks/{self.stack}")
        return [
            self._expect(
                machine,
                "on",
                f"In the fleet, {machine.name} has enabled=True.{_unprotected(machine)}",
            ),
            Step(
                "Delete the instance and its boot disk, and make them anew.",
                (
                    "cdktf synth",
                    f"{_TERRAFORM} -chdir={folder} init -input=false",
                    f"{_TERRAFORM} -chdir={folder} apply "
                    f"-replace=google_compute_instance.{machine.name}",
                ),
            ),
            *self._installed(machine, anew=True),
        ]

    def _installed(self, machine: GcpMachine, *, anew: bool) -> Iterator[Step]:
        """From an instance that runs the image to a member of the network."""
        if self.fleet.gcp is not None and self.fleet.gcp.install:
            yield Step("Deploying it has also installed NixOS: GcpProject(install=True).")
        elif self._tunnelled(machine):
            yield self._installed_through_tunnel(machine, anew=anew)
        else:
            published = self._published(machine)
            closed = not ways_in(self.fleet, machine) & {"direct", "inside", "own"}
            yield Step(
                f"{_CLOSED if closed else ''}{_INTENT} {_BUILT_THERE} "
                f"{_CHECKED if published else _NOT_CHECKED}",
                _subshell(
                    self._address(machine),
                    *FOLDER,
                    *guarded(
                        machine.name,
                        clan_install(machine.name, "root@$address", "none"),
                        ssh=f"{_TIMEOUT} {UNCHECKED}",
                        host="root@$address",
                        published=published,
                        advice="is SSH open to this computer, in ssh_source_ranges, and its key "
                        "among ssh_keys?",
                        anew=anew,
                        named=True,
                    ),
                ),
            )
        yield self._synced("Learn its address and keys, and write them where they belong.")
        yield from self._admitted(machine)
        yield Step("See that it is there.", (self._ssh(machine),))
        yield _reviewed()

    def _tunnelled(self, machine: GcpMachine) -> bool:
        project = self.fleet.gcp
        ranges = () if project is None else project.ssh_source_ranges
        return machine.external_ip is False or ranges == (IAP_RANGE,)

    def _tunnel(self, machine: GcpMachine) -> str:
        """The command that connects its input and output with the machine's SSH server."""
        zone, project = self._place(machine)
        return shlex.join(
            (
                *("gcloud", "compute", "start-iap-tunnel", machine.name, "22", "--listen-on-stdin"),
                *(f"--zone={zone}", f"--project={project}", "--quiet", "--verbosity=error"),
            )
        )

    def _installed_through_tunnel(self, machine: GcpMachine, *, anew: bool) -> Step:
        zone, project = self._place(machine)
        tunnel = self._tunnel(machine)
        # The machine's own name in Google's network: whatever else may resolve it means the same
        # machine. That of a project in a domain has the domain last.
        domain = ".".join(reversed(re.sub(r"[^-.:a-z0-9]", "-", project).split(":")))
        host = f"root@{machine.name}.{zone}.c.{domain}.internal"
        published = self._published(machine)
        closed = not ways_in(self.fleet, machine) & {"own", "tunnel"}
        return Step(
            f"{_CLOSED if closed else ''}{_INTENT} {_BUILT_THERE} SSH comes through Identity-Aware "
            f"Proxy, which knows the instance. {_CHECKED if published else _NOT_CHECKED} The "
            "tunnel has no port here: each connection has its own.",
            _subshell(
                # A file, for Nix would take a command of several words apart.
                *FOLDER,
                f"""printf '#!/bin/sh\\nexec %s\\n' {shlex.quote(tunnel)} """
                '> "$folder/tunnel"',
                'chmod +x "$folder/tunnel"',
                *guarded(
                    machine.name,
                    clan_install(machine.name, f"{host}?ProxyCommand=$folder/tunnel", "none"),
                    ssh=f'-o "ProxyCommand=$folder/tunnel" -o ConnectTimeout=30 {UNCHECKED}',
                    host=host,
                    published=published,
                    advice=(f"{IAP_RANGE} is not in ssh_source_ranges; " if closed else "")
                    + "may you use Identity-Aware Proxy, and is the key of this computer among "
                    "ssh_keys?",
                    anew=anew,
                    named=True,
                ),
            ),
        )

    def _place(self, machine: GcpMachine) -> tuple[str, str]:
        """Return the zone and the project that a machine is in."""
        zone = self.fleet.facts.machine(machine.name).zone or machine.zone
        return zone, self.project or (self.fleet.gcp.project if self.fleet.gcp else "")

    def _published(self, machine: GcpMachine) -> tuple[str, str] | None:
        """Return where a machine's image may publish its host key; None where it may not."""
        may = self.fleet.gcp is not None and self.fleet.gcp.guest_attributes
        return self._place(machine) if may else None

    def _address(self, machine: Machine) -> str:
        """The command that sets `address`: to what stays, or else to what it is by then."""
        if not isinstance(machine, GcpMachine):
            known = self.fleet.facts.machine(machine.name).external_ip
        # Terraform alone can tell what a Reference stands for.
        elif isinstance(machine.external_ip, str) and not isinstance(
            machine.external_ip, Reference
        ):
            known = machine.external_ip
        else:
            known = None
        asked = self._infra("sync", "--get", f"{machine.name}.external_ip")
        return f"address={known}" if known else f"address=$({asked}) || exit"

    def _elsewhere_up(self, machine: Machine, *, anew: bool) -> list[Step]:
        known = self.fleet.facts.machine(machine.name).external_ip
        told = self._infra("sync", "--set", f"{machine.name}.external_ip=ADDRESS")
        return [
            Step(
                f"{machine.name} is provisioned elsewhere: have it run a Linux that lets root in "
                "by your key." + ("" if known else f" Then record where: {told}")
            ),
            self._written(),
            Step(
                f"{_INTENT} {_BUILT_THERE} A rescue system has a name of its own: ANSWERS_TO=… "
                "says it, once you know that it is the one.",
                _subshell(
                    self._address(machine),
                    *guarded(
                        machine.name,
                        clan_install(machine.name, "root@$address", "ask"),
                        ssh=f"{_TIMEOUT} {ALONE}" + (f" {_FORGOTTEN}" if anew else ""),
                        host="root@$address",
                        published=None,
                        advice="is it up, is this its address, and does root have your key?",
                        anew=anew,
                        named=True,
                    ),
                ),
            ),
            self._synced("Learn its keys, and write them where they belong."),
            *self._admitted(machine),
            Step("See that it is there.", (self._ssh(machine),)),
            _reviewed(),
        ]

    def _elsewhere_down(self, machine: Machine) -> list[Step]:
        return [
            Step(f"Take {machine.name} out of the fleet, and down where it is provisioned."),
            self._synced("Forget it."),
            *self._admitted(machine),
            _reviewed(),
        ]

    def _mac_up(self, machine: Machine, member: str | None) -> list[Step]:
        variable = '"${MEMBER_ID:?is what zerotier-cli info prints there}"'
        fact = f"{machine.name}.zerotier_member_id={member or variable}"
        joined = [
            Step(
                f"On {machine.name}: sudo zerotier-cli join {self._network()}, and sudo "
                "zerotier-cli info prints its id of 10 digits."
            ),
            self._synced(
                "Record that id: clan does not manage ZeroTier on a Mac."
                + ("" if member else " MEMBER_ID=… says it."),
                "--set",
                fact,
            ),
            *self._admitted(machine),
        ]
        return [
            *(joined if self.fleet.controller else ()),
            Step(
                f"Build and switch. It builds there: on {machine.name} itself.",
                (f"clan machines update {machine.name}",),
            ),
            _reviewed(),
        ]

    def _mac_down(self, machine: Machine) -> list[Step]:
        forgotten = f"{machine.name}.zerotier_member_id="
        return [
            Step(f"On {machine.name}: sudo zerotier-cli leave {self._network()}."),
            self._synced("Forget its id, and with it its address.", "--set", forgotten),
            *self._admitted(machine),
            _reviewed(),
        ]

    def _network(self) -> str:
        return self.fleet.facts.zerotier_network_id or "NETWORK"

    def _expect(self, machine: GcpMachine, state: str, text: str) -> Step:
        return Step(text, (self._infra("runbook", machine.name, "--expect", state),))

    def _written(self) -> Step:
        return Step(
            "Write its Nix files. A flake sees only what git knows of.",
            (self._nixgen(), "git add --intent-to-add ."),
        )

    def _synced(self, text: str, *arguments: str) -> Step:
        commands = (self._infra("sync", *arguments), self._nixgen(), "git add --intent-to-add .")
        return Step(text, commands)

    def _admitted(self, machine: Machine) -> Iterator[Step]:
        controller = self.fleet.controller
        member = (
            machine in self.fleet.peers
            or machine.name in self.fleet.zerotier.moons
            or machine.machine_class == "darwin"
        )
        if controller is not None and controller != machine and member:
            yield Step(
                f"Update the controller: {controller.name} admits only whom it has been told of.",
                (f"clan machines update {controller.name}",),
            )

    def _ssh(self, machine: Machine) -> str:
        target = destination.parse(self.fleet.target_host(machine)).ssh()
        if not isinstance(machine, GcpMachine):
            return shlex.join(("ssh", *target, "nixos-version"))
        alone = ways_in(self.fleet, machine) == {"tunnel"}
        proxy = ("-o", f"ProxyCommand={self._tunnel(machine)}") if alone else ()
        return shlex.join(
            ("ssh", *proxy, *target, "nixos-version" if machine.gpu is None else "nvidia-smi")
        )

    def _infra(self, command: str, *arguments: str) -> str:
        source = ["--source", shlex.quote(self.source)] if self.source else []
        return " ".join(("infra", command, *source, *arguments))

    def _nixgen(self) -> str:
        named = self.source and not self.configured
        return " ".join(("nixgen", "write", *([shlex.quote(self.source)] if named else [])))


def as_text(runbooks: Sequence[Runbook], fleet: Fleet) -> str:
    """Return runbooks for people to read."""
    parts: list[str] = []
    named = ""
    for runbook in runbooks:
        if runbook.machine != named:
            named = runbook.machine
            parts.append(_title(fleet, fleet.machine(named)))
        lines = [_TITLES[runbook.action]]
        for number, step in enumerate(runbook.steps, 1):
            lines += _wrapped(f"{number}. {step.text}")
            lines += [f"       {command}" for command in step.commands]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def as_shell(runbooks: Sequence[Runbook]) -> str:
    """Return runbooks as a script that is told action and machine, and stops where one fails."""
    alone = len({runbook.machine for runbook in runbooks}) == 1
    lines = [
        "#!/usr/bin/env bash",
        "# Made by `infra runbook --shell` from the fleet as it was; renew it with the fleet.",
        "set -euo pipefail",
        "",
        "step() { printf '\\n== %s\\n' \"$*\" >&2; }",
        "",
        'case "$*" in',
    ]
    for runbook in runbooks:
        label = f'"{runbook.action} {runbook.machine}"'
        lines.append(f"{runbook.action} | {label})" if alone else f"{label})")
        for step in runbook.steps:
            lines.append(f"  step {shlex.quote(step.text)}")
            lines += [f"  {command}" for command in step.commands]
        lines.append("  ;;")
    usage = [f"{runbook.action} {runbook.machine}" for runbook in runbooks]
    lines += ["*)", "  printf 'accepted is one of:\\n' >&2"]
    lines += [f"  printf '  %s\\n' {shlex.quote(each)} >&2" for each in usage]
    return "\n".join([*lines, "  exit 2", "  ;;", "esac", ""])


def _subshell(*lines: str) -> tuple[str, ...]:
    """Have lines leave with `exit` what they are part of, not the shell of who pastes them."""
    return ("(", *(f"  {line}" for line in lines), ")")


def _unprotected(machine: GcpMachine) -> str:
    protected = machine.deletion_protection
    return " deletion_protection=False has to be deployed first." if protected else ""


def _reviewed() -> Step:
    return Step("Review what changed, and commit it.", ("git status --short",))


def _price(machine: GcpMachine) -> str:
    price = machine.usd_per_hour
    if price is None:
        return "What it costs while on is unknown."
    return (
        f"It costs {money.hour_text(price)} an hour, {money.month_text(price)} a month, while on."
    )


def _title(fleet: Fleet, machine: Machine) -> str:
    state = f" ({machine.state})" if isinstance(machine, GcpMachine) else ""
    about = f": {machine.full_description}" if machine.full_description else ""
    known = fleet.facts.machine(machine.name)
    addresses = [
        f"{network} {address}"
        for network, address in (("ZeroTier", known.zerotier_ip), ("Internet", known.external_ip))
        if address
    ]
    return "\n".join(
        (f"{machine.name}{state}{about}", *([", ".join(addresses)] if addresses else []))
    )


def _wrapped(text: str) -> list[str]:
    from textwrap import wrap

    return wrap(text, 92, initial_indent="  ", subsequent_indent="     ", break_long_words=False)
