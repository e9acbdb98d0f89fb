"""How Hetzner Cloud says that it is full, that a limit is reached, or what else it refuses.

Its provider prints an error of the API in one of two shapes: the message, with the code and the
request's id in parentheses; or the same inside a paragraph that has "Error code: …" near its end.
Codes last, and words do not: so it goes by the code, and by words where a code is a general one.

The codes: https://github.com/hetznercloud/hcloud-go/blob/main/hcloud/error.go, and the shapes:
https://github.com/hetznercloud/terraform-provider-hcloud/tree/main/internal/util/hcloudutil.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.clouds.failure import Failure, NoRoom, QuotaExceeded
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from infra_lib.clouds.hetzner.project import HetznerProject

_CODE = re.compile(
    r"\((?P<code>[a-z]+(?:_[a-z]+)*)(?:, [^()\s]+)?\)|\bError code: (?P<told>[a-z]+(?:_[a-z]+)*)"
)
_SERVER = re.compile(r"hcloud_server\.(?P<name>[-\w]+)")
_NO_ROOM = {"resource_unavailable", "placement_error"}
# Both a lack of stock and a type that is never sold there.
_NOT_THERE = re.compile(r"\bunsupported location for server type\b", re.IGNORECASE)
_LIMIT = re.compile(
    r"(?P<what>primary ip|floating ip|dedicated core|placement group|load balancer|ssh key|[a-z]+)"
    r" limit (?:exceeded|reached)",
    re.IGNORECASE,
)
_INITIALS = re.compile(r"\b(?:ip|ssh)\b", re.IGNORECASE)


@frozen
class Refused(Failure):
    """What Hetzner Cloud refuses, for a reason that a person can do something about.

    Attributes:
        remedy: What to do, as the end of a sentence that begins with what it is about.
    """

    remedy: str


# What an API's code means, and what helps.
_BY_CODE = {
    "uniqueness_error": (
        "the project has one of that name, which this stack's state does not know: import it, "
        "rename or delete it there, or HCLOUD_TOKEN is another project's"
    ),
    "protected": (
        "it is protected: deploy it with deletion_protection=False, a volume or a network with "
        "delete_protection=False, and then once more to delete it. Terraform does not lift a "
        "protection by itself"
    ),
    "placement_group_member_limit_reached": (
        "its placement group is full, for one holds ten servers: name another placement_group"
    ),
    "unauthorized": (
        "Hetzner does not know the token in HCLOUD_TOKEN: it has been deleted, or is mistyped; "
        "make another in the console, under the project's Security"
    ),
    "token_readonly": (
        "the token in HCLOUD_TOKEN may only read: make one that may read and write, in the "
        "console, under the project's Security"
    ),
    "forbidden": "the token in HCLOUD_TOKEN may not do that: make one that may read and write",
    "rate_limit_exceeded": (
        "the project has had its 3600 requests of this hour: deploy again in some minutes"
    ),
    "must_be_unassigned": (
        "a server has that address, which Terraform's state does not know: terraform apply "
        "-refresh-only in the stack's folder, or the same of tofu, tells it; then deploy again"
    ),
    "locked": "Hetzner still does something else with it: deploy again in a minute",
    "conflict": "Hetzner still does something else with it: deploy again in a minute",
    "resource_locked": "Hetzner has locked it: ask its support why",
    "maintenance": "Hetzner maintains what it needs: deploy again later",
    "no_space_left_in_location": "its location has no room for volumes: deploy again later",
    "invalid_server_type": (
        "no server can have that server_type instead of the one that it has: it is deprecated, its "
        "disk is smaller, or it is of another architecture"
    ),
    "ip_not_available": "another server has that address in its private network: name a free one",
}

# What the general codes, and the provider itself, say in words.
_BY_WORDS = (
    (
        re.compile(r"\bSSH key not unique\b", re.IGNORECASE),
        "the project has this key already, and takes none twice: leave it out of ssh_keys, and "
        "give the name that it has there in ssh_key_names",
    ),
    (
        re.compile(r"\bSSH key not found\b", re.IGNORECASE),
        "the project has no key of that name: ssh_key_names are the names of keys that it has, as "
        "its console spells them",
    ),
    (
        re.compile(r"\bis unavailable in .+ and can no longer be ordered\b"),
        "that server_type is no longer sold there, and no waiting helps: name another server_type "
        "or another location",
    ),
    (
        re.compile(r"\bserver type '?\"?[-\w]+\"?'? not found\b"),
        "Hetzner Cloud has no server_type of that name, or no longer has one",
    ),
    (
        re.compile(r"\blocation '?\"?[-\w]+\"?'? not found\b"),
        "Hetzner Cloud has no location of that name",
    ),
    (
        re.compile(r"\bremoving a running server from a placement group\b"),
        "a server leaves its placement group, for another too, only while it is powered off: "
        "hcloud server shutdown NAME, deploy, then hcloud server poweron NAME",
    ),
    (
        re.compile(r"\bentered token is invalid\b|\bmust be exactly 64 characters\b"),
        "HCLOUD_TOKEN is no API token of Hetzner Cloud, which has 64 characters",
    ),
    (
        re.compile(r"\bMissing Hetzner Cloud API token\b"),
        "HCLOUD_TOKEN is not set: it holds the API token of the project",
    ),
)


def failure(address: str, text: str) -> Failure | None:
    """Return what an error of Hetzner's provider means; None where it may be anything.

    Args:
        address: What it is about, as Terraform names it.
        text: What Terraform says, in one line.
    """
    codes = [each["code"] or each["told"] for each in _CODE.finditer(text)]
    if "resource_limit_exceeded" in codes:
        return QuotaExceeded(address, text, _limited(text), None, None)
    if _SERVER.fullmatch(address) and (_NOT_THERE.search(text) or _NO_ROOM & {*codes}):
        return NoRoom(address, text)
    for words, remedy in _BY_WORDS:
        if words.search(text):
            return Refused(address, text, remedy.replace("NAME", subject(address)))
    known = next((code for code in codes if code in _BY_CODE), None)
    return None if known is None else Refused(address, text, _BY_CODE[known])


def advice(failure: Failure, project: HetznerProject | None) -> str | None:
    """Return what to do about a limit or a refusal, in one line; None for any other failure.

    Args:
        failure: What went wrong.
        project: The fleet's project.
    """
    if isinstance(failure, Refused):
        return f"{subject(failure.address)}: {failure.remedy}"
    if isinstance(failure, QuotaExceeded):
        return _limit(failure, project)
    return None


def subject(address: str) -> str:
    """Return what to call a resource: a server by its name, all else as Terraform does."""
    server = _SERVER.fullmatch(address)
    if server:
        return server["name"]
    return "Hetzner Cloud" if address.startswith("provider[") else address


def _limit(failure: QuotaExceeded, project: HetznerProject | None) -> str:
    named = f" {project.name}" if project is not None and project.name else ""
    what = failure.metric or ""
    limit = f"the project's limit of {what}" if what else "a limit of the project's"
    less = {
        "primary IPs": "; an IPv4 address and an IPv6 network count as one each, those of machines "
        "that are off too: ipv4=False or ipv6=False does without one",
        "servers": "; enabled=False of another machine makes room for one",
    }
    return (
        f"{subject(failure.address)} would exceed {limit}, so another location or another try is "
        f"no help: see the limits of the project{named} in Hetzner's console, which alone tells "
        f"them, and ask for more there{less.get(what, '')}"
    )


def _limited(text: str) -> str | None:
    """Return what is limited: "servers", "primary IPs"; None where that is not said."""
    found = _LIMIT.search(text)
    if found is None or found["what"].lower() == "resource":
        return None
    return _INITIALS.sub(lambda each: each[0].upper(), found["what"].lower()) + "s"
