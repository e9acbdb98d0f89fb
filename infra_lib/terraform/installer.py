"""The shell that installs NixOS: on the machine that is meant, and only where it does not run."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

INSTALLATION: Final = "terraform_data"
"""The type of the resource that installs a machine, when that resource is made."""

# One word of a shell, for ssh: what it prints is the name. Its status is 0 or 1, and 1 of NixOS's
# installer too. All else is said by ssh, or by an image that does not let root in yet.
_QUESTION = "'hostname; test -e /etc/NIXOS && ! grep -q VARIANT_ID=installer /etc/os-release'"
# With 5 s between them: minutes, while a machine starts and its startup script runs.
_TRIES = 60
# An image that lets root in has published its keys, if it ever does; a cloud counts who asks.
_TRIES_FOR_KEYS = 6
# A line of known_hosts of each line that is printed: the key's type, and the key.
_KNOWN = r"s/^\([a-z][-@.a-z0-9]*\)[[:space:]]\{1,\}\([A-Za-z0-9+/=]\{1,\}\)$/NAME \1 \2/p"

# A connection that nothing shares: a shared one may lead to what had the address before.
_ALONE = "-o ControlPath=none"
# A machine whose host key nobody knows: it is asked, and is given nothing.
_UNCHECKED = (
    f"{_ALONE} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ForwardAgent=no "
    "-o LogLevel=ERROR"
)
# A machine that was replaced has another key than is known of it: a person is asked about that.
_FORGOTTEN = "-o UserKnownHostsFile=/dev/null -o GlobalKnownHostsFile=/dev/null"
_FOLDER = (
    "folder=$(mktemp -d /tmp/infra.XXXXXX) || exit",
    """trap 'rm -rf "$folder"' EXIT""",
)


def install_lines(
    machine: str,
    host: str,
    *,
    advice: str,
    host_keys: Sequence[str] = (),
    tunnel: Sequence[str] = (),
    attended: bool = True,
    asks_for_key: bool = False,
    anew: bool = False,
) -> tuple[str, ...]:
    """Return lines of shell that wait for a machine's SSH, ask it who it is, and install NixOS.

    Nothing is installed before the machine itself has said, in one answer, that it has the right
    name and that it does not run NixOS: one that does may hold data. A cloud's image has the
    machine's name for a host name, some images with the domain after it. The lines `exit` with 1
    where something is wrong. They are for any shell that is like sh: people paste them, and
    Terraform runs them.

    Args:
        machine: The machine's name.
        host: Where SSH reaches root there, as it stands between double quotes; with a tunnel, what
            to call the machine.
        advice: What to look at when it does not let root in.
        host_keys: A command that prints the type and the key of each host key that its image has
            published, a line each: the machine has to answer under one of these. Empty where
            nobody could know any.
        tunnel: A command that connects its input and output with the machine's SSH server; empty
            where SSH reaches it by itself.
        attended: Whether a person runs the lines, who may say what name the machine answers to, in
            the variable ANSWERS_TO.
        asks_for_key: Whether that person is asked about a host key that is not known; otherwise
            none but those of `host_keys` is checked.
        anew: Whether it has been made anew, and running NixOS tells that it has not been.
    """
    options = [] if attended else ["-o BatchMode=yes"]
    target = f"root@{host}"
    destination = target
    if tunnel:
        options += ['-o "ProxyCommand=$folder/tunnel"', "-o ConnectTimeout=30"]
        destination += "?ProxyCommand=$folder/tunnel"
    else:
        options += ["-o ConnectTimeout=10"]
    options += [_ALONE] if asks_for_key else [_UNCHECKED]
    if asks_for_key and anew:
        options += [_FORGOTTEN]
    ssh = " ".join(options)
    return (
        *(() if asks_for_key else _FOLDER),
        *(_tunnel(tunnel) if tunnel else ()),
        *_guard(
            machine,
            f"clan machines install {machine} --update-hardware-config nixos-facter "
            f"--build-on remote --host-key-check {'ask' if asks_for_key else 'none'} "
            f'--target-host "{destination}" --yes',
            ask=lambda pinned: f'ssh -n {pinned}{ssh} -- "{target}" {_QUESTION}',
            target=target,
            host_keys=host_keys,
            advice=advice,
            attended=attended,
            anew=anew,
        ),
    )


def _tunnel(command: Sequence[str]) -> tuple[str, ...]:
    # A file, for Nix would take a command of several words apart.
    return (
        f"""printf '#!/bin/sh\\nexec %s\\n' {shlex.quote(shlex.join(command))} """
        '> "$folder/tunnel"',
        'chmod +x "$folder/tunnel"',
    )


def _guard(
    machine: str,
    install: str,
    *,
    ask: Callable[[str], str],
    target: str,
    host_keys: Sequence[str],
    advice: str,
    attended: bool,
    anew: bool,
) -> tuple[str, ...]:
    """Return lines that run a command where the machine says that it is the one, without NixOS."""
    runs = (
        f"echo {shlex.quote(f'{machine} runs NixOS: it was not made anew, and is left alone')} >&2"
        "; exit 1"
        if anew
        else f"echo {machine} runs NixOS already"
    )
    other = f"{target} answers to the name '$said', not '$name': it is left alone"
    other += "; if it is the one to wipe, ANSWERS_TO=$said says so" if attended else ""
    more = f"{target} answers with more than a name: '$said'; it is left alone"
    silent = f"{machine} does not let root in over SSH, so nothing is installed: {advice}"
    return (
        f"name=${{ANSWERS_TO:-{machine}}}" if attended else f"name={machine}",
        "tries=0",
        "until",
        f"  said=$({ask('')})",
        "  nixos=$?",
        f"  test $nixos -le 1 || test $((tries += 1)) -ge {_TRIES}",
        "do sleep 5; done",
        'case "$nixos $said" in',
        # An asterisk stands for lines, too.
        f"""[01]\\ *[[:space:]]*) printf '%s\\n' "{more}" >&2; exit 1 ;;""",
        '"1 $name" | "1 $name".*)',
        *(f"  {line}" for line in (_check_key(machine, host_keys, ask) if host_keys else ())),
        f"  {install} ;;",
        f'"0 $name" | "0 $name".*) {runs} ;;',
        f"""[01]\\ *) printf '%s\\n' "{other}" >&2; exit 1 ;;""",
        f"*) echo {shlex.quote(silent)} >&2; exit 1 ;;",
        "esac",
    )


def _check_key(machine: str, command: Sequence[str], ask: Callable[[str], str]) -> tuple[str, ...]:
    """Return lines that check a machine's host key by what its image has published.

    The machine has to give its answer, which is in `said`, once more under one of these keys. Where
    none is told, that is said, and the installation goes on: not every image publishes them, and
    not everybody has the program that tells them.

    Args:
        machine: The machine's name.
        command: What prints the keys.
        ask: Returns what asks the machine, with options of ssh that come before its own.
    """
    program = command[0]
    known = shlex.quote(_KNOWN.replace("NAME", machine))
    pinned = (
        f"-o HostKeyAlias={machine} -o StrictHostKeyChecking=yes "
        '-o "UserKnownHostsFile=$folder/keys" -o GlobalKnownHostsFile=/dev/null '
    )
    other = f"{machine} does not answer under a host key that its image has published"
    unknown = (
        f"{machine}: its host key is not checked: {program} tells of none that its image has "
        "published"
    )
    return (
        f"tries=$(command -v {program} >/dev/null && echo 0 || echo {_TRIES_FOR_KEYS})",
        "until",
        f'  {shlex.join(command)} </dev/null 2>"$folder/why" | sed -n {known} >"$folder/keys"',
        f'  test -s "$folder/keys" || test $((tries += 1)) -ge {_TRIES_FOR_KEYS}',
        "do sleep 5; done",
        'if test ! -s "$folder/keys"; then',
        f'  cat "$folder/why" >&2; echo {shlex.quote(unknown)} >&2',
        f'elif test "$({ask(pinned)})" != "$said"; then',
        f"  echo {shlex.quote(f'{other}: it is left alone')} >&2; exit 1",
        "fi",
    )
