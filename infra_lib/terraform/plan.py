"""What Terraform would do to a stack, as `terraform show -json` prints it of a plan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infra_lib.model.errors import FleetError
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@frozen
class Change:
    """What becomes of a resource.

    Attributes:
        address: Its address in Terraform: "google_compute_instance.galena".
        type: Its type.
        actions: What is done, in Terraform's words: "no-op", "create", "update", "delete" ….
        before: Its attributes as it is; None when it is not there.
        after: Its attributes as it is to be, as far as they are known; None when it is deleted.
        forced_by: The attributes that cannot be changed in place, where it is replaced.
        imported: Whether it is taken over: it is there, and the state does not have it yet.
        altered: The attributes that are others then, or may be, of what is there before and after.
    """

    address: str
    type: str
    actions: tuple[str, ...]
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    forced_by: tuple[str, ...] = ()
    imported: bool = False
    altered: tuple[str, ...] = ()

    @property
    def deletes(self) -> bool:
        """Whether what is there is deleted, also to be made anew."""
        return "delete" in self.actions

    @property
    def is_empty(self) -> bool:
        """Whether nothing happens to it, nor to what the state says of it."""
        return set(self.actions) <= {"no-op", "read"} and not self.imported

    @property
    def replaces(self) -> bool:
        """Whether it is deleted and made anew."""
        return self.deletes and "create" in self.actions

    @property
    def name(self) -> str:
        """The name of the resource in the cloud; its address where it has none."""
        there = self.before or self.after or {}
        return str(there.get("name") or self.address)


@frozen
class Plan:
    """What would become of a stack.

    Attributes:
        stack: The stack's name.
        changes: What becomes of each resource, also where nothing does.
        outputs: The names of the outputs that change.
        needs: The names of the stacks that are deployed before it.
    """

    stack: str
    changes: tuple[Change, ...]
    outputs: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes, so that what others read of the stack stays as it is."""
        return not self.outputs and all(change.is_empty for change in self.changes)

    @classmethod
    def from_json(cls, stack: str, text: str, needs: tuple[str, ...] = ()) -> Plan:
        """Read what `terraform show -json` prints of a plan.

        See https://developer.hashicorp.com/terraform/internals/json-format#plan-representation.

        Raises:
            FleetError: When it is something else.
        """
        try:
            document = json.loads(text)
            changes = document.get("resource_changes", ())
            outputs = document.get("output_changes", {}).items()
            return cls(
                stack,
                tuple(_change(each) for each in changes if each["mode"] == "managed"),
                tuple(name for name, each in outputs if each["actions"] != ["no-op"]),
                needs,
            )
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise FleetError(f"stack {stack}: Terraform printed no plan: {error!r}") from None


def _change(given: Mapping[str, Any]) -> Change:
    change = given["change"]
    paths: Iterable[Sequence[object]] = change.get("replace_paths") or ()
    return Change(
        address=given["address"],
        type=given["type"],
        actions=tuple(change["actions"]),
        before=change["before"],
        after=change["after"],
        forced_by=tuple(dict.fromkeys(str(path[0]) for path in paths)),
        imported="importing" in change,
        altered=tuple(sorted(_altered(change))),
    )


def _altered(change: Mapping[str, Any]) -> Iterator[str]:
    before, after = change["before"], change["after"]
    unknown = change.get("after_unknown") or {}
    if before is not None and after is not None:
        for name in {*after, *unknown}:
            if unknown.get(name) or before.get(name) != after.get(name):
                yield name
