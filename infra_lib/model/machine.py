"""A machine of the inventory."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from attrs import NOTHING, field

from infra_lib.model import destination
from infra_lib.model.disko import Layout, check_layout, frozen_layout
from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.modules import Module, check_modules, frozen_modules
from infra_lib.model.ssh import SshHost
from infra_lib.model.validators import (
    CLASSES,
    check_boolean,
    check_host_name,
    check_instance,
    check_matching,
    check_module,
    check_one_of,
    check_state_version,
    check_text,
    check_whole,
    check_word,
    check_words,
    frozen_value,
    strings,
    unsaid,
    valid,
)

if TYPE_CHECKING:
    from attrs import Attribute

EVERY = "all"  # the tag that clan gives to every machine

# https://github.com/NixOS/nixpkgs/blob/master/lib/systems/flake-systems.nix
_PLATFORMS = {
    "nixos": (
        "x86_64-linux",
        "aarch64-linux",
        "riscv64-linux",
        "armv7l-linux",
        "armv6l-linux",
        "i686-linux",
        "powerpc64le-linux",
    ),
    "darwin": ("aarch64-darwin", "x86_64-darwin"),
}
_DEVICE = r"/dev/[-+.:@%/A-Za-z0-9_]*[-+.:@%A-Za-z0-9_]"


def check_destination(where: str, field: str, value: object) -> None:
    """Check where SSH reaches a machine, as clan takes it; None is nowhere.

    Raises:
        FleetError: When it is neither.
    """
    if value is None:
        return
    accepted = f"an SSH destination such as {destination.EXAMPLE}"
    check_word(where, field, value, accepted)
    try:
        destination.parse(str(value))
    except ValueError as error:
        raise field_error(where, field, value, f"{accepted} is accepted ({error})") from None


def _check_build_host(where: str, field: str, value: object) -> None:
    if value != "":
        check_destination(where, field, value)


def _check_target(machine: Machine, field: Attribute[Any], value: object) -> None:
    if value is not NOTHING:
        check_destination(machine._where, field.name, value)


def _check_name(machine: Machine, _field: object, value: str) -> None:
    machine._check_name(value)


def _check_platform(machine: Machine, field: Attribute[Any], value: object) -> None:
    if value is not None:
        check_one_of(machine._where, field.name, value, _PLATFORMS[machine.machine_class])


def _check_state_version(machine: Machine, field: Attribute[Any], value: object) -> None:
    """Check the release: a text for NixOS, and for nix-darwin, which counts its own, a number."""
    if value is None:
        return
    if machine.machine_class == "nixos":
        check_state_version(machine._where, field.name, value)
    else:
        unit = "nix-darwin's own count, such as 6,"
        check_whole(machine._where, field.name, value, unit, least=1, most=999)


def _check_boot_device(machine: Machine, field: Attribute[Any], value: object) -> None:
    if value is None:
        return
    accepted = 'a device: "/dev/disk/by-id/…"'
    check_matching(machine._where, field.name, value, _DEVICE, accepted)
    if machine.disko is None:
        accepted = "nothing lays that disk out: say disko=zfs_layout or another layout beside it"
        raise field_error(machine._where, field.name, value, accepted)


def _check_disko(machine: Machine, field: Attribute[Any], value: object) -> None:
    if value is None:
        return
    if machine.machine_class == "darwin":
        accepted = "a Mac has none: disko lays out the disks of NixOS"
        raise field_error(machine._where, field.name, value, accepted)
    check_layout(machine._where, value, machine.boot_device)


@frozen
class Machine:
    """A machine of the inventory: a VPS elsewhere, a Mac, a laptop.

    What it runs is left to files of your own, unless one of `modules`, `config`, `disko`,
    `state_version` and `platform` says something of it: then its module is generated, and holds
    that and its host name. Files of your own can add to it.

    Attributes:
        name: Its host name: 1 to 63 letters, digits, hyphens and underscores, a letter or a digit
            first and last. The name of a Mac has no underscore.
        machine_class: What it runs: "nixos" or "darwin".
        tags: Your own tags. The derived ones come before them in `all_tags`.
        description: In your words. See `full_description` for what is derived.
        derive_tags: Whether `all_tags` begins with the tags that follow from what the machine is;
            False for your own tags alone.
        derive_description: Whether `full_description` begins with what the machine is; False for
            your own words alone.
        target_host: Where clan reaches it, `[user@]host[:port]`; options such as
            `?ProxyJump=root@gate.example` may follow. None for nowhere: clan tries its networks.
            Unless it is given, what `Fleet.target_host` says.
        build_host: Where clan builds it, in the same form, or "localhost". None for what its own
            configuration says, or else where it is deployed to; "" for the latter in any case.
        forward_agent: Whether clan forwards the SSH agent to it; None for what its own
            configuration says.
        modules: What it imports beside `Fleet.modules`. Each is the name of a module in
            `flake.modules.<class>` (with plain modules, a path below the flake's root); a
            `PurePath`, which is a file or a folder below the flake's root; or a module itself: a
            mapping of options, or an expression such as `ref("inputs.srvos.nixosModules.server")`.
        config: Further configuration: a module, as `containers.<name>.config` takes one. A mapping
            of options or any nixgen expression; raw Nix is `nixgen.Raw("…")`. It is one more of the
            machine's `imports`, so NixOS merges what is set twice.
        disko: The layout of its disks: what `disko.devices` holds, as a mapping or an expression,
            or a function from the boot disk's device to it, such as `zfs_layout`. NixOS only.
        boot_device: The boot disk, for such a function: "/dev/disk/by-id/…".
        state_version: `system.stateVersion`: the NixOS release that it was first installed with,
            such as "26.05", for as long as it lives; nix-darwin counts its own, such as 6.
        platform: `nixpkgs.hostPlatform`: "x86_64-linux", "aarch64-darwin".
        module_name: The name of its module in `flake.modules.<class>`, generated or your own; None
            for what `Fleet.module_names` says.
        ssh: How SSH reaches it from people's computers; what clan does is `target_host`.

    Raises:
        FleetError: When a field cannot be.
    """

    name: str = field(validator=_check_name)
    machine_class: Literal["nixos", "darwin"] = field(
        default="nixos", validator=valid(check_one_of, CLASSES), kw_only=True
    )
    tags: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_words, '"peer"'), kw_only=True
    )
    description: str = field(default="", validator=valid(check_text), kw_only=True)
    derive_tags: bool = field(default=True, validator=valid(check_boolean), kw_only=True)
    derive_description: bool = field(default=True, validator=valid(check_boolean), kw_only=True)
    # Nothing is another answer than None here.
    target_host: str | None = field(factory=unsaid, validator=_check_target, kw_only=True)
    build_host: str | None = field(default=None, validator=valid(_check_build_host), kw_only=True)
    forward_agent: bool | None = field(default=None, validator=valid(check_boolean), kw_only=True)
    modules: tuple[Module, ...] = field(
        default=(),
        converter=frozen_modules,
        validator=valid(check_modules),
        kw_only=True,
        hash=False,
    )
    config: Any = field(
        default=None,
        converter=frozen_value,
        validator=valid(check_module),
        kw_only=True,
        hash=False,
    )
    disko: Layout | None = field(
        default=None, converter=frozen_layout, validator=_check_disko, kw_only=True, hash=False
    )
    boot_device: str | None = field(default=None, validator=_check_boot_device, kw_only=True)
    state_version: str | int | None = field(
        default=None, validator=_check_state_version, kw_only=True
    )
    platform: str | None = field(default=None, validator=_check_platform, kw_only=True)
    module_name: str | None = field(
        default=None, validator=valid(check_word, 'one word such as "vault"'), kw_only=True
    )
    ssh: SshHost = field(default=SshHost(), validator=valid(check_instance, SshHost), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Do nothing: each field is checked by itself. A class that checks more may call this."""

    @property
    def _where(self) -> str:
        return f"machine {self.name!r}"

    def _check_name(self, name: object) -> None:
        """Check the name of a machine of its class, which may take fewer names than NixOS."""
        check_host_name(self._where, "name", name)
        if self.machine_class == "darwin" and "_" in self.name:
            # https://github.com/nix-darwin/nix-darwin/blob/master/modules/networking/default.nix
            accepted = "the host name of a Mac has no underscore: nix-darwin takes none"
            raise field_error(self._where, "name", name, accepted)

    @property
    def has_module(self) -> bool:
        """Whether the fleet says how it is configured, so that its module is generated."""
        said = (self.config, self.disko, self.state_version, self.platform)
        return bool(self.modules) or any(each is not None for each in said)

    @property
    def derived_tags(self) -> tuple[str, ...]:
        """The tags that follow from what the machine is."""
        return (self.machine_class,)

    @property
    def derived_description(self) -> str:
        """What the machine is, in words that follow from its fields; empty where none do."""
        return ""

    @cached_property
    def all_tags(self) -> tuple[str, ...]:
        """Derived tags, then your own; each once."""
        derived = self.derived_tags if self.derive_tags else ()
        return tuple(dict.fromkeys(derived + self.tags))

    def has_tag(self, tag: str) -> bool:
        """Whether the machine has a tag: one of `all_tags`, or one that clan gives to it.

        Clan gives "all" to each, and "nixos" or "darwin", which is its class:
        https://git.clan.lol/clan/clan-core/src/branch/main/modules/clan/computed-tags.nix
        """
        return tag in (EVERY, self.machine_class) or tag in self.all_tags

    @property
    def full_description(self) -> str:
        """What the inventory says of it: what is derived, then your own words.

        Words that begin with what is derived stand alone.
        """
        derived = self.derived_description if self.derive_description else ""
        if not derived or self.description.casefold().startswith(derived.casefold()):
            return self.description
        return f"{derived}: {self.description}" if self.description else derived
