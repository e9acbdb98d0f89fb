"""Stacks for CDKTF, one for each cloud. An app has them from `infra_lib.stacks`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra_lib.stacks.cdktf.gcp import GcpStack
    from infra_lib.stacks.cdktf.hetzner import HetznerStack

__all__ = ["GcpStack", "HetznerStack"]

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        # Not imported above: the stack of one cloud does not need the bindings of another's.
        if name == "GcpStack":
            from infra_lib.stacks.cdktf.gcp import GcpStack

            return GcpStack
        if name == "HetznerStack":
            from infra_lib.stacks.cdktf.hetzner import HetznerStack

            return HetznerStack
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
