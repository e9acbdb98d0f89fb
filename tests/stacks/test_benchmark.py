"""What `benchmarks/synth.py` compares stays comparable."""

import sys

from benchmarks.synth import OURS, PLAIN, Way, measured


def test_the_plain_program_makes_the_resources_of_ours() -> None:
    ways = [
        Way("ours", (sys.executable, str(OURS))),
        Way("plain", (sys.executable, str(PLAIN), "cdktf")),
    ]
    # Without a counted run, each way runs once; it exits when they differ.
    assert measured(ways, machines=1, runs=0) == {"ours": [], "plain": []}
