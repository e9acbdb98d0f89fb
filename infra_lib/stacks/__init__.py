"""Stacks of a fleet. This package alone needs a framework for Terraform, and loads it with Node.js.

`GcpStack` here is for CDKTF; that of `infra_lib.stacks.cdktn` is for CDK Terrain, its fork. Which
one an app uses is what it imports, whatever is installed.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra_lib.stacks.cdktf import GcpStack

__all__ = ["GcpStack"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        # Not imported above: the stacks of the other framework do not need this one.
        if name == "GcpStack":
            from infra_lib.stacks.cdktf import GcpStack

            return GcpStack
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
