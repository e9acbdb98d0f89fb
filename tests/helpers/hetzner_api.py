"""What Hetzner Cloud's API answers, in its true shape."""

from collections.abc import Iterable
from typing import Any

TIB = 1024**4
EUROPE = ("fsn1", "nbg1", "hel1")
VAT = 1.19


def money(net: float | str) -> dict[str, str]:
    """An amount without and with VAT, as text of many digits."""
    return {"net": f"{float(net):.10f}", "gross": f"{float(net) * VAT:.16f}"}


def page(
    kind: str, entries: Iterable[Any], *, number: int = 1, following: int | None = None
) -> dict[str, Any]:
    """A page of what there is of a kind: "server_types", "locations"."""
    listed = [*entries]
    return {
        kind: listed,
        "meta": {
            "pagination": {
                "page": number,
                "per_page": 50,
                "previous_page": None,
                "next_page": following,
                "last_page": following or number,
                "total_entries": len(listed),
            }
        },
    }


def deprecation(unavailable_after: str | None) -> dict[str, str] | None:
    """What is said of something that is deprecated: until when it can be ordered."""
    if unavailable_after is None:
        return None
    return {
        "announced": "2025-10-16T06:00:00Z",
        "unavailable_after": f"{unavailable_after}T23:59:59Z",
    }


