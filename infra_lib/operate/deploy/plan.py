"""Plans of stacks, made by Terraform from the real state, in front of a person."""

from __future__ import annotations

import re
from collections import deque
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from infra_lib.model.errors import FleetError
from infra_lib.operate.deploy.failures_in_log import read_failures
from infra_lib.terraform.command import answer, binary, run
from infra_lib.terraform.log import read_log, variables_to_log
from infra_lib.terraform.plan import Plan
from infra_lib.terraform.printing import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from infra_lib.clouds.failure import Failure
    from infra_lib.operate.deploy.synthesis import Stack

_GUARDED = "Instance cannot be destroyed"  # prevent_destroy
_ABSENT = "Cannot import non-existent remote object"
_UPGRADE = "init -upgrade"
_HEARD = 200  # lines of what Terraform says at last, which is why it failed
_DRAWN = re.compile(r"\x1b\[[0-9;]*m|│")  # colours and frames

# As Terraform and OpenTofu say that they cannot get a provider.
_UNFETCHED = re.compile(
    r"(?:Could not retrieve the list of available versions for provider|Could not resolve provider"
    r"|Error while installing) ([\w.-]+(?:/[\w.-]+)+)"
)
_UNTOLD = "what would change cannot be told, nothing was deployed"


def read(
    stacks: Sequence[Stack],
    variables: Iterable[str] = (),
    explain: Callable[[Failure], str | None] = lambda _: None,
) -> tuple[Plan, ...] | str:
    """Have Terraform plan each stack, in front of a person, and return the plans.

    It reads the state wherever that is, and the cloud, and changes neither.

    Args:
        stacks: The stacks.
        variables: Paths of files with variables, which the framework will hand to Terraform too.
        explain: Returns what to do about a failure; None when that is not known.

    Returns:
        The plans; or, where one cannot be made, the message that ends the deployment. What
        Terraform says of it has been printed by then.

    Raises:
        FleetError: When Terraform cannot be run.
    """
    names = {stack.name for stack in stacks}
    files = [f"-var-file={path}" for path in variables]
    plans = []
    for stack in stacks:
        plan = _read(stack, files, explain)
        if isinstance(plan, str):
            first = sorted(names & set(stack.needs))
            hint = f"; it needs {', '.join(first)}, to be deployed first" if first else ""
            return f"stack {stack.name}: {plan}{hint}"
        plans.append(plan)
    return tuple(plans)


def _read(
    stack: Stack, files: Sequence[str], explain: Callable[[Failure], str | None]
) -> Plan | str:
    # A plan holds secrets as they are: the folder is this user's alone.
    with TemporaryDirectory() as private:
        log, plan = Path(private, "terraform.log"), Path(private, "plan")
        plan.touch(mode=0o600)
        variables = variables_to_log(log)
        problem = _initialize(stack, variables)
        if problem is not None:
            return problem
        if run(stack.folder, "plan", *files, f"-out={plan}", variables=variables):
            for failure in read_failures(read_log(log)):
                if _GUARDED in failure.text:
                    say(
                        f"{failure.address} would be deleted, and its prevent_destroy does not "
                        "let it. To have it deleted all the same, with what is on it, say "
                        "prevent_destroy=False and deploy without --yes"
                    )
                elif _ABSENT in failure.text:
                    say(
                        f"{failure.address} is to be taken over, and is not there, as that of a "
                        "machine that was off meanwhile: take its entry out of the stack's "
                        "imports, and it is made; or correct its ID, where it is another"
                    )
                else:
                    say(explain(failure) or f"{failure.address}: {failure.text}")
            return _UNTOLD
        return _show(stack, plan)


def _initialize(stack: Stack, variables: Mapping[str, str]) -> str | None:
    """Do `terraform init`, and take newer providers only where the locked ones will not do.

    Returns:
        Why it cannot be done; None when it has been.
    """
    said = _init(stack, variables)
    if said is not None and _UPGRADE in said:
        said = _init(stack, variables, "-upgrade")
    if said is None:
        return None
    provider = _UNFETCHED.search(said)
    if provider is None:
        return _UNTOLD
    return (
        f"{binary()} cannot get its provider {provider[1]}, for the reason above; {_UNTOLD}. "
        "Where it is not to be downloaded, put it into ~/.terraform.d/plugins: what "
        f"{binary()} providers mirror DIR, run in {stack.folder} on a computer that can, puts into "
        "DIR"
    )


def _init(stack: Stack, variables: Mapping[str, str], *more: str) -> str | None:
    """Run `terraform init`, and return its last words, in one line, when it fails."""
    heard: deque[str] = deque(maxlen=_HEARD)
    if not run(stack.folder, "init", *more, variables=variables, hear=heard.append):
        return None
    return " ".join(_DRAWN.sub(" ", "".join(heard)).split())  # it is broken into lines


def _show(stack: Stack, plan: Path) -> Plan | str:
    try:
        text = answer(stack.folder, "show", "-json", str(plan))
        return Plan.from_json(stack.name, text, stack.needs)
    except FleetError as error:
        say(str(error))
        return _UNTOLD
