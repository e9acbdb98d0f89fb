"""A deployment whose cdktf prints nothing: what Terraform logged is told all the same."""

from pathlib import Path

import pytest
from attrs import evolve

from infra_lib import Facts, Fleet, GcpMachine, GcpProject, Gpu, MachineFacts
from infra_lib.deploy.attempts import deploy
from infra_lib.deploy.cdktf import Cdktf
from tests.facts import projects

CDKTF = """\
#!/bin/sh
echo '2026-11-23T03:30:16.720Z [ERROR] vertex "{}" error: {}' >>"$TF_LOG_PATH"
exit 1
"""
FLEET = Fleet(
    name="metals",
    domain="zt",
    gcp=GcpProject("example-project", region="us-central1"),
    machines=(
        GcpMachine(
            "scheelite",
            machine_type="n1-standard-8",
            zone="us-central1-c",
            gpu=Gpu("nvidia-tesla-t4"),
            enabled=True,
        ),
    ),
)


@pytest.mark.parametrize(
    ("address", "error", "said"),
    [
        (
            "google_compute_instance.scheelite",
            "Quota GPUS_ALL_REGIONS: QUOTA_EXCEEDED",
            "infra: scheelite would exceed a quota: ",
        ),
        (
            "google_compute_firewall.ssh",
            "googleapi: Error 403: Required permission, forbidden",
            "infra: google_compute_firewall.ssh: googleapi: Error 403: Required permission",
        ),
    ],
)
def test_an_error_that_cdktf_loses_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], address: str, error: str, said: str
) -> None:
    command = tmp_path / "cdktf"
    command.write_text(CDKTF.format(address, error))
    command.chmod(0o755)
    cdktf = Cdktf(str(command), tmp_path, (), FLEET.name)
    assert deploy(cdktf, FLEET, any_price=True) is None
    assert capsys.readouterr().err.startswith(said)


class TestFacts:
    """What a deployment writes into the facts, which others write into while it runs."""

    @pytest.fixture
    def fleet(self, tmp_path: Path) -> Fleet:
        """Two machines that have another zone to go to."""
        (scheelite,) = FLEET.gcp_machines
        scheelite = evolve(scheelite, fallback_zones=("us-central1-a",))
        machines = (scheelite, evolve(scheelite, name="wolframite"))
        return evolve(FLEET, machines=machines, facts=Facts.load(tmp_path / "facts.json"))

    def failing(self, folder: Path, fleet: Fleet, *, between: str) -> None:
        """Deploy where no zone has room, with a shell command that runs as the second begins."""
        projects.stack(folder)
        projects.deploy(folder, {})
        logged = "".join(
            CDKTF.splitlines(keepends=True)[1].format(
                f"google_compute_instance.{each.name}", "ZONE_RESOURCE_POOL_EXHAUSTED"
            )
            for each in fleet.gcp_machines
        )
        command = folder / "cdktf"
        command.write_text(
            f"#!/bin/sh\n{logged}[ ! -e second ] || {{\n{between}\n}}\ntouch second\nexit 1\n"
        )
        command.chmod(0o755)
        cdktf = Cdktf(str(command), folder, (), fleet.name)
        assert deploy(cdktf, fleet, any_price=True) is None

    def zones(self, folder: Path) -> dict[str, str | None]:
        return {each.name: each.zone for each in Facts.load(folder / "facts.json").machines}

    def test_the_zones_that_were_tried_are_taken_back(self, tmp_path: Path, fleet: Fleet) -> None:
        self.failing(tmp_path, fleet, between="cp facts.json tried.json")
        tried = Facts.from_json((tmp_path / "tried.json").read_text(), "tried.json")
        assert {each.zone for each in tried.machines} == {"us-central1-a"}
        assert self.zones(tmp_path) == {}

    def test_that_of_a_machine_that_exists_by_now_is_not(
        self, tmp_path: Path, fleet: Fleet
    ) -> None:
        there: dict[str, object] = {
            "zone": "us-central1-a",
            "machine_type": "n1-standard-8",
            "external_ip": None,
        }
        there |= {"usd_per_hour": 0.73}
        projects.stack(tmp_path / "made")
        projects.deploy(tmp_path / "made", {"wolframite": there})
        self.failing(tmp_path, fleet, between="cp made/terraform.gcp.tfstate .")
        assert self.zones(tmp_path) == {"wolframite": "us-central1-a"}

    def test_what_others_write_meanwhile_stays(self, tmp_path: Path, fleet: Fleet) -> None:
        others = Facts(machines=(MachineFacts("galena", external_ip="203.0.113.7"),))
        (tmp_path / "others.json").write_text(others.to_json())
        self.failing(tmp_path, fleet, between="cp others.json facts.json")
        assert Facts.load(tmp_path / "facts.json").machine("galena") == others.machine("galena")
