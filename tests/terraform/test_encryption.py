"""What OpenTofu takes for encryption, and who is refused."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra_lib import StateEncryption
from infra_lib.terraform.encryption import overrides, refusal
from tests.helpers.tools import require

PASSPHRASE = "correct horse battery staple"  # noqa: S105 - of the test alone
KMS_KEY = "projects/example-project/locations/global/keyRings/fleet/cryptoKeys/state"
OUTPUT = {"output": {"word": {"value": "manganese"}}}


def document(encryption: StateEncryption, **more: Any) -> dict[str, Any]:
    """A stack without a cloud."""
    made: dict[str, Any] = {
        "terraform": {"backend": {"local": {"path": "state"}}},
        **OUTPUT,
        **more,
    }
    for path, value in overrides(encryption).items():
        block, name = path.split(".")
        made.setdefault(block, {})[name] = value
    return made


def tofu(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    own = {"CHECKPOINT_DISABLE": "1", "HOME": str(folder), "GOOGLE_APPLICATION_CREDENTIALS": ""}
    return subprocess.run(
        [require("tofu"), *arguments, "-no-color"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **own, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def write(folder: Path, stack: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "cdk.tf.json").write_text(json.dumps(stack))
    return folder


def test_a_plan_is_encrypted_too(tmp_path: Path) -> None:
    stack = write(tmp_path, document(StateEncryption(passphrase_variable="word")))  # noqa: S106 - its name
    variables = {"TF_VAR_word": PASSPHRASE}
    assert tofu(stack, "init", **variables).returncode == 0
    assert tofu(stack, "plan", "-out=plan", **variables).returncode == 0
    assert "encrypted_data" in json.loads((stack / "plan").read_bytes())
    assert tofu(stack, "apply", "plan", **variables).returncode == 0
    assert "manganese" not in (stack / "state").read_text()


def test_a_stack_reads_what_other_stacks_tell_encrypted_or_not(tmp_path: Path) -> None:
    variables = {"TF_VAR_state_passphrase": PASSPHRASE}
    told = write(tmp_path / "told", document(StateEncryption()))
    plain = write(
        tmp_path / "plain", {"terraform": {"backend": {"local": {"path": "state"}}}} | OUTPUT
    )
    for stack in (told, plain):
        for arguments in (("init",), ("apply", "-auto-approve")):
            assert tofu(stack, *arguments, **variables).returncode == 0
    states = {
        stack.name: {"backend": "local", "config": {"path": f"{stack}/state"}}
        for stack in (told, plain)
    }
    both = "${data.terraform_remote_state.%s.outputs.word}"
    asking = document(
        StateEncryption(),
        data={"terraform_remote_state": states},
        output={name: {"value": both % name} for name in states},
    )
    stack = write(tmp_path / "asking", asking)
    assert tofu(stack, "init", **variables).returncode == 0
    done = tofu(stack, "apply", "-auto-approve", **variables)
    assert done.stdout.count('= "manganese"') == 4, done.stdout  # in the plan, and at the end


def test_a_key_of_cloud_kms_is_what_opentofu_asks_google_for(tmp_path: Path) -> None:
    stack = write(tmp_path, document(StateEncryption(gcp_kms_key=KMS_KEY)))
    assert "variable" not in document(StateEncryption(gcp_kms_key=KMS_KEY))
    done = tofu(stack, "init")
    assert done.returncode == 1
    assert "key_provider.gcp_kms.state failed" in done.stdout
    assert "could not find default credentials" in done.stdout


def test_only_what_is_encrypted_is_accepted_but_in_a_migration() -> None:
    for migrate, expected in ((False, {"enforced": True}), (True, {"fallback": {"method": "x"}})):
        block = overrides(StateEncryption(migrate=migrate))["terraform.encryption"]
        for target in ("state", "plan"):
            assert block[target]["method"] == "method.aes_gcm.state"
            assert block[target].keys() == {"method", *expected}


def program(folder: Path, said: str) -> str:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\necho '{said}'\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("OpenTofu v1.7.0", None),
        ("OpenTofu v2.0.1-beta1", None),
        ("a wrapper of somebody", None),
        ("OpenTofu v1.6.3", "is OpenTofu v1.6.3. The state is encrypted"),
        ("Terraform v1.11.4", "is Terraform v1.11.4. The state is encrypted"),
        ("Terraform v2.1.0", "is Terraform v2.1.0. The state is encrypted"),
    ],
)
def test_only_what_encrypts_may_work_with_an_encrypted_stack(
    tmp_path: Path, said: str, named: str | None
) -> None:
    binary = program(tmp_path, said)
    environment = {"TF_VAR_state_passphrase": PASSPHRASE}
    encrypted = document(StateEncryption())
    answer = refusal([{}, encrypted], binary, environment)
    assert (answer is None) if named is None else (answer or "").startswith(f"{binary} {named}")
    assert refusal([{}, OUTPUT, {"terraform": {}}], binary, {}) is None
    key = refusal([document(StateEncryption(gcp_kms_key=KMS_KEY))], binary, {})
    assert (key is None) is (named is None)


def test_a_passphrase_is_measured_as_opentofu_measures_it(tmp_path: Path) -> None:
    stack = document(StateEncryption())
    binary = program(tmp_path, "OpenTofu v1.10.6")
    for passphrase in ("x" * 15, "é" * 7, "é" * 8, "x" * 16):
        answer = refusal([stack], binary, {"TF_VAR_state_passphrase": passphrase})
        done = tofu(write(tmp_path, stack), "init", TF_VAR_state_passphrase=passphrase)
        assert (answer is None) is (done.returncode == 0), (passphrase, done.stdout)


def test_a_program_that_is_not_there_is_named_by_who_runs_it() -> None:
    stack = document(StateEncryption())
    environment = {"TF_VAR_state_passphrase": PASSPHRASE}
    assert refusal([stack], "/nowhere/tofu", environment) is None


@pytest.mark.parametrize("broken", [{"terraform": 1}, {"terraform": {"encryption": []}}, {}])
def test_a_stack_of_another_shape_is_terraforms_to_refuse(broken: dict[str, Any]) -> None:
    assert refusal([broken], "/nowhere/tofu", {}) is None
