"""The SSH keys of a project: those that it is given, and those that it has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.terraform.resource import Resource, reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_lib.clouds.hetzner.project import HetznerProject
    from infra_lib.model.reference import Reference

_LONGEST = 63


def ssh_keys(project: HetznerProject, begin: str) -> Iterator[Resource]:
    """Yield the keys that the stack adds to the project.

    A key's address in Terraform goes by the key, and its name by its comment: a new comment renames
    it, and touches no server.

    Args:
        project: The project.
        begin: What the names begin with.
    """
    for key in project.ssh_keys:
        yield key_resource(key, begin)


def key_resource(key: str, begin: str) -> Resource:
    """Return a key that a stack adds to the project.

    Args:
        key: The key, with its comment.
        begin: What its name begins with.
    """
    comment = key.split(maxsplit=2)[2:]
    words = re.sub(r"[^a-z0-9]+", "-", " ".join((begin, *comment)).lower()).strip("-")
    arguments = {"name": f"{words[: _LONGEST - 9]}-{_digest(key)[:8]}", "public_key": _body(key)}
    return Resource("hcloud_ssh_key", _address(key), arguments)


def key_names(project: HetznerProject) -> list[str | Reference]:
    """Return the names of the keys that let people in to a new server.

    They are names and no numbers: a renamed key is then no other one.
    """
    added = (reference("hcloud_ssh_key", _address(key), "name") for key in project.ssh_keys)
    return [*added, *project.ssh_key_names]


def _address(key: str) -> str:
    return f"key-{_digest(key)[:12]}"


def _digest(key: str) -> str:
    from hashlib import sha256  # only stacks ask

    return sha256(_body(key).encode()).hexdigest()


def _body(key: str) -> str:
    """Return a key without its comment, which would be a change of the key."""
    return " ".join(key.split(maxsplit=2)[:2])
