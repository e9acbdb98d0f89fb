"""What Compute Engine offers and costs: machine types, accelerators, zones and prices."""

from infra_lib.clouds.gcp.catalog.catalog import CATALOG, Catalog
from infra_lib.clouds.gcp.catalog.entries import AcceleratorType, MachineType, Price, Zone
from infra_lib.clouds.gcp.catalog.tables import (
    ACCELERATORS_AS_OF,
    ACCELERATORS_SOURCE,
    MACHINE_TYPES_AS_OF,
    MACHINE_TYPES_SOURCE,
    PRICES_AS_OF,
    PRICES_SOURCE,
)

__all__ = [
    "ACCELERATORS_AS_OF",
    "ACCELERATORS_SOURCE",
    "CATALOG",
    "MACHINE_TYPES_AS_OF",
    "MACHINE_TYPES_SOURCE",
    "PRICES_AS_OF",
    "PRICES_SOURCE",
    "AcceleratorType",
    "Catalog",
    "MachineType",
    "Price",
    "Zone",
]
