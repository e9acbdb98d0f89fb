"""A machine of the tests: the scripts that turn it off and keep it on, between stand-ins."""

import os
import subprocess
from pathlib import Path

from infra_lib import IdleStop
from infra_lib.nix.idle_stop import settings
from tests.helpers import CHECKOUT
from tests.helpers.tools import require

SCRIPT = CHECKOUT / "infra_lib/nix/idle_stop.sh"
KEEP_ALIVE = CHECKOUT / "infra_lib/nix/keep_alive.sh"

# What a program says is a file; "fail" and "hang" are what it does instead.
_ANSWER = """\
#!/bin/sh
answer=$(cat "$1" 2>/dev/null) || exit 1
case $answer in
  fail) exit 9 ;;
  hang) exec sleep 20 ;;
  "") ;;
  *) printf '%s\\n' "$answer" ;;
esac
"""
_PROGRAMS = {
    "nvidia-smi": """\
case "$*" in
  *utilization*) exec {root}/answer {root}/said/utilisation ;;
  *compute-apps*) exec {root}/answer {root}/said/processes ;;
esac
""",
    "loginctl": """\
case "$*" in
  list-sessions*) exec {root}/answer {root}/said/sessions ;;
  *BlockInhibited*) exec {root}/answer {root}/said/locks ;;
  show-session*) exec {root}/answer "{root}/said/session-$2" ;;
esac
""",
    "wall": 'printf "%s\\n" "$*" >>{root}/heard\n',
    "systemctl": 'printf "%s\\n" "$*" >>{root}/done\nexec {root}/answer {root}/said/systemctl\n',
}


class IdleMachine:
    """A machine that was booted two hours ago, and that nothing uses unless a test says so.

    Attributes:
        uptime: Seconds since it was booted.
        log: What it wrote to the journal.
    """

    def __init__(self, root: Path, idle_stop: IdleStop, *, gpus: bool = True) -> None:
        self.root = root
        self.uptime = 7200
        self.log: list[str] = []
        for folder in ("bin", "said", "proc", "dev/pts", "run", "leases"):
            (root / folder).mkdir(parents=True)
        self._program(root / "answer", _ANSWER)
        for name, text in _PROGRAMS.items():
            self._program(root / "bin" / name, "#!/bin/sh\n" + text.format(root=root))
        self.says(utilisation="0", processes="", sessions="", locks="", systemctl="")
        self.load("0.03")
        self.environment = {
            "PATH": f"{root}/bin:{os.environ['PATH']}",
            "RUNTIME_DIRECTORY": str(root / "run"),
            "IDLE_STOP_PROC": str(root / "proc"),
            "IDLE_STOP_DEV": str(root / "dev"),
            "IDLE_STOP_LEASES": str(root / "leases"),
            "IDLE_STOP_SAID": str(root / "run/said"),
            "IDLE_STOP_PATIENCE": "1",
            **({"IDLE_STOP_NVIDIA_SMI": str(root / "bin/nvidia-smi")} if gpus else {}),
            **settings(idle_stop),
        }

    def _program(self, path: Path, text: str) -> None:
        path.write_text(text)
        path.chmod(0o755)

    def says(self, **answers: str) -> None:
        """Have programs say something from now on; "fail" and "hang" is what they do instead."""
        for name, answer in answers.items():
            (self.root / "said" / name.replace("_", "-")).write_text(answer)

    def load(self, one_minute: str) -> None:
        """Have this load from now on."""
        (self.root / "proc/loadavg").write_text(f"{one_minute} 9.99 9.99 1/234 5678\n")

    def log_in(self, session: str, *, what: str = "user", state: str = "active") -> None:
        """Have this session beside those that there are."""
        listed = self.root / "said/sessions"
        listed.write_text(f"{listed.read_text()}\n{session:>6} 1000 ann - pts/7".strip())
        self.says(**{f"session-{session}": f"Class={what}\nState={state}"})

    def type(self, terminal: str = "pts/0") -> None:
        """Have somebody press a key in a terminal, which opens it first where it is not."""
        path = self.root / "dev" / terminal
        if not path.exists():
            path.touch()
        read = path.stat().st_atime + 60
        os.utime(path, (read, read))

    def look(self, minutes: float = 1) -> bool:
        """Let time pass and the script look once; return whether it turned the machine off."""
        self.uptime += round(minutes * 60)
        done = self.run(SCRIPT)
        assert not done.stderr, done.stderr
        self.log += done.stdout.splitlines()
        return self.is_off

    def off_after(self, most: int, step: int = 1) -> int | None:
        """Look until it is off; return after how many minutes, None for not in that time."""
        for minutes in range(step, most + 1, step):
            if self.look(step):
                return minutes
        return None

    def run(self, script: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts, now."""
        (self.root / "proc/uptime").write_text(f"{self.uptime}.42 1234.56\n")
        return subprocess.run(
            [require("bash"), str(script), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def keep_alive(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run infra-keep-alive."""
        return self.run(KEEP_ALIVE, *arguments)

    @property
    def is_off(self) -> bool:
        """Whether it was told to turn itself off."""
        return (self.root / "done").exists()

    @property
    def heard(self) -> list[str]:
        """What everybody who is logged in was told."""
        path = self.root / "heard"
        return path.read_text().splitlines() if path.exists() else []
