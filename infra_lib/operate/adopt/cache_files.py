"""Binary caches: `lib/caches.nix` or a flake's `nixConfig`, evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.adoption import Item
from infra_lib.model.caches import BinaryCache
from infra_lib.model.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SUBSTITUTERS = ("extra-substituters", "substituters")
_KEYS = ("extra-trusted-public-keys", "trusted-public-keys", "publicKeys", "public-keys")


def read_caches(document: Any, where: str) -> tuple[list[BinaryCache], list[Item]]:
    """Return the caches that a file tells, in its order.

    Args:
        document: The JSON: a list of caches, each with `url` and `publicKey`; an object that holds
            one as `caches`; or substituters and public keys, as `nixConfig` has them.
        where: What to call it in messages.

    Returns:
        The caches, and what the report says.

    Raises:
        FleetError: When it is none of these.
    """
    if isinstance(document, Mapping) and isinstance(document.get("nixConfig"), Mapping):
        document = document["nixConfig"]
    listed = document.get("caches") if isinstance(document, Mapping) else document
    items: list[Item] = []
    if isinstance(listed, Mapping):  # by name
        listed = list(listed.values())
    if isinstance(listed, list):
        found = (_fields(each, f"{where}: caches[{n}]") for n, each in enumerate(listed))
        return [*_made(found, where, items)], items
    if isinstance(document, Mapping) and any(name in document for name in _SUBSTITUTERS):
        urls = _texts(document, _SUBSTITUTERS, where)
        keys = _texts(document, _KEYS, where)
        return [*_made(_paired(urls, keys, where, items), where, items)], items
    raise FleetError(
        f"{where}: these are no caches: what lib/caches.nix evaluates to, "
        '{"caches": [{"url": "https://…", "publicKey": "…"}]}, or a nixConfig is accepted'
    )


def _fields(given: Any, where: str) -> dict[str, Any]:
    if isinstance(given, str):
        return {"url": given, "public_key": ()}
    if not isinstance(given, Mapping) or not isinstance(given.get("url"), str):
        raise FleetError(f"{where}: an object with url and publicKey is wanted")
    keys = given.get("publicKeys", given.get("publicKey", given.get("key")))
    return {
        "url": given["url"],
        "public_key": tuple(keys) if isinstance(keys, list) else keys or (),
        "priority": given.get("priority"),
    }


def _made(found: Iterable[dict[str, Any]], where: str, items: list[Item]) -> Iterator[BinaryCache]:
    for fields in found:
        try:
            yield BinaryCache(**fields)
        except FleetError as error:
            do = "give it what it lacks in Fleet(caches=…), or leave it out"
            items.append(Item(kind="left", where=where, what=str(error), do=do))


def _paired(
    urls: list[str], keys: list[str], where: str, items: list[Item]
) -> Iterator[dict[str, Any]]:
    """Yield each cache with its key, as far as their names tell which goes with which."""
    left = list(keys)
    pairs: list[tuple[str, str | None]] = []
    for url in urls:
        host = url.partition("://")[2].partition("?")[0].strip("/").lower()
        mine = [key for key in left if _is_of(key.partition(":")[0].lower(), host)]
        key = min(mine, key=lambda each: len(each.partition(":")[0]), default=None)
        if key is not None:
            left.remove(key)
        pairs.append((url, key))
    # The rest go together by their order, where there are as many of each.
    lacking = [url for url, key in pairs if key is None]
    by_order = dict(zip(lacking, left, strict=True)) if len(lacking) == len(left) else {}
    for url, key in by_order.items():
        what = f"{url} is taken to sign with {key.partition(':')[0]}, by the order of both lists"
        items.append(Item(kind="guessed", where=where, what=what, do="see that it is so"))
    for key in () if by_order else left:
        what = f"the public key {key.partition(':')[0]} goes with none of the substituters"
        do = "name it in public_key of the cache that signs with it: a cache may have several"
        items.append(Item(kind="left", where=where, what=what, do=do))
    for url, key in pairs:
        address, priority = _priority(url)
        known = key or by_order.get(url)
        yield {"url": address, "public_key": known or (), "priority": priority}


def _is_of(name: str, host: str) -> bool:
    """Whether a key's name is that of a host: "cache.nixos.org-1" of "cache.nixos.org"."""
    stem, _, number = name.rpartition("-")
    return host in (name, stem if number.isdigit() else name) or name.startswith(f"{host}-")


def _priority(url: str) -> tuple[str, int | None]:
    """Return an address without the priority that it ends with, and that."""
    for mark in ("?priority=", "&priority="):
        address, found, number = url.partition(mark)
        if found and number.isdigit():
            return address, int(number)
    return url, None


def _texts(given: Mapping[str, Any], names: tuple[str, ...], where: str) -> list[str]:
    texts: list[str] = []
    for name in names:
        value = given.get(name, [])
        value = value.split() if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise FleetError(f"{where}: {name}: a list of texts is wanted")
        texts += value
    return list(dict.fromkeys(texts))
