"""Local SSDs that Compute Engine attaches unasked, since they come with a machine type."""

import pytest

from infra_lib import GcpMachine
from tests.stacks.fleets import fleet_of
from tests.stacks.synthesis import text_of
from tests.terraform.harness import Workspace


def test_a_machine_that_comes_with_local_ssds_is_not_made_anew_for_them(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(workspace.app)
    machine = GcpMachine(
        "anatase", machine_type="a2-ultragpu-1g", zone="us-central1-a", enabled=True
    )
    text_of(workspace.app, fleet_of(machine))
    workspace.initialize()
    workspace.apply()
    with workspace.cloud.changed() as content:
        (instance,) = content["resources"]["google_compute_instance"].values()
        instance["scratch_disk"] = [
            {"device_name": "local-ssd-0", "interface": "NVME", "size": 375}
        ]
    assert workspace.plan().actions == {}
