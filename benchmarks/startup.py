"""How long a commit waits for `nixgen check`: the whole process, against importing attrs alone.

    python benchmarks/startup.py [RUNS]

The check is that of the example fleet, in the root that pyproject.toml names, and finds it as
generated. All is compiled beforehand, as what pip installed is. The aim is at most 2.5 times the
time of `python -c "import attrs"`. On a busy machine, processor time says more than elapsed time.
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


def seconds(arguments: tuple[str, ...], environment: dict[str, str]) -> tuple[float, float]:
    """Return how long one run takes, and how much processor time it and its children use."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], cwd=REPOSITORY, env=environment)
    _, status, used = os.wait4(process.pid, 0)
    taken = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments)
    return taken, used.ru_utime + used.ru_stime


def measure(runs: int) -> dict[str, list[tuple[float, float]]]:
    """Return how long each command took, in seconds, each time."""
    with tempfile.TemporaryDirectory() as compiled:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for arguments in COMMANDS.values():
            seconds(arguments, environment)
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}
        # They take turns, so that whatever else the machine does slows all alike.
        for _ in range(runs):
            for name, arguments in COMMANDS.items():
                taken[name].append(seconds(arguments, environment))
    return taken


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    medians = {
        name: [median(times) for times in zip(*taken, strict=True)]
        for name, taken in measure(runs).items()
    }
    print(f"{runs} runs of each, whole processes, medians in milliseconds\n")
    print(f"{'':<36} {'elapsed':>7} {'ratio':>6} {'processor':>10} {'ratio':>6}")
    for name, (elapsed, processor) in medians.items():
        ratios = [mine / base for mine, base in zip(medians[name], medians[BASE], strict=True)]
        print(
            f"{name:<36} {elapsed * 1e3:>7.1f} {ratios[0]:>6.2f} "
            f"{processor * 1e3:>10.1f} {ratios[1]:>6.2f}"
        )
    ratio = medians[MEASURED][0] / medians[BASE][0]
    print(f"\nnixgen check takes {ratio:.2f} times as long as importing attrs; the aim is {AIM}")


if __name__ == "__main__":
    main()
