"""What makes Python of what is in a project; see `infra_lib.clouds.adoption.Adoption`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_lib.clouds.hetzner.adoption.adopting import adopt
from infra_lib.clouds.hetzner.adoption.lists import listed
from infra_lib.clouds.hetzner.adoption.takeover import take_over

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["adopt", "listed", "take_over", "with_backend"]


def with_backend(project: Any, kind: str, arguments: Mapping[str, Any]) -> None:
    """Return nothing: the state of a stack here is in a file, as long as nobody writes another."""
    del project, kind, arguments
