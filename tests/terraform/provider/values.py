"""Values as Terraform's protocol carries them: msgpack, extended by what is not known yet."""

import re
from typing import Any

import attrs
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


def canonical(link: str, project: str, place: str, collection: str) -> str:
    """The id that a link, a part of one from `global/`, `regions/` or `zones/` on, or a name means.

    Args:
        link: What the configuration says.
        project: The project where it names none.
        place: Where a bare name is: `global`, `zones/us-central1-c` …
        collection: What a bare name is of: `networks`, `disks` …
    """
    path = relative(link)
    if path.startswith("projects/"):
        return path
    return f"projects/{project}/{path if '/' in path else f'{place}/{collection}/{path}'}"


def same_link(old: Any, new: Any) -> bool:
    """Whether a name or link in the configuration means the link that the API answered with.

    A link from `projects/` on does, and a bare name; one that starts later (`global/networks/x`)
    does not, as in google's provider.
    """
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(same_link, old, new))
    if not isinstance(old, str) or not isinstance(new, str):
        return False
    return last(old) == new if "/" not in new else relative(old) == relative(new)


def same_name(old: Any, new: Any) -> bool:
    """Whether two links end in the same name, which is all that some arguments compare."""
    return isinstance(old, str) and isinstance(new, str) and last(old) == last(new)


IMAGE_PROJECTS = {
    "centos": "centos-cloud",
    "debian": "debian-cloud",
    "rhel": "rhel-cloud",
    "rocky-linux": "rocky-linux-cloud",
    "sles": "suse-cloud",
    "ubuntu": "ubuntu-os-cloud",
}
"""Google's own projects of images, by what names them for short."""

_IMAGE = re.compile(
    r"(?:(?:.*projects/(?P<project>[^/]+)/)?global/images/(?P<kind>family/)?"
    r"|(?P<alone>family/)|(?P<short>[^/]+)/)?(?P<name>[^/]+)"
)


@attrs.frozen
class Image:
    """What the configuration calls an image.

    Attributes:
        project: The project it is of; empty where none is named.
        name: The name of the image, or of the family.
        image: Whether it may be an image.
        family: Whether it may be a family.
    """

    project: str
    name: str
    image: bool
    family: bool

    @classmethod
    def of(cls, text: str) -> "Image":
        """What `text` means: a link, a part of one, or `project/name`, or a bare name."""
        found = _IMAGE.fullmatch(text)
        if found is None:
            return cls("", text, image=True, family=False)
        project = found["project"] or found["short"] or ""
        family = bool(found["kind"] or found["alone"])
        exact = "global/images/" in text and not family
        return cls(IMAGE_PROJECTS.get(project, project), found["name"], not family, not exact)


def same_image(old: Any, new: Any) -> bool:
    """Whether `new`, an image or an image family, is where the image `old` came from.

    Google's provider compares them so, without asking: an image is of a family when its name
    contains the family's. It knows some families of Google's own that are named otherwise, which
    are left out here.
    """
    if not isinstance(old, str) or not isinstance(new, str) or not old or not new:
        return False
    there, asked = Image.of(old), Image.of(new)
    return asked.project in ("", there.project) and (
        (asked.image and there.name == asked.name)
        or (asked.family and in_family(there.name, asked.name))
    )


def in_family(image: str, family: str) -> bool:
    """Whether an image looks like one of a family; the family says the architecture if it does."""
    architecture = "-arm64" if "-arm64" in image else "-amd64"
    return family.removesuffix(architecture) in image and (
        (architecture in image) == family.endswith(architecture)
    )
