"""What `infra deploy` shows, asks, refuses and records, through the real cdktf and Terraform."""

import os
import re
import signal

import pytest

from tests.helpers.deployed import GALENA, Project, scheelite
from tests.helpers.tools import require

pytestmark = pytest.mark.usefixtures("cdktf")


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


def test_facts_that_cannot_be_written_are_refused_first(project: Project) -> None:
    project.describe(scheelite())
    program = project.workspace.app / "main.py"
    program.write_text(program.read_text().replace('"facts.json"', '"state") / Path("facts.json"'))
    done = project.infra("deploy", "--yes")
    assert done.returncode == 2
    assert done.stdout.endswith("facts cannot be written there, and nothing was deployed\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_waits_for_what_terraform_has_begun(
    project: Project, number: signal.Signals
) -> None:
    project.describe(scheelite())
    held = project.workspace.app.with_name("held")
    held.touch()
    with project.started("deploy", "--yes", STAND_IN_HELD=str(held)) as process:
        assert process.stdout is not None
        # What has not begun by then is not made; and a rule that closes SSH to a machine that is
        # there already is none that --yes agrees to.
        beginning = {"scheelite", "zerotier", "ssh", "no-ssh"}
        for line in process.stdout:
            beginning -= {name for name in beginning if f".{name}: Creating..." in line}
            if not beginning:
                break
        assert not beginning
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
        "infra: fleet 'metals': budget_usd_per_hour=0.5: what is to be on costs $1.0354 an hour, "
        "$596.00 a month, which is more; turn something off, raise the budget, or pass "
        "--over-budget\n"
    )
    assert not (project.workspace.folder / "cdk.tf.json").exists()


def test_a_price_that_is_not_known_is_within_no_budget(project: Project) -> None:
    unknown = 'catalog=Catalog(prices=(Price("nvidia-tesla-t4", "*", None),))'
    project.describe(GALENA, scheelite(f", {unknown}"), fields="budget_usd_per_hour=100")
    done = project.infra("deploy", "--yes")
    assert done.returncode == 1
    assert "at least $0.2867 an hour, $209.32 a month; unknown: scheelite (GPU)" in done.stdout
    assert "say what it costs: Catalog(prices=…), or pass --over-budget" in done.stdout
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
        assert project.infra("deploy", "--yes", "--stack", machine).returncode == 0
    shown = project.infra("deploy", "--plan", "--stack", "galena").stdout
    assert "scheelite  on     us-central1-c  on demand  $0.7487  $0.7487  $386.68" in shown
    assert "Now:    $1.0354 an hour\nThen:   $1.0354 an hour" in shown

    # A machine that goes to another stack would be in both, and paid for twice.
    text = main.read_text().replace('machines=("galena",)', "machines=()")
    main.write_text(text.replace('machines=("scheelite",)', 'machines=("galena", "scheelite")'))
    done = project.infra("deploy", "--yes", "--stack", "scheelite")
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
    done = project.infra("deploy", "--yes", "--stack", "lab", "--stack", "shop")
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
        texts = ("Plan: 4 to add", "Then:   $0.2867", "Budget: $0.1000", "Deploy this? [y/N]")
        places = [printed.index(text) for text in texts]
        assert places == sorted(places)
        assert ("infra: nothing was deployed" in printed) == (answer == "")
        assert bool(project.workspace.cloud.instances) == (answer == "y")
    # What was agreed to is what is deployed, whatever became of the fleet meanwhile.
    assert (project.workspace.app / "syntheses").read_text() == "another\n" * 2
