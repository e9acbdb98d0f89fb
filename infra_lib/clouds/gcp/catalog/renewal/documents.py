"""The lists that gcloud prints, and what is in the fields of a resource."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.model.errors import FleetError, field_error
from infra_lib.model.json_text import read_documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def read_lists(
    files: Iterable[tuple[str, bytes]], kind: str, source: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the resources of one kind that gcloud lists, each with the file that it is from.

    Args:
        files: What to call each in messages, and what it holds.
        kind: What the resources are, as their `kind` says after "compute#".
        source: What prints such a file.

    Raises:
        FleetError: When one holds no such list, or an empty one.
    """
    for where, data in files:
        yield from ((where, each) for each in _list(data, where, kind, source))


def _list(data: bytes, where: str, kind: str, source: str) -> list[dict[str, Any]]:
    found: list[Any] = []
    for document in read_documents(data, where):
        if not isinstance(document, list):
            raise FleetError(f"{where}: a list is wanted, as {source} prints it")
        found += document
    if not found:
        raise FleetError(f"{where}: an empty list; {source} prints what there is")
    for each in found:
        if not isinstance(each, dict) or each.get("kind", f"compute#{kind}") != f"compute#{kind}":
            given = each.get("kind") if isinstance(each, dict) else each
            raise field_error(where, "kind", given, f'"compute#{kind}", as {source} prints it')
    return found


def text_field(resource: dict[str, Any], name: str, where: str) -> str:
    """Return a field of a resource that holds text; of an address, what follows the last slash.

    Raises:
        FleetError: When it is not there, or not text.
    """
    value = resource.get(name)
    if not isinstance(value, str) or not value:
        raise field_error(where, name, value, "text is wanted")
    return value.rpartition("/")[2]


def count_field(resource: dict[str, Any], name: str, where: str) -> int:
    """Return a field of a resource that holds a number of things, 1 or more.

    Raises:
        FleetError: When it is not there, or not such a number.
    """
    value = resource.get(name)
    if type(value) is not int or value < 1:
        raise field_error(where, name, value, "a whole number, 1 or more, is wanted")
    return value
