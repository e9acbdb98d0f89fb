"""`infra deploy`, through the real cdktf and Terraform, and disks with what is on them."""

import json
from shutil import rmtree

import pytest

from tests.helpers.deployed import GALENA, Project
from tests.terraform.bucket import served

pytestmark = pytest.mark.usefixtures("cdktf")


def test_a_data_disk_is_not_deleted_unseen_however_little_is_known_here(project: Project) -> None:
    """The state is a team's, the checkout is new, all machines are off, the fleet is renamed."""
    cloud = project.workspace.cloud
    off = GALENA.replace("),", ", enabled=False),")
    with_disk = off.replace("),", ', data_disks=(DataDisk("ore", size_gb=10),)),')
    program = project.workspace.app / "main.py"

    def describe(machine: str, name: str) -> None:
        project.describe(machine)
        text = program.read_text().replace("(KEY,))", '(KEY,), backend=GcsBackend("state"))')
        program.write_text(text.replace('"metals"', f'"{name}"'))

    with served("state") as bucket:
        describe(with_disk, "metals")
        done = project.infra("deploy", "--yes", **bucket.environment)
        assert done.returncode == 0, done.stdout
        before = cloud.log
        assert "disks.insert ore" in before

        rmtree(project.workspace.app / "cdktf.out")
        describe(off, "ores")
        done = project.infra("deploy", "--yes", **bucket.environment)
        assert done.returncode == 1
        assert "infra: WARNING: stack gcp deletes data disk ore with all that is on it\n" in (
            done.stdout
        )
        assert done.stdout.endswith(
            "infra: data disk ore is deployed, and no machine of fleet ores has it. To delete it "
            "with what is on it, deploy without --yes\n"
        )

        lock = {"ID": "1", "Who": "someone@elsewhere", "Operation": "OperationTypeApply"}
        assert bucket.write("terraform/state/gcp/default.tflock", json.dumps(lock).encode(), None)
        done = project.infra("deploy", "--yes", **bucket.environment)
        assert done.returncode == 1
        assert "someone@elsewhere" in done.stdout
        assert done.stdout.endswith(
            "infra: stack gcp: what would change cannot be told, nothing was deployed\n"
        )
    assert cloud.log == before


def test_a_boot_disk_grows_and_is_not_asked_to_shrink(project: Project) -> None:
    def described(size_gb: int) -> str:
        return GALENA.replace("),", f", boot_disk=BootDisk(size_gb={size_gb})),")

    for size_gb in (100, 200):
        project.describe(described(size_gb))
        done = project.infra("deploy", "--yes")
        assert done.returncode == 0, done.stdout
    before = project.workspace.cloud.content()
    project.describe(described(199))
    for option in ("--yes", "--plan"):
        done = project.infra("deploy", option)
        assert done.returncode == 1
        assert "infra: machine 'galena': boot_disk.size_gb=199: its boot disk has 200 GB" in (
            done.stdout
        )
    assert project.workspace.cloud.content() == before


def test_a_data_disk_that_is_made_anew_is_attached_before_it_is_done(project: Project) -> None:
    disk = 'DataDisk("ore", size_gb=10, prevent_destroy=False{})'
    machine = GALENA.replace("),", f", data_disks=({disk},)),")
    project.describe(machine.format(""))
    done = project.infra("deploy", "--yes")
    assert done.returncode == 0, done.stdout
    assert "off its machine" not in done.stdout

    project.describe(machine.format(', type="pd-ssd"'))
    status, printed = project.infra_at_terminal("deploy", answer="y")
    assert status == 0, printed
    assert "infra: made anew, and off its machine: ore; deploying once more to attach\n" in printed
    cloud = project.workspace.cloud
    assert cloud.log.count("disks.insert ore") == 2
    assert [each["device_name"] for each in cloud.instances["galena"]["attached_disk"]] == ["ore"]
    assert project.workspace.plan().actions == {}


def test_variables_delete_no_data_disk_unseen(project: Project) -> None:
    """The plan gets the files that cdktf hands to Terraform, or neither gets them."""
    project.describe(GALENA.replace("),", ", enabled=False),"))
    main = project.workspace.app / "main.py"
    own = """stack = GcpStack(app, "gcp", fleet=fleet)
    from cdktf import TerraformVariable
    from cdktf_cdktf_provider_google.compute_disk import ComputeDisk

    many = TerraformVariable(stack, "many", type="number")
    ComputeDisk(stack, "mine", name="attic", zone="us-central1-b", size=10, count=many.number_value)
"""
    main.write_text(main.read_text().replace('GcpStack(app, "gcp", fleet=fleet)', own))
    variables = project.workspace.app / "terraform.tfvars"
    variables.write_text("many = 1")
    done = project.infra("deploy", "--yes")
    assert done.returncode == 0, done.stdout
    before = project.workspace.cloud.log
    assert "disks.insert attic" in before

    variables.write_text("many = 0")
    done = project.infra("deploy", "--yes")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (
        1,
        "infra: data disk attic is deployed, and no machine of fleet metals has it. To delete it "
        "with what is on it, deploy without --yes",
    )
    done = project.infra("deploy", "--yes", CDKTF_VAR="many=0")
    assert (done.returncode, done.stdout.splitlines()[-1].split(":")[1]) == (2, " CDKTF_VAR")
    assert project.workspace.cloud.log == before
