"""Text that Terraform takes as it is, rather than as a template."""

from __future__ import annotations

import re

from ..reference import Reference

# A cdktf token is a reference that cdktf has yet to write out: nobody types one.
_TEMPLATE = re.compile(r"\$\{TfToken\[[^\]]+\]\}|([$%])\{")


def escape(text: str) -> str:
    """Return text with `${` and `%{` escaped; a `Reference` and cdktf's tokens stay as they are.

    See https://developer.hashicorp.com/terraform/language/expressions/strings#escape-sequences-1.
    """
    if isinstance(text, Reference):
        return text
    return _TEMPLATE.sub(lambda found: f"{found[1]}{found[0]}" if found[1] else found[0], text)
