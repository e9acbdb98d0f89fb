"""How the machines become known to the SSH clients of people and machines."""

from __future__ import annotations

from typing import Literal

from infra_lib.model import check
from nixgen.frozen import frozen


@frozen(kw_only=True)
class Ssh:
    """What the generated SSH configuration looks like.

    Attributes:
        home_manager: The option of home-manager's `programs.ssh` that hosts are written to:
            "settings", with OpenSSH's names, or "matchBlocks", which home-manager had before May
            2026 (https://github.com/nix-community/home-manager/pull/9331).
        known_hosts: Where the keys of NixOS machines are taken from: "facts" writes them out,
            "vars" refers to the clan vars in `flake.nixosConfigurations`, where clan's sshd service
            puts them.

    Raises:
        FleetError: When a field cannot be.
    """

    home_manager: Literal["settings", "matchBlocks"] = "settings"
    known_hosts: Literal["facts", "vars"] = "facts"

    def __attrs_post_init__(self) -> None:
        check.one_of("ssh", "home_manager", self.home_manager, ("settings", "matchBlocks"))
        check.one_of("ssh", "known_hosts", self.known_hosts, ("facts", "vars"))
