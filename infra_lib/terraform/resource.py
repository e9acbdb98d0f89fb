"""What Terraform is to have, as plain data with Terraform's own names.

A cloud says it so, and no framework is needed for that; `infra_lib.stacks` hands it to one.

Values are what Terraform's JSON syntax has: mappings, lists, text, numbers and booleans. Text
reaches Terraform as the text it is, whatever it looks like; only a `Reference` is evaluated. An
argument that is None is left out. See https://developer.hashicorp.com/terraform/language/syntax/json.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from infra_lib.model.reference import Reference


@frozen
class Resource:
    """A resource.

    Attributes:
        type: "google_compute_instance".
        name: Its name in Terraform.
        arguments: Its arguments and blocks, by name.
        lifecycle: What Terraform does when it changes, as the block `lifecycle` has it.
        local_exec: The command that whoever deploys runs when it has been made: that of its block
            `provisioner`; None for none.
    """

    type: str
    name: str
    arguments: Mapping[str, Any] = field(hash=False)
    lifecycle: Mapping[str, Any] = field(factory=dict, kw_only=True, hash=False)
    local_exec: str | None = field(default=None, kw_only=True)

    @property
    def address(self) -> str:
        """Its address: "google_compute_instance.galena"."""
        return f"{self.type}.{self.name}"


@frozen
class DataSource:
    """What Terraform reads and does not make.

    Attributes:
        type: "google_compute_instance".
        name: Its name in Terraform.
        arguments: Its arguments, by name.
        depends_on: Addresses of resources: where one of them is about to change, it is read after
            that, and nothing is known of it in the plan.
    """

    type: str
    name: str
    arguments: Mapping[str, Any] = field(hash=False)
    depends_on: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    def address(self) -> str:
        """Its address: "data.google_compute_instance.galena"."""
        return f"data.{self.type}.{self.name}"


@frozen
class Backend:
    """Where Terraform keeps the state.

    Attributes:
        type: "gcs".
        arguments: Its arguments, by name.
    """

    type: str
    arguments: Mapping[str, Any] = field(hash=False)


@frozen
class Output:
    """A value that Terraform tells after a deployment.

    Attributes:
        name: Its name.
        value: The value; a None within is null.
        description: What it is.
    """

    name: str
    value: Any = field(hash=False)
    description: str = field(kw_only=True)


@frozen
class Import:
    """What is in the cloud already, and is taken over rather than made.

    Attributes:
        to: The address of the resource that it becomes: "google_compute_instance.galena".
        id: What the provider calls it: "projects/p/zones/z/instances/galena".
    """

    to: str
    id: str


@frozen(kw_only=True)
class Configuration:
    """All that a cloud has in one stack.

    Attributes:
        provider: The arguments of the cloud's provider.
        backend: Where the state is; None for a file beside the app.
        resources: The resources.
        outputs: The outputs.
        data_sources: What is read for them.
        imports: What is taken over, each for one of the resources.
    """

    provider: Mapping[str, Any] = field(hash=False)
    backend: Backend | None
    resources: tuple[Resource, ...]
    outputs: tuple[Output, ...]
    data_sources: tuple[DataSource, ...] = ()
    imports: tuple[Import, ...] = ()


def reference(type_: str, name: str, attribute: str) -> Reference:
    """Return a reference to an attribute of a resource.

    Args:
        type_: The resource's type.
        name: Its name in Terraform.
        attribute: The attribute: "self_link", "network_interface[0].network_ip".
    """
    return Reference(f"${{{type_}.{name}.{attribute}}}")