def server_type(
    name: str,
    *,
    cores: int = 8,
    memory: float = 16,
    disk: int = 160,
    architecture: str = "x86",
    cpu_type: str = "shared",
    sold: Iterable[str] = EUROPE,
    gone: Iterable[str] = (),
    unavailable_after: str = "2025-12-31",
    available: Iterable[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """A server type, as GET /v1/server_types lists it."""
    in_stock = {*available}
    places = [
        *((place, None) for place in sold),
        *((place, deprecation(unavailable_after)) for place in gone),
    ]
    return {
        "id": 116,
        "name": name,
        "description": name.upper(),
        "architecture": architecture,
        "cores": cores,
        "cpu_type": cpu_type,
        "category": "cost_optimized",
        "deprecated": False,
        "deprecation": None,
        "disk": disk,
        "memory": memory,
        "prices": [],
        "storage_type": "local",
        "locations": [
            {
                "id": number,
                "name": place,
                "available": place in in_stock,
                "recommended": False,
                "deprecation": said,
            }
            for number, (place, said) in enumerate(places, start=1)
        ],
        **more,
    }


def location(name: str, city: str, country: str, network_zone: str) -> dict[str, Any]:
    """A location, as GET /v1/locations lists it."""
    return {
        "id": 1,
        "name": name,
        "city": city,
        "country": country,
        "description": f"{city} DC Park 1",
        "latitude": 50.47612,
        "longitude": 12.370071,
        "network_zone": network_zone,
    }


def price(place: str, hour: float | str, month: float | str) -> dict[str, Any]:
    """What something costs in a location."""
    return {"location": place, "price_hourly": money(hour), "price_monthly": money(month)}


def server_price(
    place: str, hour: float | str, month: float | str, *, tb: float = 20, more: float | str = 1
) -> dict[str, Any]:
    """What a server costs in a location, with so many TB a month, and each further one."""
    return {
        **price(place, hour, month),
        "included_traffic": int(tb * TIB),
        "price_per_tb_traffic": money(more),
    }


def pricing(
    servers: dict[str, list[dict[str, Any]]],
    ipv4: Iterable[dict[str, Any]] = (),
    **more: Any,
) -> dict[str, Any]:
    """What GET /v1/pricing answers."""
    return {
        "pricing": {
            "currency": "EUR",
            "vat_rate": "19.000000",
            "primary_ips": [{"type": "ipv4", "prices": [*ipv4]}],
            "image": {"price_per_gb_month": money("0.0143")},
            "volume": {"price_per_gb_month": money("0.0572")},
            "server_backup": {"percentage": "20.0000000000"},
            "floating_ips": [],
            "load_balancer_types": [],
            "server_types": [
                {"id": number, "name": name, "prices": prices}
                for number, (name, prices) in enumerate(servers.items(), start=1)
            ],
            **more,
        }
    }


def protection(**kinds: bool) -> dict[str, bool]:
    """What is protected, and from what."""
    return {"delete": False, **kinds}


def place(name: str = "nbg1") -> dict[str, Any]:
    """A location, where an object is in it."""
    return location(name, "Nuremberg", "DE", "eu-central")


def server(
    name: str,
    number: int,
    *,
    ipv4: tuple[int, str] | None = None,
    ipv6: tuple[int, str] | None = None,
    firewalls: Iterable[int] = (),
    **more: Any,
) -> dict[str, Any]:
    """A server, as GET /v1/servers lists it; an address is its number and itself."""
    return {
        "id": number,
        "name": name,
        "status": "running",
        "created": "2025-01-30T23:55:00+00:00",
        "public_net": {
            "ipv4": ipv4 and {"id": ipv4[0], "ip": ipv4[1], "blocked": False, "dns_ptr": "a.test"},
            "ipv6": ipv6 and {"id": ipv6[0], "ip": ipv6[1], "blocked": False, "dns_ptr": []},
            "floating_ips": [],
            "firewalls": [{"id": each, "status": "applied"} for each in firewalls],
        },
        "private_net": [],
        "server_type": server_type("cx23"),
        "location": place(),
        "image": {"id": 161547269, "type": "system", "name": "debian-12", "os_flavor": "debian"},
        "iso": None,
        "rescue_enabled": False,
        "locked": False,
        "backup_window": None,
        "outgoing_traffic": 123456,
        "ingoing_traffic": 123456,
        "included_traffic": 20 * TIB,
        "protection": protection(rebuild=False),
        "labels": {},
        "volumes": [],
        "load_balancers": [],
        "primary_disk_size": 40,
        "placement_group": None,
        **more,
    }


def volume(name: str, number: int, *, server: int | None, **more: Any) -> dict[str, Any]:
    """A volume, as GET /v1/volumes lists it."""
    return {
        "id": number,
        "created": "2025-01-30T23:50:11+00:00",
        "name": name,
        "server": server,
        "location": place(),
        "size": 50,
        "linux_device": f"/dev/disk/by-id/scsi-0HC_Volume_{number}",
        "protection": protection(),
        "labels": {},
        "status": "available",
        "format": "ext4",
        **more,
    }


def address(
    name: str, number: int, ip: str, *, assignee: int | None, **more: Any
) -> dict[str, Any]:
    """A primary IP, as GET /v1/primary_ips lists it."""
    return {
        "id": number,
        "name": name,
        "labels": {},
        "created": "2025-01-30T23:50:00+00:00",
        "blocked": False,
        "location": place(),
        "ip": ip,
        "dns_ptr": [],
        "protection": protection(),
        "type": "ipv6" if ":" in ip else "ipv4",
        "auto_delete": True,
        "assignee_type": "server",
        "assignee_id": assignee,
        **more,
    }


def firewall(name: str, number: int, *, servers: Iterable[int], **more: Any) -> dict[str, Any]:
    """A firewall that opens HTTPS, as GET /v1/firewalls lists it."""
    return {
        "id": number,
        "name": name,
        "labels": {},
        "created": "2025-01-30T23:50:00+00:00",
        "rules": [
            {
                "direction": "in",
                "source_ips": ["0.0.0.0/0", "::/0"],
                "destination_ips": [],
                "protocol": "tcp",
                "port": "443",
                "description": None,
            }
        ],
        "applied_to": [{"type": "server", "server": {"id": each}} for each in servers],
        **more,
    }


def network(name: str, number: int, *, servers: Iterable[int], **more: Any) -> dict[str, Any]:
    """A network with a subnet, as GET /v1/networks lists it."""
    return {
        "id": number,
        "name": name,
        "created": "2025-01-30T23:50:00+00:00",
        "ip_range": "10.0.0.0/16",
        "subnets": [
            {
                "type": "cloud",
                "ip_range": "10.0.1.0/24",
                "network_zone": "eu-central",
                "gateway": "10.0.0.1",
                "vswitch_id": None,
            }
        ],
        "routes": [],
        "servers": [*servers],
        "load_balancers": [],
        "protection": protection(),
        "labels": {},
        "expose_routes_to_vswitch": False,
        **more,
    }


def ssh_key(name: str, number: int, public_key: str) -> dict[str, Any]:
    """An SSH key, as GET /v1/ssh_keys lists it."""
    return {
        "id": number,
        "name": name,
        "fingerprint": "b7:2f:30:a0:2f:6c:58:6c:21:04:58:61:ba:06:3b:2f",
        "public_key": public_key,
        "labels": {},
        "created": "2025-01-30T23:50:00+00:00",
    }
