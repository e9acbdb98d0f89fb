"""Machines that run are adopted, and the first deployment makes none of them anew.

The provider stands in for Google's and Hetzner's; sources are what Terraform tells, and the plan is
held against what the report says.
"""

import json
import shutil
from pathlib import Path

import pytest
from attrs import evolve

from infra_lib import (
    DataDisk,
    Fleet,
    GcpMachine,
    GcpProject,
    Gpu,
    HetznerMachine,
    HetznerProject,
    Machine,
    PrivateNetwork,
    StopSchedule,
    Volume,
)
from infra_lib.operate.adopt.describe import Described, describe
from infra_lib.operate.adopt.sources import Sources, read_source
from infra_lib.operate.adopt.written import texts
from infra_lib.terraform.frameworks import CDKTF
from tests.helpers import hetzner_api, process
from tests.helpers.adoption import load, put_json
from tests.terraform.harness import JSON, Workspace
from tests.terraform.test_import import KEY, Stacks, changed, resources

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

NOTED = {
    *("allow_stopping_for_update", "desired_status", "ignore_remote_firewall_ids", "keep_disk"),
    *("shutdown_before_deletion", "labels", "terraform_labels", "effective_labels"),
}
"""What a provider cannot read back of what it imports, or counts from what it can."""


@pytest.fixture
def stacks(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Stacks:
    """The stacks of both clouds, over one empty cloud."""
    monkeypatch.chdir(workspace.app)
    return Stacks(workspace, evolve(workspace, folder=workspace.folder.with_name("hetzner")))


def shown(folder: Path, workspace: Workspace, name: str) -> Path:
    """What `terraform show -json` prints of a state, in a file."""
    document = json.loads(workspace.terraform("show", "-json").stdout)
    return put_json(folder, name, document)


def moved_in(
    stacks: Stacks, tmp_path: Path, **sources: Path
) -> tuple[Described, Fleet, dict[str, JSON]]:
    """Adopt, synthesize what was written in place of the old, and plan its first deployment.

    Returns:
        What was described; the fleet that the written Python binds; and every change that the plan
        has, by address.
    """
    read = [read_source(kind.partition("_")[0], path) for kind, path in sources.items()]
    described = describe(Sources(read=tuple(read)), folder="ores")
    home = tmp_path / "home"
    home.mkdir()
    for name, text in texts(described, "fleet.py", CDKTF).items():
        (home / name).write_text(text)
    done = process.python(str(home / "fleet.py"), cwd=stacks.gcp.app)
    assert done.returncode == 0, done.stderr
    changes: dict[str, JSON] = {}
    for each in stacks.both:
        if (each.folder / "cdk.tf.json").exists():
            each.initialize()
            each.plan()
            document = json.loads(each.terraform("show", "-json", "plan").stdout)
            changes |= {
                change["address"]: change["change"]
                for change in document["resource_changes"]
                if change["mode"] == "managed"
            }
    return described, load(home / "fleet.py"), changes


def check_as_told(described: Described, changes: dict[str, JSON]) -> None:
    """Check that a plan does what the report says, and nothing else."""
    taken = {each.address: each for stack in described.stacks for each in stack.taken}
    made = {address for stack in described.stacks for address in stack.made}
    for address, change in changes.items():
        assert "delete" not in change["actions"], address
        if change["actions"] == ["create"]:
            assert address in made, address
            continue
        assert change["importing"]["id"] == taken[address].id
        told = {top(each.path) for each in taken[address].changes}
        # What only the cloud computes may be unknown as long as anything changes.
        known = {name for name in changed(change) if name in change["after"]}
        assert known - NOTED <= told - NOTED <= changed(change), address
    assert taken.keys() | made == changes.keys()


def top(path: str) -> str:
    return path.partition(".")[0].partition("[")[0]


OWN = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1", ssh_keys=(f"{KEY} admin",)),
    hetzner=HetznerProject(
        ssh_keys=(f"{KEY} admin",),
        ssh_source_ranges=("203.0.113.0/24",),
        networks=(PrivateNetwork("internal"),),
    ),
    machines=(
        Machine("pyrite", tags=("controller",)),
        *(
            GcpMachine(
                f"galena-{n}",
                machine_type="e2-standard-8",
                zone="us-central1-b",
                labels={"number": f"n{n}"},
                metadata={"note": '${not} %{a} "template"'},
                data_disks=(DataDisk(f"ore-{n}", size_gb=50),),
                tags=("peer",),
            )
            for n in range(4)
        ),
        GcpMachine(
            "scheelite",
            machine_type="n1-standard-8",
            zone="us-central1-c",
            gpu=Gpu("nvidia-tesla-t4"),
            enabled=True,
            stopped=True,
            stop_schedule=StopSchedule("0 20 * * *"),
        ),
        GcpMachine("lorandite", machine_type="g2-standard-4", zone="us-central1-a", enabled=True),
        *(
            HetznerMachine(
                f"cinnabar-{n}",
                server_type="cx43",
                location="fsn1",
                networks={"internal": f"10.0.1.{n + 5}"},
                volumes=(Volume(f"lode-{n}", size_gb=100),),
                labels={"number": f"n{n}"},
                backups=True,
            )
            for n in range(3)
        ),
        HetznerMachine("borax", server_type="cpx22", location="fsn1", placement_group="apart"),
        Machine("mac", machine_class="darwin"),
    ),
)


