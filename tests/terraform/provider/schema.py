"""The schemas of google's resources, read out of the provider package that the stacks are typed by.

`cdktf-cdktf-provider-google` was generated from google's own schema. Its tarball carries, in the
source maps of its JavaScript, the TypeScript it was compiled from, and there every argument stands
with its type, its nesting and whether it is computed, optional or required. So nothing is written
down twice here, and nothing can be more lenient than the package: what it does not know, the
stand-in refuses, and a shape this reader does not know is an error.
"""

import base64
import json
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

RESOURCES = (
    "compute_address",
    "compute_attached_disk",
    "compute_disk",
    "compute_firewall",
    "compute_instance",
    "compute_network",
    "compute_resource_policy",
    "compute_router",
    "compute_router_nat",
    "compute_subnetwork",
    "dns_record_set",
    "project_iam_member",
    "service_account",
)
"""What the stand-in serves, without the `google_` in front."""

DATA_SOURCES = ("compute_instance",)
"""What it looks up, without the `google_` in front."""

CtyType = str | list[Any]
"""A type as Terraform's protocol writes it: `"string"`, `["list", "string"]` …"""


@attrs.frozen
class Attribute:
    """One argument or output.

    Attributes:
        type: Its type.
        required: It must be given.
        optional: It may be given.
        computed: The provider may fill it in.
        nested: For objects whose arguments have flags of their own: how often they stand, and
            what is in them.
    """

    type: CtyType
    required: bool
    optional: bool
    computed: bool
    nested: "Nested | None" = None


@attrs.frozen
class Block:
    """What may stand between one pair of braces.

    Attributes:
        attributes: By name.
        blocks: The blocks within, by name.
    """

    attributes: Mapping[str, Attribute]
    blocks: Mapping[str, "Nested"]


@attrs.frozen
class Nested:
    """How a block may be repeated.

    Attributes:
        nesting: `list`, `set` or `single`.
        min_items: 1 when the block must be there, else 0.
        max_items: 1 when there may be only one, 0 for any number.
        block: What stands within.
    """

    nesting: str
    min_items: int
    max_items: int
    block: Block


class UnknownShapeError(Exception):
    """The package is written in a way that this reader was not made for."""


def derive(package: Path) -> dict[str, Block]:
    """The schema of the provider, and of each of `RESOURCES` and `DATA_SOURCES`.

    They go by `provider`, `google_…` and `data google_…`.

    Args:
        package: The tarball in `cdktf_cdktf_provider_google/_jsii`.

    Raises:
        UnknownShapeError: A resource is missing from the package or unlike the others.
    """
    modules = {"provider": "provider"}
    modules |= {f"google_{name}": name.replace("_", "-") for name in RESOURCES}
    modules |= {
        f"data google_{name}": f"data-google-{name.replace('_', '-')}" for name in DATA_SOURCES
    }
    sources = typescript(package, modules.values())
    schemas = {}
    for name, module in modules.items():
        if module not in sources:
            raise UnknownShapeError(f"{package.name} has no {module}")
        schemas[name] = top_level(sources[module])
    return schemas


def typescript(package: Path, modules: Iterable[str]) -> dict[str, str]:
    """The TypeScript of each of `modules`, by module."""
    wanted = {f"package/lib/{module}/index.js": module for module in modules}
    sources = {}
    with tarfile.open(package) as archive:
        for member in archive:
            if member.name in wanted and (file := archive.extractfile(member)):
                _, _, encoded = file.read().decode().rpartition(";base64,")
                source_map = json.loads(base64.b64decode(encoded))
                sources[wanted[member.name]] = "".join(source_map["sourcesContent"])
    return sources


def top_level(source: str) -> Block:
    """The block of the one resource, data source or provider that `source` declares."""
    found = re.search(
        r"^export class (\w+) extends cdktf\.Terraform(?:Resource|DataSource|Provider) ",
        source,
        re.MULTILINE,
    )
    if not found:
        raise UnknownShapeError("a module without a resource")
    return block_of(found[1], source)


def block_of(name: str, source: str) -> Block:
    """The block that class `name` stands for."""
    attributes: dict[str, Attribute] = {}
    blocks: dict[str, Nested] = {}
    for argument, flags, text in members(name, source):
        if PROVIDER_ONLY.search(text):
            continue
        nested = re.search(
            rf'= new (\w+?)(List|OutputReference)\(this, "{argument}"(?:, (\w+))?\)', text
        )
        if not nested:
            attributes[argument] = Attribute(type_of(argument, text), *flags)
            continue
        inner = block_of(f"{nested[1]}OutputReference", source)
        written = re.search(
            rf"^ +{argument}: {{\n +value: .*\b{lower_first(nested[1])}ToHclTerraform\b.*\n"
            r' +isBlock: (\w+),\n +type: "(\w+)",',
            source,
            re.MULTILINE,
        )
        if written and written[1] == "true":
            nesting = {"struct": "single"}.get(written[2], written[2])
            required, _, _ = flags
            blocks[argument] = Nested(
                nesting=nesting,
                min_items=int(required),
                max_items=int(nested[2] == "OutputReference" and nesting != "single"),
                block=inner,
            )
        else:
            repeated = "set" if nested[3] == "true" else "list"
            attributes[argument] = Attribute([repeated, object_type(inner)], *flags)
    return Block(attributes, blocks)


