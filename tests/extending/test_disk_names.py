"""Disks in layouts are named as the installer knows them."""

import re

from tests.helpers import CHECKOUT


def test_layouts_name_no_disk_as_only_googles_udev_rules_do() -> None:
    layout = re.compile(r'"device": "(/dev/[^"]+)"')
    devices = [
        device
        for path in (CHECKOUT / "docs").glob("*.md")
        for device in layout.findall(path.read_text())
    ]
    assert devices
    assert not [device for device in devices if device.startswith("/dev/disk/by-id/google-")]
