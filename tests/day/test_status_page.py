"""docs/day.md shows what `infra status` prints."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import get_args

from infra_lib import (
    Facts,
    Fleet,
    GcpMachine,
    GcpProject,
    Gpu,
    HetznerMachine,
    HetznerProject,
    Machine,
    MachineFacts,
)
from infra_lib.clouds.gcp import operations as gcp
from infra_lib.operate.status.asking import CloudAnswer, StackAnswer
from infra_lib.operate.status.compare import compare
from infra_lib.operate.status.result import Kind
from infra_lib.operate.status.text import status_text
from infra_lib.terraform.state import Deployed
from tests.helpers import CHECKOUT
from tests.helpers.live import instance

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFkbWluOiBleGFtcGxlLCBubyBwcml2YXRlIGtleS4u admin"
PAGE = (CHECKOUT / "docs/day.md").read_text()
FLEET = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1", ssh_keys=(KEY,)),
    hetzner=HetznerProject(ssh_keys=(KEY,)),
    machines=(
        HetznerMachine("cinnabar", server_type="cx43", location="fsn1"),
        GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b"),
        GcpMachine(
            "scheelite",
            machine_type="n1-standard-8",
            zone="us-central1-c",
            gpu=Gpu("nvidia-tesla-t4"),
            enabled=True,
        ),
        Machine("stibnite", machine_class="darwin"),
    ),
    facts=Facts(machines=(MachineFacts("cinnabar", external_ip="203.0.113.5"),)),
)


def test_the_page_has_what_the_command_prints(in_zone: Callable[[str], None]) -> None:
    in_zone("UTC")
    galena = instance(
        "galena",
        zone="us-central1-b",
        machine_type="e2-standard-8",
        lastStartTimestamp="2026-11-23T09:00:00Z",
    )
    scheelite = instance(
        "scheelite", "TERMINATED", ip=None, lastStopTimestamp="2026-11-26T11:20:00Z"
    )
    cobalt = instance(
        "cobalt",
        machine_type="e2-standard-2",
        ip="203.0.113.44",
        labels={"fleet": "metals", "cost": "0-0670-usd-per-hour"},
        scheduling={"maxRunDuration": {"seconds": "14400"}},
    )
    there = Deployed("203.0.113.20", "us-central1-b", None, fleet="metals")
    stacks = [
        StackAnswer(
            name="gcp",
            clouds=frozenset({"gcp"}),
            machines={"galena": there, "scheelite": there},
        ),
        StackAnswer(
            name="hetzner",
            clouds=frozenset({"hetzner"}),
            machines={"cinnabar": Deployed("203.0.113.5", "fsn1", None, fleet="metals")},
        ),
    ]
    clouds = [
        CloudAnswer(
            cloud="gcp",
            about="Compute Engine (project example-project)",
            machines=tuple(gcp.read_live([galena, scheelite, cobalt])),
        ),
        CloudAnswer(
            cloud="hetzner",
            about="Hetzner Cloud",
            reason="hcloud is not on PATH: https://github.com/hetznercloud/cli",
        ),
    ]
    now = datetime(2026, 11, 26, 12, 3, 5, tzinfo=UTC)
    status = compare(FLEET, FLEET.machines, stacks, clouds, now, whole=True)
    assert f"$ infra status\n{status_text(status, 130)}\n" in PAGE, status_text(status, 130)


def test_the_page_names_every_kind_of_difference() -> None:
    missing = [kind for kind in get_args(Kind) if f"| `{kind}` |" not in PAGE]
    assert missing == []
