"""What is asked of a cloud.

A cloud is a folder here, whose module `cloud` answers as `Cloud` says, and a line in
`infra_lib.clouds.all_clouds`. What machines are asked is `infra_lib.model.provisioned`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from infra_lib.clouds.access import Access
    from infra_lib.clouds.adoption import Adopted, Found, Takeover
    from infra_lib.clouds.answers import (
        Alternatives,
        GpuOffer,
        Handling,
        Nixos,
        Place,
        Renewed,
        Source,
        Summary,
    )
    from infra_lib.clouds.failure import Failure
    from infra_lib.clouds.live import Live, Question
    from infra_lib.model.dns import Dns
    from infra_lib.model.facts import Facts
    from infra_lib.model.machine import Machine
    from infra_lib.model.zerotier import ZeroTier
    from infra_lib.terraform.plan import Change
    from infra_lib.terraform.state import Instance

Way = Literal["own", "zerotier", "direct", "inside", "tunnel"]


class FleetView(Protocol):
    """What a cloud may know of a fleet: its class knows the clouds, and not the other way round."""

    @property
    def name(self) -> str:
        """The fleet's name."""

    @property
    def domain(self) -> str:
        """The DNS domain the machines are reached under."""

    @property
    def zerotier(self) -> ZeroTier:
        """The network that connects the machines."""

    @property
    def facts(self) -> Facts:
        """What deployment learned."""

    @property
    def usd_per_eur(self) -> float | None:
        """How many USD a EUR is; None when nobody said."""

    @property
    def dns(self) -> Dns | None:
        """The names of machines in the DNS; None for none."""

    @property
    def controller(self) -> Machine | None:
        """The ZeroTier controller."""


@frozen(kw_only=True)
class Kinds:
    """What Terraform calls the resources of a cloud.

    Attributes:
        service: Who makes the machines, as people say it: "Compute Engine".
        provider: The provider, as stacks name it: "google".
        instance: The type of a machine: "google_compute_instance".
        disks: Types of disks, whose deletion loses what is on them.
        labelled: Types that bear the labels which say whose they are.
        uncounted: Types that cost something, and whose price is not known here.
        own: Types of what a machine alone has, and what has no label: called after the machine, or
            after one of its disks, with something behind that or without.
        place: What its machines' field is called for where they are: "zone". That for where else
            they may be is "fallback_zones".
    """

    service: str
    provider: str
    instance: str
    disks: tuple[str, ...]
    labelled: tuple[str, ...]
    uncounted: tuple[str, ...]
    own: tuple[str, ...] = ()
    place: str = "zone"


class Cloud(Protocol):
    """A cloud, whose projects and machines are of its own classes.

    A project is None where the fleet has none in that cloud.

    The module that answers imports at its top what a check of the generated files needs, and no
    more: a commit waits for that.
    """

    KINDS: Kinds

    def check(self, fleet: FleetView, project: Any, machines: Sequence[Any]) -> None:
        """Check what one machine alone cannot: the project, names that are unique, regions.

        Raises:
            FleetError: When the parts do not fit together.
        """

    def warnings(self, fleet: FleetView, project: Any, machines: Sequence[Any]) -> Iterable[str]:
        """Return what whoever describes the fleet should know, such as machines out of reach."""

    def nixos(self, fleet: FleetView, project: Any, machine: Any) -> Nixos:
        """Return what the NixOS configuration of a machine has from its cloud."""

    def price_sources(self, machines: Sequence[Any]) -> Mapping[str, Source]:
        """Return where the prices of machines come from, by what they are of.

        No other cloud uses the same words: "machine_types", "accelerators", "disks" and "addresses"
        are Google's.
        """

    def cost_notes(self, machines: Sequence[Any]) -> Iterable[str]:
        """Return what is to be known of what machines cost, in sentences: what is not counted.

        Args:
            machines: The machines whose costs are shown, at least one.
        """

    def alternatives(self, project: Any, machines: Sequence[Any]) -> Alternatives | None:
        """Return the machine types with GPUs that a fleet of these machines might have instead.

        None where the cloud has no GPUs: its machines are not in `docs/gpu-costs.md`.
        """

    def gpu_offers(self, machines: Sequence[Any]) -> Iterable[GpuOffer]:
        """Return every machine type with GPUs, wherever it can be had; empty where there is none.

        It is once for each price that it has in a region.

        Args:
            machines: The machines of a fleet, whose own catalogue counts; empty without a fleet.
        """

    def gpu_types(self, machines: Sequence[Any], said: str) -> Collection[str]:
        """Return what the cloud calls the GPUs that people may mean by a name; empty for none.

        Args:
            machines: As in `gpu_offers`.
            said: What somebody calls them: "T4", "A100 80GB", "nvidia-l4".
        """

    def regions(self, machines: Sequence[Any]) -> Sequence[str]:
        """Return every region, those without GPUs too; `machines` are as in `gpu_offers`."""

    def place(self, machine: Any) -> Place | None:
        """Return where on Earth a machine is; None where nobody knows."""

    def ways_in(self, fleet: FleetView, project: Any, machine: Any) -> frozenset[Way]:
        """Return the ways in to a machine, as far as the fleet says.

        Returns:
            "own" for one that the fleet's rules do not show; "zerotier"; "direct" to its external
            address; "inside" its network; "tunnel" through a door of the cloud's.
        """

    def summary(self, project: Any) -> Summary:
        """Return what tells a project from others: its name, and where it is."""

    def notes(self, project: Any, machines: Sequence[Any]) -> Iterable[str]:
        """Return what people who look at the fleet should know, such as what else is open."""

    def operations(self) -> Operations:
        """Return what answers deploying and installing, a module that nothing else needs loaded."""

    def renewal(self) -> Renewal:
        """Return what renews the catalogue of machine types and prices; nothing else loads it."""

    def adoption(self) -> Adoption:
        """Return what makes Python of machines that are there already; nothing else loads it."""


