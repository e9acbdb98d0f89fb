"""What a fleet costs, as `infra cost` prints it, for Python.

What one machine costs, it says itself: `machine.bill`, `machine.usd_per_hour_now`. What a change
costs is a part of `infra_lib.diff`.
"""

from infra_lib.model.costs import hourly, monthly, total_text
from infra_lib.operate.cost_data import cost_data
from infra_lib.operate.cost_view import View

__all__ = ["View", "cost_data", "hourly", "monthly", "total_text"]
