"""A deployment whose cdktf prints nothing, or does nothing, or does it twice."""

import json
from pathlib import Path

import pytest
from attrs import evolve

from infra_lib import Facts, Fleet, GcpMachine, GcpProject, Gpu, MachineFacts
from infra_lib.operate.deploy import inputs
from infra_lib.operate.deploy.attempts import deploy
from infra_lib.operate.deploy.cdk import Cdk
from infra_lib.operate.deploy.synthesis import Stack
from tests.helpers import projects

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
APPLYING = "2026-11-26T01:26:31.215Z [INFO]  backend/local: starting Apply operation"


def made(folder: Path, script: str) -> tuple[Cdk, tuple[Stack]]:
    """A cdktf that is a script of shell, and a stack without anything in it."""
    command = folder / "cdktf"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    stack = folder / "cdktf.out" / "stacks" / "gcp"
    stack.mkdir(parents=True)
    (stack / "cdk.tf.json").write_text("{}")
    return Cdk(str(command), folder), (Stack.read("gcp", stack),)


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
@pytest.mark.parametrize("status", [0, 1])
def test_an_error_that_cdktf_loses_is_said(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    address: str,
    error: str,
    said: str,
    status: int,
) -> None:
    entry = f'2026-11-23T03:30:16.720Z [ERROR] vertex "{address}" error: {error}'
    cdktf, stacks = made(tmp_path, f"echo '{entry}' >>\"$TF_LOG_PATH\"\nexit {status}")
    assert deploy(cdktf, stacks, FLEET, any_price=True) is None
    assert capsys.readouterr().err.startswith(said)


def test_a_cdktf_that_does_nothing_has_deployed_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cdktf, stacks = made(tmp_path, "exit 0")
    assert deploy(cdktf, stacks, FLEET, any_price=True) is None
    assert "infra: cdktf deploy says that it succeeded, but Terraform has applied 0 of 1" in (
        capsys.readouterr().err
    )


def test_each_of_the_stacks_has_to_be_applied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cdktf, (stack,) = made(tmp_path, f"echo '{APPLYING}' >>\"$TF_LOG_PATH\"")
    assert deploy(cdktf, (stack, stack), FLEET, any_price=True) is None
    assert "Terraform has applied 1 of 2 stacks" in capsys.readouterr().err
    assert deploy(cdktf, (stack,), FLEET, any_price=True) is not None


