"""`infra deploy`, through the real cdktf and Terraform, when zones are full and quotas are low."""

import json
import os
import re
import signal
from shutil import rmtree

import pytest

from infra_lib import Facts, MachineFacts
from tests.helpers.deployed import FALLBACK, GALENA, Project, scheelite
from tests.helpers.tools import require
from tests.terraform.bucket import served

NO_ROOM = "ZONE_RESOURCE_POOL_EXHAUSTED"
STOPPED = ", stopped=True" + FALLBACK

pytestmark = pytest.mark.usefixtures("_cdktf")


@pytest.fixture
def _cdktf() -> None:
    require("cdktf")


def test_a_machine_goes_to_its_next_zone_and_nothing_else_does(project: Project) -> None:
    cloud = project.workspace.cloud
    cloud.fail(NO_ROOM, machine="scheelite", zone="us-central1-c")
    project.describe(GALENA, scheelite(), fields="budget_usd_per_hour=1")

    done = project.infra("deploy", "--yes", "gcp")
    assert done.returncode == 0, done.stdout
    before, said, after = done.stdout.partition(
        "infra: us-central1-c has no room for scheelite at the moment; "
        "trying us-central1-a, at $0.7300 an hour\n"
    )
    assert said, done.stdout
    # What it costs is said first.
    costs = before.rpartition("Initializing")[0]
    assert "scheelite  on     us-central1-c  on demand  $0.7300  $532.90" in costs
    assert "Then:   $0.9980 an hour, $728.58 a month\nBudget: $1.0000 an hour" in costs

    # One machine moved; the other was made once, and left alone.
    assert project.zone("scheelite") == "us-central1-a"
    assert [call for call in cloud.log if "galena" in call] == ["instances.insert galena"]
    assert project.facts("scheelite")["zone"] == "us-central1-a"
    assert project.facts("galena")["zone"] == "us-central1-b"
    assert project.facts("scheelite")["external_ip"].startswith("198.1")
    assert "+ scheelite.external_ip = " in after
    assert "clan machines install scheelite" in after
    assert "clan machines update cinnabar" in after

    # All agree from then on: the next synthesis, what is shown, and the output.
    planned = project.infra("deploy", "--plan", "gcp")
    assert planned.returncode == 0
    assert "No changes." in planned.stdout
    assert "scheelite  on     us-central1-a  on demand  $0.7300  $0.7300" in planned.stdout
    (shown,) = (
        machine
        for machine in json.loads(project.infra("show", "--json").stdout)["machines"]
        if machine["name"] == "scheelite"
    )
    assert shown["zone"] == "us-central1-a"
    project.workspace.cdktf("output", "gcp", "--outputs-file", "outputs.json")
    written = json.loads((project.workspace.app / "outputs.json").read_text())
    assert written["gcp"]["machines"]["scheelite"] == {
        "zone": "us-central1-a",
        "machine_type": "n1-standard-8",
        "external_ip": project.facts("scheelite")["external_ip"],
        "gpu": {"type": "nvidia-tesla-t4", "count": 1},
        "usd_per_hour": 0.73,
    }


def test_outputs_and_facts_have_the_address_of_now(project: Project) -> None:
    """After a start, a stop and another type; Terraform alone would have outputs lag behind."""
    cloud = project.workspace.cloud
    stopped = GALENA.replace('zone="us', 'stopped=True, zone="us')
    addresses = []
    for machine in (stopped, GALENA, GALENA.replace("-8", "-4"), stopped):
        project.describe(machine)
        done = project.infra("deploy", "--yes", "gcp")
        assert done.returncode == 0, done.stdout
        (interface,) = cloud.instances["galena"]["network_interface"]
        address = interface["access_config"][0]["nat_ip"]
        assert project.workspace.outputs()["machines"]["galena"]["external_ip"] == address
        assert project.facts("galena").get("external_ip", "") == address
        addresses.append(address)
    assert addresses[0] == addresses[3] == ""
    assert len(set(addresses)) == 3
    # It is refreshed when it has to be, and no more than that.
    learnt = "infra: stack gcp: machines have new addresses, which its outputs learn now\n"
    assert learnt in done.stdout
    again = project.infra("deploy", "--yes", "gcp")
    assert (again.returncode, learnt in again.stdout) == (0, False)
    assert "up to date" in again.stdout


