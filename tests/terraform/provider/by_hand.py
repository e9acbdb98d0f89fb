"""What somebody made in the cloud by hand: Terraform has never heard of it.

    made(cloud, schemas, "google_compute_instance", {"name": "galena", …})

What is not said is as a cloud's console has it. Nothing is labelled as Terraform's, and what only a
state knows (`allow_stopping_for_update`, `keep_disk`) is not known.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .api import Api
from .cloud import Cloud, State, opened
from .hcloud import Hcloud
from .hcloud_rules import RULES as HCLOUD
from .planning import Rules, plan
from .resources import RULES as GOOGLE
from .schema import Block, Nested, load

RULES: dict[str, Rules] = GOOGLE | HCLOUD


def made(path: Path, schemas: Path, kind: str, given: Mapping[str, Any]) -> str:
    """Make a resource by hand, and return the ID that an import takes.

    Args:
        path: The file of the cloud, which may be missing.
        schemas: The file that the server is started with.
        kind: Its type in Terraform.
        given: Its arguments as Terraform has them; where there may be one block, that block. A
            resource of Google's says its project, and its zone or its region where it has one.

    Raises:
        ApiError: The cloud refuses it.
    """
    known = load(schemas.read_text())
    block, rules = known[kind], RULES[kind]
    wanted = completed(block, given)
    with opened(path) as cloud:
        api = _api(cloud, kind, known)
        planned = plan(block, rules, None, wanted).state
        if "effective_labels" in planned:
            labels = dict(wanted["labels"] or {})
            planned |= {"labels": labels, "terraform_labels": {}, "effective_labels": labels}
        state = api.create(kind, planned, wanted)
        if kind in GOOGLE:
            stored = cloud.of(kind)[state["id"]]
            stored |= {"labels": {}} if "labels" in stored else {}
            stored |= dict.fromkeys(rules.stated)
    if kind == "hcloud_zone_rrset":
        return f"{state['zone']}/{state['id']}"
    return str(state["id"])


def _api(cloud: Cloud, kind: str, schemas: dict[str, Block]) -> Api | Hcloud:
    if kind in HCLOUD:
        return Hcloud(cloud, {}, schemas)
    return Api(cloud, {}, schemas)


def completed(block: Block, given: Mapping[str, Any]) -> State:
    """Arguments with nothing where nothing is said, as Terraform hands a configuration over."""
    unknown = given.keys() - block.attributes.keys() - block.blocks.keys()
    assert not unknown, f"no such argument: {', '.join(sorted(unknown))}"
    return {name: given.get(name) for name in block.attributes} | {
        name: _blocks(nested, given.get(name)) for name, nested in block.blocks.items()
    }


def _blocks(nested: Nested, given: Any) -> Any:
    if nested.nesting == "single":
        return None if given is None else completed(nested.block, given)
    several = [given] if isinstance(given, Mapping) else given or ()
    return [completed(nested.block, each) for each in several]
