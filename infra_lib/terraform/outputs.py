"""What Terraform says of the machines that are deployed: its state, and the output `machines`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import field

from infra_lib.model.errors import FleetError, field_error
from infra_lib.model.facts import is_ipv4
from infra_lib.terraform.cdktf_json import labelled
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OUTPUT = "machines"


@frozen
class Deployed:
    """A machine that exists in the cloud.

    Attributes:
        external_ip: The IPv4 address it has; None when it has none, or is stopped. Outputs tell the
            one of before a start or a stop, see `State.tells`.
        zone: The zone it is in.
        usd_per_hour: USD per hour that it costs as it was deployed; None when unknown.
        fleet: The fleet that its label names; None where only outputs are known.
    """

    external_ip: str | None
    zone: str
    usd_per_hour: float | None = None
    fleet: str | None = None


@frozen
class State:
    """What there is in a stack, or in several.

    Attributes:
        machines: What each instance of a fleet is, by name.
        addresses: What each resource is called in Terraform: "google_compute_instance.galena".
        tells: Whether the output `machines` has the addresses of the machines. Terraform computes
            it for the plan, and Google's provider does not foresee that a start, a stop or another
            machine type changes the address: so the deployment after that is the first to tell.
    """

    machines: Mapping[str, Deployed] = field(factory=dict)
    addresses: frozenset[str] = frozenset()
    tells: bool = True


def parse(text: str, where: str) -> list[dict[str, Deployed]]:
    """Return the machines of each stack in what Terraform or cdktf wrote.

    `terraform output -json` is of one stack, and so is `terraform state pull`, which tells the
    addresses of now; `cdktf output --outputs-file` holds several, by name.

    Args:
        text: The JSON.
        where: What to call it in messages.

    Raises:
        FleetError: When it is neither, or has outputs but none called `machines`.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:  # also a number too long for Python
        raise FleetError(f"{where}: no JSON: {error}") from None
    if not isinstance(document, dict):
        raise FleetError(f"{where}: outputs of Terraform or of cdktf are wanted: an object")
    if isinstance(document.get("lineage"), str):
        return [dict(_state(text, where).machines)]
    found = list(_outputs(document))
    if not found and any(document.values()):
        raise FleetError(
            f"{where}: no output {OUTPUT!r}; what `terraform output -json`, "
            "`cdktf output --outputs-file` and `terraform state pull` write is accepted"
        )
    return [_machines(output, where) for output in found]


def stacks(folder: Path, fleet: str) -> list[Path]:
    """Return the folders of the synthesized stacks that provision a fleet, deployed or not.

    An app may have stacks of other fleets, with machines of the same names.

    Args:
        folder: cdktf's output folder, `cdktf.out`.
        fleet: The fleet's name. A stack in which nothing says whose it is may be this fleet's.
    """
    found = sorted(folder.glob("stacks/*/cdk.tf.json"))
    return [path.parent for path in found if _provisions(path, fleet)]


def ask(stack: Path) -> State | None:
    """Ask Terraform what is in a stack; None when nothing was ever deployed from here.

    Its state tells which exist, and where: after a deployment that failed in part, the outputs are
    those of before.

    Args:
        stack: The folder of the synthesized stack.

    Raises:
        FleetError: When Terraform cannot be run, or fails; the message holds what it said.
    """
    if not (stack / (os.environ.get("TF_DATA_DIR") or ".terraform")).exists():
        return None  # Terraform has never worked there
    # Nothing is printed where there is no state, which is not to say that no machine is: it may be
    # on another computer. What was destroyed leaves a state.
    text = answer(stack, "state", "pull")
    return _state(text, f"stack {stack.name}") if text.strip() else None


