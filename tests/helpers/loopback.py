"""A machine on loopback: a real sshd on a port of its own, with stand-ins for what NixOS has.

It needs no root: who runs the tests logs in as themselves.
"""

import os
import pwd
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.helpers import CHECKOUT
from tests.helpers.tools import require

USER = pwd.getpwuid(os.getuid()).pw_name
_PATIENCE = 20  # seconds


@dataclass
class Loopback:
    """A machine, and the keys that there are of it.

    Attributes:
        folder: Where all is kept; it is to be there, and empty.
        port: The TCP port of its SSH server at 127.0.0.1.
    """

    folder: Path
    port: int = field(init=False)

    def __post_init__(self) -> None:
        for name in ("host", "other", "id", "authority"):
            keygen(self.folder / name)
        (self.folder / "bin").mkdir()
        self.port = _free_port()

    @property
    def key(self) -> str:
        """Its host key as facts have it."""
        return public(self.folder / "host")

    @property
    def config(self) -> Path:
        """The configuration of its sshd."""
        return self.folder / "sshd_config"

    def program(self, name: str, script: str) -> None:
        """Give it a program, before those that are on everybody's PATH."""
        write(self.folder / "bin" / name, script)

    def certify(self, principal: str) -> None:
        """Have its host key signed by the authority, for a name."""
        sign = ["-q", "-s", str(self.folder / "authority"), "-I", "machine", "-h", "-n", principal]
        subprocess.run(
            [require("ssh-keygen"), *sign, str(self.folder / "host.pub")],
            check=True,
            capture_output=True,
        )

    @contextmanager
    def up(self) -> Iterator[None]:
        """Have it run, until the end."""
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        write(
            self.folder / "command",
            f"PATH={self.folder}/bin:{os.environ['PATH']}; export PATH\n"
            f'printf "%s\\n" "$SSH_ORIGINAL_COMMAND" >> {self.folder}/asked\n'
            'exec sh -c "$SSH_ORIGINAL_COMMAND"',
        )
        certificate = self.folder / "host-cert.pub"
        self.config.write_text(
            f"Port {self.port}\nListenAddress 127.0.0.1\n"
            f"HostKey {self.folder}/host\nAuthorizedKeysFile {self.folder}/authorized\n"
            + (f"HostCertificate {certificate}\n" if certificate.exists() else "")
            + f"ForceCommand {self.folder}/command\nStrictModes no\nUsePAM no\nPidFile none\n"
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        )
        with (self.folder / "sshd.log").open("ab") as log:
            process = subprocess.Popen(
                [require("sshd"), "-D", "-e", "-f", str(self.config)], stdout=log, stderr=log
            )
        try:
            _wait(self.port, process)
            yield
        finally:
            process.terminate()
            process.wait()

    def lets_in(self, key: Path) -> None:
        """Have a person's key log in."""
        with (self.folder / "authorized").open("a") as file:
            file.write(f"{public(key)}\n")

    @property
    def asked(self) -> list[str]:
        """What its shell was told, a line each."""
        path = self.folder / "asked"
        return path.read_text().splitlines() if path.exists() else []


