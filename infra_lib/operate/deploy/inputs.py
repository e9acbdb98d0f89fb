"""What reaches a deployment from outside its stacks: files with variables, and the environment.

Both the plan that is shown and the deployment have to get the same of it.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from infra_lib.model.errors import FleetError
from infra_lib.operate.deploy.synthesis import digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# Either framework hands these to Terraform, in this order, from the folder of cdktf.json:
# https://developer.hashicorp.com/terraform/cdktf/cli-reference/commands#deploy
_VARIABLES = (
    "terraform.tfvars",
    "terraform.tfvars.json",
    "*.auto.tfvars",
    "*.auto.tfvars.json",
)

# https://developer.hashicorp.com/terraform/cli/config/environment-variables#tf_cli_args-and-tf_cli_args_name
_ARGUMENTS = ("TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_CLI_ARGS_apply")
_HARMLESS = re.compile(r"--?(?:compact-warnings|input|lock-timeout|no-color|parallelism)(?:=\S*)?")

# Either takes each of its options from the environment; of these the plan would know nothing.
_OPTIONS = {"var", "varfile", "refreshonly", "migratestate"}


def check_environment() -> None:
    """Check that no environment variable has Terraform deploy something else than it planned.

    Raises:
        FleetError: When one does.
    """
    for name in _ARGUMENTS:
        for word in os.environ.get(name, "").split():
            if not _HARMLESS.fullmatch(word):
                raise FleetError(
                    f"{name}={os.environ[name]!r}: {word} may have Terraform plan and deploy two "
                    "different things; accepted are -parallelism, -lock-timeout, -no-color, "
                    "-compact-warnings and -input, each with = before its value"
                )
    for name in sorted(os.environ):
        prefix, _, option = name.partition("_")
        if prefix == "CDKTF" and option.replace("_", "").lower() in _OPTIONS and os.environ[name]:
            raise FleetError(
                f"{name}: it has something else deployed than what is planned and shown; "
                "unset it (variables may stand in terraform.tfvars beside cdktf.json)"
            )


def variable_files(project: Path) -> Iterator[Path]:
    """Yield the files with variables that a framework hands to Terraform, in their order.

    Args:
        project: The folder of cdktf.json.
    """
    for pattern in _VARIABLES:
        yield from sorted(project.glob(pattern))


def digests(project: Path) -> Mapping[str, str]:
    """Return a digest of each of the `variable_files`, by its path."""
    return {str(path): digest(path) for path in variable_files(project)}
