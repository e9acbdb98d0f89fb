"""The rows of the sources of the built-in catalogue, which lie beside this module."""

import csv
from pathlib import Path

EUROPE = ("fsn1", "nbg1", "hel1")


def rows(name: str) -> list[dict[str, str]]:
    """The rows of "server-types", "locations" or "prices"."""
    with Path(__file__).with_name(f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]


def number(text: str) -> float | None:
    """A number of a row; None for a cell that is empty."""
    return float(text) if text else None
