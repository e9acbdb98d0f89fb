"""The disks of an instance that is there: the one it boots from, and those that outlive it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.adoption import Found, blocks
from infra_lib.clouds.gcp.adoption.leftover import leftover, unsaid
from infra_lib.clouds.gcp.adoption.sources import Sources, boot_disk_of, is_own
from infra_lib.clouds.gcp.adoption.values import (
    block,
    flag,
    is_nothing,
    last,
    literal,
    number,
    referred,
    text,
)
from infra_lib.clouds.gcp.disks import BootDisk, DataDisk, included_performance
from infra_lib.clouds.gcp.readings import DISK
from infra_lib.model.errors import FleetError, shown
from infra_lib.model.reference import Reference
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from infra_lib.clouds.gcp.adoption.notes import Notes
    from infra_lib.clouds.gcp.catalog import MachineType

_LISTS = "give the output of `gcloud compute disks list --format=json` beside it"
_USUAL_GB = 10
_USUAL_TYPE = "pd-standard"
_DEVICE = "persistent-disk-0"


@frozen
class DiskSaid:
    """What is said of a disk, as the fields of its class.

    Attributes:
        fields: The fields but for the key.
        kms_key: The key that encrypts it; None for Google's own.
        found: The disk; None where nothing tells of it but its instance.
    """

    fields: Mapping[str, Any]
    kms_key: str | None
    found: Found | None = None


def key_of(value: object) -> str | None:
    """Return a key of Cloud KMS, without the version that Compute Engine uses."""
    key = text(value)
    if key is None or isinstance(key, Reference):
        return key
    return key.partition("/cryptoKeyVersions")[0]


def boot_disk(
    attributes: Mapping[str, Any],
    first: Found,
    sources: Sources,
    entry: MachineType | None,
    notes: Notes,
    *,
    own: bool,
) -> DiskSaid:
    """Return what is said of the disk that an instance boots from.

    Args:
        attributes: What is known of the instance.
        first: The source that counts: an image is taken as somebody wrote it.
        sources: All that was found.
        entry: What the catalogue knows of the machine type; None for nothing.
        notes: What is guessed.
        own: Whether a stack of the fleet made the instance.
    """
    boot = block(attributes.get("boot_disk"))
    made = block(boot.get("initialize_params"))
    disk = boot_disk_of(sources, notes.found)
    more: Mapping[str, Any] = {} if disk is None else disk.attributes
    usual = BootDisk() if entry is None else BootDisk().of(entry)
    fields: dict[str, Any] = {}
    size = number(made.get("size")) or number(more.get("size"))
    if size is None:
        size = _USUAL_GB
        what = f"no source says the size; {_USUAL_GB} GB is that of most images; of a larger one, "
        what += "the first deployment would make the machine anew"
        notes.guess("boot_disk", what, _LISTS)
    fields["size_gb"] = size
    kind = text(made.get("type")) or text(more.get("type"))
    if kind is None:
        taken = entry.boot_disk_types if entry is not None else None
        if taken is None or _USUAL_TYPE in taken:
            kind = _USUAL_TYPE
        what = f"no source says the type; {kind or usual.type} is Compute Engine's own choice; "
        what += "of another, the first deployment would make the machine anew"
        notes.guess("boot_disk", what, _LISTS)
    if kind is not None and last(kind) != usual.type:
        fields["type"] = last(kind)
    raw = block(block(first.attributes.get("boot_disk")).get("initialize_params"))
    image = None if first.exists or not raw.get("image") else text(made.get("image"))
    if image is not None and image != usual.image:
        _take_image(fields, image, notes, own=own)
    path = "boot_disk[0].initialize_params[0]"
    _note_performance(made, last(kind) if kind else usual.type, size, path, notes.found, notes)
    said = block(more.get("disk_encryption_key")).get("kms_key_self_link")
    return DiskSaid(fields, key_of(boot.get("kms_key_self_link")) or key_of(said), disk)


def _note_performance(
    said: Mapping[str, Any], kind: str, size_gb: int, path: str, found: Found, notes: Notes
) -> None:
    """Note performance of a disk that is not what the price of its size has in it."""
    included = included_performance(kind, size_gb)
    for name in ("provisioned_iops", "provisioned_throughput"):
        value = number(said.get(name))
        if value and value != included.get(name):
            what = f"{path}.{name}={value}" if path else f"{name}={value}"
            notes.item(f"{what}: no field says it; it stays as it is, and costs more", of=found)


def _take_image(fields: dict[str, Any], image: str, notes: Notes, *, own: bool) -> None:
    leads = referred(image)
    elsewhere = leads is None or not leads[0].startswith("google_")
    if isinstance(image, Reference) and elsewhere and not own:
        what = "comes from elsewhere in the configuration, and counts only when it is made anew"
        notes.item(f"boot_disk.initialize_params.image={shown(str(image))}: {what}: Debian then")
        return
    fields["image"] = image


def check_device(attributes: Mapping[str, Any], boot_device: str, notes: Notes) -> None:
    """Note where NixOS would look for another boot disk than there is.

    Args:
        attributes: What is known of the instance.
        boot_device: The boot disk as the installer finds it.
        notes: What is noted.
    """
    device = literal(block(attributes.get("boot_disk")).get("device_name"))
    if device and device != _DEVICE and _DEVICE in boot_device:
        notes.item(
            f"boot_disk.device_name={shown(device)}: NixOS looks for the boot disk at "
            f"{boot_device}, and this one has another name there",
            f"give the machine a layout with /dev/disk/by-id/google-{device}: disko=…",
        )


def data_disks(
    attributes: Mapping[str, Any],
    sources: Sources,
    entry: MachineType | None,
    fleet: str,
    notes: Notes,
) -> tuple[DiskSaid, ...]:
    """Return what is said of the disks that are attached to an instance."""
    disks: dict[str, DiskSaid] = {}
    for path, value, near in _attached(attributes, sources, notes):
        found = sources.named(DISK, value, near)
        if found is None:
            told = shown(str(value)) if isinstance(value, str) else shown(value)
            regional = isinstance(value, str) and (
                "/regions/" in value or "google_compute_region_disk" in value
            )
            notes.item(
                f"{path}={told}: a regional disk, for which there is no field; it is taken off "
                "the machine by the first deployment"
                if regional
                else f"{path}={told}: the disk itself was not found, so its size and type are not "
                "known; without it the first deployment takes it off the machine",
                "" if regional else _LISTS,
            )
            continue
        said = _data_disk(found, entry, fleet, notes)
        if said is not None:
            disks.setdefault(said.fields["name"], said)
    return tuple(disks.values())


def _attached(
    attributes: Mapping[str, Any], sources: Sources, notes: Notes
) -> Iterator[tuple[str, object, Found]]:
    """Yield what names each attached disk, where that stands, and whose argument it is."""
    given = attributes.get("attached_disk")
    if not isinstance(given, list | tuple | Mapping | None):
        notes.item(f"attached_disk={shown(given)}: Terraform has blocks there, so it is not read")
    for index, each in enumerate(blocks(given)):
        yield f"attached_disk[{index}].source", each.get("source"), notes.found
        for name in ("mode", "force_attach", "disk_encryption_key_raw", "disk_encryption_key_rsa"):
            usual = {"mode": "READ_WRITE"}.get(name)
            if not is_nothing(each.get(name)) and each.get(name) != usual:
                path = f"attached_disk[{index}].{name}"
                notes.items.append(unsaid(notes.found, path, f"attached_disk.{name}", each[name]))
    for attachment in sources.attached_to(notes.found):
        yield "disk", attachment.attributes.get("disk"), attachment


def _data_disk(
    found: Found, entry: MachineType | None, fleet: str, notes: Notes
) -> DiskSaid | None:
    attributes = found.attributes
    name, size = literal(attributes.get("name")), number(attributes.get("size"))
    if name is None or size is None:
        lacking = "name" if name is None else "size"
        what = f"its {lacking} is not known, so it cannot be described"
        notes.item(f"disk: {what}; without it the first deployment takes it off", _LISTS, of=found)
        return None
    fields: dict[str, Any] = {"name": name, "size_gb": size}
    kind = last(text(attributes.get("type")) or _USUAL_TYPE)
    if entry is None or kind != entry.series.default_disk_type:
        fields["type"] = kind
    if not _guards(found, fleet, told="lifecycle" in notes.found.attributes):
        fields["prevent_destroy"] = False
    key = key_of(block(attributes.get("disk_encryption_key")).get("kms_key_self_link"))
    try:
        DataDisk(**fields, kms_key=key)
    except FleetError as error:
        what = f"the disk cannot be described: {error}; the first deployment takes it off"
        notes.item(what, of=found)
        return None
    _note_performance(attributes, kind, size, "", found, notes)
    notes.items += leftover(found)
    return DiskSaid(fields, key, found)


def _guards(found: Found, fleet: str, *, told: bool) -> bool:
    """Whether Terraform is to refuse to destroy a disk; of one of the fleet's, as it was told.

    Args:
        found: The disk.
        fleet: The fleet's name.
        told: Whether the source tells of lifecycles.
    """
    if found.exists or not told or not is_own(found, fleet):
        return True
    return flag(block(found.attributes.get("lifecycle")).get("prevent_destroy")) is True