class Renewal(Protocol):
    """What renews a cloud's catalogue, from files that people fetch: nothing here asks a network.

    Attributes:
        FILES: The files that it is made of, by the names of options, which no other cloud has: what
            is in them, in words.
        FETCHING: The commands that fetch them.
        BUILT_IN: The folder of the built-in catalogue.
        OUTPUT: What a file with such a catalogue is called by default, as no other cloud's is.
        LOADED_BY: The class whose `load` reads it.
    """

    FILES: Mapping[str, str]
    FETCHING: str
    BUILT_IN: Path
    OUTPUT: str
    LOADED_BY: str

    def renew(
        self,
        files: Mapping[str, Sequence[tuple[str, bytes]]],
        kept: tuple[str, str] | None,
        as_of: str | None,
        today: str,
    ) -> Renewed:
        """Return a catalogue whose sections are made of files, where such are given.

        Args:
            files: What is given, by the names of `FILES`: what to call each file in messages, and
                what it holds.
            kept: A catalogue file whose other sections stay, as a name and a text; None for none,
                and the other sections are then the built-in ones.
            as_of: The day to note down; None for the one that a file tells, or else today.
            today: The day it is: "2026-11-26".

        Raises:
            FleetError: When a file holds something else than it should.
        """


class Adoption(Protocol):
    """What makes Python of what is in a cloud already."""

    def listed(self, document: Sequence[Any], where: str) -> list[Found] | None:
        """Return what a list of the cloud's own command line holds, in Terraform's terms.

        Args:
            document: The JSON: `gcloud compute instances list --format=json`.
            where: What to call it in messages.

        Returns:
            What was found; None where it is no list of this cloud's.

        Raises:
            FleetError: When it is such a list, and something in it cannot be.
        """

    def adopt(self, found: Sequence[Found], provider: Mapping[str, Any], fleet: str) -> Adopted:
        """Return what describes what was found.

        Args:
            found: All that the sources have of this cloud's resources, the instances once each.
            provider: The arguments of the provider, where a configuration has them.
            fleet: The fleet's name: what is labelled with it, or called after it, is the fleet's.
        """

    def with_backend(self, project: Any, kind: str, arguments: Mapping[str, Any]) -> Any:
        """Return a project that keeps the fleet's state where a configuration keeps its own.

        Args:
            project: The project.
            kind: The type of the backend: "gcs".
            arguments: Its arguments.

        Returns:
            The project; None where it takes no such backend.
        """

    def take_over(
        self, fleet: FleetView, adopted: Adopted, found: Sequence[Found], stack: str
    ) -> Takeover:
        """Return what the first deployment of the stack would do.

        Args:
            fleet: The fleet, whose machines in this cloud have by now what others say of them.
            adopted: Project and machines as the fleet has them, and what they were made of.
            found: As `adopt` takes it.
            stack: The stack's name.
        """


