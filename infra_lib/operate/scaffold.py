"""The files that a new fleet starts with, as text."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

from infra_lib.terraform.frameworks import CDKTF
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Collection

    from infra_lib.operate.start import Start
    from infra_lib.terraform.frameworks import Framework

_LONGEST_NAME = 63

MAIN = "main.py"
PYPROJECT = "pyproject.toml"
GITIGNORE = ".gitignore"
HOOKS = ".pre-commit-config.yaml"
SOURCE = "main:fleet"

SETTINGS = f"""\
[tool.nixgen]
source = "{SOURCE}"
root = "."
"""

IGNORED = (
    *("__pycache__/", ".venv/", "node_modules/", "cdktf.out/", "cdktf.log", "terraform.*.tfstate*"),
    *("*.orig", "*.orig.[0-9]*"),  # what `nixgen write` keeps of people's, and names as it does
)

_CDKTF = """\
{
  "language": "python",
  "app": "python -P -m infra_lib.app main.py",
  "sendCrashReports": "false"
}
"""

_MAIN = '''\
"""The machines, described once: Terraform and Nix are written from this."""

from pathlib import Path

from infra_lib import {names}

fleet = Fleet(
    name={name},
    domain={domain},
{fields}\
    # Addresses and keys, as `infra sync` learns them.
    facts=Facts.load(Path(__file__).with_name("facts.json")),
{left})


def main() -> None:
    """Synthesize the stack."""
    from {framework.name} import App
    from {framework.stacks} import {stack}

    app = App()
    {stack}(app, "{stack_name}", fleet=fleet)
    app.synth()


if __name__ == "__main__":
    main()
'''

_LEFT = """\
    # Left out, for you have files there, or a clan that node-1 is not part of yet. To have one
    # generated: describe above all that yours holds, take its line out, and see `nixgen diff`.
    files={{
{lines}    }},
"""

_HOOK_FROM_GIT = """\
repos:
  - repo: {url}
    rev: {commit}
    hooks:
      - id: nixgen
"""

_HOOK_FROM_PIP = """\
repos:
  - repo: local
    hooks:
      - id: nixgen
        name: nixgen
        entry: {entry}
        language: python
        additional_dependencies: ["{requirement}"]
        pass_filenames: false
        always_run: true
        require_serial: true
"""


@frozen(kw_only=True)
class Origin:
    """Where this package came from, so that others get the same.

    Attributes:
        version: Its version.
        url: What it was installed from: a git repository, a folder or an archive; None when nobody
            knows, or for a package index.
        commit: The commit of a git repository; empty for anything else.
    """

    version: str
    url: str | None = None
    commit: str = ""


def name_from(folder: str) -> str:
    """Return a folder's name as a fleet's: lower-case letters, digits and hyphens (RFC 1035)."""
    words = re.sub(r"[^a-z0-9]+", "-", folder.lower())
    return words.lstrip("-0123456789")[:_LONGEST_NAME].rstrip("-") or "fleet"


def main_text(
    start: Start,
    *,
    name: str,
    domain: str,
    framework: Framework = CDKTF,
    left: Collection[str] = (),
) -> str:
    """Return `main.py`: a fleet of one machine, which is off, and the app that makes its stack.

    Args:
        start: What is its cloud's.
        name: The fleet's name.
        domain: The domain that its machines are reached under.
        framework: What makes the stack.
        left: Paths of files that are not generated, for people have them.
    """
    lines = "".join(f"        {json.dumps(path)}: None,\n" for path in left)
    # JSON's way to write a string is also Python's, and the one that formatters want.
    return _MAIN.format(
        names=", ".join(("Facts", "Fleet", *start.names)),
        name=json.dumps(name, ensure_ascii=False),
        domain=json.dumps(domain, ensure_ascii=False),
        fields=start.fields,
        left=_LEFT.format(lines=lines) if left else "",
        framework=framework,
        stack=start.stack,
        stack_name=start.stack_name,
    )


def texts(
    main: str, origin: Origin, below: str = "", framework: Framework = CDKTF
) -> dict[str, str]:
    """Return every file but `.gitignore` and the generated ones: the path and the text.

    Args:
        main: The text of `main.py`.
        origin: Where hooks and requirements are taken from.
        below: The folder that all is in, from the top of its repository, where hooks are run; empty
            for the top.
        framework: What makes the stack.
    """
    requirement, hook = _references(origin, below, framework.name)
    return {
        MAIN: main,
        "cdktf.json": _CDKTF,
        PYPROJECT: SETTINGS,
        "requirements.txt": f"{requirement}\n",
        HOOKS: hook,
    }


def _references(origin: Origin, below: str, extra: str) -> tuple[str, str]:
    """Return the requirement, and the configuration of the hook."""
    entry = "nixgen write --exit-code"
    if below:
        # YAML takes a string as JSON writes it.
        entry = json.dumps(shlex.join(["sh", "-c", f"cd {shlex.quote(below)} && exec {entry}"]))
    if origin.commit:
        # pip before 24.1 wants a host in every address but file's own.
        url = re.sub("^file:///", "file://localhost/", origin.url or "")
        requirement = f"infra-lib[{extra}] @ git+{url}@{origin.commit}"
        hook = _HOOK_FROM_GIT.format(url=origin.url, commit=origin.commit)
        return requirement, hook + (f"        entry: {entry}\n" if below else "")
    which = f" @ {origin.url}" if origin.url else f"=={origin.version}"
    # The hook makes no stack.
    hook = _HOOK_FROM_PIP.format(requirement=f"infra-lib{which}", entry=entry)
    return f"infra-lib[{extra}]{which}", hook


def with_ignored(text: bytes) -> bytes:
    """Return a `.gitignore` with the lines that it lacks, and otherwise as it is."""
    end = b"\r\n" if b"\r\n" in text else b"\n"
    there = {line.strip() for line in text.splitlines()}
    lacking = [line.encode() for line in IGNORED if line.encode() not in there]
    if lacking and text and not text.endswith(b"\n"):
        text += end
    return text + b"".join(line + end for line in lacking)
