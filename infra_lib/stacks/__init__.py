"""Stacks of a fleet, one for each cloud. This package alone needs a framework for Terraform.

Those here are for CDKTF; those of `infra_lib.stacks.cdktn` are for CDK Terrain, its fork. Which one
an app uses is what it imports, whatever is installed. Both load Node.js.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra_lib.stacks.cdktf import GcpStack, HetznerStack

__all__ = ["GcpStack", "HetznerStack"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        # Not imported above: the stacks of the other framework do not need this one.
        if name in __all__:
            from infra_lib.stacks import cdktf

            return getattr(cdktf, name)
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
