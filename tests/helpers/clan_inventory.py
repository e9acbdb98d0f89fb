"""The inventory that a clan has of generated files, as a stand-in for clan-core evaluates it."""

from pathlib import Path
from typing import Any

from tests.helpers.nix import evaluate, evaluation

STAND_IN = Path(__file__).with_suffix(".nix")


def clan_inventory(root: Path, **arguments: str) -> Any:
    """Evaluate the clan of a flake; see `clan_inventory.nix` for what comes back.

    Args:
        root: The flake.
        arguments: Further arguments of the stand-in, in Nix.
    """
    return evaluate(_clan(root, arguments))


def clan_refusal(root: Path, **arguments: str) -> str:
    """Return why a clan does not evaluate."""
    done = evaluation(_clan(root, arguments))
    assert done.returncode == 1, done.stdout
    return done.stderr


def _clan(root: Path, arguments: dict[str, str]) -> str:
    given = {"root": f'/. + "{root}"', **arguments}
    said = " ".join(f"{name} = {value};" for name, value in given.items())
    return f"import {STAND_IN} {{ {said} }}"
