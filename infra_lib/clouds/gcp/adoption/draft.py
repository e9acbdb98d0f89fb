"""What an instance says, before anybody knows what the machines of a project have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra_lib.clouds.adoption import Found
from infra_lib.clouds.gcp.adoption.disks import DiskSaid
from infra_lib.clouds.gcp.adoption.notes import Notes
from nixgen.frozen import frozen


@frozen(kw_only=True)
class Draft:
    """What an instance says.

    Attributes:
        found: The instance, with what all sources know of it.
        attributes: Its attributes, with what references come to, where that is known.
        group: All that tells of it, the source that counts first.
        name: Its name.
        own: Whether a stack of the fleet made it.
        fields: The fields of a machine that it alone decides.
        network: The network it is in; None where no source says it.
        labels: Its labels, but for those that the stack writes.
        root_keys: The public keys that let in as root.
        switches: What its metadata says of `SWITCHES`; None for what it does not say.
        boot_disk: What it boots from.
        data_disks: The disks that outlive it.
        sources: What it is made of, the instance first.
        notes: What is noted of it.
        address: The IPv4 address it has now; None for none, or where nobody knows.
    """

    found: Found
    attributes: Mapping[str, Any]
    group: tuple[Found, ...]
    name: str
    own: bool
    fields: Mapping[str, Any]
    network: str | None
    labels: Mapping[str, str]
    root_keys: tuple[str, ...]
    switches: Mapping[str, bool | None]
    boot_disk: DiskSaid
    data_disks: tuple[DiskSaid, ...]
    sources: tuple[Found, ...]
    notes: Notes
    address: str | None = None


SWITCHES = {
    "block-project-ssh-keys": "project_ssh_keys",
    "enable-guest-attributes": "guest_attributes",
    "enable-oslogin": "os_login",
}
"""Keys of metadata that are one for the whole project here, and the fields that say them."""
