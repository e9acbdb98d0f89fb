"""The fleet that sources describe: the model's own objects, and what the report says of it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from attrs import evolve, field

from infra_lib.clouds.adoption import Adopted, Item
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.fleet import Fleet
from infra_lib.model.errors import FleetError, nearest
from infra_lib.model.provisioned import ProvisionedMachine
from infra_lib.model.reference import Reference
from infra_lib.model.targets import USUAL, Targets
from infra_lib.operate.adopt.agreement import disagreements
from infra_lib.operate.adopt.fitting import fitting_fleet
from infra_lib.operate.adopt.hosts import known_facts, with_ssh
from infra_lib.operate.adopt.inventories import NO_INVENTORY, differing_fields, join_inventories
from infra_lib.operate.adopt.inventory import Entry, Inventory
from infra_lib.operate.adopt.machines import is_of_a_cloud, machine_in_cloud, plain_machine
from infra_lib.operate.adopt.naming import Guess, fleet_domain, fleet_name
from infra_lib.operate.adopt.sources import Caches, Sources
from infra_lib.operate.adopt.takeover import Stack, take_over
from infra_lib.operate.adopt.targets import common_targets
from infra_lib.operate.adopt.terraform_files import Document
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from infra_lib.clouds.adoption import Found
    from infra_lib.model.caches import BinaryCache
    from infra_lib.model.machine import Machine
    from infra_lib.model.services import ClanService


@frozen(kw_only=True)
class Described:
    """A fleet that is there already.

    Attributes:
        fleet: The fleet.
        fields: What it is made of, by the names of `Fleet`'s fields, in the order they are written.
        comments: What is said of a field, by the name of a machine or of a project's cloud, or ""
            for the fleet, and the field.
        by_hand: Machines that run with configuration of their own, which is not generated.
        stacks: What the first deployment does.
        items: What the report says.
    """

    fleet: Fleet
    fields: Mapping[str, Any]
    comments: Mapping[tuple[str, str], str]
    by_hand: tuple[str, ...]
    stacks: tuple[Stack, ...] = field(default=())
    items: tuple[Item, ...] = field(default=())


def describe(
    sources: Sources,
    *,
    name: str | None = None,
    domain: str | None = None,
    folder: str = "fleet",
    only: Collection[str] = (),
) -> Described:
    """Return the fleet that sources describe.

    Args:
        sources: The sources.
        name: The fleet's name; None for what the sources say.
        domain: Its domain; None for what they say.
        folder: The folder's name, where nothing says the fleet's.
        only: Names of the machines that it is to have; empty for all.

    Raises:
        FleetError: When there is no machine, none of that name, or no fleet can be made of it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whoever loads what is written is told
        return _Description(sources, name, domain, folder, only).made()


