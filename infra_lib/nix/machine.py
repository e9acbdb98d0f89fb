"""`modules/machines/nixos/<name>/default.nix`: the NixOS configuration of a provisioned machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.nix import disko, fleet_config, nvidia, ssh_known_hosts, system_caches
from infra_lib.nix.clan_machines import default_path, module_name
from infra_lib.nix.placement import path_from, path_of
from infra_lib.nix.style import OPTIONS, is_plain
from nixgen.expr import (
    Apply,
    AttrSet,
    BinaryOp,
    BlankLine,
    Commented,
    Item,
    Lambda,
    Let,
    Pattern,
    Select,
    Value,
    ref,
)

if TYPE_CHECKING:
    from infra_lib.clouds.answers import Nixos
    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine
    from nixgen.files.values import FileValue

# The priority of what an option is by default: `lib.mkOptionDefault`.
_NOBODY = 1500

# ZFS wants a host id, and a plain machine may have no clan to set it:
# https://git.clan.lol/clan/clan-core/src/branch/main/nixosModules/clanCore/zfs.nix
_INSTALLER_HOST_ID = "8425e349"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return one file for each provisioned machine, whether it is on or off."""
    if is_plain(fleet):
        shared = _shared_paths(fleet)
        return {
            default_path(machine): _plain_module(fleet, machine, shared)
            for machine in fleet.provisioned
        }
    return {default_path(machine): _flake_module(fleet, machine) for machine in fleet.provisioned}


def module_names(fleet: Fleet, machine: ProvisionedMachine) -> tuple[str, ...]:
    """Return the names of the `flake.modules.nixos` modules that a machine imports."""
    own = (fleet_config.MODULE,) if fleet.config is not None else ()
    gpu = (nvidia.MODULE,) if machine.accelerator else ()
    return tuple(dict.fromkeys((*fleet.modules, *own, *gpu, *machine.modules)))


def _flake_module(fleet: Fleet, machine: ProvisionedMachine) -> Value:
    """The flake-parts module; disko.nix adds to the same attribute."""
    names = module_names(fleet, machine)
    imports = [Select("flakeModules", name) for name in names]
    value = _nixos_module(fleet, machine, imports)
    body = {("flake", "modules", "nixos", module_name(machine)): value}
    if not names:
        return body
    # Inside, `config` is the machine's own: the flake's modules are taken from outside.
    modules = {"flakeModules": ref("config.flake.modules.nixos")}
    return Lambda(Pattern("config", ellipsis=True), Let(modules, body))


def _plain_module(fleet: Fleet, machine: ProvisionedMachine, shared: tuple[str, ...]) -> Value:
    """The NixOS module, which imports others by path."""
    gpu = path_of(fleet, nvidia.PATH) if machine.accelerator else None
    layout = path_of(fleet, disko.path(machine))
    paths = (*shared, gpu, *machine.modules, layout)
    default = default_path(machine)
    here = path_of(fleet, default) or default
    imports = [path_from(here, path) for path in dict.fromkeys(paths) if path is not None]
    return _nixos_module(fleet, machine, imports)


def _shared_paths(fleet: Fleet) -> tuple[str, ...]:
    """The files that every machine imports: the fleet's, and those that are generated."""
    generated = (
        path_of(fleet, module.PATH)
        for module in (system_caches, ssh_known_hosts, fleet_config)
        if module.files(fleet)
    )
    return (*fleet.modules, *(path for path in generated if path is not None))


def _nixos_module(fleet: Fleet, machine: ProvisionedMachine, imports: list[Value]) -> Value:
    state_version = _state_version(fleet, machine)
    asked = state_version is None or nvidia.configures_nixpkgs(fleet, machine)
    options = (OPTIONS,) if asked else ()
    cloud = CLOUDS[machine.cloud].nixos(getattr(fleet, machine.cloud), machine)
    return Lambda(
        Pattern("lib", *options, *cloud.arguments, ellipsis=True),
        AttrSet(*_items(fleet, machine, cloud, imports)),
    )


