"""What the functions of this package share: instances of clan's services, settings by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from infra_lib.model.errors import FleetError, field_error
from infra_lib.model.services import ClanService, Role
from infra_lib.model.validators import check_text, check_word, in_order, option_names

# What a role has of a function's arguments: each by its option's path. What is None is not written.
Settings: TypeAlias = "Mapping[Any, Any]"

_ROLE = 'a Role(…) is accepted: Role(tags=("all",))'


def instance(
    service: str, name: str, flake_input: str | None, **roles: tuple[Role | None, Settings]
) -> ClanService:
    """Return an instance of a service of clan.

    Args:
        service: What clan calls the service.
        name: What the instance is called.
        flake_input: The flake input that has the service; None for clan-core.
        **roles: By clan's name of each role: who plays it, None for nobody, and its settings.

    Raises:
        FleetError: When nobody plays a role, or nobody one that has settings; when a role is none,
            or has settings that are given by name too.
    """
    where = f"service {name!r}"
    played = {
        role_name: _with_settings(where, role_name, role, settings)
        for role_name, (role, settings) in roles.items()
        if role is not None
    }
    for role_name, (role, settings) in roles.items():
        if role is None:
            others = {path for other in played for path in _given(roles[other][1])}
            idle = [".".join(path) for path in _given(settings) if path not in others]
            if idle or not played:
                what = f"says whose {idle[0]} it is" if idle else "says who has the service"
                raise field_error(where, _keyword(role_name), None, f"{_ROLE}, which {what}")
    module = None if name == service else service
    return ClanService(name, module=module, input=flake_input, roles=played)


def _given(settings: Settings) -> dict[tuple[str, ...], Any]:
    return {path: value for path, value in settings.items() if value is not None}


def _keyword(role_name: str) -> str:
    """The argument that says who plays a role; where there is only one, or one for all, "role"."""
    return "role" if role_name == "default" else role_name


def _with_settings(where: str, role_name: str, role: Role, settings: Settings) -> Role:
    keyword = _keyword(role_name)
    if not isinstance(role, Role):
        raise field_error(where, keyword, role, _ROLE)
    given = _given(settings)
    if not given:
        return role
    first = {path[0] for path in given}
    if not isinstance(role.settings, Mapping):
        raise FleetError(
            f"{where}: {keyword}.settings: an expression is all of the settings, and "
            f"{', '.join(sorted(first))} is given by name; say it in one of the two places"
        )
    for option in option_names(role.settings):
        if option in first:
            accepted = "is given by name too; say it in one of the two places"
            raise field_error(where, f"{keyword}.settings", option, accepted)
    plain = {path if len(path) > 1 else path[0]: value for path, value in given.items()}
    return Role(settings=plain).join(role, f"{where}: {keyword}")


def check_given(where: str, check: Callable[..., None], *accepted: Any, **given: Any) -> None:
    """Check arguments of which each may be None.

    Args:
        where: What the instance is called in messages.
        check: Called with that, an argument's name, its value, and:
        *accepted: What the check takes after these.
        **given: The arguments.

    Raises:
        FleetError: When one cannot be.
    """
    for name, value in given.items():
        if value is not None:
            check(where, name, in_order(value), *accepted)


def check_directory(where: str, field: str, value: object) -> None:
    """Check the absolute path of a directory on a machine.

    Raises:
        FleetError: When it is not one.
    """
    check_text(where, field, value)
    if not str(value).startswith("/"):
        raise field_error(where, field, value, 'an absolute path is accepted: "/srv/backup"')


def check_something(where: str, field: str, value: object, example: str) -> None:
    """Check text that is not empty.

    Raises:
        FleetError: When it is empty, or no text.
    """
    check_text(where, field, value)
    if not str(value).strip():
        raise field_error(where, field, value, f"text is accepted: {example}")


def by_name(
    where: str, field: str, value: Mapping[str, Any] | None, kind: type, example: str
) -> dict[str, Any] | None:
    """Return the settings of things that have names; None for None.

    Args:
        where: What the instance is called in messages.
        field: The argument's name.
        value: The things, each of which has `settings`.
        kind: Their class.
        example: How such a mapping is written.

    Raises:
        FleetError: When it is no mapping from words to such things.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise field_error(where, field, value, f"a mapping is accepted: {example}")
    for name, thing in value.items():
        check_word(where, field, name, "a name")
        if not isinstance(thing, kind):
            accepted = f"a {kind.__name__}(…) is accepted: {example}"
            raise field_error(where, f"{field}[{name!r}]", thing, accepted)
    return {name: thing.settings for name, thing in value.items()}


def demand(where: str, role_name: str, role: Role, option: str, accepted: str) -> None:
    """Check that all who play a role have a setting for which clan has no default.

    A machine may have it by a tag, so that where one tag has it, all may.

    Args:
        where: What the instance is called in messages.
        role_name: What clan calls the role.
        role: Who plays it.
        option: What clan calls the setting.
        accepted: What to say of one that lacks it.

    Raises:
        FleetError: When one has not.
    """
    if _sets(role.settings, option):
        return
    keyword = _keyword(role_name)
    tagged = [tag for tag, settings in role.tags.items() if _sets(settings, option)]
    for field, members in (("tags", role.tags), ("machines", {} if tagged else role.machines)):
        for name, settings in members.items():
            if not _sets(settings, option):
                raise field_error(where, f"{keyword}.{field}", name, accepted)


def _sets(settings: Any, option: str) -> bool:
    """Whether settings have an option; an expression may."""
    return not isinstance(settings, Mapping) or option in option_names(settings)


def without_none(settings: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return settings of a thing without those that are left to clan."""
    return {name: value for name, value in settings if value is not None}
