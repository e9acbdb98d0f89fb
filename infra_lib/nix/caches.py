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
    Str,
    ref,
)

if TYPE_CHECKING:
    from infra_lib.fleet import Fleet
    from nixgen.files.values import FileValue

PATH = "lib/caches.nix"


def files(fleet: Fleet) -> dict[str, FileValue]:
    """Return the file: caches, and from them substituters and public keys."""
    caches = [
        {"url": cache.url, "publicKey": cache.public_key, "priority": cache.priority}
        for cache in fleet.caches
    ]
    priority = ref("cache.priority")
    substituter = BinaryOp(
        "+",
        ref("cache.url"),
        If(BinaryOp("==", priority, None), "", Str("?priority=", Apply("toString", priority))),
    )
    return {
        PATH: Let(
            {"caches": caches},
            AttrSet(
                Inherit("caches"),
                BlankLine(),
                {
                    "substituters": Commented(
                        _each(substituter),
                        before="As nix.settings takes them: the lowest priority is asked first.",
                    ),
                    "publicKeys": _each(ref("cache.publicKey")),
                },
            ),
        )
    }


def _each(body: object) -> Apply:
    return Apply("map", Lambda("cache", body), ref("caches"))
