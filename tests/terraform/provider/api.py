"""Compute Engine, as far as the stand-in goes: make, read, change and remove resources."""

import re
from ipaddress import AddressValueError, IPv4Address
from typing import Any

import attrs

from . import instances
from .cloud import (
    LINK,
    ApiError,
    Cloud,
    State,
    bad_request,
    external_address,
    fingerprint,
)
from .planning import changes, known
from .resources import RULES
from .schema import Block
from .values import canonical, last, relative, same_link


@attrs.frozen
class Api:
    """The calls of google's provider, within one transaction.

    Attributes:
        cloud: What is there.
        provider: The arguments of the provider block.
        schemas: By resource type.
    """

    cloud: Cloud
    provider: dict[str, Any]
    schemas: dict[str, Block]

    def create(self, kind: str, planned: State, _config: State) -> State:
        """Make a resource and return it as it is then.

        Raises:
            ApiError: The API refuses it.
        """
        state = self.located(kind, known(planned))
        link = link_of(kind, state)
        if link in self.cloud.of(kind):
            raise ApiError(
                f"Error creating {_noun(kind)}: googleapi: Error 409: The resource '{link}' already"
                " exists, alreadyExists"
            )
        settle_labels(state)
        state["id"] = link
        if kind == instances.KIND:
            instances.create(self.cloud, state)
        else:
            self.check(kind, state)
            self.cloud.log.append(f"{_noun(kind)}.insert {last(link)}")
        self.fill(kind, state)
        self.cloud.of(kind)[link] = state
        return state

    def read(self, kind: str, prior: State) -> State | None:
        """A resource as it is now, or None where there is none (any more)."""
        stored = self.cloud.of(kind).get(prior["id"])
        if stored is None:
            return None
        seen = instances.read(self.cloud, stored, prior) if kind == instances.KIND else stored
        return seen | own_labels(seen, prior) | {name: prior[name] for name in RULES[kind].stated}

    def imported(self, kind: str, asked: str) -> State:
        """What an import knows before anything is read: the id, and what that says.

        Raises:
            ApiError: What was asked for is no id.
        """
        block = self.schemas[kind]
        state: State = empty(block) | self.parsed(kind, asked)
        state["id"] = link_of(kind, self.located(kind, state))
        return state | dict.fromkeys(UNSAID & block.attributes.keys(), False)

    def parsed(self, kind: str, asked: str) -> dict[str, str]:
        """What an id of an import says: that of the resource, or the end of one, by words alone.

        Raises:
            ApiError: It says nothing.
        """
        template = RULES[kind].id
        names = re.findall(r"{(\w+)}", template)
        tails = (names[-most:] for most in RULES[kind].shorter)
        forms = [template, *("/".join(f"{{{name}}}" for name in tail) for tail in tails)]
        patterns = ["^" + re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", form) + "$" for form in forms]
        for pattern in patterns:
            if found := re.search(pattern, asked):
                return found.groupdict()
        known = " ".join(patterns)
        raise ApiError(f'Import id "{asked}" doesn\'t match any of the accepted formats: [{known}]')

    def looked_up(self, config: State) -> State:
        """An instance as the data source has it, with all labels.

        Raises:
            ApiError: There is none.
        """
        link = config["self_link"] and relative(config["self_link"])
        asked = config if link else self.located(instances.KIND, dict(config))
        stored = self.cloud.find(instances.KIND, link or link_of(instances.KIND, asked))
        seen = instances.read(self.cloud, stored, dict.fromkeys(stored))
        return seen | dict.fromkeys(LABELS, seen["effective_labels"])

    def update(self, kind: str, prior: State, planned: State) -> State:
        """Change a resource in place and return it as it is then.

        Raises:
            ApiError: The API refuses the change.
        """
        state = self.located(kind, known(planned))
        settle_labels(state)
        changed = {dotted for dotted, _ in changes(self.schemas[kind], prior, planned)}
        if kind == instances.KIND:
            state = instances.update(self.cloud, prior, state, changed)
        else:
            # A name that google's provider does not know to replace for names something else.
            self.cloud.find(kind, link_of(kind, state))
            self.check(kind, state)
            self.cloud.log.append(f"{_noun(kind)}.update {last(state['id'])}")
        self.fill(kind, state)
        self.cloud.of(kind)[prior["id"]] = state
        return state

    def delete(self, kind: str, prior: State) -> None:
        """Remove a resource; that it is gone already is no error.

        Raises:
            ApiError: Another resource uses it, or it is protected.
        """
        stored = self.cloud.of(kind).get(prior["id"])
        if stored is None:
            return
        if kind == instances.KIND:
            instances.delete(self.cloud, prior)
            return
        self.check_unused(kind, stored)
        if kind == "google_compute_disk":
            self.detach(stored)
        del self.cloud.of(kind)[prior["id"]]
        self.cloud.log.append(f"{_noun(kind)}.delete {last(prior['id'])}")

    def located(self, kind: str, state: State) -> State:
        """`state` with project, region and zone, from the provider where the resource has none.

        Raises:
            ApiError: Neither has one.
        """
        for name in ("project", "region", "zone"):
            if name not in self.schemas[kind].attributes:
                continue
            state[name] = last(state[name] or self.provider.get(name) or "")
            if not state[name]:
                raise ApiError(
                    f"Failed to determine {name}: required field is not set on the resource or the"
                    " provider"
                )
        return state

    def check(self, kind: str, state: State) -> None:
        """What the API checks of a resource that is no instance.

        Raises:
            ApiError: The message that it answers with.
        """
        if kind == "google_compute_firewall" and last(state["network"]) != "default":
            self.cloud.find("google_compute_network", self.network(state))
        if kind == "google_compute_attached_disk":
            disk = self.cloud.find("google_compute_disk", self.zonal(state, "disk", "disks"))
            instance = self.cloud.find(instances.KIND, self.zonal(state, "instance", "instances"))
            instances.check_disk(self.cloud, instance, disk["id"])
            if any(same_link(used["source"], disk["id"]) for used in instance["attached_disk"]):
                raise bad_request(
                    f"The disk resource '{disk['id']}' is already being used by '{instance['id']}'",
                    "resourceInUseByAnotherResource",
                )
        if kind == "google_compute_resource_policy" and (
            schedules := state["instance_schedule_policy"]
        ):
            check_schedule(schedules[0])
        if kind == "google_dns_record_set":
            zone = f"projects/{state['project']}/managedZones/{state['managed_zone']}"
            self.cloud.find("google_dns_managed_zone", zone)
            check_record(state)

    def check_unused(self, kind: str, state: State) -> None:
        """An address, a resource policy or a network that something uses stays.

        Raises:
            ApiError: It names the instance that uses it.
        """
        for instance in self.cloud.of(instances.KIND).values():
            used = [
                *(instance["resource_policies"] or ()),
                *(interface["network"] for interface in instance["network_interface"]),
            ]
            linked = kind in ("google_compute_resource_policy", "google_compute_network") and any(
                same_link(link, state["id"]) for link in used
            )
            if linked or (
                kind == "google_compute_address"
                and state["address"] in instances.addresses(instance)
                and state["region"] == instances.region(instance)
            ):
                raise bad_request(
                    f"The {_noun(kind)} resource '{state['id']}' is already being used by"
                    f" '{instance['id']}'",
                    "resourceInUseByAnotherResource",
                )

    def detach(self, disk: State) -> None:
        """Google's provider detaches a disk from its instance before it deletes it."""
        for instance in self.cloud.of(instances.KIND).values():
            instance["attached_disk"] = [
                used
                for used in instance["attached_disk"]
                if not same_link(used["source"], disk["id"])
            ]

    def zonal(self, state: State, argument: str, collection: str) -> str:
        """The id that `argument`, a name or a link, stands for."""
        return canonical(state[argument], state["project"], f"zones/{state['zone']}", collection)

    def network(self, state: State) -> str:
        """The id of the network that `state` names."""
        return canonical(state["network"], state["project"], "global", "networks")

    def fill(self, kind: str, state: State) -> None:
        """What the API answers for everything that was not given."""
        attributes = self.schemas[kind].attributes
        answers = {
            "self_link": LINK + state["id"],
            "creation_timestamp": "2026-01-01T00:00:00.000-00:00",
            "label_fingerprint": fingerprint(state.get("effective_labels")),
        }
        if kind == "google_compute_address":
            taken = {other["address"] for other in self.cloud.of(kind).values()}
            answers["address"] = external_address(state["id"], taken, 0)
        if kind == "google_compute_disk":
            answers["size"] = 10
            if state["image"]:
                state["image"] = self.cloud.image(state["image"], state["project"])
        if kind == "google_compute_firewall":
            answers["direction"] = "INGRESS"
        if kind in (
            "google_compute_firewall",
            "google_compute_subnetwork",
            "google_compute_router",
        ):
            state["network"] = LINK + self.network(state)
        if kind == "google_service_account":
            email = last(state["id"])
            answers |= {"email": email, "member": f"serviceAccount:{email}", "name": state["id"]}
        for name, answer in answers.items():
            if name in attributes and (not state[name] or name == "label_fingerprint"):
                state[name] = answer


LABELS = ("labels", "terraform_labels")

UNSAID = frozenset({"create_snapshot_before_destroy"})
"""Arguments that no API knows, and an import takes to be false."""


def empty(block: Block) -> State:
    """A state in which nothing is known."""
    return dict.fromkeys(block.attributes) | {
        name: None if nested.nesting == "single" else [] for name, nested in block.blocks.items()
    }


def own_labels(seen: State, prior: State) -> State:
    """The labels of a resource, of which those that the state does not have are somebody else's."""
    return {
        name: {key: seen["effective_labels"].get(key, "") for key in prior[name] or {}}
        for name in LABELS
        if name in seen
    }


def settle_labels(state: State) -> None:
    """Labels hold small letters, digits, hyphens and underscores, 63 at most.

    What a resource then has is read back: of a label without a value, an empty one.

    Raises:
        ApiError: One of them does not.
    """
    if "effective_labels" not in state:
        return
    for labels in ("effective_labels", "terraform_labels"):
        # What was not known yet is a label that has no value.
        state[labels] = {key: value for key, value in state[labels].items() if value}
    state["labels"] = {key: state["effective_labels"].get(key, "") for key in state["labels"] or {}}
    for key, value in state["effective_labels"].items():
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key):
            raise bad_request(
                f"Invalid value for field 'resource.labels': ''. Label key '{key}' violates format"
                " constraints. The key must start with a lowercase character, can only contain"
                " lowercase letters, numeric characters, underscores and dashes.",
                "invalid",
            )
        if not re.fullmatch(r"[a-z0-9_-]{0,63}", value):
            raise bad_request(
                f"Invalid value for field 'resource.labels': ''. Label value '{value}' violates"
                " format constraints. The value can only contain lowercase letters, numeric"
                " characters, underscores and dashes. The value can be at most 63 characters"
                " long.",
                "invalid",
            )


