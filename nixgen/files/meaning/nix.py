"""Running `nix-instantiate` on texts that anybody may have written: bounded, and cut off."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from tempfile import TemporaryFile
from typing import Final

from nixgen.frozen import frozen

SECONDS: Final = 10.0
"""How long one evaluation may take."""
TOO_LONG: Final = "it takes Nix too long"

# KiB of memory, and half KiB of output: what is larger is no configuration of machines. macOS has
# no such bound for memory.
_BOUNDED = (
    'ulimit -c 0; ulimit -f 131072; ulimit -v 4194304 2>/dev/null; exec "$@"',
    "nix-instantiate",
)
# Translated texts can ask for nothing of this; it is refused a second time, in case one could.
_OPTIONS = (
    *("--option", "restrict-eval", "true"),
    *("--option", "allow-import-from-derivation", "false"),
    *("--option", "allow-unsafe-native-code-during-evaluation", "false"),
)
_ERROR = re.compile(r"^\s*error: (.*\S)", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@frozen
class Answer:
    """What Nix said.

    Attributes:
        printed: What it printed; None when it failed.
        problem: Why it failed, in one line.
    """

    printed: bytes | None
    problem: str = ""


def find() -> str | None:
    """Return the path of `nix-instantiate`, or None where there is no Nix."""
    return shutil.which("nix-instantiate")


def evaluate(program: str, expression: str, seconds: float = SECONDS) -> Answer:
    """Evaluate an expression, all of it, and print it as JSON.

    Args:
        program: The path of `nix-instantiate`.
        expression: Nix.
        seconds: How long it may take.
    """
    arguments = ("--eval", "--strict", "--json", *_OPTIONS)
    return _run([program, *arguments, "-"], expression, seconds)


def parse(program: str, text: str, seconds: float = SECONDS) -> Answer:
    """Print how Nix reads a text: without its comments and its layout. Nothing is evaluated.

    Args:
        program: The path of `nix-instantiate`.
        text: Nix.
        seconds: How long it may take.
    """
    return _run([program, "--parse", "-"], text, seconds)


def _run(command: list[str], given: str, seconds: float) -> Answer:
    environment = {**os.environ, "NIX_PATH": "", "NO_COLOR": "1"}
    with TemporaryFile() as stdin, TemporaryFile() as stdout, TemporaryFile() as stderr:
        stdin.write(given.encode(errors="surrogateescape"))
        stdin.seek(0)
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", *_BOUNDED, *command],
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                timeout=max(seconds, 0),
                cwd="/",
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Answer(None, TOO_LONG)
        except OSError as error:
            return Answer(None, f"{command[0]}: {error.strerror}")
        if done.returncode == 0:
            stdout.seek(0)
            return Answer(stdout.read())
        stderr.seek(0)
        return Answer(None, _problem(stderr.read().decode(errors="replace"), done.returncode))


def _problem(said: str, status: int) -> str:
    """Return Nix's error in one line: newer ones say first what led to it."""
    errors = _ERROR.findall(_COLOUR.sub("", said))
    if errors:
        return f"error: {errors[-1]}"
    if status < 0:
        return f"error: Nix was ended by signal {-status}"
    return f"error: Nix ended with {status}"
