"""The ways in to a machine by SSH, and whose key it has to answer with.

They are those of the generated `ssh-hosts.nix`, in its order, with the door of the machine's cloud
at last. What is known of a host key comes from the facts and from the fleet's certificate
authorities, and from nobody's own known hosts.
"""

from __future__ import annotations

import re
import shutil
import socket
from threading import Thread
from typing import TYPE_CHECKING, Any, Literal

from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.fleet import project_of
from infra_lib.hosts import external_ip, external_ipv6
from infra_lib.hosts import ways_in as open_ways
from infra_lib.model import destination
from infra_lib.model.errors import FleetError
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.ssh import check_login
from infra_lib.model.targets import USUAL, fill
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine
    from infra_lib.model.ssh import SshCertificateAuthority

Via = Literal["own", "zerotier", "external", "tunnel", "name"]
CHOICES: tuple[Via, ...] = ("own", "zerotier", "external", "tunnel")
"""The ways that people may ask for."""

_PORT = 22
_WAIT = 3.0  # seconds: the first packet of a ZeroTier path may take more than one
_SAID_ELSEWHERE = ("HostName", "Port", "User", "HostKeyAlias")
_PROXIES = ("ProxyJump", "ProxyCommand")


@frozen(kw_only=True)
class WayIn:
    """A way in to a machine.

    Attributes:
        via: What kind of way: "own", as the fleet says of this machine; "zerotier"; "external", its
            address on the Internet; "tunnel", a door of its cloud's; or "name", where nothing but
            its name is known.
        host: What ssh is told to go to, by which people's own SSH configuration knows it.
        address: Where ssh really connects to; None for what becomes of `host`.
        user: Who to log in as; None for whom ssh takes by itself.
        port: The TCP port; None where it is not said.
        options: Options of ssh, each a name and a value.
        needs: A program that the way leads through; None for none.
    """

    via: Via
    host: str
    address: str | None = None
    user: str | None = None
    port: int | None = None
    options: tuple[tuple[str, str], ...] = ()
    needs: str | None = None

    @property
    def place(self) -> str:
        """The address, or what ssh makes one of."""
        return self.address or self.host

    @property
    def text(self) -> str:
        """The way for people: "external, 203.0.113.20"."""
        return self.via if self.via == "tunnel" else f"{self.via}, {self.place}"

    @property
    def is_plain(self) -> bool:
        """Whether ssh connects by itself, so that a connection from here tells if it is open."""
        return not any(name in _PROXIES for name, _ in self.options)

    def arguments(self) -> tuple[str, ...]:
        """Return ssh's arguments for it, the last ones before a command; no shell reads them."""
        options = [*self.options]
        if self.address is not None:
            options.insert(0, ("HostName", self.address))
        words = [word for name, value in options for word in ("-o", f"{name}={value}")]
        user = () if self.user is None else ("-l", self.user)
        port = () if self.port is None else ("-p", str(self.port))
        return (*words, *user, *port, "--", self.host)


def why_down(machine: Machine) -> str | None:
    """Return why nobody reaches a machine, as the fleet has it; None where somebody may.

    Args:
        machine: The machine.

    Returns:
        What it is and what switches it on, for a message that begins with its name.
    """
    if not isinstance(machine, ProvisionedMachine) or machine.state == "on":
        return None
    switch = "start" if machine.state == "stopped" else "enable"
    return f"is {machine.state}; infra {switch} {machine.name} switches it on"


def ways_in(
    fleet: Fleet, machine: Machine, *, login: str | None = None, via: Via | None = None
) -> tuple[WayIn, ...]:
    """Return the ways in to a machine that are known, the best first.

    Args:
        fleet: The fleet.
        machine: A machine of it.
        login: Who to log in as; None for whom the machine's SSH settings or its target say, and for
            root where they say nobody.
        via: The only kind of way that is wanted, also where the fleet's rules close it; None for
            all that are open.

    Raises:
        FleetError: When there is none, or `login` is no login name.
    """
    where = f"machine {machine.name!r}"
    if login is not None:
        check_login(where, "login", login)
    known = [*_known(fleet, machine, login or _user(fleet, machine))]
    if via is not None:
        found = tuple(way for way in known if way.via == via)
    else:
        found = tuple(way for way in known if _is_open(fleet, machine, way)) or tuple(known)
    if found:
        return found
    if via is None:
        raise FleetError(
            f"{where}: no way in is known: infra sync learns its addresses once it is deployed, "
            "and target_host=… tells a way of your own"
        )
    listed = ", ".join(dict.fromkeys(way.via for way in known)) or "none"
    raise FleetError(f"{where}: via {via}: it has no such way in; it has: {listed}")


