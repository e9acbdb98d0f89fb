"""What gcloud and hcloud print, read: their words, addresses, moments; and whatever else."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_lib import Fleet, GcpMachine, GcpProject, HetznerMachine, HetznerProject
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.gcp import operations as gcp
from infra_lib.clouds.hetzner import operations as hetzner
from infra_lib.clouds.live import Live
from infra_lib.model.errors import FleetError
from infra_lib.model.money import Amount, Currency, from_label, label
from tests.helpers.hostile import hostile
from tests.helpers.live import instance, server

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
GOOGLES = (
    *("name", "status", "zone", "machineType", "selfLink", "labels", "creationTimestamp"),
    *("lastStartTimestamp", "networkInterfaces", "scheduling", "resourceStatus"),
)
HETZNERS = (
    *("name", "status", "created", "public_net", "location", "datacenter", "server_type"),
    "labels",
)


def of_google(*args: Any, **more: Any) -> Live:
    (live,) = gcp.read_live([instance("scheelite", *args, **more)])
    return live


def of_hetzner(*args: Any, **more: Any) -> Live:
    (live,) = hetzner.read_live([server("cinnabar", *args, **more)])
    return live


def test_an_instance_says_where_it_is_and_since_when() -> None:
    live = of_google()
    assert (live.name, live.said, live.state, live.paid_as) == ("scheelite", "RUNNING", "on", "on")
    assert (live.zone, live.machine_type) == ("us-central1-c", "n1-standard-8")
    assert (live.external_ip, live.external_ipv6) == ("203.0.113.20", None)
    assert live.since == datetime(2026, 11, 26, 10, tzinfo=UTC)
    assert live.ends_at is None
    assert from_label(live.cost_label) == Amount(0.73)
    assert live.delete[-3:] == ("scheelite", "--zone=us-central1-c", "--project=example-project")


def test_an_instance_that_is_stopped_has_been_so_since_it_was() -> None:
    live = of_google("TERMINATED", ip=None, lastStopTimestamp="2026-11-26T20:00:00.000-08:00")
    assert (live.state, live.paid_as, live.settles) == ("stopped", "stopped", False)
    assert live.since == datetime(2026, 11, 27, 4, tzinfo=UTC)
    assert live.external_ip is None
    assert "idle" in live.why


@pytest.mark.parametrize(
    ("said", "state", "settles"),
    [
        ("PENDING", "starting", True),
        ("PROVISIONING", "starting", True),
        ("STAGING", "starting", True),
        ("REPAIRING", "repairing", True),
        ("PENDING_STOP", "stopping", True),
        ("STOPPING", "stopping", True),
        ("DEPROVISIONING", "stopping", True),
        ("SUSPENDING", "suspending", True),
        ("SUSPENDED", "suspended", False),
        ("STOPPED", "stopped", False),
    ],
)
def test_every_word_of_google_is_known(said: str, state: str, settles: bool) -> None:
    live = of_google(said)
    assert (live.state, live.settles) == (state, settles)
    # On the way nothing is cheaper than it may be.
    assert live.paid_as == ("on" if settles else "stopped")


@pytest.mark.parametrize("said", ["REPENTING", "running", ""])
def test_a_word_that_google_did_not_have_is_kept_and_costs_nobody_knows_what(said: str) -> None:
    live = of_google(said)
    assert (live.state, live.paid_as, live.settles) == (said or "nothing", None, False)


@pytest.mark.parametrize(
    ("said", "state", "settles"),
    [
        ("running", "on", False),
        ("off", "powered off", False),
        ("initializing", "initializing", True),
        ("starting", "starting", True),
        ("stopping", "stopping", True),
        ("migrating", "migrating", True),
        ("rebuilding", "rebuilding", True),
        ("deleting", "deleting", True),
        ("unknown", "unknown", False),
        ("dreaming", "dreaming", False),
    ],
)
def test_every_word_of_hetzner_is_known_and_costs_the_same(
    said: str, state: str, settles: bool
) -> None:
    live = of_hetzner(said)
    assert (live.state, live.settles, live.paid_as) == (state, settles, "on")


def test_a_server_says_where_it_is_and_since_when() -> None:
    live = of_hetzner()
    assert (live.zone, live.machine_type) == ("fsn1", "cx43")
    assert (live.external_ip, live.external_ipv6) == ("203.0.113.5", "2001:db8:c1:5::1")
    assert live.since == datetime(2025, 1, 30, 23, 55, tzinfo=UTC)
    assert live.start == "hcloud server poweron cinnabar"
    before = of_hetzner(location=None, datacenter={"name": "x", "location": {"name": "hel1"}})
    assert before.zone == "hel1"
    bare = of_hetzner(ipv4=None, ipv6=None)
    assert (bare.external_ip, bare.external_ipv6) == (None, None)


def test_the_end_of_a_run_is_what_google_says_or_else_computed() -> None:
    limited = {"maxRunDuration": {"seconds": "14400", "nanos": 0}}
    assert of_google(scheduling=limited).ends_at == datetime(2026, 11, 26, 14, tzinfo=UTC)
    told = {"scheduling": {"terminationTimestamp": "2026-11-26T05:00:00.000-08:00"}}
    there = of_google(scheduling=limited, resourceStatus=told)
    assert there.ends_at == datetime(2026, 11, 26, 13, tzinfo=UTC)
    fixed = of_google(scheduling={"terminationTime": "2026-11-26T15:00:00Z"})
    assert fixed.ends_at == datetime(2026, 11, 26, 15, tzinfo=UTC)
    # One that does not run has no end before it.
    assert of_google("TERMINATED", scheduling=limited, resourceStatus=told).ends_at is None


@pytest.mark.parametrize("seconds", ["", "x", "-1", "0", "1e99", "nan", "inf", 10**400, None, []])
def test_a_limit_that_is_none_is_left_out(seconds: Any) -> None:
    assert of_google(scheduling={"maxRunDuration": {"seconds": seconds}}).ends_at is None


@pytest.mark.parametrize(
    "said",
    ["", "yesterday", "2026-11-26", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-01:00"],
)
def test_a_moment_that_is_none_is_left_out(said: str) -> None:
    live = of_google(creationTimestamp=said, lastStartTimestamp=said)
    assert live.since is None


@pytest.mark.parametrize("read", [gcp.read_live, hetzner.read_live])
def test_an_empty_list_is_one_and_anything_else_none(read: Callable[[object], list[Live]]) -> None:
    assert read([]) == read(None) == []
    others: list[object] = [{}, {"error": "no"}, "text", 3, [3], [{}], [{"name": ""}]]
    for other in (*others, [{"name": 3}]):
        with pytest.raises(FleetError, match="no list of"):
            read(other)


@given(st.dictionaries(st.sampled_from(GOOGLES), JSON))
def test_whatever_is_in_an_instance_it_is_read_or_refused(changes: dict[str, Any]) -> None:
    given_ = {**instance("scheelite"), **changes}
    if not isinstance(given_["name"], str) or not given_["name"]:
        with pytest.raises(FleetError):
            gcp.read_live([given_])
        return
    (live,) = gcp.read_live([given_])
    assert live.name == given_["name"]


@given(st.dictionaries(st.sampled_from(HETZNERS), JSON))
def test_whatever_is_in_a_server_it_is_read_or_refused(changes: dict[str, Any]) -> None:
    given_ = {**server("cinnabar"), **changes}
    if not isinstance(given_["name"], str) or not given_["name"]:
        with pytest.raises(FleetError):
            hetzner.read_live([given_])
        return
    (live,) = hetzner.read_live([given_])
    assert live.name == given_["name"]


@given(
    st.floats(0, 10_000),
    st.sampled_from(["USD", "EUR"]),
    st.sampled_from([(), ("boot disk",)]),
)
def test_a_label_gives_back_the_price_that_was_written(
    known: float, currency: Currency, unknown: tuple[str, ...]
) -> None:
    read = from_label(label(Amount(known, unknown, currency)))
    assert read is not None
    assert (round(known, 4), currency) == (read.known, read.currency)
    assert bool(read.unknown) == bool(unknown)


@pytest.mark.parametrize("value", [None, "", "unknown", "0-73-usd-per-hour", "1-0000-gbp-per-hour"])
def test_a_label_of_something_else_is_no_price(value: str | None) -> None:
    assert from_label(value) is None


def test_google_is_asked_about_the_fleet_in_its_project() -> None:
    galena = GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b")
    project = GcpProject("example-project", region="us-central1", ssh_keys=(KEY,))
    fleet = Fleet(name="metals", domain="zt", gcp=project, machines=(galena,))
    question = gcp.live_question(fleet, project, "", {})
    assert {"--filter=labels.fleet=metals", "--project=example-project"} < {*question.command}
    assert question.lacking is None
    assert "--project=other" in gcp.live_question(fleet, project, "other", {}).command


def test_hetzner_is_asked_by_what_the_environment_names_and_no_secret_is_told() -> None:
    cinnabar = HetznerMachine("cinnabar", server_type="cx43", location="fsn1")
    project = HetznerProject(ssh_keys=(KEY,), name="metals at Hetzner")
    fleet = Fleet(name="metals", domain="zt", hetzner=project, machines=(cinnabar,))
    question = hetzner.live_question(fleet, project, "", {})
    assert "HCLOUD_TOKEN" in (question.lacking or "")
    for variables in ({"HCLOUD_TOKEN": "s" * 64}, {"HCLOUD_CONTEXT": "s" * 64}):
        question = hetzner.live_question(fleet, project, "", variables)
        assert question.lacking is None
        assert "s" * 64 not in repr(question)
    assert "--selector=fleet=metals" in question.command
    assert question.about == "Hetzner Cloud (project metals at Hetzner)"


def test_what_logs_in_is_told() -> None:
    said = "ERROR: (gcloud.compute.instances.list) You do not currently have an active account"
    assert "gcloud auth login" in (gcp.why_not_live(said) or "")
    assert "HCLOUD_TOKEN" in (
        hetzner.why_not_live("hcloud: unable to authenticate (unauthorized)") or ""
    )
    for cloud in CLOUDS.values():
        assert cloud.operations().why_not_live("quota exceeded") is None


def test_subclasses_of_text_are_made_exact() -> None:
    live = Live(name=hostile("x"), said=hostile("RUNNING"), state=hostile("on"), paid_as=None)
    assert {type(each) for each in (live.name, live.said, live.state)} == {str}
