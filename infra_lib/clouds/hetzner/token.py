"""The API token, by which Terraform's provider knows whom it works for, and in which project."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "HCLOUD_TOKEN"
# https://github.com/hetznercloud/terraform-provider-hcloud/blob/main/hcloud/provider.go
_LENGTH = 64


def lacking(environment: Mapping[str, str]) -> str | None:
    """Return why nothing can be deployed at Hetzner Cloud; None where that is not known.

    The token is not printed, nor a part of it.

    Args:
        environment: The environment variables.
    """
    token = environment.get(VARIABLE, "")
    if not token:
        return (
            f"{VARIABLE} is not set: it holds the API token of the project at Hetzner Cloud, which "
            "the console makes under the project's Security, for reading and writing. It stands in "
            "the environment alone, neither in the code nor in the state"
        )
    if len(token) != _LENGTH:
        return (
            f"{VARIABLE} has {len(token)} characters, and an API token of Hetzner Cloud has "
            f"{_LENGTH}: copy it whole, without spaces or a line's end"
        )
    return None
