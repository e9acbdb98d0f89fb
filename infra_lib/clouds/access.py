"""How whoever installs a machine reaches it."""

from __future__ import annotations

from nixgen.frozen import frozen


@frozen(kw_only=True)
class Access:
    """How a machine is reached by whoever installs it, as long as it runs its image.

    Attributes:
        note: What to know of that, in sentences.
        advice: What to look at when the machine does not let root in.
        closed: What to do first where the fleet lets nobody in who installs it; empty otherwise.
        learned: What its configuration has from the facts, and lacks before the machine is there:
            why that is learned, and its Nix files written anew, before it is installed. Empty for
            nothing.
        host_keys: A command that prints the type and the key of each host key that the image has
            published, a line each; empty where it publishes none.
        tunnel: A command that connects its input and output with the machine's SSH server, through
            a door of the cloud's; empty where the cloud has no such door.
        tunnel_host: What SSH calls the machine when it is installed through the tunnel; None where
            it is installed by its address.
        installed_by: What has the deployment install NixOS: "GcpProject(install=True)"; None where
            a person does.
    """

    note: str
    advice: str
    closed: str = ""
    learned: str = ""
    host_keys: tuple[str, ...] = ()
    tunnel: tuple[str, ...] = ()
    tunnel_host: str | None = None
    installed_by: str | None = None
