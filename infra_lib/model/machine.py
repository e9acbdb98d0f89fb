"""A machine of the inventory."""

from __future__ import annotations

from typing import Literal

from attrs import field

from infra_lib.model import check, destination
from infra_lib.model.errors import field_error
from nixgen.frozen import frozen

EVERY = "all"  # the tag that clan gives to every machine


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

    name: str
    machine_class: Literal["nixos", "darwin"] = field(default="nixos", kw_only=True)
    tags: tuple[str, ...] = field(default=(), converter=check.strings, kw_only=True)
    description: str = field(default="", kw_only=True)
    target_host: str | None = field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        where = self._where
        check.name(where, "name", self.name)
        check.one_of(where, "machine_class", self.machine_class, ("nixos", "darwin"))
        check.words(where, "tags", self.tags, '"peer"')
        check.text(where, "description", self.description)
        if self.target_host is not None:
            accepted = f"an SSH destination such as {destination.EXAMPLE}"
            check.word(where, "target_host", self.target_host, accepted)
            try:
                destination.parse(self.target_host)
            except ValueError as error:
                accepted = f"{accepted} is accepted ({error})"
                raise field_error(where, "target_host", self.target_host, accepted) from None

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
