"""What reaches a deployment from outside its stacks reaches the plan too, or is refused."""

from pathlib import Path

import pytest

from infra_lib import FleetError
from infra_lib.operate.deploy import inputs


@pytest.mark.parametrize("name", ["TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_CLI_ARGS_apply"])
@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ("-parallelism=2 --lock-timeout=5m -no-color", None),
        ("", None),
        ("-destroy", "-destroy"),
        (
            "-no-color -target=google_compute_instance.galena",
            "-target=google_compute_instance.galena",
        ),
        ("-replace=google_compute_disk.ore", "-replace=google_compute_disk.ore"),
        ("-refresh=false", "-refresh=false"),
        ("-var n=0", "-var"),
        ("plan", "plan"),
    ],
)
def test_arguments_that_only_one_of_both_may_heed_are_refused(
    name: str, given: str, refused: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, given)
    if refused is None:
        inputs.check_environment()
        return
    with pytest.raises(FleetError) as error:
        inputs.check_environment()
    assert str(error.value).startswith(f"{name}={given!r}: {refused} may have Terraform plan and")


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("CDKTF_VAR", True),
        ("CDKTF_VAR_FILE", True),
        ("CDKTF_REFRESH_ONLY", True),
        ("CDKTF_MIGRATE_STATE", True),
        ("CDKTF_OUTPUT", False),
        ("CDKTF_LOG_LEVEL", False),
        ("TF_VAR_n", False),
    ],
)
def test_options_of_cdktf_that_a_plan_knows_nothing_of_are_refused(
    name: str, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "true")
    if refused:
        with pytest.raises(FleetError, match=f"^{name}: "):
            inputs.check_environment()
    else:
        inputs.check_environment()


def test_variables_come_in_the_order_of_cdktf(tmp_path: Path) -> None:
    names = [
        "terraform.tfvars",
        "terraform.tfvars.json",
        "a.auto.tfvars",
        "z.auto.tfvars",
        "b.auto.tfvars.json",
    ]
    for name in (*reversed(names), "other.tfvars"):
        (tmp_path / name).write_text("")
    assert [path.name for path in inputs.variable_files(tmp_path)] == names
