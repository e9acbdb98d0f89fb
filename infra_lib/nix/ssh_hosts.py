"""`modules/home/core/ssh-hosts.nix`: `ssh <name>.<domain>` for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.hosts import hosts
from infra_lib.model.errors import field_error
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
# What `matchBlocks` has had an option for, of the same type, since long before `settings`.
_TYPED = ("HostName", "Port", "User", "ProxyJump", "CertificateFile", "IdentityFile", "SetEnv")
_IGNORED = "IgnoreUnknown"
_OPTION = ("programs", "ssh", "enableDefaultConfig")
# An option's own default has 1500, lib.mkDefault 1000: two of one priority would contradict.
_PRIORITY = 1400


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file, when there is something to say of a host.

    It adds to the core module of home-manager.
    """
    older = fleet.ssh.home_manager == "matchBlocks"
    blocks = {
        _patterns(host.alias): block
        for host in hosts(fleet)
        if (host.addresses or host.machine) and (block := _block(host, older))
    }
    if not blocks:
        return {}
    ignored = _ignored(fleet)
    # In a block it would hold for that host, and ssh would end at the option for every other.
    overrides: dict[str, Value] = {"extraOptionOverrides": ignored} if ignored else {}
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
    ssh = {
        "enable": _weakly(True),
        **overrides,
        fleet.ssh.home_manager: _add_if("undecided", blocks, every),
    }
    decided: dict[str, Value] = {_OPTION[-1]: _weakly(False)}
    value = Lambda(
        Pattern("lib", OPTIONS, ellipsis=True),
        Let(bindings, {("programs", "ssh"): _add_if("asked", ssh, decided)}),
    )
    return {PATH: module(fleet, ("homeManager", fleet.module_names.home), value)}


def _patterns(alias: str) -> str:
    """Return what a block is for: ssh minds case here, and clan asks for names in lower case."""
    lower = alias.lower()
    return alias if alias == lower else f"{alias} {lower}"


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


def _ignored(fleet: Fleet) -> dict[str, Value]:
    """Return `IgnoreUnknown` of all hosts: which options there may be that not every ssh knows."""
    given = (host.ssh.settings.get(_IGNORED) for host in hosts(fleet))
    patterns = [each for text in given if isinstance(text, str) for each in text.split(",")]
    return {_IGNORED: ",".join(dict.fromkeys(patterns))} if patterns else {}


def _block(host: Host, older: bool) -> dict[str, Value]:
    """Return the block of a host; empty where there is nothing to say of it."""
    address: dict[str, Value] = {"HostName": host.addresses[0]} if host.addresses else {}
    block = {**address, **host.ssh.settings}
    block.pop(_IGNORED, None)
    return _match_block(host, block) if older else block


def _names(block: dict[str, Value], older: bool) -> Value:
    """Return a block with OpenSSH's names, or with those of home-manager's `matchBlocks`."""
    return {_older(name): value for name, value in block.items()} if older else block


def _older(name: str) -> str:
    return "hostname" if name == "HostName" else name[0].lower() + name[1:]


def _match_block(host: Host, block: dict[str, Value]) -> dict[str, Value]:
    """Return a block as `matchBlocks` takes it.

    What has no option of its own there, or had another type or default in some release, is text
    in `extraOptions`: that is written as it is in each.
    """
    typed = {_older(name): block.pop(name) for name in _TYPED if name in block}
    for name, value in block.items():
        if isinstance(value, tuple) and len(value) > 1:
            accepted = (
                'matchBlocks of home-manager take one; Ssh(home_manager="settings") takes several'
            )
            where = f"{'machine' if host.machine else 'device'} {host.name!r}"
            raise field_error(where, f"ssh.options[{name!r}]", value, accepted)
    extra = {name: _text(value) for name, value in block.items()}
    return {**typed, **({"extraOptions": extra} if extra else {})}


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value[0] if isinstance(value, tuple) else str(value)
