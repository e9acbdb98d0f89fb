"""modules/nixos/idle-stop.nix: the units of machines that turn themselves off, as NixOS does."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from infra_lib import Fleet, FleetError, IdleStop, ModuleNames, Nvidia
from tests.helpers import CHECKOUT
from tests.helpers.idle_machine import KEEP_ALIVE, SCRIPT, IdleMachine
from tests.helpers.nix import NixTree, planted, run
from tests.helpers.nix_fleets import CPU, L4, PART, T4, VGPU_DRIVER, fleet_of
from tests.helpers.tools import require

PATH = "modules/nixos/idle-stop.nix"
SOON = IdleStop(20, session_minutes=None, stalled_minutes=0, load=1.25, gpu_percent=3)
NVIDIA = Nvidia(idle_stop=IdleStop(minutes=30))

Plant = Callable[[Fleet], NixTree]


@pytest.fixture
def plant(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    return lambda fleet: planted(fleet, tmp_path_factory.mktemp("fleet"))


# The modules of a machine, merged; what a script is of is its text.
NIXOS = """
  let
    inherit (import {checkout}/tests/helpers/module_system.nix) evaluated flatten lib types;
    config = {{ hardware.nvidia.package.bin = "/driver-bin"; }};
    packages = pkgs // {{
      util-linux = "/util-linux";
      writeShellScriptBin = name: text: {{
        _type = "script";
        inherit name text;
        outPath = "/" + name;
      }};
    }};
    defs = flatten {{ inherit config lib; pkgs = packages; options = {{ }}; }} [
      {{ file = "here"; value = {module}; }}
    ];
    found = evaluated [ ] {{ }} types.data defs;
  in
  {{
    service = found.systemd.services.infra-idle-stop or null;
    timer = found.systemd.timers.infra-idle-stop or null;
    rules = found.systemd.tmpfiles.rules or [ ];
    commands = map (each: each.name) (
      builtins.filter (each: each._type or null == "script") (
        found.environment.systemPackages or [ ]
      )
    );
  }}
"""


def nixos(tree: NixTree, name: str) -> Any:
    """What NixOS makes of a machine's modules, as far as this is about it."""
    module = f"{tree.root}/modules/machines/nixos/{name}/default.nix"
    return tree.evaluate(NIXOS.format(checkout=CHECKOUT, module=module))


def plain(*machines: Any, **fields: Any) -> Fleet:
    """A fleet whose modules import each other, so that Nix finds all of a machine's."""
    return fleet_of(*machines, module_style="nixos", modules=(), **fields)


def scripts(tree: NixTree) -> Any:
    """The texts of the scripts that a machine has, by what they are called."""
    return tree.evaluate(f"""
      let
        writeShellScriptBin = name: text: {{ inherit name text; outPath = text; }};
        module = load "{PATH}" {{ pkgs = {{ inherit writeShellScriptBin; util-linux = "u"; }}; }};
        unit = module.systemd.services.infra-idle-stop.serviceConfig.ExecStart;
      in
      {{
        inherit unit;
        keepAlive = (builtins.head module.environment.systemPackages).text;
      }}
    """)


def test_a_machine_has_the_units_with_its_own_times(plant: Plant) -> None:
    tree = plant(plain(CPU, T4, evolve(L4, idle_stop=SOON), nvidia=NVIDIA))
    found = nixos(tree, "lorandite")
    assert found["service"]["environment"] == {
        "IDLE_STOP_MINUTES": "20",
        "IDLE_STOP_SESSION_MINUTES": "never",
        "IDLE_STOP_STALLED_MINUTES": "0",
        "IDLE_STOP_GRACE_MINUTES": "5",
        "IDLE_STOP_BOOT_MINUTES": "15",
        "IDLE_STOP_GPU_PERCENT": "3",
        "IDLE_STOP_LOAD": "125",
        "IDLE_STOP_NVIDIA_SMI": "/driver-bin/bin/nvidia-smi",
    }
    assert found["timer"]["wantedBy"] == ["timers.target"]
    assert found["rules"] == ["d /run/infra-keep-alive 1777 root root -"]
    assert found["commands"] == ["infra-keep-alive"]
    other = nixos(tree, "scheelite")["service"]
    assert other["environment"]["IDLE_STOP_MINUTES"] == "30"
    assert other["serviceConfig"] == found["service"]["serviceConfig"]
    assert nixos(tree, "galena") == {"service": None, "timer": None, "rules": [], "commands": []}