def test_outputs_that_cannot_be_refreshed_are_told_of(project: Project) -> None:
    project.describe(GALENA.replace('zone="us', 'stopped=True, zone="us'))
    assert project.infra("deploy", "--yes", "gcp").returncode == 0
    wrapper = project.workspace.app / "wrapper"
    wrapper.write_text(
        '#!/bin/sh\ncase "$*" in *-refresh-only*) echo no; exit 1 ;; esac\n'
        f'exec {project.workspace.binary} "$@"\n'
    )
    wrapper.chmod(0o755)
    project.describe(GALENA)
    done = project.infra("deploy", "--yes", "gcp", TERRAFORM_BINARY_NAME=str(wrapper))
    assert done.returncode == 0
    assert "stack gcp: its outputs have old addresses until the next deployment" in done.stdout
    (interface,) = project.workspace.cloud.instances["galena"]["network_interface"]
    assert project.facts("galena")["external_ip"] == interface["access_config"][0]["nat_ip"]


def test_no_zone_has_room(project: Project) -> None:
    project.workspace.cloud.fail(NO_ROOM, machine="scheelite")
    project.describe(GALENA, scheelite(', fallback_zones=("us-central1-a",)'))
    # What a person has Terraform log is no matter: it is another log that tells what came of it.
    done = project.infra("deploy", "--yes", TF_LOG="JSON", TF_LOG_CORE="OFF", TF_LOG_PATH="mine")
    assert done.returncode == 1
    assert "us-central1-c has no room for scheelite" in done.stdout
    assert (
        "infra: no zone of scheelite has room at the moment (us-central1-c, us-central1-a): try "
        "again later, or give it more fallback_zones\n"
    ) in done.stdout
    assert list(project.workspace.cloud.instances) == ["galena"]
    assert "zone" not in project.facts("scheelite")


def test_a_zone_is_named_once_though_others_had_more_to_try(project: Project) -> None:
    project.workspace.cloud.fail(NO_ROOM)
    another = scheelite("").replace("scheelite", "anatase")
    project.describe(scheelite(', fallback_zones=("us-central1-a",)'), another)
    done = project.infra("deploy", "--yes")
    assert done.returncode == 1
    assert "us-central1-c has no room for anatase at the moment: try again later" in done.stdout
    assert "(us-central1-c, us-central1-a): try again later" in done.stdout


def test_a_machine_that_exists_is_not_moved_away_from_its_disk(project: Project) -> None:
    cloud = project.workspace.cloud
    project.describe(scheelite(STOPPED))
    project.infra("deploy", "--yes")
    number = cloud.instances["scheelite"]["instance_id"]
    cloud.fail(NO_ROOM)
    project.describe(scheelite())
    done = project.infra("deploy", "--yes")
    assert done.returncode == 1
    assert "scheelite  on     us-central1-c  on demand  $0.0000  $0.7300" in done.stdout
    assert "us-central1-c has no room to start scheelite at the moment" in done.stdout
    assert "its boot disk would not come with it, so it is not moved" in done.stdout
    assert cloud.instances["scheelite"]["instance_id"] == number
    assert project.facts("scheelite")["zone"] == "us-central1-c"


