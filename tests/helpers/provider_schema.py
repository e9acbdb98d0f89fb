"""What a provider takes, as the repository keeps digests of it, and what of a resource it refuses.

A digest is of what a provider itself prints (`terraform providers schema -json`): each argument's
type, and whether it has to be given or only can be read; of blocks, and of arguments that are
objects, how often they may stand and what is in them. It is for tests alone.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from infra_lib import Reference
from infra_lib.model.errors import nearest
from infra_lib.terraform.resource import Resource

Schema = dict[str, Any]

# Terraform's own: https://developer.hashicorp.com/terraform/language/resources/terraform-data
TERRAFORM_DATA: Schema = {
    "triggers_replace": {"type": "dynamic", "use": "optional"},
    "input": {"type": "dynamic", "use": "optional"},
    "output": {"type": "dynamic", "use": "computed"},
    "id": {"type": "string", "use": "computed"},
}
LIFECYCLE = {
    "create_before_destroy": {"type": "bool", "use": "optional"},
    "prevent_destroy": {"type": "bool", "use": "optional"},
    "ignore_changes": {"type": ["list", "string"], "use": "optional"},
}
TYPES: dict[str, type | tuple[type, ...]] = {"string": str, "number": (int, float), "bool": bool}


def kept(digest: Path) -> dict[str, Schema]:
    """The schemas of a digest by resource type, and `provider`."""
    schemas: dict[str, Schema] = json.loads(digest.read_text())
    return schemas | {"terraform_data": TERRAFORM_DATA}


def faults_by(schemas: Mapping[str, Schema], resource: Resource) -> list[str]:
    """What Terraform and the provider refuse of a resource, each with its path."""
    if resource.type not in schemas:
        return [f"{resource.address}: no such type{nearest(resource.type, schemas)}"]
    schema = schemas[resource.type]
    found = [
        *of_block(schema, resource.arguments, ""),
        *of_block(LIFECYCLE, resource.lifecycle, ""),
    ]
    found += [
        f"lifecycle.ignore_changes: no such argument: {path}"
        for path in resource.lifecycle.get("ignore_changes", ())
        if not is_there(schema, path)
    ]
    return [f"{resource.address}: {fault}" for fault in found]


def of_block(schema: Schema, given: Mapping[str, Any], within: str) -> Iterator[str]:
    """What is refused of a block."""
    for name, value in given.items():
        path = f"{within}{name}"
        if name not in schema:
            yield f"{path}: no such argument{nearest(name, schema)}"
        elif value is not None:
            yield from of_argument(schema[name], value, path)
    for name, described in schema.items():
        if given.get(name) is None and (
            described.get("use") == "required" or described.get("least")
        ):
            yield f"{within}{name}: required"


def of_argument(described: Schema, value: Any, path: str) -> Iterator[str]:
    """What is refused of an argument, or of a block that stands once or several times."""
    inner = described.get("block") or described.get("nested")
    if inner:
        blocks = value if isinstance(value, list) else [value]
        least, most = described.get("least", 0), described.get("most")
        if not least <= len(blocks) <= (most or len(blocks)):
            yield f"{path}: {len(blocks)} blocks"
        for index, block in enumerate(blocks):
            where = f"{path}[{index}]" if isinstance(value, list) else path
            if isinstance(block, Mapping):
                yield from of_block(inner, block, f"{where}.")
            else:
                yield f"{where}: not a block: {block!r}"
    elif described["use"] == "computed":
        yield f"{path}: only the provider says it"
    elif not fits(described["type"], value):
        yield f"{path}: {described['type']} is wanted, not {value!r}"


def fits(kind: Any, value: Any) -> bool:
    """Whether a value is of a type of Terraform's."""
    if isinstance(value, Reference) or kind == "dynamic":
        return True
    if isinstance(kind, str):
        return isinstance(value, TYPES[kind]) and (kind == "bool") == isinstance(value, bool)
    collection, element = kind
    if collection == "map":
        return isinstance(value, Mapping) and all(fits(element, each) for each in value.values())
    unique = collection != "set" or len(set(value)) == len(value)
    return isinstance(value, list) and unique and all(fits(element, each) for each in value)


def is_there(schema: Schema, path: str) -> bool:
    """Whether there is an argument or an attribute of a path: "network_interface[0].network_ip"."""
    first, _, rest = path.partition(".")
    found = re.fullmatch(r"(\w+)(\[\d+\])?", first)
    if found is None or found[1] not in schema:
        return False
    return is_there(schema[found[1]].get("block", {}), rest) if rest else True
