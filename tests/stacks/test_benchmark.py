"""What `benchmarks/synth.py` compares stays comparable."""

import sys

import pytest

from benchmarks.synth import OURS, PLAIN, Way, measure


@pytest.mark.parametrize("framework", ["cdktf", "cdktn"])
def test_the_plain_program_makes_the_resources_of_ours(framework: str) -> None:
    ways = [
        Way("ours", (sys.executable, str(OURS), framework)),
        Way("plain", (sys.executable, str(PLAIN), framework)),
    ]
    # Without a counted run, each way runs once; it exits when they differ.
    assert measure(ways, machines=1, runs=0) == {"ours": [], "plain": []}
