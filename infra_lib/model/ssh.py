"""How the machines become known to the SSH clients of people and machines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from attrs import field

from infra_lib.model import destination, ssh_key
from infra_lib.model.errors import field_error, nearest
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import (
    MOST,
    check_each,
    check_matching,
    check_one_of,
    check_port,
    check_unique,
    check_word,
    in_order,
    strings,
    valid,
)

Option = bool | int | str | tuple[str, ...] | Mapping[str, str]
"""What an option of ssh is set to: several values where it may stand several times."""

# Every option of a block, as https://man.openbsd.org/ssh_config spells it, and older names that
# OpenSSH still takes.
_OPTIONS = """
    AddKeysToAgent AddressFamily BatchMode BindAddress BindInterface CanonicalDomains
    CanonicalizeFallbackLocal CanonicalizeHostname CanonicalizeMaxDots CanonicalizePermittedCNAMEs
    CASignatureAlgorithms CertificateFile ChallengeResponseAuthentication ChannelTimeout CheckHostIP
    Ciphers ClearAllForwardings Compression ConnectionAttempts ConnectTimeout ControlMaster
    ControlPath ControlPersist DynamicForward EnableEscapeCommandline EnableSSHKeysign EscapeChar
    ExitOnForwardFailure FingerprintHash ForkAfterAuthentication ForwardAgent ForwardX11
    ForwardX11Timeout ForwardX11Trusted GatewayPorts GlobalKnownHostsFile GSSAPIAuthentication
    GSSAPIDelegateCredentials HashKnownHosts HostbasedAcceptedAlgorithms HostbasedAuthentication
    HostbasedKeyTypes HostKeyAlgorithms HostKeyAlias HostName IdentitiesOnly IdentityAgent
    IdentityFile IgnoreUnknown Include IPQoS KbdInteractiveAuthentication KbdInteractiveDevices
    KexAlgorithms KnownHostsCommand LocalCommand LocalForward LogLevel LogVerbose MACs
    NoHostAuthenticationForLocalhost NumberOfPasswordPrompts ObscureKeystrokeTiming
    PasswordAuthentication PermitLocalCommand PermitRemoteOpen PKCS11Provider Port
    PreferredAuthentications ProxyCommand ProxyJump ProxyUseFdpass PubkeyAcceptedAlgorithms
    PubkeyAcceptedKeyTypes PubkeyAuthentication RefuseConnection RekeyLimit RemoteCommand
    RemoteForward RequestTTY RequiredRSASize RevokedHostKeys SecurityKeyProvider SendEnv
    ServerAliveCountMax ServerAliveInterval SessionType SetEnv StdinNull StreamLocalBindMask
    StreamLocalBindUnlink StrictHostKeyChecking SyslogFacility Tag TCPKeepAlive Tunnel TunnelDevice
    UpdateHostKeys User UserKnownHostsFile VerifyHostKeyDNS VersionAddendum VisualHostKey
    WarnWeakCrypto XAuthLocation
"""
_SPELT = {name.lower(): name for name in _OPTIONS.split()}

# Of those that take several values: whether they stand on one line, and with what between them.
# Whatever else stands twice counts once.
_COMMAS = """
    CASignatureAlgorithms Ciphers HostbasedAcceptedAlgorithms HostbasedKeyTypes HostKeyAlgorithms
    IgnoreUnknown KbdInteractiveDevices KexAlgorithms LogVerbose MACs PreferredAuthentications
    PubkeyAcceptedAlgorithms PubkeyAcceptedKeyTypes
"""
_SPACES = """
    CanonicalDomains CanonicalizePermittedCNAMEs ChannelTimeout GlobalKnownHostsFile Include IPQoS
    PermitRemoteOpen RekeyLimit SendEnv UserKnownHostsFile
