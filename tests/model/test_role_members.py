"""Who plays the roles of a clan service: machines and tags that there are, and Macs where it helps.

What is refused is in the table of `bad.py`.
"""

import warnings

import pytest

from infra_lib import ClanService, Fleet, FleetError, Machine, Role, User
from infra_lib.fleet_checks import NIXOS_ONLY
from nixgen import ref

MACHINES = (
    Machine("cinnabar", tags=("server",)),
    Machine("stibnite", machine_class="darwin"),
)


def fleet(service: ClanService, **fields: object) -> Fleet:
    return Fleet(name="metals", domain="zt", machines=MACHINES, services=(service,), **fields)  # type: ignore[arg-type]


def of(module: str, role: str, **fields: object) -> ClanService:
    played = Role(machines=("stibnite",), **fields)  # type: ignore[arg-type]
    return ClanService("instance", module=module, roles={role: played})


@pytest.mark.parametrize("tag", ["all", "nixos", "darwin", "server"])
def test_tags_that_machines_have_are_fine(tag: str) -> None:
    assert fleet(ClanService("sshd", roles={"server": Role(tags=(tag,))})).services


def test_a_tag_that_nobody_has_is_a_warning() -> None:
    with pytest.warns(UserWarning, match="laptop") as caught:
        fleet(ClanService("sshd", roles={"server": Role(tags=("laptop",))}))
    (warning,) = caught
    said = str(warning.message)
    assert said.startswith(
        "service 'sshd': roles['server'].tags='laptop': no machine has this tag;"
    )
    assert "Fleet(tags={'laptop': None})" in said


def test_a_users_tag_that_nobody_has_is_a_warning_too() -> None:
    with pytest.warns(UserWarning, match="user 'cameron': tags='laptop': no machine has this tag"):
        Fleet(
            name="metals",
            domain="zt",
            machines=MACHINES,
            users=(User("cameron", tags=("laptop",)),),
        )


@pytest.mark.parametrize("members", [None, ref("config.nixos"), ("stibnite",)])
def test_a_tag_that_is_declared_is_fine(members: object) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fleet(
            ClanService("sshd", roles={"server": Role(tags=("laptop",))}), tags={"laptop": members}
        )


@pytest.mark.parametrize(
    ("module", "role"), [(module, role) for module, roles in NIXOS_ONLY.items() for role in roles]
)
def test_a_mac_is_named_in_no_role_that_has_nothing_for_it(module: str, role: str) -> None:
    with pytest.raises(FleetError, match=rf"{module!r} has nothing for a Mac in the role {role!r}"):
        fleet(of(module, role))


@pytest.mark.parametrize(
    ("module", "role"),
    [
        ("wireguard", "peer"),  # which has a darwinModule
        ("tor", "server"),  # exports where the machine is
        ("internet", "default"),
        ("sshd", "server"),  # whose domains clients trust
        ("monitoring", "server"),  # where clients send
        ("borgbackup", "server"),
        ("borgbackup", "client"),  # whose key servers read
        ("syncthing", "peer"),
        ("your-own", "client"),
    ],
)
def test_a_mac_stands_where_it_matters_or_nobody_knows(module: str, role: str) -> None:
    assert fleet(of(module, role)).nix_files()


def test_a_mac_with_modules_of_its_own_stands() -> None:
    assert fleet(of("sshd", "client", extra_modules=("base",))).services


def test_a_mac_stands_in_another_flakes_service_of_that_name() -> None:
    role = Role(machines=("stibnite",))
    assert fleet(ClanService("sshd", input="self", roles={"client": role})).services
    for given in (None, "clan-core"):
        with pytest.raises(FleetError, match="nothing for a Mac"):
            fleet(ClanService("sshd", input=given, roles={"client": role}))
    with pytest.raises(FleetError, match="nothing for a Mac"):
        fleet(ClanService("sshd", module="@clan/sshd", roles={"client": role}))


def test_a_mac_that_only_a_tag_names_is_passed_over() -> None:
    assert fleet(ClanService("sshd", roles={"client": Role(tags=("all",))})).services
