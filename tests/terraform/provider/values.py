"""Values as Terraform's protocol carries them: msgpack, extended by what is not known yet."""

from typing import Any

import msgpack  # type: ignore[import-untyped]


class Unknown:
    """The one value that stands for "known after apply"."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


def pack(value: Any) -> bytes:
    """`value` as msgpack."""
    packed: bytes = msgpack.packb(value, default=_unknown)
    return packed


def unpack(data: bytes) -> Any:
    """The value in `data`. Refinements of unknown values (a prefix, a range) are dropped."""
    return msgpack.unpackb(data, ext_hook=lambda _code, _data: UNKNOWN)


def _unknown(value: Any) -> Any:
    if value is UNKNOWN:
        return msgpack.ExtType(0, b"\x00")
    raise TypeError(f"{value!r} has no place in a Terraform value")


def last(link: str) -> str:
    """The name that a self link ends in, or `link` where it is a name already."""
    return link.rsplit("/", 1)[-1]


def relative(link: str) -> str:
    """A self link from `projects/` on."""
    start = link.find("projects/")
    return link[start:] if start >= 0 else link


def same_link(old: Any, new: Any) -> bool:
    """Whether a name or link in the configuration means the link that the API answered with."""
    if not isinstance(old, str) or not isinstance(new, str):
        return False
    return last(old) == new if "/" not in new else relative(old) == relative(new)


def same_image(old: Any, new: Any) -> bool:
    """Whether `new`, an image or an image family, is where the image `old` came from.

    Google's provider compares them the same way: a newer image in the family is no change.
    """
    if not isinstance(old, str) or not isinstance(new, str):
        return False
    project, _, image = new.removeprefix("projects/").replace("/global/images/", "/").partition("/")
    return f"/{project}/" in old and last(old).startswith(last(image))
