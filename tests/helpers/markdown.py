"""The code blocks, tables, links and titles of Markdown."""

import re
from collections.abc import Callable, Iterator

from attrs import frozen

_BLOCK = re.compile(r"^(```(\w+)\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)
_SECTION = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)
_PATH = re.compile(r"`([^`\n]+)`[^`]*\Z")
_TITLE = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\((?!http)([^)#]*)(?:#([^)]+))?\)")


@frozen
class Block:
    """A fenced block.

    Attributes:
        language: What stands behind the fence.
        code: What is in the block, with its last newline.
        path: The last code span before it, which names the file that it shows; or nothing.
    """

    language: str
    code: str
    path: str


@frozen
class Example:
    """One block of Python, and the Nix around it.

    Attributes:
        name: The section it is in, and which of the section it is.
        code: The Python.
        shown: Blocks of Nix that follow it, of whose file the path ends in ".nix": what it gives.
        theirs: Other blocks of Nix before it: what people have in their repositories.
    """

    name: str
    code: str
    shown: tuple[Block, ...]
    theirs: tuple[Block, ...]


def blocks(text: str, *languages: str) -> list[Block]:
    """The fenced blocks of a text in these languages, in order; in any, where none is named."""
    found: list[Block] = []
    end = 0
    for match in _BLOCK.finditer(text):
        path = _PATH.search(text, end, match.start())
        if not languages or match[2] in languages:
            found.append(Block(match[2], match[3], path[1] if path else ""))
        end = match.end()
    return found


def code(text: str, *languages: str) -> list[str]:
    """What is in the blocks of these languages."""
    return [block.code for block in blocks(text, *languages)]


def replaced(text: str, become: Callable[[Block], str]) -> str:
    """The text with other code in its fenced blocks."""
    return _BLOCK.sub(lambda m: f"{m[1]}{become(Block(m[2], m[3], ''))}{m[4]}", text)


def examples(text: str, *, files: bool = True) -> Iterator[Example]:
    """The blocks of Python, each with the Nix around it in its section, or in the whole text.

    Args:
        text: The page.
        files: Whether the Nix that Python gives names its file; else it is what comes after it.

    Raises:
        ValueError: When a block of Nix after the last Python names no file.
    """
    before, *parts = _SECTION.split(text)
    sections = zip(("", *parts[::2]), (before, *parts[1::2]), strict=True)
    for title, section in sections:
        python: list[tuple[str, list[Block], tuple[Block, ...]]] = []
        theirs: list[Block] = []
        for block in blocks(section, "python", "nix"):
            if block.language == "python":
                python.append((block.code, [], tuple(theirs)))
                theirs = []
            elif python and (block.path.endswith(".nix") or not files):
                python[-1][1].append(block)
            else:
                theirs.append(block)
        if python and theirs:
            raise ValueError(f"{title}: which file holds this?\n{theirs[0].code}")
        for number, (source, shown, others) in enumerate(python, start=1):
            yield Example(f"{title} {number}".strip(), source, tuple(shown), others)


def rows(text: str) -> list[list[str]]:
    """The cells of every row of the tables, heads among them."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def links(text: str) -> list[tuple[str, str]]:
    """Where links lead within a repository: the file, and the anchor in it; either may be empty."""
    return _LINK.findall(text)


def anchors(text: str) -> set[str]:
    """The anchors of the titles."""
    return {re.sub(r"[^a-z0-9]+", "-", title.lower()) for title in _TITLE.findall(text)}
