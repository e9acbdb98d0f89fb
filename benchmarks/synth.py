"""How long synthesis takes: GcpStack against a plain cdktf program, whole processes.

    python benchmarks/synth.py [--machines N …] [--runs N] [--cdktn] [--cdktf PATH]

Both make the same resources, which is checked. They take turns, after one run that fills caches
and is not counted. Memory is the peak of the largest process (Python or Node.js). With --cdktn both
run on the fork as well. With the cdktf command line, the whole `cdktf synth` of the smallest fleet
is measured too.

The aims: with 2, 1,000 and 5,000 machines at most 0.07, 0.18 and 0.25 of the plain program's time,
and with 5,000 at most 0.40 of its memory.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from attrs import frozen

from infra_lib.clouds.gcp.startup_script import startup_script

HERE = Path(__file__).parent
PLAIN = HERE / "synth_plain.py"
OURS = HERE / "synth_ours.py"


@frozen
class Way:
    """A way to synthesize.

    Attributes:
        name: What it is called in the table.
        command: The command; the number of machines is put after it.
    """

    name: str
    command: tuple[str, ...]


@frozen
class Measure:
    """What one run took.

    Attributes:
        seconds: Wall-clock time.
        megabytes: Peak memory of the largest process, in MB.
    """

    seconds: float
    megabytes: float


def run(command: tuple[str, ...], folder: Path) -> Measure:
    """Run a command in a folder and measure it."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent), "CHECKPOINT_DISABLE": "1"}
    with (folder / "startup-script").open() as script, (folder / "log").open("w") as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=script, stdout=log, stderr=log
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if status:
        sys.exit(f"{shlex.join(command)}\n{(folder / 'log').read_text()}")
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return Measure(seconds, usage.ru_maxrss / unit)


def resources(folder: Path) -> dict[str, Any]:
    """Return the resources that were synthesized by address, without cdktf's notes on them."""
    stack = json.loads((folder / "cdktf.out/stacks/gcp/cdk.tf.json").read_text())
    return {
        f"{kind}.{name}": {key: value for key, value in resource.items() if key != "//"}
        for kind, named in stack["resource"].items()
        for name, resource in named.items()
    }


def measure(ways: list[Way], machines: int, runs: int) -> dict[str, list[Measure]]:
    """Return what each way took, each time."""
    taken: dict[str, list[Measure]] = {way.name: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        folders = {way.name: Path(folder) / str(index) for index, way in enumerate(ways)}
        for path in folders.values():
            path.mkdir()
            (path / "startup-script").write_text(startup_script())
        for turn in range(runs + 1):
            for way in ways:
                one = run((*way.command, str(machines)), folders[way.name])
                if turn:
                    taken[way.name].append(one)
        made = {name: resources(path) for name, path in folders.items()}
        for name, found in made.items():
            differing = [
                address
                for address, resource in made[ways[0].name].items()
                if found.get(address) != resource
            ]
            if differing:
                sys.exit(f"{name} makes another {differing[0]} than {ways[0].name}")
    return taken


def table(title: str, taken: dict[str, list[Measure]], plain: str) -> None:
    """Print medians, and the ratios to the plain way."""
    print(f"{title}\n{'':<34} {'seconds':>8} {'ratio':>6} {'MB':>6} {'ratio':>6}")
    medians = {
        name: Measure(
            median(measure.seconds for measure in measures),
            median(measure.megabytes for measure in measures),
        )
        for name, measures in taken.items()
    }
    for name, ours in medians.items():
        print(
            f"{name:<34} {ours.seconds:>8.2f} {ours.seconds / medians[plain].seconds:>6.2f} "
            f"{ours.megabytes:>6.0f} {ours.megabytes / medians[plain].megabytes:>6.2f}"
        )
    print(flush=True)


def commands(ways: list[Way], cdktf: str) -> list[Way]:
    """Return the ways as `cdktf synth` runs them."""
    return [
        Way(
            f"cdktf synth, {way.name}",
            (
                "sh",
                "-c",
                'echo \'{"language": "python", "app": "false"}\' >cdktf.json; exec "$0" synth '
                f'--app "{shlex.join(way.command)} $1 <startup-script"',
                cdktf,
            ),
        )
        for way in ways
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--machines", type=int, nargs="+", default=[2, 100, 1000, 5000])
    parser.add_argument("--runs", type=int, default=5, help="counted runs of each (default: 5)")
    parser.add_argument("--cdktn", action="store_true", help="measure both on the fork as well")
    parser.add_argument("--cdktf", metavar="PATH", help="the cdktf command (default: on PATH)")
    arguments = parser.parse_args()
    ways = [
        Way("GcpStack", (sys.executable, str(OURS), "cdktf")),
        Way("plain cdktf", (sys.executable, str(PLAIN), "cdktf")),
    ]
    cdktf = arguments.cdktf or shutil.which("cdktf")
    fork = [
        Way("GcpStack, cdktn", (sys.executable, str(OURS), "cdktn")),
        Way("plain cdktn", (sys.executable, str(PLAIN), "cdktn")),
    ]
    all_ways = [*ways, *fork] if arguments.cdktn else ways
    for machines in arguments.machines:
        taken = measure(all_ways, machines, arguments.runs)
        table(f"{machines} machines", taken, "plain cdktf")
    if cdktf:
        machines = min(arguments.machines)
        taken = measure(commands(ways, cdktf), machines, arguments.runs)
        table(f"{machines} machines", taken, "cdktf synth, plain cdktf")


if __name__ == "__main__":
    main()
