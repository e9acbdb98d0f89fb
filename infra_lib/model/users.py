"""People who have an account on machines."""

from __future__ import annotations

from attrs import field

from infra_lib.model.validators import (
    check_boolean,
    check_matching,
    check_public_keys,
    check_unique,
    check_words,
    strings,
    valid,
)
from nixgen.frozen import frozen

_LOGIN = r"[a-z_][-a-z0-9_]{0,30}"
_LOGIN_ACCEPTED = "a login name has up to 31 lower-case letters, digits, _ and -, a letter first"


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

    name: str = field(validator=valid(check_matching, _LOGIN, _LOGIN_ACCEPTED))
    groups: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_words, '"wheel"'), kw_only=True
    )
    machines: tuple[str, ...] = field(
        default=(),
        converter=strings,
        validator=[valid(check_words, '"galena"'), valid(check_unique)],
        kw_only=True,
    )
    tags: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_words, '"workstation"'), kw_only=True
    )
    ssh_keys: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_public_keys), kw_only=True
    )
    share: bool = field(default=False, validator=valid(check_boolean), kw_only=True)
    prompt: bool = field(default=True, validator=valid(check_boolean), kw_only=True)

    @property
    def _where(self) -> str:
        return f"user {self.name!r}"
