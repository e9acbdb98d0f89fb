"""What hcloud's provider does with each resource beyond its schema, over `hetzner`.

Read off its own source (github.com/hetznercloud/terraform-provider-hcloud, tag v1.68.0): what it
checks before it asks anybody, what makes a resource anew, which calls a change comes to and in
which order, and how it words errors. The resources of its older half are built on Terraform's SDK
and say an error in one line; those of its newer half, on the framework, in a paragraph.
"""

import re
from typing import Any

import attrs

from .api import empty
from .cloud import ApiError, Cloud, State
from .hcloud_kinds import KINDS
from .hcloud_rules import FRAMEWORK
from .hetzner import Hetzner, RefusedError
from .planning import known
from .schema import Block


@attrs.frozen
class Hcloud:
    """The calls of hcloud's provider, within one transaction.

    Attributes:
        cloud: What is there.
        provider: The arguments of the provider block.
        schemas: By resource type.
    """

    cloud: Cloud
    provider: dict[str, Any]
    schemas: dict[str, Block]

    @property
    def api(self) -> Hetzner:
        """The API."""
        return Hetzner(self.cloud)

    def create(self, kind: str, planned: State, config: State) -> State:
        """Make a resource and return it as it is then.

        Raises:
            ApiError: The API refuses it; what was made all the same is in the error.
        """
        state = zeroed(self.schemas[kind], known(planned))
        try:
            KINDS[kind].create(self.api, state, config)
        except RefusedError as error:
            raise told(kind, error, state if state["id"] else None) from None
        return self.settled(kind, state, planned)

    def read(self, kind: str, prior: State) -> State | None:
        """A resource as it is now; None where there is none (any more)."""
        try:
            return self.seen(kind, prior)
        except RefusedError as error:
            raise told(kind, error) from None

    def imported(self, kind: str, asked: str) -> State:
        """What an import knows before anything is read: the id, and what that says.

        Raises:
            ApiError: What was asked for is no id.
        """
        state = empty(self.schemas[kind]) | {"id": asked}
        wanted = WANTED.get(kind)
        if wanted and not re.fullmatch(wanted[0], asked):
            text = f"Received an invalid import ID, expected '{wanted[1]}' but received '{asked}'."
            raise ApiError("Invalid import ID", text)
        if kind == "hcloud_primary_ip":
            state["id"] = int(asked)
        if kind == "hcloud_zone_rrset":
            state["zone"], _, state["id"] = asked.partition("/")
        return state

    def update(self, kind: str, prior: State, planned: State) -> State:
        """Change a resource in place and return it as it is then.

        Raises:
            ApiError: The API refuses the change.
        """
        state = zeroed(self.schemas[kind], known(planned))
        changed = {name for name in state if _or_nothing(prior[name]) != _or_nothing(state[name])}
        try:
            KINDS[kind].update(self.api, prior, state, changed)
        except RefusedError as error:
            raise told(kind, error) from None
        return self.settled(kind, state, planned)

    def delete(self, kind: str, prior: State) -> None:
        """Remove a resource; that it is gone already is no error.

        Raises:
            ApiError: The API refuses it.
        """
        try:
            KINDS[kind].delete(self.api, prior)
        except RefusedError as error:
            if error.code != "not_found":
                raise told(kind, error) from None

    def settled(self, kind: str, state: State, planned: State) -> State:
        """A state after a change; the SDK has no labels where it planned none."""
        found = self.seen(kind, state) or state
        if kind not in FRAMEWORK and not found.get("labels") and planned.get("labels") is None:
            found |= {name: None for name in ("labels",) if name in found}
        return found

    def seen(self, kind: str, state: State) -> State | None:
        """A state with all that the provider reads back."""
        found = KINDS[kind].read(self.api, state)
        return None if found is None else state | found


WANTED = {
    "hcloud_primary_ip": (r"\d+", "$PRIMARY_IP_ID"),
    "hcloud_zone_rrset": (r"[^/]+/.*", "$ZONE_ID_OR_NAME/$RRSET_NAME/$RRSET_TYPE"),
}
"""The ids that are looked at before anything is read."""


def _or_nothing(value: Any) -> Any:
    """The SDK does not tell what is missing from what is empty; sets are in no order."""
    if isinstance(value, list):
        value = sorted(value, key=repr)
    return value or None


def told(kind: str, error: RefusedError, state: State | None = None) -> ApiError:
    """An error of the API as the provider words it."""
    if not error.code:
        return ApiError(error.message, error.fields.get("detail", ""), state)
    line = f"{error.message} ({error.code}, {error.request})"
    fields = [f"{name} => [{text}]" for name, text in error.fields.items()]
    if kind not in FRAMEWORK:
        listed = f": [{' '.join(fields)}]" if error.code == "invalid_input" else ""
        return ApiError(line + listed, state=state)
    end = f"Error code: {error.code}\nStatus code: {error.status}\n"
    if error.code != "invalid_input":
        text = f"An unexpected error was encountered during an API request.\n\n{line}\n\n{end}"
        return ApiError("API request failed", text, state)
    said = "".join(f"Field: {name}\nMessages:\n - {text}\n" for name, text in error.fields.items())
    text = (
        "An invalid field was encountered during an API request. The field might not map 1:1 to"
        f" your terraform resource.\n\n{line}\n\n{said}{end}"
    )
    return ApiError("Invalid field in API request", text, state)


def zeroed(block: Block, state: State) -> State:
    """What is nothing within a set is the zero of its type for Terraform's SDK."""
    zeros: dict[str, Any] = {"number": 0, "string": "", "bool": False}
    sets = {name: b.block for name, b in block.blocks.items() if b.nesting == "set"}
    return state | {
        name: [
            {
                key: zeros.get(str(inner.attributes[key].type), []) if value is None else value
                for key, value in item.items()
            }
            for item in state[name] or ()
        ]
        for name, inner in sets.items()
    }
