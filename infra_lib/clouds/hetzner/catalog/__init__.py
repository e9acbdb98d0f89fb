"""What Hetzner Cloud offers and costs: server types, locations and prices."""

from infra_lib.clouds.hetzner.catalog.catalog import CATALOG, HetznerCatalog
from infra_lib.clouds.hetzner.catalog.entries import Location, ServerPrice, ServerType

__all__ = ["CATALOG", "HetznerCatalog", "Location", "ServerPrice", "ServerType"]