def test_what_our_own_stacks_made_moves_in_unchanged(stacks: Stacks, tmp_path: Path) -> None:
    stacks.make(OWN)
    before = stacks.cloud.content()["resources"]
    inventory = {
        "meta": {"name": "metals", "domain": "zt"},
        "machines": {
            each.name: {
                "tags": [*each.all_tags],
                "machineClass": each.machine_class,
                "description": each.full_description or None,
                "deploy": {"targetHost": OWN.target_host(each)},
            }
            for each in OWN.machines
        },
        "instances": {
            "zerotier": {
                "roles": {
                    "controller": {"machines": {"pyrite": {}}},
                    "peer": {"tags": ["peer"]},
                }
            }
        },
    }
    sources = {
        "inventory": put_json(tmp_path, "inventory.json", inventory),
        "terraform_1": shown(tmp_path, stacks.gcp, "gcp.json"),
        "terraform_2": shown(tmp_path, stacks.hetzner, "hetzner.json"),
    }
    addresses = {address for each in stacks.both for _, address, _ in resources(each)}
    stacks.forget()

    described, fleet, changes = moved_in(stacks, tmp_path, **sources)

    assert changes.keys() == addresses
    check_as_told(described, changes)
    for address, change in changes.items():
        assert changed(change) <= NOTED, address
    assert fleet.gcp == OWN.gcp
    assert fleet.hetzner == OWN.hetzner
    assert {each.name: each for each in fleet.machines} == {
        each.name: each for each in OWN.machines
    }
    assert fleet.facts.machine("cinnabar-0").external_ip is not None
    for each in stacks.both:
        each.terraform("apply", "plan")
        assert each.plan().actions == {}
    assert stacks.cloud.content()["resources"] == before


