"""What answers Terraform over gRPC: one process for all that Terraform starts (`front`).

Run it with `python -m tests.terraform.provider.server SCHEMAS`. It says its port, and ends when
its standard input does.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from socket import SHUT_RDWR, create_server, socket
from threading import Event, Thread
from time import sleep
from typing import Any

import attrs
import grpc

from . import schema, wire
from .api import Api
from .cloud import ApiError, opened
from .front import TOLD
from .hcloud import Hcloud
from .hcloud_rules import FRAMEWORK, unconfigured, wrong_provider
from .hcloud_rules import RULES as HCLOUD
from .planning import Rules, invalid, plan, untouched
from .resources import RULES as GOOGLE
from .resources import labelled
from .values import pack, unpack

CLOUD, HELD, _ = TOLD
"""What names the file of the cloud; and one that, while it is there, holds back what was made."""

DATA = "data "
"""What the name of a data source's schema begins with."""

Wrong = Iterator[tuple[str, str]]

LONGEST = 600
"""Seconds after which the file was forgotten by a test that failed."""

Handler = Callable[[wire.Message], wire.Message]

NESTING = {"single": 1, "list": 2, "set": 3}


def nothing_wanted(_config: Any, _environment: Mapping[str, str]) -> Wrong:
    """Nothing is wanted of the provider block."""
    yield from ()


@attrs.frozen
class Kind:
    """A provider that the stand-in can be.

    Attributes:
        rules: By resource type.
        api: What asks its API.
        settle: What it makes of the provider block and a plan.
        wrong: What is wrong with the provider block, or the environment in its place.
        unconfigured: What is missing from both, for anything to be asked.
        framework: The resources that are built on Terraform's framework; the others are on the SDK,
            whose plans Terraform checks less.
    """

    rules: Mapping[str, Rules]
    api: Callable[[Any, dict[str, Any], dict[str, schema.Block]], Api | Hcloud]
    settle: Callable[[Any, Any, Any], None] = untouched
    wrong: Callable[[Any, Mapping[str, str]], Wrong] = nothing_wanted
    unconfigured: Callable[[Any, Mapping[str, str]], Wrong] = nothing_wanted
    framework: frozenset[str] = frozenset()


KINDS = {
    "google": Kind(GOOGLE, Api, settle=labelled),
    "hcloud": Kind(
        HCLOUD, Hcloud, wrong=wrong_provider, unconfigured=unconfigured, framework=FRAMEWORK
    ),
}


