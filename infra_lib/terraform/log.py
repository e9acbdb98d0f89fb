"""Terraform's log, which tells more than a framework prints, and in a form that does not change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# 2026-11-26T01:26:31.215Z [INFO]  backend/local: starting Apply operation
_APPLYING = re.compile(r"\[INFO\] +(?:backend/\w+|cloud): starting Apply operation$", re.MULTILINE)


def variables_to_log(log: Path) -> dict[str, str]:
    """Return the variables that have Terraform log into a file, and of providers their errors.

    Of an error in two parts, Terraform itself logs the first alone, such as "API request failed".
    https://developer.hashicorp.com/terraform/internals/debugging
    """
    return {
        "TF_LOG": "",  # it would come before the next, and may ask for JSON
        "TF_LOG_CORE": "DEBUG",
        "TF_LOG_PATH": str(log),
        "TF_LOG_PROVIDER": "ERROR",
    }


def read_log(log: Path) -> str:
    """Return what was logged; nothing where Terraform was not run."""
    return log.read_text("utf-8", "replace") if log.exists() else ""


def count_applies(log: str) -> int:
    """Return how often Terraform has begun to apply."""
    return len(_APPLYING.findall(log))
