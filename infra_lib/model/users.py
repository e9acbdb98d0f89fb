"""People who have an account on machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

from attrs import field

from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.modules import Module, check_modules, check_path, frozen_modules
from infra_lib.model.services import (
    ClanService,
    Role,
    check_input,
    check_instance_name,
    check_members,
    check_settings,
    frozen_members,
)
from infra_lib.model.validators import (
    check_boolean,
    check_each,
    check_matching,
    check_public_keys,
    check_text,
    check_word,
    check_words,
    frozen_mapping,
    frozen_value,
    in_order,
    strings,
    valid,
)

# As POSIX has a User Name, of which NixOS takes up to 31 characters:
# https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap03.html
# https://github.com/NixOS/nixpkgs/blob/master/nixos/modules/config/users-groups.nix
_LOGIN = r"[A-Za-z_][-.A-Za-z0-9_]{0,30}"
_LOGIN_ACCEPTED = "a login name has up to 31 letters, digits, _ . and -, a letter or _ first"


@frozen(kw_only=True)
class Identity:
    """A user's account at an identity provider, such as clan's Authelia or Kanidm services.

    Attributes:
        email: The address; None for clan's `<user>@mail.<domain>`.
        groups: Groups at the provider, which say what programs the user may use.
        display_name: What people call the user; None for the login name.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "identity"

    email: str | None = field(default=None, validator=valid(check_word, "an address"))
    groups: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_words, '"admins"')
    )
    display_name: str | None = field(default=None, validator=valid(check_text))


def _identities(value: Mapping[str, Identity]) -> Mapping[str, Identity]:
    return frozen_mapping(value)


def _check_identities(where: str, field: str, value: object) -> None:
    if not isinstance(value, Mapping):
        accepted = 'a mapping by provider is accepted: {"main": Identity(groups=("users",))}'
        raise field_error(where, field, value, accepted)
    for name, identity in value.items():
        check_word(where, field, name, "the name of an identity provider's instance")
        if not isinstance(identity, Identity):
            raise field_error(where, f"{field}[{name!r}]", identity, "an Identity(…) is accepted")


def _groups(value: tuple[str, ...] | list[str] | Iterator[str] | None) -> tuple[str, ...] | None:
    return value if value is None else in_order(value)


def _paths(value: Iterable[PurePath]) -> tuple[PurePath, ...]:
    return in_order(value)


def _check_paths(where: str, field: str, values: tuple[PurePath, ...]) -> None:
    check_each(where, field, values, PurePath, 'Path("keys/cameron.pub")')
    for path in values:
        check_path(where, field, path.as_posix())


@frozen
class User:
    """An account: an instance of clan's `users` service.

    What is None is not written, and as clan has it by default.

    Attributes:
        name: The login name.
        groups: Groups besides its own: ("wheel",).
        machines: Names of the machines that have the account, or a mapping from each to settings
            of its own.
        tags: Inventory tags; every machine with one of them has the account too. Names, or a
            mapping from each to settings of those machines.
        ssh_keys: OpenSSH public keys that may log in.
        ssh_key_files: Files of such keys, each a `pathlib.Path` below the flake's root.
        share: True for one password for all machines. False, as clan has it, is one for each:
            whoever learns that of one machine has that of no other.
        prompt: Whether to ask for the password when vars are generated, as clan does, rather than
            make one up.
        system_user: Whether machines have the account. False for a user whom only identity
            providers know.
        identity: Accounts at identity providers, by the name of the provider's instance.
        settings: Further settings of the service.
        extra_modules: Modules of the machines that have the account, such as home-manager's; as
            `Machine.modules` takes them.
        instance: The name of the service's instance; None for `user-<name>`.
        input: The flake input that has the service; None for clan's own, whatever it is called.

    Raises:
        FleetError: When a field cannot be.
    """

    name: str = field(validator=valid(check_matching, _LOGIN, _LOGIN_ACCEPTED))
    groups: tuple[str, ...] | None = field(
        default=None, converter=_groups, validator=valid(check_words, '"wheel"'), kw_only=True
    )
    machines: Mapping[str, Any] = field(
        factory=dict,
        converter=frozen_members,
        validator=valid(check_members, "a machine", '"galena"'),
        kw_only=True,
        hash=False,
    )
    tags: Mapping[str, Any] = field(
        factory=dict,
        converter=frozen_members,
        validator=valid(check_members, "a tag", '"workstation"'),
        kw_only=True,
        hash=False,
    )
    ssh_keys: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_public_keys), kw_only=True
    )
    ssh_key_files: tuple[PurePath, ...] = field(
        default=(),
        converter=_paths,
        validator=valid(_check_paths),
        kw_only=True,
    )
    share: bool | None = field(default=None, validator=valid(check_boolean), kw_only=True)
    prompt: bool | None = field(default=None, validator=valid(check_boolean), kw_only=True)
    system_user: bool | None = field(default=None, validator=valid(check_boolean), kw_only=True)
    identity: Mapping[str, Identity] = field(
        factory=dict,
        converter=_identities,
        validator=valid(_check_identities),
        kw_only=True,
        hash=False,
    )
    settings: Mapping[str, Any] = field(
        factory=dict,
        converter=frozen_value,
        validator=valid(check_settings),
        kw_only=True,
        hash=False,
    )
    extra_modules: tuple[Module, ...] = field(
        default=(),
        converter=frozen_modules,
        validator=valid(check_modules),
        kw_only=True,
        hash=False,
    )
    instance: str | None = field(default=None, validator=valid(check_instance_name), kw_only=True)
    input: str | None = field(default=None, validator=valid(check_input), kw_only=True)

    @property
    def _where(self) -> str:
        return f"user {self.name!r}"

    @property
    def role(self) -> Role:
        """The machines that have the account, and how."""
        return Role(
            machines=self.machines,
            tags=self.tags,
            settings={**_settings(self), **self.settings},
            extra_modules=self.extra_modules,
        )

    @property
    def service(self) -> ClanService:
        """The instance of clan's users service, whose only role is "default"."""
        name = self.instance or f"user-{self.name}"
        return ClanService(name, module="users", input=self.input, roles={"default": self.role})


def _settings(user: User) -> dict[Any, Any]:
    """What the service calls the fields.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/users/default.nix
    """
    settings: dict[Any, Any] = {"user": user.name}
    given = {
        "groups": None if user.groups is None else list(user.groups),
        "share": user.share,
        "prompt": user.prompt,
        "systemUser": user.system_user,
    }
    settings |= {name: value for name, value in given.items() if value is not None}
    if user.identity:
        settings["identity"] = {name: _identity(each) for name, each in user.identity.items()}
    keys = {"keys": list(user.ssh_keys), "keyFiles": list(user.ssh_key_files)}
    for name, value in keys.items():
        if value:
            settings["openssh", "authorizedKeys", name] = value
    return settings


def _identity(identity: Identity) -> dict[str, Any]:
    given = {
        "email": identity.email,
        "groups": list(identity.groups) or None,
        "displayname": identity.display_name,
    }
    return {name: value for name, value in given.items() if value is not None}
