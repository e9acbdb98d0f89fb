"""Files that hold JSON, which other tools wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from infra_lib.model.errors import FleetError
from nixgen.errors import NixgenError
from nixgen.regular_file import read_regular_file

if TYPE_CHECKING:
    from pathlib import Path


def read_json(path: Path) -> Any:
    """Return what a file holds.

    Raises:
        FleetError: When it cannot be read, or holds no JSON: it may have been cut off.
    """
    try:
        data = read_regular_file(path)
    except NixgenError as error:
        raise FleetError(str(error)) from None
    except OSError as error:
        raise FleetError(f"{path}: cannot be read: {error.strerror}") from None
    return parse_json(data, str(path))


def parse_json(data: bytes, where: str) -> Any:
    """Return what a text of JSON holds.

    Args:
        data: The text.
        where: What to call it in messages.

    Raises:
        FleetError: When it is none.
    """
    try:
        # PowerShell writes UTF-16, and some tools a mark before UTF-8; the library tells by itself.
        return json.loads(data.removeprefix(b"\xef\xbb\xbf"), parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise FleetError(f"{where}: no JSON: no text ({error.reason})") from None
    except RecursionError:
        raise FleetError(f"{where}: no JSON that can be read: too deep") from None
    except ValueError as error:  # also a number too long for Python
        end = " (it ends too early: was it cut off?)" if _is_cut_off(data, error) else ""
        empty = " The file is empty." if not data.strip() else ""
        raise FleetError(f"{where}: no JSON: {error}{end}{empty}") from None


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _is_cut_off(data: bytes, error: ValueError) -> bool:
    place = getattr(error, "pos", None)
    return bool(data.strip()) and place is not None and place >= len(data.decode().rstrip()) - 1
