"""Text that Terraform takes as it is, rather than as a template."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from infra_lib.model.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Callable

_TEMPLATE = re.compile(r"([$%])\{")

# What cdktf looks up wherever a string holds it: a token, which stands for a reference to a text, a
# list or a number until the stack is written, and in a map for any. It fails on one that
# it does not know. Its fork cdktn has them, too.
# See https://github.com/hashicorp/terraform-cdk/tree/main/packages/cdktf/lib/tokens/private.
_TOKEN = re.compile(
    r"""[$\#]\{TfToken\[[a-zA-Z0-9:._-]+\]\}
    | (?P<number>-(?:[0-9]+\.?[0-9]*|\.[0-9]+)e[+-]?[0-9]+)
    | \A(?:String|Any)\ Map\ Token\ Value\Z""",
    re.VERBOSE,
)
_NUMBER_TOKEN = b"\xfd\xff"  # how the double begins that is one
_NOTHING = '${""}'


def escape(text: str, is_known: Callable[[str | float | list[str]], bool]) -> str:
    """Return text with `${` and `%{` escaped; a `Reference` and tokens stay as they are.

    What only looks like a token comes out as the text it is.

    See https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences-1.

    Args:
        text: The text.
        is_known: Whether the framework that writes the text made a token: of a text, a number, or a
            list, as the framework has each.
    """
    if isinstance(text, Reference):
        return text
    written, end = "", 0
    for found in _TOKEN.finditer(text):
        written += _literal(text[end : found.start()])
        if not _is_looked_up(found):
            written += found[0]
        elif is_known(_token(found)):
            written = _apart(written) + found[0]
        else:
            middle = 2 if found[0][1] == "{" else 1
            written += _literal(found[0][:middle]) + _NOTHING + found[0][middle:]
        end = found.end()
    return written + _literal(text[end:])


def _literal(text: str) -> str:
    return _TEMPLATE.sub(r"\1\g<0>", text)


def _apart(before: str) -> str:
    """Return text with its end such that a token that follows becomes a reference of its own.

    A dollar there would escape it, and cdktf takes what follows `${` for a part of an expression.
    """
    stem = before.rstrip("$")
    if stem != before or stem.rfind("${") > stem.rfind("}"):
        return f'{stem}${{"{before[len(stem) :]}"}}'
    return before


def _is_looked_up(found: re.Match[str]) -> bool:
    """Return whether a framework looks up what was found: of numbers, those of some one size."""
    number = found["number"]
    return number is None or struct.pack(">d", float(number)).startswith(_NUMBER_TOKEN)


def _token(found: re.Match[str]) -> str | float | list[str]:
    """Return what was found as a framework has it."""
    written = found[0]
    if found["number"]:
        return float(written)
    return [written] if written[0] == "#" else written
