"""What Google Cloud answers to whoever deploys and installs; see `infra_lib.clouds.cloud`."""

from infra_lib.clouds.gcp.access import access
from infra_lib.clouds.gcp.changes import (
    explain_changes,
    explain_gone,
    held,
    lacking,
    left_behind,
    no_room,
    prevent,
    refuse_unseen,
)
from infra_lib.clouds.gcp.failures import advice, failure
from infra_lib.clouds.gcp.firewall_state import (
    describe_closed_networks,
    explain_shut_out,
    rule_tags,
)
from infra_lib.clouds.gcp.handling import handling
from infra_lib.clouds.gcp.instance_state import explain_wipe, move, read_instance
from infra_lib.clouds.gcp.live import live_question, read_live, why_not_live

__all__ = [
    "access",
    "advice",
    "describe_closed_networks",
    "explain_changes",
    "explain_gone",
    "explain_shut_out",
    "explain_wipe",
    "failure",
    "handling",
    "held",
    "lacking",
    "left_behind",
    "live_question",
    "move",
    "no_room",
    "prevent",
    "read_instance",
    "read_live",
    "refuse_unseen",
    "rule_tags",
    "why_not_live",
]
