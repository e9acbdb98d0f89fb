"""Clan's own services that people use most: each is a function that returns a `ClanService`.

Who plays a role is a `Role`; what the service has to set, for all who play it, are the function's
other arguments. What is None is not written, and as clan has it by default. What there is to set
for one machine or tag, or what has no argument here, is said in the role, in clan's own words:
`Role(machines={"vault": {"directory": "/srv"}})`. What a `WifiNetwork(…)` or another such thing is
in those words are its `settings`.

Services without settings need no function: `ClanService("kde", roles={"default": Role(…)})`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra_lib.clan_services.access import emergency_access, sshd
    from infra_lib.clan_services.backups import (
        BorgDestination,
        LocalBackupTarget,
        SyncthingDevice,
        SyncthingFolder,
        borgbackup,
        localbackup,
        syncthing,
    )
    from infra_lib.clan_services.caches import ncps, trusted_nix_caches
    from infra_lib.clan_services.machines import importer, monitoring, packages
    from infra_lib.clan_services.networks import (
        MulticastInterface,
        TorPort,
        WifiNetwork,
        data_mesher,
        mycelium,
        tor,
        wifi,
        wireguard,
        yggdrasil,
    )
    from infra_lib.clan_services.web import (
        DynDnsRecord,
        DynDnsServer,
        certificates,
        dyndns,
        matrix_synapse,
    )

__all__ = [
    "BorgDestination",
    "DynDnsRecord",
    "DynDnsServer",
    "LocalBackupTarget",
    "MulticastInterface",
    "SyncthingDevice",
    "SyncthingFolder",
    "TorPort",
    "WifiNetwork",
    "borgbackup",
    "certificates",
    "data_mesher",
    "dyndns",
    "emergency_access",
    "importer",
    "localbackup",
    "matrix_synapse",
    "monitoring",
    "mycelium",
    "ncps",
    "packages",
    "sshd",
    "syncthing",
    "tor",
    "trusted_nix_caches",
    "wifi",
    "wireguard",
    "yggdrasil",
]

if not TYPE_CHECKING:
    # Loaded when a name is first asked for: a fleet uses few of them, and every commit waits.
    _MODULES = {
        "access": ("emergency_access", "sshd"),
        "backups": (
            *("borgbackup", "localbackup", "syncthing"),
            *("BorgDestination", "LocalBackupTarget", "SyncthingDevice", "SyncthingFolder"),
        ),
        "caches": ("ncps", "trusted_nix_caches"),
        "machines": ("importer", "monitoring", "packages"),
        "networks": (
            *("data_mesher", "mycelium", "tor", "wifi", "wireguard", "yggdrasil"),
            *("MulticastInterface", "TorPort", "WifiNetwork"),
        ),
        "web": ("certificates", "dyndns", "matrix_synapse", "DynDnsRecord", "DynDnsServer"),
    }

    def __getattr__(name: str) -> object:
        for module, names in _MODULES.items():
            if name in names:
                globals()[name] = getattr(import_module(f"{__name__}.{module}"), name)
                return globals()[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
