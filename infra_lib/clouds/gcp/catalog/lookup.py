"""Looking up in a catalogue what a fleet names, with an error that helps where it is not there."""

from __future__ import annotations

import re
from string import ascii_lowercase
from typing import TYPE_CHECKING

from infra_lib.clouds.gcp.catalog.catalog import did_you_mean
from infra_lib.clouds.gcp.catalog.entries import (
    blank_accelerator_type,
    blank_machine_type,
    blank_zone,
)
from infra_lib.model.errors import alike, field_error, nearest
from infra_lib.model.validators import check_word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_lib.clouds.gcp.catalog.catalog import Catalog
    from infra_lib.clouds.gcp.catalog.entries import AcceleratorType, MachineType, Zone

_LIST = "; infra gpus lists all GPUs"
# As server types of Hetzner Cloud are called, cpx22, and no machine type of Google's is.
_OF_HETZNER = r"(cx|cax|cpx|ccx)[0-9]+"


def find_machine_type(catalog: Catalog, name: str, where: str) -> MachineType:
    """Return a machine type.

    Args:
        catalog: Where to look.
        name: Its name, as it was given.
        where: What was given it, for the message.

    Raises:
        FleetError: When the catalogue does not have it.
    """
    found = catalog.machine_type(_text(name))
    if found is not None and not found.obsolete:
        return found
    known = catalog.all_machine_types()
    if found is not None:
        others = (each.name for each in known.values() if not each.obsolete)
        near = nearest(found.name, others)
        raise field_error(where, "machine_type", name, f"obsolete: no machine is made of it{near}")
    if "custom" in _text(name).lower():
        from infra_lib.clouds.gcp.catalog.custom import accepted_instead

        if instead := accepted_instead(_text(name)):
            raise field_error(where, "machine_type", name, instead)
    if re.fullmatch(_OF_HETZNER, _text(name).lower()):
        accepted = (
            "a server type of Hetzner Cloud, for HetznerMachine(server_type=…); "
            'one such as "n1-standard-8" is wanted'
        )
        raise field_error(where, "machine_type", name, accepted)
    same = alike(_text(name), known)
    meant = catalog.accelerator_types_meant(_text(name))
    if not same and not meant:
        check_word(where, "machine_type", name, 'one such as "n1-standard-8"')
    brought = _bringers(catalog, meant)
    accepted = "not in the catalogue" + (brought or nearest(name, known))
    described = blank_machine_type(name)
    if described and not brought and not same:
        accepted += (
            f"; when it exists all the same, say so: catalog=Catalog(machine_types=({described},))"
        )
        if "accelerator" in described:
            accepted += (
                f"; accelerator_types=(AcceleratorType(…),) beside them for a new GPU{_LIST}"
            )
    elif not brought and not same:
        accepted += '; one such as "n1-standard-8" is wanted'
    raise field_error(where, "machine_type", name, accepted)


def find_accelerator_type(
    catalog: Catalog, name: str, where: str, machine_type: MachineType
) -> AcceleratorType:
    """Return an accelerator type.

    Args:
        catalog: Where to look.
        name: Its name, as it was given.
        where: What was given it, for the message.
        machine_type: The machine type that is to have it.

    Raises:
        FleetError: When the catalogue does not have it.
    """
    found = catalog.accelerator_type(_text(name))
    if found is not None:
        return found
    known = catalog.all_accelerator_types()
    meant = catalog.accelerator_types_meant(_text(name))
    if not meant:
        check_word(where, "gpu.type", name, 'one such as "nvidia-tesla-t4"')
    accepted = "not in the catalogue" + (did_you_mean(meant) or f", which has {', '.join(known)}")
    accepted += _carriers(catalog, meant)
    built_in = machine_type.accelerator is not None
    described = blank_accelerator_type(name, attached=not built_in)
    if described and (machine_type.takes_gpus or built_in):
        accepted += (
            "; when it exists all the same, say so: "
            f"catalog=Catalog(accelerator_types=({described},))"
        )
    raise field_error(where, "gpu.type", name, accepted + _LIST)


def find_zone(catalog: Catalog, name: str, where: str, field: str, gpu: str | None = None) -> Zone:
    """Return a zone.

    Args:
        catalog: Where to look.
        name: Its name, as it was given.
        where: What was given it, for the message.
        field: The field that it was given in, for the message.
        gpu: The accelerator type that is to be there.

    Raises:
        FleetError: When the catalogue does not have it.
    """
    found = catalog.zone(_text(name))
    if found is not None:
        return found
    known = catalog.all_zones()
    if alike(_text(name), known):
        raise field_error(where, field, name, f"not in the catalogue{nearest(name, known)}")
    check_word(where, field, name, 'one such as "us-central1-c"')
    # It may be a region itself, or have its region as another cloud spells it: us-east-1a.
    meant = (name, name.rstrip(ascii_lowercase))
    regions = {each for one in meant for each in alike(one, catalog.regions())}
    siblings = [zone for zone in known.values() if zone.region in regions]
    accepted = (
        f"not a zone of {siblings[0].region}, which has "
        + ", ".join(zone.name for zone in siblings)
        if siblings
        else "in no region of the catalogue" + nearest(name, known)
    )
    described = blank_zone(name, (gpu,) if gpu and catalog.zones_offering(gpu) else ())
    if described:
        accepted += f"; when it exists all the same, say so: catalog=Catalog(zones=({described},))"
    elif not siblings:
        accepted += '; one such as "us-central1-c" is wanted'
    raise field_error(where, field, name, accepted)


def _text(given: object) -> str:
    """Return what was given; "", which names nothing, when that is not text."""
    return given if isinstance(given, str) else ""


def _carriers(catalog: Catalog, accelerators: Iterable[AcceleratorType]) -> str:
    """Return the end of a message that says which machine types GPUs come with."""
    found = {item.name: catalog.machine_types_with(item.name) for item in accelerators}
    return "".join(
        f"; {name} comes with {', '.join(types)}, and such a machine_type takes no gpu"
        for name, types in found.items()
        if types
    )


def _bringers(catalog: Catalog, accelerators: Iterable[AcceleratorType]) -> str:
    """Return the end of a message for a GPU that was given as a machine type: how to get one."""
    attached = "".join(
        f"; {item.name} attaches to an n1 machine that shares no core: "
        f'machine_type="n1-standard-8", gpu=Gpu("{item.name}")'
        for item in accelerators
        if item.max_vcpus
    )
    found = _carriers(catalog, accelerators) + attached
    return found and found + _LIST
