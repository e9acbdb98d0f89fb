"""A clan that somebody wrote becomes Python, whose inventory is the same again."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra_lib import FleetError, Machine
from infra_lib.operate.adopt.inventory import read_inventory
from tests.helpers.adoption import adopt, as_evaluated, plant, put_json, report
from tests.helpers.clan_inventory import clan_inventory
from tests.helpers.nix_fleets import FLEETS, HOSTILE
from tests.nix.test_inventory import FILES, INPUTS, OUTPUTS, OWN

ORE = """{
  clan.meta = { name = "ore"; domain = "example.org"; description = "Machines of the mine"; };
  clan.inventory.machines = {
    vault = { tags = [ "server" "backup" ]; description = "Backups of all"; };
    vault.deploy.targetHost = "root@vault.example.org";
    gate.deploy = {
      targetHost = "root@203.0.113.7?ProxyJump=tunnel@vault.example.org";
      buildHost = "root@vault.example.org";
      forwardAgent = true;
    };
    laptop.tags = [ "nixos" "workstation" ];
    mac = { machineClass = "darwin"; tags = [ "workstation" "all" ]; };
  };
  clan.inventory.instances = {
    zerotier = {
      roles.controller.machines.gate.settings.allowedIps = [ "fd5d::1" ];
      roles.peer.tags.all = { };
    };
    sshd = {
      module.input = "clan-core";
      roles.server = { tags = [ "server" ]; settings.certificate.searchDomains = [ "zt" ]; };
      roles.client.tags.all = { };
    };
    user-cameron = {
      module.name = "users";
      roles.default = {
        tags.all = { };
        machines.mac.settings.prompt = false;
        settings = { user = "cameron"; groups = [ "wheel" ]; share = true; };
      };
    };
    internet.roles.default.machines.vault.settings.host = "203.0.113.9";
    borg = {
      module = { name = "borgbackup"; input = "quarry"; };
      roles.client.machines = { laptop = { }; gate.settings.exclude = [ "*.o" ]; };
      roles.server.machines.vault.settings.directory = "/backup";
    };
  };
}"""

# Tags that look like the fleet's own, and mean something else; a controller without a network.
TAGS = """{
  clan.meta.name = "Odd_name";
  clan.inventory.machines = {
    a.tags = [ "controller" "peer" "gcp" ];
    b.tags = [ "nixos" "peer" ];
    c = { };
    d.deploy.targetHost = "root@d.clan";
  };
  clan.inventory.tags = { config, ... }: { odd = [ "c" ]; both = config.nixos; };
}"""

TWO_NETWORKS = """{
  clan.meta.name = "two";
  clan.inventory.machines = { a.tags = [ "peer" ]; b.tags = [ "controller" ]; };
  clan.inventory.instances = {
    near.module.name = "zerotier";
    near.roles = { controller.machines.a = { }; peer.machines.b = { }; };
    far.module.name = "zerotier";
    far.roles = { controller.machines.b = { }; peer.tags.peer = { }; };
    odd-name = { module.name = "internet"; roles.default.machines.a.settings.host = "a.example"; };
  };
}"""

CLANS = {"many services": ORE, "misleading tags": TAGS, "two networks": TWO_NETWORKS}
QUARRY = "{ quarry.clan.modules.borgbackup = { }; }"


def evaluated(root: Path, text: str) -> Any:
    (root / "modules").mkdir(parents=True)
    (root / "modules" / "clan.nix").write_text(text)
    return clan_inventory(root, inputs=QUARRY)


@pytest.mark.parametrize("text", CLANS.values(), ids=CLANS.keys())
def test_the_inventory_is_the_same_again(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = evaluated(tmp_path / "before", text)
    file = put_json(tmp_path, "inventory.json", as_evaluated(before))

    fleet = adopt(tmp_path, "--inventory", file)

    after = clan_inventory(plant(fleet, tmp_path / "after"), inputs=QUARRY)
    assert after["instances"] == before["instances"]
    assert {n: as_told(m) for n, m in after["machines"].items()} == {
        n: as_told(m) for n, m in before["machines"].items()
    }
    assert after["meta"]["name"] == before["meta"]["name"]
    assert after["meta"]["domain"] == before["meta"]["domain"]
    told = report(capsys)
    assert "Not carried" not in told
    assert "Otherwise than it is" not in told


def as_told(machine: dict[str, Any]) -> dict[str, Any]:
    """A machine of an inventory, in which nobody asks for the order of tags that it is given."""
    return {**machine, "tags": sorted(machine["tags"])}


def test_tags_keep_their_order(tmp_path: Path) -> None:
    before = evaluated(tmp_path / "before", ORE)
    file = put_json(tmp_path, "inventory.json", as_evaluated(before))

    after = clan_inventory(
        plant(adopt(tmp_path, "--inventory", file), tmp_path / "after"), inputs=QUARRY
    )

    assert after["machines"] == before["machines"]


def test_what_a_person_would_write(tmp_path: Path) -> None:
    file = put_json(tmp_path, "inventory.json", as_evaluated(evaluated(tmp_path / "before", ORE)))

    fleet = adopt(tmp_path, "--inventory", file)

    assert [machine.name for machine in fleet.machines] == ["gate", "laptop", "mac", "vault"]
    assert fleet.machine("laptop") == Machine("laptop", tags=("workstation",), target_host=None)
    text = (tmp_path / "fleet.py").read_text()
    assert '        Machine("laptop", tags=("workstation",), target_host=None),\n' in text
    assert "import Path" not in text
    assert [service.name for service in fleet.services] == ["borg", "sshd", "user-cameron"]


def test_an_inventory_as_it_is_written(tmp_path: Path) -> None:
    """Clan's own inventory.json, in which nothing is evaluated."""
    document = {
        "meta": {"name": "ore"},
        "machines": {"a": {"tags": ["x"]}, "b": {}},
        "instances": {
            "sshd": {"roles": {"server": {"tags": ["all"]}, "client": {"machines": {"a": {}}}}}
        },
    }

    fleet = adopt(tmp_path, "--inventory", put_json(tmp_path, "inventory.json", document))

    assert fleet.name == "ore"
    assert fleet.domain == "clan"
    assert fleet.machine("a").all_tags == ("x",)
    (service,) = fleet.services
    assert dict(service.roles["server"].tags) == {"all": {}}


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    document = {
        "meta": {"name": "ore", "description": HOSTILE},
        "machines": {"a": {"description": HOSTILE}, "b": {"description": "GCP node (e2-small): x"}},
        "instances": {"sshd": {"roles": {"server": {"tags": ["all"], "settings": {"a": HOSTILE}}}}},
    }

    fleet = adopt(tmp_path, "--inventory", put_json(tmp_path, "inventory.json", document))
    inventory = clan_inventory(plant(fleet, tmp_path / "after"))

    assert inventory["machines"]["a"]["description"] == HOSTILE
    assert inventory["instances"]["sshd"]["roles"]["server"]["settings"] == {"a": HOSTILE}


