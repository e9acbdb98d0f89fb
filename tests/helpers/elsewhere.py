"""The story's fleet as it was before: with servers that nobody provisions here."""

from attrs import evolve

from infra_lib import Machine
from main import fleet as example


def _by_hand(machine: Machine) -> Machine:
    tags = ("cloud", "hetzner", *machine.tags)
    return Machine(machine.name, tags=tags, description=machine.description)


by_hand = evolve(
    example,
    hetzner=None,
    machines=tuple(
        _by_hand(each) if each in example.hetzner_machines else each for each in example.machines
    ),
)
"""`main.fleet`, with cinnabar and electrum in the inventory alone."""
