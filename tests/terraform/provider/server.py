"""What answers Terraform over gRPC: one process for all that Terraform starts (`front`).

Run it with `python -m tests.terraform.provider.server SCHEMAS`. It says its port, and ends when
its standard input does.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
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
from .planning import invalid, plan
from .resources import RULES, labelled
from .values import pack, unpack

CLOUD, HELD = TOLD
"""What names the file of the cloud; and one that, while it is there, holds back what was made."""

LONGEST = 600
"""Seconds after which the file was forgotten by a test that failed."""

Handler = Callable[[wire.Message], wire.Message]

NESTING = {"single": 1, "list": 2, "set": 3}


@attrs.define
class Provider:
    """What Terraform calls.

    Attributes:
        schemas: By resource type, and `provider`.
        cloud: The file of the cloud.
        held: The file that holds back the news of what was made, if there is to be any.
        config: The arguments of the provider block, once it is configured.
    """

    schemas: Mapping[str, schema.Block]
    cloud: Path
    held: Path | None
    config: dict[str, Any] = attrs.field(factory=dict)

    def get_schema(self, _request: wire.Message) -> wire.Message:
        """All schemas."""
        encoded = {name: {"version": 0, "block": _block(b)} for name, b in self.schemas.items()}
        return {"provider": encoded.pop("provider"), "resource_schemas": encoded}

    def prepare(self, request: wire.Message) -> wire.Message:
        """Accept the provider block."""
        return {"prepared_config": request["config"]}

    def configure(self, request: wire.Message) -> wire.Message:
        """Keep the provider block."""
        self.config.update(unpack(request["config"]["msgpack"]))
        return {}

    def validate(self, request: wire.Message) -> wire.Message:
        """Check a resource; Terraform has found what is unknown and what is of another type."""
        config = unpack(request["config"]["msgpack"])
        wrong = invalid(self.schemas[request["type_name"]], config)
        return {"diagnostics": [_error(summary, detail) for summary, detail in wrong]}

    def upgrade(self, request: wire.Message) -> wire.Message:
        """Take over a state that was written by another process of this provider."""
        return {"upgraded_state": _value(json.loads(request["raw_state"]["json"]))}

    def read(self, request: wire.Message) -> wire.Message:
        """A resource as it is now, or nothing where it is gone."""
        current = unpack(request["current_state"]["msgpack"])
        with opened(self.cloud) as cloud:
            state = self.api(cloud).read(request["type_name"], current["id"])
        return {"new_state": _value(state)}

    def plan(self, request: wire.Message) -> wire.Message:
        """What becomes of a resource."""
        kind = request["type_name"]
        prior = unpack(request["prior_state"]["msgpack"])
        proposed = unpack(request["proposed_new_state"]["msgpack"])
        if proposed is None:
            return {"planned_state": request["proposed_new_state"]}
        planned = plan(self.schemas[kind], RULES[kind], prior, proposed)
        labelled(prior, planned.state, self.config)
        if refusal := RULES[kind].refusal(planned.state):
            return {"diagnostics": [_error(refusal)]}
        return {
            "planned_state": _value(planned.state),
            "requires_replace": [{"steps": [_step(s) for s in path]} for path in planned.replacing],
            # As google's provider, which is built on the SDK, says of itself.
            "legacy_type_system": True,
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
                    state = api.create(kind, planned)
                else:
                    state = api.update(kind, prior, planned)
            if prior is None:
                self.wait()
        except ApiError as error:
            return {"new_state": _value(prior), "diagnostics": [_error(str(error))]}
        return {"new_state": _value(state), "legacy_type_system": True}

    def wait(self) -> None:
        """Hold back what was made."""
        for _ in range(LONGEST * 20):
            if not self.held or not self.held.exists():
                break
            sleep(0.05)

    def import_state(self, request: wire.Message) -> wire.Message:
        """A resource that is there already; Terraform says so itself where there is none."""
        with opened(self.cloud) as cloud:
            state = self.api(cloud).read(request["type_name"], request["id"])
        imported = {"type_name": request["type_name"], "state": _value(state)}
        return {"imported_resources": [imported]}

    def stop(self, _request: wire.Message) -> wire.Message:
        """There is nothing to interrupt."""
        return {}

    def api(self, cloud: Any) -> Api:
        """The API over an opened cloud."""
        return Api(cloud, self.config, dict(self.schemas))

    def calls(self) -> dict[str, tuple[str, str, Handler]]:
        """By name in the protocol: the request, the response and who answers."""
        return {
            "GetSchema": ("Empty", "GetProviderSchema.Response", self.get_schema),
            "PrepareProviderConfig": (*_pair("PrepareProviderConfig"), self.prepare),
            "Configure": (*_pair("Configure"), self.configure),
            "ValidateResourceTypeConfig": (*_pair("ValidateResourceTypeConfig"), self.validate),
            "UpgradeResourceState": (*_pair("UpgradeResourceState"), self.upgrade),
            "ReadResource": (*_pair("ReadResource"), self.read),
            "PlanResourceChange": (*_pair("PlanResourceChange"), self.plan),
            "ApplyResourceChange": (*_pair("ApplyResourceChange"), self.apply),
            "ImportResourceState": (*_pair("ImportResourceState"), self.import_state),
            "Stop": ("Empty", "Stop.Response", self.stop),
        }


def serve(schemas: Mapping[str, schema.Block], plugin: socket) -> None:
    """Answer for one plugin until Terraform says that it is done, or the plugin is gone.

    Args:
        schemas: By resource type, and `provider`.
        plugin: A connection from `front.stand_for`.
    """
    told = json.loads(plugin.makefile().readline())
    provider = Provider(schemas, Path(told[CLOUD]), Path(told[HELD]) if told[HELD] else None)
    done = Event()
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    server.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler(
                "tfplugin5.Provider",
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
    schemas = schema.load(Path(sys.argv[1]).read_text())
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


def _block(block: schema.Block) -> wire.Message:
    return {
        "attributes": [
            {
                "name": name,
                "type": json.dumps(attribute.type).encode(),
                "required": attribute.required,
                "optional": attribute.optional,
                "computed": attribute.computed,
            }
            for name, attribute in sorted(block.attributes.items())
        ],
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
