"""What is asked of a cloud by whoever deploys and installs: how it fails, and how it is reached.

A module of each cloud's folder answers as `Operations` says; `Cloud.operations` returns it. What
Terraform writes is handed over as it is: only a cloud knows the arguments of its resources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from nixgen.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from infra_lib.clouds.cloud import FleetView
    from infra_lib.clouds.failure import Failure
    from infra_lib.terraform.plan import Change
    from infra_lib.terraform.state import Instance


@frozen(kw_only=True)
class Access:
    """How whoever installs a machine reaches it, as long as it runs its image.

    Attributes:
        note: What to know of that, in sentences.
        advice: What to look at when the machine does not let root in.
        closed: What to do first where the fleet lets nobody in who installs it; empty otherwise.
        host_keys: A command that prints the type and the key of each host key that the image has
            published, a line each; empty where it publishes none.
        tunnel: A command that connects its input and output with the machine's SSH server, through
            a door of the cloud's; empty where there is none.
        tunnel_host: What SSH calls the machine when it is installed through the tunnel; None where
            it is installed by its address.
        installed_by: What has the deployment install NixOS: "GcpProject(install=True)"; None where
            a person does.
    """

    note: str
    advice: str
    closed: str = ""
    host_keys: tuple[str, ...] = ()
    tunnel: tuple[str, ...] = ()
    tunnel_host: str | None = None
    installed_by: str | None = None


class Operations(Protocol):
    """What deploying and installing ask of a cloud."""

    def access(self, fleet: FleetView, project: Any, machine: Any, project_id: str) -> Access:
        """Return how a machine is reached that runs its image.

        Args:
            fleet: The fleet.
            project: The fleet's project; None where there is none.
            machine: A machine of it.
            project_id: The project that the stack is in; empty for the fleet's.
        """

    def failure(self, address: str, text: str) -> Failure | None:
        """Return what an error of the cloud's provider means; None where it may be anything."""

    def advice(self, failure: Failure, project: Any) -> str | None:
        """Return what to do about a failure, in one line; None where the cloud has no advice."""

    def read_instance(self, attributes: Mapping[str, Any]) -> Instance:
        """Return what Terraform has of a machine: synthesized, planned, or in its state."""

    def wiped(self, change: Change) -> str | None:
        """Return why nobody should let an instance be made anew unseen; None where all may."""

    def shut_out(self, changes: Sequence[Change]) -> str | None:
        """Return whom the changes of a stack may shut out, after the stack's name; or None."""

    def closed(self, document: Mapping[str, Any]) -> list[str]:
        """Return what is to be known of networks that a stack closes to the world."""

    def rule_tags(
        self, fleet: FleetView, stack: str, document: Mapping[str, Any]
    ) -> tuple[Collection[str], Collection[str]]:
        """Return the network tags of a stack's rules: those that are the fleet's, and all others.

        Where no machine is on, these alone say whose a stack is.
        """
