"""What clan has of a fleet: the inventory that its generated files evaluate to."""

from typing import Any

import pytest

from tests.helpers.clan_inventory import clan_inventory
from tests.helpers.nix import planted
from tests.helpers.nix_fleets import KEY, workshop

# What the person has beside the generated files.
INPUTS = """{
  srvos.nixosModules.server.from = "srvos";
  quarry = { settings.edge = 2; clan.modules.stones = { }; };
}"""
OUTPUTS = '{ smith.from = "self"; packages.x86_64-linux.image.type = "derivation"; }'
OF_CLAN = """{
  inventory.machines.bellows.tags = [ "of-their-own" ];
  modules."@iron/heat" = { };
}"""
OWN = {
    "flake-parts": f"{{ clan = {OF_CLAN}; flake.modules.nixos.base = {{ }}; }}",
    "nixos": OF_CLAN,
}
FILES = ("keys/smith.pub", "own/backups.nix", "own/base/default.nix", "own/disks/default.nix")


@pytest.fixture(scope="module", params=["flake-parts", "nixos"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The inventory of the workshop, of modules of either style."""
    style = request.param
    root = tmp_path_factory.mktemp(style)
    planted(workshop(style), root)
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("{ }\n")
    found = clan_inventory(
        root, style=f'"{style}"', inputs=INPUTS, outputs=OUTPUTS, extra=OWN[style]
    )
    return {"root": str(root), "style": style, **found}


def test_the_clan_is_called_as_the_fleet(found: Any) -> None:
    assert {name: said for name, said in found["meta"].items() if said is not None} == {
        "name": "Iron_works",
        "domain": "iron.example",
        "description": 'Where "things" are made for ${everyone}',
    }


def test_machines_have_what_the_fleet_says_and_nothing_else(found: Any) -> None:
    said = {
        name: {
            key: sorted(value) if key == "tags" else value
            for key, value in {**machine, **machine["deploy"]}.items()
            if value is not None and key not in {"deploy", "name"}
        }
        for name, machine in found["machines"].items()
    }
    assert said == {
        "anvil": {
            "machineClass": "nixos",
            "tags": ["all", "nixos", "server", "stationary", "still-linux"],
            "description": "Backups and builds",
            "icon": "anvil.png",
            "targetHost": "root@anvil.example.org?ProxyJump=gate@bellows.example.org",
            "buildHost": "root@bellows.example.org",
            "forwardAgent": True,
        },
        # Clan's internet service reaches it.
        "bellows": {
            "machineClass": "nixos",
            "tags": ["all", "blower", "nixos", "of-their-own", "server"],
        },
        "2nd_Hammer": {
            "machineClass": "nixos",
            "tags": ["all", "laptop", "nixos"],
            "targetHost": "root@2nd_Hammer.iron.example",
        },
        "or": {
            "machineClass": "nixos",
            "tags": ["all", "laptop", "nixos"],
        },
        "chisel-air": {
            "machineClass": "darwin",
            "tags": ["all", "darwin", "laptop", "stationary"],
            "targetHost": "smith@chisel-air.local:2222",
        },
    }


def test_machines_are_made_of_the_modules_that_there_are(found: Any) -> None:
    modules = {
        name: [each for module in said for each in module["imports"] if each]
        for name, said in found["modules"].items()
    }
    generated = {
        "flake-parts": "<flake.modules.nixos.machines/nixos/anvil>",
        "nixos": "<path modules/machines/nixos/anvil/default.nix>",
    }
    assert {name: said for name, said in modules.items() if said} == {
        "anvil": [generated[found["style"]]]
    }


def test_each_machine_plays_its_roles_with_its_settings(found: Any) -> None:
    everyone: dict[str, Any] = {name: {} for name in found["machines"]}
    nightly = {"exclude": ["/tmp"], "startAt": "*-*-* 03:00:00"}
    of_laptop = {**nightly, "exclude": ["*.iso", "/tmp"]}
    root = {"user": "root", "groups": [], "prompt": False}
    smith = {
        "user": "smith",
        "groups": ["wheel"],
        "share": True,
        "prompt": False,
        "identity": {"main": {"groups": ["smiths"]}, "guild": {}},
        "openssh": {
            "authorizedKeys": {"keys": [f"{KEY} smith"], "keyFiles": ["<path keys/smith.pub>"]}
        },
    }
    smith_of_laptop = {**smith, "groups": ["video", "wheel"]}
    assert found["services"] == {
        "backups": {
            "server": {"anvil": {"directory": "/srv/backups"}},
            "client": {
                "anvil": nightly,
                "bellows": nightly,
                "2nd_Hammer": of_laptop,
                "chisel-air": of_laptop,
                "or": {**of_laptop, "startAt": "*-*-* 05:00:00"},
            },
        },
        "bench": {
            "controller": {"bellows": {"allowedIds": ["b504d84a2e"]}},
            "peer": everyone,
            "moon": {},
        },
        "furnace": {
            "default": {
                "anvil": {
                    "image": "<package>",
                    "skills": f"{found['root']}/skills",
                    "seal": "<path keys/smith.pub>",
                    "limits": {"low": 0.5, "high": None, "steps": [{"by": -1}]},
                    "vault.example.org": {},
                }
            }
        },
        "internet": {"default": {"bellows": {"host": "bellows.example.org"}}},
        "root-password": {"default": dict.fromkeys(("anvil", "bellows", "2nd_Hammer", "or"), root)},
        "stones": {
            "sharp": {"anvil": {}, "bellows": {}, "chisel-air": {}},
            "dull": {"anvil": {"edge": 2}},
        },
        "tor": {"server": everyone},
        "tor-of-laptops": {"client": {"2nd_Hammer": {}, "chisel-air": {}, "or": {}}},
        "user-smith": {
            "default": {
                "anvil": smith,
                "2nd_Hammer": smith_of_laptop,
                "chisel-air": smith_of_laptop,
                "or": smith_of_laptop,
            }
        },
    }
    assert found["idle"] == []


def test_instances_are_of_the_services_of_clan_and_of_others(found: Any) -> None:
    of_clan = {
        "backups": "borgbackup",
        "bench": "zerotier",
        "internet": "internet",
        "root-password": "users",
        "tor": "tor",
        "tor-of-laptops": "tor",
        "user-smith": "users",
    }
    assert {name: instance["module"] for name, instance in found["instances"].items()} == {
        **{name: {"name": module, "input": None} for name, module in of_clan.items()},
        "furnace": {"name": "@iron/heat", "input": "self"},
        "stones": {"name": "stones", "input": "quarry"},
    }


def test_who_plays_a_role_imports_its_modules(found: Any) -> None:
    base = {"flake-parts": "<flake.modules.nixos.base>", "nixos": "<path own/base>"}
    modules = {
        (name, role): said["extraModules"]
        for name, instance in found["instances"].items()
        for role, said in instance["roles"].items()
        if said["extraModules"]
    }
    assert modules == {
        ("backups", "server"): [base[found["style"]]],
        ("backups", "client"): [
            "<path own/backups.nix>",
            "<path own/disks>",
            {"from": "srvos"},
            {"services": {"cron": {"enable": False}}},
        ],
        ("user-smith", "default"): ["<function>"],
    }
