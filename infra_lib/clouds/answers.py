"""What a cloud answers with; see `infra_lib.clouds.cloud.Cloud`."""

from __future__ import annotations

from collections.abc import Mapping

from infra_lib.model.money import Cost
from nixgen.expr import Item, Value
from nixgen.frozen import frozen


@frozen
class Summary:
    """A project as whoever looks at the fleet sees it.

    Attributes:
        text: In words: "project example-project in us-central1".
        data: The same as plain data, in a shape that stays.
    """

    text: str
    data: Mapping[str, str]


@frozen(kw_only=True)
class Nixos:
    """What the NixOS configuration of a machine has from its cloud.

    Attributes:
        boot: `boot`, but for ZFS: the boot loader, kernel modules and the console.
        networking: What `networking` has beside the name, the firewall and systemd-networkd:
            time servers, where the cloud has its own.
        uplink: The network interface, `systemd.network.networks."10-uplink"`.
        root_keys: OpenSSH public keys of those who log in as root.
        items: What stands below all this.
        arguments: The arguments of a NixOS module that `items` take, beside `lib`: "pkgs".
    """

    boot: Mapping[str | tuple[str, ...], Value]
    networking: Mapping[str | tuple[str, ...], Value]
    uplink: Value
    root_keys: tuple[str, ...]
    items: tuple[Item, ...] = ()
    arguments: tuple[str, ...] = ()


@frozen
class Source:
    """Where facts of a cloud's catalogue come from.

    Attributes:
        of: What they are of, as a sentence starts: "Machine types".
        name: Who has them.
        as_of: From when they are.
    """

    of: str
    name: str
    as_of: str

    @property
    def text(self) -> str:
        """All three, for people."""
        return f"{self.of}: {self.name}, as of {self.as_of}"


@frozen(kw_only=True)
class Alternative:
    """A machine type with GPUs, where a region has it, and what it costs there.

    Attributes:
        machine_type: What the cloud calls it.
        gpu: Its GPUs as people say it: "1x T4".
        memory_gb: The memory of all its GPUs in GB; None when it is not known.
        zones: Where it is offered.
        cost: What it costs while it runs.
    """

    machine_type: str
    gpu: str
    memory_gb: int | None
    zones: tuple[str, ...]
    cost: Cost


@frozen(kw_only=True)
class Alternatives:
    """What `docs/gpu-costs.md` tells of a cloud, beside the fleet's own machines.

    Attributes:
        region: Where the alternatives are.
        machine_types: The alternatives, the cheapest first.
        note: A sentence on how they are shown.
        stopped: A sentence on what a stopped machine costs.
        sources: Where all this comes from.
        correction: A sentence on how to correct a price.
    """

    region: str
    machine_types: tuple[Alternative, ...]
    note: str
    stopped: str
    sources: tuple[Source, ...]
    correction: str
