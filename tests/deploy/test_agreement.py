"""What is deployed was agreed to, and is within the budget."""

import subprocess
import sys

import pytest

from infra_lib import (
    AddressPrice,
    Catalog,
    DataDisk,
    DiskPrice,
    Fleet,
    GcpMachine,
    GcpProject,
    Gpu,
    Price,
)
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


@pytest.mark.parametrize(("budget", "refused"), [(0.74, False), (0.7399, True), (0.7, True)])
def test_a_budget_may_be_used_up_and_no_more(budget: float, refused: bool) -> None:
    """With a machine that is stopped, and a data disk of one that is off."""
    catalog = Catalog(
        prices=(
            Price("e2-standard-8", "*", 0.25),
            Price("n1-standard-8", "*", 0.25),
            Price("nvidia-tesla-t4", "*", 0.125),
        ),
        disk_prices=(DiskPrice("pd-balanced", "*", 0.073),),
        address_prices=(AddressPrice("*", 0.0325, 1.0),),
    )
    machines = (
        GcpMachine("galena", machine_type="e2-standard-8", zone="us-central1-b", catalog=catalog),
        GcpMachine(
            "quartz",
            machine_type="n1-standard-8",
            zone="us-central1-b",
            stopped=True,
            catalog=catalog,
        ),
        GcpMachine(
            "halite",
            machine_type="n1-standard-8",
            zone="us-central1-b",
            enabled=False,
            catalog=catalog,
            data_disks=(DataDisk("ore", size_gb=200),),
        ),
        GcpMachine(
            "scheelite",
            machine_type="n1-standard-8",
            zone="us-central1-c",
            gpu=Gpu("nvidia-tesla-t4"),
            enabled=True,
            catalog=catalog,
        ),
    )
    project = GcpProject("example-project", region="us-central1")
    fleet = Fleet(
        name="metals", domain="zt", gcp=project, machines=machines, budget_usd_per_hour=budget
    )
    assert (over_budget(fleet) is not None) == refused
