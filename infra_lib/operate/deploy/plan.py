"""What Terraform would do to a stack, read from the real state by Terraform itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from infra_lib.model.errors import FleetError
from infra_lib.operate.deploy.failure import failures
from infra_lib.operate.deploy.printing import say
from infra_lib.operate.deploy.process import run
from infra_lib.operate.deploy.terraform_log import logged, text_of
from infra_lib.terraform.outputs import GET_TERRAFORM, answer, terraform
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from infra_lib.operate.deploy.synthesis import Stack

DISKS = ("google_compute_disk", "google_compute_region_disk")
_GUARDED = "Instance cannot be destroyed"  # prevent_destroy
_UPGRADE = "init -upgrade"
_HEARD = 200  # lines of what Terraform says at last, which is why it failed
_DRAWN = re.compile(r"\x1b\[[0-9;]*m|│")  # colours and frames

# As Terraform and OpenTofu say that they cannot get a provider.
_UNFETCHED = re.compile(
    r"(?:Could not retrieve the list of available versions for provider|Could not resolve provider"
    r"|Error while installing) ([\w.-]+(?:/[\w.-]+)+)"
)
_UNTOLD = "what would change cannot be told, nothing was deployed"


@frozen
class Change:
    """What becomes of a resource.

    Attributes:
        address: Its address in Terraform: "google_compute_instance.galena".
        type: Its type.
        actions: What is done, in Terraform's words: "no-op", "create", "update", "delete" ….
        before: Its attributes as it is; None when it is not there.
        after: Its attributes as it is to be, as far as they are known; None when it is deleted.
        forced_by: The attributes that cannot be changed in place, where it is replaced.
    """

    address: str
    type: str
    actions: tuple[str, ...]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    forced_by: tuple[str, ...] = ()

    @property
    def deletes(self) -> bool:
        """Whether what is there is deleted, also to be made anew."""
        return "delete" in self.actions

    @property
    def is_empty(self) -> bool:
        """Whether nothing happens to it."""
        return set(self.actions) <= {"no-op", "read"}

    @property
    def replaces(self) -> bool:
        """Whether it is deleted and made anew."""
        return self.deletes and "create" in self.actions

    @property
    def name(self) -> str:
        """The name of the resource in the cloud; its address where it has none."""
        there = self.before or self.after or {}
        return str(there.get("name") or self.address)


@frozen
class Plan:
    """What would become of a stack.

    Attributes:
        stack: The stack's name.
        changes: What becomes of each resource, also where nothing does.
        outputs: The names of the outputs that change.
        needs: The names of the stacks that are deployed before it.
    """

    stack: str
    changes: tuple[Change, ...]
    outputs: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes, so that what others read of the stack stays as it is."""
        return not self.outputs and all(change.is_empty for change in self.changes)

    @classmethod
    def from_json(cls, stack: str, text: str, needs: tuple[str, ...] = ()) -> Plan:
        """Read what `terraform show -json` prints of a plan.

        See https://developer.hashicorp.com/terraform/internals/json-format#plan-representation.

        Raises:
            FleetError: When it is something else.
        """
        try:
            document = json.loads(text)
            changes = document.get("resource_changes", ())
            outputs = document.get("output_changes", {}).items()
            return cls(
                stack,
                tuple(_change(each) for each in changes if each["mode"] == "managed"),
                tuple(name for name, each in outputs if each["actions"] != ["no-op"]),
                needs,
            )
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise FleetError(f"stack {stack}: Terraform printed no plan: {error!r}") from None


def check_terraform() -> None:
    """Check that there is a Terraform to run, from whatever folder.

    Raises:
        FleetError: When there is none.
    """
    found = shutil.which(terraform())
    if found is None:
        raise FleetError(f"{terraform()} is not on PATH: {GET_TERRAFORM}")
    if not Path(found).is_absolute():
        raise FleetError(
            f"{found} is run in the folder of each stack, where it is not: "
            f"TERRAFORM_BINARY_NAME={Path(found).absolute()} names it whole"
        )


