"""How long a commit waits for `nixgen check`: the whole process, against importing attrs alone.

    python benchmarks/startup.py [RUNS]

The check is that of the example fleet, in the root that pyproject.toml names, and finds it as
generated. All is compiled beforehand, as what pip installed is. The aim is at most 2.5 times the
time of `python -c "import attrs"`.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

REPOSITORY = Path(__file__).parents[1]
AIM = 2.5
SCRIPT = "import sys; from nixgen.files.cli import main; sys.exit(main())"
"""What the `nixgen` command holds that pip installs."""

COMMANDS = {
    "python -c pass": ("-c", "pass"),
    'python -c "import attrs"': ("-c", "import attrs"),
    'python -c "from nixgen import dumps"': ("-c", "from nixgen import dumps"),
    'python -c "import main"': ("-c", "import main"),
    "nixgen check": ("-c", SCRIPT, "check", "--quiet"),
}
BASE, MEASURED = 'python -c "import attrs"', "nixgen check"


def seconds(arguments: tuple[str, ...], environment: dict[str, str]) -> float:
    """Return how long one run takes."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=REPOSITORY, env=environment, check=True)
    return time.perf_counter() - started


def measured(runs: int) -> dict[str, list[float]]:
    """Return how long each command took, in seconds, each time."""
    with tempfile.TemporaryDirectory() as compiled:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for arguments in COMMANDS.values():
            seconds(arguments, environment)
        taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
        # They take turns, so that whatever else the machine does slows all alike.
        for _ in range(runs):
            for name, arguments in COMMANDS.items():
                taken[name].append(seconds(arguments, environment))
    return taken


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    taken = measured(runs)
    print(f"{runs} runs of each, whole processes, milliseconds\n")
    print(f"{'':<36} {'median':>7} {'least':>7} {'ratio':>6}")
    for name, times in taken.items():
        ratio = median(times) / median(taken[BASE])
        print(f"{name:<36} {median(times) * 1e3:>7.1f} {min(times) * 1e3:>7.1f} {ratio:>6.2f}")
    ratio = median(taken[MEASURED]) / median(taken[BASE])
    print(f"\nnixgen check takes {ratio:.2f} times as long as importing attrs; the aim is {AIM}")


if __name__ == "__main__":
    main()
