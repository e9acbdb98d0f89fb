"""What `gcloud` tells of a fleet's instances.

The list is Compute Engine's own: https://cloud.google.com/compute/docs/reference/rest/v1/instances.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from infra_lib.clouds.live import Live, Question, entries, moment, part, text
from infra_lib.model.bill import State
from infra_lib.model.facts import canonical_ipv6, is_ipv4
from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.gcp.project import GcpProject

_STOPPED = (
    "a run that came to its end, a machine that was idle, a schedule, Google that took back a Spot "
    "VM, or somebody by hand"
)
_SUSPENDED = "somebody suspended it, and Compute Engine keeps its memory"
_LOGGED_OUT = ("active account", "gcloud auth login", "Reauthentication", "invalid_grant")
_ENDLESS = 3.2e9  # seconds: a century


@frozen
class _State:
    """What a word of Compute Engine's means.

    Attributes:
        state: The state in the fleet's words.
        paid_as: The state that it is counted as; on the way from one to another, the dearer one.
        settles: Whether it is on its way.
        why: What may have brought an instance there.
    """

    state: str
    paid_as: State
    settles: bool = False
    why: str = ""


# https://docs.cloud.google.com/compute/docs/instances/instance-lifecycle
_STATES = {
    "PENDING": _State("starting", "on", settles=True),
    "PROVISIONING": _State("starting", "on", settles=True),
    "STAGING": _State("starting", "on", settles=True),
    "RUNNING": _State("on", "on"),
    "REPAIRING": _State("repairing", "on", settles=True),
    "PENDING_STOP": _State("stopping", "on", settles=True),
    "STOPPING": _State("stopping", "on", settles=True),
    "DEPROVISIONING": _State("stopping", "on", settles=True),
    "SUSPENDING": _State("suspending", "on", settles=True),
    "SUSPENDED": _State("suspended", "stopped", why=_SUSPENDED),
    "STOPPED": _State("stopped", "stopped", why=_STOPPED),
    "TERMINATED": _State("stopped", "stopped", why=_STOPPED),
}
_BEGAN = {"on": "lastStartTimestamp", "stopped": "lastStopTimestamp"}


def live_question(
    fleet: FleetView,
    project: GcpProject | None,
    project_id: str,
    environment: Mapping[str, str],
) -> Question:
    """Return how Compute Engine is asked; see `infra_lib.clouds.cloud.Operations`."""
    del environment  # gcloud has its login in files of its own
    id_ = project_id or (project.project if project else "")
    return Question(
        about=f"Compute Engine (project {id_})" if id_ else "Compute Engine",
        command=(
            *("gcloud", "compute", "instances", "list", "--format=json"),
            f"--filter=labels.fleet={fleet.name}",
            *((f"--project={id_}",) if id_ else ()),
            *("--quiet", "--verbosity=warning"),
        ),
        get="https://cloud.google.com/sdk/docs/install",
        partial="requests did not succeed",  # a zone that is unreachable is a warning, and status 0
    )


def read_live(document: object) -> list[Live]:
    """Return the instances of a list; see `infra_lib.clouds.cloud.Operations`."""
    return [_instance(each) for each in entries(document, "instances")]


def why_not_live(said: str) -> str | None:
    """Return what an error of gcloud's means; see `infra_lib.clouds.cloud.Operations`."""
    if any(each in said for each in _LOGGED_OUT):
        return "gcloud is not logged in: gcloud auth login"
    return None


def _instance(given: Mapping[str, Any]) -> Live:
    name, said = given["name"], text(given.get("status")) or "nothing"
    known = _STATES.get(said)
    state = known.state if known else said
    zone = _last(given.get("zone"))
    return Live(
        name=name,
        said=said,
        state=state,
        paid_as=known.paid_as if known else None,
        unpriced=("memory that is kept",) if state == "suspended" else (),
        settles=known.settles if known else False,
        why=known.why if known else "",
        delete=_delete(name, zone, given.get("selfLink")),
        zone=zone,
        machine_type=_last(given.get("machineType")),
        external_ip=_ipv4(given),
        external_ipv6=_ipv6(given),
        since=moment(given.get(_BEGAN.get(state, ""))) or moment(given.get("creationTimestamp")),
        ends_at=_end(given) if known is not None and known.paid_as == "on" else None,
        cost_label=text(part(given, "labels", "cost")),
    )


def _end(given: Mapping[str, Any]) -> datetime | None:
    """Return when an instance's run ends: what Compute Engine has computed, or else what it will.

    https://cloud.google.com/compute/docs/instances/limit-vm-runtime
    """
    scheduling = given.get("scheduling")
    told = moment(part(given, "resourceStatus", "scheduling", "terminationTimestamp"))
    told = told or moment(part(scheduling, "terminationTime"))
    if told is not None:
        return told
    started = moment(given.get("lastStartTimestamp"))
    try:
        longest = float(part(scheduling, "maxRunDuration", "seconds"))  # a text, as all int64 are
    except (TypeError, ValueError, OverflowError):
        return None
    return started + timedelta(seconds=longest) if started and 0 < longest < _ENDLESS else None


def _ipv4(given: Mapping[str, Any]) -> str | None:
    address = part(given, "networkInterfaces", 0, "accessConfigs", 0, "natIP")
    return address if is_ipv4(address) else None


def _ipv6(given: Mapping[str, Any]) -> str | None:
    return canonical_ipv6(
        part(given, "networkInterfaces", 0, "ipv6AccessConfigs", 0, "externalIpv6")
    )


def _delete(name: str, zone: str | None, link: object) -> tuple[str, ...]:
    place = () if zone is None else (f"--zone={zone}",)
    path = link.split("/") if isinstance(link, str) else []
    after = dict(pairwise(path))
    project = (f"--project={after['projects']}",) if "projects" in after else ()
    return ("gcloud", "compute", "instances", "delete", name, *place, *project)


def _last(link: object) -> str | None:
    """Return the name at the end of a link; None where there is none."""
    return text(link.rpartition("/")[2]) if isinstance(link, str) else None
