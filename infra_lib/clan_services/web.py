"""Names on the Internet: clan's services certificates, dyndns and matrix-synapse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from attrs import field

from infra_lib.clan_services.instance import (
    by_name,
    check_given,
    demand,
    instance,
    without_none,
)
from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import (
    check_domain,
    check_domains,
    check_instance,
    check_matching,
    check_one_of,
    check_port,
    check_whole,
    check_word,
    check_words,
    frozen_mapping,
    in_order,
    valid,
)

if TYPE_CHECKING:
    from infra_lib.model.services import ClanService, Role

_SECRETS = ("password", "token", "api_key", "secret_api_key")
# What step-ca takes: https://pkg.go.dev/time#ParseDuration
_DURATION = r"([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+"


def certificates(
    *,
    ca: Role,
    role: Role | None = None,
    tlds: tuple[str, ...] | list[str] | None = None,
    expire: str | None = None,
    acme_email: str | None = None,
    name: str = "certificates",
    input: str | None = None,
) -> ClanService:
    """Return an instance of certificates: an authority of your own for names inside the clan.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/certificates/default.nix

    Args:
        ca: The machine that is the authority.
        role: Further machines that trust it and have certificates of it.
        tlds: The domains whose names it signs for; None for the clan's.
        expire: How long the authority itself is valid: "8760h".
        acme_email: The address that goes with requests.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be.
    """
    where = f"service {name!r}"
    check_given(where, check_domains, tlds=tlds)
    accepted = 'a duration is accepted: "8760h"'
    check_given(where, check_matching, _DURATION, accepted, expire=expire)
    check_given(where, check_word, "an address", acme_email=acme_email)
    email = {("acmeEmail",): acme_email}
    return instance(
        "certificates",
        name,
        input,
        ca=(ca, {("tlds",): tlds, ("expire",): expire, **email}),
        default=(role, email),
    )


def _extra_settings(value: Mapping[str, str | int | bool]) -> Mapping[str, str | int | bool]:
    return frozen_mapping(value)


def _check_extra_settings(where: str, field: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise field_error(where, field, value, 'a mapping is accepted: {"host": "@"}')
    for name, setting in value.items():
        check_word(where, field, name, "a name")
        if not isinstance(setting, str | int):
            accepted = "text, a whole number, True or False is accepted"
            raise field_error(where, f"{field}[{name!r}]", setting, accepted)


@frozen(kw_only=True)
class DynDnsRecord:
    """A domain that is to point to the machine. Clan asks for the provider's secret.

    Attributes:
        provider: Who has the domain: "namecheap". See
            https://github.com/qdm12/ddns-updater#configuration
        domain: The domain: "example.org".
        secret_field_name: What the provider calls the secret: "password", as clan has it, "token",
            "api_key" or "secret_api_key".
        extra_settings: What else the provider wants to know: `{"host": "@"}`.

    Raises:
        FleetError: When a field cannot be.
    """

    provider: str = field(validator=valid(check_word, "the name of a provider"))
    domain: str = field(validator=valid(check_word, "a domain"))
    secret_field_name: Literal["password", "token", "api_key", "secret_api_key"] | None = field(
        default=None, validator=valid(check_one_of, _SECRETS)
    )
    extra_settings: Mapping[str, str | int | bool] | None = field(
        default=None,
        converter=_extra_settings,
        validator=valid(_check_extra_settings),
        hash=False,
    )

    def __attrs_post_init__(self) -> None:
        secret = self.secret_field_name or _SECRETS[0]
        if secret in (self.extra_settings or {}):
            accepted = f"clan asks for the {secret} itself, and keeps it out of the repository"
            raise field_error(self._where, "extra_settings", secret, accepted)

    @property
    def _where(self) -> str:
        return f"DNS record {self.domain!r}"

    @property
    def settings(self) -> dict[str, Any]:
        """What clan calls the fields."""
        return without_none(
            [
                ("provider", self.provider),
                ("domain", self.domain),
                ("secret_field_name", self.secret_field_name),
                ("extraSettings", self.extra_settings),
            ]
        )


@frozen(kw_only=True)
class DynDnsServer:
    """The page on which a machine shows what it has set.

    Attributes:
        domain: Where it is: "dyndns.example.org".
        acme_email: The address for the page's certificate.
        port: The machine's own port for it.

    Raises:
        FleetError: When a field cannot be.
    """

    domain: str = field(validator=valid(check_domain))
    acme_email: str = field(validator=valid(check_word, "an address"))
    port: int | None = field(default=None, validator=valid(check_port))

    @property
    def _where(self) -> str:
        return f"DNS server {self.domain!r}"

    @property
    def settings(self) -> dict[str, Any]:
        """What clan calls the fields."""
        return without_none(
            [
                ("enable", True),
                ("domain", self.domain),
                ("acmeEmail", self.acme_email),
                ("port", self.port),
            ]
        )


def dyndns(
    records: Mapping[str, DynDnsRecord] | None = None,
    *,
    role: Role,
    period: int | None = None,
    server: DynDnsServer | None = None,
    name: str = "dyndns",
    input: str | None = None,
) -> ClanService:
    """Return an instance of dyndns: domains that follow a machine's changing address.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/dyndns/default.nix

    Args:
        records: The domains, by a name that is yours.
        role: The machines whose addresses they follow.
        period: How often that is looked at, in minutes.
        server: A page that shows it; None for none.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be.
    """
    where = f"service {name!r}"
    check_given(where, _check_minutes, period=period)
    check_given(where, check_instance, DynDnsServer, server=server)
    example = '{"home": DynDnsRecord(provider="namecheap", domain="example.org")}'
    settings = {
        ("settings",): by_name(where, "records", records, DynDnsRecord, example),
        ("period",): period,
        ("server",): None if server is None else server.settings,
    }
    return instance("dyndns", name, input, default=(role, settings))


def _check_minutes(where: str, field: str, value: object) -> None:
    check_whole(where, field, value, "minutes", least=1)


def matrix_synapse(
    *,
    role: Role,
    server_tld: str | None = None,
    app_domain: str | None = None,
    acme_email: str | None = None,
    users: tuple[str, ...] | list[str] | None = None,
    admins: tuple[str, ...] | list[str] | None = None,
    name: str = "matrix-synapse",
    input: str | None = None,
) -> ClanService:
    """Return an instance of matrix-synapse: a Matrix server, and Element to use it.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/matrix-synapse/default.nix

    Args:
        role: The machine.
        server_tld: What names of users end with: "example.org" for @alice:example.org.
        app_domain: Where server and Element are: "matrix.example.org".
        acme_email: The address for their certificate.
        users: Accounts to make.
        admins: And those of them who administer the server.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be, or a domain is not given.
    """
    where = f"service {name!r}"
    check_given(where, check_domain, server_tld=server_tld, app_domain=app_domain)
    check_given(where, check_word, "an address", acme_email=acme_email)
    check_given(where, check_words, '"alice"', users=users, admins=admins)
    accounts: dict[str, dict[str, bool]] | None = None
    if users is not None or admins is not None:
        accounts = {user: {} for user in in_order(users or ())}
        accounts |= {user: {"admin": True} for user in in_order(admins or ())}
    settings = {
        ("server_tld",): server_tld,
        ("app_domain",): app_domain,
        ("acmeEmail",): acme_email,
        ("users",): accounts,
    }
    made = instance("matrix-synapse", name, input, default=(role, settings))
    wanted = {
        "server_tld": 'server_tld="example.org" is wanted: what names of users end with',
        "app_domain": 'app_domain="matrix.example.org" is wanted: where the server is',
        "acmeEmail": 'acme_email="admin@example.org" is wanted, for the certificate',
    }
    for option, accepted in wanted.items():
        demand(where, "default", made.roles["default"], option, accepted)
    return made