# As people write it, with other names in Terraform than in the cloud.
GOOGLE: JSON = {
    "provider": {"google": [{"project": "example-project", "region": "us-central1"}]},
    "terraform": {"required_providers": {"google": {"source": "hashicorp/google"}}},
    "resource": {
        "google_compute_disk": {
            **{
                f"data_{n}": {
                    "name": f"slag-{n}",
                    "zone": "us-central1-b",
                    "size": 20,
                    "type": "pd-ssd",
                }
                for n in range(3)
            },
            "old": {
                "name": "dump",
                "zone": "us-central1-b",
                "size": 20,
                "type": "pd-ssd",
                "snapshot": "dump-of-may",
                "description": "Of before the move",
            },
        },
        "google_compute_network": {"inner": {"name": "inner"}},
        "google_compute_firewall": {
            "web": {
                "name": "allow-web",
                "network": "default",
                "allow": [{"protocol": "tcp", "ports": ["443"]}],
                "source_ranges": ["0.0.0.0/0"],
                "target_tags": ["web"],
            }
        },
        "google_compute_instance": {
            **{
                f"node_{n}": {
                    "name": f"quarry-{n}",
                    "machine_type": "e2-standard-8",
                    "zone": "us-central1-b",
                    "tags": ["web"],
                    "labels": {"team": "ore"},
                    "boot_disk": [
                        {
                            "initialize_params": [
                                {"image": "debian-cloud/debian-12", "size": 30, "type": "pd-ssd"}
                            ]
                        }
                    ],
                    "attached_disk": [
                        {
                            "source": f"${{google_compute_disk.data_{n}.self_link}}",
                            "device_name": f"slag-{n}",
                        }
                    ],
                    "network_interface": [{"network": "default", "access_config": [{}]}],
                    "metadata": {"ssh-keys": f"root:{KEY} admin", "note": "by hand"},
                    "service_account": [
                        {
                            "email": "ore@example-project.iam.gserviceaccount.com",
                            "scopes": ["https://www.googleapis.com/auth/cloud-platform"],
                        }
                    ],
                }
                for n in range(3)
            },
            "gpu": {
                "name": "kiln",
                "machine_type": "n1-standard-8",
                "zone": "us-central1-c",
                "boot_disk": [{"initialize_params": [{"image": "debian-cloud/debian-12"}]}],
                "guest_accelerator": [{"type": "nvidia-tesla-t4", "count": 1}],
                "network_interface": [{"network": "default"}],
                "scheduling": [
                    {
                        "on_host_maintenance": "TERMINATE",
                        "provisioning_model": "SPOT",
                        "preemptible": True,
                        "automatic_restart": False,
                        "instance_termination_action": "STOP",
                    }
                ],
            },
            # What our stack does not say, and leaves alone.
            "fast": {
                "name": "shaft",
                "machine_type": "c3-standard-8",
                "zone": "us-central1-b",
                "hostname": "shaft.example.org",
                "key_revocation_action_type": "STOP",
                "boot_disk": [
                    {
                        "initialize_params": [
                            {
                                "image": "debian-cloud/debian-12",
                                "size": 30,
                                "type": "hyperdisk-balanced",
                                "storage_pool": "pool",
                                "enable_confidential_compute": True,
                                "provisioned_iops": 3000,
                                "provisioned_throughput": 140,
                            }
                        ]
                    }
                ],
                "attached_disk": [
                    {"source": "${google_compute_disk.old.self_link}", "device_name": "dump"}
                ],
                "network_interface": [
                    {"network": "default", "nic_type": "GVNIC", "queue_count": 4}
                ],
                "network_performance_config": [{"total_egress_bandwidth_tier": "TIER_1"}],
                "scheduling": [{"local_ssd_recovery_timeout": [{"seconds": 3600}]}],
            },
            # What it cannot say, and Google's provider makes a machine anew for.
            "router": {
                "name": "adit",
                "machine_type": "e2-small",
                "zone": "us-central1-b",
                "boot_disk": [{"initialize_params": [{"image": "debian-cloud/debian-12"}]}],
                "network_interface": [
                    {"network": "default"},
                    {"network": "${google_compute_network.inner.self_link}"},
                ],
            },
        },
    },
}

INVENTORY = {
    "meta": {"name": "ores", "domain": "ores.example"},
    "machines": {
        **{f"quarry-{n}": {"tags": ["nixos", "web"]} for n in range(3)},
        "kiln": {"tags": ["gpu"], "description": "Ovens"},
        "shaft": {},
        "adit": {},
        "laptop": {},
    },
    "instances": {"sshd": {"roles": {"server": {"tags": {"all": {}}}}}},
}


