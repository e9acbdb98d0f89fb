"""In which order machines are taken down, and whose what a plan changes is."""

from typing import Any

import pytest

from infra_lib import (
    DataDisk,
    Facts,
    Fleet,
    GcpMachine,
    GcpProject,
    HetznerMachine,
    HetznerProject,
    Volume,
)
from infra_lib.operate.deploy import others
from infra_lib.operate.destroy import steps
from infra_lib.terraform.plan import Change, Plan

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"


def gcp(name: str, **fields: Any) -> GcpMachine:
    return GcpMachine(name, machine_type="e2-standard-8", zone="us-central1-b", **fields)


def hetzner(name: str, **fields: Any) -> HetznerMachine:
    return HetznerMachine(name, server_type="ccx13", location="fsn1", **fields)


FLEET = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1", ssh_keys=(KEY,)),
    hetzner=HetznerProject(ssh_keys=(KEY,), ssh_source_ranges=("198.51.100.7/32",)),
    facts=Facts(),
    machines=(
        hetzner("cinnabar", tags=("controller",)),
        hetzner("electrum", volumes=[Volume("silver", size_gb=10)]),
        gcp("galena", data_disks=[DataDisk("ore", size_gb=10)]),
        gcp("galena-b"),
    ),
)


@pytest.mark.parametrize(
    ("stacks", "needs", "order"),
    [
        (
            {},
            {},
            [("", ("galena", "galena-b")), ("", ("electrum",)), ("", ("cinnabar",))],
        ),
        (
            dict.fromkeys(("cinnabar", "electrum"), "h")
            | dict.fromkeys(("galena", "galena-b"), "g"),
            {"h": ("g",)},
            [("h", ("electrum",)), ("g", ("galena", "galena-b")), ("h", ("cinnabar",))],
        ),
        (
            dict.fromkeys(("cinnabar", "electrum", "galena", "galena-b"), "all"),
            {},
            [("all", ("electrum", "galena", "galena-b")), ("all", ("cinnabar",))],
        ),
        (  # a circle, which Terraform would refuse
            {"electrum": "a", "galena": "b", "galena-b": "b", "cinnabar": "a"},
            {"a": ("b",), "b": ("a",)},
            [("a", ("electrum",)), ("b", ("galena", "galena-b")), ("a", ("cinnabar",))],
        ),
    ],
)
def test_a_stack_comes_before_what_it_needs_and_the_controller_last(
    stacks: dict[str, str], needs: dict[str, tuple[str, ...]], order: list[Any]
) -> None:
    found = steps(FLEET, FLEET.provisioned, stacks, needs)
    assert [(each.stack, each.names) for each in found] == order


def change(address: str, actions: str = "create", **labels: str) -> Change:
    said = {"labels": labels} if labels else {}
    before = None if actions == "create" else said
    after = None if actions == "delete" else said
    return Change(address, address.partition(".")[0], (actions,), before, after)


@pytest.mark.parametrize(
    ("changed", "owner"),
    [
        (change("google_compute_instance.galena"), "galena"),
        (change("google_compute_disk.x", "delete", fleet="metals", machine="galena"), "galena"),
        (change("google_compute_disk.x", fleet="salts", machine="galena"), "galena of fleet salts"),
        (change("google_compute_resource_policy.galena-stop", "delete"), "galena"),
        (change("google_compute_resource_policy.galena-b-stop", "delete"), "galena-b"),
        (change("google_dns_record_set.galena-a"), "galena"),
        (change("google_dns_record_set.www"), None),
        (change("google_compute_firewall.galena"), None),
        (change("terraform_data.galena-b"), "galena-b"),
        (change("hcloud_volume_attachment.silver"), "electrum"),
        (change("hcloud_server_network.electrum_internal"), "electrum"),
        (change("hcloud_zone_rrset.electrum-aaaa"), "electrum"),
        (change("hcloud_firewall.machines"), None),
    ],
)
def test_whose_a_resource_is(changed: Change, owner: str | None) -> None:
    assert others.owner_in(FLEET, changed) == owner


def test_what_is_shared_is_made_with_the_first_machine_alone() -> None:
    made = change("google_compute_instance.galena"), change("google_compute_firewall.ssh")
    there = change("google_compute_disk.ore", "no-op")
    assert others.refusal(FLEET, [Plan("gcp", made)], ["galena"]) is None
    refused = others.refusal(FLEET, [Plan("gcp", (*made, there))], ["galena"])
    assert refused == (
        "more would change than galena: google_compute_firewall.ssh (shared: create). Nothing was "
        "deployed; infra deploy deploys all of it"
    )
    refused = others.refusal(FLEET, [Plan("gcp", made)], ["galena-b"])
    assert refused is not None
    assert "google_compute_instance.galena (of galena: create)" in refused
    assert not others.concern(FLEET, [Plan("gcp", made)], ["galena-b"])
    assert not others.concern(FLEET, [Plan("gcp", (there,))], ["galena"])


def test_what_a_plan_leaves_as_it_is_is_nobodys_business() -> None:
    plan = Plan("gcp", (change("google_compute_instance.galena-b", "no-op"),))
    assert others.refusal(FLEET, [plan], ["galena"]) is None
