"""The examples of a document: the code of each, and the Nix that the document shows it to give."""

import re
from pathlib import Path

from attrs import frozen

CHECKOUT = Path(__file__).resolve().parents[2]

_SECTION = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)
_BLOCK = re.compile(
    r"(?:`(?P<path>[^`\n]+)`[^`]*?)?^```(?P<language>\w+)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@frozen
class Example:
    """One block of Python, and what is shown after it.

    Attributes:
        name: The section it is in, and which of the section it is.
        code: The Python.
        shown: The path of a generated file, and a part of what it holds.
    """

    name: str
    code: str
    shown: tuple[tuple[str, str], ...]


def examples(document: str) -> list[Example]:
    """Return the examples of a document under docs/."""
    text = (CHECKOUT / "docs" / document).read_text()
    _, *parts = _SECTION.split(text)
    found: list[Example] = []
    for title, section in zip(parts[::2], parts[1::2], strict=True):
        code = ""
        shown: list[tuple[str, str]] = []
        count = 0
        for block in _BLOCK.finditer(section):
            if block["language"] == "python":
                if code:
                    found.append(Example(f"{title} {count}", code, tuple(shown)))
                code, shown, count = block["text"], [], count + 1
            elif block["language"] == "nix":
                assert block["path"], f"{title}: which file holds this?\n{block['text']}"
                shown.append((block["path"], block["text"]))
        if code:
            found.append(Example(f"{title} {count}", code, tuple(shown)))
    return found
