"""Telling people who are shown prices that these are old."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from infra_lib.clouds.age import age_note, today

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_lib.clouds.answers import Source


def warn_of_old_prices(sources: Mapping[str, Source]) -> None:
    """Say on stderr, in one line, which prices are old; nothing where none is.

    Args:
        sources: Where the prices that are shown come from.

    Raises:
        FleetError: When `INFRA_TODAY` is no day.
    """
    note = age_note(sources.values(), today())
    if note is not None:
        print(f"infra: {note}", file=sys.stderr)