@attrs.define
class Provider:
    """What Terraform calls.

    Attributes:
        kind: Which provider it is.
        environment: What Terraform was started with, as far as a provider looks at it.
        schemas: By resource type, and `provider`.
        cloud: The file of the cloud.
        held: The file that holds back the news of what was made, if there is to be any.
        config: The arguments of the provider block, once it is configured.
    """

    kind: Kind
    environment: Mapping[str, str]
    schemas: Mapping[str, schema.Block]
    cloud: Path
    held: Path | None
    config: dict[str, Any] = attrs.field(factory=dict)

    def get_schema(self, _request: wire.Message) -> wire.Message:
        """All schemas."""
        encoded = {name: {"version": 0, "block": _block(b)} for name, b in self.schemas.items()}
        sources = {name for name in encoded if name.startswith(DATA)}
        return {
            "provider": encoded.pop("provider"),
            "data_source_schemas": {name.removeprefix(DATA): encoded.pop(name) for name in sources},
            "resource_schemas": encoded,
        }

    def prepare(self, request: wire.Message) -> wire.Message:
        """Check the provider block."""
        config = unpack(request["config"]["msgpack"])
        return {
            "diagnostics": [_error(*each) for each in self.kind.wrong(config, self.environment)]
        }

    def configure(self, request: wire.Message) -> wire.Message:
        """Keep the provider block."""
        self.config.update(unpack(request["config"]["msgpack"]))
        wrong = self.kind.unconfigured(self.config, self.environment)
        return {"diagnostics": [_error(*each) for each in wrong]}

    def validate(self, request: wire.Message) -> wire.Message:
        """Check a resource; Terraform has found what is unknown and what is of another type."""
        config = unpack(request["config"]["msgpack"])
        kind = request["type_name"]
        wrong = [*invalid(self.schemas[kind], config), *self.kind.rules[kind].wrong(config)]
        return {"diagnostics": [_error(*each) for each in wrong]}

    def upgrade(self, request: wire.Message) -> wire.Message:
        """Take over a state that was written by another process of this provider."""
        return {"upgraded_state": _value(json.loads(request["raw_state"]["json"]))}

    def read(self, request: wire.Message) -> wire.Message:
        """A resource as it is now, or nothing where it is gone."""
        current = unpack(request["current_state"]["msgpack"])
        try:
            with opened(self.cloud) as cloud:
                state = self.api(cloud).read(request["type_name"], current)
        except ApiError as error:
            return {"diagnostics": [_error(str(error), error.detail)]}
        return {"new_state": _value(state)}

    def plan(self, request: wire.Message) -> wire.Message:
        """What becomes of a resource."""
        kind = request["type_name"]
        prior = unpack(request["prior_state"]["msgpack"])
        proposed = unpack(request["proposed_new_state"]["msgpack"])
        if proposed is None:
            return {"planned_state": request["proposed_new_state"]}
        rules = self.kind.rules[kind]
        planned = plan(self.schemas[kind], rules, prior, proposed)
        self.kind.settle(prior, planned.state, self.config)
        if refusal := rules.refusal(planned.state, unpack(request["config"]["msgpack"])):
            return {"diagnostics": [_error(refusal)]}
        return {
            "planned_state": _value(planned.state),
            "requires_replace": [{"steps": [_step(s) for s in path]} for path in planned.replacing],
            # As a provider says of itself that is built on the SDK.
            "legacy_type_system": kind not in self.kind.framework,
        }

    def apply(self, request: wire.Message) -> wire.Message:
        """Make, change or remove a resource."""
        kind = request["type_name"]
        prior = unpack(request["prior_state"]["msgpack"])
        planned = unpack(request["planned_state"]["msgpack"])
        try:
            with opened(self.cloud) as cloud:
                api = self.api(cloud)
                if planned is None:
                    api.delete(kind, prior)
                    state = None
                elif prior is None:
                    state = api.create(kind, planned, unpack(request["config"]["msgpack"]))
                else:
                    state = api.update(kind, prior, planned)
            if prior is None:
                self.wait()
        except ApiError as error:
            made = _value(error.state or prior)
            return {"new_state": made, "diagnostics": [_error(str(error), error.detail)]}
        legacy = kind not in self.kind.framework
        return {"new_state": _value(state), "legacy_type_system": legacy}

    def wait(self) -> None:
        """Hold back what was made."""
        for _ in range(LONGEST * 20):
            if not self.held or not self.held.exists():
                break
            sleep(0.05)

    def import_state(self, request: wire.Message) -> wire.Message:
        """What an id says of a resource; Terraform has it read, and says so where there is none."""
        try:
            with opened(self.cloud) as cloud:
                state = self.api(cloud).imported(request["type_name"], request["id"])
        except ApiError as error:
            return {"diagnostics": [_error(str(error), error.detail)]}
        imported = {"type_name": request["type_name"], "state": _value(state)}
        return {"imported_resources": [imported]}

    def validate_source(self, request: wire.Message) -> wire.Message:
        """Check a data source."""
        block = self.schemas[DATA + request["type_name"]]
        wrong = invalid(block, unpack(request["config"]["msgpack"]))
        return {"diagnostics": [_error(*each) for each in wrong]}

    def look_up(self, request: wire.Message) -> wire.Message:
        """Read what a data source asks for."""
        config = unpack(request["config"]["msgpack"])
        try:
            with opened(self.cloud) as cloud:
                api = self.api(cloud)
                assert isinstance(api, Api)
                found = api.looked_up(config)
        except ApiError as error:
            return {"diagnostics": [_error(str(error), error.detail)]}
        known = self.schemas[DATA + request["type_name"]].attributes
        asked = {name: value for name, value in config.items() if value is not None}
        state = {name: schema.fitted(each.type, found.get(name)) for name, each in known.items()}
        return {"state": _value(state | asked)}

    def stop(self, _request: wire.Message) -> wire.Message:
        """There is nothing to interrupt."""
        return {}

    def api(self, cloud: Any) -> Api | Hcloud:
        """The API over an opened cloud."""
        return self.kind.api(cloud, self.config, dict(self.schemas))

    def calls(self) -> dict[str, tuple[str, str, Handler]]:
        """By name in the protocol: the request, the response and who answers."""
        return {
            "GetProviderSchema": ("Empty", "GetProviderSchema.Response", self.get_schema),
            "ValidateProviderConfig": (*_pair("ValidateProviderConfig"), self.prepare),
            "ConfigureProvider": (*_pair("ConfigureProvider"), self.configure),
            "ValidateResourceConfig": (*_pair("ValidateResourceConfig"), self.validate),
            "UpgradeResourceState": (*_pair("UpgradeResourceState"), self.upgrade),
            "ReadResource": (*_pair("ReadResource"), self.read),
            "PlanResourceChange": (*_pair("PlanResourceChange"), self.plan),
            "ApplyResourceChange": (*_pair("ApplyResourceChange"), self.apply),
            "ImportResourceState": (*_pair("ImportResourceState"), self.import_state),
            "ValidateDataResourceConfig": (
                *_pair("ValidateDataResourceConfig"),
                self.validate_source,
            ),
            "ReadDataSource": (*_pair("ReadDataSource"), self.look_up),
            "StopProvider": ("Empty", "StopProvider.Response", self.stop),
        }