def check_record(state: State) -> None:
    """A record says where to, and an A record does so with IPv4 addresses.

    Raises:
        ApiError: It does not.
    """
    for number, text in enumerate(state["rrdatas"] or ("",)):
        try:
            wrong = not text or (state["type"] == "A" and not IPv4Address(text))
        except AddressValueError:
            wrong = True
        if wrong:
            raise bad_request(
                f"Invalid value for 'entity.change.additions[{state['name']}][{state['type']}]"
                f".rrdata[{number}]': '{text}'",
                "invalid",
            )


def check_schedule(policy: dict[str, Any]) -> None:
    """An instance schedule starts or stops something, at times that cron knows.

    Raises:
        ApiError: It does not.
    """
    given = [*policy["vm_start_schedule"], *policy["vm_stop_schedule"]]
    if not given:
        raise bad_request(
            "Invalid value for field 'resource.instanceSchedulePolicy': ''. At least one of"
            " vmStartSchedule and vmStopSchedule must be specified.",
            "invalid",
        )
    for schedule in given:
        if not re.fullmatch(r"([-\d*/,A-Za-z]+ ){4}[-\d*/,A-Za-z]+", schedule["schedule"]):
            raise bad_request(
                "Invalid value for field 'resource.instanceSchedulePolicy.schedule':"
                f" '{schedule['schedule']}'. The schedule is not a valid cron expression.",
                "invalid",
            )


def link_of(kind: str, state: State) -> str:
    """The id of a resource."""
    template = RULES[kind].id
    return template.format_map(
        {name: _part(state[name]) for name in re.findall(r"{(\w+)}", template)}
    )


def _part(value: str) -> str:
    # A member or a role may hold slashes of its own; links of other resources end in a name.
    return last(value) if value.startswith(("projects/", LINK)) else value


def _noun(kind: str) -> str:
    """What the API calls the collection, nearly: `instances`, `disks`, `firewalls` …"""
    return kind.removeprefix("google_").removeprefix("compute_") + "s"
