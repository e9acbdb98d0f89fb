"""The rules of `infra diff` against plans: those of Terraform, with providers that stand in.

The stand-in plans as Google's own provider and hcloud's did on the same changes, see
`tests/terraform`. Here a fleet is applied, another one is planned on top of it, and what Terraform
would do to each resource has to be what the rules say.
"""

from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, Phase, given, settings

from infra_lib import (
    BootDisk,
    DataDisk,
    Dns,
    FirewallRule,
    Fleet,
    GcpMachine,
    Machine,
    PrivateNetwork,
    ServiceAccount,
    ShieldedVm,
    StopSchedule,
    Volume,
)
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.replacement import resource_changes
from infra_lib.fleet import project_of
from infra_lib.operate.diff.side import side_of
from infra_lib.terraform.escape import escape
from infra_lib.terraform.resource import Resource
from tests.adopt.test_round_trip import fleets
from tests.helpers import hetzner_fleets, stack_fleets
from tests.terraform.harness import JSON, StandIn, Workspace

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

SOURCES = {
    "gcp": ("google", "hashicorp/google", "7.0.0"),
    "hetzner": ("hcloud", "hetznercloud/hcloud", "1.68.0"),
}
ACTIONS = {
    "create": ("create",),
    "update": ("update",),
    "replace": ("delete", "create"),
    "delete": ("delete",),
}
# What Terraform reads anew whenever the machine changes, so that the plan does not know it.
READ_ANEW = "google_dns_record_set"


def resources(fleet: Fleet, cloud: str) -> tuple[Resource, ...]:
    return side_of(fleet).stacks[cloud].resources


def said(fleet: Fleet, other: Fleet, cloud: str) -> dict[str, tuple[str, ...]]:
    """What the rules say, by address."""
    rules = CLOUDS[cloud].comparison().RULES
    changes = resource_changes(resources(fleet, cloud), resources(other, cloud), rules)
    return {
        each.resource.address: ACTIONS[each.action]
        for each in changes
        if each.action != "none" and each.resource.type != READ_ANEW
    }


