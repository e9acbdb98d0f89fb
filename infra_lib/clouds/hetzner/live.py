"""What `hcloud` tells of a fleet's servers.

The list is that of Hetzner Cloud's API: https://docs.hetzner.cloud/reference/cloud#servers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.clouds.hetzner.server_state import POWERED_OFF
from infra_lib.clouds.hetzner.token import VARIABLE
from infra_lib.clouds.live import Live, Question, entries, moment, part, text
from infra_lib.model.facts import canonical_ipv6, is_ipv4

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.hetzner.project import HetznerProject

_CONTEXT = "HCLOUD_CONTEXT"
_OFF = "somebody powered it off, or it did so itself; it costs its full price all the same"
# A server is billed until it is deleted, whatever its state.
_STATES = {
    "running": "on",
    "off": POWERED_OFF,
    **{
        each: each
        for each in ("initializing", "starting", "stopping", "migrating", "rebuilding", "deleting")
    },
}
_LOGGED_OUT = ("no active context or token", "unauthorized", "invalid token")


def live_question(
    fleet: FleetView,
    project: HetznerProject | None,
    project_id: str,
    environment: Mapping[str, str],
) -> Question:
    """Return how Hetzner Cloud is asked; see `infra_lib.clouds.cloud.Operations`.

    A context that hcloud has by itself may be one of another project, in which there is nothing of
    the fleet: it is asked only by a token or a context that the environment names.
    """
    del project_id  # the token says which project it is
    named = f" (project {project.name})" if project and project.name else ""
    told = environment.get(VARIABLE) or environment.get(_CONTEXT)
    return Question(
        about=f"Hetzner Cloud{named}",
        command=("hcloud", "server", "list", f"--selector=fleet={fleet.name}", "--output=json"),
        get="https://github.com/hetznercloud/cli",
        lacking=None
        if told
        else f"neither {VARIABLE} is set, which holds the token of the fleet's project, nor "
        f"{_CONTEXT}, which names a context of hcloud's",
    )


def read_live(document: object) -> list[Live]:
    """Return the servers of a list; see `infra_lib.clouds.cloud.Operations`."""
    return [_server(each) for each in entries(document, "servers")]


def why_not_live(said: str) -> str | None:
    """Return what an error of hcloud's means; see `infra_lib.clouds.cloud.Operations`."""
    if any(each in said for each in _LOGGED_OUT):
        return f"hcloud is not let in: {VARIABLE} has to hold a token of the fleet's project"
    return None


def _server(given: Mapping[str, Any]) -> Live:
    name, said = given["name"], text(given.get("status")) or "nothing"
    state = _STATES.get(said, said)
    address = part(given, "public_net", "ipv4", "ip")
    return Live(
        name=name,
        said=said,
        state=state,
        paid_as="on",
        settles=state == said and said in _STATES,
        why=_OFF if state == POWERED_OFF else "",
        start=f"hcloud server poweron {name}",
        delete=("hcloud", "server", "delete", name),
        zone=text(part(given, "location", "name"))
        or text(part(given, "datacenter", "location", "name")),
        machine_type=text(part(given, "server_type", "name")),
        external_ip=address if is_ipv4(address) else None,
        external_ipv6=_first(part(given, "public_net", "ipv6", "ip")),
        since=moment(given.get("created")),
        cost_label=text(part(given, "labels", "cost")),
    )


def _first(network: object) -> str | None:
    """Return the address that a server has in its network: the first, "…::1" of "…::/64"."""
    if not isinstance(network, str):
        return None
    start, slash, _ = network.partition("/")
    return canonical_ipv6(f"{start}1" if slash and start.endswith("::") else start)
