"""What makes Python of what is in a project; see `infra_lib.clouds.adoption.Adoption`."""

from infra_lib.clouds.hetzner.adoption.adopting import adopt
from infra_lib.clouds.hetzner.adoption.lists import listed
from infra_lib.clouds.hetzner.adoption.takeover import take_over

__all__ = ["adopt", "listed", "take_over"]
