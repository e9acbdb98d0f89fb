"""What Terraform's JSON tells of resources: a state, a plan, or what somebody wrote.

States and plans: https://developer.hashicorp.com/terraform/internals/json-format. What somebody
wrote: https://developer.hashicorp.com/terraform/language/syntax/json, which terranix and CDKTF
write as config.tf.json and cdk.tf.json.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve, field

from infra_lib.clouds.adoption import Found, Item
from infra_lib.model.errors import FleetError, field_error
from infra_lib.model.reference import Reference
from infra_lib.terraform.state import OUTPUT
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FORMATS = ("0.", "1.")
_STATE_VERSION = 4
_TEMPLATE = re.compile(r"(?<![$%])[$%]\{")
_VARIABLE = re.compile(r"\$\{(var|local)\.([-\w]+)\}")
_ACCEPTED = (
    "what `terraform show -json` prints of a state or a plan, a state itself, cdk.tf.json, or "
    "terranix's config.tf.json"
)
# All but these of a resource is handed on: what it is, and what is to become of it.
_META = frozenset({"//", "connection", "depends_on", "provider", "provisioner"})
# What is in a zone, which is the provider's where nobody says it.
_ZONAL = frozenset({"google_compute_instance", "google_compute_disk"})
_DONE = {
    ("create",): "makes it",
    ("update",): "changes it",
    ("delete",): "destroys it",
    ("forget",): "forgets it",
    ("delete", "create"): "makes it anew",
    ("create", "delete"): "makes it anew",
}


@frozen(kw_only=True)
class Document:
    """What one of Terraform's files tells.

    Attributes:
        found: The resources, of whatever provider, in the file's order.
        providers: The arguments of each provider, by its name: "google".
        backend: The type and the arguments of where the state is kept; None where that is not said.
        items: What the report says: what cannot be told from such a file.
        beside: What else it holds, as if it were resources: data sources, outputs, variables, what
            providers and the backend are told. Nothing is made of it; a secret in it is one.
    """

    found: tuple[Found, ...]
    providers: Mapping[str, Mapping[str, Any]] = field(factory=dict)
    backend: tuple[str, Mapping[str, Any]] | None = None
    items: tuple[Item, ...] = ()
    beside: tuple[Found, ...] = ()


def read_terraform(document: Any, where: str) -> Document:
    """Return what a file of Terraform's tells.

    Args:
        document: The JSON.
        where: What to call it in messages.

    Raises:
        FleetError: When it is no such file, or of a version that is not known.
    """
    if not isinstance(document, Mapping):
        raise FleetError(f"{where}: an object is wanted: {_ACCEPTED}")
    try:
        if "format_version" in document:
            return _shown(document, where)
        if "lineage" in document or ("version" in document and "resources" in document):
            return _state(document, where)
        if any(name in document for name in ("resource", "provider", "terraform", "variable")):
            return _configuration(document, where)
    except (AttributeError, KeyError, TypeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise FleetError(f"{where}: it is not formed as Terraform's JSON is ({reason})") from None
    raise FleetError(f"{where}: this is none of Terraform's files: {_ACCEPTED} is accepted")


def _shown(document: Mapping[str, Any], where: str) -> Document:
    """Read what `terraform show -json` prints: of a plan, what there was before it counts."""
    version = document["format_version"]
    if not isinstance(version, str) or not version.startswith(_FORMATS):
        accepted = "versions 0.x and 1.x of `terraform show -json` are known"
        raise field_error(where, "format_version", version, accepted)
    providers = _plan_providers(document.get("configuration"))
    items: list[Item] = []
    beside = [_beside("variable", document.get("variables"), where)]
    if "planned_values" in document:
        prior = (document.get("prior_state") or {}).get("values")
        values = prior if prior and prior.get("root_module") else None
        exists = values is not None
        if exists:
            items += _planned(document.get("resource_changes"), where)
        if values is None:
            values = document["planned_values"]
            what = "a plan of what is not there yet: what it leaves to be known later is missing"
            items.append(Item(kind="guessed", where=where, what=what))
    else:
        values, exists = document.get("values"), True
    if values is None:  # of an empty state
        return Document(found=(), providers=providers, items=tuple(items))
    items += _outputs(values.get("outputs"), where)
    beside.append(_beside("output", values.get("outputs"), where))
    found = tuple(_modules(values.get("root_module") or {}, where, items, beside, exists=exists))
    return Document(found=found, providers=providers, items=tuple(items), beside=tuple(beside))


def _modules(
    module: Mapping[str, Any], where: str, items: list[Item], beside: list[Found], *, exists: bool
) -> Iterator[Found]:
    """Yield the resources of a module, and of those within it.

    Args:
        module: The module.
        where: What to call the file in messages.
        items: Where to add what the report says.
        beside: Where to add what is no resource.
        exists: Whether they are there.
    """
    for each in module.get("resources") or ():
        kind, name = _text(each, "type", where), _text(each, "name", where)
        found = Found(
            type=kind,
            name=name,
            where=f"{where}: {each.get('address') or f'{kind}.{name}'}",
            attributes=_attributes(each.get("values"), where),
            exists=exists,
            secret=frozenset(_secret(each.get("sensitive_values"), "")),
        )
        if each.get("mode", "managed") != "managed":
            beside.append(found)
        elif each.get("deposed_key"):
            items.append(_deposed(found))
            beside.append(found)
        else:
            if each.get("tainted"):
                items.append(_tainted(found))
            yield found
    for child in module.get("child_modules") or ():
        yield from _modules(child, where, items, beside, exists=exists)


def _deposed(found: Found) -> Item:
    what = "what was there before it was made anew, and Terraform has yet to destroy: it stays"
    do = "terraform apply destroys it; nothing here describes it"
    return Item(kind="left", where=f"{found.where} (deposed)", what=what, do=do)


def _tainted(found: Found) -> Item:
    what = "Terraform calls it tainted, and would make it anew; here it is taken over as it is"
    return Item(kind="differs", where=found.where, what=what)


def _planned(changes: Any, where: str) -> Iterator[Item]:
    """Yield what a plan would do: here is what there is before it."""
    for each in changes or ():
        actions = tuple((each.get("change") or {}).get("actions") or ())
        if each.get("mode", "managed") != "managed" or actions not in _DONE:
            continue
        yield Item(
            kind="differs",
            where=f"{where}: {each.get('address')}",
            what=f"the plan {_DONE[actions]}: here is what is there before that",
            do="apply the plan first, and adopt its state, if that is to be",
        )


def _outputs(outputs: Any, where: str) -> Iterator[Item]:
    names = [name for name in outputs or {} if name != OUTPUT]
    if names:
        what = f"{', '.join(names)}: a stack here has one output, {OUTPUT}"
        do = "write it beside the stack in main()"
        yield Item(kind="left", where=f"{where}: output", what=what, do=do)


def _beside(what: str, named: Any, where: str) -> Found:
    """Return what is no resource as if it were one, so that a secret in it is known."""
    attributes = dict(named) if isinstance(named, Mapping) else {}
    secret = frozenset(
        str(name)
        for name, each in attributes.items()
        if isinstance(each, Mapping) and each.get("sensitive") is True
    )
    values = {
        name: each.get("value", each.get("default")) if isinstance(each, Mapping) else each
        for name, each in attributes.items()
    }
    return evolve(_whole(what, None, where), attributes=values, secret=secret)


def _whole(what: str, value: Any, where: str) -> Found:
    """Return a part of a file as if it were a resource."""
    place = f"{where}: {what}"
    return Found(type=what, name="", where=place, attributes={what: value}, exists=False)


def _plan_providers(configuration: Any) -> dict[str, dict[str, Any]]:
    """Return what a plan says of providers: constants alone."""
    found: dict[str, dict[str, Any]] = {}
    configs = (configuration or {}).get("provider_config") or {}
    for each in configs.values():
        said = {
            name: value["constant_value"]
            for name, value in (each.get("expressions") or {}).items()
            if isinstance(value, Mapping) and "constant_value" in value
        }
        if not each.get("alias"):
            found.setdefault(str(each.get("name")), said)
    return found


def _state(document: Mapping[str, Any], where: str) -> Document:
    """Read a state as it is kept, which `terraform state pull` prints."""
    version = document.get("version")
    if version != _STATE_VERSION:
        accepted = (
            f"states of version {_STATE_VERSION} are known, which Terraform 0.12 and later write; "
            "have it upgrade this one, or give what `terraform show -json` prints"
        )
        raise field_error(where, "version", version, accepted)
    found: list[Found] = []
    outputs = document.get("outputs")
    items = [*_outputs(outputs, where)]
    beside = [_beside("output", outputs, where)]
    for each in document["resources"]:
        kind, name = _text(each, "type", where), _text(each, "name", where)
        managed = each.get("mode") == "managed"
        begin = f"{each['module']}." if each.get("module") else ""
        begin += "" if managed else "data."
        for instance in each["instances"]:
            key = instance.get("index_key")
            index = "" if key is None else f"[{_index(key)}]"
            address = f"{begin}{kind}.{name}{index}"
            secret = frozenset(map(_path, instance.get("sensitive_attributes") or ()))
            one = Found(
                type=kind,
                name=name,
                where=f"{where}: {address}",
                attributes=_attributes(instance.get("attributes"), where),
                exists=True,
                secret=secret,
            )
            if instance.get("deposed"):
                items.append(_deposed(one))
            elif managed and instance.get("status") == "tainted":
                items.append(_tainted(one))
            (found if managed and not instance.get("deposed") else beside).append(one)
    return Document(found=tuple(found), items=tuple(items), beside=tuple(beside))


def _configuration(document: Mapping[str, Any], where: str) -> Document:
    """Read what somebody wrote in Terraform's JSON."""
    values = _constants(document)
    found: list[Found] = []
    items: list[Item] = []
    for kind, named in _merged(document.get("resource")).items():
        for name, bodies in _merged(named).items():
            body = _one(bodies)
            place = f"{where}: {kind}.{name}"
            several = next((each for each in ("count", "for_each") if each in body), None)
            if several is not None:
                what = f"it is made by {several}, and how often is known to the state alone"
                do = "give the state: terraform show -json > state.json"
                items.append(Item(kind="left", where=place, what=what, do=do))
                continue
            arguments = {
                key: _evaluated(value, values) for key, value in body.items() if key not in _META
            }
            arguments = {**_of_alias(document, body, kind, values), **arguments}
            if body.get("provisioner"):
                what = "its provisioner, which runs something when it is made, is not carried"
                do = "write it beside the stack in main(), if a machine is to be made anew"
                items.append(Item(kind="left", where=place, what=what, do=do))
            found.append(
                Found(type=kind, name=name, where=place, attributes=arguments, exists=False)
            )
    for name in document.get("module") or {}:
        what = "what is in a module is known to the state alone"
        do = "give the state: terraform show -json > state.json"
        items.append(Item(kind="left", where=f"{where}: module.{name}", what=what, do=do))
    if found:
        what = "what somebody wrote does not tell what is there: all of it is taken to be"
        do = "give the state as well, and first: terraform show -json > state.json"
        items.append(Item(kind="guessed", where=where, what=what, do=do))
    providers = {
        name: _provider(bodies, None, values) for name, bodies in _providers(document).items()
    }
    backend = _backend(document.get("terraform"), values)
    items += _outputs(document.get("output"), where)
    beside = [
        _beside("variable", _merged(document.get("variable")), where),
        _whole("terraform", document.get("terraform"), where),
        _whole("provider", document.get("provider"), where),
        _whole("locals", document.get("locals"), where),
    ]
    return Document(
        found=tuple(found),
        providers=providers,
        backend=backend,
        items=tuple(items),
        beside=tuple(beside),
    )


