"""Which machines a generated file concerns."""

import pytest

from infra_lib.nix.concerned import concerned
from main import fleet

OF_MACHINES = ("modules/machines/", "modules/nixos/", "modules/system/", "modules/clan/", "lib/")
FOUND = concerned(fleet, fleet.nix_files())


@pytest.mark.parametrize(
    ("path", "machines"),
    [
        ("modules/machines/nixos/galena/default.nix", ("galena",)),
        ("modules/nixos/nvidia.nix", ("scheelite",)),
        ("modules/nixos/idle-stop.nix", ("scheelite",)),
        ("modules/clan/inventory/machines.nix", None),
        ("lib/caches.nix", None),
    ],
)
def test_a_file_concerns_the_machines_that_import_it(
    path: str, machines: tuple[str, ...] | None
) -> None:
    assert FOUND[path] == machines


def test_no_part_of_a_machine_is_forgotten() -> None:
    """What `infra diff` says of a machine's configuration depends on it."""
    parts = {path for path in fleet.nix_files() if path.startswith(OF_MACHINES)}
    assert FOUND.keys() == parts
