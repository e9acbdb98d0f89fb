"""Deploying a fleet: what it will cost, what Terraform would do, and what may go wrong.

cdk → synthesis → check_fleet, inputs → plan → guard, price → attempts (failures_in_log,
advice, fallback, retry) → verify: the app is run; what it wrote is the fleet's, and stays so;
Terraform plans; what that deletes and costs is said; it is deployed, elsewhere where a zone is
full; and it is there.
"""
