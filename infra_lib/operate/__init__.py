"""What is done with a fleet: deploying, installing, learning what came of it.

deploy/ deploys · deployed asks what there is · kinds says whose it is · runbook writes what a
person does · sync turns findings into facts, clan_vars finds some · scaffold begins a fleet, start
says what of it is one cloud's · table prints.
"""
