"""What machines have and tell: clan's services importer, packages and monitoring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from infra_lib.clan_services.instance import check_given, check_something, instance
from infra_lib.model.errors import field_error
from infra_lib.model.validators import check_boolean, check_each, check_word, check_words, strings

if TYPE_CHECKING:
    from infra_lib.model.services import ClanService, Role


def importer(*, role: Role, name: str = "importer", input: str | None = None) -> ClanService:
    """Return an instance of importer, which imports modules into machines and does nothing else.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/importer/default.nix

    Args:
        role: The machines, and what they import:
            `Role(tags=("all",), extra_modules=("base",))`.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be.
    """
    return instance("importer", name, input, default=(role, {}))


def packages(
    packages: tuple[str, ...] | list[str],
    *,
    role: Role,
    name: str = "packages",
    input: str | None = None,
) -> ClanService:
    """Return an instance of packages, which installs packages of nixpkgs.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/packages/default.nix

    Args:
        packages: Their attribute paths in nixpkgs: `("git", "python3Packages.numpy")`.
        role: The machines that have them.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be.
    """
    check_given(f"service {name!r}", check_words, '"git"', packages=packages)
    return instance("packages", name, input, default=(role, {("packages",): packages}))


def monitoring(
    *,
    server: Role | None = None,
    client: Role | None = None,
    grafana: bool | None = None,
    host: str | None = None,
    monitored_systemd_services: Literal["all", "nixos"] | tuple[str, ...] | list[str] | None = None,
    use_ssl: bool | None = None,
    relabel_rules_before_normalization: tuple[str, ...] | list[str] | None = None,
    relabel_rules_after_normalization: tuple[str, ...] | list[str] | None = None,
    name: str = "monitoring",
    input: str | None = None,
) -> ClanService:
    """Return an instance of monitoring: metrics and logs of machines, on one of them.

    https://git.clan.lol/clan/clan-core/src/branch/main/clanServices/monitoring/default.nix

    Args:
        server: The one machine that keeps metrics and logs.
        client: The machines that send theirs.
        grafana: Whether the server shows them in Grafana.
        host: The server's host name or address; None for `<machine>.<domain>`.
        monitored_systemd_services: Units whose logs clients send: "nixos" for those that their
            configuration enables, as clan has it; "all"; or names: `("nginx.service",)`.
        use_ssl: Whether clients send over https.
        relabel_rules_before_normalization: Further `rule` blocks of Grafana Alloy for the journal,
            before clan's own.
        relabel_rules_after_normalization: And after them.
        name: What the instance is called.
        input: The flake input that has the service; None for clan-core.

    Raises:
        FleetError: When an argument cannot be, or there is not exactly one server.
    """
    where = f"service {name!r}"
    rules = {
        "relabel_rules_before_normalization": relabel_rules_before_normalization,
        "relabel_rules_after_normalization": relabel_rules_after_normalization,
    }
    check_given(where, check_boolean, grafana=grafana, use_ssl=use_ssl)
    check_given(where, check_word, "a host name or an address", host=host)
    check_given(where, _check_units, monitored_systemd_services=monitored_systemd_services)
    check_given(where, _check_rules, **rules)
    one = 'one machine is the server: Role(machines=("vault",))'
    if server is None:
        raise field_error(where, "server", None, one)
    made = instance(
        "monitoring",
        name,
        input,
        server=(server, {("grafana", "enable"): grafana, ("host",): host}),
        client=(
            client,
            {
                ("monitoredSystemdServices",): monitored_systemd_services,
                ("useSSL",): use_ssl,
                ("loki", "journal", "relabelRules", "beforeNormalization"): (
                    relabel_rules_before_normalization
                ),
                ("loki", "journal", "relabelRules", "afterNormalization"): (
                    relabel_rules_after_normalization
                ),
            },
        ),
    )
    if len(server.machines) > 1:
        raise field_error(where, "server.machines", [*server.machines], one)
    return made


def _check_units(where: str, field: str, value: object) -> None:
    if value in ("all", "nixos"):
        return
    if not isinstance(value, tuple):
        accepted = '"nixos", "all" or names of units is accepted: ("nginx.service",)'
        raise field_error(where, field, value, accepted)
    check_words(where, field, strings(value), '"nginx.service"')


def _check_rules(where: str, field: str, value: tuple[str, ...]) -> None:
    check_each(where, field, value, str, '"rule { … }"')
    for rule in value:
        check_something(where, field, rule, "rule { … }")
