"""`modules/machines/nixos/<name>/default.nix`: the NixOS configuration of a provisioned machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.fleet import project_of
from infra_lib.model.nvidia import before_turing
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
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from infra_lib.clouds.answers import Nixos
    from infra_lib.fleet import Fleet
    from infra_lib.model.provisioned import ProvisionedMachine
    from nixgen.files.values import FileValue

# The priority of what an option is by default: `lib.mkOptionDefault`.
_NOBODY = 1500

# ZFS wants a host id, and a plain machine may have no clan to set it:
# https://git.clan.lol/clan/clan-core/src/branch/main/nixosModules/clanCore/zfs.nix
_HOST_ID = Commented(
    Apply("lib.mkDefault", "8425e349"),
    before="The installer's, with which ZFS imports the pool; clan has the same.",
)
_ZFS: Value = {
    "devNodes": "/dev/disk/by-path",
    "forceImportRoot": Commented(
        Apply("lib.mkDefault", False),
        before="As clan has it. After a rescue system left the pool open, boot once with\n"
        "zfs_force=1 on the kernel's command line.",
    ),
}

_OPENSSH: Value = {
    "enable": True,
    "settings": {
        "PermitRootLogin": "prohibit-password",
        "PasswordAuthentication": False,
        "KbdInteractiveAuthentication": False,
    },
}


@frozen(kw_only=True)
class _Shared:
    """What the machines of a fleet share, found out once and not for each machine.

    Attributes:
        imports: What every machine imports: names of the flake's modules, or paths of plain ones.
        old_gpu_items: What a machine has whose GPU is older than Turing.
        old_gpu_takes_options: Whether those take `OPTIONS`.
    """

    imports: tuple[str, ...]
    old_gpu_items: tuple[Item, ...]
    old_gpu_takes_options: bool


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return one file for each provisioned machine, whether it is on or off."""
    plain = is_plain(fleet)
    module = _plain_module if plain else _flake_module
    shared = _Shared(
        imports=_shared_paths(fleet) if plain else _shared_names(fleet),
        old_gpu_items=tuple(nvidia.items_for_old_gpus(fleet)),
        old_gpu_takes_options=nvidia.old_gpus_configure_nixpkgs(fleet),
    )
    return {default_path(machine): module(fleet, machine, shared) for machine in fleet.provisioned}


def _shared_names(fleet: Fleet) -> tuple[str, ...]:
    """The names of the `flake.modules.nixos` modules that every machine imports."""
    own = (fleet_config.MODULE,) if fleet.config is not None else ()
    return (*fleet.modules, *own)


def _shared_paths(fleet: Fleet) -> tuple[str, ...]:
    """The files that every machine imports: the fleet's, and those that are generated."""
    generated = (
        path_of(fleet, module.PATH)
        for module in (system_caches, ssh_known_hosts, fleet_config)
        if module.files(fleet)
    )
    return (*fleet.modules, *(path for path in generated if path is not None))


def _flake_module(fleet: Fleet, machine: ProvisionedMachine, shared: _Shared) -> Value:
    """The flake-parts module; disko.nix adds to the same attribute."""
    gpu = (nvidia.MODULE,) if machine.accelerator else ()
    names = dict.fromkeys((*shared.imports, *gpu, *machine.modules))
    value = _nixos_module(fleet, machine, shared, [Select("flakeModules", name) for name in names])
    body = {("flake", "modules", "nixos", module_name(machine)): value}
    if not names:
        return body
    # Inside, `config` is the machine's own: the flake's modules are taken from outside.
    modules = {"flakeModules": ref("config.flake.modules.nixos")}
    return Lambda(Pattern("config", ellipsis=True), Let(modules, body))


def _plain_module(fleet: Fleet, machine: ProvisionedMachine, shared: _Shared) -> Value:
    """The NixOS module, which imports others by path."""
    gpu = path_of(fleet, nvidia.PATH) if machine.accelerator else None
    layout = path_of(fleet, disko.path(machine))
    paths = (*shared.imports, gpu, *machine.modules, layout)
    default = default_path(machine)
    here = path_of(fleet, default) or default
    imports = [path_from(here, path) for path in dict.fromkeys(paths) if path is not None]
    return _nixos_module(fleet, machine, shared, imports)


def _nixos_module(
    fleet: Fleet, machine: ProvisionedMachine, shared: _Shared, imports: list[Value]
) -> Value:
    cloud = CLOUDS[machine.cloud].nixos(project_of(fleet, machine.cloud), machine)
    items = _items(fleet, machine, cloud, imports)
    takes_options = _state_version(fleet, machine) is None
    if before_turing(machine):
        items += shared.old_gpu_items
        takes_options = takes_options or shared.old_gpu_takes_options
    options = (OPTIONS,) if takes_options else ()
    return Lambda(Pattern("lib", *options, *cloud.arguments, ellipsis=True), AttrSet(*items))


def _items(
    fleet: Fleet, machine: ProvisionedMachine, cloud: Nixos, imports: list[Value]
) -> list[Item]:
    zfs = disko.may_use_zfs(machine)
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
        {"boot": {**cloud.boot, "zfs": _ZFS} if zfs else cloud.boot},
        BlankLine(),
        {"networking": _networking(machine, cloud, zfs=zfs)},
        {("systemd", "network", "networks", "10-uplink"): cloud.uplink},
        BlankLine(),
        {("services", "openssh"): _OPENSSH},
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
    return [*items, *cloud.items]


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


def _networking(machine: ProvisionedMachine, cloud: Nixos, *, zfs: bool) -> Value:
    return {
        "hostName": machine.name,
        **({"hostId": _HOST_ID} if zfs else {}),
        "useNetworkd": True,
        "useDHCP": False,
        **cloud.networking,
        "firewall": {"enable": True, "allowedTCPPorts": [22]},
    }
