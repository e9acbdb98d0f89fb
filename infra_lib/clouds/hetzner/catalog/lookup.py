"""Looking up in a catalogue what a fleet names, with an error that helps where it is not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_lib.clouds.hetzner.catalog.entries import blank_location, blank_server_type
from infra_lib.model.errors import alike, field_error, nearest
from infra_lib.model.validators import check_word
from infra_lib.model.wording import and_listed

if TYPE_CHECKING:
    from infra_lib.clouds.hetzner.catalog.catalog import HetznerCatalog
    from infra_lib.clouds.hetzner.catalog.entries import Location, ServerType

_RENEW = "; if that has changed, infra catalog update --help says how to renew the catalogue"
# Servers that are whole machines, and no part of Hetzner Cloud: https://www.hetzner.com/dedicated-rootserver
_DEDICATED = r"(a|e|ge|r|s|d)x-?[0-9]+.*"


def find_server_type(catalog: HetznerCatalog, name: str, where: str) -> ServerType:
    """Return a server type, also one that can no longer be ordered: see `check_sold`.

    Args:
        catalog: Where to look.
        name: Its name, as it was given.
        where: What was given it, for the message.

    Raises:
        FleetError: When the catalogue does not have it.
    """
    text = name if isinstance(name, str) else ""
    found = catalog.server_type(text)
    if found is not None:
        return found
    known = catalog.all_server_types()
    if alike(text, known):
        raise field_error(where, "server_type", name, f"not in the catalogue{nearest(text, known)}")
    check_word(where, "server_type", name, 'one such as "cx43"')
    if re.fullmatch(_DEDICATED, text.lower()):
        accepted = "a dedicated server; Hetzner Cloud has server types such as ccx23, and no GPUs"
        raise field_error(where, "server_type", name, accepted)
    sold = [each.name for each in known.values() if each.locations]
    accepted = "not in the catalogue" + nearest(text, sold)
    described = blank_server_type(text)
    accepted += (
        f"; when it exists all the same, say so: "
        f"catalog=HetznerCatalog(server_types=({described},))"
        if described
        else '; one such as "cx43" is wanted'
    )
    raise field_error(where, "server_type", name, accepted)


def find_location(catalog: HetznerCatalog, name: str, where: str, field: str) -> Location:
    """Return a location.

    Args:
        catalog: Where to look.
        name: Its name, as it was given.
        where: What was given it, for the message.
        field: The field that it was given in, for the message.

    Raises:
        FleetError: When the catalogue does not have it.
    """
    text = name if isinstance(name, str) else ""
    found = catalog.location(text)
    if found is not None:
        return found
    known = catalog.all_locations()
    if alike(text, known):
        raise field_error(where, field, name, f"not in the catalogue{nearest(text, known)}")
    datacenter = re.fullmatch(r"([a-z]+[0-9]*)-dc[0-9]+", text.lower())
    if datacenter and datacenter[1] in known:
        accepted = f'that is a datacenter; "{datacenter[1]}" is the location that it is in'
        raise field_error(where, field, name, accepted)
    in_zone = [each.name for each in known.values() if each.network_zone == text]
    if in_zone:
        accepted = f"that is a network zone; its locations are {and_listed(in_zone)}"
        raise field_error(where, field, name, accepted)
    in_city = [each.name for each in known.values() if _city(each.city) == _city(text)]
    if in_city:
        accepted = f'that is the city; "{in_city[0]}" is the location'
        raise field_error(where, field, name, accepted)
    check_word(where, field, name, 'one such as "fsn1"')
    places = (f"{each.name} ({each.city})" for each in known.values())
    accepted = "not in the catalogue" + (nearest(text, known) or f", which has {', '.join(places)}")
    described = blank_location(text)
    if described:
        accepted += (
            f"; when it exists all the same, say so: catalog=HetznerCatalog(locations=({described},"
            "), server_types=(…,))"
        )
    raise field_error(where, field, name, accepted)


def check_sold(
    where: str,
    field: str,
    server_type: ServerType,
    location: Location,
    catalog: HetznerCatalog,
    *,
    existing: bool,
) -> None:
    """Check that a server type can be ordered in a location. Whether there is stock is another.

    Args:
        where: What has both, for the message.
        field: The field that the message is about: "server_type", or one of locations.
        server_type: The server type.
        location: The location.
        catalog: Where what is sold is looked up.
        existing: Whether the server is there already: it keeps a type that nobody can order there
            any more.

    Raises:
        FleetError: When it cannot.
    """
    place = location.name
    gone = place in server_type.deprecated_in
    if place in server_type.locations or (gone and existing):
        return
    from infra_lib.clouds.hetzner.catalog.offers import europe_alone

    given = server_type.name if field == "server_type" else place
    instead = _instead(catalog, server_type, place)
    if gone:
        last = server_type.unavailable_after
        day = f" (the last day was {last})" if last else ""
        accepted = (
            f"{server_type.name} can no longer be ordered in {place}{day}; "
            f"a server that exists keeps it: existing=True; {instead}"
        )
        raise field_error(where, field, given, accepted)
    families = europe_alone(catalog)
    places = and_listed(server_type.locations)
    if server_type.family in families and not location.in_europe and places:
        # Both families are named, for whoever would take the other one instead.
        accepted = (
            f"{and_listed(families)} are sold in Europe alone ({server_type.name} in {places}), "
            f"and {place} is {location.city}; {instead}{_RENEW}"
        )
        raise field_error(where, field, given, accepted)
    sold = f"in {places}" if places else "nowhere any more"
    accepted = f"{server_type.name} is sold {sold}, and not in {place}; {instead}{_RENEW}"
    raise field_error(where, field, given, accepted)


def _instead(catalog: HetznerCatalog, server_type: ServerType, place: str) -> str:
    """Return what is sold in a place instead of a server type, as part of a message."""
    from infra_lib.clouds.hetzner.catalog.offers import as_large

    found = as_large(catalog, server_type, place)
    if not found:
        return f"nothing that is sold in {place} is as large ({server_type.size})"
    names = and_listed([f"{each.name} ({each.size})" for each in found])
    other = found[0].architecture != server_type.architecture
    arm = " of x86, for no Arm is sold there" if other else ""
    return f"as large, and sold in {place}: {names}{arm}"


def _city(name: str) -> str:
    return name.partition(",")[0].strip().lower()
