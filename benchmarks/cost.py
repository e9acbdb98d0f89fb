"""How long `infra cost` takes for fleets of all sizes, beside importing attrs alone.

    python -m benchmarks.cost [--machines N …] [--runs N]

Whole processes that take turns; medians, with the ratio to `python -c "import attrs"`. All is
compiled beforehand, as what pip installed is. On a busy machine, processor time says more than
elapsed time. After that it is said how long the fleet itself takes, which every command waits for.
The aim: 10,000 machines within a second.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

REPOSITORY = Path(__file__).parents[1]
AIM = 1.0
BASE = 'python -c "import attrs"'
SOURCE = "from benchmarks.fleet import fleet_of\n\nfleet = fleet_of({machines})\n"


def seconds(arguments: list[str], project: Path, compiled: Path) -> tuple[float, float]:
    """Return how long one run takes, and how much processor time it uses."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONPYCACHEPREFIX": str(compiled),
        "PYTHONWARNINGS": "ignore",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], cwd=project, env=environment, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    taken = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments)
    return taken, used.ru_utime + used.ru_stime


def measure(machines: list[int], runs: int) -> dict[str, list[tuple[float, float]]]:
    """Return how long each command took, in seconds, each time."""
    with tempfile.TemporaryDirectory() as folder:
        project, compiled = Path(folder, "project"), Path(folder, "compiled")
        project.mkdir()
        commands = {BASE: ["-c", "import attrs"]}
        for each in machines:
            name = f"fleet{each}"
            (project / f"{name}.py").write_text(SOURCE.format(machines=each))
            commands |= {
                f"infra cost, {each:,} machines": [
                    *("-m", "infra_lib", "cost", "--source", f"{name}:fleet")
                ],
                f"the fleet alone, {each:,} machines": ["-c", f"import {name}"],
            }
        for arguments in commands.values():
            seconds(arguments, project, compiled)
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        # They take turns, so that whatever else the machine does slows all alike.
        for _ in range(runs):
            for name, arguments in commands.items():
                taken[name].append(seconds(arguments, project, compiled))
    return taken


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time infra cost beside importing attrs.")
    parser.add_argument(
        "--machines", type=int, nargs="+", default=[10, 1_000, 10_000], help="sizes of fleets"
    )
    parser.add_argument("--runs", type=int, default=7, help="runs of each, whose median counts")
    arguments = parser.parse_args()
    medians = {
        name: [median(times) for times in zip(*taken, strict=True)]
        for name, taken in measure(arguments.machines, arguments.runs).items()
    }
    print(f"{arguments.runs} runs of each, whole processes, medians in seconds\n")
    print(f"{'':<36} {'elapsed':>7} {'ratio':>6} {'processor':>10} {'ratio':>6}")
    for name, (elapsed, processor) in medians.items():
        ratios = [mine / base for mine, base in zip(medians[name], medians[BASE], strict=True)]
        print(f"{name:<36} {elapsed:>7.3f} {ratios[0]:>6.1f} {processor:>10.3f} {ratios[1]:>6.1f}")
    most = max(arguments.machines)
    taken = medians[f"infra cost, {most:,} machines"][0]
    print(f"\ninfra cost of {most:,} machines takes {taken:.2f} s; the aim for 10,000 is {AIM:g} s")


if __name__ == "__main__":
    main()
