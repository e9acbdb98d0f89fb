"""Signs that a folder has a fleet already: a clan, Terraform, binary caches."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from nixgen.files.header import read_header
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CLAN = re.compile(r"\bclan-core\b|\bclan\s*[.=]|\bclan-lol\b")
_TERRANIX = re.compile(r"\bterranix\b")
_LARGEST = 1_000_000  # bytes of a file that is looked into


@frozen
class Sign:
    """Something that a fleet is described by.

    Attributes:
        what: What it is, for people: "a clan (flake.nix)".
        option: What `infra adopt` takes of it: ("--flake", "."); empty where a command makes it.
        command: The command that makes what is adopted; empty where it is there.
    """

    what: str
    option: tuple[str, ...]
    command: str = ""


def find_signs(folder: Path) -> list[Sign]:
    """Return the signs that a folder has of a fleet; none where there is nothing but caches.

    Args:
        folder: The folder. Nothing in it is run, and no file but text is looked into.
    """
    found = [*_clan(folder), *_terraform(folder)]
    if not found:
        return []
    asked = any(sign.option[:1] == ("--flake",) for sign in found)
    if (folder / "lib" / "caches.nix").is_file() and not asked:
        command = "nix-instantiate --eval --strict --json lib/caches.nix > caches.json"
        sign = Sign("binary caches (lib/caches.nix)", ("--caches", "caches.json"), command)
        found.append(sign)
    return found


def _clan(folder: Path) -> Iterator[Sign]:
    flake = _text(folder / "flake.nix")
    modules = sorted((folder / "modules" / "clan").glob("**/*.nix"))
    theirs = next((path for path in modules if _is_theirs(_text(path))), None)
    if _CLAN.search(flake) or (flake and theirs is not None):
        yield Sign("a clan (flake.nix)", ("--flake", "."))
    elif _is_inventory(folder / "inventory.json"):
        yield Sign("a clan's inventory (inventory.json)", ("--inventory", "inventory.json"))
    elif theirs is not None:
        where = theirs.relative_to(folder).as_posix()
        yield Sign(f"files of a clan ({where})", ("--flake", "."))


def _terraform(folder: Path) -> Iterator[Sign]:
    shown = "terraform show -json > state.json"
    states = [path for path in sorted(folder.glob("*.tfstate")) if path.stat().st_size]
    written = sorted([*folder.glob("*.tf.json"), *folder.glob("cdktf.out/stacks/*/cdk.tf.json")])
    if states:
        for path in states:
            yield Sign(f"a state of Terraform ({path.name})", ("--terraform", path.name))
    elif written:
        for path in written:
            where = path.relative_to(folder).as_posix()
            yield Sign(f"Terraform ({where})", ("--terraform", where))
    elif any(folder.glob("*.tf")):
        yield Sign("Terraform (*.tf)", ("--terraform", "state.json"), shown)
    elif _TERRANIX.search(_text(folder / "flake.nix")) or _TERRANIX.search(
        _text(folder / "config.nix")
    ):
        yield Sign("terranix", ("--terraform", "state.json"), shown)


def _is_theirs(text: str) -> bool:
    """Whether a module is of a clan, and nothing here generated it."""
    return _CLAN.search(text) is not None and read_header(text.encode()) is None


def _is_inventory(path: Path) -> bool:
    try:
        document = json.loads(_text(path))
    except (ValueError, RecursionError):
        return False
    return isinstance(document, dict) and bool(document.keys() & {"machines", "instances"})


def _text(path: Path) -> str:
    """Return the text of a file; none where it is no file, is large, or cannot be read."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return ""
        return path.read_text(errors="replace")
    except OSError:
        return ""
