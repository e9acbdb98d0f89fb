"""Layouts of boot disks: which of them a BIOS boots from."""

from typing import Any

import pytest

from infra_lib import hybrid_zfs_layout, zfs_layout
from infra_lib.model.disko import bios_disks, devices_of
from nixgen import Apply, Commented, ref

DEVICE = "/dev/disk/by-path/pci-0000:06:00.0-scsi-0:0:0:0"
BIOS = {"BIOS": {"size": "1M", "type": "EF02"}}


def disk(partitions: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "disk", **fields, "content": {"type": "gpt", "partitions": partitions}}


def test_the_hybrid_layout_is_the_other_with_room_for_grub_before_the_esp() -> None:
    plain: Any = zfs_layout(DEVICE, pool="tank", esp_size="2G")
    hybrid: Any = hybrid_zfs_layout(DEVICE, pool="tank", esp_size="2G")
    partitions = hybrid["disk", "primary"]["content"]["partitions"]
    assert list(partitions) == ["BIOS", "ESP", "zfs"]
    assert partitions.pop("BIOS") == {"size": "1M", "type": "EF02"}
    assert hybrid == plain


def test_a_function_is_asked_with_the_device() -> None:
    assert devices_of(hybrid_zfs_layout, DEVICE) == hybrid_zfs_layout(DEVICE)
    assert devices_of({"disk": {}}, DEVICE) == {"disk": {}}
    assert devices_of(None, None) is None


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        (zfs_layout(DEVICE), ()),
        (hybrid_zfs_layout(DEVICE), (DEVICE,)),
        ({"disk": {"a": disk(BIOS, device="/dev/a"), "b": disk({}, device="/dev/b")}}, ("/dev/a",)),
        (
            {
                ("disk", "a"): disk(BIOS, device="/dev/a"),
                ("disk", "b"): disk(BIOS, device="/dev/b"),
            },
            ("/dev/a", "/dev/b"),
        ),
        (
            {
                ("disk", "a", "content", "partitions", "x", "type"): "ef02",
                ("disk", "a", "device"): "d",
            },
            ("d",),
        ),
        (
            {
                "disk": {
                    "a": disk({"x": {"type": "21686148-6449-6e6f-744e-656564454649"}}, device="d")
                }
            },
            ("d",),
        ),
        # A partition of a pool is none of a disk.
        ({"zpool": {"a": disk(BIOS, device="/dev/a")}, "disk": {"a": {"type": "disk"}}}, ()),
        # What is beside the way to partitions may be anything.
        ({"disk": {"a": disk({"x": {"size": ref("size")}}, device=ref("device"))}}, ()),
        ({"zpool": ref("pools")}, ()),
        # An expression on that way may be what a BIOS needs.
        (ref("layout"), None),
        ({"disk": Apply("disks", DEVICE)}, None),
        ({("disk", "a", "content"): Commented({}, before="Nothing.")}, None),
        ({"disk": {"a": disk(BIOS), "b": disk({})}}, None),
        ({"disk": {"a": disk({"x": {"type": ref("type")}}, device="d")}}, None),
        # One that is found is enough.
        ({"disk": {"a": disk(BIOS, device="d"), "b": ref("other")}}, ("d",)),
    ],
)
def test_the_disks_that_a_bios_boots_from_are_found(layout: Any, expected: Any) -> None:
    assert bios_disks(layout) == expected
