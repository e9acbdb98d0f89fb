"""What Google Cloud answers to whoever deploys and installs; see `infra_lib.clouds.cloud`."""

from infra_lib.clouds.gcp.access import access
from infra_lib.clouds.gcp.failures import advice, failure
from infra_lib.clouds.gcp.firewall_state import closed, rule_tags, shut_out
from infra_lib.clouds.gcp.instance_state import move, read_instance, wiped

__all__ = [
    "access",
    "advice",
    "closed",
    "failure",
    "move",
    "read_instance",
    "rule_tags",
    "shut_out",
    "wiped",
]
