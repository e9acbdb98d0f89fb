"""`modules/machines/<class>/<name>/default.nix`: a machine's configuration.

A machine that the fleet provisions has all that it needs to run. Of any other, the module says what
the fleet says of it, and its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.fleet import project_of
from infra_lib.model.disko import devices_of
from infra_lib.model.idle_machines import idle_stop as when_idle
from infra_lib.model.modules import Module
from infra_lib.model.nvidia import before_turing
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.nix import (
    disko,
    fleet_config,
    idle_stop,
    nvidia,
    ssh_known_hosts,
    system_caches,
)
from infra_lib.nix.arguments import OF_FLAKE, OF_MACHINE, add_arguments, names_used
from infra_lib.nix.clan_machines import caches_path, default_path, module_name
from infra_lib.nix.from_root import from_root
from infra_lib.nix.modules import each_once, import_value
from infra_lib.nix.placement import path_of
from infra_lib.nix.style import OPTIONS, is_plain, module
from nixgen.expr import (
    Apply,
    AttrSet,
    BinaryOp,
    BlankLine,
    Commented,
    Item,
    Let,
    Param,
    Select,
    Value,
    ref,
)
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from infra_lib.clouds.answers import Nixos
    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine
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
    """What the machines of a class share, found out once and not for each machine.

    Attributes:
        imports: What every machine imports.
        old_gpu_items: What a machine has whose GPU is older than Turing.
        old_gpu_takes_options: Whether those take `OPTIONS`.
    """

    imports: tuple[Module, ...]
    old_gpu_items: tuple[Item, ...]
    old_gpu_takes_options: bool


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return one file for each machine whose configuration the fleet says.

    A machine that the fleet provisions has one, whether it is on or off.
    """
    described = [machine for machine in fleet.machines if machine.has_module]
    shared = {name: _shared(fleet, name) for name in {each.machine_class for each in described}}
    return {
        default_path(machine): _file(fleet, machine, shared[machine.machine_class])
        for machine in described
    }


def _shared(fleet: Fleet, machine_class: str) -> _Shared:
    generated = _shared_paths if is_plain(fleet) else _shared_names
    return _Shared(
        imports=(*fleet.modules_of(machine_class), *generated(fleet, machine_class)),
        old_gpu_items=tuple(nvidia.items_for_old_gpus(fleet)),
        old_gpu_takes_options=nvidia.old_gpus_configure_nixpkgs(fleet),
    )


def _shared_names(fleet: Fleet, machine_class: str) -> list[str]:
    """The generated modules that every machine of a class imports, by name.

    Binary caches and SSH's known hosts are in the base module, unless they have names of their own.
    """
    names = fleet.module_names
    known_hosts = names.known_hosts if ssh_known_hosts.files(fleet) else None
    own = names.fleet if machine_class == "nixos" and fleet.config is not None else None
    return [name for name in (names.caches, known_hosts, own) if name is not None]


def _shared_paths(fleet: Fleet, machine_class: str) -> list[str]:
    """The generated modules that every machine of a class imports, by path."""
    modules = [system_caches, ssh_known_hosts]
    if machine_class == "nixos":
        modules.append(fleet_config)
    paths = (path_of(fleet, module.PATH) for module in modules if module.files(fleet))
    return [path for path in paths if path is not None]


def _file(fleet: Fleet, machine: Machine, shared: _Shared) -> Value:
    default = default_path(machine)
    here, plain = path_of(fleet, default) or default, is_plain(fleet)
    items = each_once(
        (
            *shared.imports,
            *_gpu_module(fleet, machine),
            *_idle_stop_module(fleet, machine),
            *machine.modules,
            *_layout(fleet, machine),
            *_caches(fleet, machine),
        )
    )
    # Inside, `config` is the machine's own: the flake's modules are taken from outside.
    imports = [
        import_value(fleet, here, machine.machine_class, item, modules=ref("flakeModules"))
        for item in items
    ]
    if machine.config is not None:
        config = from_root(here, machine.config)
        own = Commented(config, before="What the fleet says of this machine alone.")
        imports.append(own)
    own_items = _own_items(fleet, machine)
    arguments = names_used(OF_FLAKE, *items, machine.config, AttrSet(*own_items))
    of_module = names_used(OF_MACHINE, *items, machine.config, AttrSet(*own_items))
    if plain:
        used = [*arguments, *of_module]
        return _module(fleet, machine, shared, imports, own_items, used)
    name = (machine.machine_class, module_name(fleet, machine))
    own_module = _module(fleet, machine, shared, imports, own_items, of_module)
    body: Value = module(fleet, name, own_module)
    if any(isinstance(item, str) for item in items):
        arguments = ["config", *arguments]
        modules = ref(f"config.flake.modules.{machine.machine_class}")
        body = Let({"flakeModules": modules}, body)
    return add_arguments(fleet, arguments, body)


def _gpu_module(fleet: Fleet, machine: Machine) -> list[str]:
    """NVIDIA's module, by name or path, for a machine with a GPU."""
    if not isinstance(machine, ProvisionedMachine) or machine.accelerator is None:
        return []
    if not is_plain(fleet):
        return [fleet.module_names.nvidia]
    path = path_of(fleet, nvidia.PATH)
    return [] if path is None else [path]


