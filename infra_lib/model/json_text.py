"""JSON as people keep and fetch it: a file of ours, and documents one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.model.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def read_text(path: Path | str) -> str:
    """Return the text of a file.

    Raises:
        FleetError: When it cannot be read, or is not UTF-8: it names the file.
    """
    from pathlib import Path

    from nixgen.errors import NixgenError
    from nixgen.regular_file import read_regular_file

    try:
        return read_regular_file(Path(path)).decode()
    except NixgenError as error:  # it names the file
        raise FleetError(str(error)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise FleetError(f"{path}: cannot be read: {reason}") from None


def parse(text: str, where: str) -> Any:
    """Return what a JSON text says, in which no object names anything twice.

    Args:
        text: The text.
        where: What it is called, for the message.

    Raises:
        FleetError: When it is no JSON, or an object has two things of one name.
    """
    import json

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise FleetError(f"{where}: {twice!r} is there twice in one object")
        return found

    try:
        return json.loads(text, object_pairs_hook=once)
    except FleetError:
        raise
    except (ValueError, RecursionError) as error:  # also a number too long for Python
        raise FleetError(f"{where}: no JSON: {error}") from None


def read_documents(data: bytes, where: str) -> list[Any]:
    """Return the JSON documents that a file holds: one, or pages that a loop appended.

    Args:
        data: The file.
        where: What to call it in messages.

    Raises:
        FleetError: When it holds something else, or nothing.
    """
    try:
        text = data.decode()
        found = list(_documents(text))
    except (ValueError, RecursionError) as error:
        raise FleetError(f"{where}: no JSON: {error}") from None
    if not found:
        raise FleetError(f"{where}: it is empty")
    return found


def _documents(text: str) -> Iterator[Any]:
    import json

    decoder, at = json.JSONDecoder(), 0
    while True:
        while at < len(text) and text[at].isspace():
            at += 1
        if at == len(text):
            return
        document, at = decoder.raw_decode(text, at)
        yield document