def test_a_machine_without_gpus_asks_no_driver(plant: Plant) -> None:
    found = nixos(plant(plain(evolve(CPU, idle_stop=SOON))), "galena")
    assert "IDLE_STOP_NVIDIA_SMI" not in found["service"]["environment"]
    assert found["service"]["serviceConfig"]["ExecStart"] == "/infra-idle-stop/bin/infra-idle-stop"


def test_the_unit_can_see_what_it_asks(plant: Plant) -> None:
    """GPUs are devices, and terminals too; and it ends, whatever hangs."""
    service = nixos(plant(plain(T4, nvidia=NVIDIA)), "scheelite")["service"]["serviceConfig"]
    assert not service.keys() & {"PrivateDevices", "ProtectClock", "DevicePolicy", "DeviceAllow"}
    assert not service.keys() & {"User", "DynamicUser", "ProtectProc", "PrivateUsers"}
    assert service["Type"] == "oneshot"
    assert service["TimeoutStartSec"] == "2min"
    assert service["RuntimeDirectoryPreserve"] is True


def test_the_scripts_in_the_module_are_those_that_are_tested(plant: Plant) -> None:
    found = scripts(plant(plain(T4, nvidia=NVIDIA)))
    assert found["unit"] == SCRIPT.read_text() + "/bin/infra-idle-stop"
    assert found["keepAlive"] == KEEP_ALIVE.read_text()


def test_what_nix_makes_of_the_script_runs(plant: Plant, tmp_path: Path) -> None:
    found = scripts(plant(plain(T4, nvidia=NVIDIA)))
    script = tmp_path / "script"
    script.write_text(found["unit"].removesuffix("/bin/infra-idle-stop"))
    machine = IdleMachine(tmp_path / "machine", IdleStop(3, grace_minutes=1))
    machine.uptime += 60
    assert machine.run(script).stdout == "In use: it is looked at for the first time.\n"


FLEETS = {
    "of a machine's own": fleet_of(evolve(CPU, idle_stop=SOON)),
    "of all GPUs": fleet_of(CPU, T4, evolve(L4, idle_stop=False), nvidia=NVIDIA),
    "with another driver": fleet_of(
        PART, nvidia=Nvidia(vgpu_driver=VGPU_DRIVER, idle_stop=IdleStop())
    ),
    "of plain modules": plain(T4, CPU, nvidia=NVIDIA),
    "moved": plain(T4, nvidia=NVIDIA, files={PATH: "nix/idle.nix"}),
    "by another name": fleet_of(
        T4, nvidia=NVIDIA, module_names=ModuleNames(idle_stop="off-when-idle")
    ),
}


@pytest.mark.parametrize("name", FLEETS)
def test_files_are_as_nixfmt_and_deadnix_have_them(plant: Plant, name: str) -> None:
    paths = [str(path) for path in plant(FLEETS[name]).nix_files()]
    for tool in (("nix-instantiate", "--parse"), ("nixfmt", "--check"), ("deadnix", "--fail")):
        done = run(*tool, *paths)
        assert done.returncode == 0, done.stdout + done.stderr


def test_modules_are_imported_where_they_are(plant: Plant) -> None:
    tree = plant(FLEETS["moved"])
    assert nixos(tree, "scheelite")["timer"]["wantedBy"] == ["timers.target"]
    assert not (tree.root / PATH).exists()
    names = '{ base = "b"; nvidia = "n"; off-when-idle = "own"; }'
    machine = plant(FLEETS["by another name"]).machine("scheelite", names)
    assert machine["imports"] == ["b", "n", "own"]


def test_without_the_module_a_machine_says_nothing_of_it(plant: Plant) -> None:
    left_out = plain(T4, nvidia=NVIDIA, files={PATH: None})
    assert nixos(plant(left_out), "scheelite")["service"] is None
    assert "idleMinutes" not in (plant(left_out).root / "tests/fleet.nix").read_text()


def test_nothing_is_generated_where_nothing_turns_itself_off() -> None:
    for fleet in (fleet_of(CPU, T4), fleet_of(CPU, nvidia=NVIDIA)):
        assert PATH not in fleet.nix_files()
    fleet_of(CPU, files={PATH: None})  # and may be named before it is of use


