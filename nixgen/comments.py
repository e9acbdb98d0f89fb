"""Comments and empty lines: from what is written in an expression to where the tree has them."""

from typing import Any

from nixgen.expr import Commented
from nixgen.tree import Language, Node, Sequence, Trivia, first, towards_first, towards_last


def comment_lines(text: str) -> list[str]:
    """The lines of a comment, without empty ones around them."""
    return [
        line.rstrip()
        for line in text.replace("\r\n", "\n").replace("\r", "\n").strip("\n").split("\n")
    ]


def lines_above(commented: Commented) -> list[str]:
    """The comment lines above a value, without their `# `."""
    return comment_lines(commented.before) if commented.before.strip() else []


def trivia_above(commented: Commented) -> Trivia:
    """What stands above a value: an empty line, comment lines."""
    return [*([None] if commented.blank_before else []), *lines_above(commented)]


def join_trivia(entries: list[Any]) -> list[Any]:
    """Entries with neighbouring trivia joined, and no empty line first, last or beside another."""
    joined: list[Any] = []
    for entry in entries:
        if isinstance(entry, list):
            if joined and isinstance(joined[-1], list):
                last = joined[-1]
            else:
                last = []
                joined.append(last)
            for line in entry:
                if line is not None or (last[-1] is not None if last else len(joined) > 1):
                    last.append(line)
            if not last:
                joined.pop()
        else:
            joined.append(entry)
    if joined and isinstance(joined[-1], list):
        while joined[-1] and joined[-1][-1] is None:
            joined[-1].pop()
        if not joined[-1]:
            joined.pop()
    return joined


def put_above(node: Node, before: Trivia) -> None:
    """Put something before the first token; nothing that starts with it is simple any more."""
    if before:
        starts = list(towards_first(node))
        start = starts[-1]
        start.before = before + start.before
        for each in reversed(starts):
            each.simple = each.is_simple()
        if isinstance(start, Sequence) and not start.entries:
            start.broken = start.absorbable = start.absorbs = True  # nixfmt does so, and keeps it


def take_above(node: Node, *, language: bool) -> Trivia:
    """Take away what stands before the first token, to put it elsewhere.

    Args:
        node: What starts with the token.
        language: Whether the language of a string is taken too.
    """
    before = first(node).before
    if not before:
        return []
    starts = list(towards_first(node))
    split = len(before)
    if not language and isinstance(before[-1], Language):
        split -= 1
    taken, kept = before[:split], before[split:]
    if taken:
        starts[-1].before = kept
        for each in reversed(starts):
            each.simple = each.is_simple()
    return taken


def put_after(node: Node, after: str) -> None:
    """Put a comment after the last token; no call that ends with it is simple any more."""
    if after:
        ends = list(towards_last(node))
        ends[-1].after = after
        for each in reversed(ends):
            each.simple = each.is_simple()
            each.one_line = False
