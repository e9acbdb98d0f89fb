"""SSH destinations: what clan reaches a machine by, taken apart and written for ssh.

Clan's own grammar, from `_parse_ssh_uri` in
https://git.clan.lol/clan/clan-core/src/branch/main/pkgs/clan-cli/clan_lib/ssh/remote.py:
`[ssh://][user@]host[:port][?option=value&…]`, an IPv6 address in brackets. What is taken apart here
reaches ssh as a host, a user, a port or an option that runs no program, and as nothing else.
"""

from __future__ import annotations

import re

from nixgen.frozen import frozen

EXAMPLE = '"root@host.example", "root@[2001:db8::1]:2222"'

_DESTINATION = (
    r"(?:ssh://)?(?:(?P<user>[^@?]*)@)?(?:\[(?P<ipv6>[^]@?]*)\]|(?P<host>[^][:@?]*))"
    r"(?::(?P<port>[^:@?]*))?(?:\?(?P<options>.*))?"
)
_USER = r"[A-Za-z0-9_][-+.A-Za-z0-9_]*"
_HOST = r"[A-Za-z0-9_][-.A-Za-z0-9_]{0,252}"
_ZONE = r"[A-Za-z0-9_][-.~A-Za-z0-9_]*"
_PORT = r"[1-9][0-9]{0,4}"
MOST_PORT = 65535

_NUMBER = r"[0-9]{1,9}"
_SWITCH = r"yes|no"
# Of ssh's options (https://man.openbsd.org/ssh_config), those that choose how the host is reached
# and trusted. ProxyCommand, LocalCommand, KnownHostsCommand and others run programs.
_OPTIONS = {
    "AddressFamily": r"any|inet6?",
    "ConnectTimeout": _NUMBER,
    "ConnectionAttempts": _NUMBER,
    "HostKeyAlias": _HOST,
    "IdentitiesOnly": _SWITCH,
    "IdentityFile": r"[~/.A-Za-z0-9_][-+.%@~/A-Za-z0-9_]*",
    "ProxyJump": r".+",
    "ServerAliveCountMax": _NUMBER,
    "ServerAliveInterval": _NUMBER,
    "StrictHostKeyChecking": r"yes|no|off|ask|accept-new",
    "UserKnownHostsFile": r"none|/dev/null",
}


@frozen
class Destination:
    """Where SSH reaches a machine.

    Attributes:
        host: A host name, an alias of one's own SSH configuration, or an address without brackets.
        user: Who to log in as; None where it is not said.
        port: The TCP port; None where it is not said.
        options: Options of ssh, each a name and a value.
    """

    host: str
    user: str | None = None
    port: int | None = None
    options: tuple[tuple[str, str], ...] = ()

    @property
    def address(self) -> str:
        """User and host as one word for ssh."""
        return self.host if self.user is None else f"{self.user}@{self.host}"

    def ssh(self) -> tuple[str, ...]:
        """Return ssh's arguments, the last ones before a command: unlike clan, it takes no URI."""
        port = () if self.port is None else ("-p", str(self.port))
        options = (word for name, value in self.options for word in ("-o", f"{name}={value}"))
        return (*port, *options, "--", self.address)


def parse(text: str) -> Destination:
    """Take a destination apart.

    Args:
        text: The destination as clan takes it.

    Raises:
        ValueError: When it is not one; the message says what is wrong with which part.
    """
    found = re.fullmatch(_DESTINATION, text)
    if found is None:
        if text.count(":") > 1:
            raise ValueError("an IPv6 address stands in brackets")
        raise ValueError("user, host and port are wanted: user@host:port")
    user, port = found["user"], found["port"]
    if user is not None:
        check_user(user)
    if found["ipv6"] is None:
        check_host(found["host"])
    elif not _is_ipv6(found["ipv6"]):
        raise ValueError(f"{found['ipv6']!r} is no IPv6 address")
    if port is not None and not is_port(port):
        raise ValueError(f"{port!r} is no TCP port")
    return Destination(
        found["ipv6"] or found["host"],
        user,
        None if port is None else int(port),
        _options(found["options"] or ""),
    )


def check_user(user: str) -> None:
    """Check a login name: letters, digits and `_ . + -`, a letter, a digit or `_` first.

    Raises:
        ValueError: When it is not one.
    """
    if not re.fullmatch(_USER, user):
        raise ValueError(f"{user!r} is no login name")


def check_host(host: str) -> None:
    """Check a host name or an IPv4 address: a program takes what begins with a hyphen for options.

    Raises:
        ValueError: When it is not one.
    """
    if not re.fullmatch(_HOST, host):
        raise ValueError(f"{host!r} is no host name")


def check_address(host: str) -> None:
    """Check a host name, an IPv4 address, or an IPv6 address without brackets.

    Raises:
        ValueError: When it is none of them.
    """
    if ":" not in host:
        check_host(host)
    elif not _is_ipv6(host):
        raise ValueError(f"{host!r} is no IPv6 address")


def check_jumps(text: str) -> None:
    """Check hosts to jump over, with commas between them: each a destination without options.

    Raises:
        ValueError: When one is not.
    """
    for jump in text.split(","):
        if parse(jump).options:
            raise ValueError(f"{jump!r}: a host to jump over has no options")


def is_port(text: str) -> bool:
    """Whether a text is the number of a TCP or UDP port."""
    return re.fullmatch(_PORT, text) is not None and int(text) <= MOST_PORT


def _is_ipv6(text: str) -> bool:
    from ipaddress import IPv6Address  # few destinations need it

    address, percent, zone = text.partition("%")
    if percent and not re.fullmatch(_ZONE, zone):
        return False
    try:
        IPv6Address(address)
    except ValueError:
        return False
    return True


def _options(text: str) -> tuple[tuple[str, str], ...]:
    return tuple(_option(each) for each in text.split("&") if each)


def _option(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    accepted = next((key for key in _OPTIONS if key.lower() == name.lower()), None)
    if accepted is None:
        raise ValueError(
            f"{name!r} is none of the options that are accepted here: {', '.join(_OPTIONS)}; "
            "others belong in your own SSH configuration"
        )
    if not re.fullmatch(_OPTIONS[accepted], value):
        raise ValueError(f"{value!r} is no value of {accepted}")
    if accepted == "ProxyJump":
        check_jumps(value)
    return name, value
