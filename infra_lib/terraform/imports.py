"""Resources that are taken over from what is in the cloud already, by Terraform's `import` blocks.

See https://developer.hashicorp.com/terraform/language/block/import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve

from infra_lib.model.errors import field_error
from infra_lib.terraform.resource import Import

if TYPE_CHECKING:
    from collections.abc import Collection

    from infra_lib.terraform.resource import Configuration, Resource

_ADDRESS = r"(?!data\.)[a-z][a-z0-9]*(?:_[a-z0-9]+)+\.[A-Za-z_][-\w]*"


def with_imports(
    configuration: Configuration,
    imports: Mapping[str, str] | None,
    where: str,
    unread: Mapping[str, Collection[str]],
) -> Configuration:
    """Return a configuration that takes over what is there already.

    An entry for something that the configuration does not have is left out, for Terraform refuses
    an `import` block without its resource: it may be of a machine that is off, or of another stack.

    Args:
        configuration: What a stack is to have.
        imports: What the provider calls each thing, by the resource's address; None for nothing.
        where: What messages begin with: "stack 'gcp'".
        unread: The arguments that a provider cannot read of what it takes over, and that would do
            harm if it set them anew: by the resource's type. What is taken over ignores them.

    Raises:
        FleetError: When it is no mapping, an address is none, or there is no ID.
    """
    if imports is None:
        return configuration
    _check(imports, where)
    wanted = configuration.resources
    return evolve(
        configuration,
        resources=tuple(
            _ignoring(each, unread.get(each.type, ())) if each.address in imports else each
            for each in wanted
        ),
        imports=tuple(
            Import(each.address, imports[each.address])
            for each in wanted
            if each.address in imports
        ),
    )


def _check(imports: Any, where: str) -> None:
    if not isinstance(imports, Mapping):
        accepted = 'a mapping from addresses to IDs: {"hcloud_server.galena": "4711"}'
        raise field_error(where, "imports", imports, accepted)
    for address, number in imports.items():
        if not isinstance(address, str) or not re.fullmatch(_ADDRESS, address, re.ASCII):
            accepted = 'the address of a resource: "google_compute_instance.galena"'
            raise field_error(where, "imports", address, accepted)
        if not isinstance(number, str) or not number.strip() or not number.isprintable():
            accepted = (
                "what the provider calls it, as text: "
                '"projects/my-project/zones/us-central1-b/instances/galena", or "4711"'
            )
            raise field_error(where, f"imports[{address!r}]", number, accepted)


def _ignoring(resource: Resource, unread: Collection[str]) -> Resource:
    """Return a resource that keeps what it has of the arguments that it has at all."""
    ignored = list(resource.lifecycle.get("ignore_changes", ()))
    more = [each for each in unread if resource.arguments.get(each) and each not in ignored]
    if not more:
        return resource
    return evolve(resource, lifecycle={**resource.lifecycle, "ignore_changes": [*ignored, *more]})