def _state(text: str, where: str) -> State:
    try:
        state = json.loads(text)
        said = state["outputs"].get(OUTPUT, {}).get("value") or {}
        instances = _managed(state, "google_compute_instance")
        machines = {name: _existing(each, said.get(name, {})) for name, each in instances}
        return State(
            machines,
            frozenset(
                f"{each['type']}.{each['name']}"
                for each in state["resources"]
                if each["mode"] == "managed" and each["instances"] and "module" not in each
            ),
            all(
                (said[name].get("external_ip") or None) == each.external_ip
                for name, each in machines.items()
                if name in said
            ),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise FleetError(f"{where}: Terraform printed no state: {text[:80]!r}") from None


def _managed(state: Mapping[str, Any], kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the fleets' resources of a kind: the name and the attributes of each."""
    for resource in state["resources"]:
        if (resource["mode"], resource["type"]) == ("managed", kind):
            for each in resource["instances"]:
                # Others may have theirs in there.
                if "fleet" in (each["attributes"]["labels"] or {}):
                    yield resource["name"], each["attributes"]


def _outputs(document: Mapping[str, Any]) -> Iterator[Any]:
    own = document.get(OUTPUT)
    if isinstance(own, dict) and {"sensitive", "value"} <= own.keys():
        yield own["value"]
        return
    for stack in document.values():
        if isinstance(stack, dict) and OUTPUT in stack:
            yield stack[OUTPUT]


def _machines(output: object, where: str) -> dict[str, Deployed]:
    if not isinstance(output, dict):
        raise field_error(where, OUTPUT, output, "a map from name to machine is wanted")
    return {name: _deployed(name, given, where) for name, given in output.items()}


def _deployed(name: str, given: object, where: str) -> Deployed:
    if not isinstance(given, dict) or not isinstance(given.get("zone"), str):
        raise field_error(where, f"{OUTPUT}.{name}", given, "an object with zone and external_ip")
    address = given.get("external_ip") or None
    if address is not None and not is_ipv4(address):
        raise field_error(
            where, f"{OUTPUT}.{name}.external_ip", address, "an IPv4 address, or null"
        )
    price = given.get("usd_per_hour")
    return Deployed(address, given["zone"], price if isinstance(price, int | float) else None)


def _provisions(stack: Path, fleet: str) -> bool:
    try:
        content = json.loads(stack.read_bytes())
        fleets = {each for each, _ in labelled(content)}
        return OUTPUT in content.get("output", {}) and (not fleets or fleet in fleets)
    except (OSError, ValueError, TypeError, AttributeError):
        return True  # Terraform tells what is wrong with it


def _existing(attributes: Mapping[str, Any], said: Mapping[str, Any]) -> Deployed:
    """Return an instance of the state, and what it costs if the output knows it as it is."""
    access = attributes["network_interface"][0]["access_config"]
    address = access[0]["nat_ip"] if access else None
    stopped = attributes["desired_status"] == "TERMINATED"
    same = all(said.get(key) == attributes[key] for key in ("zone", "machine_type"))
    price = said["usd_per_hour"] if same else None
    return Deployed(
        address or None,
        attributes["zone"],
        price if stopped == (price == 0) else None,
        attributes["labels"]["fleet"],
    )


def terraform() -> str:
    """Return what Terraform is called: what TERRAFORM_BINARY_NAME, cdktf's variable, says."""
    return os.environ.get("TERRAFORM_BINARY_NAME") or "terraform"


GET_TERRAFORM = (
    "install Terraform, or OpenTofu, which is used with TERRAFORM_BINARY_NAME=tofu, from your "
    "package manager, https://developer.hashicorp.com/terraform/install or "
    "https://opentofu.org/docs/intro/install"
)


def answer(stack: Path, *arguments: str) -> str:
    """Return what Terraform prints in the folder of a stack.

    Raises:
        FleetError: When it cannot be run, or fails; the message holds what it said.
    """
    binary = terraform()
    command = [binary, f"-chdir={stack}", *arguments]
    # What a person has it log may go into the stack's own folder, and no question changes that.
    quiet = dict.fromkeys(("TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER", "TF_LOG_PATH"), "")
    try:
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
            f"{binary}: cannot be run ({error.strerror}), so the addresses in stack {stack.name} "
            f"are not known: {GET_TERRAFORM}; or pass --outputs FILE, or --vars-only to leave "
            "addresses alone"
        ) from None
    if done.returncode:
        raise FleetError(f"{' '.join(command)} failed:\n{done.stderr.strip()}")
    return done.stdout
