"""A machine to install: a real sshd, asked by the real ssh, that tells what it is told to tell."""

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.tools import require, unavailable

GCLOUD = (
    "compute start-iap-tunnel galena 22 --listen-on-stdin --zone=us-central1-b "
    "--project=example-project --quiet --verbosity=error"
)

ASKED = (
    "compute instances get-guest-attributes galena --query-path=hostkeys/ --zone=us-central1-b "
    "--project=example-project --format=value(key,value) --quiet"
)


@dataclass
class Machine:
    """A machine, the computer that installs it, and what is in between.

    Attributes:
        folder: Where all is kept.
        name: What it says to `hostname`.
        nixos: Whether it runs NixOS.
        installer: Whether that is NixOS's installer.
        shut: How many connections come to nothing before the first that does not.
        denied: How many connections after those the image ends with a word of its own.
        ends: After how many connections no more come about.
        published: After how many questions gcloud tells the host keys of the image; None for
            never. Other lines are among them.
        image: Whose host keys those are: "host", which is the machine's own, or "other".
        familiar: Whether the computer that installs knows the machine's own host key by its name.
        trusted: Whether the person who installs takes it for the right one by its key.
    """

    folder: Path
    name: str = "galena"
    nixos: bool = False
    installer: bool = False
    shut: int = 0
    denied: int = 0
    ends: int = 1000
    published: int | None = 0
    image: str = "host"
    familiar: bool = False
    trusted: bool = True

    def __post_init__(self) -> None:
        if os.geteuid():
            unavailable("sshd lets root in for root alone")
        keygen = require("ssh-keygen")
        for name in ("host", "other", "id"):
            command = [keygen, "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / name)]
            subprocess.run(command, check=True)
        (self.folder / "bin").mkdir()
        (self.folder / "there/bin").mkdir(parents=True)
        (self.folder / "there/etc").mkdir()
        Path("/run/sshd").mkdir(exist_ok=True)

    def run(
        self, shell: tuple[str, ...], text: str, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Have a shell of the computer that installs read this, as if somebody pasted it."""
        there = self.folder / "there"
        self._write("there/bin/hostname", f"echo {shlex.quote(self.name)}")
        (there / "etc/os-release").write_text("VARIANT_ID=installer\n" if self.installer else "\n")
        (there / "etc/NIXOS").unlink(missing_ok=True)
        if self.nixos:
            (there / "etc/NIXOS").touch()
        word = f"""printf %s "$SSH_ORIGINAL_COMMAND" | sed 's|/etc/|{there}/etc/|g'"""
        self._write(
            "there/command",
            f"turn=$(wc -l < {self.folder}/connections)\n"
            f'test "$turn" -gt {self.shut + self.denied} || {{ echo Log in as debian; exit 2; }}\n'
            f'PATH={there}/bin:$PATH; eval "$({word})"',
        )
        (self.folder / "config").write_text(
            f"HostKey {self.folder}/host\nAuthorizedKeysFile {self.folder}/id.pub\n"
            f"ForceCommand {there}/command\nStrictModes no\nUsePAM no\nPermitRootLogin yes\n"
        )
        self._write(
            "sshd",
            f"echo >> {self.folder}/connections\n"
            f"turn=$(wc -l < {self.folder}/connections)\n"
            f'test "$turn" -gt {self.shut} && test "$turn" -le {self.ends} || exit 1\n'
            f"exec {require('sshd')} -i -e -f {self.folder}/config 2>> {self.folder}/sshd.log",
        )
        familiar = f"galena {(self.folder / 'host.pub').read_text()}" if self.familiar else ""
        (self.folder / "familiar").write_text(familiar)
        (self.folder / "person").write_text(
            f"IdentityFile {self.folder}/id\nIdentitiesOnly yes\n"
            f"UserKnownHostsFile {self.folder}/known\n"
            f"GlobalKnownHostsFile {self.folder}/familiar\n"
            f"ControlMaster auto\nControlPath {self.folder}/shared\nControlPersist 3\n"
            + ("StrictHostKeyChecking accept-new\n" if self.trusted else "")
        )
        self._write("bin/sleep", f"echo >> {self.folder}/slept")
        self._write(
            "bin/ssh",
            f'printf "%s\\n" "$*" >> {self.folder}/asked\n'
            'case "$*" in *ProxyCommand=*) ;; *) '
            f'set -- -o ProxyCommand={self.folder}/sshd "$@"; esac\n'
            f'exec {require("ssh")} -F {self.folder}/person "$@"',
        )
        self._write(
            "bin/gcloud",
            f'test "$*" = {shlex.quote(ASKED)} && exec {self.folder}/attributes\n'
            f'test "$*" = {shlex.quote(GCLOUD)} || exit 2\nexec {self.folder}/sshd',
        )
        # Whoever reads on there would take what somebody pastes next.
        self._write(
            "attributes",
            "cat >&2\n"
            f"echo >> {self.folder}/questions\n"
            f"turn=$(wc -l < {self.folder}/questions)\n"
            f'test "$turn" -gt {1000 if self.published is None else self.published} || '
            "{ echo 'ERROR: hostkeys/ was not found' >&2; exit 1; }\n"
            "printf 'ssh-rsa\\tAAAA*\\nconsole\\n'\n"
            f"read -r type key rest < {self.folder}/{self.image}.pub\n"
            'printf \'%s\\t%s\\n\' "$type" "$key"\n'
            # What the last line is must not matter.
            "printf 'another thing\\there\\n'",
        )
        # The way there is open for as long as clan needs it.
        self._write(
            "bin/clan",
            f'printf "%s\\n" "$@" >> {self.folder}/installed\n'
            'for each; do case "$each" in *ProxyCommand=*)\n'
            "  ssh -n -o BatchMode=yes -o ControlPath=none -o StrictHostKeyChecking=no "
            '-o UserKnownHostsFile=/dev/null -o "ProxyCommand=${each#*ProxyCommand=}" '
            "-- root@nowhere.invalid true || exit\n"
            "esac; done",
        )
        return subprocess.run(
            [require(shell[0]), *shell[1:]],
            env={
                **{key: value for key, value in os.environ.items() if key != "ANSWERS_TO"},
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                **environment,
            },
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def installed(self) -> list[str]:
        """What clan was told; nothing when it was not asked."""
        return self._lines("installed")

    @property
    def kept(self) -> list[str]:
        """What ssh has left behind for the person: keys that it knows now, shared connections."""
        return [name for name in ("known", "shared") if (self.folder / name).exists()]

    @property
    def questions(self) -> int:
        """How often gcloud was asked for host keys."""
        return len(self._lines("questions"))

    @property
    def waited(self) -> int:
        """How often something was waited for."""
        return len(self._lines("slept"))

    def without(self, tool: str) -> dict[str, str]:
        """The environment of a computer that has not got a program."""
        own = self.folder / "few"
        own.mkdir()
        for name in ("cat", "chmod", "mktemp", "rm", "sed", "sh", "tr", "wc"):
            (own / name).symlink_to(require(name))
        for name in {"ssh", "clan", "gcloud", "sleep"} - {tool}:
            (own / name).symlink_to(self.folder / "bin" / name)
        return {"PATH": str(own)}

    @property
    def asked(self) -> list[str]:
        """What ssh was told, a line each time."""
        return self._lines("asked")

    def _lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def say(self, tool: str, script: str) -> None:
        """Put a program before those on PATH."""
        self._write(f"bin/{tool}", script)

    def _write(self, name: str, script: str) -> None:
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