def test_what_was_to_be_made_has_to_be_in_the_state(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Terraform that is killed ends well, as cdktf has it."""
    cdktf, (stack,) = made(tmp_path, f"echo '{APPLYING}' >>\"$TF_LOG_PATH\"")
    resource = {
        "terraform_data": {"one": {}, "two": {}},
        "null_resource": {"none": {"count": 0}, "each": {"for_each": {}}},
    }
    (stack.folder / "cdk.tf.json").write_text(json.dumps({"resource": resource}))
    (stack.folder / ".terraform").mkdir()
    stacks = (Stack.read("gcp", stack.folder),)
    terraform = tmp_path / "terraform"
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", str(terraform))
    for names, done in ((["one"], False), (["one", "two"], True)):
        state = {
            "outputs": {},
            "resources": [
                {"mode": "managed", "type": "terraform_data", "name": name, "instances": [{}]}
                for name in names
            ],
        }
        terraform.write_text(f"#!/bin/sh\necho '{json.dumps(state)}'\n")
        terraform.chmod(0o755)
        assert (deploy(cdktf, stacks, FLEET, any_price=True) is not None) == done
    assert "terraform_data.two is not in the state of stack gcp" in capsys.readouterr().err


def test_a_data_disk_that_was_made_anew_is_attached_by_deploying_once_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cdktf, stacks = made(tmp_path, f"echo '{APPLYING}' >>\"$TF_LOG_PATH\"\necho >>times")
    assert deploy(cdktf, stacks, FLEET, any_price=True, detached=("ore", "tank")) is not None
    assert (tmp_path / "times").read_text() == "\n\n"
    assert "infra: made anew, and off their machines: ore, tank; dep" in capsys.readouterr().err
    assert deploy(cdktf, stacks, FLEET, any_price=True) is not None
    assert (tmp_path / "times").read_text() == "\n\n\n"


def test_a_deployment_that_fails_to_attach_a_disk_has_failed(tmp_path: Path) -> None:
    script = f"echo '{APPLYING}' >>\"$TF_LOG_PATH\"\n[ ! -e once ] || exit 1\ntouch once"
    cdktf, stacks = made(tmp_path, script)
    assert deploy(cdktf, stacks, FLEET, any_price=True, detached=("ore",)) is None


def test_what_is_not_as_it_was_agreed_to_is_not_deployed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cdktf, stacks = made(tmp_path, "touch called")
    file = stacks[0].folder / "cdk.tf.json"
    file.write_text('{"output": {}}')
    assert deploy(cdktf, stacks, FLEET, any_price=True) is None
    assert f"infra: {file} has changed since it was shown" in capsys.readouterr().err
    assert not (tmp_path / "called").exists()


def test_variables_that_are_not_as_they_were_planned_with_are_not_deployed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cdktf, stacks = made(tmp_path, "touch called")
    file = tmp_path / "terraform.tfvars"
    file.write_text("n = 1")
    variables = inputs.digests(tmp_path)
    for change in (lambda: file.write_text("n = 0"), file.unlink):
        change()
        assert deploy(cdktf, stacks, FLEET, variables=variables, any_price=True) is None
        assert f"infra: {file} has changed since it was shown" in capsys.readouterr().err
    file.write_text("n = 1")
    assert deploy(cdktf, stacks, FLEET, any_price=True) is None
    assert not (tmp_path / "called").exists()
    assert deploy(cdktf, stacks, FLEET, variables=variables, any_price=True) is None
    assert (tmp_path / "called").exists()


def test_what_changes_while_it_is_deployed_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = f"echo '{APPLYING}' >>\"$TF_LOG_PATH\"\necho '{{}} ' >cdktf.out/stacks/gcp/cdk.tf.json"
    cdktf, stacks = made(tmp_path, script)
    assert deploy(cdktf, stacks, FLEET, any_price=True) is None
    assert "cdk.tf.json has changed while it was deployed" in capsys.readouterr().err


def test_what_a_deployment_writes_beside_a_stack_is_no_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = f"""
echo '{APPLYING}' >>"$TF_LOG_PATH"
cd cdktf.out/stacks/gcp
mkdir .terraform terraform.tfstate.d
touch .terraform/x .terraform.lock.hcl terraform.gcp.tfstate terraform.tfstate.backup plan report
"""
    cdktf, stacks = made(tmp_path, script)
    monkeypatch.setenv("TERRAFORM_BINARY_NAME", "true")
    assert deploy(cdktf, stacks, FLEET, any_price=True) is not None


@pytest.mark.parametrize(
    "name", ["more.tf", "terraform.tfvars", "x.auto.tfvars.json", "assets/a/b"]
)
def test_a_file_that_terraform_reads_is_part_of_what_was_agreed_to(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cdktf, (stack,) = made(tmp_path, "touch called")
    file = stack.folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("")
    with_it = Stack.read("gcp", stack.folder)
    for change in (lambda: file.write_text("x"), file.unlink):
        change()
        assert deploy(cdktf, (with_it,), FLEET, any_price=True) is None
        assert f"{name} has changed since it was shown" in capsys.readouterr().err
    file.write_text("")
    assert deploy(cdktf, (stack,), FLEET, any_price=True) is None
    assert not (tmp_path / "called").exists()
    assert deploy(cdktf, (with_it,), FLEET, any_price=True) is None
    assert (tmp_path / "called").exists()


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
        output = folder / "cdktf.out"
        manifest = {"stacks": {"gcp": {"synthesizedStackPath": "stacks/gcp/cdk.tf.json"}}}
        (output / "manifest.json").write_text(json.dumps(manifest))
        entry = (
            '2026-11-23T03:30:16.720Z [ERROR] vertex "google_compute_instance.{}" error: '
            "ZONE_RESOURCE_POOL_EXHAUSTED"
        )
        logged = "\n".join(
            f"echo '{entry.format(each.name)}' >>\"$TF_LOG_PATH\"" for each in fleet.gcp_machines
        )
        command = folder / "cdktf"
        command.write_text(f"""#!/bin/sh
if [ "$1" = synth ]; then
  cp cdktf.out/manifest.json manifest.json && mv manifest.json cdktf.out
  exit
fi
{logged}
[ ! -e second ] || {{
{between}
}}
touch second
exit 1
""")
        command.chmod(0o755)
        stacks = (Stack.read("gcp", output / "stacks" / "gcp"),)
        assert deploy(Cdk(str(command), folder), stacks, fleet, any_price=True) is None

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
