"""What clan is told: machines, inventory and services."""

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra_lib import Facts, Fleet, Machine, User, ZeroTier
from infra_lib.services import target_host
from main import fleet as example
from tests.helpers.nix import NixTree
from tests.helpers.nix_fleets import FLEETS, HOSTILE, KEY

Trees = Callable[[str], NixTree]

INVENTORY = "modules/clan/inventory/machines.nix"
ZEROTIER = "modules/clan/inventory/services/zerotier.nix"
USER = "modules/clan/inventory/services/user-{}.nix"


def inventory(tree: NixTree) -> Any:
    return tree.value(INVENTORY)["clan"]["inventory"]["machines"]


def instances(tree: NixTree, path: str) -> Any:
    return tree.value(path)["clan"]["inventory"]["instances"]


def test_every_machine_is_made_of_its_module(tree: Trees) -> None:
    machines = tree("example").evaluate("""
      (load "modules/clan/machines.nix" {
        config.flake.modules = {
          nixos = {
            "machines/nixos/cinnabar" = "the module of cinnabar";
            "machines/nixos/electrum" = "the module of electrum";
            "machines/nixos/galena" = "the module of galena";
            "machines/nixos/scheelite" = "the module of scheelite";
          };
          darwin = {
            "machines/darwin/stibnite" = "the module of stibnite";
            "machines/darwin/blackphos" = "the module of blackphos";
          };
        };
      }).clan.machines
    """)
    assert machines == {
        machine.name: {"imports": [f"the module of {machine.name}"]} for machine in example.machines
    }


@pytest.mark.parametrize("name", [name for name, fleet in FLEETS.items() if fleet.machines])
def test_the_inventory_is_the_fleet(tree: Trees, name: str) -> None:
    fleet = FLEETS[name]
    expected: dict[str, dict[str, Any]] = {}
    for machine in fleet.machines:
        deploy = {
            "targetHost": target_host(fleet, machine),
            "buildHost": machine.build_host,
            "forwardAgent": machine.forward_agent,
        }
        said = {
            "tags": list(machine.all_tags),
            "machineClass": machine.machine_class,
            "description": machine.full_description,
            "deploy": {key: value for key, value in deploy.items() if value is not None},
        }
        expected[machine.name] = {key: value for key, value in said.items() if value}
    assert inventory(tree(name)) == expected


def test_the_gpu_node_of_the_story(tree: Trees) -> None:
    assert inventory(tree("example"))["scheelite"] == {
        "tags": ["nixos", "cloud", "gcp", "gpu", "peer"],
        "machineClass": "nixos",
        "description": "GCP GPU node (n1-standard-8, 1x T4): inference and training",
        "deploy": {"targetHost": "root@scheelite.zt"},
    }


def test_the_inventory_has_what_is_said_of_deploying_and_nothing_else(
    plant: Callable[[Fleet], NixTree],
) -> None:
    machines = (
        Machine("nowhere", target_host=None),
        Machine("built", build_host="root@build.zt", forward_agent=True),
        Machine("Kept", target_host=None, forward_agent=False),
        # Whatever its own configuration says.
        Machine("itself", target_host="root@a?IdentityFile=~/.ssh/b", build_host=""),
    )
    found = inventory(plant(Fleet(name="test", domain="zt", machines=machines)))
    assert {name: machine.get("deploy") for name, machine in found.items()} == {
        "nowhere": None,
        "built": {
            "targetHost": "root@built.zt",
            "buildHost": "root@build.zt",
            "forwardAgent": True,
        },
        "Kept": {"forwardAgent": False},
        "itself": {"targetHost": "root@a?IdentityFile=~/.ssh/b", "buildHost": ""},
    }


def test_a_fleet_whose_machines_are_found_by_clan_says_of_none_where_it_is(
    plant: Callable[[Fleet], NixTree],
) -> None:
    fleet = evolve(example, target_host=None)
    found = inventory(plant(fleet))
    assert [name for name, machine in found.items() if "deploy" in machine] == []


def test_tags_and_description_stand_as_they_are_where_nothing_is_derived(
    plant: Callable[[Fleet], NixTree],
) -> None:
    machines = tuple(
        evolve(each, derive_tags=False, derive_description=False) for each in example.machines
    )
    found = inventory(plant(evolve(example, machines=machines)))
    assert found["scheelite"]["tags"] == ["peer"]
    assert found["scheelite"]["description"] == "inference and training"
    assert "description" not in found["galena"]


