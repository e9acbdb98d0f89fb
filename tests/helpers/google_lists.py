"""What gcloud and the Cloud Billing Catalog API print, in its true shape."""

from typing import Any

SERVICE = "services/6F81-5844-456A"


def sku(
    description: str,
    usd: str,
    *,
    group: str = "CPU",
    family: str = "Compute",
    usage: str = "OnDemand",
    regions: tuple[str, ...] = ("us-central1",),
    unit: str = "h",
    day: str = "2026-11-20",
) -> dict[str, Any]:
    """A SKU that costs so many USD, written with a point, per unit."""
    units, _, rest = usd.partition(".")
    number = f"{abs(hash((description, usage, regions))):012X}"
    identity = "-".join((number[:4], number[4:8], number[8:12]))
    return {
        "name": f"{SERVICE}/skus/{identity}",
        "skuId": identity,
        "description": description,
        "category": {
            "serviceDisplayName": "Compute Engine",
            "resourceFamily": family,
            "resourceGroup": group,
            "usageType": usage,
        },
        "serviceRegions": [*regions],
        "pricingInfo": [
            {
                "summary": "",
                "pricingExpression": {
                    "usageUnit": unit,
                    "displayQuantity": 1,
                    "tieredRates": [
                        {
                            "startUsageAmount": 0,
                            "unitPrice": {
                                "currencyCode": "USD",
                                "units": units,
                                "nanos": int(rest.ljust(9, "0")),
                            },
                        }
                    ],
                    "usageUnitDescription": unit,
                    "baseUnit": "s",
                    "baseUnitDescription": "second",
                    "baseUnitConversionFactor": 3600,
                },
                "currencyConversionRate": 1,
                "effectiveTime": f"{day}T12:05:03.204821Z",
            }
        ],
        "serviceProviderName": "Google",
        "geoTaxonomy": {"type": "REGIONAL", "regions": [*regions]},
    }


def pair(label: str, vcpu: str, gib: str, **more: Any) -> list[dict[str, Any]]:
    """The SKUs of a series: what a vCPU and what a GiB of memory costs per hour."""
    return [
        sku(f"{label} Core running in Americas", vcpu, **more),
        sku(f"{label} Ram running in Americas", gib, group="RAM", unit="GiBy.h", **more),
    ]


def machine_type(name: str, zone: str, vcpus: int, gib: float, **more: Any) -> dict[str, Any]:
    """A machine type in a zone, as `gcloud compute machine-types list --format=json` prints it."""
    return {
        "architecture": "X86_64",
        "creationTimestamp": "1969-12-31T16:00:00.000-08:00",
        "description": f"{vcpus} vCPUs {gib:g} GB RAM",
        "guestCpus": vcpus,
        "id": "801032",
        "imageSpaceGb": 0,
        "isSharedCpu": False,
        "kind": "compute#machineType",
        "maximumPersistentDisks": 128,
        "maximumPersistentDisksSizeGb": "263168",
        "memoryMb": int(gib * 1024),
        "name": name,
        "selfLink": f"https://www.googleapis.com/compute/v1/projects/p/zones/{zone}/machineTypes/{name}",
        "zone": zone,
        **more,
    }


def accelerator_type(name: str, zone: str) -> dict[str, Any]:
    """A GPU in a zone, as `gcloud compute accelerator-types list --format=json` prints it."""
    return {
        "creationTimestamp": "1969-12-31T16:00:00.000-08:00",
        "description": "NVIDIA T4",
        "id": "10019",
        "kind": "compute#acceleratorType",
        "maximumCardsPerInstance": 4,
        "name": name,
        "selfLink": "https://www.googleapis.com/compute/v1/projects/p/zones/…",
        "zone": f"https://www.googleapis.com/compute/v1/projects/p/zones/{zone}",
    }
