"""A deployment whose cdktf prints nothing: what Terraform logged is told all the same."""

from pathlib import Path

import pytest

from infra_lib import Fleet, GcpMachine, GcpProject, Gpu
from infra_lib.deploy.attempts import deploy
from infra_lib.deploy.cdktf import Cdktf

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
