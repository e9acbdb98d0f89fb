"""SSH keys: those that a stack has added to the project, and those that it names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.clouds.hetzner.adoption.known import report_labels
from infra_lib.clouds.hetzner.adoption.things import listed, number_of, plain
from infra_lib.clouds.hetzner.fields import check_key_names
from infra_lib.clouds.hetzner.readings import KEY, SERVER
from infra_lib.clouds.hetzner.ssh_keys import key_resource
from infra_lib.model.errors import FleetError, shown
from infra_lib.model.reference import Reference
from infra_lib.model.validators import check_public_keys

if TYPE_CHECKING:
    from infra_lib.clouds.hetzner.adoption.report import Report
    from infra_lib.clouds.hetzner.adoption.things import Thing, Things

_DIGEST = r"-[0-9a-f]{8}"


def keys(things: Things, fleet: str, report: Report) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the public keys that the fleet has added, and the names of all others.

    A key that others made keeps its name and its comment, for which the stack would make it anew.

    Args:
        things: All that was found.
        fleet: The fleet's name.
        report: What says what is left.
    """
    added: dict[str, None] = {}
    names: dict[str, None] = {}
    for server in things.of(SERVER):
        for value in listed(server.attributes.get("ssh_keys")):
            name = _named(things, value)
            if name is not None and _fits(name):
                names[name] = None
            elif name or number_of(value) is not None or isinstance(value, Reference):
                report.left(
                    server.where,
                    f"ssh_keys has {shown(str(value))}, and no source tells its name as it can be",
                    "a new server has the keys of HetznerProject(ssh_key_names=…): add its name",
                )
    for key in things.of(KEY):
        own = _own(key, fleet)
        if own is not None:
            added[own] = None
            names.pop(key.name, None)
            report.carry(key)
            report_labels(key, (), report)
        elif _fits(key.name):
            names[key.name] = None
            report.carry(key)
    return tuple(added), tuple(names)


def _named(things: Things, value: object) -> str | None:
    key = things.find(KEY, value)
    if key is not None:
        return key.name or None
    text = plain(value)
    return None if text is None or number_of(text) is not None or not text.strip() else text


def _fits(name: str) -> bool:
    """Whether the name of a key can stand in a project."""
    try:
        check_key_names("key", "name", (name,))
    except FleetError:
        return False
    return True


def _own(key: Thing, fleet: str) -> str | None:
    """Return a key that a stack of the fleet has added, with its comment; None for another."""
    body = plain(key.attributes.get("public_key"))
    found = re.fullmatch(rf"{re.escape(_slug(fleet))}-?(.*){_DIGEST}", key.name)
    if body is None or found is None:
        return None
    text = f"{body} {found[1]}".strip()
    try:
        check_public_keys("key", "public_key", (text,))
    except FleetError:
        return None
    made = key_resource(text, fleet)
    same = made.arguments["name"] == key.name and made.arguments["public_key"] == body
    return text if same else None


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
