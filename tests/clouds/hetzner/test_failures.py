"""How Hetzner Cloud fails is understood, and what helps is said."""

from pathlib import Path

import pytest

from infra_lib.clouds.failure import Failure, NoRoom, QuotaExceeded
from infra_lib.clouds.hetzner.failures import Refused, advice, failure
from infra_lib.operate.deploy.advice import advice as advise
from infra_lib.operate.deploy.failures_in_log import find_created, read_failures
from tests.helpers.hetzner_fleets import PROJECT, fleet_of, server

CINNABAR = "hcloud_server.cinnabar"
LOG = Path(__file__).with_name("failures.txt")


def logged(text: str, address: str = CINNABAR) -> str:
    """The end of Terraform's log, when it fails."""
    return f'2026-11-23T03:30:16.720Z [ERROR] vertex "{address}" error: {text}\n'


@pytest.mark.parametrize(
    "text",
    [
        # https://github.com/kube-hetzner/terraform-hcloud-kube-hetzner/issues/1539
        "error during placement (resource_unavailable, 1d1d17e504e28a4c)",
        "error during placement (resource_unavailable)",
        "some other words (placement_error, 1d1d17e504e28a4c)",
        # https://github.com/autobase-tech/autobase/issues/1403
        "unsupported location for server type (invalid_input, 1d1d17e504e28a4c): []",
    ],
)
def test_every_wording_of_a_location_without_stock(text: str) -> None:
    (found,) = read_failures(logged(text))
    assert found == NoRoom(CINNABAR, text)
    (elsewhere,) = read_failures(logged(text, "hcloud_volume.ore"))
    assert not isinstance(elsewhere, NoRoom), "it is no machine that could go elsewhere"


@pytest.mark.parametrize(
    ("text", "metric", "says"),
    [
        ("server limit reached (resource_limit_exceeded, 1d1d)", "servers", "enabled=False of"),
        # https://github.com/hetznercloud/community-content/issues/933
        ("server limit exceeded (resource_limit_exceeded)", "servers", "enabled=False of"),
        ("Primary IP limit exceeded (resource_limit_exceeded, 1d)", "primary IPs", "ipv6=False"),
        ("dedicated core limit exceeded (resource_limit_exceeded, 1)", "dedicated cores", ""),
        ("firewall limit exceeded (resource_limit_exceeded, 1d1d)", "firewalls", ""),
        ("you have too much (resource_limit_exceeded, 1d1d)", None, ""),
    ],
)
def test_a_limit_is_told_with_what_it_is_of(text: str, metric: str | None, says: str) -> None:
    (found,) = read_failures(logged(text))
    assert isinstance(found, QuotaExceeded)
    assert found.metric == metric
    said = advise(fleet_of(server()), found, {}, ())
    assert said is not None
    limit = f"the project's limit of {metric}" if metric else "a limit of the project's"
    assert said.startswith(f"cinnabar would exceed {limit}, so another location or another try")
    assert "of the project minerals in Hetzner's console" in said
    assert says in said
    assert "google" not in said.lower()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("server name is already used (uniqueness_error, 1d1d)", "HCLOUD_TOKEN is another project"),
        ("SSH key not unique (uniqueness_error, 1d1d)", "in ssh_key_names"),
        ("SSH key not found: nobody", "ssh_key_names are the names of keys that it has"),
        (
            "API request failed: primary ip is assigned (must_be_unassigned, 1d1d) Error code: "
            "must_be_unassigned",
            "apply -refresh-only",
        ),
        ("server is protected (protected, 1d1d)", "and then once more to delete it"),
        (
            "placement group with ID 7 contains already 10 servers "
            "(placement_group_member_limit_reached, 1d1d)",
            "name another placement_group",
        ),
        (
            "removing a running server from a placement group is currently not supported in the "
            "provider. You can shutdown the server yourself",
            "hcloud server shutdown cinnabar",
        ),
        (
            'Server Type "cpx11" is unavailable in "fsn1" and can no longer be ordered',
            "no waiting helps",
        ),
        (
            'Server Type "cx11" is unavailable in all locations and can no longer be ordered',
            "no waiting helps",
        ),
        ("server type cx22 not found", "no server_type of that name"),
        ("location 'fsn2' not found (invalid_input, 1d1d): []", "no location of that name"),
        ("the token you provided is invalid (unauthorized, 1d1d)", "does not know the token"),
        ("the token is read only (token_readonly, 1d1d)", "may read and write"),
        ("limit of 3600 requests per hour reached (rate_limit_exceeded)", "in some minutes"),
        ("server is locked (locked, 1d1d)", "in a minute"),
    ],
)
def test_what_else_is_refused_is_told_with_what_helps(text: str, says: str) -> None:
    (found,) = read_failures(logged(text))
    assert isinstance(found, Refused)
    said = advice(found, PROJECT)
    assert said is not None
    assert said.startswith("cinnabar: ")
    assert says in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "entered token is invalid (must be exactly 64 characters long)",
            "HCLOUD_TOKEN is no API token",
        ),
        ("Missing Hetzner Cloud API token", "HCLOUD_TOKEN is not set"),
    ],
)
def test_a_token_is_no_servers_matter(text: str, says: str) -> None:
    provider = r"provider[\"registry.terraform.io/hetznercloud/hcloud\"]"
    (found,) = read_failures(logged(text, provider))
    said = advise(fleet_of(server()), found, {}, ())
    assert said is not None
    assert said.startswith(f"Hetzner Cloud: {says}")


