"""How long the commands of `infra` take to start: whole processes, against importing attrs alone.

    python -m benchmarks.commands [RUNS]

Each is run over a fleet of ten machines in both clouds, in a repository of git in which nothing is
deployed, so that what is measured is Python and the fleet, and no cloud and no Terraform. They take
turns; medians. All is compiled beforehand, as what pip installed is. The aim is that each takes
less than 0.2 s where importing attrs takes 0.033 s: 6 times as long.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

REPOSITORY = Path(__file__).parents[1]
AIM = 6
SCRIPT = "import sys; from infra_lib.commands.cli import main; sys.exit(main())"
"""What the `infra` command holds that pip installs."""

FLEET = """\
from benchmarks.fleet import fleet_of

fleet = fleet_of(10)
"""
BASE = 'python -c "import attrs"'
COMMANDS = (
    "check",
    "cost",
    "diff",
    "gpus T4",
    "help",
    "report -o fleet.html",
    "runbook",
    "show",
    "status --no-live",
)


def seconds(arguments: tuple[str, ...], folder: Path, environment: dict[str, str]) -> float:
    """Return how long one run takes."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    taken = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{arguments}: {done.stderr}")
    return taken


def prepare(folder: Path) -> None:
    """Make a repository of the fleet."""
    (folder / "main.py").write_text(FLEET)
    (folder / "pyproject.toml").write_text('[tool.nixgen]\nsource = "main:fleet"\n')
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=fleet"]):
        subprocess.run([*git, *words], cwd=folder, check=True)


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    programs: dict[str, tuple[str, ...]] = {BASE: ("-c", "import attrs")}
    programs |= {f"infra {line}": ("-c", SCRIPT, *line.split()) for line in COMMANDS}
    with tempfile.TemporaryDirectory() as compiled, tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        prepare(folder)
        environment = {
            **os.environ,
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONPYCACHEPREFIX": compiled,
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        taken: dict[str, list[float]] = {name: [] for name in programs}
        for turn in range(runs + 1):
            for name, arguments in programs.items():
                each = seconds(arguments, folder, environment)
                if turn:  # the first compiles
                    taken[name].append(each)
    medians = {name: median(times) for name, times in taken.items()}
    print(f"10 machines, {runs} runs of each, whole processes, medians in milliseconds\n")
    for name, each in medians.items():
        print(f"{name:<28} {each * 1e3:>7.1f} {each / medians[BASE]:>6.2f}")
    slowest = max(medians.values()) / medians[BASE]
    print(f"\nthe slowest takes {slowest:.2f} times as long as importing attrs; the aim is {AIM}")


if __name__ == "__main__":
    main()