class _Description:
    """What is put together, step by step, to be one fleet."""

    def __init__(
        self,
        sources: Sources,
        name: str | None,
        domain: str | None,
        folder: str,
        only: Collection[str],
    ) -> None:
        self.sources = sources
        self.only = only
        self.items: list[Item] = list(sources.items)
        self.comments: dict[tuple[str, str], str] = {}
        self.inventory = join_inventories(sources.of(Inventory), self.items)
        if name is None:
            name = self._guessed(*fleet_name(self.inventory, sources.found, folder))
        self.name = name
        if domain is None:
            domain = self._guessed(*fleet_domain(self.inventory, name))
        self.domain = domain
        self.found = {
            cloud: [
                each
                for each in sources.found
                if each.type.startswith(f"{kinds.provider}_")
                and (each.type != kinds.instance or self._may_be_wanted(each))
            ]
            for cloud, kinds in ((key, each.KINDS) for key, each in CLOUDS.items())
        }
        self.adopted = {
            cloud: CLOUDS[cloud]
            .adoption()
            .adopt(found, sources.provider(CLOUDS[cloud].KINDS.provider), self.name)
            for cloud, found in self.found.items()
            if found
        }

    def made(self) -> Described:
        """Return the fleet."""
        self._say_what_clouds_say()
        targets = common_targets(self._entries(), self.domain)
        held_back: frozenset[str] = frozenset()
        while True:
            kept = len(self.items)
            machines = self._machines(targets, held_back)
            if not machines:
                raise FleetError(self._nobody())
            self._check_wanted(machines)
            fields = self._fields(machines, targets)
            try:
                fleet, fields = fitting_fleet(fields, self.inventory, self.items)
                stacks = take_over(fleet, self.adopted, self.found)
            except FleetError as error:
                blamed = self._blamed(error, machines)
                if blamed is None:
                    raise
                held_back |= {blamed.name}
                del self.items[kept:]
                self._hold_back((), {blamed.name})
                where = self._place_of(blamed)
                what = f"it is a Machine here, and what manages it now goes on to: {error}"
                do = "describe it by hand, or leave it there"
                self.items.append(Item(kind="left", where=where, what=what, do=do))
                continue
            forced = frozenset(name for stack in stacks for name in stack.forced)
            if not forced - held_back:
                break
            del self.items[kept:]
            self._hold_back(stacks, forced - held_back)
            held_back |= forced
        self.items += disagreements(fleet, self._wanted())
        for stack in stacks:
            self.items += stack.items
        return Described(
            fleet=fleet,
            fields=fields,
            comments=self.comments,
            by_hand=tuple(each.name for each in fleet.provisioned),
            stacks=tuple(stacks),
            items=tuple(dict.fromkeys(self.items)),
        )

    def _blamed(self, error: FleetError, machines: Iterable[Machine]) -> ProvisionedMachine | None:
        """Return the machine of a cloud that a message is about; None for none."""
        named = (each for each in machines if isinstance(each, ProvisionedMachine))
        return next((each for each in named if f"machine {each.name!r}: " in str(error)), None)

    def _place_of(self, machine: ProvisionedMachine) -> str:
        return next(
            adopted.sources[machine.name][0].where
            for adopted in self.adopted.values()
            if any(each.name == machine.name for each in adopted.machines)
        )

    def _guessed(self, value: str, guess: Guess | None) -> str:
        """Return a value, and say where it is a guess."""
        if guess is not None:
            self.comments["", guess.field] = guess.comment
            self.items.append(guess.item)
        return value

    def _entries(self) -> list[Any]:
        return [each for each in self.inventory.machines if self._is_wanted(each.name)]

    def _is_wanted(self, name: str) -> bool:
        return not self.only or name in self.only

    def _may_be_wanted(self, found: Found) -> bool:
        """Whether a machine of a cloud is wanted, which has its project to itself then."""
        name = found.attributes.get("name")
        return not isinstance(name, str) or isinstance(name, Reference) or self._is_wanted(name)

    def _check_wanted(self, machines: Iterable[Machine]) -> None:
        """Check that each machine that is wanted is there.

        Raises:
            FleetError: When one is not.
        """
        if self.only and {*self.only} - {each.name for each in machines}:
            raise FleetError(self._nobody({each.name for each in machines}))

    def _nobody(self, made: Collection[str] = ()) -> str:
        kinds = {cloud.KINDS.instance for cloud in CLOUDS.values()}
        names = [each.attributes.get("name") for each in self.sources.found if each.type in kinds]
        known = [
            *(each.name for each in self.inventory.machines),
            *(name for name in names if isinstance(name, str)),
        ]
        refused = [item for item in self.items if item.kind != "guessed"][:5]
        reasons = "".join(f"\n  {item.where}: {item.what}" for item in refused)
        for name in self.only:
            if name not in known:
                accepted = nearest(name, known) or f"; they have {', '.join(known) or 'none'}"
                return f"--machine {name!r}: no source has a machine of that name{accepted}"
        missing = ", ".join(repr(name) for name in self.only if name not in made)
        if missing:
            return f"--machine: no machine is made of {missing}:{reasons}"
        return f"no machine was found in what was given{reasons}"

    def _say_what_clouds_say(self) -> None:
        for cloud, adopted in self.adopted.items():
            self.items += [
                each for each in adopted.items if not self.only or self._is_about(each, adopted)
            ]
            for (name, which), text in adopted.comments.items():
                self.comments[name or cloud, which] = text
        providers = tuple(f"{cloud.KINDS.provider}_" for cloud in CLOUDS.values())
        for found in self.sources.found:
            if not found.type.startswith(providers) and not self.only:
                what = f"{found.type} is of a provider that the library does not know"
                do = "leave it in its own Terraform, or write it beside the stack in main()"
                self.items.append(Item(kind="left", where=found.where, what=what, do=do))

    def _is_about(self, item: Item, adopted: Adopted) -> bool:
        """Whether a line of the report is about one of the machines that are wanted."""
        return any(item.where.startswith(each) for each in self._places(adopted))

    def _places(self, adopted: Adopted) -> tuple[str, ...]:
        """Return where the sources tell of the machines that are wanted, also of those refused."""
        kinds = {cloud.KINDS.instance for cloud in CLOUDS.values()}
        made = (found for name in self.only for found in adopted.sources.get(name, ()))
        listed = (
            found
            for mine in self.found.values()
            for found in mine
            if found.type in kinds and found.attributes.get("name") in self.only
        )
        return tuple(dict.fromkeys(found.where for found in (*made, *listed)))

    def _machines(self, targets: Targets, held_back: Collection[str]) -> list[Machine]:
        """Return the machines, in the order of the sources."""
        in_cloud = {
            name: found for name, found in self._in_clouds().items() if self._is_wanted(name)
        }
        made: dict[str, Machine] = {}
        taken: dict[str, str] = {}
        entries = {each.name: each for each in self._entries()}
        names = list(entries)
        first = self.sources.of(Inventory)[:1]
        documents = self.sources.of(Document)[:1]
        inventory_first = bool(first) and (
            not documents
            or self.sources.read.index(first[0]) < self.sources.read.index(documents[0])
        )
        # Clan sorts an inventory by name, so that Terraform's order says as much.
        for name in (*names, *(each for each in in_cloud if each not in entries)):
            entry = entries.get(name)
            where = f"{self.inventory.where}: machines.{name}"
            found = in_cloud.get(name)
            if found is not None and name in held_back:
                found = None
                entry = entry or _entry_of(in_cloud[name][0])
            if found is not None and entry is not None and entry.machine_class != "nixos":
                what = (
                    f"it is {entry.machine_class}, and {found[1][0].where} is a machine of a cloud"
                )
                do = "call one of the two otherwise"
                self.items.append(Item(kind="contradiction", where=where, what=what, do=do))
                found = None
            if found is None and entry is not None:
                machine, items = plain_machine(entry, where, targets, self.domain)
                self.items += items
            elif found is not None and entry is None:
                machine = found[0]
                if self.inventory is not NO_INVENTORY:
                    self.comments[name, "machine"] = "Not in the inventory so far."
                    what = f"machine {name!r} is not in the inventory, and is in that of this fleet"
                    do = "take it out of machines=… if it is no NixOS machine of yours"
                    where = found[1][0].where
                    self.items.append(Item(kind="differs", where=where, what=what, do=do))
            elif found is not None and entry is not None:
                machine, items = machine_in_cloud(
                    found[0],
                    entry,
                    where,
                    found[1][0].where,
                    targets,
                    self.domain,
                    inventory_first=inventory_first,
                )
                self.items += items
            if machine is None:
                continue
            alike = taken.setdefault(name.lower(), name)
            if alike != name:
                what = f"host names ignore case, and {alike!r} is a machine already"
                do = "call one of the two otherwise"
                place = found[1][0].where if entry is None and found is not None else where
                self.items.append(Item(kind="left", where=place, what=what, do=do))
                continue
            made[name] = machine
        self._say_what_is_elsewhere({n: made[n] for n in made if n not in held_back})
        return with_ssh(made.values(), self.sources, self._aliases(made), self.items)

    def _in_clouds(self) -> dict[str, tuple[ProvisionedMachine, tuple[Found, ...]]]:
        """Return the machines of clouds with what they are made of: of two, the first that is."""
        order = {found.where: index for index, found in enumerate(self.sources.found)}
        told = [
            (machine, adopted.sources[machine.name])
            for adopted in self.adopted.values()
            for machine in adopted.machines
        ]
        first: dict[str, tuple[ProvisionedMachine, tuple[Found, ...]]] = {}
        for machine, sources in sorted(told, key=lambda each: order.get(each[1][0].where, 0)):
            there = first.setdefault(machine.name, (machine, sources))
            if there[0] is not machine and self._is_wanted(machine.name):
                what = (
                    f"a machine called {machine.name!r} is in {there[1][0].where} too, which was "
                    "given first and is the fleet's: this one stays as it is"
                )
                do = "call one of the two otherwise, or adopt it into a fleet of its own"
                where = sources[0].where
                self.items.append(Item(kind="contradiction", where=where, what=what, do=do))
        return first

    def _say_what_is_elsewhere(self, made: Mapping[str, Machine]) -> None:
        """Say which machines describe themselves as a cloud's, and are in no source of that."""
        for name, machine in made.items():
            described = machine.full_description
            if not isinstance(machine, ProvisionedMachine) and is_of_a_cloud(described):
                what = f"it is described as {described!r}, and no source of Terraform's has it"
                do = "when it is to be made again: say its class, machine type and zone"
                where = f"{self.inventory.where}: machines.{name}"
                self.items.append(Item(kind="left", where=where, what=what, do=do))

    def _aliases(self, made: Iterable[str]) -> dict[str, str]:
        """Return the names by which people reach machines, and whose they are."""
        return {
            alias: name
            for name in made
            for alias in (name.lower(), f"{name}.{self.domain}".lower())
        }

    def _fields(self, machines: list[Machine], targets: Targets) -> dict[str, Any]:
        """Return the fleet's fields, in the order in which they are written."""
        fields: dict[str, Any] = {"name": self.name, "domain": self.domain}
        if self.inventory.description:
            fields["description"] = self.inventory.description
        for cloud, adopted in self.adopted.items():
            if any(getattr(each, "cloud", None) == cloud for each in machines):
                fields[cloud] = self._with_backend(cloud, adopted)
        fields["machines"] = tuple(machines)
        caches = self._caches()
        if caches:
            fields["caches"] = caches
        found = tuple(self._services({each.name for each in machines}))
        if found:
            fields["services"] = found
        names = {each.name for each in machines}
        tags = {
            tag: tuple(each for each in members if each in names)
            for tag, members in self.inventory.tags.items()
        }
        tags = {tag: members for tag, members in tags.items() if members}
        if tags:
            fields["tags"] = tags
            self.comments["", "tags"] = (
                "As they were evaluated: a function of yours that gives tags is not seen here."
            )
        if targets != USUAL:
            fields["target_host"] = targets
        clan = {
            way: said
            for way, said in self.inventory.clan.items()
            if (not self.only if way[0] == "meta" else way[2] in names)
        }
        if clan:
            fields["clan"] = clan
        facts = known_facts(
            self.sources, self.adopted.values(), machines, found, self.domain, self.items
        )
        if facts.machines or facts.zerotier_network_id:
            fields["facts"] = facts
        return fields

    def _with_backend(self, cloud: str, adopted: Adopted) -> Any:
        """Return a cloud's project with its state where the configuration of the cloud has it."""
        for document in self.sources.of(Document):
            begin = f"{CLOUDS[cloud].KINDS.provider}_"
            mine = [each for each in document.found if each.type.startswith(begin)]
            if document.backend is None or document.backend[0] == "local" or not mine:
                continue
            kind, arguments = document.backend
            made = CLOUDS[cloud].adoption().with_backend(adopted.project, kind, arguments)
            if made is not None:
                return made
            what = f"Terraform's state is kept by the backend {kind!r} there"
            do = "write that backend in main(), where the stack is made, or let it be a file"
            where = mine[0].where.partition(": ")[0]
            self.items.append(Item(kind="left", where=where, what=what, do=do))
        return adopted.project

    def _caches(self) -> tuple[BinaryCache, ...]:
        """Return the caches of all sources, each once."""
        if self.only:
            return ()
        caches: dict[str, BinaryCache] = {}
        for source in self.sources.of(Caches):
            for cache in source.caches:
                there = caches.setdefault(cache.store, cache)
                if there != cache:
                    said = differing_fields(there, cache)
                    what = f"cache {cache.url}: {said} before it, which stays"
                    self.items.append(Item(kind="contradiction", where=source.where, what=what))
        return tuple(caches.values())

    def _services(self, names: Collection[str]) -> Iterator[ClanService]:
        """Yield the instances of services; of some machines alone, what is said of these."""
        for service in self.inventory.services:
            if not self.only:
                yield service
                continue
            roles = {
                role: evolve(
                    each,
                    machines={m: said for m, said in each.machines.items() if m in names},
                    tags={},
                    settings={},
                )
                for role, each in service.roles.items()
            }
            roles = {role: each for role, each in roles.items() if each.machines}
            if roles:
                yield evolve(service, roles=roles)

    def _hold_back(self, stacks: Iterable[Stack], names: Collection[str]) -> None:
        """Say which machines are held back, and nothing more of what a deployment does to them."""
        places = {
            found.where: name
            for adopted in self.adopted.values()
            for name, sources in adopted.sources.items()
            for found in sources
        }
        mine = {where for where, name in places.items() if name in names}
        self.items = [
            item for item in self.items if item.where not in mine or item.kind == "contradiction"
        ]
        for stack in stacks:
            self.items += stack.refusals

    def _wanted(self) -> Inventory | None:
        """Return the inventory that the fleet's is to be; None where there is none."""
        if self.inventory is NO_INVENTORY or self.only:
            return None
        return self.inventory


def _entry_of(machine: ProvisionedMachine) -> Entry:
    """Return what an inventory would say of a machine that stays with its own Terraform."""
    return Entry(
        name=machine.name,
        tags=machine.all_tags,
        description=machine.full_description or None,
        target_host=None,
    )