def choose_way(
    ways: Sequence[WayIn], *, answers: Callable[[str, int], bool] | None = None
) -> WayIn:
    """Return the best way that is open now; the first one where none seems to be.

    All are tried at once, for three seconds at most. Where a proxy stands in between, of the fleet
    or of one's cloud, a way counts as open. One's own SSH configuration may know of another proxy:
    so where nothing answers, ssh has the first way all the same, and says what is wrong.

    Args:
        ways: The ways, the best first.
        answers: Tells whether an SSH server answers at a host and port.

    Raises:
        FleetError: When each leads through a program that is not there.
    """
    usable = [way for way in ways if way.needs is None or shutil.which(way.needs)]
    if not usable:
        raise FleetError(f"{ways[0].needs}: is not on PATH, and the way in leads through it")
    if len(usable) == 1:
        return usable[0]
    tries = [_Try(way, answers or ssh_answers) for way in usable]
    return next((each.way for each in tries if each.is_open()), usable[0])


def ssh_answers(host: str, port: int) -> bool:
    """Whether an SSH server answers at an address: it greets first, and is told nothing."""
    try:
        with socket.create_connection((host, port), _WAIT) as connection:
            return connection.recv(4, socket.MSG_WAITALL) == b"SSH-"
    except (OSError, UnicodeError):
        return False


def host_key_alias(fleet: Fleet, machine: Machine) -> str:
    """Return the name that ssh looks a machine's host key up by, and a certificate is to have."""
    return (machine.ssh.host_key_alias or f"{machine.name}.{fleet.domain}").lower()


def known_hosts(fleet: Fleet, machine: Machine) -> str:
    """Return what ssh may take for a machine's host key, as a file of known hosts has it.

    Args:
        fleet: The fleet.
        machine: A machine of it.

    Returns:
        A line for its key in the facts, and one for each authority that signs for it; empty where
        nothing is known.
    """
    alias = host_key_alias(fleet, machine)
    key = fleet.facts.machine(machine.name).ssh_host_key
    lines = [] if key is None else [f"{alias} {key}"]
    names = [*_names(fleet, machine)]
    lines += [
        f"@cert-authority {alias} {authority.public_key}"
        for authority in fleet.ssh.certificate_authorities
        if _signs_for(authority, names)
    ]
    return "".join(f"{line}\n" for line in lines)


class _Try:
    """A connection that is tried while others are."""

    def __init__(self, way: WayIn, answers: Callable[[str, int], bool]) -> None:
        self.way = way
        self._open = not way.is_plain
        self._thread: Thread | None = None
        if way.is_plain:

            def ask() -> None:
                self._open = answers(way.place, way.port or _PORT)

            self._thread = Thread(target=ask, daemon=True)
            self._thread.start()

    def is_open(self) -> bool:
        if self._thread is not None:
            self._thread.join(_WAIT + 1)  # a name may take as long again to be looked up
        return self._open


def _user(fleet: Fleet, machine: Machine) -> str | None:
    """Return who to log in as: as clan, root where nobody is named, but not on a Mac."""
    said = fleet.target_host(machine)
    target = None if said is None else destination.parse(said).user
    root = "root" if machine.machine_class == "nixos" else None
    return machine.ssh.user or target or root