@pytest.mark.parametrize("text", ["unexpected EOF", "bad image (invalid_input, 1d1d): []"])
def test_what_nobody_knows_is_left_as_it_is(text: str) -> None:
    assert failure(CINNABAR, text) is None
    assert read_failures(logged(text)) == (Failure(CINNABAR, text),)


def test_what_the_real_provider_logs_is_read_with_the_details_that_terraform_leaves_out() -> None:
    """Terraform 1.11 and the provider's 1.68, against an API that refuses all of them."""
    found = {each.address: each for each in read_failures(LOG.read_text())}
    key = found["hcloud_ssh_key.x"]
    assert key.text.startswith("API request failed: An unexpected error")
    assert "ssh_key_names" in str(advice(key, None))
    address = found["hcloud_primary_ip.p"]
    assert isinstance(address, QuotaExceeded)
    assert address.metric == "primary IPs"
    assert isinstance(found["hcloud_server.y"], NoRoom)
    assert type(found["hcloud_volume.v"]) is Failure
    assert find_created(LOG.read_text()) == set()


def test_out_of_locations_another_server_type_is_offered_and_a_group_may_be_full() -> None:
    machine = server(server_type="cx43", fallback_locations=("nbg1",), placement_group="apart")
    tried = {"cinnabar": ("fsn1", "nbg1")}
    with pytest.warns(UserWarning, match="take cpx42 instead"):
        fleet = fleet_of(machine)
    said = advise(fleet, NoRoom(CINNABAR, "no stock"), tried, ())
    assert said is not None
    assert "no location of cinnabar has room at the moment (fsn1, nbg1)" in said
    assert "give it more fallback_locations" in said
    assert "placement_group 'apart'" in said
    assert said.endswith("cx is often out of stock: server_type='cpx42' is less so")


def test_a_resize_without_stock_leaves_a_server_off_and_moves_nothing() -> None:
    said = advise(fleet_of(server()), NoRoom(CINNABAR, "no stock"), {}, {"cinnabar"})
    assert said is not None
    assert "it is not moved" in said
    assert "was powered off, and stays so: hcloud server poweron cinnabar" in said


def test_a_kept_address_holds_a_machine_where_it_is() -> None:
    machine = server(fallback_locations=("nbg1",))
    said = advise(fleet_of(machine), NoRoom(CINNABAR, "no stock"), {}, (), {"cinnabar"})
    assert said is not None
    assert "it would lose its addresses elsewhere, so it is not moved" in said
