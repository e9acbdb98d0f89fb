"""What Compute Engine offers and costs: machine types, accelerators, zones and prices."""

from infra_lib.clouds.gcp.catalog.catalog import CATALOG, Catalog
from infra_lib.clouds.gcp.catalog.entries import (
    AcceleratorType,
    AddressPrice,
    DiskPrice,
    MachineType,
    Price,
    Zone,
)
from infra_lib.clouds.gcp.catalog.series import Series

__all__ = [
    "CATALOG",
    "AcceleratorType",
    "AddressPrice",
    "Catalog",
    "DiskPrice",
    "MachineType",
    "Price",
    "Series",
    "Zone",
]
