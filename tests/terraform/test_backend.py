"""Where the state is kept: in a bucket, a team shares it, and one person at a time changes it."""

import json

import pytest
from attrs import evolve

from infra_lib import GcsBackend
from tests.helpers.synthesis import text_of
from tests.terraform.bucket import served
from tests.terraform.harness import StandIn, Workspace
from tests.terraform.test_week import GALENA, fleet


def test_a_team_shares_the_state_in_a_bucket_and_locks_it(
    workspace: Workspace, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = fleet(GALENA)
    assert local.gcp
    backend = GcsBackend("metals-state", prefix="infra")
    shared = evolve(local, gcp=evolve(local.gcp, backend=backend))
    other = Workspace.make(workspace.app.parent / "other", stand_in)
    with served("metals-state") as bucket:
        environment = {**workspace.environment, **bucket.environment}
        mine, theirs = (evolve(each, environment=environment) for each in (workspace, other))
        for checkout in (mine, theirs):
            monkeypatch.chdir(checkout.app)
            text_of(checkout.app, shared)
            checkout.initialize()

        mine.apply()
        assert list(bucket.objects) == ["infra/gcp/default.tfstate"]
        assert theirs.plan().actions == {}
        assert theirs.outputs() == mine.outputs()

        lock = {"ID": "1", "Who": "someone@elsewhere", "Operation": "OperationTypeApply"}
        bucket.write("infra/gcp/default.tflock", json.dumps(lock).encode(), 0)
        (error,) = theirs.refused_apply().values()
        assert "Error acquiring the state lock" in error
        assert "someone@elsewhere" in error