def test_hostile_words_arrive_as_they_were_written(tree: Trees) -> None:
    assert inventory(tree("hostile"))["let"]["description"] == HOSTILE
    assert inventory(tree("hostile"))["inherit"]["description"].endswith(HOSTILE)


NASTY = st.text(st.sampled_from("${}'\"\\\n\t\r #;*/=a é漢\U0001f980"), min_size=1)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(NASTY, min_size=1, max_size=30))
def test_any_description_arrives(plant: Callable[[Fleet], NixTree], words: list[str]) -> None:
    machines = tuple(Machine(f"m{index}", description=text) for index, text in enumerate(words))
    found = inventory(plant(Fleet(name="test", domain="zt", machines=machines)))
    assert [found[machine.name]["description"] for machine in machines] == words


def test_zerotier_has_its_controller_by_machine_and_its_peers_by_tag(
    plant: Callable[[Fleet], NixTree],
) -> None:
    unknown = plant(evolve(example, facts=Facts()))
    assert instances(unknown, ZEROTIER) == {
        "zerotier": {
            "module": {"name": "zerotier"},
            "roles": {
                "controller": {"machines": {"cinnabar": {}}},
                "peer": {"tags": {"peer": {}}},
            },
        }
    }


def test_every_machine_may_be_a_peer(plant: Callable[[Fleet], NixTree]) -> None:
    fleet = evolve(example, zerotier=ZeroTier(peer_tag="all"))
    assert fleet.peers == fleet.machines
    assert instances(plant(fleet), ZEROTIER)["zerotier"]["roles"]["peer"] == {"tags": {"all": {}}}


def test_moons_have_stable_endpoints_with_a_port_each(tree: Trees) -> None:
    """Without one, ZeroTier would write port 0 into the moon, where nothing answers."""
    assert instances(tree("moons"), "modules/clan/inventory/services/net.nix") == {
        "net": {
            "module": {"name": "zerotier"},
            "roles": {
                "controller": {"machines": {"sun": {}}},
                "peer": {"tags": {"leaf": {}}},
                "moon": {
                    "machines": {
                        "io": {
                            "settings": {
                                "stableEndpoints": [
                                    "192.0.2.1/9993",
                                    "2001:db8::1/9993",
                                    "192.0.2.2/9994",
                                ]
                            }
                        }
                    }
                },
            },
        }
    }


def test_users_have_accounts_on_their_machines(tree: Trees) -> None:
    (user,) = example.users
    assert instances(tree("example"), USER.format("cameron")) == {
        "user-cameron": {
            "module": {"name": "users"},
            "roles": {
                "default": {
                    "machines": {"cinnabar": {}, "electrum": {}, "galena": {}, "scheelite": {}},
                    "settings": {
                        "user": "cameron",
                        "groups": ["wheel", "networkmanager"],
                        "openssh": {"authorizedKeys": {"keys": list(user.ssh_keys)}},
                    },
                }
            },
        }
    }


@pytest.mark.parametrize("share", [True, False])
@pytest.mark.parametrize("prompt", [True, False])
def test_whether_a_password_is_shared_and_who_makes_it_up_are_two_questions(
    plant: Callable[[Fleet], NixTree], share: bool, prompt: bool
) -> None:
    user = User("ann", tags=("all",), share=share, prompt=prompt)
    found = instances(plant(evolve(example, users=(user,))), USER.format("ann"))
    told = found["user-ann"]["roles"]["default"]["settings"]
    assert (told["share"], told["prompt"]) == (share, prompt)


def test_users_by_tag_and_with_several_keys(tree: Trees) -> None:
    ann = instances(tree("moons"), USER.format("ann"))["user-ann"]["roles"]["default"]
    settings = {"user": "ann", "share": False, "prompt": False}
    assert ann == {"tags": {"nixos": {}}, "settings": settings}
    bob = instances(tree("moons"), USER.format("bob"))["user-bob"]["roles"]["default"]
    assert bob["machines"] == {"io": {}}
    assert bob["settings"]["openssh"]["authorizedKeys"]["keys"] == [f"{KEY} bob", KEY]


def test_what_is_not_said_of_a_user_is_clans_to_decide(plant: Callable[[Fleet], NixTree]) -> None:
    found = instances(plant(evolve(example, users=(User("ann"),))), USER.format("ann"))
    assert found["user-ann"]["roles"]["default"] == {"settings": {"user": "ann"}}