def test_what_cannot_be_carried_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = {
        "meta": {"name": "ore", "icon": "./ore.png"},
        "machines": {
            "a": {"icon": "a.png", "installedAt": 12, "name": "A", "colour": "red"},
            "not a name": {},
            "b": {"tags": ["with space"], "deploy": {"targetHost": "root@b host"}},
        },
        "instances": {
            "sshd": {"roles": {"server": {"tags": {"all": {}}, "extraModules": [None]}}},
            "../x": {},
            "lost": {"module": {"name": "sshd"}, "roles": {"server": {"machines": {"ghost": {}}}}},
        },
        "services": {"old": {}},
        "unheard": 1,
    }

    fleet = adopt(tmp_path, "--inventory", put_json(tmp_path, "inventory.json", document))

    assert [machine.name for machine in fleet.machines] == ["a", "b"]
    assert [service.name for service in fleet.services] == ["sshd"]
    # What the fleet has no field for goes to clan as it is.
    assert fleet.clan == {
        ("meta", "icon"): "./ore.png",
        ("inventory", "machines", "a", "icon"): "a.png",
        ("inventory", "machines", "a", "installedAt"): 12,
        ("inventory", "machines", "a", "name"): "A",
    }
    told = report(capsys)
    for place in (
        "machines.a.colour",
        "machines.not a name",
        "machines.b.tags",
        "machines.b.target_host",
        "instances.sshd.roles.server.extraModules",
        "instances.../x",
        "services 'lost'",
        "services.old",
        "inventory.json: unheard",
    ):
        assert place in told