def _idle_stop_module(fleet: Fleet, machine: Machine) -> list[str]:
    """The module by which a machine turns itself off, by name or path, where it does."""
    if not isinstance(machine, ProvisionedMachine) or when_idle(fleet.nvidia, machine) is None:
        return []
    if not is_plain(fleet):
        return [fleet.module_names.idle_stop]
    path = path_of(fleet, idle_stop.PATH)
    return [] if path is None else [path]


def _own_items(fleet: Fleet, machine: Machine) -> list[Item]:
    """What a machine has of its own: its GPU's driver, and when it turns itself off."""
    if not isinstance(machine, ProvisionedMachine):
        return []
    driver = [] if machine.accelerator is None else nvidia.items_for_own_driver(fleet, machine)
    return [*driver, *idle_stop.items(fleet, machine)]


def _layout(fleet: Fleet, machine: Machine) -> list[str]:
    """The layout's path, where modules are plain; else it adds to the same attribute."""
    if machine.disko is None or not is_plain(fleet):
        return []
    path = path_of(fleet, disko.path(machine))
    return [] if path is None else [path]


def _caches(fleet: Fleet, machine: Machine) -> list[str]:
    """The path of its own caches, where modules are plain; else they add to the same attribute."""
    if not is_plain(fleet) or not fleet.caches_of(machine):
        return []
    path = path_of(fleet, caches_path(machine))
    return [] if path is None else [path]


def _module(
    fleet: Fleet,
    machine: Machine,
    shared: _Shared,
    imports: list[Value],
    own_items: list[Item],
    used: list[str],
) -> Value:
    """A machine's module.

    Args:
        fleet: The fleet.
        machine: The machine.
        shared: What it shares with others of its class.
        imports: What it imports.
        own_items: What it has for a GPU that needs another driver than most, and for itself.
        used: The arguments that these use.
    """
    items: list[Item] = [{"imports": imports}, BlankLine()] if imports else []
    arguments: list[str | Param] = ["lib"]
    if isinstance(machine, ProvisionedMachine):
        cloud = CLOUDS[machine.cloud].nixos(fleet, project_of(fleet, machine.cloud), machine)
        items += _items_in_cloud(fleet, machine, cloud)
        takes_options = _state_version(fleet, machine) is None
        if before_turing(machine):
            items += shared.old_gpu_items
            takes_options = takes_options or shared.old_gpu_takes_options
        items += own_items
        arguments += [OPTIONS] if takes_options else []
        arguments += cloud.arguments
    else:
        items += _items(machine)
    named = {each if isinstance(each, str) else each.name for each in arguments}
    arguments += [name for name in used if name not in named]
    return add_arguments(fleet, arguments, AttrSet(*items))


def _items(machine: Machine) -> list[Item]:
    """What a module says of a machine that others provision: what the fleet says, and no more."""
    items: list[Item] = []
    if machine.platform is not None:
        items.append({("nixpkgs", "hostPlatform"): machine.platform})
    if machine.state_version is not None:
        items.append(_stays(machine.state_version))
    host_name = Apply("lib.mkDefault", machine.name)
    if disko.has_pool(devices_of(machine.disko, machine.boot_device)):
        network: Item = {"networking": {"hostName": host_name, "hostId": _HOST_ID}}
    else:
        network = {("networking", "hostName"): host_name}
    return [*items, BlankLine(), network] if items else [network]


def _items_in_cloud(fleet: Fleet, machine: ProvisionedMachine, cloud: Nixos) -> list[Item]:
    zfs = disko.may_use_zfs(machine)
    items: list[Item] = [
        {("nixpkgs", "hostPlatform"): machine.platform},
        *_release(fleet, machine, cloud.assertions),
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


def _stays(release: str | int) -> dict[tuple[str, ...], Value]:
    before = "The release it was installed with; upgrading nixpkgs does not change it."
    return {("system", "stateVersion"): Commented(release, before=before)}


def _release(
    fleet: Fleet, machine: ProvisionedMachine, assertions: tuple[Value, ...]
) -> list[Item]:
    """The release that a machine was installed with, or that somebody else has to say it.

    Clan does: it writes the release down when it installs the machine. Where nobody does, NixOS
    would take another release with each upgrade, and with it other versions of databases. What the
    cloud asserts is added.
    """
    known = _state_version(fleet, machine)
    if known is not None:
        return [_stays(known), *([{("assertions",): list(assertions)}] if assertions else [])]
    said = BinaryOp(
        "<", Select("options", "system", "stateVersion", "highestPrio", default=0), _NOBODY
    )
    message = (
        f"{machine.name}: nobody says its system.stateVersion, so each upgrade of nixpkgs would "
        "change it. Clan writes it down when it installs the machine. Without clan, give the "
        "machine state_version=… in the fleet: a new one the release of today; one that runs the "
        "release that it was installed with, which the history of this file tells"
    )
    own = Commented(
        [{"assertion": said, "message": message}, *assertions],
        before="system.stateVersion is what clan writes down when it installs the machine. At\n"
        "a priority of 1500 nobody says it but NixOS, which takes its own release.",
    )
    return [{("assertions",): own}]


def _networking(machine: ProvisionedMachine, cloud: Nixos, *, zfs: bool) -> Value:
    return {
        "hostName": machine.name,
        **({"hostId": _HOST_ID} if zfs else {}),
        "useNetworkd": True,
        "useDHCP": False,
        **cloud.networking,
        "firewall": {"enable": True, "allowedTCPPorts": [22]},
    }
