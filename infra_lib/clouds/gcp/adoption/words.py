"""Labels, network tags and metadata of an instance: what a user gave, without what a stack adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.gcp.adoption.draft import SWITCHES
from infra_lib.clouds.gcp.adoption.leftover import told
from infra_lib.clouds.gcp.adoption.sources import labels_of
from infra_lib.clouds.gcp.adoption.values import flag, is_nothing, literal, table
from infra_lib.clouds.gcp.fields import (
    STACK_LABELS,
    check_labels,
    check_metadata,
    check_network_tags,
)
from infra_lib.clouds.gcp.startup_script import own_startup_script
from infra_lib.clouds.secret_values import DO, is_secret, looks_secret
from infra_lib.model.errors import FleetError, shown
from infra_lib.model.validators import check_public_keys, check_text
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_lib.clouds.adoption import Found
    from infra_lib.clouds.gcp.adoption.notes import Notes

_ROOT = "root:"
_EXPIRING = "google-ssh"  # keys that gcloud writes for a while, with when they end


@frozen
class Metadata:
    """What the metadata of an instance says.

    Attributes:
        fields: The fields of a machine: `metadata`, `serial_port`, `startup_script`.
        root_keys: The public keys that let in as root.
        switches: What it says of `SWITCHES`.
    """

    fields: Mapping[str, Any]
    root_keys: tuple[str, ...]
    switches: Mapping[str, bool | None]


def labels(found: Found, provider: Mapping[str, Any], fleet: str, notes: Notes) -> dict[str, str]:
    """Return the labels of an instance that are not the stack's own."""
    carried: dict[str, str] = {}
    given = found.attributes.get("labels")
    if not is_nothing(given) and not isinstance(given, Mapping):
        notes.item(f"labels={told(found, 'labels', given)}: Terraform has a map there")
    all_ = labels_of(found, provider)
    own = all_.get("fleet") == fleet and all_.get("machine") == found.attributes.get("name")
    for key, value in all_.items():
        path = f"labels.{key}"
        if key in STACK_LABELS:
            if not own:
                what = f"{_name(path)}={told(found, path, value)}: the stack writes this label"
                notes.item(f"{what}; the first deployment changes it")
        elif key.startswith("goog-"):
            notes.item(f"{_name(path)}: Google's own label; it stays as it is")
        elif is_secret(found, path) or looks_secret(value, key):
            notes.item(f"{_name(path)}: may be secret, so it is not carried; it stays as it is", DO)
        elif _is_taken(check_labels, {key: value}):
            carried[key] = value
        else:
            what = f"{_name(path)}={told(found, path, value)}: a machine here takes no such label"
            notes.item(f"{what}; it stays as it is")
    return carried


def tags(
    found: Found, attributes: Mapping[str, Any], begins: frozenset[str], notes: Notes
) -> dict[str, Any]:
    """Return the network tags of an instance that are not the stack's own."""
    given = attributes.get("tags")
    if not is_nothing(given) and not isinstance(given, list | tuple):
        notes.item(f"tags={told(found, 'tags', given)}: Terraform has a list there")
        return {}
    carried: list[str] = []
    for each in given if isinstance(given, list | tuple) else ():
        if isinstance(each, str) and each in begins:
            continue
        if is_secret(found, "tags") or looks_secret(each):
            notes.item("tags: one may be secret, so it is not carried, and goes", DO)
        elif _is_taken(check_network_tags, (each,)):
            carried.append(each)
        else:
            what = f"tags: {shown(each)}: a machine here takes no such network tag"
            notes.item(f"{what}; the first deployment takes it away")
    return {"network_tags": tuple(carried)} if carried else {}


