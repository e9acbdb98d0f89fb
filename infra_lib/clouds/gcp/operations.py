"""What Google Cloud answers to whoever deploys and installs; see `infra_lib.clouds.cloud`."""

from infra_lib.clouds.gcp.access import access
from infra_lib.clouds.gcp.failures import advice, failure
from infra_lib.clouds.gcp.firewall_state import (
    describe_closed_networks,
    explain_shut_out,
    rule_tags,
)
from infra_lib.clouds.gcp.instance_state import explain_wipe, move, read_instance

__all__ = [
    "access",
    "advice",
    "describe_closed_networks",
    "explain_shut_out",
    "explain_wipe",
    "failure",
    "move",
    "read_instance",
    "rule_tags",
]
