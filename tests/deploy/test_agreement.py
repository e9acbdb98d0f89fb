"""What is deployed was agreed to, and is within the budget."""

import subprocess
import sys

import pytest

from infra_lib import Fleet, GcpMachine, GcpProject, Gpu
from infra_lib.operate.deploy.price import over_budget


@pytest.mark.parametrize(
    ("typed", "agreed"),
    [("y", True), (" YES ", True), ("", False), ("n", False), ("yes please", False), (None, False)],
)
def test_only_a_yes_agrees(typed: str | None, agreed: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from infra_lib.commands import deploy; print(deploy._confirm())"],
        input="" if typed is None else f"{typed}\n",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    assert done.stdout == f"Deploy this? [y/N] {agreed}\n"


@pytest.mark.parametrize(("budget", "refused"), [(0.99805, False), (0.99804, True), (0.99, True)])
def test_a_budget_may_be_used_up_and_no_more(budget: float, refused: bool) -> None:
    machines = (
        GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b"),
        GcpMachine("quartz", machine_type="n1-standard-8", zone="us-central1-b", stopped=True),
        GcpMachine(
            "scheelite",
            machine_type="n1-standard-8",
            zone="us-central1-c",
            gpu=Gpu("nvidia-tesla-t4"),
            enabled=True,
        ),
    )
    project = GcpProject("example-project", region="us-central1")
    fleet = Fleet(
        name="metals", domain="zt", gcp=project, machines=machines, budget_usd_per_hour=budget
    )
    assert (over_budget(fleet) is not None) == refused
