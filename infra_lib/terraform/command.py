"""The command line of Terraform, or of OpenTofu in its place."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_lib.model.errors import FleetError
from infra_lib.terraform import process
from infra_lib.terraform.cdktf_json import read_document
from infra_lib.terraform.encryption import refusal
from infra_lib.terraform.printing import progress, trace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

GET_TERRAFORM = (
    "install Terraform, or OpenTofu, which is used with TERRAFORM_BINARY_NAME=tofu, from your "
    "package manager, https://developer.hashicorp.com/terraform/install or "
    "https://opentofu.org/docs/intro/install"
)


def binary() -> str:
    """Return what Terraform is called: what TERRAFORM_BINARY_NAME, cdktf's variable, says."""
    return os.environ.get("TERRAFORM_BINARY_NAME") or "terraform"


def check_terraform() -> None:
    """Check that there is a Terraform to run, from whatever folder.

    Raises:
        FleetError: When Terraform is not on PATH.
    """
    found = shutil.which(binary())
    if found is None:
        raise FleetError(f"{binary()} is not on PATH: {GET_TERRAFORM}")
    if not Path(found).is_absolute():
        raise FleetError(
            f"{found} is run in the folder of each stack, where it is not: "
            f"TERRAFORM_BINARY_NAME={Path(found).absolute()} names it whole"
        )


def check_encryption(documents: Iterable[Mapping[str, Any]]) -> None:
    """Check that what encrypts the state of stacks is here, where they are encrypted.

    Args:
        documents: What a framework wrote as cdk.tf.json of each.

    Raises:
        FleetError: When it is not: OpenTofu, or a passphrase.
    """
    problem = refusal(documents, binary(), os.environ)
    if problem is not None:
        raise FleetError(problem)


def answer(stack: Path, *arguments: str) -> str:
    """Return what Terraform prints in the folder of a stack.

    Raises:
        FleetError: When it cannot be run, or fails; the message holds what it said.
    """
    terraform = binary()
    command = [terraform, f"-chdir={stack}", *arguments]
    # What a person has it log may go into the stack's own folder, and no question changes that.
    quiet = dict.fromkeys(("TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER", "TF_LOG_PATH"), "")
    trace(command)
    try:
        with progress(f"{terraform} {' '.join(arguments[:2])}, stack {stack.name}"):
            done = subprocess.run(
                command,
                env={**os.environ, **quiet},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
    except OSError as error:
        raise FleetError(
            f"{terraform}: cannot be run ({error.strerror}), so the addresses in stack "
            f"{stack.name} are not known: {GET_TERRAFORM}; or pass --outputs FILE, or --vars-only "
            "to leave addresses alone"
        ) from None
    if done.returncode:
        raise FleetError(f"{' '.join(command)} failed:\n{done.stderr.strip()}")
    return done.stdout


def pull_state(stack: Path) -> str | None:
    """Return the state of a stack as JSON; None when nothing was ever deployed from here.

    Args:
        stack: The folder of the synthesized stack.

    Raises:
        FleetError: When Terraform cannot be run, cannot decrypt the state, or fails; the message
            holds what it said.
    """
    if not (stack / (os.environ.get("TF_DATA_DIR") or ".terraform")).exists():
        return None  # Terraform has never worked there
    check_encryption((read_document(stack),))
    # Nothing is printed where there is no state, which is not to say that no machine is: it may be
    # on another computer. What was destroyed leaves a state.
    text = answer(stack, "state", "pull")
    return text if text.strip() else None


def run(
    folder: Path,
    verb: str,
    *more: str,
    variables: Mapping[str, str] | None = None,
    hear: Callable[[str], object] | None = None,
) -> int:
    """Run Terraform in the folder of a stack, in front of a person, and return its exit code.

    It is told not to ask, to draw for people only, and to share providers between stacks.

    Args:
        folder: The folder of the synthesized stack.
        verb: What to do: "plan".
        *more: Further arguments.
        variables: Environment variables that differ.
        hear: Called with each line that it prints, or piece of one.

    Raises:
        FleetError: When it cannot be run.
    """
    drawn = () if sys.stdout.isatty() else ("-no-color",)
    command = [binary(), verb, "-input=false", *drawn, *more]
    shared = {**_plugin_cache(), "TF_IN_AUTOMATION": "1"}
    return process.run(command, folder, {**shared, **(variables or {})}, hear)


def _plugin_cache() -> dict[str, str]:
    """Return the environment in which Terraform shares providers between stacks, as with cdktf."""
    if os.environ.get("CDKTF_DISABLE_PLUGIN_CACHE_ENV") or os.environ.get("TF_PLUGIN_CACHE_DIR"):
        return {}
    cache = Path.home() / ".terraform.d" / "plugin-cache"
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError:
        return {}
    return {"TF_PLUGIN_CACHE_DIR": str(cache)}