def read(stacks: Sequence[Stack], variables: Iterable[str] = ()) -> tuple[Plan, ...] | str:
    """Have Terraform plan each stack, in front of a person, and return the plans.

    It reads the state wherever that is, and the cloud, and changes neither.

    Args:
        stacks: The stacks.
        variables: Paths of files with variables, which cdktf will hand to Terraform as well.

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
        plan = _read(stack, files)
        if isinstance(plan, str):
            first = sorted(names & set(stack.needs))
            hint = f"; it needs {', '.join(first)}, to be deployed first" if first else ""
            return f"stack {stack.name}: {plan}{hint}"
        plans.append(plan)
    return tuple(plans)


def _read(stack: Stack, files: Sequence[str]) -> Plan | str:
    # A plan holds secrets as they are: the folder is this user's alone.
    with TemporaryDirectory() as private:
        log, plan = Path(private, "terraform.log"), Path(private, "plan")
        plan.touch(mode=0o600)
        variables = logged(log)
        problem = _initialized(stack, variables)
        if problem is not None:
            return problem
        if work(stack, "plan", *files, f"-out={plan}", variables=variables):
            for failure in failures(text_of(log)):
                if _GUARDED in failure.text:
                    say(
                        f"{failure.address} would be deleted, and its prevent_destroy does not "
                        "let it. To have it deleted all the same, with what is on it, say "
                        "prevent_destroy=False and deploy without --yes"
                    )
                else:
                    say(f"{failure.address}: {failure.text}")
            return _UNTOLD
        return _shown(stack, plan)


def _initialized(stack: Stack, variables: Mapping[str, str]) -> str | None:
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
        f"{terraform()} cannot get its provider {provider[1]}, for the reason above; {_UNTOLD}. "
        "Where it is not to be downloaded, put it into ~/.terraform.d/plugins: what terraform "
        f"providers mirror DIR, run in {stack.folder} on a computer that can, puts into DIR"
    )


def _init(stack: Stack, variables: Mapping[str, str], *more: str) -> str | None:
    """Run `terraform init`, and return its last words, in one line, when it fails."""
    heard: deque[str] = deque(maxlen=_HEARD)
    if not work(stack, "init", *more, variables=variables, hear=heard.append):
        return None
    return " ".join(_DRAWN.sub(" ", "".join(heard)).split())  # it is broken into lines


def work(
    stack: Stack,
    verb: str,
    *more: str,
    variables: Mapping[str, str] | None = None,
    hear: Callable[[str], object] | None = None,
) -> int:
    """Have Terraform do something in the folder of a stack, in front of a person.

    It is told not to ask, to draw for people only, and to share providers between stacks.

    Args:
        stack: The stack.
        verb: What to do: "plan".
        *more: Further arguments.
        variables: Environment variables that differ.
        hear: Called with each line that it prints, or piece of one.

    Returns:
        Its exit code.

    Raises:
        FleetError: When it cannot be run.
    """
    drawn = () if sys.stdout.isatty() else ("-no-color",)
    command = [terraform(), verb, "-input=false", *drawn, *more]
    shared = {**_plugin_cache(), "TF_IN_AUTOMATION": "1"}
    return run(command, stack.folder, {**shared, **(variables or {})}, hear)


def _plugin_cache() -> dict[str, str]:
    """Return what has Terraform share providers between stacks, as cdktf has it do."""
    if os.environ.get("CDKTF_DISABLE_PLUGIN_CACHE_ENV") or os.environ.get("TF_PLUGIN_CACHE_DIR"):
        return {}
    cache = Path.home() / ".terraform.d" / "plugin-cache"
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError:
        return {}
    return {"TF_PLUGIN_CACHE_DIR": str(cache)}


def _shown(stack: Stack, plan: Path) -> Plan | str:
    try:
        text = answer(stack.folder, "show", "-json", str(plan))
        return Plan.from_json(stack.name, text, stack.needs)
    except FleetError as error:
        say(str(error))
        return _UNTOLD


def _change(given: Mapping[str, Any]) -> Change:
    change = given["change"]
    paths: Iterable[Sequence[object]] = change.get("replace_paths") or ()
    return Change(
        address=given["address"],
        type=given["type"],
        actions=tuple(change["actions"]),
        before=change["before"],
        after=change["after"],
        forced_by=tuple(dict.fromkeys(str(path[0]) for path in paths)),
    )
