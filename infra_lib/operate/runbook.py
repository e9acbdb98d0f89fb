"""The commands that bring a machine up, take it down or replace it, in order."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Literal

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.fleet import Fleet, project_of
from infra_lib.hosts import ways_in
from infra_lib.model import destination, money
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.reference import Reference
from infra_lib.model.sums import known_part
from infra_lib.operate.kinds import address_of
from infra_lib.terraform.installer import install_lines
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra_lib.clouds.access import Access
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
_BUILT_ON_ARM = "It builds there."


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
    """What to do to bring one machine up, take it down or replace it.

    Attributes:
        machine: The machine's name.
        action: Which of these it is.
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
        stack: The name of the stack; empty for that of the cloud, which it mostly has.
        project: The ID of the project that the stack is in; empty for the fleet's.
        output: The folder that stacks are synthesized to.
        cdk: The command line of the framework that makes them.
    """

    fleet: Fleet
    source: str = ""
    configured: bool = False
    stack: str = ""
    project: str = ""
    output: str = "cdktf.out"
    cdk: str = "cdktf"

    def runbooks(self, machine: Machine) -> tuple[Runbook, ...]:
        """Return what to do for a machine: one for each of `ACTIONS`."""
        if isinstance(machine, ProvisionedMachine):
            steps = (
                self._provisioned_up(machine),
                self._provisioned_down(machine),
                self._provisioned_replace(machine),
            )
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

    def install(self, machine: ProvisionedMachine) -> Runbook:
        """Return what is left to do for a machine that has just been made."""
        return Runbook(machine.name, "up", tuple(self._install_steps(machine, anew=False)))

    def _provisioned_up(self, machine: ProvisionedMachine) -> list[Step]:
        fields = "enabled=True" + (" and no stopped=True" if machine.stopped else "")
        return [
            self._expect(machine, "on", f"In the fleet, give {machine.name} {fields}."),
            self._write_files(),
            Step(
                f"Create it. {_price(machine)}",
                (self._infra("deploy", "--stack", shlex.quote(self.stack or machine.cloud)),),
            ),
            *self._install_steps(machine, anew=False),
        ]

    def _provisioned_down(self, machine: ProvisionedMachine) -> list[Step]:
        handling = CLOUDS[machine.cloud].operations().handling(machine)
        instead = f" {handling.instead}" if handling.instead else ""
        return [
            self._expect(
                machine,
                "off",
                f"In the fleet, give {machine.name} enabled=False.{instead}{_protection(machine)}",
            ),
            Step(
                handling.deleted,
                (self._infra("deploy", "--stack", shlex.quote(self.stack or machine.cloud)),),
            ),
            self._sync(
                "Learn that it is off. Its addresses and its keys stay: they come back with it."
                if machine.keeps_addresses
                else "Forget its address. Its keys stay: they come back with it."
            ),
            _review(),
        ]

    def _provisioned_replace(self, machine: ProvisionedMachine) -> list[Step]:
        folder = shlex.quote(f"{self.output}/stacks/{self.stack or machine.cloud}")
        return [
            self._expect(
                machine,
                "on",
                f"In the fleet, {machine.name} has enabled=True.{_protection(machine)}",
            ),
            Step(
                CLOUDS[machine.cloud].operations().handling(machine).replaced,
                (
                    f"{self.cdk} synth",
                    f"{_TERRAFORM} -chdir={folder} init -input=false",
                    f"{_TERRAFORM} -chdir={folder} apply -replace={address_of(machine)}",
                ),
            ),
            *self._install_steps(machine, anew=True),
        ]

    def _install_steps(self, machine: ProvisionedMachine, *, anew: bool) -> Iterator[Step]:
        """From an instance that runs the image to a member of the network."""
        access = self._access(machine)
        if access.installed_by is not None:
            yield Step(f"Deploying it has also installed NixOS: {access.installed_by}.")
        else:
            if access.learned:
                yield self._sync(access.learned)
            address = (self._address(machine),) if access.tunnel_host is None else ()
            yield Step(
                f"{access.closed}{_INTENT} {_built(machine)} {access.note}",
                _subshell(
                    *address,
                    *install_lines(
                        machine.name,
                        access.tunnel_host or "$address",
                        advice=access.advice,
                        host_keys=access.host_keys,
                        tunnel=access.tunnel if access.tunnel_host else (),
                        anew=anew,
                    ),
                ),
            )
        yield self._sync("Learn its address and keys, and write them where they belong.")
        yield from self._admit_steps(machine)
        yield Step("See that it is there.", (self._ssh(machine),))
        yield _review()

    def _access(self, machine: ProvisionedMachine) -> Access:
        project = project_of(self.fleet, machine.cloud)
        cloud = CLOUDS[machine.cloud].operations()
        return cloud.access(self.fleet, project, machine, self.project)

    def _address(self, machine: Machine) -> str:
        """The command that sets `address`: to what stays, or else to what it is by then."""
        if not isinstance(machine, ProvisionedMachine):
            known = self.fleet.facts.machine(machine.name).external_ip
        # Terraform alone can tell what a Reference stands for.
        elif isinstance(machine.external_ip, str) and not isinstance(
            machine.external_ip, Reference
        ):
            known = machine.external_ip
        else:
            known = None
        fact = "external_ip"
        if isinstance(machine, ProvisionedMachine) and machine.external_ip is False:
            fact = "external_ipv6"
        asked = self._infra("sync", "--get", f"{machine.name}.{fact}")
        return f"address={known}" if known else f"address=$({asked}) || exit"

    def _elsewhere_up(self, machine: Machine, *, anew: bool) -> list[Step]:
        known = self.fleet.facts.machine(machine.name).external_ip
        told = self._infra("sync", "--set", f"{machine.name}.external_ip=ADDRESS")
        return [
            Step(
                f"{machine.name} is provisioned elsewhere: have it run a Linux that lets root in "
                "by your key." + ("" if known else f" Then record where: {told}")
            ),
            self._write_files(),
            Step(
                f"{_INTENT} {_BUILT_THERE} A rescue system has a name of its own: ANSWERS_TO=… "
                "says it, once you know that it is the one.",
                _subshell(
                    self._address(machine),
                    *install_lines(
                        machine.name,
                        "$address",
                        advice="is it up, is this its address, and does root have your key?",
                        asks_for_key=True,
                        anew=anew,
                    ),
                ),
            ),
            self._sync("Learn its keys, and write them where they belong."),
            *self._admit_steps(machine),
            Step("See that it is there.", (self._ssh(machine),)),
            _review(),
        ]

    def _elsewhere_down(self, machine: Machine) -> list[Step]:
        return [
            Step(f"Take {machine.name} out of the fleet, and down where it is provisioned."),
            self._sync("Forget it."),
            *self._admit_steps(machine),
            _review(),
        ]

    def _mac_up(self, machine: Machine, member: str | None) -> list[Step]:
        variable = '"${MEMBER_ID:?is what zerotier-cli info prints there}"'
        fact = f"{machine.name}.zerotier_member_id={member or variable}"
        joined = [
            Step(
                f"On {machine.name}: sudo zerotier-cli join {self._network()}, and sudo "
                "zerotier-cli info prints its id of 10 digits."
            ),
            self._sync(
                "Record that id: clan does not manage ZeroTier on a Mac."
                + ("" if member else " MEMBER_ID=… says it."),
                "--set",
                fact,
            ),
            *self._admit_steps(machine),
        ]
        return [
            *(joined if self.fleet.controller else ()),
            Step(
                f"Build and switch. It builds there: on {machine.name} itself.",
                (f"clan machines update {machine.name}",),
            ),
            _review(),
        ]

    def _mac_down(self, machine: Machine) -> list[Step]:
        forgotten = f"{machine.name}.zerotier_member_id="
        return [
            Step(f"On {machine.name}: sudo zerotier-cli leave {self._network()}."),
            self._sync("Forget its id, and with it its address.", "--set", forgotten),
            *self._admit_steps(machine),
            _review(),
        ]

    def _network(self) -> str:
        return self.fleet.facts.zerotier_network_id or "NETWORK"

    def _expect(self, machine: ProvisionedMachine, state: str, text: str) -> Step:
        return Step(text, (self._infra("runbook", machine.name, "--expect", state),))

    def _write_files(self) -> Step:
        return Step(
            "Write its Nix files. A flake sees only what git knows of.",
            (self._nixgen(), "git add --intent-to-add ."),
        )

    def _sync(self, text: str, *arguments: str) -> Step:
        commands = (self._infra("sync", *arguments), self._nixgen(), "git add --intent-to-add .")
        return Step(text, commands)

    def _admit_steps(self, machine: Machine) -> Iterator[Step]:
        controller = self.fleet.controller
        member = self.fleet.zerotier.includes(machine) or machine.machine_class == "darwin"
        if controller is not None and controller != machine and member:
            yield Step(
                f"Update the controller: {controller.name} admits only whom it has been told of.",
                (f"clan machines update {controller.name}",),
            )

    def _ssh(self, machine: Machine) -> str:
        said = self.fleet.target_host(machine)
        if said is None:  # clan tries its networks then
            return f"clan ssh {machine.name} --remote-command {_seen(machine)}"
        target = destination.parse(said).ssh()
        if not isinstance(machine, ProvisionedMachine):
            return shlex.join(("ssh", *target, _seen(machine)))
        alone = ways_in(self.fleet, machine) == {"tunnel"}
        tunnel = shlex.join(self._access(machine).tunnel) if alone else ""
        proxy = ("-o", f"ProxyCommand={tunnel}") if alone else ()
        return shlex.join(("ssh", *proxy, *target, _seen(machine)))

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
            lines += _wrap(f"{number}. {step.text}")
            lines += [f"       {command}" for command in step.commands]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def as_data(runbooks: Sequence[Runbook]) -> list[dict[str, Any]]:
    """Return runbooks as plain data, in a shape that stays.

    Returns:
        Of each `machine`, `action` ("up", "down", "replace") and `steps`, in order: of each `text`,
        what it is and why, and `commands`, lines of shell; none where it is for a person to do.
    """
    return [
        {
            "machine": runbook.machine,
            "action": runbook.action,
            "steps": [
                {"text": step.text, "commands": list(step.commands)} for step in runbook.steps
            ],
        }
        for runbook in runbooks
    ]


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


def _seen(machine: Machine) -> str:
    """The command by which a machine shows that it is there."""
    gpu = isinstance(machine, ProvisionedMachine) and machine.accelerator is not None
    return "nvidia-smi" if gpu else "nixos-version"


def _built(machine: ProvisionedMachine) -> str:
    """Return where a machine is built: a Mac with Apple silicon has a chance of its own at Arm."""
    return _BUILT_ON_ARM if machine.platform == "aarch64-linux" else _BUILT_THERE


def _subshell(*lines: str) -> tuple[str, ...]:
    """Have lines leave with `exit` what they are part of, not the shell of who pastes them."""
    return ("(", *(f"  {line}" for line in lines), ")")


def _protection(machine: ProvisionedMachine) -> str:
    protected = machine.deletion_protection
    return " deletion_protection=False has to be deployed first." if protected else ""


def _review() -> Step:
    return Step("Review what changed, and commit it.", ("git status --short",))


def _price(machine: ProvisionedMachine) -> str:
    hour, month = machine.bill.hour, machine.bill.month
    if hour.known is None:
        return "What it costs while on is unknown."
    least = "at least " if hour.unknown else ""
    an_hour, a_month = money.hour_text(known_part(hour)), money.month_text(known_part(month))
    return f"It costs {least}{an_hour} an hour, {a_month} a month, while on."


def _title(fleet: Fleet, machine: Machine) -> str:
    state = f" ({machine.state})" if isinstance(machine, ProvisionedMachine) else ""
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


def _wrap(text: str) -> list[str]:
    from textwrap import wrap

    return wrap(text, 92, initial_indent="  ", subsequent_indent="     ", break_long_words=False)