class Operations(Protocol):
    """What deploying and installing ask of a cloud: how it fails, and how machines are reached.

    What Terraform writes is handed over as it is: only a cloud knows what its resources take.
    """

    def lacking(self, environment: Mapping[str, str]) -> str | None:
        """Return why nothing can be deployed, before anything runs; None where that may be.

        Args:
            environment: The environment variables, of which none that is secret is told.
        """

    def access(self, fleet: FleetView, project: Any, machine: Any, project_id: str) -> Access:
        """Return how a machine is reached that still runs its first image, and no NixOS.

        Args:
            fleet: The fleet.
            project: The fleet's project; None where the fleet has none in this cloud.
            machine: A machine of it.
            project_id: The project that the stack is in; empty for the fleet's.
        """

    def handling(self, machine: Any) -> Handling:
        """Return what to know of a machine that is taken down, or made anew."""

    def failure(self, address: str, text: str) -> Failure | None:
        """Return what an error of the cloud's provider means; None where it may be anything."""

    def advice(self, failure: Failure, project: Any) -> str | None:
        """Return what to do about a failure, in one line; None where the cloud has no advice."""

    def no_room(self, machine: Any, *, exists: bool) -> str:
        """Return what follows a line on a zone that has no room for a machine; or an empty text.

        Args:
            machine: The machine.
            exists: Whether it is there, and was to become something else.
        """

    def read_instance(self, attributes: Mapping[str, Any]) -> Instance:
        """Return what Terraform has of a machine: synthesized, planned, or in its state."""

    def move(self, resources: dict[str, Any], machine: Any) -> None:
        """Write into a stack's resources where a machine is by now, and what it costs there.

        Args:
            resources: The stack's resources, by type and name; the machine's instance is there.
            machine: The machine.
        """

    def explain_changes(self, machines: Sequence[Any], changes: Sequence[Change]) -> list[str]:
        """Return what people should know before they agree to changes, such as what is off then.

        Args:
            machines: The fleet's machines in this cloud, here and below.
            changes: What becomes of each resource of a stack, here and below.
        """

    def prevent(self, machines: Sequence[Any], changes: Sequence[Change]) -> str | None:
        """Return why changes would fail half-way though Terraform plans them; or None."""

    def refuse_unseen(self, machines: Sequence[Any], changes: Sequence[Change]) -> str | None:
        """Return why a person should see changes that are no disks' and no machines'; or None.

        Args:
            machines: Those of the fleet's machines that have been deployed, as the facts say.
            changes: What becomes of each resource of a stack.
        """

    def held(self, changes: Sequence[Change]) -> Collection[str]:
        """Return the machines that would lose something elsewhere which outlives them: by name."""

    def explain_gone(self, names: Sequence[str]) -> str | None:
        """Return what it may mean that things in the state are not in the cloud; or None."""

    def left_behind(self, changes: Sequence[Change]) -> list[str]:
        """Return what a deployment of changes may leave behind when it fails, in lines."""

    def explain_wipe(self, change: Change) -> str | None:
        """Return why a person should see that an instance is made anew; None where none has to."""

    def explain_shut_out(self, changes: Sequence[Change]) -> str | None:
        """Return what follows "stack gcp" in a line on whom its changes shut out, if anybody."""

    def describe_closed_networks(self, document: Mapping[str, Any]) -> list[str]:
        """Return what is to be known of networks that a stack closes to the world."""

    def rule_tags(
        self, fleet: FleetView, stack: str, document: Mapping[str, Any]
    ) -> tuple[Collection[str], Collection[str]]:
        """Return what a stack's rules say of whose they are: what is the fleet's, and all else.

        Where no machine is on, this alone says it: by network tags, names or labels.
        """

    def live_question(
        self, fleet: FleetView, project: Any, project_id: str, environment: Mapping[str, str]
    ) -> Question:
        """Return how the cloud is asked which machines of a fleet there are now.

        Args:
            fleet: The fleet, whose name its machines bear as a label.
            project: The fleet's project; None where the fleet has none in this cloud.
            project_id: The project that a stack is in; empty for the fleet's.
            environment: The environment variables, of which none that is secret is told.
        """

    def read_live(self, document: object) -> list[Live]:
        """Return the machines that the cloud's answer tells of.

        Args:
            document: The JSON that the command of `live_question` printed.

        Raises:
            FleetError: When it is no list of machines.
        """

    def why_not_live(self, said: str) -> str | None:
        """Return what an error of that command means, and what to do; None for what it says."""
