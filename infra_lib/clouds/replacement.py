"""What becomes of a cloud's resources when what is said of them changes, without asking Terraform.

Two versions of a stack are compared by what the cloud's provider is known to do about each
argument: change it in place, stop the machine for it, or make the resource anew. What a cloud is
asked for is `infra_lib.clouds.cloud.Comparison`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from infra_lib.clouds.adoption import Difference, Reading, differences, is_within, without_indexes
from infra_lib.model.reference import Reference
from infra_lib.terraform.installer import INSTALLATION
from infra_lib.terraform.resource import Resource
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence


Action = Literal["create", "update", "replace", "delete", "none"]

_TARGET = re.compile(r"(?<![\w.-])(\w+)\.([\w-]+)\.(\w+)")
_NEW = " of the new one"
_READING = Reading()


@frozen(kw_only=True)
class Rules:
    """What a provider does about changes of a type of resource.

    Paths have no indexes: "boot_disk.initialize_params.image".

    Attributes:
        reading: Which arguments make the resource anew (`forcing`), which go when they are left out
            (`taken_away`), and which values mean the same.
        stopped_for: Arguments of a machine that are changed only while it is stopped: one that runs
            is stopped and started again.
        stop_allowed_by: The argument that allows that; empty where it is always done.
        shrinking: Sizes of which a smaller one makes the resource anew.
        kept: Arguments that stay as they are when they are left out, so that what was asked for
            does not come to be.
        protected_by: The argument that has the cloud refuse a deletion; empty where there is none,
            or where the cloud itself says that in `Operations.prevent`.
    """

    reading: Reading = _READING
    stopped_for: frozenset[str] = frozenset()
    stop_allowed_by: str = ""
    shrinking: frozenset[str] = frozenset()
    kept: frozenset[str] = frozenset()
    protected_by: str = ""


INSTALLED_BY = {INSTALLATION: Rules(reading=Reading(forcing=frozenset(("triggers_replace",))))}
"""What Terraform does about what installs machines, in whatever cloud."""

_NO_RULES = Rules()


@frozen(kw_only=True)
class ResourceChange:
    """What becomes of a resource. At least one of the two sides is there.

    Attributes:
        before: What was said of it; None for a new one.
        after: What is said of it now; None for one that goes.
        changes: What changes in place, or would, where it is made anew anyway.
        forced: What it is made anew for; empty for none.
        stops: Whether it has to be stopped for the changes.
        problems: Why it cannot be done so, each a sentence without its subject.
        old: The arguments before, with Terraform's templates as text.
        new: The arguments after; a template that leads to what is made anew says so.
    """

    before: Resource | None
    after: Resource | None
    changes: tuple[Difference, ...] = ()
    forced: tuple[Difference, ...] = ()
    stops: bool = False
    problems: tuple[str, ...] = ()
    old: Mapping[str, Any] | None = None
    new: Mapping[str, Any] | None = None

    @property
    def resource(self) -> Resource:
        """The resource, as it is after, or was before."""
        resource = self.after or self.before
        assert resource is not None  # noqa: S101 - as the class says
        return resource

    @property
    def action(self) -> Action:
        """What is done with it."""
        if self.before is None:
            return "create"
        if self.after is None:
            return "delete"
        if self.forced:
            return "replace"
        return "update" if self.changes else "none"


def resource_changes(
    before: Sequence[Resource], after: Sequence[Resource], rules: Mapping[str, Rules]
) -> list[ResourceChange]:
    """Return what becomes of the resources of a stack, those alone to which something happens.

    What a resource takes from another one that is made anew changes as well, as far as nobody knows
    it before that is made: its number, its address.

    Args:
        before: The resources that there were.
        after: Those that there are to be.
        rules: What the provider does, by the type of resource.

    Returns:
        The changes: those of what is to be in its order, then of what goes.
    """
    old, new = ({each.address: each for each in side} for side in (before, after))
    both = {address: (old[address], each) for address, each in new.items() if address in old}
    made_anew: set[str] = set()
    compared = {address: _compare(*pair, made_anew, rules) for address, pair in both.items()}
    # What is made anew may make others anew in turn.
    while (found := {each for each, change in compared.items() if change.forced}) != made_anew:
        made_anew = found
        compared = {address: _compare(*pair, made_anew, rules) for address, pair in both.items()}
    changes: list[ResourceChange] = []
    for address, resource in new.items():
        if address not in old:
            arguments = _plain(resource.arguments, ())
            changes.append(ResourceChange(before=None, after=resource, new=arguments))
            continue
        change = compared[address]
        if change.action != "none" or change.problems:
            changes.append(change)
    for address, resource in old.items():
        if address not in new:
            arguments = _plain(resource.arguments, ())
            of_type = rules.get(resource.type, _NO_RULES)
            problems = tuple(_protected(arguments, of_type))
            changes.append(
                ResourceChange(before=resource, after=None, old=arguments, problems=problems)
            )
    return changes


def _compare(
    before: Resource, after: Resource, made_anew: Collection[str], rules: Mapping[str, Rules]
) -> ResourceChange:
    old = _plain(before.arguments, ())
    new = _plain(after.arguments, made_anew)
    if old == new:
        return ResourceChange(before=before, after=after)
    of_type = rules.get(after.type, _NO_RULES)
    ignored = (str(path) for path in after.lifecycle.get("ignore_changes", ()))
    changes, forced = differences(new, old, of_type.reading, ignored=ignored)
    smaller = [each for each in changes if _shrinks(each, of_type)]
    changes = [each for each in changes if each not in smaller]
    stopping = [each for each in changes if is_within(each.path, of_type.stopped_for)]
    anew = (*forced, *smaller)
    problems = [
        *(_stays(old, new, of_type) if not anew else ()),
        *(_unstoppable(stopping, new, of_type) if not anew else ()),
        *(_refused(after, old, of_type) if anew else ()),
    ]
    return ResourceChange(
        before=before,
        after=after,
        changes=tuple(changes),
        forced=anew,
        stops=bool(stopping),
        problems=tuple(problems),
        old=old,
        new=new,
    )


def _shrinks(difference: Difference, rules: Rules) -> bool:
    before, after = difference.before, difference.after
    return (
        without_indexes(difference.path) in rules.shrinking
        and isinstance(before, int)
        and isinstance(after, int)
        and after < before
    )


def _stays(old: Mapping[str, Any], new: Mapping[str, Any], rules: Rules) -> Iterator[str]:
    for name in sorted(rules.kept):
        if old.get(name) and not new.get(name):
            yield (
                f"{name}: the provider keeps what is left out, so the machine would stay as it is "
                "in that; to have it made without, deploy it with enabled=False, then with "
                "enabled=True"
            )


def _unstoppable(
    stopping: Sequence[Difference], new: Mapping[str, Any], rules: Rules
) -> Iterator[str]:
    allowed = rules.stop_allowed_by
    if stopping and allowed and not new.get(allowed):
        names = ", ".join(dict.fromkeys(each.path for each in stopping))
        yield f"{names}: it has to be stopped for that, which {allowed}=False does not allow"


def _refused(after: Resource, old: Mapping[str, Any], rules: Rules) -> Iterator[str]:
    if after.lifecycle.get("prevent_destroy"):
        yield "Terraform refuses to make it anew, for its prevent_destroy"
    yield from _protected(old, rules)


def _protected(old: Mapping[str, Any], rules: Rules) -> Iterator[str]:
    if rules.protected_by and old.get(rules.protected_by):
        yield (
            f"{rules.protected_by}=True has the cloud refuse to delete it: deploy it without that "
            "first"
        )


def _plain(value: Any, made_anew: Collection[str]) -> Any:
    """Return a value whose references are text, which tells of what is made anew."""
    if isinstance(value, Reference):
        text = "".join(value)
        if made_anew and any(
            _is_unknown(kind, name, attribute, made_anew)
            for kind, name, attribute in _TARGET.findall(text)
        ):
            return text + _NEW
        return text
    if isinstance(value, Mapping):
        return {key: _plain(each, made_anew) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, made_anew) for each in value]
    return value


def _is_unknown(kind: str, name: str, attribute: str, made_anew: Collection[str]) -> bool:
    """Whether an attribute is one that only the making of a resource tells; its name is not."""
    return attribute != "name" and f"{kind}.{name}" in made_anew
