"""Instances of clan services: what is written of each, and how they meet those of typed fields."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from infra_lib import (
    ClanService,
    Device,
    Facts,
    Fleet,
    FleetError,
    Identity,
    Internet,
    Machine,
    MachineFacts,
    Role,
    User,
    ZeroTier,
)
from nixgen import Apply, BinaryOp, FileValue, Lambda, Pattern, dumps, ref
from tests.helpers.nix import NixTree

Plant = Callable[[Fleet], NixTree]

FOLDER = "modules/clan/inventory/services"
FLEET = Fleet(
    name="ores",
    domain="zt",
    machines=(
        Machine("vault", tags=("server",)),
        Machine("lode", tags=("server", "desk")),
        Machine("mica", machine_class="darwin"),
    ),
)
BACKUP = ClanService(
    "borgbackup",
    roles={
        "client": Role(tags=("server",)),
        "server": Role(machines={"vault": {"directory": "/srv"}}, settings={"port": 22}),
    },
)


def with_services(*services: ClanService, **fields: Any) -> Fleet:
    return evolve(FLEET, services=services, **fields)


def instance(tree: NixTree, name: str, arguments: str = "{ }") -> Any:
    path = f"{FOLDER}/{name}.nix"
    found = tree.evaluate(f'load "{path}" {arguments}')
    return found["clan"]["inventory"]["instances"][name]


def text(fleet: Fleet, name: str) -> str:
    return dumps(fleet.nix_files()[f"{FOLDER}/{name}.nix"])


def test_an_instance_has_its_roles_members_and_settings(plant: Plant) -> None:
    assert instance(plant(with_services(BACKUP)), "borgbackup") == {
        "module": {"name": "borgbackup"},
        "roles": {
            "client": {"tags": {"server": {}}},
            "server": {
                "machines": {"vault": {"settings": {"directory": "/srv"}}},
                "settings": {"port": 22},
            },
        },
    }


def test_each_instance_is_a_file() -> None:
    again = evolve(BACKUP, name="offsite", module="borgbackup")
    files = with_services(BACKUP, again).nix_files()
    assert {f"{FOLDER}/borgbackup.nix", f"{FOLDER}/offsite.nix"} <= files.keys()


@pytest.mark.parametrize("of", ["self", "clan-community", "clan-core"])
def test_a_service_of_another_flake_names_its_input(plant: Plant, of: str) -> None:
    service = ClanService("mail", module="@ores/mail", input=of, roles={"default": Role()})
    found = instance(plant(with_services(service)), "mail")
    assert found == {"module": {"name": "@ores/mail", "input": of}, "roles": {"default": {}}}


def test_settings_of_role_tag_and_machine_stand_beside_each_other(plant: Plant) -> None:
    role = Role(
        machines={"vault": {"a": {"own": 1}}, "lode": None},
        tags={"desk": {"a": {"tag": [2.5, None]}}},
        settings={"a": {"role": True}},
    )
    found = instance(plant(with_services(ClanService("x", roles={"default": role}))), "x")
    assert found["roles"]["default"] == {
        "machines": {"vault": {"settings": {"a": {"own": 1}}}, "lode": {}},
        "tags": {"desk": {"settings": {"a": {"tag": [2.5, None]}}}},
        "settings": {"a": {"role": True}},
    }


def test_what_is_empty_and_said_is_written(plant: Plant) -> None:
    """An inventory may give a setting an empty value on purpose."""
    role = Role(machines=("vault",), settings={"networks": {"home": {}}, "groups": []})
    found = instance(plant(with_services(ClanService("x", roles={"default": role}))), "x")
    assert found["roles"]["default"]["settings"] == {"networks": {"home": {}}, "groups": []}


def test_an_instance_may_have_no_roles(plant: Plant) -> None:
    assert instance(plant(with_services(ClanService("x"))), "x") == {"module": {"name": "x"}}


def test_a_file_takes_what_its_settings_refer_to_and_no_more(plant: Plant) -> None:
    role = Role(
        machines={"vault": {"host": Apply("lib.mkForce", "v")}},
        settings={"ore": ref("inputs.self.lib.ore"), "n": Apply("__length", [])},
    )
    fleet = with_services(ClanService("x", roles={"default": role}))
    assert text(fleet, "x").startswith("{ inputs, lib, ... }:\n")
    found = instance(plant(fleet), "x", '{ inherit lib; inputs.self.lib.ore = "k"; }')
    assert found["roles"]["default"]["settings"] == {"ore": "k", "n": 0}
    assert found["roles"]["default"]["machines"]["vault"]["settings"]["host"] == {"force": "v"}


def test_extra_modules_are_named_by_path_or_themselves(plant: Plant) -> None:
    role = Role(
        tags=("nixos",),
        extra_modules=(
            "backups",
            Path("modules/extra.nix"),
            {("environment", "systemPackages"): [ref("pkgs.gcc")]},
            Lambda(Pattern("lib", ellipsis=True), {"a": Apply("lib.mkDefault", 1)}),
            ref("inputs.srvos.nixosModules.server"),
        ),
    )
    fleet = with_services(ClanService("x", roles={"default": role}))
    tree = plant(fleet)
    found = tree.evaluate(f"""
      let
        modules = (load "{FOLDER}/x.nix" {{
          config.flake.modules.nixos.backups = "backups";
          inputs.srvos.nixosModules.server = "server";
        }}).clan.inventory.instances.x.roles.default.extraModules;
        called = module:
          if builtins.isFunction module then module {{ inherit lib pkgs; }}
          else if builtins.isPath module then toString module
          else module;
      in map called modules
    """)
    assert found == [
        "backups",
        str(tree.root / "modules/extra.nix"),
        {"environment": {"systemPackages": ["/gcc"]}},
        {"a": {"default": 1}},
        "server",
    ]


def test_a_role_of_macs_alone_has_modules_of_macs() -> None:
    role = Role(machines=("mica",), extra_modules=("home",))
    fleet = with_services(ClanService("x", roles={"default": role}))
    assert "config.flake.modules.darwin.home" in text(fleet, "x")


@pytest.mark.parametrize("machine_class", ["nixos", "darwin"])
def test_a_role_of_both_has_the_module_of_whichever_imports_it(
    plant: Plant, machine_class: str
) -> None:
    role = Role(tags=("all",), extra_modules=("home", Path("modules/extra.nix")))
    tree = plant(with_services(ClanService("x", roles={"default": role})))
    found = tree.evaluate(f"""
      let
        modules = (load "{FOLDER}/x.nix" {{
          config.flake.modules = {{ nixos.home = "of NixOS"; darwin.home = "of Macs"; }};
        }}).clan.inventory.instances.x.roles.default.extraModules;
      in (builtins.head modules {{ _class = "{machine_class}"; }}).imports
    """)
    assert found == [{"nixos": "of NixOS", "darwin": "of Macs"}[machine_class]]


def test_a_path_in_settings_is_below_the_root(plant: Plant) -> None:
    role = Role(tags=("all",), settings={"keyFiles": [Path("keys/ann.pub")]})
    tree = plant(with_services(ClanService("x", roles={"default": role})))
    path = tree.evaluate(
        f'toString (builtins.head (load "{FOLDER}/x.nix" {{ }})'
        ".clan.inventory.instances.x.roles.default.settings.keyFiles)"
    )
    assert path == str(tree.root / "keys/ann.pub")


def test_a_user_says_everything_that_the_service_takes(plant: Plant) -> None:
    user = User(
        "ann",
        groups=(),
        machines={"vault": {"groups": ["wheel"]}, "lode": None},
        tags={"desk": {"share": True}},
        prompt=True,
        system_user=False,
        identity={
            "main": Identity(email="ann@example.org", groups=("admins",)),
            "spare": Identity(),
        },
        settings={"more": 1},
        instance="people",
        input="clan-core",
    )
    assert instance(plant(evolve(FLEET, users=(user,))), "people") == {
        "module": {"name": "users", "input": "clan-core"},
        "roles": {
            "default": {
                "machines": {"vault": {"settings": {"groups": ["wheel"]}}, "lode": {}},
                "tags": {"desk": {"settings": {"share": True}}},
                "settings": {
                    "user": "ann",
                    "groups": [],
                    "prompt": True,
                    "systemUser": False,
                    "identity": {
                        "main": {"email": "ann@example.org", "groups": ["admins"]},
                        "spare": {},
                    },
                    "more": 1,
                },
            }
        },
    }


def test_an_account_is_called_as_people_call_it(plant: Plant) -> None:
    fleet = evolve(FLEET, users=(User("Ada.L", tags=("all",)),))
    settings = instance(plant(fleet), "user-Ada.L")["roles"]["default"]["settings"]
    assert settings == {"user": "Ada.L"}


def test_one_account_may_be_two_instances() -> None:
    users = (User("root", tags=("server",)), User("root", tags=("desk",), instance="root-desk"))
    files = evolve(FLEET, users=users).nix_files()
    assert {f"{FOLDER}/user-root.nix", f"{FOLDER}/root-desk.nix"} <= files.keys()


ZEROTIER = ClanService(
    "zerotier",
    roles={
        "controller": Role(machines={"vault": {"public": True}}),
        "peer": Role(tags=("all",)),
        "moon": Role(machines={"lode": {"stableEndpoints": ["203.0.113.7/9993"]}}),
    },
)


@pytest.mark.parametrize("of", [None, "clan-core"])
def test_the_network_is_known_however_it_is_written(plant: Plant, of: str | None) -> None:
    """As a service or in its own field: the same file, and the same controller and peers."""
    given = with_services(evolve(ZEROTIER, input=of))
    typed = evolve(FLEET, zerotier=ZeroTier(input=of, roles=ZEROTIER.roles))
    assert given.nix_files() == typed.nix_files()
    assert given.controller == FLEET.machine("vault")
    assert given.peers == FLEET.machines
    assert given.services == ()
    roles = instance(plant(given), "zerotier")["roles"]
    assert roles["controller"] == {"machines": {"vault": {"settings": {"public": True}}}}
    assert roles["peer"] == {"tags": {"all": {}}}
    assert roles["moon"]["machines"]["lode"]["settings"]["stableEndpoints"] == ["203.0.113.7/9993"]


@pytest.mark.parametrize("of", [None, "clan-core"])
def test_the_only_network_is_the_fleets_whatever_it_is_called(plant: Plant, of: Any) -> None:
    """Also where its roles are those tags that would make another one."""
    machines = (Machine("vault", tags=("controller",)), Machine("lode", tags=("peer",)))
    roles = {"controller": Role(tags=("controller",)), "peer": Role(tags=("peer",))}
    given = ClanService("manman", module="zerotier", input=of, roles=roles)
    fleet = Fleet(name="ores", domain="zt", machines=machines, services=(given,))
    assert f"{FOLDER}/zerotier.nix" not in fleet.nix_files()
    assert fleet.controller == machines[0]
    found = instance(plant(fleet), "manman")
    assert found["module"] == {"name": "zerotier", **({"input": of} if of else {})}
    assert found["roles"] == {
        "controller": {"tags": {"controller": {}}},
        "peer": {"tags": {"peer": {}}},
    }


@pytest.mark.parametrize("name", ["zerotier", "manman"])
def test_a_network_that_names_its_peers_has_no_others_by_a_tag(plant: Plant, name: str) -> None:
    """A tag "peer" may as well be of another network."""
    machines = (Machine("vault"), Machine("lode", tags=("peer",)), Machine("seam", tags=("ore",)))
    roles = {"controller": Role(machines=("vault",)), "peer": Role(tags=("ore",))}
    given = ClanService(name, module="zerotier", roles=roles)
    fleet = Fleet(name="ores", domain="zt", machines=machines, services=(given,))
    assert fleet.peers == (machines[2],)
    assert instance(plant(fleet), name)["roles"] == {
        "controller": {"machines": {"vault": {}}},
        "peer": {"tags": {"ore": {}}},
    }


def test_tags_and_roles_of_the_network_add_up(plant: Plant) -> None:
    machines = (
        Machine("vault", tags=("controller",)),
        Machine("lode", tags=("peer",)),
        Machine("seam"),
    )
    more = {
        "controller": Role(settings={"allowedIds": ["0123456789"]}),
        "peer": Role(machines=("seam",), extra_modules=({"a": 1},)),
    }
    fleet = Fleet(name="ores", domain="zt", machines=machines, zerotier=ZeroTier(roles=more))
    assert instance(plant(fleet), "zerotier")["roles"] == {
        "controller": {"machines": {"vault": {}}, "settings": {"allowedIds": ["0123456789"]}},
        "peer": {"machines": {"seam": {}}, "tags": {"peer": {}}, "extraModules": [{"a": 1}]},
    }
    assert [machine.name for machine in fleet.peers] == ["lode", "seam"]


def test_a_controller_that_a_tag_names_is_not_named_again(plant: Plant) -> None:
    gate = Machine("gate", tags=("router",))
    roles = {"controller": Role(tags=("router",)), "peer": Role(tags=("all",))}
    fleet = Fleet(name="ores", domain="zt", machines=(gate,), zerotier=ZeroTier(roles=roles))
    assert fleet.controller == gate
    assert instance(plant(fleet), "zerotier")["roles"] == {
        "controller": {"tags": {"router": {}}},
        "peer": {"tags": {"all": {}}},
    }
    phone = Device("phone", zerotier_member_id="0123456789")
    facts = Facts(zerotier_network_id="0123456789abcdef")
    guest = evolve(fleet, devices=(phone,), facts=facts)
    assert instance(plant(guest), "zerotier")["roles"]["controller"] == {
        "machines": {
            "gate": {"settings": {"allowedIps": ["fd01:2345:6789:abcd:ef99:9301:2345:6789"]}}
        },
        "tags": {"router": {}},
    }


def test_what_roles_say_is_added_to_devices_and_moons(plant: Plant) -> None:
    own = {
        "controller": Role(machines={"gate": {"allowedIps": ["fd00::1"]}}),
        "moon": Role(machines={"gate": {"stableEndpoints": ["203.0.113.7/9993", "192.0.2.1/1"]}}),
    }
    fleet = Fleet(
        name="ores",
        domain="zt",
        machines=(Machine("gate"),),
        zerotier=ZeroTier(roles=own, moons={"gate": ("203.0.113.7",)}),
        devices=(Device("phone", zerotier_member_id="0123456789"),),
        facts=Facts(zerotier_network_id="0123456789abcdef"),
    )
    roles = instance(plant(fleet), "zerotier")["roles"]
    admitted = ["fd01:2345:6789:abcd:ef99:9301:2345:6789", "fd00::1"]
    assert roles["controller"]["machines"]["gate"]["settings"] == {"allowedIps": admitted}
    points = ["203.0.113.7/9993", "192.0.2.1/1"]
    assert roles["moon"]["machines"]["gate"]["settings"] == {"stableEndpoints": points}


def test_a_second_network_is_a_service_like_any_other(plant: Plant) -> None:
    second = evolve(ZEROTIER, name="spare", module="zerotier")
    fleet = with_services(ZEROTIER, second)
    assert fleet.services == (second,)
    assert instance(plant(fleet), "spare")["module"] == {"name": "zerotier"}


def test_a_second_controller_is_refused() -> None:
    roles = {"controller": Role(machines=("vault", "lode"))}
    with pytest.raises(FleetError, match=r"one machine is the ZeroTier controller .*, not 2"):
        evolve(FLEET, zerotier=ZeroTier(roles=roles))


def test_what_is_said_of_the_internet_wins_over_what_was_learned(plant: Plant) -> None:
    facts = Facts(
        machines=(
            MachineFacts("vault", external_ip="203.0.113.1"),
            MachineFacts("lode", external_ip="203.0.113.2"),
        )
    )
    said = Role(machines={"vault": {"host": "vault.example.org", "port": 2222}})
    typed = evolve(FLEET, facts=facts, internet=Internet(roles={"default": said}))
    given = with_services(ClanService("internet", roles={"default": said}), facts=facts)
    assert typed.nix_files() == given.nix_files()
    assert instance(plant(typed), "internet")["roles"]["default"]["machines"] == {
        "vault": {"settings": {"host": "vault.example.org", "port": 2222}},
        "lode": {"settings": {"host": "203.0.113.2"}},
    }


def test_a_machine_that_the_internet_reaches_has_no_target_but_its_own(plant: Plant) -> None:
    """Clan would take the target, and ask no network."""
    said = Role(machines={"vault": {"host": "v.example.org"}, "lode": {"host": "l.example.org"}})
    machines = (Machine("vault"), Machine("lode", target_host="root@lode"))
    fleet = evolve(FLEET, machines=machines, internet=Internet(roles={"default": said}))
    path = "modules/clan/inventory/machines.nix"
    found = plant(fleet).value(path)["clan"]["inventory"]["machines"]
    assert "deploy" not in found["vault"]
    assert found["lode"]["deploy"] == {"targetHost": "root@lode"}


def test_tags_are_given_computed_or_declared(plant: Plant) -> None:
    computed = Apply(
        "builtins.filter",
        Lambda("name", BinaryOp("!=", ref("name"), "vault")),
        ref("config.all"),
    )
    fleet = evolve(
        FLEET,
        tags={"backup": ("vault",), "rest": computed, "theirs": None},
        users=(User("ann", tags=("backup", "rest", "theirs")),),
    )
    assert fleet.machine("vault").all_tags == ("nixos", "server", "backup")
    tags = plant(fleet).evaluate("""
      (load "modules/clan/inventory/tags.nix" { }).clan.inventory.tags
        { config.all = [ "vault" "lode" ]; }
    """)
    assert tags == {"backup": ["vault"], "rest": ["lode"]}


@pytest.mark.parametrize("style", ["flake-parts", "nixos"])
def test_what_has_no_field_is_said_to_clan_itself(plant: Plant, style: Any) -> None:
    more = {("inventory", "machines", "vault", "icon"): ref("self.icon"), "secrets": {"a": 1}}
    tree = plant(evolve(FLEET, clan=more, module_style=style))
    found = tree.evaluate('load "modules/clan/fleet.nix" { self.icon = "i"; }')
    said = found if style == "nixos" else found["clan"]
    assert said == {"inventory": {"machines": {"vault": {"icon": "i"}}}, "secrets": {"a": 1}}


def test_a_function_that_is_said_to_clan_may_refer_to_the_flake_too(plant: Plant) -> None:
    more = Lambda(Pattern("lib", ellipsis=True), {"secrets": ref("inputs.a"), "n": ref("lib.n")})
    plain = plant(evolve(FLEET, clan=more, module_style="nixos"))
    found = plain.evaluate(
        """
        map (module: module { lib.n = 1; })
          (load "modules/clan/fleet.nix" { self.inputs.a = "a"; }).imports
        """
    )
    assert found == [{"secrets": "a", "n": 1}]
    alone = plant(evolve(FLEET, clan=Lambda("given", ref("given.lib.n")), module_style="nixos"))
    assert alone.evaluate('load "modules/clan/fleet.nix" { lib.n = 1; }') == 1


def test_plain_modules_import_what_extra_files_tell_clan() -> None:
    def extra(_: Fleet) -> dict[str, FileValue]:
        return {
            "modules/clan/own.nix": {"own": 1},
            "modules/clan/notes.txt": "",
            "modules/backups.nix": {"services": {}},
        }

    fleet = evolve(
        with_services(BACKUP),
        module_style="nixos",
        extra_files=(extra,),
        files={"modules/clan/meta.nix": "clan/meta.nix"},
    )
    files = fleet.nix_files()
    files.pop("modules/clan/notes.txt")
    imports = dumps(files["modules/clan/default.nix"])
    assert "./own.nix" in imports
    assert "./inventory/services/borgbackup.nix" in imports
    assert "../../clan/meta.nix" in imports
    assert "notes" not in imports
    assert "backups.nix" not in imports
