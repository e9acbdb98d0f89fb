"""Running the real ssh, with host keys that the fleet knows and nobody else's."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

from infra_lib.model.errors import FleetError
from infra_lib.operate.reach import host_key_alias, known_hosts, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_lib.fleet import Fleet
    from infra_lib.model.machine import Machine
    from infra_lib.operate.reach import WayIn

FAILED = 255
"""What ssh ends with where it is ssh that failed, and no command on the machine."""

_ENDED = 128  # and the number of a signal, as shells say it

# A connection that nobody shares: a shared one may lead to what had the address before.
_ALONE = ("ControlMaster=no", "ControlPath=none")
# Whatever else might vouch for a key, or let one pass.
_NO_OTHER_KEYS = (
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
    "KnownHostsCommand=none",
    "VerifyHostKeyDNS=no",
    "UpdateHostKeys=no",
    "CheckHostIP=no",
    "NoHostAuthenticationForLocalhost=no",
)
_UNATTENDED = (
    *("-T", "-a", "-x"),
    *("-o", "BatchMode=yes"),
    *("-o", "ConnectTimeout=10"),
    *("-o", "ServerAliveInterval=15"),
    *("-o", "ClearAllForwardings=yes"),
)


def check_host_keys(fleet: Fleet, machines: Sequence[Machine]) -> None:
    """Check that there is something to know each machine by.

    Raises:
        FleetError: When nothing is known of the host key of one; the message says what to do.
    """
    unknown = [machine.name for machine in machines if not known_hosts(fleet, machine)]
    if unknown:
        raise FleetError(unknown_key(unknown))


def unknown_key(names: Sequence[str]) -> str:
    """Return what to say of machines whose host keys the facts do not have."""
    several = len(names) > 1
    return (
        f"machine{'s' if several else ''} {', '.join(map(repr, names))}: the facts do not have "
        f"{'their host keys' if several else 'its host key'}, so anybody might answer: infra sync "
        "learns it from clan's vars, infra sync --set NAME.ssh_host_key=… records it, and "
        "--accept-new-key takes the first one that answers into your own known hosts"
    )


@contextmanager
def key_files(fleet: Fleet, machines: Sequence[Machine]) -> Iterator[Mapping[str, Path]]:
    """Give each machine's file of known hosts, that nobody else reads, and remove it in the end.

    Args:
        fleet: The fleet.
        machines: Machines of it; those of which no key is known have no file.
    """
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="infra-") as folder:
        files = {}
        for machine in machines:
            text = known_hosts(fleet, machine)
            if text:
                path = Path(folder, machine.name)
                opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(opened, "w") as file:
                    file.write(text)
                files[machine.name] = path
        yield files


def ssh_words(
    fleet: Fleet,
    machine: Machine,
    way: WayIn,
    keys: Path | None,
    *,
    command: str | None = None,
    terminal: bool = False,
    attended: bool = True,
) -> tuple[str, ...]:
    """Return the command line of ssh: a program and its arguments, which no shell reads.

    What people's own SSH configuration says of the machine counts where this says nothing: their
    keys, above all.

    Args:
        fleet: The fleet.
        machine: A machine of it.
        way: The way in.
        keys: The file of known hosts that counts, and no other does; None for the person's own,
            which takes a key that is new.
        command: What the machine's shell is to run; None to log in.
        terminal: Whether the command has a terminal there.
        attended: Whether a person is there whom ssh may ask.
    """
    options = [*_ALONE, f"HostKeyAlias={host_key_alias(fleet, machine)}"]
    if keys is None:
        options.append("StrictHostKeyChecking=accept-new")
    else:
        path = quoted(str(keys).replace("%", "%%"))
        options += [*_NO_OTHER_KEYS, f"UserKnownHostsFile={path}"]
    if command is not None:
        options.append("RemoteCommand=none")
    return (
        "ssh",
        *(word for option in options for word in ("-o", option)),
        *(("-t",) if terminal else ()),
        *(() if attended else _UNATTENDED),
        *way.arguments(),
        *(() if command is None else (command,)),
    )


def remote_command(words: Sequence[str]) -> str | None:
    """Return what the machine's shell is to read for it to run a command as it was typed here.

    Args:
        words: The words of the command, as the shell here has taken them apart. One word alone is
            a line for the machine's shell: "ls | wc -l".

    Returns:
        The line; None for no words.

    Raises:
        FleetError: When it is empty, which ssh would take for no command: the machine's shell would
            run whatever stands on standard input.
    """
    if not words:
        return None
    if len(words) == 1 and not words[0].strip():
        raise FleetError(f"-- {words[0]!r}: the command is empty; without -- one logs in")
    return words[0] if len(words) == 1 else shlex.join(words)


def foreground(words: Sequence[str]) -> int:
    """Run ssh in the place of this command, with its terminal, and return its exit status.

    It is a child, for the file of host keys has to go in the end. Signals that would end or suspend
    this process reach ssh, and what ssh does is done here: so it looks as if this were ssh.

    Args:
        words: Its command line.

    Returns:
        The status, and of a signal that ended it 128 and its number, as shells have it.

    Raises:
        FleetError: When there is no ssh.
    """
    process = start(words)
    before = {}

    def pass_on(number: int, _frame: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)

    with suppress(ValueError):  # not in the main thread
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, pass_on)
    try:
        while True:
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                break
            os.kill(os.getpid(), signal.SIGSTOP)
            os.kill(process.pid, signal.SIGCONT)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    process.returncode = os.waitstatus_to_exitcode(status)
    return shell_status(process.returncode)


def shell_status(code: int) -> int:
    """Return an exit status as shells have it, of one that is negative where a signal ended it."""
    return _ENDED - code if code < 0 else code


def check_ssh() -> None:
    """Check that there is an ssh, before several machines are each said not to be reached.

    Raises:
        FleetError: When there is none.
    """
    if which("ssh") is None:
        raise FleetError("ssh is not on PATH: OpenSSH's client is wanted, 8.5 or later")


def start(words: Sequence[str], **options: int) -> subprocess.Popen[bytes]:
    """Start ssh.

    Args:
        words: Its command line.
        options: Where it reads and writes, as `subprocess.Popen` takes it.

    Raises:
        FleetError: When there is no ssh.
    """
    try:
        return subprocess.Popen(words, **options)  # type: ignore[call-overload, no-any-return]
    except OSError as error:
        raise FleetError(
            f"{words[0]}: cannot be run ({error.strerror}); OpenSSH's client is wanted on PATH"
        ) from None
