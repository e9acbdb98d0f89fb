"""`infra deploy`, through the real cdktf and Terraform, when zones are full and quotas are low."""

import json
from shutil import rmtree

import pytest

from infra_lib import Facts, MachineFacts
from tests.helpers.deployed import FALLBACK, GALENA, Project, scheelite
from tests.terraform.bucket import served

NO_ROOM = "ZONE_RESOURCE_POOL_EXHAUSTED"
STOPPED = ", stopped=True" + FALLBACK

pytestmark = pytest.mark.usefixtures("cdktf")


def test_a_machine_goes_to_its_next_zone_and_nothing_else_does(project: Project) -> None:
    cloud = project.workspace.cloud
    cloud.fail(NO_ROOM, machine="scheelite", zone="us-central1-c")
    project.describe(GALENA, scheelite(), fields="budget_usd_per_hour=1.1")

    done = project.infra("deploy", "--yes", "gcp")
    assert done.returncode == 0, done.stdout
    before, said, after = done.stdout.partition(
        "infra: us-central1-c has no room for scheelite at the moment; "
        "trying us-central1-a, at $0.7487 an hour\n"
    )
    assert said, done.stdout
    # What it costs is said first.
    costs = before.rpartition("Initializing")[0]
    assert "scheelite  on     us-central1-c  on demand  $0.7487  $386.68" in costs
    assert "Then:   $1.0354 an hour, $596.00 a month\nBudget: $1.1000 an hour" in costs

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
    assert "scheelite  on     us-central1-a  on demand  $0.7487  $0.7487" in planned.stdout
    (shown,) = (
        machine
        for machine in json.loads(project.infra("show", "--json").stdout)["machines"]
        if machine["name"] == "scheelite"
    )
    assert shown["zone"] == "us-central1-a"
    project.workspace.cdktf("output", "gcp", "--outputs-file", "outputs.json")
    written = json.loads((project.workspace.app / "outputs.json").read_text())
    assert written["gcp"]["machines"]["scheelite"] == {
        "state": "on",
        "zone": "us-central1-a",
        "machine_type": "n1-standard-8",
        "external_ip": project.facts("scheelite")["external_ip"],
        "gpu": {"type": "nvidia-tesla-t4", "count": 1},
        "usd_per_hour": 0.748697,
    }


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
    assert "scheelite  on     us-central1-c  on demand  $0.0137  $0.7487" in done.stdout
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
    assert "scheelite  on     us-central1-a  on demand  unknown  $0.7487" in done.stdout
    assert cloud.instances.keys() == {"scheelite", "anatase"}
    assert cloud.instances["scheelite"]["instance_id"] == number


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
    project.describe(scheelite(f"{FALLBACK}, {dearer}"), fields="budget_usd_per_hour=1.1")
    done = project.infra("deploy", "--yes")
    assert done.returncode == 1
    assert "infra: scheelite in us-central1-a would be next, but fleet 'metals'" in done.stdout
    assert "$35.3987 an hour" in done.stdout
    assert not project.workspace.cloud.instances
    assert project.facts("scheelite") == {}


def test_a_zone_in_use_has_to_be_kept_somewhere(project: Project) -> None:
    project.describe(scheelite(), fields="")
    main = project.workspace.app / "main.py"
    lines = main.read_text().splitlines(keepends=True)
    main.write_text("".join(line for line in lines if "Facts.load" not in line))
    done = project.infra("deploy", "--yes")
    assert done.returncode == 2
    assert "fallback_zones=('us-central1-a', 'us-central1-f')" in done.stdout
    assert 'facts=Facts.load(Path(__file__).with_name("facts.json"))' in done.stdout
