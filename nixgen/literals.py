"""Names, strings, numbers and paths as Nix spells them."""

import re
from collections.abc import Iterator
from pathlib import PurePath
from sys import float_info

from nixgen.expr import LEAST, check_scalar, check_text, is_identifier

_ESCAPED = r'["\\\n\r\t]|\$(?=\{)'
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "$": "\\$"}
_PATH_STEP = r"[A-Za-z0-9._+-]+"
_INDENTED = r"'+|\$\{|\r"


def escape(text: str, *, before_interpolation: bool = False) -> str:
    r"""Text as it stands between double quotes.

    Args:
        text: The text, which `check_text` has let through.
        before_interpolation: Whether `${` follows, which a `$` at the end would spoil.
    """
    text = re.sub(_ESCAPED, lambda found: _ESCAPES[found[0]], text)
    return text[:-1] + r"\$" if before_interpolation and text.endswith("$") else text


def escape_indented(text: str, *, before_interpolation: bool = False, last: bool = False) -> str:
    r"""Text without line ends as it stands in an indented string.

    Args:
        text: The text, which `check_text` has let through.
        before_interpolation: Whether `${` follows, which a `$` at the end would spoil.
        last: Whether the closing `''` follows, which a `'` at the end would spoil.
    """
    dollar = before_interpolation and text.endswith("$")
    text = text[:-1] if dollar else text

    def replace(found: re.Match[str]) -> str:
        special = found[0]
        if special == "\r":
            return r"''\r"
        if special == "${":
            return "''${"
        pairs, single = divmod(len(special), 2)
        if not single:
            return "'''" * pairs
        end = found.end()
        exposed = (last or dollar) if end == len(text) else text.startswith(("${", "\r"), end)
        return "'''" * pairs + (r"''\'" if pairs or exposed else "'")

    return re.sub(_INDENTED, replace, text) + ("''$" if dollar else "")


def string(text: str) -> str:
    """A string in double quotes.

    Raises:
        NixError: It holds what Nix cannot.
    """
    if not text.isprintable() or '"' in text or "\\" in text or "${" in text:
        check_text(text, "the string")
        text = escape(text)
    return '"' + text + '"'


def name(text: str) -> str:
    """An attribute name, in quotes where Nix needs them.

    Raises:
        NixError: It holds what Nix cannot.
    """
    return text if is_identifier(text) else string(text)


def number(value: float) -> str:
    """An integer or float, with a minus if it is negative; empty if it takes an operation.

    Nix reads the minus apart, so the least integer has no literal; nor has a float too small to be
    normal, which Nix calls out of range.

    Raises:
        NixError: Nix has no such number.
    """
    check_scalar(value)
    if value == LEAST or 0 < abs(value) < float_info.min:
        return ""
    if isinstance(value, int):
        return int.__repr__(value)
    text = float.__repr__(value)
    return text if "." in text else text.replace("e", ".0e")


def path(value: PurePath) -> Iterator[str | tuple[str]]:
    """The parts of a path literal.

    Yields:
        Text; and a tuple of a text that has to be interpolated, since a literal cannot hold it.

    Raises:
        NixError: Nix has no such path.
    """
    check_scalar(value)
    text = value.as_posix()
    steps = [step for step in text.split("/") if step not in ("", ".")]
    if not text.startswith("/") and not (steps and steps[0] == ".."):
        yield "."
    elif steps and steps[0] == ".." and not text.startswith("/"):
        yield steps.pop(0)
    for step in steps or ["."]:
        yield "/"
        if re.fullmatch(_PATH_STEP, step):
            yield step
        else:
            yield (step,)
