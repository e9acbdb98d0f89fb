"""What an app's cdktf.json says, and what a framework has written: manifest.json, cdk.tf.json.

CDK Terrain's files and variables have the same names as CDKTF's.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from nixgen.regular_file import read_regular_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def output_folder(project: Path) -> str:
    """Return the folder that stacks are written to.

    CDKTF_OUTPUT says it, then cdktf.json; otherwise it is the frameworks' default.

    Args:
        project: The folder of cdktf.json.

    Raises:
        NixgenError: When cdktf.json is something other than a file.
    """
    named = os.environ.get("CDKTF_OUTPUT")  # as a framework takes each of its options
    if named:
        return named
    try:
        text = read_regular_file(project / "cdktf.json")
    except OSError:
        text = b""
    try:
        output = json.loads(text)["output"]
    except (ValueError, LookupError, TypeError):
        output = None
    return output if isinstance(output, str) and output else "cdktf.out"


def provider_project(document: Mapping[str, Any], provider: str) -> str:
    """Return the project that a stack's provider works in; empty where it does not say.

    Args:
        document: What a framework wrote as cdk.tf.json.
        provider: The provider, as stacks name it: "google".
    """
    try:
        named = document["provider"][provider][0]["project"]
    except (LookupError, TypeError):
        named = ""
    return named if isinstance(named, str) else ""


def is_told_nothing(document: Mapping[str, Any], provider: str) -> bool:
    """Return whether a stack has a provider, and does not tell it a token.

    Args:
        document: What a framework wrote as cdk.tf.json.
        provider: The provider, as stacks name it: "hcloud".
    """
    providers = document.get("provider")
    found = providers.get(provider) if isinstance(providers, dict) else None
    each = found if isinstance(found, list) else [] if found is None else [found]
    return bool(each) and not any(isinstance(one, dict) and one.get("token") for one in each)


def read_document(stack: Path) -> Mapping[str, Any]:
    """Return what a framework wrote as a stack's cdk.tf.json; nothing where it cannot be read.

    Args:
        stack: The folder of the synthesized stack.
    """
    try:
        document = json.loads((stack / "cdk.tf.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        document = {}
    return document if isinstance(document, dict) else {}


def synthesized_at(project: Path) -> int | None:
    """Return when the last synthesis ended, in nanoseconds; None when there was none.

    Args:
        project: The folder of cdktf.json.
    """
    try:
        return manifest(project).stat().st_mtime_ns
    except OSError:
        return None


def manifest(project: Path) -> Path:
    """Return the file in which a framework lists the stacks that it wrote.

    Args:
        project: The folder of cdktf.json.
    """
    return project / output_folder(project) / "manifest.json"
