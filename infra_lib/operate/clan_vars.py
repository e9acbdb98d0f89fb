"""The public values among clan's vars, in the layouts that clan has had.

Only files called `value` are opened, which hold what is public. What is secret stands beside them
in files called `secret`, and is never looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_lib.model.errors import FleetError
from nixgen.errors import NixgenError
from nixgen.frozen import frozen
from nixgen.regular_file import read_regular_file

if TYPE_CHECKING:
    from pathlib import Path


@frozen
class MachineVars:
    """What clan generated for a machine; what is None it has not generated.

    Attributes:
        ssh_host_key: The public SSH key of the host.
        state_version: The NixOS release it is installed with.
        zerotier_ip: Its address in the ZeroTier network.
    """

    ssh_host_key: str | None
    state_version: str | None
    zerotier_ip: str | None


def of_machine(folder: Path, machine: str, instance: str) -> MachineVars:
    """Return the public vars of a machine.

    Args:
        folder: The folder `vars` of the clan.
        machine: The machine's name.
        instance: The name of the zerotier service's instance in the inventory.

    Raises:
        FleetError: When a value cannot be read.
    """
    own = f"per-machine/{machine}"
    return MachineVars(
        ssh_host_key=_first(folder, f"{own}/openssh/ssh.id_ed25519.pub"),
        state_version=_first(folder, f"{own}/state-version/version"),
        # The newest layout first: while clan migrates, an older one may still be there.
        zerotier_ip=_first(
            folder,
            f"shared/zerotier-ip-{machine}-{instance}/ip",
            f"{own}/zerotier-ip-{instance}/ip",
            f"{own}/zerotier/zerotier-ip",
        ),
    )


def network_id(folder: Path, controller: str, instance: str) -> str | None:
    """Return the ZeroTier network's id; None when clan has not generated it.

    Args:
        folder: The folder `vars` of the clan.
        controller: The name of the machine that is the controller.
        instance: The name of the zerotier service's instance in the inventory.

    Raises:
        FleetError: When the value cannot be read.
    """
    return _first(
        folder,
        f"shared/zerotier-network-{instance}/network-id",
        f"per-machine/{controller}/zerotier/zerotier-network-id",
    )


def _first(folder: Path, *names: str) -> str | None:
    """Return the first of some vars that has a public value, without the line's end."""
    for name in names:
        text = _read(folder / name / "value")
        if text is not None:
            return text.strip()
    return None


def _read(path: Path) -> str | None:
    try:
        return read_regular_file(path, follow=False).decode()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise FleetError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FleetError(f"{path}: cannot be read: no text") from None
    except NixgenError as error:
        raise FleetError(str(error)) from None