@dataclass
class Person:
    """Whoever runs `infra`: a key, an SSH configuration, and a program `ssh` that takes both.

    Attributes:
        folder: Where all is kept; it is to be there, and empty.
        path: The folders of `PATH`.
    """

    folder: Path
    path: str = field(init=False)

    def __post_init__(self) -> None:
        keygen(self.folder / "id")
        for name in ("bin", "tmp"):
            (self.folder / name).mkdir()
        (self.folder / "config").write_text(
            f"IdentityFile {self.folder}/id\nIdentitiesOnly yes\nIdentityAgent none\n"
            f"UserKnownHostsFile {self.folder}/known\n"
        )
        self.path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        real = shlex.quote(require("ssh"))
        self.program(
            "ssh",
            f'printf "%s\\n" "$*" >> {self.folder}/words\n'
            'for word; do case "$word" in UserKnownHostsFile=*) '
            'file=${word#*=\\"}; file=${file%\\"}\n'
            f'  {{ ls -l "$file" | cut -c1-10; cat "$file"; }} > {self.folder}/keys ;; esac; done\n'
            f'exec {real} -F {self.folder}/config "$@"',
        )

    @property
    def key(self) -> Path:
        """The person's key."""
        return self.folder / "id"

    @property
    def words(self) -> list[str]:
        """What ssh was told, a line each time."""
        path = self.folder / "words"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def keys(self) -> str:
        """The mode of the file of host keys that ssh had at last, and what was in it."""
        return (self.folder / "keys").read_text()

    @property
    def known(self) -> str:
        """The person's own known hosts."""
        path = self.folder / "known"
        return path.read_text() if path.exists() else ""

    @property
    def left(self) -> list[str]:
        """What is left of temporary files."""
        return sorted(each.name for each in (self.folder / "tmp").iterdir())

    def program(self, name: str, script: str) -> None:
        """Give the person a program."""
        write(self.folder / "bin" / name, script)

    def environment(self) -> dict[str, str]:
        """The environment to run `infra` in."""
        return {**os.environ, "PATH": self.path, "TMPDIR": str(self.folder / "tmp")}


class Site:
    """A person, machines on loopback, and the folder where their fleet is described.

    Attributes:
        person: The person.
        project: The folder.
        machines: The machines, by name.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.person = Person(_made(folder / "person"))
        self.project = _made(folder / "project")
        self.machines: dict[str, Loopback] = {}

    def machine(self, name: str = "galena") -> Loopback:
        """Return a new machine that lets the person in."""
        machine = self.machines[name] = Loopback(_made(self._folder / name))
        machine.lets_in(self.person.key)
        return machine

    def describe(
        self,
        machine: str = "",
        facts: str = "",
        *,
        fields: str = "",
        but: tuple[str, ...] = (),
        **keys: str | None,
    ) -> None:
        """Describe a fleet of the machines, with their keys in the facts.

        Args:
            machine: Python of one more machine, with a comma behind it.
            facts: Python of one more machine's facts, likewise.
            fields: Python of further fields of the fleet.
            but: Machines that are left out.
            keys: Other keys for the facts, by machine; None for none.
        """
        named = {name: each for name, each in self.machines.items() if name not in but}
        machines = "".join(
            f"Machine({name!r}, tags=('gpu',), ssh=SshHost(host_name='127.0.0.1', "
            f"port={each.port}, user={USER!r})), "
            for name, each in named.items()
        )
        known = "".join(
            f"MachineFacts({name!r}, ssh_host_key={keys.get(name, each.key)!r}), "
            for name, each in named.items()
        )
        (self.project / "main.py").write_text(
            "from infra_lib import *\n"
            f"fleet = Fleet(name='metals', domain='zt', machines=({machines}{machine}), "
            f"facts=Facts(machines=({known}{facts})), {fields})\n"
        )
        (self.project / "pyproject.toml").write_text('[tool.nixgen]\nsource = "main:fleet"\n')

    def start(self, *words: str, terminal: int | None = None) -> subprocess.Popen[str]:
        """Start `infra` as the person does, on a terminal or with pipes."""
        return subprocess.Popen(
            [sys.executable, "-m", "infra_lib", *words],
            cwd=self.project,
            env={**self.person.environment(), "PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stdout=subprocess.PIPE if terminal is None else terminal,
            stderr=subprocess.PIPE if terminal is None else terminal,
            text=True,
        )

    def infra(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `infra` as the person does."""
        with self.start(*words) as process:
            out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    @contextmanager
    def up(self) -> Iterator[None]:
        """Have all machines run."""
        with ExitStack() as stack:
            for machine in self.machines.values():
                stack.enter_context(machine.up())
            yield


def keygen(path: Path) -> None:
    """Make a pair of keys."""
    command = [require("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(command, check=True)


def public(path: Path) -> str:
    """Return the public key of a pair, without a comment."""
    return " ".join(path.with_name(f"{path.name}.pub").read_text().split()[:2])


def write(path: Path, script: str) -> None:
    """Write a program in shell."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("sshd does not listen")