HEAD = re.compile(r"^  // (\w+) - computed: (\w+), optional: (\w+), required: (\w+)$", re.MULTILINE)


def members(name: str, source: str) -> Iterator[tuple[str, tuple[bool, bool, bool], str]]:
    """Each argument of class `name`: its name; if required, optional, computed; its code."""
    found = re.search(rf"^export class {name} extends .*?^}}", source, re.MULTILINE | re.DOTALL)
    if not found:
        raise UnknownShapeError(f"no class {name}")
    heads = re.compile(
        r"^  // (\w+) - computed: (\w+), optional: (\w+), required: (\w+)$", re.MULTILINE
    )
    starts = list(heads.finditer(found[0]))
    ends = [start.start() for start in starts[1:]] + [len(found[0])]
    for start, end in zip(starts, ends, strict=True):
        argument, computed, optional, required = start.groups()
        flags = (required == "true", optional == "true", computed == "true")
        yield argument, flags, found[0][start.end() : end]


# `alias` is Terraform's own; the blocks of the provider (batching, external_credentials) are left
# out, so that giving one is refused.
PROVIDER_ONLY = re.compile(
    r"^  private _(?:alias\?: string|\w+\?: GoogleProvider\w+\[\] )", re.MULTILINE
)

GETTERS: dict[str, CtyType] = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "StringMap": ["map", "string"],
    "NumberList": ["list", "number"],
}
DECLARED: dict[str, CtyType] = {
    "string": "string",
    "number": "number",
    "boolean | cdktf.IResolvable": "bool",
    "string[]": ["list", "string"],
    "{ [key: string]: string }": ["map", "string"],
}


def type_of(argument: str, text: str) -> CtyType:
    """The type of an argument that is no block, from the code around it."""
    if "new cdktf.StringMap(this" in text:
        return ["map", "string"]
    if getter := re.search(r"return (.*\b)?this\.get(\w+)Attribute\(", text):
        if getter[2] == "List":
            return ["set" if (getter[1] or "").startswith("cdktf.Fn.tolist(") else "list", "string"]
        if getter[2] in GETTERS:
            return GETTERS[getter[2]]
    # A provider has no getters: nothing refers to its arguments.
    declared = re.search(r"private _\w+\?: (.*?)(?: \| undefined)?; *$", text, re.MULTILINE)
    if declared and declared[1] in DECLARED:
        return DECLARED[declared[1]]
    raise UnknownShapeError(f"the type of {argument} in: {text}")


def object_type(block: Block) -> CtyType:
    """The type of an attribute whose elements have the arguments of `block`."""
    if block.blocks:
        raise UnknownShapeError("a block within an attribute")
    return ["object", {name: attribute.type for name, attribute in block.attributes.items()}]


def fitted(kind: CtyType, value: Any) -> Any:
    """A value with just the arguments that a type has, at every depth."""
    if value is None or isinstance(kind, str):
        return value
    outer, inner = kind
    if outer == "object":
        return {name: fitted(each, value.get(name)) for name, each in inner.items()}
    if outer == "map":
        return {name: fitted(inner, each) for name, each in value.items()}
    return [fitted(inner, each) for each in value]


def lower_first(name: str) -> str:
    """`name` with a small first letter."""
    return name[0].lower() + name[1:]


def digested(text: str) -> dict[str, Block]:
    """The schemas in a digest that the repository keeps: see tests/clouds/hetzner/schema.py."""
    return {name: _digested(data) for name, data in json.loads(text).items()}


def _digested(data: Mapping[str, Any]) -> Block:
    attributes, blocks = {}, {}
    for name, given in data.items():
        if "block" in given:
            blocks[name] = Nested(
                given["nesting"], given["least"], given["most"], _digested(given["block"])
            )
            continue
        use, nested = given["use"], None
        if "nested" in given:
            nested = Nested(given["nesting"], 0, 0, _digested(given["nested"]))
        attributes[name] = Attribute(
            [given["nesting"], object_type(nested.block)] if nested else given["type"],
            required=use == "required",
            optional=use == "optional",
            computed=use == "computed" or given.get("computed", False),
            nested=nested,
        )
    return Block(attributes, blocks)


def dump(schemas: Mapping[str, Block]) -> str:
    """`schemas` as JSON, for `load`."""
    return json.dumps({name: attrs.asdict(block) for name, block in schemas.items()})


def load(text: str) -> dict[str, Block]:
    """What `dump` wrote."""
    return {name: _block(data) for name, data in json.loads(text).items()}


def _block(data: Mapping[str, Any]) -> Block:
    return Block(
        {
            name: Attribute(**{**attribute, "nested": _nested(attribute["nested"])})
            for name, attribute in data["attributes"].items()
        },
        {name: _nested(nested) for name, nested in data["blocks"].items()},
    )


def _nested(data: Mapping[str, Any] | None) -> Any:
    return data and Nested(**{**data, "block": _block(data["block"])})