"""
_LINES = "CertificateFile DynamicForward IdentityFile LocalForward RemoteForward"
_BETWEEN = {
    **dict.fromkeys(_COMMAS.lower().split(), ","),
    **dict.fromkeys(_SPACES.lower().split(), " "),
}
_SEVERAL = (*_BETWEEN, *_LINES.lower().split())

# Those that fields say.
_FIELDS = {
    "hostkeyalias": "host_key_alias",
    "hostname": "host_name",
    "port": "port",
    "proxyjump": "proxy_jump",
    "user": "user",
}
_NO_OPTIONS = ("host", "match", "header", "extraoptions")
_ESCAPED = r"""\\["'\\]"""
_BALANCED = rf"""(?>{_ESCAPED}|[^"']|"(?>{_ESCAPED}|[^"])*"|'(?>{_ESCAPED}|[^'])*')*"""
_NAME = r"[A-Za-z][A-Za-z0-9]*"
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
_HOSTS = r"[-.:*?%A-Za-z0-9_]+"
_PATTERN = rf"!?(?:{_HOSTS}|\[{_HOSTS}\]:[0-9*?]{{1,5}})"


def check_login(where: str, field: str, value: str) -> None:
    """Check a login name.

    Raises:
        FleetError: When it is not one.
    """
    check_word(where, field, value, "a login name")
    try:
        destination.check_user(value)
    except ValueError:
        accepted = "a login name of letters, digits, _ . + and - is accepted, no sign first"
        raise field_error(where, field, value, accepted) from None


def _check_host(where: str, field: str, value: str) -> None:
    accepted = "a host name or an address without brackets"
    check_word(where, field, value, accepted)
    try:
        destination.check_address(value)
    except ValueError as error:
        raise field_error(where, field, value, f"{accepted} is accepted ({error})") from None


def _check_jump(where: str, field: str, value: str) -> None:
    accepted = f"hosts to jump over, such as {destination.EXAMPLE}, with commas between them"
    check_word(where, field, value, accepted)
    try:
        destination.check_jumps(value)
    except ValueError as error:
        raise field_error(where, field, value, f"{accepted}: {error}") from None


def _options(value: Mapping[str, Option | list[str]]) -> Mapping[str, Option]:
    if not isinstance(value, Mapping):
        return value
    return MappingProxyType({name: _frozen(item) for name, item in value.items()})


def _frozen(value: Any) -> Option:
    return MappingProxyType(dict(value)) if isinstance(value, Mapping) else in_order(value)


def _check_options(where: str, field: str, options: object) -> None:
    if not isinstance(options, Mapping):
        raise field_error(
            where, field, options, '{"ForwardAgent": True, "IdentityFile": "~/.ssh/id"}'
        )
    for name, value in options.items():
        check_matching(where, field, name, _NAME, 'an option of ssh_config: "ForwardAgent"')
        of_one = f"{field}[{name!r}]"
        if name.lower() == "setenv":
            _check_variables(where, of_one, value)
        else:
            _check_values(where, of_one, value, several=name.lower() in _SEVERAL)
    check_unique(where, field, (name.lower() for name in options))
    ignored = next(
        (value for name, value in options.items() if name.lower() == "ignoreunknown"), ""
    )
    for name in options:
        _check_name(where, field, name, ignored)


def _check_name(where: str, field: str, name: str, ignored: object) -> None:
    lower = name.lower()
    if lower in _FIELDS:
        raise field_error(where, field, name, f"say it with SshHost({_FIELDS[lower]}=…)")
    if lower in _NO_OPTIONS:
        raise field_error(where, field, name, "a block has options; this begins another block")
    if lower not in _SPELT and not _matches(lower, ignored):
        accepted = (
            f"no option of OpenSSH{nearest(name, _SPELT.values())}; with one that it does not "
            "know, ssh connects to no host at all. One that only some know, such as UseKeychain "
            f'on a Mac, is accepted beside {{"IgnoreUnknown": "{name}"}}'
        )
        raise field_error(where, field, name, accepted)


def _matches(name: str, ignored: object) -> bool:
    from fnmatch import fnmatchcase

    patterns = ignored if isinstance(ignored, tuple) else str(ignored).split(",")
    return any(fnmatchcase(name, str(pattern).strip().lower()) for pattern in patterns)


def _check_values(where: str, field: str, value: object, *, several: bool) -> None:
    if isinstance(value, tuple):
        if not several:
            raise field_error(where, field, value, "ssh takes the first of several; give one")
        for each in value or ("",):
            _check_value(where, field, each)
    elif not isinstance(value, int) or not 0 <= value <= MOST:  # a switch counts as a number
        _check_value(where, field, value)


def _check_value(where: str, field: str, value: object) -> None:
    """Check that ssh can read a value as `argv_split` in its misc.c takes a line apart."""
    _check_line(where, field, value)
    text = str(value).strip()
    if not text or text[0] in "#=" or not re.fullmatch(_BALANCED, text):
        accepted = (
            "a value has quotes in pairs, one that is meant itself behind a \\, and no # or = "
            "first; with any other, ssh connects to no host at all"
        )
        raise field_error(where, field, value, accepted)


def _check_variables(where: str, field: str, value: object) -> None:
    if not isinstance(value, Mapping) or not value:
        accepted = 'a mapping from the name of a variable to its value: {"TERM": "xterm"}'
        raise field_error(where, field, value, accepted)
    for name, text in value.items():
        check_matching(where, field, name, _VARIABLE, 'the name of a variable: "TERM"')
        _check_line(where, f"{field}[{name!r}]", text)


def _check_line(where: str, field: str, value: object) -> None:
    if not isinstance(value, str) or not value or not value.isprintable():
        accepted = f"text on one line, or True, False, a number to {MOST}, or a tuple of texts"
        raise field_error(where, field, value, accepted)


def _on_one_line(name: str, value: Option) -> Option:
    between = _BETWEEN.get(name.lower())
    return value if between is None or not isinstance(value, tuple) else between.join(value)


@frozen(kw_only=True)
class SshHost:
    """How SSH reaches a machine or a device: what its block in people's ssh_config says.

    Attributes:
        user: Who to log in as; None for what ssh takes by itself.
        port: The TCP port that its SSH server listens on; None for 22.
        host_name: Where it is reached; None for the address that is known of it.
        host_key_alias: The name that its host key is looked up by, in place of its own.
        proxy_jump: Who to go through, `[user@]host[:port]`, with commas between several.
        options: Any others of https://man.openbsd.org/ssh_config, as it spells them: a text, a
            number, True or False, several texts where an option stands several times, and of
            "SetEnv" a mapping. What runs a program, such as "ProxyCommand", runs it on the computer
            of whoever uses the block. "IgnoreUnknown" is written before all blocks.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "ssh host"

    user: str | None = field(default=None, validator=valid(check_login))
    port: int | None = field(default=None, validator=valid(check_port))
    host_name: str | None = field(default=None, validator=valid(_check_host))
    host_key_alias: str | None = field(default=None, validator=valid(_check_host))
    proxy_jump: str | None = field(default=None, validator=valid(_check_jump))
    options: Mapping[str, Option] = field(
        factory=dict, converter=_options, validator=valid(_check_options), hash=False
    )

    @property
    def settings(self) -> dict[str, Option]:
        """What is said, by OpenSSH's names: several values only where each has its own line."""
        said = {
            "HostName": self.host_name,
            "Port": self.port,
            "User": self.user,
            "HostKeyAlias": self.host_key_alias,
            "ProxyJump": self.proxy_jump,
        }
        others = {
            _SPELT.get(name.lower(), name): _on_one_line(name, value)
            for name, value in self.options.items()
        }
        return {name: value for name, value in said.items() if value is not None} | others


def _check_name_of_authority(where: str, field: str, value: object) -> None:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise field_error(where, field, value, 'a name on one line: "metals-ca", "Metals CA"')


@frozen
class SshCertificateAuthority:
    """An authority that signs the keys of hosts: whoever knows its key knows theirs.

    It is a line `@cert-authority` in the known hosts of every machine. For the authority of clan's
    sshd service there is nothing to write: the service tells its machines by itself.

    Attributes:
        name: What it is called in `programs.ssh.knownHosts`; clan's own is "ssh-ca".
        public_key: The key it signs with, without a comment.
        host_names: The hosts that it may sign for: names and patterns such as "*.zt", or
            "!gate.zt" for one that it may not. See SSH_KNOWN_HOSTS FILE FORMAT in
            https://man.openbsd.org/sshd.

    Raises:
        FleetError: When a field cannot be.
    """

    name: str = field(validator=valid(_check_name_of_authority))
    public_key: str = field(kw_only=True)
    host_names: tuple[str, ...] = field(converter=strings, kw_only=True)

    @property
    def _where(self) -> str:
        return f"certificate authority {self.name!r}"

    def __attrs_post_init__(self) -> None:
        key = ssh_key.authority_key(self._where, "public_key", self.public_key)
        object.__setattr__(self, "public_key", key)
        check_each(self._where, "host_names", self.host_names, str, '"*.zt"')
        for pattern in self.host_names:
            accepted = 'a host name or a pattern such as "*.zt" or "[*.zt]:2222"'
            check_matching(self._where, "host_names", pattern, _PATTERN, accepted)
        if all(pattern.startswith("!") for pattern in self.host_names):
            accepted = 'at least one host that it signs for: "*.zt"'
            raise field_error(self._where, "host_names", self.host_names, accepted)


def _authorities(
    value: Iterable[SshCertificateAuthority],
) -> tuple[SshCertificateAuthority, ...]:
    return in_order(value)


@frozen(kw_only=True)
class Ssh:
    """What the generated SSH configuration looks like.

    Attributes:
        home_manager: The option of home-manager's `programs.ssh` that hosts are written to:
            "settings", with OpenSSH's names, or "matchBlocks", which home-manager had before May
            2026 (https://github.com/nix-community/home-manager/pull/9331).
        known_hosts: Where the keys of NixOS machines are taken from: "facts" writes them out,
            "vars" refers to the clan vars in `flake.nixosConfigurations`, where clan's sshd service
            puts them.
        certificate_authorities: Authorities whose certificates of hosts the machines accept.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "ssh"

    home_manager: Literal["settings", "matchBlocks"] = field(
        default="settings", validator=valid(check_one_of, ("settings", "matchBlocks"))
    )
    known_hosts: Literal["facts", "vars"] = field(
        default="facts", validator=valid(check_one_of, ("facts", "vars"))
    )
    certificate_authorities: tuple[SshCertificateAuthority, ...] = field(
        default=(),
        converter=_authorities,
        validator=valid(
            check_each,
            SshCertificateAuthority,
            "SshCertificateAuthority(name, public_key=…, host_names=…)",
        ),
    )

    def __attrs_post_init__(self) -> None:
        names = (authority.name for authority in self.certificate_authorities)
        check_unique(self._where, "certificate_authorities", names)
