"""A field that there is not is refused by a message that names the one that was meant."""

import inspect
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

import infra_lib
from infra_lib import (
    ClanService,
    Fleet,
    FleetError,
    GcpMachine,
    HetznerMachine,
    HetznerProject,
    Machine,
    Role,
    Volume,
    clan_services,
)
from infra_lib.model.frozen import UnknownFieldError
from nixgen.frozen import frozen


def classes() -> Iterator[Any]:
    for module in (infra_lib, clan_services):
        for name in module.__all__:
            if attrs.has(value := getattr(module, name)):
                yield value


@pytest.mark.parametrize("cls", [*classes()])
def test_each_public_class_names_the_field_that_was_meant(cls: Any) -> None:
    field = [each.alias for each in attrs.fields(cls) if each.init][-1]
    for given in ({f"{field}_": 1}, {field: None, f"{field}_": 1}):
        with pytest.raises(FleetError) as caught:
            cls(**given)
        assert isinstance(caught.value, TypeError)
        said = str(caught.value)
        assert said.startswith(f"{cls.__name__}({field}_=…): there is no field '{field}_' (nearest")
        assert field in said


@pytest.mark.parametrize(
    ("cls", "arguments", "given", "message"),
    [
        (ClanService, ("sshd",), "rolse", "ClanService('sshd', rolse=…): there is no field "),
        (Role, (), "setings", "Role(setings=…): there is no field 'setings' (nearest: settings)"),
        (GcpMachine, ("a",), "machine_typ", "(nearest: machine_type)"),
        (HetznerMachine, ("a",), "zone", "there is no field 'zone'; here it is 'location'"),
        (HetznerMachine, ("a",), "machine_type", "'machine_type'; here it is 'server_type'"),
        (GcpMachine, ("a",), "server_type", "'server_type'; here it is 'machine_type'"),
        (HetznerMachine, ("a",), "volume", "(nearest: volumes)"),
        (HetznerProject, (), "region", "HetznerProject(region=…): there is no field 'region'"),
        (Volume, ("a",), "size", "(nearest: size_gb)"),
        (Fleet, (), "user", "Fleet(user=…): there is no field 'user' (nearest: users)"),
    ],
)
def test_the_message_says_what_was_called(
    cls: Any, arguments: tuple[str, ...], given: str, message: str
) -> None:
    with pytest.raises(UnknownFieldError) as caught:
        cls(*arguments, **{given: 1})
    assert message in str(caught.value)


def test_where_nothing_is_near_all_fields_are_named() -> None:
    said = r"'colour': name, machine_class, .* are accepted"
    with pytest.raises(FleetError, match=said):
        Machine("a", colour="red")  # type: ignore[call-arg]


def test_evolve_names_the_field_too() -> None:
    with pytest.raises(FleetError, match=r"Machine\(tag=…\): there is no field 'tag' \(nearest: t"):
        attrs.evolve(Machine("a"), tag=("peer",))  # type: ignore[call-arg]


def test_what_was_given_is_not_repeated() -> None:
    with pytest.raises(FleetError) as caught:
        infra_lib.User("a", pasword="hunter2")  # type: ignore[call-arg]  # noqa: S106
    assert "hunter2" not in str(caught.value)


@attrs.frozen
class Plain(Machine):
    rack: int = attrs.field(default=0, kw_only=True)


@frozen
class Ours(Machine):
    rack: int = attrs.field(default=0, kw_only=True)


class Bare(Machine):
    __slots__ = ()


@attrs.frozen
class Grandchild(Plain):
    shelf: int = attrs.field(default=0, kw_only=True)


@pytest.mark.parametrize("cls", [Plain, Ours, Grandchild])
def test_a_class_of_yours_names_its_own_fields(cls: Any) -> None:
    with pytest.raises(UnknownFieldError, match=rf"{cls.__name__}\('a', rak=…\).*\(nearest: rack"):
        cls("a", rak=1)
    assert cls("a", rack=1).rack == 1


def test_a_class_of_yours_without_attrs_names_those_that_it_has() -> None:
    with pytest.raises(UnknownFieldError, match=r"Bare\('a', tagz=…\): .*\(nearest: tags\)"):
        Bare("a", tagz=())  # type: ignore[call-arg]


class Broken(Machine):
    """Its own code fails, which is no matter of fields."""

    def __init__(self, name: str) -> None:
        super().__init__(name, tags=len(5))  # type: ignore[arg-type]


def test_other_type_errors_are_as_they_are() -> None:
    with pytest.raises(
        TypeError, match="missing 1 required positional argument: 'name'"
    ) as missing:
        Machine()  # type: ignore[call-arg]
    assert not isinstance(missing.value, FleetError)
    with pytest.raises(TypeError, match="has no len") as own:
        Broken("a")
    assert not isinstance(own.value, FleetError)


def test_arguments_are_still_told_by_signature() -> None:
    assert [*inspect.signature(Role).parameters] == [each.alias for each in attrs.fields(Role)]
