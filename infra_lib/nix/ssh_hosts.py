"""`modules/home/core/ssh-hosts.nix`: `ssh <name>.<domain>` for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.hosts import hosts
from infra_lib.nix.style import OPTIONS, module
from nixgen.expr import (
    Apply,
    BinaryOp,
    Commented,
    HasAttr,
    If,
    Lambda,
    Let,
    Not,
    Pattern,
    Select,
    ref,
)

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from infra_lib.hosts import Host
    from nixgen.expr import Value
    from nixgen.files.values import FileValue

PATH = "modules/home/core/ssh-hosts.nix"

# What home-manager has written for every host so far. It warns at each build until somebody does:
# https://github.com/nix-community/home-manager/blob/master/modules/programs/ssh.nix
_DEFAULTS: dict[str, Value] = {
    "ForwardAgent": False,
    "AddKeysToAgent": "no",
    "Compression": False,
    "ServerAliveInterval": 0,
    "ServerAliveCountMax": 3,
    "HashKnownHosts": False,
    "UserKnownHostsFile": "~/.ssh/known_hosts",
    "ControlMaster": "no",
    "ControlPath": "~/.ssh/master-%r@%n:%p",
    "ControlPersist": "no",
}
_OPTION = ("programs", "ssh", "enableDefaultConfig")
# An option's own default has 1500, lib.mkDefault 1000: two of one priority would contradict.
_PRIORITY = 1400


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when an address is known: it adds to the core module of home-manager."""
    older = fleet.ssh.home_manager == "matchBlocks"
    blocks = {host.alias: _block(host, older) for host in hosts(fleet) if host.addresses}
    if not blocks:
        return {}
    asked = Commented(
        _has_option(older),
        before="home-manager asks for its defaults to be written out. Who has decided on\n"
        "them, with programs.ssh.enableDefaultConfig, is left alone.",
    )
    weakly = Commented(
        Apply("lib.mkOverride", _PRIORITY),
        before="Weaker than lib.mkDefault, which is for whoever decides.",
    )
    bindings = {"weakly": weakly, "asked": asked, "undecided": _nobody_decides()}
    every = {"*": _names({name: _weakly(value) for name, value in _DEFAULTS.items()}, older)}
    ssh = {"enable": _weakly(True), fleet.ssh.home_manager: _add_if("undecided", blocks, every)}
    decided: dict[str, Value] = {_OPTION[-1]: _weakly(False)}
    value = Lambda(
        Pattern("lib", OPTIONS, ellipsis=True),
        Let(bindings, {("programs", "ssh"): _add_if("asked", ssh, decided)}),
    )
    return {PATH: module(fleet, ("homeManager", fleet.module_names.home), value)}


def _has_option(older: bool) -> Value:
    """Whether home-manager has the option: it has since November 2025.

    One that has `settings` too merges them with `matchBlocks`, whose defaults would then be no
    defaults any more.
    """
    asked = HasAttr(ref("options"), *_OPTION)
    settings = HasAttr(ref("options"), *_OPTION[:-1], "settings")
    return BinaryOp("&&", asked, Not(settings)) if older else asked


def _nobody_decides() -> Value:
    """Whether nobody else says if home-manager's defaults are wanted."""
    ours = BinaryOp("==", Select("options", *_OPTION, "highestPrio"), _PRIORITY)
    return BinaryOp("&&", ref("asked"), ours)


def _add_if(condition: str, value: Value, more: Value) -> Value:
    return BinaryOp("//", value, If(ref(condition), more, {}))


def _weakly(value: Value) -> Value:
    return Apply("weakly", value)


def _block(host: Host, older: bool) -> Value:
    block: dict[str, Value] = {"HostName": host.addresses[0]}
    if host.port != 22:
        block["Port"] = host.port
    if host.user is not None:
        block["User"] = host.user
    return _names(block, older)


def _names(block: dict[str, Value], older: bool) -> Value:
    """Return a block with OpenSSH's names, or with those of home-manager's `matchBlocks`."""
    if not older:
        return block
    own = {"HostName": "hostname"}
    return {own.get(name) or name[0].lower() + name[1:]: value for name, value in block.items()}
