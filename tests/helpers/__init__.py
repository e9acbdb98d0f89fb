"""What tests share, one module for one idea."""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
"""This repository."""