def plain(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(escape(value, lambda _: False))
    if hasattr(value, "items"):
        return {key: plain(each) for key, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def document(fleet: Fleet, cloud: str) -> JSON:
    """The stack in Terraform's JSON, without what would have Terraform refuse a plan."""
    provider, source, version = SOURCES[cloud]
    project = project_of(fleet, cloud)
    made = CLOUDS[cloud].comparison().configuration(fleet, project, machines(fleet, cloud), cloud)
    found: dict[str, dict[str, Any]] = {}
    for each in made.resources:
        body = plain(each.arguments)
        kept = {name: it for name, it in each.lifecycle.items() if name != "prevent_destroy"}
        found.setdefault(each.type, {})[each.name] = body | ({"lifecycle": kept} if kept else {})
    read: dict[str, dict[str, Any]] = {}
    for source_ in made.data_sources:
        body = plain(source_.arguments) | {"depends_on": list(source_.depends_on)}
        read.setdefault(source_.type, {})[source_.name] = body
    return {
        "terraform": {"required_providers": {provider: {"source": source, "version": version}}},
        "provider": {provider: [plain(made.provider)]},
        "resource": found,
        **({"data": read} if read else {}),
    }


def machines(fleet: Fleet, cloud: str) -> list[Any]:
    return [each for each in fleet.provisioned if each.cloud == cloud]


def planned(workspace: Workspace, fleet: Fleet, cloud: str) -> dict[str, tuple[str, ...]]:
    """What Terraform plans, by address."""
    workspace.write(document(fleet, cloud))
    actions = workspace.plan().actions
    return {address: each for address, each in actions.items() if not address.startswith(READ_ANEW)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans")


def google(**fields: Any) -> Fleet:
    """A fleet of one machine that has much, and one beside it."""
    given: dict[str, Any] = {
        "machine_type": "n2-standard-8",
        "zone": "us-central1-b",
        "data_disks": (DataDisk("ore", size_gb=50), DataDisk("slag", size_gb=50)),
        "stop_schedule": StopSchedule("0 20 * * *"),
        "tags": ("peer",),
    }
    settings_ = {name: fields.pop(name) for name in ("gcp", "dns", "others") if name in fields}
    machine = GcpMachine("galena", **given | fields)
    other = stack_fleets.cpu("halite", tags=("peer",))
    others = settings_.pop("others", (other,))
    return stack_fleets.fleet_of(
        Machine("cinnabar", tags=("controller",)), machine, *others, **settings_
    )


GOOGLE: dict[str, dict[str, Any]] = {
    "nothing": {},
    "zone": {"zone": "us-central1-c"},
    "machine type": {"machine_type": "n2-standard-16"},
    "spot": {"spot": True},
    "run limit": {"max_run_duration": 3600, "stop_schedule": None},
    "maintenance": {"on_host_maintenance": "TERMINATE"},
    "larger boot disk": {"boot_disk": BootDisk(size_gb=200)},
    "other boot disk": {"boot_disk": BootDisk(type="pd-ssd")},
    "other image": {"boot_disk": BootDisk(image="debian-cloud/debian-13")},
    "other key": {"boot_disk": BootDisk(kms_key=stack_fleets.KMS_KEY)},
    "larger disk": {"data_disks": (DataDisk("ore", size_gb=80), DataDisk("slag", size_gb=50))},
    "smaller disk": {"data_disks": (DataDisk("ore", size_gb=20), DataDisk("slag", size_gb=50))},
    "other disk": {
        "data_disks": (DataDisk("ore", size_gb=50, type="pd-ssd"), DataDisk("slag", size_gb=50))
    },
    "one disk less": {"data_disks": (DataDisk("ore", size_gb=50),)},
    "renamed disk": {"data_disks": (DataDisk("gold", size_gb=50), DataDisk("slag", size_gb=50))},
    "stopped": {"stopped": True},
    "off": {"enabled": False},
    "no address": {"external_ip": False},
    "lasting address": {"external_ip": "203.0.113.7"},
    "labels": {"labels": {"team": "geology"}},
    "metadata": {"metadata": {"motd": "x"}},
    "startup script": {"startup_script": "#!/bin/bash\necho ${x}\n"},
    "network": {"network": "lab", "subnetwork": "lab-central"},
    "network tags": {"network_tags": ("web",)},
    "service account": {
        "service_account": ServiceAccount("galena@example-project.iam.gserviceaccount.com")
    },
    "secure boot": {"shielded_vm": ShieldedVm(secure_boot=True)},
    "nested": {"nested_virtualization": True},
    "threads": {"threads_per_core": 1},
    "confidential": {"machine_type": "n2d-standard-8", "confidential": "SEV"},
    "reservation": {"reservation": "lab"},
    "schedule": {"stop_schedule": StopSchedule("0 22 * * *")},
    "no schedule": {"stop_schedule": None},
    "protected": {"deletion_protection": True},
    "another machine": {"others": (stack_fleets.cpu("halite"), stack_fleets.cpu("quartz"))},
    "one machine less": {"others": ()},
    "another project": {"gcp": stack_fleets.project(project="other-project")},
    "ranges": {"gcp": stack_fleets.project(ssh_source_ranges=("203.0.113.0/24",))},
    "keys": {"gcp": stack_fleets.project(ssh_keys=())},
}


@pytest.fixture(scope="module")
def applied(stand_in: StandIn, folder: Path) -> dict[str, Workspace]:
    """For each cloud, a workspace in which the fleet that all others follow is applied."""
    found: dict[str, Workspace] = {}
    for cloud, fleet in (("gcp", google()), ("hetzner", hetzner())):
        place = folder / cloud
        place.mkdir()
        found[cloud] = Workspace.make(place, stand_in)
        found[cloud].write(document(fleet, cloud))
        found[cloud].apply()
    return found


@pytest.mark.parametrize("case", GOOGLE)
def test_google_machines_become_what_terraform_plans(
    applied: dict[str, Workspace], case: str
) -> None:
    other = google(**GOOGLE[case])
    assert said(google(), other, "gcp") == planned(applied["gcp"], other, "gcp")


def hetzner(**fields: Any) -> Fleet:
    given: dict[str, Any] = {
        "volumes": (Volume("ore", size_gb=50, format="ext4"), Volume("slag", size_gb=20)),
        "networks": {"internal": "10.0.1.5"},
        "placement_group": "apart",
        "tags": ("peer",),
        "firewall_rules": (FirewallRule("tcp", port="443"),),
    }
    project = hetzner_fleets.project(
        networks=(PrivateNetwork("internal", subnet="10.0.1.0/24"),),
        **fields.pop("project", {}),
    )
    settings_ = {name: fields.pop(name) for name in ("dns", "others") if name in fields}
    others = settings_.pop("others", (hetzner_fleets.server("pyrite"),))
    machine = hetzner_fleets.server(**given | fields)
    controller = Machine("scheelite", tags=("controller",))
    return hetzner_fleets.fleet_of(controller, machine, *others, hetzner=project, **settings_)


HETZNER: dict[str, dict[str, Any]] = {
    "nothing": {},
    "location": {"location": "nbg1"},
    "server type": {"server_type": "ccx33"},
    "image": {"image": "ubuntu-24.04"},
    "user data": {"user_data": "#cloud-config\n"},
    "no IPv4": {"ipv4": False},
    "no IPv6": {"ipv6": False},
    "no addresses": {"ipv4": False, "ipv6": False},
    "backups": {"backups": True},
    "labels": {"labels": {"team": "geology"}},
    "off": {"enabled": False},
    "larger volume": {
        "volumes": (Volume("ore", size_gb=80, format="ext4"), Volume("slag", size_gb=20))
    },
    "one volume less": {"volumes": (Volume("ore", size_gb=50, format="ext4"),)},
    "format": {"volumes": (Volume("ore", size_gb=50, format="xfs"), Volume("slag", size_gb=20))},
    "no network": {"networks": {}},
    "other place in the network": {"networks": {"internal": "10.0.1.6"}},
    "no group": {"placement_group": None},
    "other rules": {"firewall_rules": (FirewallRule("tcp", port="80"),)},
    "no rules": {"firewall_rules": ()},
    "protected": {"deletion_protection": True},
    "one machine less": {"others": ()},
    "names": {"dns": Dns("example.org", zones={"hetzner": "example.org"})},
    "ranges": {"project": {"ssh_source_ranges": ()}},
    "another key": {"project": {"ssh_keys": (f"{hetzner_fleets.OTHER_KEY} other",)}},
    "renamed key": {"project": {"ssh_keys": (f"{hetzner_fleets.KEY} Ada",)}},
}


@pytest.mark.parametrize("case", HETZNER)
def test_hetzner_machines_become_what_terraform_plans(
    applied: dict[str, Workspace], case: str
) -> None:
    other = hetzner(**HETZNER[case])
    assert said(hetzner(), other, "hetzner") == planned(applied["hetzner"], other, "hetzner")


@settings(
    max_examples=4,
    phases=(Phase.generate,),
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(fleets(), fleets())
def test_fleets_of_any_kind_become_what_terraform_plans(
    stand_in: StandIn, tmp_path_factory: pytest.TempPathFactory, one: Fleet, other: Fleet
) -> None:
    # What is reserved by hand is not there.
    one, other = (
        evolve(
            fleet,
            machines=[
                evolve(each, external_ip=bool(each.external_ip))
                if isinstance(each, GcpMachine)
                else each
                for each in fleet.machines
            ],
        )
        for fleet in (one, other)
    )
    for cloud in CLOUDS:
        workspace = Workspace.make(tmp_path_factory.mktemp(cloud), stand_in)
        workspace.write(document(one, cloud))
        workspace.apply()
        assert said(one, other, cloud) == planned(workspace, other, cloud)
