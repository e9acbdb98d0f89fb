"""How the machines become known to the SSH clients of people and machines."""

from __future__ import annotations

from typing import Literal

from attrs import field

from infra_lib.model.frozen import frozen
from infra_lib.model.validators import check_one_of, valid


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

    _where = "ssh"

    home_manager: Literal["settings", "matchBlocks"] = field(
        default="settings", validator=valid(check_one_of, ("settings", "matchBlocks"))
    )
    known_hosts: Literal["facts", "vars"] = field(
        default="facts", validator=valid(check_one_of, ("facts", "vars"))
    )
