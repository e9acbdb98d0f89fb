"""`lib/caches.nix`: the binary caches as data, for any file that imports it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nixgen.expr import (
    Apply,
    AttrSet,
    BinaryOp,
    BlankLine,
    Commented,
    If,
    Inherit,
    Lambda,
    Let,
    Select,
    Str,
    ref,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.fleet import Fleet
    from infra_lib.model.caches import BinaryCache
    from nixgen.expr import Value
    from nixgen.files.values import FileValue

PATH = "lib/caches.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file: the caches of all machines, and from them substituters and public keys."""
    caches = [cache for cache in fleet.caches if cache.everywhere]
    return {
        PATH: Let(
            {"caches": [_data(cache) for cache in caches]},
            AttrSet(
                Inherit("caches"),
                BlankLine(),
                {
                    "substituters": Commented(
                        _of_each("map", _substituter(caches)),
                        before="As nix.settings takes them: the lowest priority is asked first.",
                    ),
                    "publicKeys": _public_keys(caches),
                },
            ),
        )
    }


def settings(caches: Iterable[BinaryCache]) -> dict[str, Value]:
    """Return what `nix.settings` says of caches, but of NixOS's own, which it appends itself."""
    caches = tuple(caches)
    return {
        "substituters": [cache.substituter for cache in caches if not cache.nixos_own],
        "trusted-public-keys": public_keys(caches),
    }


def public_keys(caches: Iterable[BinaryCache]) -> list[str]:
    """Return the keys of caches, each once: a mirror has the key of what it mirrors."""
    return list(dict.fromkeys(key for cache in caches for key in cache.public_keys))


def _data(cache: BinaryCache) -> dict[str, Value]:
    keys = cache.public_keys
    of_keys = {"publicKey": keys[0]} if len(keys) == 1 else {"publicKeys": list(keys)}
    return {"url": cache.url, **of_keys, "priority": cache.priority}


def _substituter(caches: list[BinaryCache]) -> Value:
    priority = ref("cache.priority")
    parameter: Value = Str("?priority=", Apply("toString", priority))
    if any("?" in cache.url for cache in caches if cache.priority is not None):
        bare = BinaryOp("==", Apply("builtins.match", ".*[?].*", ref("cache.url")), None)
        parameter = BinaryOp("+", If(bare, "?", "&"), Str("priority=", Apply("toString", priority)))
    return BinaryOp("+", ref("cache.url"), If(BinaryOp("==", priority, None), "", parameter))


def _public_keys(caches: list[BinaryCache]) -> Value:
    if all(len(cache.public_keys) == 1 for cache in caches):
        return _of_each("map", ref("cache.publicKey"))
    several = Select("cache", "publicKeys", default=[ref("cache.publicKey")])
    return _of_each("builtins.concatMap", several)


def _of_each(function: str, body: Value) -> Apply:
    return Apply(function, Lambda("cache", body), ref("caches"))