def test_a_machine_is_not_deleted_for_facts_that_are_older_than_it(project: Project) -> None:
    """The facts of another checkout, or of a branch, do not know that it was moved."""
    cloud = project.workspace.cloud
    cloud.fail(NO_ROOM, zone="us-central1-c")
    project.describe(scheelite())
    assert project.infra("deploy", "--yes").returncode == 0
    cloud.recover()
    number = cloud.instances["scheelite"]["instance_id"]
    (project.workspace.app / "facts.json").unlink()
    rmtree(project.workspace.app / "cdktf.out")

    done = project.infra("deploy", "--yes")
    assert done.returncode == 1
    assert "infra: scheelite is deployed in us-central1-a, and the facts do not say so" in (
        done.stdout
    )
    assert cloud.instances["scheelite"]["instance_id"] == number
    assert project.infra("sync").returncode == 0
    assert project.infra("deploy", "--yes").returncode == 0
    assert cloud.instances["scheelite"]["instance_id"] == number

    # Nor for fallback zones that it has no more.
    project.describe(scheelite(""))
    done = project.infra("deploy", "--yes")
    assert done.returncode == 1
    assert "in us-central1-a, and zone='us-central1-a' in the fleet leaves it there" in done.stdout
    assert cloud.instances["scheelite"]["instance_id"] == number


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


def test_what_another_fleet_costs_is_not_deployed_as_what_this_one_does(project: Project) -> None:
    project.describe(GALENA, fields="budget_usd_per_hour=1")
    main = project.workspace.app / "main.py"
    other = """
import attrs
salts = attrs.evolve(fleet, name="salts", facts=Facts(), budget_usd_per_hour=None, machines=(
    GcpMachine("halite", machine_type="a2-highgpu-8g", zone="us-central1-a", enabled=True),))
"""
    text = main.read_text().replace("\nif __name__", f"{other}\nif __name__")
    both = 'GcpStack(app, "gcp", fleet=fleet)\n    GcpStack(app, "salts", fleet=salts)'
    main.write_text(text.replace('GcpStack(app, "gcp", fleet=fleet)', both))
    for stack in ("salts", "*"):
        done = project.infra("deploy", "--yes", "--source", "main:fleet", stack)
        assert done.returncode == 2, done.stdout
        assert "infra: stack 'salts': it is of fleet 'salts', and its cost is not that of" in (
            done.stdout
        )
    assert project.workspace.cloud.log == []


def test_a_retry_deploys_what_was_agreed_to_or_nothing(project: Project) -> None:
    """The app changes while the first attempt runs."""
    cloud = project.workspace.cloud
    cloud.fail(NO_ROOM, zone="us-central1-c")
    dearer = GALENA.replace('"e2-standard-8"', 'machine_type_of("e2-standard-8", "e2-standard-32")')
    project.describe(dearer, scheelite())
    main = project.workspace.app / "main.py"
    later = """
def machine_type_of(first, then):
    return then if Path(__file__).with_name("later").exists() else first

fleet ="""
    changing = '    app.synth()\n    Path(__file__).with_name("later").touch()'
    main.write_text(
        main.read_text().replace("\nfleet =", later, 1).replace("    app.synth()", changing)
    )
    done = project.infra("deploy", "--yes")
    assert done.returncode == 1
    assert "trying us-central1-a" in done.stdout
    (said,) = (line for line in done.stdout.splitlines() if "nobody has seen" in line)
    assert said.startswith("infra: scheelite in us-central1-a would be next, but the app has ")
    assert "google_compute_instance.galena.machine_type" in said
    assert cloud.instances.keys() == {"galena"}
    assert cloud.instances["galena"]["machine_type"] == "e2-standard-8"
    assert project.facts("scheelite") == {}


def test_a_cdktf_that_deploys_nothing_is_found_out(project: Project) -> None:
    project.describe(GALENA)
    command = project.workspace.app / "node_modules" / ".bin" / "cdktf"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\ntest "$1" = deploy || exec {require("cdktf")} "$@"\n')
    command.chmod(0o755)
    done = project.infra("deploy", "--yes")
    assert done.returncode == 1
    assert done.stdout.endswith(
        "infra: cdktf deploy says that it succeeded, but Terraform has applied 0 of 1 stacks; see "
        "infra deploy --plan\n"
    )
    assert project.facts("galena") == {}