def test_a_module_of_the_flake_is_named_by_its_path(tmp_path: Path) -> None:
    store = f"/nix/store/{'a' * 32}-source/modules/extra.nix"
    document = {
        "machines": {"a": {}},
        "instances": {"sshd": {"roles": {"server": {"tags": ["all"], "extraModules": [store]}}}},
    }

    fleet = adopt(tmp_path, "--inventory", put_json(tmp_path, "inventory.json", document))

    (module,) = fleet.services[0].roles["server"].extra_modules
    assert str(module) == "modules/extra.nix"
    assert "from pathlib import Path\n" in (tmp_path / "fleet.py").read_text()


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "no inventory of a clan"),
        ({}, "no inventory of a clan"),
        ({"format_version": "1.0"}, "no inventory of a clan"),
        ({"machines": []}, "machines: an object is wanted"),
        ({"machines": {"a": 1}}, "machines.a: an object is wanted"),
        ({"machines": {"a": {"tags": "x"}}}, "machines.a.tags: a list of texts is wanted"),
        ({"machines": {"a": {"description": 1}}}, "description=1: a text or null is wanted"),
        ({"machines": {"a": {"deploy": {"forwardAgent": 1}}}}, "true, false or null is wanted"),
        ({"machines": {"a": {}}, "instances": {"s": []}}, "instances.s: an object is wanted"),
        ({"instances": {"s": {"roles": {"r": 1}}}}, "roles.r: an object is wanted"),
        ({"instances": {"s": {"roles": {"r": {"settings": 1}}}}}, "settings: an object is wanted"),
        (
            {"instances": {"s": {"roles": {"r": {"machines": {"a": True}}}}}},
            "machines.a: an object is wanted",
        ),
        (
            {"instances": {"s": {"roles": {"r": {"extraModules": 7}}}}},
            "extraModules: a list is wanted",
        ),
        (
            {"instances": {"s": {"roles": {"r": {"settings": {"imports": 7}}}}}},
            "imports: a list is wanted",
        ),
        ({"machines": {}, "services": 7}, "services: an object is wanted"),
        ({"instances": {"s": {"module": 3}}}, "an object with name and input is wanted"),
    ],
)
def test_what_is_no_inventory_is_refused(document: object, message: str) -> None:
    with pytest.raises(FleetError, match=message):
        read_inventory(json.loads(json.dumps(document)), "inventory.json")


@pytest.mark.parametrize("name", [name for name in FLEETS if name not in {"empty", "workshop"}])
def test_the_inventory_of_every_generated_fleet_is_the_same_again(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = clan_inventory(plant(FLEETS[name], tmp_path / "before"))
    file = put_json(tmp_path, "inventory.json", as_evaluated(before))

    fleet = adopt(tmp_path, "--inventory", file)

    after = clan_inventory(plant(fleet, tmp_path / "after"))
    assert after["machines"] == before["machines"]
    assert without_modules(after["instances"]) == without_modules(before["instances"])
    assert after["meta"] == before["meta"]
    for line in report(capsys).split("- "):
        assert "extra module" in line or "inventory.json: instances" not in line


def test_a_clan_of_many_services_and_tags_is_the_same_again(tmp_path: Path) -> None:
    """As people have it who use many of clan's services, and of their own."""
    given = {"inputs": INPUTS, "outputs": OUTPUTS, "extra": OWN["flake-parts"]}
    root = plant(FLEETS["workshop"], tmp_path / "before")
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("{ }\n")
    before = clan_inventory(root, **given)
    file = put_json(tmp_path, "inventory.json", as_evaluated(before))

    fleet = adopt(tmp_path, "--inventory", file)

    after = clan_inventory(plant(fleet, tmp_path / "after"), **given)
    assert {n: as_told(m) for n, m in after["machines"].items()} == {
        n: as_told(m) for n, m in before["machines"].items()
    }
    assert without_modules(after["instances"]) == without_modules(before["instances"])
    assert after["services"].keys() == before["services"].keys()


def without_modules(instances: Any) -> Any:
    """Instances without what is Nix and no data."""
    for instance in instances.values():
        for role in instance["roles"].values():
            role["extraModules"] = []
    return instances
