"""A machine of the inventory."""

from __future__ import annotations

from typing import Literal

from attrs import field

from infra_lib.model import destination
from infra_lib.model.errors import field_error
from infra_lib.model.validators import (
    check_name,
    check_one_of,
    check_text,
    check_word,
    check_words,
    strings,
    valid,
)
from nixgen.frozen import frozen

EVERY = "all"  # the tag that clan gives to every machine


def _check_destination(where: str, field: str, value: str) -> None:
    accepted = f"an SSH destination such as {destination.EXAMPLE}"
    check_word(where, field, value, accepted)
    try:
        destination.parse(value)
    except ValueError as error:
        raise field_error(where, field, value, f"{accepted} is accepted ({error})") from None


@frozen
class Machine:
    """A machine of the inventory: a VPS elsewhere, a Mac, a laptop.

    Attributes:
        name: Its host name: 1 to 63 characters, RFC 1035.
        machine_class: What it runs: "nixos" or "darwin".
        tags: Your own tags. The derived ones come before them in `all_tags`.
        description: In your words. See `full_description` for what is derived.
        target_host: Where clan reaches it, `[user@]host[:port]`; options such as
            `?ProxyJump=root@gate.example` may follow. None for `root@<name>.<domain>`.

    Raises:
        FleetError: When a field cannot be.
    """

    name: str = field(validator=valid(check_name))
    machine_class: Literal["nixos", "darwin"] = field(
        default="nixos", validator=valid(check_one_of, ("nixos", "darwin")), kw_only=True
    )
    tags: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_words, '"peer"'), kw_only=True
    )
    description: str = field(default="", validator=valid(check_text), kw_only=True)
    target_host: str | None = field(default=None, validator=valid(_check_destination), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Do nothing: each field is checked by itself. A class that checks more may call this."""

    @property
    def _where(self) -> str:
        return f"machine {self.name!r}"

    @property
    def derived_tags(self) -> tuple[str, ...]:
        """The tags that follow from what the machine is."""
        return (self.machine_class,)

    @property
    def all_tags(self) -> tuple[str, ...]:
        """Derived tags, then your own; each once."""
        return tuple(dict.fromkeys(self.derived_tags + self.tags))

    def has_tag(self, tag: str) -> bool:
        """Whether the machine has a tag: one of `all_tags`, or "all", which clan gives to each."""
        return tag == EVERY or tag in self.all_tags

    @property
    def full_description(self) -> str:
        """What the inventory says of it: what is derived, then your own words."""
        return self.description