def test_what_a_failed_deployment_made_stays_where_it_is(project: Project) -> None:
    cloud = project.workspace.cloud
    cloud.fail(NO_ROOM, zone="us-central1-c")
    anatase = scheelite("").replace("scheelite", "anatase")
    project.describe(scheelite(), anatase)
    program = project.workspace.app / "main.py"
    learnt = Facts(machines=(MachineFacts("cinnabar", external_ip="203.0.113.7"),)).to_json()
    meanwhile = f"""
    facts = Path(__file__).with_name("facts.json")
    if not facts.exists():  # as another terminal does, while it is deployed
        facts.write_text({learnt!r})
"""
    program.write_text(program.read_text() + meanwhile)
    assert project.infra("deploy", "--yes").returncode == 1
    number = cloud.instances["scheelite"]["instance_id"]

    assert project.infra("sync").returncode == 0
    assert project.facts("scheelite")["zone"] == "us-central1-a"
    assert project.facts("cinnabar") == {"external_ip": "203.0.113.7"}
    cloud.recover()
    done = project.infra("deploy", "--yes")
    assert done.returncode == 0, done.stdout
    assert "scheelite  on     us-central1-a  on demand  unknown  $0.7300" in done.stdout
    assert cloud.instances.keys() == {"scheelite", "anatase"}
    assert cloud.instances["scheelite"]["instance_id"] == number


def test_facts_that_cannot_be_written_are_refused_first(project: Project) -> None:
    project.describe(scheelite())
    program = project.workspace.app / "main.py"
    program.write_text(program.read_text().replace('"facts.json"', '"state") / Path("facts.json"'))
    done = project.infra("deploy", "--yes")
    assert done.returncode == 2
    assert done.stdout.endswith("facts cannot be written there, and nothing was deployed\n")


def test_a_new_checkout_asks_the_shared_state_where_machines_are(project: Project) -> None:
    own = "ssh_keys=(KEY,))"
    shared = 'ssh_keys=(KEY,), backend=GcsBackend("metals-state"))'
    project.describe(scheelite())
    program = project.workspace.app / "main.py"
    program.write_text(program.read_text().replace(own, shared))
    cloud = project.workspace.cloud
    cloud.fail(NO_ROOM, zone="us-central1-c")
    with served("metals-state") as bucket:
        assert project.infra("deploy", "--yes", **bucket.environment).returncode == 0
        cloud.recover()
        number = cloud.instances["scheelite"]["instance_id"]
        (project.workspace.app / "facts.json").unlink()
        rmtree(project.workspace.app / "cdktf.out")

        done = project.infra("deploy", "--yes", **bucket.environment)
    assert done.returncode == 1, done.stdout
    assert "infra: scheelite is deployed in us-central1-a" in done.stdout
    assert cloud.instances["scheelite"]["instance_id"] == number


def test_a_quota_is_another_matter(project: Project) -> None:
    cloud = project.workspace.cloud
    cloud.fail("QUOTA_EXCEEDED", metric="NVIDIA_T4_GPUS", times=5)
    project.describe(GALENA, scheelite())
    done = project.infra("deploy", "--yes")
    assert done.returncode == 1
    (said,) = (line for line in done.stdout.splitlines() if "would exceed" in line)
    assert said.startswith(
        "infra: scheelite would exceed quota NVIDIA_T4_GPUS, which is 0 in region us-central1"
    )
    assert "https://console.cloud.google.com/iam-admin/quotas?project=example-project" in said
    assert "trying" not in done.stdout
    assert [fault["times"] for fault in cloud.content()["faults"]] == [4]
    assert project.facts("scheelite") == {}


