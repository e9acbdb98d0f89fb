"""A fleet that is generated, and adopted from what was generated, is the same fleet."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_lib import (
    BootDisk,
    ClanService,
    DataDisk,
    FirewallRule,
    Fleet,
    GcpMachine,
    GcpProject,
    Gpu,
    HetznerMachine,
    HetznerProject,
    Machine,
    PrivateNetwork,
    Role,
    StopSchedule,
    Volume,
)
from infra_lib.clouds.gcp import resources as gcp
from infra_lib.clouds.hetzner import resources as hetzner
from infra_lib.operate.adopt.cache_files import read_caches
from infra_lib.operate.adopt.describe import Described, describe
from infra_lib.operate.adopt.inventory import read_inventory
from infra_lib.operate.adopt.sources import Sources
from infra_lib.operate.adopt.terraform_files import read_terraform
from infra_lib.operate.adopt.written import texts
from infra_lib.terraform.frameworks import CDKTF
from infra_lib.terraform.resource import Configuration
from tests.helpers.adoption import as_evaluated, as_shown, as_synthesized, load, plant
from tests.helpers.clan_inventory import clan_inventory
from tests.helpers.found import in_state
from tests.helpers.found_hetzner import as_state
from tests.helpers.nix import evaluate
from tests.helpers.nix_fleets import CACHE, HOSTILE, KEY

WORDS = st.sampled_from(("", "a vault", HOSTILE, 'say "hi"', "node (x): y", "GCP"))
TAGS = st.lists(st.sampled_from(("server", "mine", "web", "nixos")), unique=True, max_size=3)
LABELS = st.sampled_from(({}, {"tier": "b2"}))
SETTINGS = st.sampled_from(({}, {"a": 1}, {"b": {"c": [HOSTILE, None, 1.5]}}, {"port": True}))


@st.composite
def of_google(draw: Any, name: str) -> GcpMachine:
    """A machine on Google Cloud, which is there."""
    machine_type, zone, gpu = draw(
        st.sampled_from(
            (
                ("e2-standard-8", "us-central1-b", None),
                ("n1-standard-8", "us-central1-c", Gpu("nvidia-tesla-t4", 2)),
                ("g2-standard-4", "us-central1-a", None),
                ("c3-standard-4", "europe-west4-b", None),
                ("t2a-standard-1", "us-central1-a", None),
                ("n2-custom-8-32768", "us-central1-a", None),
            )
        )
    )
    spot = draw(st.booleans())
    return GcpMachine(
        name,
        machine_type=machine_type,
        zone=zone,
        gpu=gpu,
        enabled=True,
        spot=spot,
        stopped=draw(st.booleans()),
        external_ip=draw(st.sampled_from((True, False, "203.0.113.7"))),
        network_tags=tuple(draw(st.lists(st.sampled_from(("web", "db")), unique=True))),
        labels={"number": name, **draw(LABELS)},
        metadata=draw(st.sampled_from(({}, {"note": HOSTILE.replace("\r", "")}))),
        startup_script=draw(st.sampled_from(("", "#!/bin/bash\necho ${HOME} $${x}\n"))),
        serial_port=draw(st.booleans()),
        boot_disk=BootDisk(size_gb=draw(st.sampled_from((100, 200)))),
        data_disks=tuple(
            DataDisk(f"{name}-{index}", size_gb=size)
            for index, size in enumerate(draw(st.lists(st.sampled_from((10, 500)), max_size=2)))
        ),
        stop_schedule=draw(
            st.sampled_from((None, StopSchedule("0 20 * * *", time_zone="Europe/Berlin")))
        ),
        tags=tuple(draw(TAGS)),
        description=draw(WORDS),
    )


@st.composite
def of_hetzner(draw: Any, name: str) -> HetznerMachine:
    """A machine at Hetzner Cloud."""
    server_type, location = draw(st.sampled_from((("ccx23", "fsn1"), ("cax11", "hel1"))))
    return HetznerMachine(
        name,
        server_type=server_type,
        location=location,
        ipv6=draw(st.booleans()),
        networks=draw(st.sampled_from(({}, {"internal": f"10.0.1.{int(name[1:]) + 10}"}))),
        volumes=tuple(
            Volume(f"{name}-{index}", size_gb=size)
            for index, size in enumerate(draw(st.lists(st.sampled_from((10, 500)), max_size=2)))
        ),
        firewall_rules=tuple(draw(st.lists(st.just(FirewallRule("tcp", port="443")), unique=True))),
        backups=draw(st.booleans()),
        placement_group=draw(st.sampled_from((None, "apart"))),
        labels={"number": name, **draw(LABELS)},
        tags=tuple(draw(TAGS)),
        description=draw(WORDS),
    )


@st.composite
def fleets(draw: Any) -> Fleet:
    """A fleet of ten machines and more: in both clouds, elsewhere, and Macs."""
    machines: list[Machine] = [
        *(draw(of_google(f"g{number}")) for number in range(draw(st.integers(2, 4)))),
        *(draw(of_hetzner(f"h{number}")) for number in range(draw(st.integers(2, 4)))),
        *(
            Machine(
                f"v{number}",
                tags=tuple(draw(TAGS)),
                description=draw(WORDS),
                target_host=draw(st.sampled_from((None, "root@203.0.113.9", f"admin@v{number}.x"))),
                build_host=draw(st.sampled_from((None, "", "localhost"))),
                forward_agent=draw(st.sampled_from((None, True, False))),
            )
            for number in range(4)
        ),
        *(Machine(f"mac{number}", machine_class="darwin") for number in range(2)),
    ]
    # What all of a project had in common would be the project's.
    machines = [
        evolve(each, labels={"number": each.name})
        if each.name in {"g0", "h0"} and isinstance(each, GcpMachine | HetznerMachine)
        else each
        for each in machines
    ]
    google = [each for each in machines if isinstance(each, GcpMachine)]
    taken = [each.name for each in google if each.external_ip == "203.0.113.7"]
    machines = [
        evolve(each, external_ip=True)  # an address is one machine's
        if isinstance(each, GcpMachine) and each.name in taken[1:]
        else each
        for each in machines
    ]
    names = st.sampled_from([each.name for each in machines if each.machine_class == "nixos"])
    services = [
        ClanService(
            f"service-{number}",
            module=draw(st.sampled_from(("sshd", "borgbackup", "users"))),
            roles={
                role: Role(
                    machines=tuple(draw(st.lists(names, unique=True, max_size=3))),
                    tags=draw(st.sampled_from(((), ("all",)))),
                    settings=draw(SETTINGS),
                )
                for role in draw(st.sampled_from((("default",), ("client", "server"))))
            },
        )
        for number in range(draw(st.integers(0, 4)))
    ]
    if draw(st.booleans()):
        peers = Role(tags=("all",))
        controller = Role(machines={"v0": {"allowedIps": ["fd5d::1"]}})
        roles = {"controller": controller, "peer": peers}
        services.append(ClanService("net", module="zerotier", roles=roles))
    keys = draw(st.sampled_from(((f"{KEY} admin",), ())))
    return Fleet(
        name="ore",
        domain=draw(st.sampled_from(("zt", "ore.example.org"))),
        description=draw(WORDS),
        gcp=GcpProject("example-project", region="us-central1", ssh_keys=keys),
        hetzner=HetznerProject(
            ssh_keys=keys,
            ssh_source_ranges=draw(st.sampled_from(((), ("198.51.100.7/32",)))),
            networks=(PrivateNetwork("internal", subnet="10.0.1.0/24"),),
        ),
        machines=tuple(draw(st.permutations(machines))),
        services=tuple(services),
        caches=draw(st.sampled_from(((), (CACHE,)))),
    )


def configurations(fleet: Fleet) -> tuple[Configuration, Configuration]:
    assert fleet.gcp is not None
    assert fleet.hetzner is not None
    return (
        gcp.configuration(fleet, fleet.gcp, fleet.gcp_machines, "gcp"),
        hetzner.configuration(fleet, fleet.hetzner, fleet.hetzner_machines, "hetzner"),
    )


def adopted(folder: Path, fleet: Fleet, *, state: bool) -> tuple[Described, Fleet, Any]:
    """What is made of all that a fleet generates: described, written and loaded again."""
    root = plant(fleet, folder / "before")
    inventory = clan_inventory(root)
    of_google, of_hetzner = configurations(fleet)
    document = (
        as_shown([*in_state(of_google), *as_state(of_hetzner)])
        if state
        else as_synthesized(of_google, of_hetzner)
    )
    caches, _ = read_caches(evaluate(f"import {root}/lib/caches.nix"), "caches.json")
    assert tuple(caches) == fleet.caches
    read = [
        read_inventory(json.loads(json.dumps(as_evaluated(inventory))), "inventory.json"),
        read_terraform(json.loads(json.dumps(document)), "terraform.json"),
    ]
    described = describe(Sources(read=tuple(read)))
    for name, text in texts(described, "fleet.py", CDKTF).items():
        (folder / name).write_text(text)
    return described, load(folder / "fleet.py"), inventory


def machine(each: Machine) -> Machine:
    """A machine without what makes no difference, or no state tells.

    That is how its words came about, the order of a set, and whether an address is reserved.
    """
    others: dict[str, Any] = {}
    if isinstance(each, GcpMachine):
        others["external_ip"] = bool(each.external_ip)
        others["network_tags"] = tuple(sorted(each.network_tags))
    return evolve(
        each,
        tags=each.all_tags,
        derive_tags=False,
        description=each.full_description,
        derive_description=False,
        target_host=None,
        **others,
    )


@pytest.mark.slow
@settings(max_examples=25)
@given(fleets(), st.booleans())
def test_a_fleet_is_the_same_again(fleet: Fleet, state: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        described, again, before = adopted(Path(folder), fleet, state=state)
        after = clan_inventory(plant(again, Path(folder) / "after"))

    assert after["machines"] == before["machines"]
    assert after["instances"] == before["instances"]
    assert after["meta"] == before["meta"]
    wanted = {each.name: machine(each) for each in fleet.machines}
    found = {each.name: machine(each) for each in again.machines}
    assert found == wanted
    assert again.gcp == fleet.gcp
    assert again.hetzner == fleet.hetzner
    if state:
        # What was deployed is taken over as it is, to the last resource.
        assert [item for item in described.items if "Terraform notes" not in item.what] == []
        imports = {stack.name: set(stack.imports) for stack in described.stacks}
        for name, configuration in zip(("gcp", "hetzner"), configurations(fleet), strict=True):
            assert imports[name] == {each.address for each in configuration.resources}
