"""How clan reaches machines over the Internet."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field

from infra_lib.model.frozen import frozen
from infra_lib.model.services import (
    Role,
    check_input,
    check_instance_name,
    check_roles,
    frozen_roles,
)
from infra_lib.model.validators import valid


@frozen(kw_only=True)
class Internet:
    """The instance of clan's internet service, which says where machines are on the Internet.

    Those whose address the facts hold, and where SSH is open there, are in it by themselves.

    Attributes:
        instance: The name of the service's instance in the inventory.
        input: The flake input that has the service; None for clan's own, whatever it is called.
        roles: What else is to be said of the role "default": further machines and tags, settings,
            modules: `{"default": Role(machines={"cinnabar": {"host": "cinnabar.example.org"}})}`.
            A machine's own settings win over what facts say.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "internet"

    instance: str = field(default="internet", validator=valid(check_instance_name))
    input: str | None = field(default=None, validator=valid(check_input))
    roles: Mapping[str, Role] = field(
        factory=dict, converter=frozen_roles, validator=valid(check_roles, ("default",)), hash=False
    )
