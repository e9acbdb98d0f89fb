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

    from infra_lib.terraform.resource import Configuration, DataSource, Resource

    Write = Callable[[str], str]

# A framework cannot hold a null within an output's value.
_NULL = "${null}"


@frozen
class PlainProvider:
    """A provider of Terraform that no class is there for.

    Attributes:
        name: Its name, which the types of its resources begin with: "hcloud".
        source: Where registries have it: "hetznercloud/hcloud".
    """

    name: str
    source: str


@frozen
class Constructs:
    """A framework's constructs for one cloud.

    Attributes:
        cdk: Its module: cdktf, or cdktn.
        provider: The class of the cloud's provider, or what there is to say of one without a class.
        classes: The classes of resources, by Terraform's type. A resource of another type becomes a
            plain `TerraformResource`.
        version: The versions of the provider that stacks ask for, which have all that is used here:
            a framework would ask for the one alone that its classes were made from.
    """

    cdk: Any
    provider: type | PlainProvider
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

    _provider(constructs, stack, configuration.provider, write)
    if configuration.backend is not None:
        kind = f"{configuration.backend.type.capitalize()}Backend"
        getattr(constructs.cdk, kind)(stack, **_written(configuration.backend.arguments, write))
    for source in configuration.data_sources:
        _data_source(constructs, stack, source, write)
    made: dict[str, dict[str, Any]] = {}
    for resource in configuration.resources:
        named = made.setdefault(resource.type, {})
        named[resource.name] = _resource(constructs, stack, resource, write)
    if configuration.imports:
        # `import_from` would run Terraform at every synthesis, which needs none. What the app
        # itself takes over with it stays: a framework appends to a list.
        blocks = [{"to": each.to, "id": write(each.id)} for each in configuration.imports]
        stack.add_override("import", blocks)
    for output in configuration.outputs:
        constructs.cdk.TerraformOutput(
            stack,
            output.name,
            value=_written(output.value, write, _NULL),
            description=output.description,
            static_id=True,
        )
    return made


def _provider(
    constructs: Constructs, stack: Any, arguments: Mapping[str, Any], write: Write
) -> None:
    cdk, provider, where = constructs.cdk, constructs.provider, "provider: "
    if not isinstance(provider, PlainProvider):
        given = _data(_config(provider), arguments, where, write)
        _create(provider, stack, "provider", given)
        return
    described = {
        "terraform_resource_type": provider.name,
        "terraform_provider_source": provider.source,
        "terraform_generator_metadata": {
            "provider_name": provider.name,
            "provider_version_constraint": constructs.version,
        },
    }
    given = _data(cdk.TerraformProviderConfig, described, where, write)
    made = _create(_plain(cdk.TerraformProvider), stack, "provider", given)
    made.attributes = _written(arguments, write)


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
        made = _create(_plain(cdk.TerraformResource), stack, resource.address, given)
        made.attributes = _written(resource.arguments, write)
    else:
        given = _data(_config(cls), {**resource.arguments, **meta}, where, write)
        made = _create(cls, stack, resource.address, given)
    # Its id has a dot in it, so that no construct of the app's meets it by accident.
    jsii.invoke(made, "overrideLogicalId", [resource.name])
    return made


def _data_source(constructs: Constructs, stack: Any, source: DataSource, write: Write) -> None:
    cdk = constructs.cdk
    meta = {"terraform_resource_type": source.type}
    given = _data(cdk.TerraformResourceConfig, meta, f"{source.address}: ", write)
    made = _create(_plain(cdk.TerraformDataSource), stack, source.address, given)
    # A framework takes constructs, and their names are known here.
    needs = {"depends_on": list(source.depends_on) or None}
    made.attributes = _written({**source.arguments, **needs}, write)
    jsii.invoke(made, "overrideLogicalId", [source.name])


@cache
def _plain(element: Any) -> Any:
    """Return the class of resources, or of providers, that no class is there for.

    Args:
        element: The framework's class of all of them: `cdktf.TerraformResource`.
    """

    class Plain(element):  # type: ignore[misc]
        """One whose arguments are written as they are given."""

        attributes: Mapping[str, Any]

        def _synthesize_attributes(self) -> Mapping[str, Any]:
            return self.attributes

    return Plain


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
