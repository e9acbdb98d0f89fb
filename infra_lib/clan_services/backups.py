"""Copies of what machines hold: clan's services borgbackup, localbackup and syncthing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from attrs import field

from infra_lib.clan_services.instance import (
    by_name,
    check_directory,
    check_given,
    check_something,
    demand,
    instance,
    without_none,
)
from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import (
    check_boolean,
    check_each,
    check_matching,
    check_one_of,
    check_text,
    check_whole,
    check_word,
    check_words,
    string_mapping,
    strings,
    valid,
)

if TYPE_CHECKING:
    from infra_lib.model.services import ClanService, Role

_JOB = r"[a-zA-Z0-9._-]+"
_JOB_ACCEPTED = "a name of letters, digits, . _ and - is accepted"
_DEVICE_ID = r"[A-Z2-7]{7}(-[A-Z2-7]{7}){7}"
_FOLDER_TYPES = ("sendreceive", "sendonly", "receiveonly")
_VERSIONING = ("external", "simple", "staggered", "trashcan")


@frozen
class BorgDestination:
    """A repository of Borg that is on no machine of the clan.

    Attributes:
        repo: Where it is: "u123456@u123456.your-storagebox.de:borg".
        rsh: The command that reaches it; None for ssh with a key that clan has for each machine.
        name: What the backup job is called; None for the destination's name.

    Raises:
        FleetError: When a field cannot be.
    """

    repo: str = field(validator=valid(check_something, '"borg@vault.example.org:."'))
    rsh: str | None = field(
        default=None, validator=valid(check_something, '"ssh -p 23"'), kw_only=True
    )
    name: str | None = field(
        default=None, validator=valid(check_matching, _JOB, _JOB_ACCEPTED), kw_only=True
    )

    @property
    def _where(self) -> str:
        return f"destination {self.repo!r}"

    @property
    def settings(self) -> dict[str, Any]:
        """What clan calls the fields."""
        return without_none([("repo", self.repo), ("rsh", self.rsh), ("name", self.name)])


def borgbackup(
    *,
    server: Role | None = None,
    client: Role | None = None,
    directory: str | None = None,
    address: str | None = None,
    start_at: str | None = None,
    exclude: tuple[str, ...] | list[str] | None = None,
    destinations: Mapping[str, BorgDestination] | None = None,
    name: str = "borgbackup",
    input: str | None = None,
) -> ClanService:
    """Return an instance of borgbackup: encrypted backups on other machines.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/borgbackup/default.nix

    Args:
        server: The machines that keep the backups of all clients.
        client: The machines that are backed up: on every server, and at every destination.
        directory: Where servers keep them: the absolute path of a directory.
        address: Where clients reach the server; None for the machine's name.
        start_at: When clients begin, a systemd calendar event: "*-*-* 03:00:00".
        exclude: Files and folders to leave out; * is a wildcard.
        destinations: Repositories elsewhere, by name.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be.
    """
    where = f"service {name!r}"
    check_given(where, check_directory, directory=directory)
    check_given(where, check_word, "a host name or an address", address=address)
    check_given(where, check_something, '"*-*-* 03:00:00"', start_at=start_at)
    check_given(where, check_each, str, '"*.pyc"', exclude=exclude)
    example = '{"offsite": BorgDestination("borg@vault.example.org:.")}'
    elsewhere = by_name(where, "destinations", destinations, BorgDestination, example)
    _check_jobs(where, "destinations", elsewhere)
    return instance(
        "borgbackup",
        name,
        input,
        server=(server, {("directory",): directory, ("address",): address}),
        client=(
            client,
            {("startAt",): start_at, ("exclude",): exclude, ("destinations",): elsewhere},
        ),
    )


def _check_jobs(where: str, field: str, things: Mapping[str, Mapping[str, Any]] | None) -> None:
    """Check the names of backup jobs: what each says, or else what it is called."""
    for name, settings in (things or {}).items():
        if "name" not in settings and not re.fullmatch(_JOB, name):
            raise field_error(where, field, name, f"{_JOB_ACCEPTED}; or name= says another")


@frozen
class LocalBackupTarget:
    """Where a machine keeps backups of itself: a directory, or a drive that is mounted for it.

    Hooks are shell commands.

    Attributes:
        directory: The absolute path of the directory.
        mountpoint: What is mounted before, and unmounted afterwards; None for nothing.
        pre_mount_hook: Run before it is mounted.
        post_mount_hook: And after that.
        pre_unmount_hook: Run before it is unmounted.
        post_unmount_hook: And after that.
        pre_backup_hook: Run before the backup.
        post_backup_hook: And after it.
        name: What the backup job is called; None for the target's name.

    Raises:
        FleetError: When a field cannot be.
    """

    directory: str = field(validator=valid(check_directory))
    mountpoint: str | None = field(default=None, validator=valid(check_directory), kw_only=True)
    pre_mount_hook: str | None = field(default=None, validator=valid(check_text), kw_only=True)
    post_mount_hook: str | None = field(default=None, validator=valid(check_text), kw_only=True)
    pre_unmount_hook: str | None = field(default=None, validator=valid(check_text), kw_only=True)
    post_unmount_hook: str | None = field(default=None, validator=valid(check_text), kw_only=True)
    pre_backup_hook: str | None = field(default=None, validator=valid(check_text), kw_only=True)
    post_backup_hook: str | None = field(default=None, validator=valid(check_text), kw_only=True)
    name: str | None = field(
        default=None, validator=valid(check_matching, _JOB, _JOB_ACCEPTED), kw_only=True
    )

    @property
    def _where(self) -> str:
        return f"target {self.directory!r}"

    @property
    def settings(self) -> dict[str, Any]:
        """What clan calls the fields."""
        return without_none(
            [
                ("directory", self.directory),
                ("mountpoint", self.mountpoint),
                ("preMountHook", self.pre_mount_hook),
                ("postMountHook", self.post_mount_hook),
                ("preUnmountHook", self.pre_unmount_hook),
                ("postUnmountHook", self.post_unmount_hook),
                ("preBackupHook", self.pre_backup_hook),
                ("postBackupHook", self.post_backup_hook),
                ("name", self.name),
            ]
        )


def localbackup(
    targets: Mapping[str, LocalBackupTarget] | None = None,
    *,
    role: Role,
    snapshots: int | None = None,
    name: str = "localbackup",
    input: str | None = None,
) -> ClanService:
    """Return an instance of localbackup: backups on drives of the machine itself.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/localbackup/default.nix

    Args:
        targets: Where they are kept, by name: `{"hdd": LocalBackupTarget("/mnt/hdd/backup")}`.
        role: The machines that are backed up.
        snapshots: How many backups are kept.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be, or a machine has no target.
    """
    where = f"service {name!r}"
    example = '{"hdd": LocalBackupTarget("/mnt/hdd/backup")}'
    given = by_name(where, "targets", targets, LocalBackupTarget, example)
    _check_jobs(where, "targets", given)
    check_given(where, _check_snapshots, snapshots=snapshots)
    settings = {("targets",): given, ("snapshots",): snapshots}
    made = instance("localbackup", name, input, default=(role, settings))
    accepted = f"say where its backups are kept: targets={example}"
    demand(where, "default", made.roles["default"], "targets", accepted)
    return made


def _check_snapshots(where: str, field: str, value: object) -> None:
    check_whole(where, field, value, "backups", least=1)


def _check_parameters(where: str, field: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise field_error(where, field, value, 'a mapping is accepted: {"keep": "10"}')
    for name, text in value.items():
        check_word(where, field, name, "a name")
        check_text(where, f"{field}[{name!r}]", text)


@frozen
class SyncthingFolder:
    """A folder that machines keep in step.

    Attributes:
        path: The absolute path of the folder.
        devices: Names of the machines and devices that have it; none for all of them.
        ignore_permissions: Whether changes of permissions stay where they are made.
        rescan_interval: How often all of it is looked at, in seconds.
        type: "sendreceive", as clan has it, "sendonly" or "receiveonly".
        versioning: How old versions of files are kept: "simple", "staggered", "trashcan" or
            "external"; None for not at all.
        versioning_parameters: What that way of keeping takes: `{"keep": "10"}`.

    Raises:
        FleetError: When a field cannot be.
    """

    path: str = field(validator=valid(check_directory))
    devices: tuple[str, ...] | None = field(
        default=None, converter=strings, validator=valid(check_words, '"phone"'), kw_only=True
    )
    ignore_permissions: bool | None = field(
        default=None, validator=valid(check_boolean), kw_only=True
    )
    rescan_interval: int | None = field(
        default=None, validator=valid(check_whole, "seconds", least=0), kw_only=True
    )
    type: Literal["sendreceive", "sendonly", "receiveonly"] | None = field(
        default=None, validator=valid(check_one_of, _FOLDER_TYPES), kw_only=True
    )
    versioning: Literal["external", "simple", "staggered", "trashcan"] | None = field(
        default=None, validator=valid(check_one_of, _VERSIONING), kw_only=True
    )
    versioning_parameters: Mapping[str, str] | None = field(
        default=None,
        converter=string_mapping,
        validator=valid(_check_parameters),
        kw_only=True,
        hash=False,
    )

    def __attrs_post_init__(self) -> None:
        if self.versioning_parameters is not None and self.versioning is None:
            accepted = f"say of what: versioning= is one of {', '.join(_VERSIONING)}"
            raise field_error(self._where, "versioning", None, accepted)

    @property
    def _where(self) -> str:
        return f"folder {self.path!r}"

    @property
    def settings(self) -> dict[str, Any]:
        """What clan calls the fields."""
        versioning = [("type", self.versioning), ("params", self.versioning_parameters)]
        return without_none(
            [
                ("path", self.path),
                ("devices", self.devices),
                ("ignorePerms", self.ignore_permissions),
                ("rescanIntervalS", self.rescan_interval),
                ("type", self.type),
                ("versioning", without_none(versioning) or None),
            ]
        )


@frozen
class SyncthingDevice:
    """What takes part and is no machine of the clan: a phone.

    Attributes:
        id: Its id, as Syncthing shows it there: eight groups of seven letters and digits.
        addresses: Where it is; None for wherever Syncthing finds it.
        name: What people call it.

    Raises:
        FleetError: When a field cannot be.
    """

    id: str = field(
        validator=valid(
            check_matching,
            _DEVICE_ID,
            "an id of Syncthing is accepted: P56IOI7-MZJNU2Y-…, 8 groups",
        )
    )
    addresses: tuple[str, ...] | None = field(
        default=None,
        converter=strings,
        validator=valid(check_words, '"tcp://192.168.1.100:22000"'),
        kw_only=True,
    )
    name: str | None = field(default=None, validator=valid(check_text), kw_only=True)

    @property
    def _where(self) -> str:
        return f"device {self.id!r}"

    @property
    def settings(self) -> dict[str, Any]:
        """What clan calls the fields."""
        return without_none([("id", self.id), ("addresses", self.addresses), ("name", self.name)])


def syncthing(
    folders: Mapping[str, SyncthingFolder] | None = None,
    *,
    peer: Role,
    extra_devices: Mapping[str, SyncthingDevice] | None = None,
    open_default_ports: bool | None = None,
    name: str = "syncthing",
    input: str | None = None,
) -> ClanService:
    """Return an instance of syncthing: folders that machines keep in step.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/syncthing/default.nix

    Args:
        folders: Folders by name: `{"notes": SyncthingFolder("/var/lib/syncthing/notes")}`.
        peer: The machines.
        extra_devices: What else takes part, by name.
        open_default_ports: Whether the firewall lets others in, as clan has it.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be.
    """
    where = f"service {name!r}"
    check_given(where, check_boolean, open_default_ports=open_default_ports)
    example = '{"notes": SyncthingFolder("/var/lib/syncthing/notes")}'
    device = '{"phone": SyncthingDevice("P56IOI7-MZJNU2Y-…")}'
    return instance(
        "syncthing",
        name,
        input,
        peer=(
            peer,
            {
                ("folders",): by_name(where, "folders", folders, SyncthingFolder, example),
                ("extraDevices",): by_name(
                    where, "extra_devices", extra_devices, SyncthingDevice, device
                ),
                ("openDefaultPorts",): open_default_ports,
            },
        ),
    )
