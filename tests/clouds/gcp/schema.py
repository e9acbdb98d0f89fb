"""What Google's provider takes, as `google-7.45.0.json` keeps it of the resources made here.

That file is a digest of what the provider itself prints (`terraform providers schema -json`): each
argument's type, and whether it has to be given or only can be read; of blocks, how often they may
stand. Descriptions and the custom endpoints of the provider are left out.

It is for tests alone. Of a synthesis it would take time, and there the framework's own classes
refuse a name that they do not know.

Of version 8, which stacks of CDK Terrain ask for, the classes of its bindings are what resources
are held against: see tests/stacks/test_frameworks.py.
"""

from functools import partial
from pathlib import Path

from tests.helpers.provider_schema import faults_by, is_there, kept, of_block

__all__ = ["SCHEMAS", "faults", "is_there", "of_block"]

SCHEMAS = kept(Path(__file__).with_name("google-7.45.0.json"))
faults = partial(faults_by, SCHEMAS)