def metadata(found: Found, attributes: Mapping[str, Any], notes: Notes) -> Metadata:
    """Return what the metadata of an instance says."""
    given = attributes.get("metadata")
    if not is_nothing(given) and not isinstance(given, Mapping):
        notes.item(f"metadata={told(found, 'metadata', given)}: Terraform has a map there")
    values = table(given)
    paths = {key: f"metadata.{key}" for key in values}
    script = attributes.get("metadata_startup_script")
    if not is_nothing(script):
        values["startup-script"], paths["startup-script"] = script, "metadata_startup_script"
    fields: dict[str, Any] = {}
    carried: dict[str, str] = {}
    keys: tuple[str, ...] = ()
    switches: dict[str, bool | None] = dict.fromkeys(SWITCHES)
    for key, value in values.items():
        path = paths[key]
        if is_nothing(value) and value is not False:
            if value == "" and _is_taken(check_metadata, {key: value}):
                carried[key] = value
            continue
        if is_secret(found, path):
            _note_secret(path, notes)
        elif key in SWITCHES or key == "serial-port-enable":
            on = flag(value)
            if on is None:
                notes.item(f"{path}={told(found, path, value)}: neither TRUE nor FALSE")
            elif key in SWITCHES:
                switches[key] = on
            elif on:
                fields["serial_port"] = True
        elif key == "ssh-keys":
            keys = _root_keys(value, path, notes)
        elif key == "startup-script":
            fields |= _script(value, path, notes)
        elif looks_secret(value, key):
            _note_secret(path, notes)
        elif _is_taken(check_metadata, {key: value}):
            carried[key] = value
        else:
            what = (
                f"{_name(path)}={told(found, path, value)}: a machine here takes no such metadata"
            )
            notes.item(f"{what}; the first deployment takes it away")
    if carried:
        fields["metadata"] = carried
    return Metadata(fields, keys, switches)


def _note_secret(path: str, notes: Notes) -> None:
    what = "may be secret, so it is not carried; the first deployment takes it away"
    notes.item(f"{_name(path)}: {what}", DO)


def _script(value: object, path: str, notes: Notes) -> dict[str, Any]:
    if not isinstance(value, str):
        notes.item(f"{path}={shown(value)}: Terraform has a text there, so it is not read")
        return {}
    script = own_startup_script(value)
    if looks_secret(script):
        _note_secret(path, notes)
        return {}
    if not _is_taken(check_text, script):
        notes.item(f"{path}: it holds control characters, so it is not carried, and goes")
        return {}
    return {"startup_script": script} if script else {}


def _root_keys(value: object, path: str, notes: Notes) -> tuple[str, ...]:
    """Return the keys of root, and note the lines of others."""
    text = literal(value)
    if text is None:
        notes.item(f"{path}={told(notes.found, path, value)}: not known, so no key is carried")
        return ()
    keys: dict[str, None] = {}
    others: dict[str, int] = {}
    for line in filter(None, map(str.strip, text.split("\n"))):
        user = line.partition(":")[0] if ":" in line.partition(" ")[0] else ""
        key = line.removeprefix(_ROOT).strip()
        if line.startswith(_ROOT) and _EXPIRING not in key and _is_taken(check_public_keys, (key,)):
            keys[key] = None
        else:
            others[user] = others.get(user, 0) + 1
    for user, count in others.items():
        who = f"of {shown(user)}" if user else "of nobody"
        what = f"{count} {'key' if count == 1 else 'keys'} {who}: "
        what += "not a key that lets in for good" if user == "root" else "only root's have a field"
        notes.item(
            f"{path}: {what}; the first deployment takes it away",
            "NixOS has users and their keys of its own: users.users.….openssh.authorizedKeys.keys",
        )
    return tuple(keys)


def _is_taken(check: Callable[[str, str, Any], None], value: object) -> bool:
    try:
        check("", "", value)
    except FleetError:
        return False
    return True


def _name(path: str) -> str:
    """Return a path whose last name is somebody's, as a report may have it."""
    first, _, key = path.partition(".")
    return path if key.isascii() and key.isprintable() else f"{first}[{shown(key)}]"