def test_what_others_made_moves_in_and_the_plan_is_what_the_report_says(
    stacks: Stacks, tmp_path: Path
) -> None:
    stacks.gcp.write(GOOGLE)
    stacks.gcp.initialize()
    stacks.gcp.apply()
    before = stacks.cloud.content()["resources"]
    state = shown(tmp_path, stacks.gcp, "state.json")
    shutil.rmtree(stacks.gcp.folder)
    inventory = put_json(tmp_path, "inventory.json", INVENTORY)

    described, fleet, changes = moved_in(stacks, tmp_path, inventory=inventory, terraform=state)

    check_as_told(described, changes)
    instances = {address for address in changes if address.startswith("google_compute_instance.")}
    assert instances == {
        *(f"google_compute_instance.quarry-{n}" for n in range(3)),
        "google_compute_instance.kiln",
        "google_compute_instance.shaft",
    }
    # It would be made anew for its second network, so it is in the inventory and in no stack.
    assert type(fleet.machine("adit")) is Machine
    assert any("network_interface" in i.what and "adit" in i.what for i in described.items)
    said = [item.what for item in described.items if "is made anew is" in item.what]
    assert len(said) == 10, "eight of the machine, two of its disk"
    # What others have there stays as it is.
    assert any("allow-web" in item.where or ".web" in item.where for item in described.items)
    stacks.gcp.terraform("apply", "plan")
    assert stacks.gcp.plan().actions == {}
    after = stacks.cloud.content()["resources"]
    assert after["google_compute_disk"].keys() == before["google_compute_disk"].keys()
    for number, instance in before["google_compute_instance"].items():
        now = after["google_compute_instance"][number]
        assert now["hostname"] == instance["hostname"]
        assert now["network_interface"] == instance["network_interface"]
        assert now["instance_id"] == instance["instance_id"]
        assert (now["metadata"] or {}).get("note") == (instance["metadata"] or {}).get("note")


def test_servers_that_were_made_by_hand_keep_their_addresses(
    stacks: Stacks, tmp_path: Path
) -> None:
    """Adopted from what hcloud lists, of servers that no Terraform has ever seen."""
    for n in range(3):
        server = stacks.cloud.by_hand(
            "hcloud_server",
            name=f"forge-{n}",
            server_type="cx43",
            image="debian-12",
            location="fsn1",
            labels={"by": "hand"},
        )
        stacks.cloud.by_hand("hcloud_volume", name=f"bin-{n}", size=20, server_id=int(server))
    before = stacks.cloud.content()["resources"]
    lists = {
        f"list_{kind}": put_json(tmp_path, f"{kind}.json", listed(stacks, kind))
        for kind in ("server", "volume", "primary_ip")
    }

    described, fleet, changes = moved_in(stacks, tmp_path, **lists)

    check_as_told(described, changes)
    assert [machine.name for machine in fleet.machines] == [f"forge-{n}" for n in range(3)]
    assert {f"hcloud_server.forge-{n}" for n in range(3)} <= changes.keys()
    assert "hcloud_primary_ip.forge-0-ipv4" in changes
    assert "importing" in changes["hcloud_primary_ip.forge-0-ipv4"]
    stacks.hetzner.terraform("apply", "plan")
    assert stacks.hetzner.plan().actions == {}
    after = stacks.cloud.content()["resources"]
    kept = ("hcloud_server", "hcloud_volume", "hcloud_primary_ip")
    for kind in kept:
        assert after[kind].keys() == before[kind].keys()
    for number, address in before["hcloud_primary_ip"].items():
        assert after["hcloud_primary_ip"][number]["ip"] == address["ip"]
        assert after["hcloud_primary_ip"][number]["assignee_id"] == address["assignee_id"]


def listed(stacks: Stacks, kind: str) -> list[JSON]:
    """What `hcloud … list --output=json` prints of what the stand-in has."""
    them = stacks.cloud.hetzner(kind).values()
    if kind == "volume":
        return [
            hetzner_api.volume(
                it["name"], it["id"], server=it["server"], size=it["size"], location=at(it)
            )
            for it in them
        ]
    if kind == "primary_ip":
        return [
            hetzner_api.address(
                it["name"],
                it["id"],
                it["ip"],
                assignee=it["assignee_id"],
                auto_delete=it["auto_delete"],
                location=at(it),
            )
            for it in them
        ]
    of = {
        (str(it["assignee_id"]), it["type"]): (it["id"], it["ip"])
        for it in stacks.cloud.hetzner("primary_ip").values()
    }
    return [
        hetzner_api.server(
            it["name"],
            int(it["id"]),
            ipv4=of.get((str(it["id"]), "ipv4")),
            ipv6=of.get((str(it["id"]), "ipv6")),
            server_type={"name": it["server_type"]},
            location=at(it),
            labels=it["labels"],
        )
        for it in them
    ]


def at(it: JSON) -> JSON:
    return hetzner_api.place(it["location"])
