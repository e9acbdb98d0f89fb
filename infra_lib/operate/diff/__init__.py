"""What a change of a fleet does: to machines, disks, other resources, generated files and costs.

`side` says what is to be known of one version of a fleet, as plain data; `fleet_diff` compares two;
`text`, `markdown` and `data` say what came of it.
"""