def _providers(document: Mapping[str, Any]) -> dict[str, list[Mapping[str, Any]]]:
    """Return each provider with all that it is told: there is more than one with aliases."""
    told: dict[str, list[Mapping[str, Any]]] = {}
    for each in _list(document.get("provider")):
        for name, bodies in each.items():
            if name != "//":
                told.setdefault(name, []).extend(map(_one, _list(bodies)))
    return told


def _provider(
    bodies: Iterable[Mapping[str, Any]], alias: str | None, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a provider is told: that of an alias, or that of none."""
    for body in bodies:
        if body.get("alias") == alias:
            return {key: _evaluated(value, values) for key, value in body.items()}
    return {}


def _of_alias(
    document: Mapping[str, Any], body: Mapping[str, Any], kind: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a resource has from the provider that it names, where it is not the usual one."""
    name, _, alias = str(body.get("provider") or "").strip("${}").partition(".")
    if not alias:
        return {}
    said = _provider(_providers(document).get(name, ()), alias, values)
    wanted = ("project", "zone") if kind in _ZONAL else ("project",)
    return {each: said[each] for each in wanted if said.get(each) is not None}


def _backend(terraform: Any, values: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    for name, bodies in _merged(_one(terraform or {}).get("backend")).items():
        return name, {key: _evaluated(value, values) for key, value in _one(bodies).items()}
    return None


def _constants(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what variables and locals come to, as far as that is a constant."""
    values: dict[str, Any] = {}
    for name, bodies in _merged(document.get("variable")).items():
        body = _one(bodies)
        if "default" in body and not body.get("sensitive"):
            values[f"var.{name}"] = body["default"]  # which Terraform takes as it is
    for each in _list(document.get("locals")):
        for name, value in each.items():
            values[f"local.{name}"] = _evaluated(value, values)
    return values


def _evaluated(value: Any, values: Mapping[str, Any]) -> Any:
    """Return a value with its templates evaluated; what cannot be is a `Reference`."""
    if isinstance(value, str):
        return _text_of(value, values)
    if isinstance(value, Mapping):
        return {key: _evaluated(each, values) for key, each in value.items()}
    if isinstance(value, list):
        return [_evaluated(each, values) for each in value]
    return value


def _text_of(text: str, values: Mapping[str, Any]) -> Any:
    whole = _VARIABLE.fullmatch(text)
    if whole is not None:
        return values.get(f"{whole[1]}.{whole[2]}", Reference(text))

    def known(found: re.Match[str]) -> str:
        value = values.get(f"{found[1]}.{found[2]}")
        return value if isinstance(value, str) else found[0]

    filled = _VARIABLE.sub(known, text)
    if _TEMPLATE.search(filled):
        return Reference(filled)
    return filled.replace("$${", "${").replace("%%{", "%{")


def _merged(blocks: Any) -> dict[str, Any]:
    """Return blocks by their first label: there may be several such objects, in a list."""
    merged: dict[str, Any] = {}
    for each in _list(blocks):
        if not isinstance(each, Mapping):
            raise TypeError(f"an object is wanted, got {type(each).__name__}")
        for name, body in each.items():
            both = isinstance(body, Mapping) and isinstance(merged.get(name), Mapping)
            merged[name] = {**merged[name], **body} if both else body
    merged.pop("//", None)
    return merged


def _list(blocks: Any) -> list[Any]:
    return [] if blocks is None else blocks if isinstance(blocks, list) else [blocks]


def _one(bodies: Any) -> Mapping[str, Any]:
    body = bodies[0] if isinstance(bodies, list) and bodies else bodies
    if not isinstance(body, Mapping):
        raise TypeError(f"an object is wanted, got {type(body).__name__}")
    return body


def _text(each: Mapping[str, Any], name: str, where: str) -> str:
    value = each[name]
    if not isinstance(value, str):
        raise field_error(where, name, value, "a text is wanted")
    return value


def _attributes(values: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(values, Mapping):
        raise field_error(where, "attributes", type(values).__name__, "an object is wanted")
    return values


def _secret(sensitive: Any, begin: str) -> Iterator[str]:
    """Yield the paths of what `sensitive_values` marks."""
    if sensitive is True:
        yield begin.rstrip(".")
    elif isinstance(sensitive, Mapping):
        for name, each in sensitive.items():
            yield from _secret(each, f"{begin}{name}.")
    elif isinstance(sensitive, list):
        for each in sensitive:
            yield from _secret(each, begin)


def _path(steps: Any) -> str:
    """Return a path of a state's `sensitive_attributes`: a list of steps."""
    values = (each.get("value") for each in steps)
    names = (each.get("value") if isinstance(each, Mapping) else each for each in values)
    return ".".join(each for each in names if isinstance(each, str))


def _index(key: Any) -> str:
    import json

    return json.dumps(key)
