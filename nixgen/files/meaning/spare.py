"""Files that people wrote and that say nothing that is not generated, too."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

from nixgen.files import header
from nixgen.files.meaning.compare import as_module
from nixgen.files.meaning.evaluate import Known, evaluate
from nixgen.files.meaning.term import Meaning, Term, elements, is_data, members, same
from nixgen.frozen import frozen
from nixgen.scan import Node, NotNixError, scan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SECONDS: Final = 20.0
"""How long all files may take."""
LARGEST: Final = 1 << 20
"""Bytes of a file that is looked at: no person writes larger ones."""


@frozen
class Spare:
    """A file that says nothing that is not generated.

    Attributes:
        path: Relative to the root.
        named_by: The files that have its path, and would look for it in vain.
    """

    path: str
    named_by: tuple[str, ...] = ()


def folders(generated: Mapping[str, bytes]) -> frozenset[str]:
    """Return the folders at the top that generated Nix files are in, with slashes after them."""
    return frozenset(
        f"{path.partition('/')[0]}/" for path in generated if "/" in path and _is_nix(path)
    )


def find_spare(
    program: str, generated: Mapping[str, bytes], others: Mapping[str, bytes]
) -> tuple[Spare, ...]:
    """Return the files that say nothing that is not generated, and so could be deleted.

    Those are modules, which are merged, that are data: a file with a function or anything that is
    not known in it says something else. Each value of theirs stands at its path in a generated
    module of the same folder at the top, and each element of a list is in the list there. A file
    that is imported as a value is no module.

    Args:
        program: The path of `nix-instantiate`.
        generated: What each generated file holds.
        others: What each other file holds whose name ends in `.nix`.
    """
    texts = {path: _text(data) for path, data in {**others, **generated}.items() if _is_nix(path)}
    named = _Named(texts)
    tops = folders(generated)
    looked_at = {
        path: text
        for path, text in texts.items()
        if path.startswith(tuple(tops))
        and path not in named.imported
        and not path.startswith(tuple(named.computed))
        and (path in generated or not header.read_header(others[path]))
    }
    if looked_at.keys() <= generated.keys():
        return ()
    outcomes = evaluate(program, [*looked_at.items()], SECONDS)
    said = {top: _Said() for top in tops}
    candidates: dict[str, Meaning] = {}
    for path, outcome in zip(looked_at, outcomes, strict=True):
        if not isinstance(outcome, Known):
            continue
        if path in generated:
            said[_top(path)].add(_of_module(outcome.meaning))
        else:
            candidates[path] = outcome.meaning
    return tuple(
        Spare(path, tuple(sorted(named.by.get(path, ()))))
        for path, meaning in sorted(candidates.items())
        if _is_spare(meaning, said[_top(path)])
    )


def _is_spare(meaning: Meaning, said: _Said) -> bool:
    try:
        module = as_module(meaning)
        return bool(members(module)) and is_data(module) and said.has(module)
    except RecursionError:
        return False


def _top(path: str) -> str:
    return f"{path.partition('/')[0]}/"


def _is_nix(path: str) -> bool:
    return path.endswith(".nix")


def _text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def _of_module(meaning: Meaning) -> Meaning:
    """Return what a generated module says, which may depend on what it is given."""
    if isinstance(meaning, Term) and meaning.tag == "lambda" and meaning.atoms[0] == "open":
        return meaning.parts[0]
    return meaning


class _Said:
    """What modules say together.

    Attributes:
        values: What stands here that is no set and no list, of each module.
        elements: The elements of the lists that stand here.
        members: What is said in the set that stands here; None where none does.
    """

    def __init__(self) -> None:
        self.values: list[Meaning] = []
        self.elements: list[Meaning] | None = None
        self.members: dict[str, _Said] | None = None

    def add(self, meaning: Meaning) -> None:
        if (inner := members(meaning)) is not None:
            self.members = {} if self.members is None else self.members
            for name, each in inner.items():
                self.members.setdefault(name, _Said()).add(each)
        elif (listed := elements(meaning)) is not None:
            self.elements = [*(self.elements or ()), *listed]
        else:
            self.values.append(meaning)

    def has(self, meaning: Meaning) -> bool:
        """Tell whether all that a meaning says is said here."""
        if (inner := members(meaning)) is not None:
            here = self.members
            return here is not None and all(
                name in here and here[name].has(each) for name, each in inner.items()
            )
        if (listed := elements(meaning)) is not None:
            there = self.elements
            return there is not None and all(
                any(same(each, other) for other in there) for each in listed
            )
        return any(same(meaning, other) for other in self.values)


class _Named:
    """The paths that stand in texts.

    Attributes:
        imported: Those that `import` stands before, so that a value is wanted there.
        computed: Folders with a slash after them: something in them is named that is computed.
        by: For each path the files that have it, in any way.
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.imported: set[str] = set()
        self.computed: set[str] = set()
        self.by: dict[str, set[str]] = {}
        for path, text in texts.items():
            try:
                paths = [*_paths(scan(text)[0])]
            except (NotNixError, RecursionError):
                continue
            for before, node, after in paths:
                self._add(path, text, node, imported=before == "import", begun=after == "+")

    def _add(self, path: str, text: str, node: Node, *, imported: bool, begun: bool) -> None:
        literal = text[node.start : node.parts[0].start] if node.parts else node.text
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), literal))
        if node.parts or begun:
            whole = begun or literal.endswith("/")
            folder = target if whole else posixpath.dirname(target)
            self.computed.add(f"{folder}/" if folder not in ("", ".") else "")
            return
        for each in (target, f"{target}/default.nix"):
            if imported:
                self.imported.add(each)
            self.by.setdefault(each, set()).add(path)


def _paths(node: Node) -> Iterator[tuple[str, Node, str]]:
    """Yield each path, with the token before it and the one after it."""
    texts = ["", *(part.text for part in node.parts), ""]
    for place, part in enumerate(node.parts, 1):
        if part.kind == "path":
            yield texts[place - 1], part, texts[place + 1]
        yield from _paths(part)
