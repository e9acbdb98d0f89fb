"""People who have an account on machines."""

from __future__ import annotations

import re

from attrs import field

from infra_lib.model import check
from infra_lib.model.errors import field_error
from nixgen.frozen import frozen

_LOGIN = re.compile(r"[a-z_][-a-z0-9_]{0,30}")


@frozen
class User:
    """An account, made by clan's `users` service.

    Attributes:
        name: The login name.
        groups: Groups besides its own: ("wheel",).
        machines: Names of the machines that have the account.
        tags: Inventory tags; every machine with one of them has the account too.
        ssh_keys: OpenSSH public keys that may log in.
        share: One password for all machines. False, as clan has it by default, is one for each:
            whoever learns that of one machine has that of no other.
        prompt: Ask for the password when vars are generated, rather than make one up.

    Raises:
        FleetError: When a field cannot be.
    """

    name: str
    groups: tuple[str, ...] = field(default=(), converter=check.strings, kw_only=True)
    machines: tuple[str, ...] = field(default=(), converter=check.strings, kw_only=True)
    tags: tuple[str, ...] = field(default=(), converter=check.strings, kw_only=True)
    ssh_keys: tuple[str, ...] = field(default=(), converter=check.strings, kw_only=True)
    share: bool = field(default=False, kw_only=True)
    prompt: bool = field(default=True, kw_only=True)

    def __attrs_post_init__(self) -> None:
        where = f"user {self.name!r}"
        if not isinstance(self.name, str) or not _LOGIN.fullmatch(self.name):
            raise field_error(
                where,
                "name",
                self.name,
                "a login name has up to 31 lower-case letters, digits, _ and -, a letter first",
            )
        check.words(where, "groups", self.groups, '"wheel"')
        check.words(where, "machines", self.machines, '"galena"')
        check.unique(where, "machines", self.machines)
        check.words(where, "tags", self.tags, '"workstation"')
        check.public_keys(where, "ssh_keys", self.ssh_keys)
        check.boolean(where, "share", self.share)
        check.boolean(where, "prompt", self.prompt)