def test_the_next_zone_is_within_the_budget_too(project: Project) -> None:
    dearer = (
        'catalog=Catalog(prices=(Price("nvidia-tesla-t4", "us-central1-c", 0.35),'
        ' Price("nvidia-tesla-t4", "us-central1-a", 35.0)))'
    )
    project.workspace.cloud.fail(NO_ROOM, zone="us-central1-c")
    project.describe(scheelite(f"{FALLBACK}, {dearer}"), fields="budget_usd_per_hour=1")
    done = project.infra("deploy", "--yes")
    assert done.returncode == 1
    assert "infra: scheelite in us-central1-a would be next, but fleet 'metals'" in done.stdout
    assert "$35.3800 an hour" in done.stdout
    assert not project.workspace.cloud.instances
    assert project.facts("scheelite") == {}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_waits_for_what_terraform_has_begun(
    project: Project, number: signal.Signals
) -> None:
    project.describe(scheelite())
    held = project.workspace.app.with_name("held")
    held.touch()
    with project.started("deploy", "--yes", STAND_IN_HELD=str(held)) as process:
        assert process.stdout is not None
        assert any("scheelite: Creating..." in line for line in process.stdout)
        os.killpg(process.pid, number)  # as a terminal does
        said = "infra: interrupted: Terraform finishes what it has begun"
        assert any(said in line for line in process.stdout)
        held.unlink()
        process.stdout.read()
    assert process.returncode == 130

    # What was made is known, so it is neither made again nor refused, and nothing is locked.
    cloud = project.workspace.cloud
    made = cloud.instances["scheelite"]["instance_id"]
    done = project.infra("deploy", "--yes")
    assert done.returncode == 0, done.stdout
    assert cloud.instances["scheelite"]["instance_id"] == made
    assert cloud.log.count("instances.insert scheelite") == 1


def test_over_budget_nothing_runs(project: Project) -> None:
    project.describe(GALENA, scheelite(), fields="budget_usd_per_hour=0.5")
    done = project.infra("deploy", "--yes")
    assert done.returncode == 1
    assert done.stdout == (
        "infra: fleet 'metals': budget_usd_per_hour=0.5: what is to be on costs $0.9980 an hour, "
        "$728.58 a month, which is more; turn something off, raise the budget, or pass "
        "--over-budget\n"
    )
    assert not (project.workspace.folder / "cdk.tf.json").exists()


def test_a_price_that_is_not_known_is_within_no_budget(project: Project) -> None:
    unknown = 'catalog=Catalog(prices=(Price("nvidia-tesla-t4", "*", None),))'
    project.describe(GALENA, scheelite(f", {unknown}"), fields="budget_usd_per_hour=100")
    done = project.infra("deploy", "--yes")
    assert done.returncode == 1
    assert "at least $0.2681 an hour, $195.68 a month; unknown: scheelite" in done.stdout
    assert "catalog=Catalog(prices=(Price(…),)), or pass --over-budget" in done.stdout
    assert not (project.workspace.folder / "cdk.tf.json").exists()


def test_a_stack_that_is_not_there_is_bad_input(project: Project) -> None:
    project.describe(GALENA)
    for how in ("--plan", "--yes"):
        done = project.infra("deploy", how, "cgp")
        assert done.returncode == 2, done.stdout
        assert done.stdout.endswith("infra: stack 'cgp': the app has no such stack; it has: gcp\n")
    main = project.workspace.app / "main.py"
    two = '    GcpStack(app, "more", fleet=fleet, machines=())\n    app.synth()'
    main.write_text(main.read_text().replace("    app.synth()", two))
    done = project.infra("deploy", "--plan")
    assert done.returncode == 2, done.stdout
    assert done.stdout.endswith("infra: a stack has to be named; the app has: gcp, more\n")
    assert project.workspace.cloud.log == []


def test_what_other_stacks_of_the_fleet_cost_is_counted_before_and_after(project: Project) -> None:
    one, both = 'GcpStack(app, "gcp", fleet=fleet)', ""
    for machine in ("galena", "scheelite"):
        both += f'GcpStack(app, "{machine}", fleet=fleet, machines=("{machine}",))\n    '
    project.describe(GALENA, scheelite(""))
    main = project.workspace.app / "main.py"
    main.write_text(main.read_text().replace(one, both))
    for machine in ("galena", "scheelite"):
        assert project.infra("deploy", "--yes", machine).returncode == 0
    shown = project.infra("deploy", "--plan", "galena").stdout
    assert "scheelite  on     us-central1-c  on demand  $0.7300  $0.7300  $532.90" in shown
    assert "Now:    $0.9980 an hour\nThen:   $0.9980 an hour" in shown

    # A machine that goes to another stack would be in both, and paid for twice.
    text = main.read_text().replace('machines=("galena",)', "machines=()")
    main.write_text(text.replace('machines=("scheelite",)', 'machines=("galena", "scheelite")'))
    done = project.infra("deploy", "--yes", "scheelite")
    assert done.returncode == 1
    assert "infra: galena is deployed in another stack of the app, which is not dep" in done.stdout
    assert project.workspace.cloud.log.count("instances.insert galena") == 1


