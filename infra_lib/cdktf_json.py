"""What cdktf.json says, cdktf's own configuration of an app."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def output_folder(project: Path) -> str:
    """Return the folder that cdktf writes stacks to: what cdktf.json says, or cdktf's default.

    Args:
        project: The folder of cdktf.json.
    """
    try:
        output = json.loads((project / "cdktf.json").read_text(encoding="utf-8"))["output"]
    except (OSError, ValueError, LookupError, TypeError):
        output = None
    return output if isinstance(output, str) and output else "cdktf.out"
