"""How long `nixgen check` takes for a large fleet, beside `nixfmt --check` over the same files.

    python -m benchmarks.check [--machines N] [--runs N] [--nixfmt PROGRAM]

Whole processes that take turns; medians. nixfmt has a process for each core, and has to find
nothing to change (exit 1 if not). After that it is said how much longer `Fleet.nix_files()` takes
for ten times the machines, without looking for garbage meanwhile, as the command does not either.
The aims: a check of 1,000 machines in at most 5 times nixfmt's time, and ten times the machines in
at most 11 times the time.
"""

import argparse
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.fleet import fleet_of
from nixgen.files.rendered import render
from nixgen.files.write import write

REPOSITORY = Path(__file__).parents[1]
SOURCE = "source:fleet"
AIM, GROWTH_AIM = 5, 11


def seconds_of(run: Callable[[], object]) -> float:
    """Return how many seconds it takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def check(project: Path) -> None:
    """Check the files of the project in a process."""
    command = [sys.executable, "-m", "nixgen", "check", "--quiet", SOURCE, "--root", "out"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    subprocess.run(command, cwd=project, env=environment, check=True)


def format_check(nixfmt: str, shares: list[list[str]]) -> None:
    """Have nixfmt check the files, each share in a process."""
    runs = [subprocess.Popen([nixfmt, "--check", *share]) for share in shares]
    statuses = [run.wait() for run in runs]
    if any(statuses):
        sys.exit("nixfmt would change what was rendered")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time nixgen check beside nixfmt --check.")
    parser.add_argument("--machines", type=int, default=1_000, help="machines of the fleet")
    parser.add_argument("--runs", type=int, default=7, help="runs of each, whose median counts")
    parser.add_argument("--nixfmt", default="nixfmt", help="the nixfmt to compare with")
    arguments = parser.parse_args()
    nixfmt = shutil.which(arguments.nixfmt) or sys.exit(f"{arguments.nixfmt} is not on PATH")

    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        source = (
            f"from benchmarks.fleet import fleet_of\n\nfleet = fleet_of({arguments.machines})\n"
        )
        (project / "source.py").write_text(source)
        files = render(fleet_of(arguments.machines).nix_files(), SOURCE)
        write(files, project / "out", SOURCE)
        paths = sorted(map(str, (project / "out").rglob("*.nix")))
        cores = os.cpu_count() or 1
        shares = [paths[core::cores] for core in range(cores)]
        check(project)
        ours, theirs = [], []
        for _ in range(arguments.runs):
            ours.append(seconds_of(lambda: check(project)))
            theirs.append(seconds_of(lambda: format_check(nixfmt, shares)))
    print(f"{arguments.machines:,} machines, {len(paths):,} Nix files, {arguments.runs} runs each")
    print(f"nixgen check    {median(ours):.3f} s")
    print(f"nixfmt --check  {median(theirs):.3f} s, {cores} processes")
    print(f"ratio           {median(ours) / median(theirs):.1f}, to be at most {AIM}\n")

    gc.disable()
    seconds = []
    for machines in (arguments.machines, arguments.machines * 10):
        fleet = fleet_of(machines)
        seconds.append(min(seconds_of(fleet.nix_files) for _ in range(3)))
        print(f"Fleet.nix_files() of {machines:,} machines: {seconds[-1]:.3f} s")
    print(f"ratio           {seconds[1] / seconds[0]:.1f}, to be at most {GROWTH_AIM}")


if __name__ == "__main__":
    main()
