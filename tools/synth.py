"""Write the Terraform stacks and the Nix files of main.py, and sum up what there is now.

The fleet is read first: when it is wrong, its one message is all that is printed and nothing is
written. Exit code: that of the first command that failed, 0 when none did.
"""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

from nixgen.command import run_command

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run the three commands and print what they made, stacks first."""
    try:
        machines = output_of("infra", "show", "--short")
        output_of("cdktf", "synth")
        files = output_of("nixgen", "write")
    except subprocess.CalledProcessError as failed:
        sys.stderr.write(failed.stdout)
        return failed.returncode
    parts = {"Stacks": stacks(), f"Nix files in {nix_root()}": files, "Machines": machines}
    print("\n\n".join(f"{title}\n{indented(text)}" for title, text in parts.items()))
    return 0


def output_of(*command: str) -> str:
    """What `command` printed.

    Raises:
        subprocess.CalledProcessError: It failed; `stdout` holds all that it printed.
    """
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "CI": "true"},  # cdktf then draws no spinner
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ).stdout


def stacks() -> str:
    """One line a stack: its name, its file from the root of the checkout, how many resources."""
    output = ROOT / "cdktf.out"
    manifest = json.loads((output / "manifest.json").read_text())
    return "\n".join(
        f"{name}: cdktf.out/{stack['synthesizedStackPath']}"
        f" ({count_resources(output / stack['synthesizedStackPath'])} resources)"
        for name, stack in manifest["stacks"].items()
    )


def count_resources(stack: Path) -> int:
    """How many resources a synthesized stack declares."""
    resources = json.loads(stack.read_text()).get("resource", {})
    return sum(len(named) for named in resources.values())


def nix_root() -> str:
    """The folder that the Nix files go into, from the root of the checkout."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    root: str = settings["tool"]["nixgen"]["root"]
    return root


def indented(text: str) -> str:
    """`text` by two spaces, without trailing white space."""
    return "\n".join(f"  {line}".rstrip() for line in text.rstrip().splitlines())


if __name__ == "__main__":
    sys.exit(run_command(main, "synth", (OSError,), untouched=True))