@pytest.mark.parametrize("other", ["nvidia", "fleet", "base"])
def test_its_module_has_a_name_of_its_own(other: str) -> None:
    with pytest.raises(FleetError, match="another module has that name"):
        ModuleNames(idle_stop=other)


@pytest.mark.parametrize(
    ("config", "fails"),
    [
        ("timers.infra-idle-stop.wantedBy = [ ];", {"looks whether it is used"}),
        ('services.infra-idle-stop.environment.IDLE_STOP_MINUTES = "9000";', {"turns itself off"}),
        ("services = { };", {"turns itself off"}),
        ("", set()),
    ],
)
def test_the_fleets_own_tests_claim_it(plant: Plant, config: str, fails: set[str]) -> None:
    """As nix-unit has them: what is found, and what was to be."""
    machine = evolve(CPU, idle_stop=SOON)
    tests = plant(fleet_of(machine)).evaluate(f"""
      let
        usual = {{
          timers.infra-idle-stop.wantedBy = [ "timers.target" ];
          services.infra-idle-stop.environment.IDLE_STOP_MINUTES = "20";
        }};
        self.clan.inventory = {{ machines.galena = {{ }}; instances = {{ }}; meta.name = ""; }};
        self.nixosConfigurations.galena.config.systemd = usual // {{ {config} }};
        tests = load "tests/fleet.nix" {{ inherit self; }};
        ours = builtins.filter (name: builtins.match ".*(itself off|is used)" name != null) (
          builtins.attrNames tests
        );
      in
      map (name: {{ inherit name; ok = tests.${{name}}.expr == tests.${{name}}.expected; }}) ours
    """)
    assert len(tests) == 2
    failed = {test["name"].removeprefix("test galena ") for test in tests if not test["ok"]}
    assert failed == fails


def unit_text(sections: dict[str, dict[str, Any]]) -> str:
    """A unit as NixOS writes it: one line for each setting, and one for each item of a list."""
    lines = []
    for section, settings in sections.items():
        lines.append(f"[{section}]")
        for name, value in settings.items():
            for each in value if isinstance(value, list) else [value]:
                text = str(each).lower() if isinstance(each, bool) else each
                lines.append(f"{name}={text}")
    return "\n".join([*lines, ""])


@pytest.fixture
def units(plant: Plant, tmp_path: Path) -> list[Path]:
    """The units of a machine, with a script that is there."""
    found = nixos(plant(plain(T4, nvidia=NVIDIA)), "scheelite")
    service, timer = found["service"], found["timer"]
    script = tmp_path / "infra-idle-stop"
    script.write_text("#!/bin/sh\n" + SCRIPT.read_text())
    script.chmod(0o755)
    environment = [f'"{name}={value}"' for name, value in service["environment"].items()]
    texts = {
        "infra-idle-stop.service": {
            "Unit": {"Description": service["description"]},
            "Service": {
                "Environment": environment,
                **service["serviceConfig"],
                "ExecStart": str(script),
            },
        },
        "infra-idle-stop.timer": {
            "Unit": {"Description": timer["description"]},
            "Timer": timer["timerConfig"],
            "Install": {"WantedBy": timer["wantedBy"]},
        },
    }
    for name, sections in texts.items():
        (tmp_path / name).write_text(unit_text(sections))
    return [tmp_path / name for name in texts]


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [require("systemd-analyze"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_systemd_has_nothing_to_say_of_the_units(units: list[Path]) -> None:
    done = analyze("verify", "--man=no", *map(str, units))
    own = [line for line in done.stderr.splitlines() if "infra-idle-stop" in line]
    assert (done.returncode, own) == (0, [])


@pytest.mark.parametrize(("old", "new"), [("oneshot", "onceshot"), ("2min", "soon")])
def test_systemd_would_say_what_is_wrong(units: list[Path], old: str, new: str) -> None:
    service, _ = units
    service.write_text(service.read_text().replace(old, new))
    assert "infra-idle-stop" in analyze("verify", "--man=no", str(service)).stderr


def test_the_unit_is_none_of_those_that_may_do_anything(units: list[Path]) -> None:
    """9.6 is what a service has of which nothing is said."""
    done = analyze("security", "--offline=true", "--threshold=60", str(units[0]))
    assert done.returncode == 0, done.stdout.splitlines()[-1:]
