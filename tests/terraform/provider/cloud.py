"""The cloud of the tests: a JSON file that holds what was created, and what is to go wrong.

    {
      "resources": {"google_compute_instance": {"projects/p/zones/z/instances/n": {…}}},
      "faults": [{"error": "ZONE_RESOURCE_POOL_EXHAUSTED", "zone": "us-central1-c", "times": 1}],
      "images": {"my-images/nixos-unstable": "nixos-image-25-11"},
      "log": ["instances.insert n", …]
    }

Several provider processes work on it at once, so every change happens under a lock and the file is
replaced whole.
"""

import fcntl
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from .values import IMAGE_PROJECTS, Image, relative

State = dict[str, Any]

LINK = "https://www.googleapis.com/compute/v1/"


class ApiError(Exception):
    """What the API, or the provider before asking it, answers instead.

    Attributes:
        detail: What more there is to say.
        state: A resource that was made, all the same.
    """

    def __init__(self, text: str, detail: str = "", state: State | None = None) -> None:
        super().__init__(text)
        self.detail, self.state = detail, state


def bad_request(message: str, reason: str = "badRequest") -> ApiError:
    """A request that the API refuses for what it asks."""
    return ApiError(f"googleapi: Error 400: {message}, {reason}")


def not_found(link: str) -> ApiError:
    """A request that names something that is not there."""
    return ApiError(
        f"googleapi: Error 404: The resource '{relative(link)}' was not found, notFound"
    )


@attrs.frozen
class Cloud:
    """The content of the file, within one transaction.

    Attributes:
        resources: By type and id, all arguments and outputs.
        faults: What is to go wrong; see `fault`.
        images: By project and family, the newest image; where none stands, one that is called after
            the family, as Debian's are.
        log: Every call that changed something, in order.
        last: The last id that was given away, where ids are numbers.
    """

    resources: dict[str, dict[str, State]] = attrs.field(factory=dict)
    faults: list[dict[str, Any]] = attrs.field(factory=list)
    images: dict[str, str] = attrs.field(factory=dict)
    log: list[str] = attrs.field(factory=list)
    last: dict[str, int] = attrs.field(factory=dict)

    def of(self, kind: str) -> dict[str, State]:
        """The resources of type `kind`, by id; they may be changed in place."""
        return self.resources.setdefault(kind, {})

    def find(self, kind: str, link: str) -> State:
        """The resource of type `kind` that `link`, an id or self link, names.

        Raises:
            ApiError: There is none.
        """
        try:
            return self.of(kind)[relative(link)]
        except KeyError:
            raise not_found(link) from None

    def image(self, text: str, own: str) -> str:
        """The link of the image that `text` means now, in project `own` where it names none.

        Raises:
            ApiError: It means none.
        """
        asked = Image.of(text)
        if not (asked.image or asked.family) or "/" in asked.name:
            raise ApiError(f"Could not find image or family {text}")
        google = (of for short, of in IMAGE_PROJECTS.items() if short in asked.name)
        project = asked.project
        if not project:
            project = own if self._has(own, asked.name) else next(google, own)
        name = asked.name
        if asked.family and not (asked.image and self._is_image(project, name)):
            name = self.images.get(f"{project}/{name}", f"{name}-v20260101")
        return f"{LINK}projects/{project}/global/images/{name}"

    def _has(self, project: str, name: str) -> bool:
        return f"{project}/{name}" in self.images or self._is_image(project, name)

    def _is_image(self, project: str, name: str) -> bool:
        """Whether the name is that of an image: it ends in a date, or a family has it."""
        return bool(re.search(r"-v\d{8}$", name)) or any(
            (family.partition("/")[0], image) == (project, name)
            for family, image in self.images.items()
        )

    def fault(self, name: str, zone: str, *, gpus: bool) -> dict[str, Any] | None:
        """The first fault that a request for capacity runs into, or None.

        A fault has `error`, either `ZONE_RESOURCE_POOL_EXHAUSTED` or `QUOTA_EXCEEDED`, and may have
        `zone` and `machine`, which narrow it, `times`, after which it is over, `metric`, the quota
        (`GPUS_ALL_REGIONS` unless told), and `details`, false for the shorter of the two messages
        that a zone without room gives. A quota of GPUs fails machines with a GPU only.
        """
        errors = ["ZONE_RESOURCE_POOL_EXHAUSTED", *(["QUOTA_EXCEEDED"] if gpus else [])]
        return self.struck(*errors, zone=zone, machine=name)

    def struck(self, *errors: str, **asked: Any) -> dict[str, Any] | None:
        """The first fault of some errors that narrows to what is asked for, or None.

        Of Hetzner Cloud there are `resource_unavailable` and `unsupported_location`, which may have
        `name`, `server_type` and `location`, and `resource_limit_exceeded`, which may have `kind`
        (`server`, `primary_ip` …), `name`, and other words in `message`. Each may have `times`.
        """
        for fault in self.faults:
            if (
                fault["error"] in errors
                and fault.get("times") != 0
                and all(fault.get(key, value) == value for key, value in asked.items())
            ):
                if "times" in fault:
                    fault["times"] -= 1
                return fault
        return None


@contextmanager
def opened(path: Path) -> Iterator[Cloud]:
    """The cloud in `path`, for one transaction.

    It is written back after an `ApiError` too: an update can fail half way, and a fault that struck
    has struck.
    """
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = path.read_text() if path.exists() else "{}"
        cloud = Cloud(**json.loads(before))
        try:
            yield cloud
        finally:
            write(path, before, cloud)


def write(path: Path, before: str, cloud: Cloud) -> None:
    """Replace the content of `path`, which was `before`, where it differs."""
    after = json.dumps(attrs.asdict(cloud), indent=1, sort_keys=True)
    if after != before:
        fresh = path.with_suffix(".new")
        fresh.write_text(after)
        fresh.replace(path)


def fingerprint(value: Any) -> str:
    """A short text that differs when `value` does."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def external_address(link: str, taken: set[str], start: int) -> str:
    """The external address that `link` gets at its `start`-th start, the same in every run.

    From 198.18.0.0/15, which is set aside for tests (RFC 2544).
    """
    number = int(fingerprint([link, start]), 16)
    while True:
        octets = (18 + (number >> 16) % 2, (number >> 8) % 256, number % 256)
        address = ".".join(map(str, (198, *octets)))
        if address not in taken:
            return address
        number += 1
