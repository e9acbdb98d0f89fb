"""What is described, deployed and in the cloud, side by side: what differs, and what it costs."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from infra_lib import (
    DataDisk,
    Facts,
    Fleet,
    GcpMachine,
    GcpProject,
    HetznerMachine,
    HetznerProject,
    Machine,
    MachineFacts,
)
from infra_lib.clouds.gcp import operations as gcp
from infra_lib.clouds.hetzner import operations as hetzner
from infra_lib.operate.status import compare as comparing
from infra_lib.operate.status.asking import CloudAnswer, StackAnswer
from infra_lib.operate.status.compare import compare
from infra_lib.operate.status.data import status_data
from infra_lib.operate.status.result import MachineStatus, Status
from infra_lib.operate.status.text import duration, status_text
from infra_lib.operate.style import coloured
from infra_lib.terraform.state import Deployed
from tests.helpers.live import instance, server

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
GALENA = GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b")
OFF = evolve(GALENA, enabled=False)
STOPPED = evolve(GALENA, stopped=True)
CINNABAR = HetznerMachine("cinnabar", server_type="cx43", location="fsn1")
ON_THERE = Deployed("203.0.113.20", "us-central1-b", 0.5, fleet="metals")
STOPPED_THERE = Deployed(None, "us-central1-b", 0.01, "stopped", fleet="metals")


def fleet_of(*machines: Machine, facts: Facts | None = None, **fields: Any) -> Fleet:
    return Fleet(
        name="metals",
        domain="zt",
        machines=machines,
        gcp=GcpProject("example-project", region="us-central1", ssh_keys=(KEY,)),
        hetzner=HetznerProject(ssh_keys=(KEY,)),
        facts=facts or Facts(),
        **fields,
    )


def google(*instances: dict[str, Any], reason: str | None = None) -> CloudAnswer:
    machines = tuple(gcp.read_live(list(instances)))
    return CloudAnswer(cloud="gcp", about="Compute Engine", machines=machines, reason=reason)


def galena(status: str = "RUNNING", **more: Any) -> dict[str, Any]:
    given = {"zone": "us-central1-b", "machine_type": "e2-standard-8", **more}
    return instance("galena", status, **given)


def stack(**machines: Deployed) -> StackAnswer:
    return StackAnswer(name="gcp", clouds=frozenset({"gcp"}), machines=machines)


def unknown_stack(reason: str) -> StackAnswer:
    return evolve(stack(), reason=reason)


def seen(
    machine: Machine,
    stacks: Iterable[StackAnswer] = (),
    clouds: Iterable[CloudAnswer] = (),
    **fields: Any,
) -> MachineStatus:
    fleet = fleet_of(machine, **fields)
    found = compare(fleet, fleet.machines, [*stacks], [*clouds], NOW, whole=False)
    return found.machines[0]


def kinds(machine: MachineStatus) -> list[str]:
    return [each.kind for each in machine.differences]


@pytest.mark.parametrize(
    ("machine", "deployed", "cloud", "kind", "says", "command"),
    [
        # Nothing differs.
        (GALENA, {"galena": ON_THERE}, [galena()], None, "", None),
        (STOPPED, {"galena": STOPPED_THERE}, [galena("TERMINATED", ip=None)], None, "", None),
        (OFF, {}, [], None, "", None),
        # On the way, which ends by itself.
        (GALENA, {"galena": ON_THERE}, [galena("STAGING")], None, "", None),
        (GALENA, {"galena": ON_THERE}, [galena("REPAIRING")], None, "", None),
        (STOPPED, {"galena": STOPPED_THERE}, [galena("STOPPING")], None, "", None),
        # What the machine does by itself, or the cloud, or somebody.
        (
            *(GALENA, {"galena": ON_THERE}, [galena("TERMINATED", ip=None)]),
            *("stopped", "says TERMINATED", "infra deploy galena"),
        ),
        (
            *(GALENA, {"galena": ON_THERE}, [galena("SUSPENDED", ip=None)]),
            *("stopped", "says SUSPENDED", "infra deploy galena"),
        ),
        (GALENA, {"galena": ON_THERE}, [], "missing", "makes it anew", "infra deploy galena"),
        (GALENA, {"galena": ON_THERE}, [galena("REPENTING")], "state", "REPENTING", None),
        (
            *(STOPPED, {"galena": STOPPED_THERE}, [galena()]),
            *("runs", "costs $0.2", "infra deploy galena"),
        ),
        # What was described since.
        (GALENA, {}, [], "missing", "infra deploy galena makes it", "infra deploy galena"),
        (OFF, {"galena": ON_THERE}, [galena()], "left", "costs $0.2", "infra deploy galena"),
        (
            OFF,
            {"galena": ON_THERE},
            [galena("STOPPING")],
            "left",
            "STOPPING",
            "infra deploy galena",
        ),
        (
            *(OFF, {"galena": ON_THERE}, [], "vanished", "takes it from the state"),
            "infra deploy --stack gcp",
        ),
        # What Terraform does not know of.
        (GALENA, {}, [galena()], "unmanaged", "infra adopt", None),
        (
            *(OFF, {}, [galena()], "left", "no state has it"),
            "gcloud compute instances delete galena --zone=us-central1-b --project=example-project",
        ),
    ],
)
def test_what_differs_and_what_settles_it(
    machine: GcpMachine,
    deployed: dict[str, Deployed],
    cloud: list[dict[str, Any]],
    kind: str | None,
    says: str,
    command: str | None,
) -> None:
    found = seen(machine, [stack(**deployed)], [google(*cloud)])
    assert kinds(found) == ([] if kind is None else [kind])
    for each in found.differences:
        assert says in each.text
        assert each.command == command
        assert command is None or command in each.text


@pytest.mark.parametrize(
    ("machine", "deployed", "kind"),
    [
        (GALENA, {"galena": ON_THERE}, None),
        (GALENA, {"galena": STOPPED_THERE}, "stopped"),
        (GALENA, {"galena": evolve(ON_THERE, state="SUSPENDED")}, "state"),
        (GALENA, {}, "missing"),
        (STOPPED, {"galena": ON_THERE}, "runs"),
        (OFF, {"galena": ON_THERE}, "left"),
        (OFF, {}, None),
    ],
)
def test_without_a_cloud_the_state_of_terraform_is_what_counts(
    machine: GcpMachine, deployed: dict[str, Deployed], kind: str | None
) -> None:
    found = seen(machine, [stack(**deployed)])
    assert kinds(found) == ([] if kind is None else [kind])
    assert (found.live, found.live_unknown) == (None, "no cloud was asked")


def test_where_nobody_answers_nothing_differs_and_the_reasons_are_there() -> None:
    for machine in (GALENA, STOPPED, OFF):
        found = seen(machine, [unknown_stack("no Terraform")], [google(reason="no gcloud")])
        assert kinds(found) == []
        assert (found.deployed, found.deployed_unknown) == (None, "no Terraform")
        assert (found.live, found.live_unknown) == (None, "no gcloud")
        assert found.state == machine.state
    assert "no stack with machines of Compute Engine" in seen(GALENA).deployed_unknown


def test_one_stack_or_project_without_an_answer_leaves_open_what_is_not_there() -> None:
    dumb = StackAnswer(name="more", clouds=frozenset({"gcp"}), machines={}, reason="no bucket")
    elsewhere = StackAnswer(name="h", clouds=frozenset({"hetzner"}), machines={}, reason="no")
    assert seen(GALENA, [stack(), dumb]).deployed is None
    assert seen(GALENA, [stack(galena=ON_THERE), dumb]).deployed == "on"
    assert seen(GALENA, [stack(), elsewhere]).deployed == "off"
    silent = google(reason="no login")
    assert seen(GALENA, [], [google(), silent]).live is None
    assert seen(GALENA, [], [google(galena()), silent]).live == "on"


def test_what_two_stacks_have_is_not_known() -> None:
    both = [stack(galena=ON_THERE), evolve(stack(galena=ON_THERE), name="again")]
    assert "more than one stack: gcp and again" in seen(GALENA, both).deployed_unknown


def test_another_fleets_machine_of_that_name_is_not_this_ones() -> None:
    assert seen(GALENA, [stack(galena=evolve(ON_THERE, fleet="ores"))]).deployed == "off"


def test_a_server_that_is_powered_off_costs_the_same_and_hetzner_starts_it() -> None:
    (live,) = hetzner.read_live([server("cinnabar", "off")])
    answer = CloudAnswer(cloud="hetzner", about="Hetzner Cloud", machines=(live,))
    found = seen(CINNABAR, [], [answer])
    (difference,) = found.differences
    assert difference.kind == "stopped"
    assert difference.command == "hcloud server poweron cinnabar"
    assert found.per_hour == CINNABAR.bill.hour_now


def test_the_price_is_that_of_the_state_that_is_true() -> None:
    bill = GALENA.bill
    on, stopped = bill.hour_now, STOPPED.bill.hour_now
    assert seen(GALENA, [stack(galena=ON_THERE)], [google(galena())]).per_hour == on
    assert seen(GALENA, [], [google(galena("TERMINATED"))]).per_hour == stopped
    assert seen(STOPPED, [], [google(galena())]).per_hour == on
    assert seen(OFF, [], [google(galena("STOPPING"))]).per_hour == on
    # As it was deployed, where no cloud says better.
    assert seen(GALENA, [stack(galena=ON_THERE)]).per_hour == ON_THERE.per_hour
    assert seen(GALENA).per_hour == on
    suspended = seen(GALENA, [], [google(galena("SUSPENDED"))]).per_hour
    assert suspended is not None
    assert (suspended.known, suspended.value) == (stopped.known, None)
    unheard = seen(GALENA, [], [google(galena("REPENTING"))]).per_hour
    assert unheard is not None
    assert unheard.known is None
    # Of another machine type the label says what it costs, while it runs.
    other = seen(GALENA, [], [google(galena(machine_type="e2-standard-2"))])
    assert other.per_hour is not None
    assert other.per_hour.known == 0.73
    assert kinds(other) == ["machine type"]
    assert seen(GALENA, [], [google(galena("TERMINATED", machine_type="x"))]).per_hour != stopped


def test_disks_that_outlive_a_machine_are_counted_while_it_is_off() -> None:
    kept = evolve(OFF, data_disks=(DataDisk("ore", size_gb=500),))
    price = seen(kept, [stack()], [google()]).per_hour
    assert price == kept.bill.hour_now
    assert price is not None
    assert price.known


def test_a_machine_elsewhere_than_described_is_told_of() -> None:
    moved = seen(GALENA, [], [google(galena(zone="us-central1-f"))])
    assert kinds(moved) == ["zone"]
    assert moved.differences[0].command == "infra deploy galena"
    falls_back = evolve(GALENA, fallback_zones=("us-central1-f",))
    moved = seen(falls_back, [], [google(galena(zone="us-central1-f"))])
    assert moved.differences[0].command == "infra sync"


def test_an_address_that_the_facts_do_not_have_is_told_of(tmp_path: Path) -> None:
    def facts(address: str | None) -> Facts:
        path = tmp_path / "facts.json"
        known = Facts(machines=(MachineFacts("galena", external_ip=address),), path=path)
        known.save()
        return Facts.load(path)

    cloud = [google(galena())]
    assert kinds(seen(GALENA, [], cloud, facts=facts("203.0.113.20"))) == []
    old = facts("203.0.113.99")
    (difference,) = seen(GALENA, [stack(galena=ON_THERE)], cloud, facts=old).differences
    assert (difference.kind, difference.command) == ("address", "infra sync")
    assert "203.0.113.20, and the facts have 203.0.113.99" in difference.text
    before = evolve(ON_THERE, external_ip="203.0.113.99")
    (difference,) = seen(GALENA, [stack(galena=before)], cloud, facts=old).differences
    assert difference.command == "infra deploy --stack gcp"
    (difference,) = seen(GALENA, [], cloud, facts=facts(None)).differences
    assert "the facts have none" in difference.text
    # A machine that is stopped has none, and that is no news.
    stopped = seen(STOPPED, [], [google(galena("TERMINATED", ip=None))], facts=old)
    assert (kinds(stopped), stopped.external_ip) == ([], None)


def test_what_is_left_of_a_run_is_until_the_first_of_its_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limited = galena(scheduling={"maxRunDuration": {"seconds": "14400"}})
    assert seen(GALENA, [], [google(limited)]).ends_at == datetime(2026, 11, 26, 14, tzinfo=UTC)
    sooner, later = NOW + timedelta(minutes=30), NOW + timedelta(days=1)
    monkeypatch.setattr(comparing, "on_until", lambda _: sooner)
    assert seen(GALENA, [], [google(limited)]).ends_at == sooner
    assert seen(GALENA).ends_at == sooner
    assert seen(OFF).ends_at is None
    monkeypatch.setattr(comparing, "on_until", lambda _: later)
    found = seen(GALENA, [], [google(limited)])
    assert (found.ends_at, found.on_until, kinds(found)) == (NOW + timedelta(hours=2), later, [])


def test_a_machine_that_is_on_for_too_long_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "on_until", lambda _: NOW - timedelta(hours=1))
    found = seen(GALENA, [], [google(galena())])
    (difference,) = found.differences
    assert (difference.kind, difference.command) == ("overdue", "infra disable galena")
    assert kinds(seen(GALENA, [], [google(galena("TERMINATED"))])) == ["stopped"]


def whole(fleet: Fleet, stacks: list[StackAnswer], clouds: list[CloudAnswer]) -> Status:
    return compare(fleet, fleet.machines, stacks, clouds, NOW, whole=True)


def test_what_bears_the_label_and_is_not_described_is_listed_with_its_price() -> None:
    status = whole(fleet_of(GALENA), [stack()], [google(galena(), instance("cobalt"))])
    cobalt = status.machines[-1]
    assert (cobalt.name, cobalt.is_described, cobalt.described) == ("cobalt", False, None)
    assert cobalt.per_hour is not None
    assert cobalt.per_hour.known == 0.73
    (difference,) = cobalt.differences
    assert difference.kind == "undescribed"
    assert (difference.command or "").startswith("gcloud compute instances delete cobalt ")
    held = whole(fleet_of(GALENA), [stack(cobalt=ON_THERE)], [google(instance("cobalt"))])
    assert held.machines[-1].differences[0].command == "infra deploy --stack gcp"
    chosen = compare(
        fleet_of(GALENA), (GALENA,), [], [google(instance("cobalt"))], NOW, whole=False
    )
    assert [each.name for each in chosen.machines] == ["galena"]


def test_what_only_terraform_has_and_the_fleet_does_not_is_listed_unless_the_cloud_denies_it() -> (
    None
):
    stacks = [stack(cobalt=ON_THERE, foreign=evolve(ON_THERE, fleet="ores"))]
    (cobalt,) = whole(fleet_of(GALENA), stacks, []).machines[1:]
    assert (cobalt.name, cobalt.per_hour) == ("cobalt", ON_THERE.per_hour)
    (cobalt,) = whole(fleet_of(GALENA), stacks, [google(reason="no")]).machines[1:]
    assert cobalt.cloud == "gcp"
    assert whole(fleet_of(GALENA), stacks, [google()]).machines[1:] == ()


def test_of_two_of_one_name_the_one_where_it_is_described_counts() -> None:
    both = google(galena("TERMINATED", zone="us-central1-f"), galena())
    for answers in ([both], [google(reason="x"), both]):
        status = whole(fleet_of(GALENA), [], answers)
        first, twin = status.machines
        assert (first.zone, first.live) == ("us-central1-b", "on")
        assert kinds(twin) == ["twice"]
        assert "--zone=us-central1-f" in (twin.differences[0].command or "")


def test_a_machine_of_another_cloud_of_the_same_name_is_not_described() -> None:
    there = tuple(hetzner.read_live([server("galena")]))
    answer = CloudAnswer(cloud="hetzner", about="Hetzner Cloud", machines=there)
    status = whole(fleet_of(GALENA), [], [google(galena()), answer])
    assert [kinds(each) for each in status.machines] == [[], ["undescribed"]]


def test_machines_that_are_not_provisioned_have_their_addresses() -> None:
    found = seen(Machine("stibnite", machine_class="darwin"))
    assert (found.cloud, found.described, found.per_hour, found.state) == (None, None, None, None)


WORDS = st.text(max_size=10) | st.sampled_from(["RUNNING", "TERMINATED", "SUSPENDED", "STOPPING"])
DEPLOYED = st.builds(
    Deployed,
    st.none() | st.just("203.0.113.20"),
    st.sampled_from(["us-central1-b", "us-central1-f", "x"]),
    st.none() | st.floats(0, 9),
    st.sampled_from(["on", "stopped", "SUSPENDED", None, 3]),
    st.sampled_from(["metals", None, "ores"]),
)


@given(
    st.sampled_from([GALENA, STOPPED, OFF]),
    st.lists(
        st.builds(
            StackAnswer,
            name=st.sampled_from("ab"),
            clouds=st.just(frozenset({"gcp"})),
            machines=st.dictionaries(st.sampled_from(["galena", "cobalt"]), DEPLOYED, max_size=2),
            reason=st.none() | st.just("no"),
        ),
        max_size=2,
    ),
    st.lists(WORDS, max_size=3),
    st.sampled_from(["galena", "cobalt", "\x1b[31mred", "名前" * 60]),
)
def test_whatever_is_said_there_is_a_status_that_can_be_shown(
    machine: GcpMachine, stacks: list[StackAnswer], words: list[str], name: str
) -> None:
    cloud = google(*(instance(name, word, zone="us-central1-b") for word in words))
    status = whole(fleet_of(machine), stacks, [cloud])
    text = status_text(status, 60)
    assert "\x1b" not in text
    assert status_data(status)["fleet"] == "metals"
    for each in status.machines:
        assert each.per_hour is not None
        # What is not described costs something, and stands out.
        assert each.is_described or each.differences
    lines = status_text(status).splitlines()
    assert sum(line.startswith("! ") for line in lines) == len(status.differences)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (11_520, "3 h 12 min"),
        (86_400, "1 d"),
        (183_600, "2 d 3 h"),
        (90_000_000, "1041 d 16 h"),
        (-5, "0 s"),
    ],
)
def test_times_are_said_in_two_units(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def shown() -> Status:
    fleet = fleet_of(GALENA, evolve(OFF, name="ore"), Machine("stibnite", machine_class="darwin"))
    cloud = google(
        galena("TERMINATED", ip=None, lastStopTimestamp="2026-11-26T09:48:00Z"), instance("cobalt")
    )
    return whole(fleet, [stack(galena=ON_THERE)], [cloud])


def test_what_differs_stands_out_without_colours(in_zone: Callable[[str], None]) -> None:
    in_zone("UTC")
    text = status_text(shown())
    rows = {line.split()[0]: line for line in text.splitlines() if line}
    assert rows["galena"].split()[:5] == ["galena", "on", "on", "!", "stopped"]
    assert "2 h 12 min" in rows["galena"]
    assert rows["ore"].split()[1:4] == ["off", "off", "off"]
    assert rows["cobalt"].split()[1:5] == ["!", "no", "?", "on"]
    assert "! galena: described on, and Compute Engine says TERMINATED" in text
    assert "infra deploy galena starts it again." in text
    assert text.splitlines()[-1].startswith("1 of 3 machines on: $0.7")


def test_colours_are_only_looks() -> None:
    status = shown()
    painted = status_text(status, None, coloured)
    assert "\x1b[31m! stopped\x1b[0m" in painted
    assert re.sub(r"\x1b\[[0-9]*m", "", painted) == status_text(status)


def test_a_narrow_terminal_is_not_left() -> None:
    for width in (40, 60, 80):
        text = status_text(shown(), width)
        assert max(map(len, text.splitlines())) <= max(width, 46)
        assert "Left out" in text


def test_a_name_of_the_cloud_does_nothing_to_a_terminal() -> None:
    evil = "\x1b]0;gone\x07\x1b[2J\u202e"
    status = whole(fleet_of(GALENA), [], [google(instance(evil, evil, zone=evil))])
    text = status_text(status, None, coloured)
    for act in ("\x1b]", "\x1b[2J", "\x07", "\u202e"):
        assert act not in text


def test_who_could_not_be_asked_is_told_and_what_is_only_described() -> None:
    silent = google(reason="gcloud is not logged in: gcloud auth login")
    text = status_text(whole(fleet_of(GALENA), [unknown_stack("no Terraform")], [silent]))
    assert "Terraform's state of stack gcp is not known: no Terraform." in text
    assert "Compute Engine could not be asked: gcloud is not logged in: gcloud auth login." in text
    assert "As described, 1 of 1 machines on: $0." in text
    assert " CLOUD " not in status_text(whole(fleet_of(GALENA), [stack()], []))


def test_the_data_has_a_shape_that_stays() -> None:
    data = status_data(shown())
    first = data["machines"][0]
    assert first["since"] == "2026-11-26T09:48:00+00:00"
    assert (first["described"], first["deployed"], first["live"]) == ("on", "on", "stopped")
    assert [each["kind"] for each in first["differences"]] == ["stopped"]
    assert [*data] == [
        *("fleet", "at", "machines", "usd_per_hour", "known_usd_per_hour", "unknown_prices"),
        *("by_currency", "clouds", "stacks"),
    ]
    assert data["by_currency"] == {
        "USD": {"per_hour": data["usd_per_hour"], "per_hour_at_least": data["usd_per_hour"]}
    }
    assert data["clouds"] == [{"about": "Compute Engine", "cloud": "gcp", "reason": None}]
    assert data["unknown_prices"] == []
    assert data["usd_per_hour"] == pytest.approx(
        sum(each["usd_per_hour"] for each in data["machines"] if each["cloud"])
    )
