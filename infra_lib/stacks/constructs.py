"""How the constructs of a framework are made from resources.

A construct is made by one message to Node.js, which holds its arguments as plain data. Its Python
class would check the type of each of them first, and wants an object for each block; for a large
fleet that is most of what synthesis takes.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import jsii

from infra_lib.model.errors import FleetError, nearest
from infra_lib.stacks.bindings import loads_whole_provider
from infra_lib.terraform.escape import escape
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_lib.terraform.resource import Configuration, Resource

    Write = Callable[[str], str]

# A framework cannot hold a null within an output's value.
_NULL = "${null}"


@frozen
class Constructs:
    """A framework's constructs for one cloud.

    Attributes:
        cdk: Its module: cdktf, or cdktn.
        provider: The class of the cloud's provider.
        classes: The classes of resources, by Terraform's type. A resource of another type becomes a
            plain `TerraformResource`.
        version: The versions of the provider that stacks ask for, which have all that is used here:
            a framework would ask for the one alone that its classes were made from.
    """

    cdk: Any
    provider: type
    classes: Mapping[str, type]
    version: str

    def is_known(self, token: str | float | list[str]) -> bool:
        """Return whether the framework made a token."""
        try:
            return bool(self.cdk.Tokenization.reverse(token))
        except RuntimeError:  # how jsii has what the framework throws
            return False


def construct(
    constructs: Constructs, stack: Any, configuration: Configuration
) -> dict[str, dict[str, Any]]:
    """Make all of a configuration in a stack.

    Args:
        constructs: Those of the framework that the stack is of.
        stack: The stack, which is empty.
        configuration: What it is to have.

    Returns:
        The constructs of the resources, by Terraform's type and name.

    Raises:
        FleetError: When a resource has an argument that its class does not know.
    """

    # The same texts come with every machine. A `Reference` is another one than its text.
    @lru_cache(maxsize=None, typed=True)
    def write(text: str) -> str:
        return escape(text, constructs.is_known)

    provider = _data(_config(constructs.provider), configuration.provider, "provider: ", write)
    _create(constructs.provider, stack, "provider", provider)
    if configuration.backend is not None:
        kind = f"{configuration.backend.type.capitalize()}Backend"
        getattr(constructs.cdk, kind)(stack, **_written(configuration.backend.arguments, write))
    made: dict[str, dict[str, Any]] = {}
    for resource in configuration.resources:
        named = made.setdefault(resource.type, {})
        named[resource.name] = _resource(constructs, stack, resource, write)
    for output in configuration.outputs:
        constructs.cdk.TerraformOutput(
            stack,
            output.name,
            value=_written(output.value, write, _NULL),
            description=output.description,
            static_id=True,
        )
    return made


def _resource(constructs: Constructs, stack: Any, resource: Resource, write: Write) -> Any:
    cdk, where = constructs.cdk, f"{resource.address}: "
    meta: dict[str, Any] = {"lifecycle": resource.lifecycle or None}
    if resource.local_exec is not None:
        command = write(resource.local_exec)
        meta["provisioners"] = [cdk.LocalExecProvisioner(type="local-exec", command=command)]
    cls = constructs.classes.get(resource.type)
    if cls is None:
        meta["terraform_resource_type"] = resource.type
        given = _data(cdk.TerraformResourceConfig, meta, where, write)
        made = _create(_plain_resource(cdk), stack, resource.address, given)
        made.attributes = _written(resource.arguments, write)
    else:
        given = _data(_config(cls), {**resource.arguments, **meta}, where, write)
        made = _create(cls, stack, resource.address, given)
    # Its id has a dot in it, so that no construct of the app's meets it by accident.
    jsii.invoke(made, "overrideLogicalId", [resource.name])
    return made


@cache
def _plain_resource(cdk: Any) -> Any:
    class PlainResource(cdk.TerraformResource):  # type: ignore[misc]
        """A resource of a type that no class is there for."""

        attributes: Mapping[str, Any]

        def _synthesize_attributes(self) -> Mapping[str, Any]:
            return self.attributes

    return PlainResource


def _create(cls: Any, stack: Any, id_: str, config: Any) -> Any:
    """Do what the class does when it is called, without its checks."""
    made = cls.__new__(cls)
    jsii.create(cls, made, [stack, id_, config])
    return made


def _config(cls: type) -> type:
    """Return the struct of a construct's arguments."""
    struct: type = getattr(sys.modules[cls.__module__], f"{cls.__name__}Config")
    return struct


def _data(struct: type, arguments: Mapping[str, Any], where: str, write: Write) -> Any:
    """Return what a struct holds, as Node.js has it: blocks have its names, maps keep theirs.

    Args:
        struct: The struct.
        arguments: What it holds, with Terraform's names.
        where: What messages begin with: "google_compute_instance.galena: boot_disk.".
        write: Writes a text.

    Raises:
        FleetError: When it has no argument of a name.
    """
    members = _members(struct)
    given = {}
    for name, value in arguments.items():
        if name not in members:
            raise FleetError(f"{where}{name}: no such argument{nearest(name, members)}")
        if value is not None:
            given[name] = _member(members[name][1], value, f"{where}{name}", write)
    if loads_whole_provider():
        return struct(**given)
    return {members[name][0]: value for name, value in given.items()}


def _member(struct: type | None, value: Any, where: str, write: Write) -> Any:
    """Return a member of a struct, which may be a block, or several, of a struct of its own."""
    if struct is not None and isinstance(value, Mapping):
        return _data(struct, value, f"{where}.", write)
    if struct is not None and isinstance(value, list):
        return [
            _member(struct, each, f"{where}[{index}]", write) for index, each in enumerate(value)
        ]
    return _written(value, write)


@cache
def _members(struct: Any) -> dict[str, tuple[str, type | None]]:
    """Return what Node.js calls each member of a struct, and the struct that it holds, if any."""
    hints = get_type_hints(struct.__init__)
    return {
        name: (written, _struct(hints[name]))
        for name, written in struct.__jsii_name_mapping__.items()
    }


def _struct(hint: Any) -> type | None:
    """Return the struct in a type, as `Sequence[Union[Struct, Dict[str, Any]]]` has one."""
    if hasattr(hint, "__jsii_name_mapping__"):
        struct: type = hint
        return struct
    return next(filter(None, map(_struct, get_args(hint))), None)


def _written(value: Any, write: Write, null: str | None = None) -> Any:
    """Return plain data with each text written, and what is None as `null`, or left out."""
    if isinstance(value, str):
        return write(value)
    if isinstance(value, Mapping):
        return {
            key: _written(each, write, null)
            for key, each in value.items()
            if each is not None or null is not None
        }
    if isinstance(value, list | tuple):
        return [_written(each, write, null) for each in value]
    return null if value is None else value
