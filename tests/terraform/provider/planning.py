"""What becomes of a resource when its configuration changes: nothing, an update, or a replacement.

The rules are those of Terraform's SDK, which google's provider is built on: defaults fill gaps,
what the API computes stays until it is replaced, and some arguments cannot be changed in place.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

import attrs

from .schema import Block, Nested
from .values import UNKNOWN, same_image, same_link, same_name

State = dict[str, Any]
Path = tuple[str | int, ...]


def nothing(_prior: State, _planned: State) -> tuple[str, ...]:
    """No argument beyond those listed asks for a replacement."""
    return ()


def settled(_prior: State | None, _planned: State) -> None:
    """Nothing to put right."""


def accepted(_planned: State, _config: State) -> str | None:
    """No rule beyond the schema."""
    return None


def right(_config: State) -> Iterator[tuple[str, str]]:
    """No rule beyond the schema."""
    yield from ()


def untouched(_prior: State | None, _planned: State, _provider: State) -> None:
    """The provider block says nothing of a resource."""


@attrs.frozen
class Rules:
    """What the schema does not say of a resource; names are dotted, without indexes.

    Attributes:
        replaced_by: Arguments whose change replaces the resource.
        id: The id, with the arguments it is made from in braces; empty where the API gives one.
        defaults: What an argument is when it is not given.
        kept: Blocks that the API fills in: left out, they stay as they are.
        links: Arguments that take a name or a link and read back as a link.
        names: Arguments that take a name or a link, of which the name alone is compared.
        images: Arguments that take an image or a family and read back as an image.
        settle: Puts a plan right in place, where arguments hang together.
        also_replaced_by: Arguments whose change replaces the resource sometimes.
        refusal: Why a plan is refused, for what is planned and what was asked for, or None.
        wrong: What is wrong with a configuration: a summary and a detail each.
        fresh: What the API says anew after every change.
        stated: Arguments that no API tells: they are what the state says, and after an import
            nothing.
        quiet: Arguments of which a `false` is no change where nothing is known.
        shorter: How many of the last words of the id an import takes too, as `zone/name`.
    """

    replaced_by: frozenset[str] = frozenset()
    id: str = ""
    defaults: Mapping[str, Any] = attrs.field(factory=dict)
    kept: frozenset[str] = frozenset()
    links: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    images: frozenset[str] = frozenset()
    settle: Callable[[State | None, State], None] = settled
    also_replaced_by: Callable[[State, State], tuple[str, ...]] = nothing
    refusal: Callable[[State, State], str | None] = accepted
    wrong: Callable[[State], Iterator[tuple[str, str]]] = right
    fresh: frozenset[str] = frozenset()
    stated: frozenset[str] = frozenset()
    quiet: frozenset[str] = frozenset()
    shorter: tuple[int, ...] = ()


def invalid(block: Block, config: State) -> Iterator[tuple[str, str]]:
    """What is wrong that Terraform itself does not find: a summary and a detail each."""
    for name, attribute in block.attributes.items():
        if attribute.required and config[name] is None:
            yield (
                "Missing required argument",
                f'The argument "{name}" is required, but no definition was found.',
            )
        if not (attribute.required or attribute.optional) and config[name] is not None:
            yield (
                "Value for unconfigurable attribute",
                f'Can\'t configure a value for "{name}": its value will be decided automatically'
                " based on the result of applying this configuration.",
            )
    for name, nested in block.blocks.items():
        given = config[name]
        for item in given if isinstance(given, list) else [given]:
            if isinstance(item, dict):
                yield from invalid(nested.block, item)


@attrs.frozen
class Plan:
    """A planned resource.

    Attributes:
        state: Its arguments and outputs, unknown where only the API can say.
        replacing: Paths of the changes that ask for a replacement.
    """

    state: State
    replacing: tuple[Path, ...]


def plan(block: Block, rules: Rules, prior: State | None, proposed: State) -> Plan:
    """What `proposed` comes to for a resource that is as in `prior`, or is not there yet."""
    state = _planned(block, rules, "", prior, proposed)
    rules.settle(prior, state)
    if prior is None:
        return Plan(state, ())
    if rules.fresh and any(changes(block, prior, state)):
        state |= {name: UNKNOWN for name in rules.fresh if proposed[name] == prior[name]}
    sometimes = rules.also_replaced_by(prior, state)
    return Plan(
        state,
        tuple(
            path
            for dotted, path in changes(block, prior, state, quiet=rules.quiet)
            if dotted in rules.replaced_by or dotted in sometimes
        ),
    )


def _planned(
    block: Block, rules: Rules, within: str, prior: State | None, proposed: State
) -> State:
    state: State = {}
    for name, attribute in block.attributes.items():
        dotted, value = within + name, proposed[name]
        before = None if prior is None else prior[name]
        if value is None:
            value = rules.defaults.get(dotted)
        if value is None and attribute.computed and prior is None:
            value = UNKNOWN
        elif prior is not None and _means(rules, dotted, before, value):
            value = before
        state[name] = value
    for name, nested in block.blocks.items():
        value = proposed[name]
        before = None if prior is None else prior[name]
        if not value and before and within + name in rules.kept:
            value = before
        state[name] = _planned_blocks(nested, rules, f"{within}{name}.", before, value)
    return state


def _planned_blocks(nested: Nested, rules: Rules, within: str, before: Any, value: Any) -> Any:
    if value is None or value is UNKNOWN:
        return value
    if nested.nesting == "single":
        return _planned(nested.block, rules, within, before, value)
    earlier = before if nested.nesting == "list" and before else []
    return [
        _planned(nested.block, rules, within, earlier[i] if i < len(earlier) else None, item)
        for i, item in enumerate(value)
    ]


def changes(
    block: Block,
    prior: State,
    planned: State,
    within: str = "",
    path: Path = (),
    quiet: frozenset[str] = frozenset(),
) -> Iterator[tuple[str, Path]]:
    """Each argument that differs: its dotted name and its path. Sets count as one."""
    for name in block.attributes:
        before, after = prior[name], planned[name]
        if not (_same(before, after) or (within + name in quiet and _is_quiet(before, after))):
            yield within + name, (*path, name)
    for name, nested in block.blocks.items():
        before, after = prior[name], planned[name]
        here = (*path, name)
        if nested.nesting == "list" and isinstance(before, list) and isinstance(after, list):
            if len(before) != len(after):
                yield within + name, here
            # A block that comes or goes does so with all that is said in it.
            for i, (had, has) in enumerate(zip_longest(before, after)):
                old, new = had or unsaid(nested.block, has), has or unsaid(nested.block, had)
                inner = f"{within}{name}."
                yield from changes(nested.block, old, new, inner, (*here, i), quiet)
        elif not _same(before, after):
            yield within + name, here


def unsaid(block: Block, other: State) -> State:
    """A block in which nothing is said, and nothing else is up to the API than in `other`."""
    return {
        **{name: UNKNOWN if other[name] is UNKNOWN else None for name in block.attributes},
        **{name: None if b.nesting == "single" else [] for name, b in block.blocks.items()},
    }


def known(planned: State) -> State:
    """`planned` with nothing where the API is to answer."""
    return {name: _known(value) for name, value in planned.items()}


def _known(value: Any) -> Any:
    if isinstance(value, dict):
        return known(value)
    if isinstance(value, list):
        return [_known(item) for item in value]
    return None if value is UNKNOWN else value


def _means(rules: Rules, dotted: str, before: Any, value: Any) -> bool:
    """Whether `value` is another way to write what is there."""
    return (
        _same(before, value)
        or (dotted in rules.links and same_link(before, value))
        or (dotted in rules.names and same_name(before, value))
        or (dotted in rules.images and same_image(before, value))
        or (dotted in rules.quiet and _is_quiet(before, value))
    )


def _is_quiet(before: Any, after: Any) -> bool:
    return not before and not after


def _same(before: Any, after: Any) -> bool:
    """Whether two values mean the same.

    The SDK does not tell a missing one from an empty one, but for a `false` or a 0 in the place of
    nothing, as after an import.
    """
    if before is None and isinstance(after, bool | int) and not after:
        return False
    return bool(before == after) or not (_known_and_set(before) or _known_and_set(after))


def _known_and_set(value: Any) -> bool:
    return value is UNKNOWN or value not in (None, "", False, 0, [], {})