def _known(fleet: Fleet, machine: Machine, user: str | None) -> Iterator[WayIn]:
    """Yield every way that is known, be it open or not."""
    alias = f"{machine.name}.{fleet.domain}"
    facts = fleet.facts.machine(machine.name)
    options = tuple(_options(machine))

    def at(via: Via, address: str | None) -> Iterator[WayIn]:
        if address is not None:
            yield WayIn(
                via=via,
                host=alias,
                address=address,
                user=user,
                port=machine.ssh.port,
                options=options,
            )

    found = [*at("own", machine.ssh.host_name)]
    said = fleet.target_host(machine)
    if said is not None and said != fill(USUAL, machine.name, fleet.domain):
        target = destination.parse(said)
        found.append(
            WayIn(
                via="own",
                host=target.host,
                user=user,
                port=target.port or machine.ssh.port,
                options=(*target.options, *options),
            )
        )
    found += at("zerotier", facts.zerotier_ip)
    found += at("external", external_ip(fleet, machine))
    found += at("external", external_ipv6(fleet, machine))
    if said is not None and not found:
        found.append(
            WayIn(via="name", host=alias, user=user, port=machine.ssh.port, options=options)
        )
    yield from found
    tunnel = _tunnel(fleet, machine)
    if tunnel is not None:
        command, name = tunnel
        yield WayIn(
            via="tunnel",
            host=alias,
            address=name,
            user=user,
            options=(("ProxyCommand", _unexpanded(command)), *options),
            needs=command[0],
        )


def _is_open(fleet: Fleet, machine: Machine, way: WayIn) -> bool:
    """Whether the fleet's rules let a way be, as far as they tell."""
    if not isinstance(machine, ProvisionedMachine) or way.via not in ("external", "tunnel"):
        return True
    opened = open_ways(fleet, machine)
    return bool(opened & ({"tunnel"} if way.via == "tunnel" else {"direct", "own"}))


def _tunnel(fleet: Fleet, machine: Machine) -> tuple[tuple[str, ...], str] | None:
    """Return the command of its cloud's door, and what the machine is called behind it."""
    if not isinstance(machine, ProvisionedMachine):
        return None
    project = project_of(fleet, machine.cloud)
    access = CLOUDS[machine.cloud].operations().access(fleet, project, machine, "")
    return (access.tunnel, access.tunnel_host or machine.name) if access.tunnel else None


def _unexpanded(command: Sequence[str]) -> str:
    """Return a command as ssh has a shell run it, in which ssh replaces nothing."""
    import shlex

    return shlex.join(command).replace("%", "%%")


def _options(machine: Machine) -> Iterator[tuple[str, str]]:
    """Yield what its SSH settings say beside where it is; what ssh is to ignore comes first."""
    settings = machine.ssh.settings
    for name in sorted(settings, key=lambda each: each != "IgnoreUnknown"):
        if name not in _SAID_ELSEWHERE:
            value: Any = settings[name]
            values = value if isinstance(value, tuple) else (value,)
            yield from ((name, _text(each)) for each in values)


def _text(value: bool | int | str | Mapping[str, str]) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | str):
        return str(value)
    return " ".join(f"{name}={quoted(text)}" for name, text in value.items())


def quoted(text: str) -> str:
    r"""Return text as one word of a line of ssh_config: in quotes, with `\` before `"` and `\`."""
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    return f'"{escaped}"'


def _names(fleet: Fleet, machine: Machine) -> Iterator[str]:
    """Yield what an authority may call a machine: names and addresses, with a port of its own."""
    facts = fleet.facts.machine(machine.name)
    yield host_key_alias(fleet, machine)
    names = (f"{machine.name}.{fleet.domain}", machine.ssh.host_name, facts.zerotier_ip)
    port = machine.ssh.port or _PORT
    for name in (*names, facts.external_ip, facts.external_ipv6):
        if name is not None:
            yield name.lower() if port == _PORT else f"[{name.lower()}]:{port}"


def _signs_for(authority: SshCertificateAuthority, names: Sequence[str]) -> bool:
    patterns = [pattern.lower() for pattern in authority.host_names]
    refused = any(
        _matches(pattern[1:], name)
        for pattern in patterns
        for name in names
        if pattern.startswith("!")
    )
    return not refused and any(_matches(pattern, name) for pattern in patterns for name in names)


def _matches(pattern: str, name: str) -> bool:
    """Whether a pattern of known hosts is of a name: `*` is any text, `?` one character."""
    parts = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in pattern)
    return re.fullmatch("".join(parts), name) is not None