def test_each_machine_is_installed_in_the_project_of_its_own_stack(project: Project) -> None:
    one, both = 'GcpStack(app, "gcp", fleet=fleet)', ""
    for machine, name in (("galena", "lab"), ("scheelite", "shop")):
        own = f'GcpProject("example-{name}", region="us-central1", ssh_keys=(KEY,))'
        both += f'GcpStack(app, "{name}", fleet=fleet, gcp={own}, machines=("{machine}",))\n    '
    project.describe(GALENA, scheelite(""))
    main = project.workspace.app / "main.py"
    main.write_text(main.read_text().replace(one, both))
    done = project.infra("deploy", "--yes", "lab", "shop")
    assert done.returncode == 0, done.stdout
    assert re.findall(r"start-iap-tunnel (\w+) .* --project=(\S+)", done.stdout) == [
        ("galena", "example-lab"),
        ("scheelite", "example-shop"),
    ]


def test_without_a_terminal_it_has_to_be_told(project: Project) -> None:
    project.describe(GALENA)
    done = project.infra("deploy")
    assert done.returncode == 2
    assert done.stdout == (
        "infra: there is no terminal to ask at, and nothing was deployed: pass --yes to deploy "
        "without being asked, or --plan to see what would change\n"
    )


def test_a_zone_in_use_has_to_be_kept_somewhere(project: Project) -> None:
    project.describe(scheelite(), fields="")
    main = project.workspace.app / "main.py"
    lines = main.read_text().splitlines(keepends=True)
    main.write_text("".join(line for line in lines if "Facts.load" not in line))
    done = project.infra("deploy", "--yes")
    assert done.returncode == 2
    assert "fallback_zones=('us-central1-a', 'us-central1-f')" in done.stdout
    assert 'facts=Facts.load(Path(__file__).with_name("facts.json"))' in done.stdout


def test_who_will_be_shut_out_is_told_before_anyone_is(project: Project) -> None:
    """As after an update from a version that left Google's own network open."""
    project.describe(GALENA)
    program = project.workspace.app / "main.py"
    text = program.read_text()
    world = '(KEY,), ssh_source_ranges=("0.0.0.0/0",))'
    program.write_text(text.replace("(KEY,))", world))
    opened = project.infra("deploy", "--yes")
    assert opened.returncode == 0, opened.stdout
    assert "default-allow-ssh" not in opened.stdout
    program.write_text(text)
    shown = project.infra("deploy", "--plan")
    assert shown.returncode == 0, shown.stdout
    assert "infra: WARNING: stack gcp closes SSH to galena, which Google's rule" in shown.stdout


def test_at_a_terminal_it_shows_the_plan_and_the_costs_and_asks(project: Project) -> None:
    project.describe(GALENA, fields="budget_usd_per_hour=0.1")
    program = project.workspace.app / "main.py"
    counted = """
    with Path(__file__).with_name("syntheses").open("a") as syntheses:
        syntheses.write("another\\n")
"""
    program.write_text(program.read_text() + counted)
    for answer, expected in (("", 1), ("y", 0)):
        status, printed = project.infra_at_terminal("deploy", "--over-budget", answer=answer)
        assert status == expected, printed
        texts = ("Plan: 4 to add", "Then:   $0.2681", "Budget: $0.1000", "Deploy this? [y/N]")
        places = [printed.index(text) for text in texts]
        assert places == sorted(places)
        assert ("infra: nothing was deployed" in printed) == (answer == "")
        assert bool(project.workspace.cloud.instances) == (answer == "y")
    # What was agreed to is what is deployed, whatever became of the fleet meanwhile.
    assert (project.workspace.app / "syntheses").read_text() == "another\n" * 2