def _items(
    fleet: Fleet, machine: ProvisionedMachine, cloud: Nixos, imports: list[Value]
) -> list[Item]:
    items: list[Item] = []
    if machine.config is not None:
        own = Commented(machine.config, before="What the fleet says of this machine alone.")
        imports = [*imports, own]
    if imports:
        items += [{"imports": imports}, BlankLine()]
    items += [
        {("nixpkgs", "hostPlatform"): machine.platform},
        _release(fleet, machine),
        BlankLine(),
        {"boot": _boot(machine, cloud)},
        BlankLine(),
        {"networking": _networking(machine, cloud)},
        {("systemd", "network", "networks", "10-uplink"): cloud.uplink},
        BlankLine(),
        {("services", "openssh"): _openssh()},
    ]
    if cloud.root_keys:
        items.append(
            {
                ("users", "users", "root", "openssh", "authorizedKeys", "keys"): Commented(
                    list(cloud.root_keys),
                    before="Whoever installs it also updates it: clan logs in as root.",
                )
            }
        )
    items += cloud.items
    items += nvidia.own_items(fleet, machine)
    return items


def _state_version(fleet: Fleet, machine: ProvisionedMachine) -> str | None:
    return machine.state_version or fleet.facts.machine(machine.name).state_version


def _release(fleet: Fleet, machine: ProvisionedMachine) -> dict[tuple[str, ...], Value]:
    """The release that a machine was installed with, or that somebody else has to say it.

    Clan does: it writes the release down when it installs the machine. Where nobody does, NixOS
    would take another release with each upgrade, and with it other versions of databases.
    """
    known = _state_version(fleet, machine)
    if known is not None:
        before = "The release it was installed with; upgrading nixpkgs does not change it."
        return {("system", "stateVersion"): Commented(known, before=before)}
    said = BinaryOp(
        "<", Select("options", "system", "stateVersion", "highestPrio", default=0), _NOBODY
    )
    message = (
        f"{machine.name}: nobody says its system.stateVersion, so each upgrade of nixpkgs would "
        "change it. Clan writes it down when it installs the machine. Without clan, give the "
        "machine state_version=… in the fleet: a new one the release of today; one that runs the "
        "release that it was installed with, which the history of this file tells"
    )
    return {
        ("assertions",): Commented(
            [{"assertion": said, "message": message}],
            before="system.stateVersion is what clan writes down when it installs the machine. At\n"
            "a priority of 1500 nobody says it but NixOS, which takes its own release.",
        )
    }


def _boot(machine: ProvisionedMachine, cloud: Nixos) -> Value:
    if not disko.may_use_zfs(machine):
        return cloud.boot
    zfs = {
        "devNodes": "/dev/disk/by-path",
        "forceImportRoot": Commented(
            Apply("lib.mkDefault", False),
            before="As clan has it. After a rescue system left the pool open, boot once with\n"
            "zfs_force=1 on the kernel's command line.",
        ),
    }
    return {**cloud.boot, "zfs": zfs}


def _networking(machine: ProvisionedMachine, cloud: Nixos) -> Value:
    host_id = Commented(
        Apply("lib.mkDefault", _INSTALLER_HOST_ID),
        before="The installer's, with which ZFS imports the pool; clan has the same.",
    )
    return {
        "hostName": machine.name,
        **({"hostId": host_id} if disko.may_use_zfs(machine) else {}),
        "useNetworkd": True,
        "useDHCP": False,
        **cloud.networking,
        "firewall": {"enable": True, "allowedTCPPorts": [22]},
    }


def _openssh() -> Value:
    return {
        "enable": True,
        "settings": {
            "PermitRootLogin": "prohibit-password",
            "PasswordAuthentication": False,
            "KbdInteractiveAuthentication": False,
        },
    }
