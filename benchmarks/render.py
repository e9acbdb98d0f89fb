"""How fast `nixgen.dumps` is, beside nixfmt and `json.dumps` in the same run.

    python -m benchmarks.render [--nixfmt PROGRAM] [--rounds N]

Rendering is timed in this process, best of the rounds; nixfmt is timed as a process that formats
the same text, and has to leave it as it is (exit 1 if not). Ratios are what to look at, since they
hold on other machines.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

from nixgen import Apply, BinaryOp, Lambda, Let, dumps, ref

MACHINES = 10_000
GROWTH = (100, 1_000, 10_000, 100_000)
DEEP = 5_000
WIDE = 100_000


def inventory(machines: int) -> dict[str, Any]:
    """A clan inventory of so many machines: about 200 characters of Nix each."""
    return {
        "clan": {
            "inventory": {
                "machines": {
                    f"machine-{number}": {
                        "tags": ["nixos", "cloud", "gcp"],
                        "machineClass": "nixos",
                        "description": f"GCP node (e2-standard-{number % 32})",
                        "deploy": {"targetHost": f"root@machine-{number}.zt"},
                    }
                    for number in range(machines)
                }
            }
        }
    }


def deep(wrap: Callable[[Any], Any], depth: int = DEEP) -> Any:
    """An expression wrapped so many times."""
    value: Any = ref("x")
    for _ in range(depth):
        value = wrap(value)
    return value


def wide_chain(operands: int) -> Any:
    """Sets merged with so many `//`."""
    value: Any = ref("base")
    for number in range(operands):
        value = BinaryOp("//", ref(f"set{number}"), value)
    return value


SHAPES: dict[str, Callable[[], Any]] = {
    f"{MACHINES:,} machines": lambda: inventory(MACHINES),
    f"a list of {WIDE:,} names": lambda: [f"name-{number}" for number in range(WIDE)],
    "a chain of 10,000 operators": lambda: wide_chain(10_000),
    "a call of 5,000 arguments": lambda: Apply("f", *(ref(f"x{n}") for n in range(5_000))),
    f"{DEEP:,} sets in each other": lambda: deep(lambda inner: {"a": inner}),
    f"{DEEP:,} calls in each other": lambda: deep(lambda inner: Apply("f", inner, 1)),
    f"{DEEP:,} functions in each other": lambda: deep(lambda inner: Lambda("x", inner)),
    f"{DEEP:,} lets in each other": lambda: deep(lambda inner: Let({"a": 1}, inner)),
}


def best(rounds: int, run: Callable[[], Any]) -> float:
    """Seconds of the fastest round."""
    seconds = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def formatted(nixfmt: str, text: str) -> tuple[float, str | None]:
    """Seconds that nixfmt takes, and what it writes; `None` if it refuses or crashes."""
    start = time.perf_counter()
    run = subprocess.run([nixfmt, "-"], input=text.encode(), check=False, capture_output=True)
    seconds = time.perf_counter() - start
    return seconds, run.stdout.decode() if run.returncode == 0 else None


def peak_memory(value: Any) -> float:
    """MiB that rendering holds at most, its result included."""
    tracemalloc.start()
    dumps(value)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return float(peak / 2**20)


def main() -> int:
    """Print the measurements; 1 if nixfmt would change what was rendered."""
    parser = argparse.ArgumentParser(description="Time nixgen.dumps beside nixfmt and json.dumps.")
    parser.add_argument("--nixfmt", default="nixfmt", help="the nixfmt to compare with")
    parser.add_argument("--rounds", type=int, default=5, help="rounds, of which the best counts")
    arguments = parser.parse_args()
    nixfmt = shutil.which(arguments.nixfmt)
    changed = False

    if nixfmt:
        command = [nixfmt, "--version"]
        version = subprocess.run(command, check=False, capture_output=True, text=True).stdout
        print(f"nixfmt: {version.strip() or nixfmt}")
    else:
        print(f"{arguments.nixfmt} is not on PATH: nothing to compare with")
    print(f"{'':34}{'Nix':>9}{'dumps':>10}{'MB/s':>7}{'nixfmt':>10}{'dumps/nixfmt':>14}")
    for name, build in SHAPES.items():
        value = build()
        text = dumps(value)
        size = len(text.encode()) / 1e6
        ours = best(arguments.rounds, partial(dumps, value))
        line = f"{name:34}{size:>6.1f} MB{ours:>8.3f} s{size / ours:>7.1f}"
        if nixfmt:
            theirs, left = formatted(nixfmt, text)
            if left is None:
                line += f"{'refuses':>10}"
            else:
                line += f"{theirs:>8.3f} s{ours / theirs:>14.3f}"
            if left not in (None, text):
                line += "  WOULD CHANGE IT"
                changed = True
        print(line)

    data = inventory(MACHINES)
    ours = best(arguments.rounds, partial(dumps, data))
    plain = best(arguments.rounds, partial(json.dumps, data, indent=2))
    print(f"\njson.dumps(indent=2) of {MACHINES:,} machines: {plain:.3f} s;", end=" ")
    print(f"dumps/json.dumps: {ours / plain:.2f}")

    print("\nGrowth:")
    for machines in GROWTH:
        data = inventory(machines)
        seconds = best(arguments.rounds if machines < 100_000 else 2, partial(dumps, data))
        print(
            f"{machines:>9,} machines {seconds:>8.3f} s {seconds / machines * 1e6:>6.1f} µs each, "
            f"peak memory {peak_memory(data):.1f} MiB for {len(dumps(data)) / 2**20:.1f} MiB of Nix"
        )
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
