"""Text for a terminal, which acts on some characters instead of showing them."""

import re

# Controls (C0 but for tab and newline, DEL, C1, the separators of lines and paragraphs), what
# reverses the order of other text, what nothing shows (joiners stay: scripts and emoji need them),
# and lone surrogates, which stand for bytes. See https://www.unicode.org/reports/tr36/ and
# https://www.trojansource.codes.
_ACTING = (
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_COLOUR = r"\x1b\[[0-9;:]*m"


def visible(text: str, *, colours: bool = False) -> str:
    r"""Return text with an escape, such as \u001b, for each character that a terminal acts on.

    The escapes are those of JSON: what is JSON stays JSON, of the same value.

    Args:
        text: The text. Newlines and tabs stay.
        colours: Whether what sets a colour or a style stays too.
    """
    return re.sub(f"{_COLOUR}|{_ACTING}" if colours else _ACTING, _escape, text)


def _escape(found: "re.Match[str]") -> str:
    character = found[0]
    return f"\\u{ord(character):04x}" if len(character) == 1 else character