def serve(schemas: Mapping[str, dict[str, schema.Block]], plugin: socket) -> None:
    """Answer for one plugin until Terraform says that it is done, or the plugin is gone.

    Args:
        schemas: By provider, then by resource type, and `provider`.
        plugin: A connection from `front.stand_for`.
    """
    told = json.loads(plugin.makefile().readline())
    name = told["provider"]
    held = Path(told[HELD]) if told[HELD] else None
    provider = Provider(KINDS[name], told, schemas[name], Path(told[CLOUD]), held)
    done = Event()
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler(
                "tfplugin6.Provider",
                {name: _method(*call) for name, call in provider.calls().items()},
            ),
            grpc.method_handlers_generic_handler(
                "plugin.GRPCController", {"Shutdown": _method("Empty", "Empty", _set(done))}
            ),
        )
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    plugin.sendall(f"{port}\n".encode())

    def watch() -> None:
        with suppress(OSError):
            plugin.recv(1)
        done.set()

    Thread(target=watch, daemon=True).start()
    done.wait()
    server.stop(grace=1).wait()
    plugin.shutdown(SHUT_RDWR)
    plugin.close()


def main() -> None:
    """Answer for all plugins."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as of the plugins
    loaded = schema.load(Path(sys.argv[1]).read_text())
    schemas = {name: {"provider": loaded[f"{name} provider"]} for name in KINDS}
    for kind, block in loaded.items():
        name, _, rest = kind.removeprefix(DATA).partition("_")
        if rest:
            schemas[name][kind] = block
    listener = create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()

    def accept() -> None:
        while True:
            plugin, _ = listener.accept()
            Thread(target=serve, args=(schemas, plugin), daemon=True).start()

    Thread(target=accept, daemon=True).start()
    sys.stdin.read()
    os._exit(0)  # whatever is still served


def _set(done: Event) -> Handler:
    def shut_down(_request: wire.Message) -> wire.Message:
        done.set()
        return {}

    return shut_down


def _method(request: str, response: str, handler: Handler) -> Any:
    return grpc.unary_unary_rpc_method_handler(
        lambda message, _context: handler(message),
        request_deserializer=lambda data: wire.decode(request, data),
        response_serializer=lambda message: wire.encode(response, message),
    )


def _pair(name: str) -> tuple[str, str]:
    return f"{name}.Request", f"{name}.Response"


def _value(value: Any) -> wire.Message:
    return {"msgpack": pack(value)}


def _error(summary: str, detail: str = "") -> wire.Message:
    return {"severity": 1, "summary": summary, "detail": detail}


def _step(step: str | int) -> wire.Message:
    return {"attribute_name" if isinstance(step, str) else "element_key_int": step}


def _attributes(block: schema.Block) -> list[wire.Message]:
    return [
        {
            "name": name,
            "required": attribute.required,
            "optional": attribute.optional,
            "computed": attribute.computed,
            **(
                {"nested_type": _object(attribute.nested)}
                if attribute.nested
                else {"type": json.dumps(attribute.type).encode()}
            ),
        }
        for name, attribute in sorted(block.attributes.items())
    ]


def _object(nested: schema.Nested) -> wire.Message:
    return {"attributes": _attributes(nested.block), "nesting": NESTING[nested.nesting]}


def _block(block: schema.Block) -> wire.Message:
    return {
        "attributes": _attributes(block),
        "block_types": [
            {
                "type_name": name,
                "block": _block(nested.block),
                "nesting": NESTING[nested.nesting],
                "min_items": nested.min_items,
                "max_items": nested.max_items,
            }
            for name, nested in sorted(block.blocks.items())
        ],
    }


if __name__ == "__main__":
    main()
