"""The file of the page: whole, or as it was; and nobody's else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.errors import FleetError
from infra_lib.model.whole_file import write
from infra_lib.operate.report.page import MARKER
from nixgen.errors import NixgenError
from nixgen.regular_file import read_regular_file

if TYPE_CHECKING:
    from pathlib import Path

_BEGINNING = 2048  # bytes that the marker is among


def check_place(path: Path) -> None:
    """Check that a page may be written to a file, before anything is computed for it.

    Args:
        path: The file.

    Raises:
        FleetError: When there is no folder for it, or something is there that is not such a page.
    """
    if not path.parent.is_dir():
        raise FleetError(f"-o {path}: there is no folder {path.parent} to write it into")
    try:
        found = read_regular_file(path)
    except FileNotFoundError:
        return
    except NixgenError as error:
        raise FleetError(f"-o {error}") from None
    except OSError as error:
        raise FleetError(f"-o {path}: cannot be read: {error.strerror}") from None
    if MARKER.encode() not in found[:_BEGINNING]:
        raise FleetError(
            f"-o {path}: it is there, and infra report did not write it: name another file, or "
            "move this one away"
        )


def write_page(path: Path, text: str) -> None:
    """Put a page in its place: all of it, or what was there stays.

    Args:
        path: The file; one that is there has to be a page, too.
        text: The page.

    Raises:
        FleetError: As `check_place` does.
        OSError: When it cannot be written.
    """
    check_place(path)
    write(path, text.encode())
