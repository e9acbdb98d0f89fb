"""How what a person wrote and what is generated for the same path differ in meaning."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from typing import TYPE_CHECKING

from nixgen.files.meaning import nix
from nixgen.files.meaning.compare import Difference, compare
from nixgen.files.meaning.evaluate import TOO_DEEP, Known, Outcome, Unknown, evaluate
from nixgen.frozen import frozen
from nixgen.literals import string
from nixgen.scan import Node, NotNixError, scan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_'-]*")


@frozen
class Pair:
    """A file that a person wrote, where another is generated.

    Attributes:
        path: Where both go, relative to the root.
        yours: What a person wrote.
        generated: What is generated.
    """

    path: str
    yours: str
    generated: str


@frozen
class Verdict:
    """How the two of a pair differ in meaning.

    Attributes:
        differences: What they differ in; none where both say the same, or nobody can tell.
        as_modules: Whether they are compared as modules: one is a function, and one is not.
        unknown: Why nobody can tell; empty where it is known.
    """

    differences: tuple[Difference, ...] = ()
    as_modules: bool = False
    unknown: str = ""


def judge(program: str, pairs: Sequence[Pair]) -> list[Verdict]:
    """Compare each pair by meaning: by evaluating both, or else by how Nix reads both.

    Args:
        program: The path of `nix-instantiate`.
        pairs: What to compare.
    """
    texts = [(pair.path, text) for pair in pairs for text in (pair.yours, pair.generated)]
    outcomes = evaluate(program, texts, explain=True)
    both = zip(outcomes[::2], outcomes[1::2], strict=True)
    return [_judge(program, pair, *each) for pair, each in zip(pairs, both, strict=True)]


def _judge(program: str, pair: Pair, yours: Outcome, generated: Outcome) -> Verdict:
    try:
        if isinstance(yours, Known) and isinstance(generated, Known):
            found = compare(yours.meaning, generated.meaning, posixpath.dirname(pair.path))
            return Verdict(found.differences, found.as_modules)
        return _judge_as_read(program, pair, yours, generated)
    except RecursionError:
        return Verdict(unknown=TOO_DEEP)


def _judge_as_read(program: str, pair: Pair, yours: Outcome, generated: Outcome) -> Verdict:
    names = _names(pair)
    mine, other = (nix.parse(program, _among(names, text)) for text in (pair.yours, pair.generated))
    if mine.printed is not None and mine.printed == other.printed and _same_in_what_is_lost(pair):
        return Verdict()
    if mine.printed is None:
        return Verdict(unknown=mine.problem)
    reasons = [each.reason for each in (yours, generated) if isinstance(each, Unknown)]
    return Verdict(unknown=reasons[0])


def _names(pair: Pair) -> str:
    """Return an expression that has every name of both texts in it."""
    words = sorted({*_WORD.findall(pair.yours), *_WORD.findall(pair.generated)})
    return " ".join(f"x.{string(word)}" for word in words)


def _among(names: str, text: str) -> str:
    """Return a text after names: Nix prints bindings in the order in which it met their names."""
    return f"with {{ }}; [ (x: [ {names} ]) (\n{text}\n) ]"


def _same_in_what_is_lost(pair: Pair) -> bool:
    """Tell whether two texts that Nix prints alike are so in what it does not print.

    It prints six digits of a float, and `"${./x}"`, which is in the store, as `./x`, which is not.
    """
    try:
        lost = [Counter(_lost(scan(text)[0])) for text in (pair.yours, pair.generated)]
    except NotNixError:
        return False
    return lost[0] == lost[1]


def _lost(node: Node) -> Iterator[str]:
    for part in node.parts:
        if part.kind == "number" or part.kind == "${" or part.text == "+":
            yield part.text or part.kind
        yield from _lost(part)
