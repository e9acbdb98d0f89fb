"""What hcloud's provider takes, as `hcloud-1.68.0.json` keeps it of the resources made here.

That file is a digest of what the provider itself prints (`terraform providers schema -json`): each
argument's type, and whether it has to be given, may be left to the provider, or only can be read;
of blocks, and of arguments that are objects, what is in them and whether they are a list or a set.
Descriptions are left out. The provider that stands in for hcloud's serves it:
see tests/terraform/provider.
"""

from functools import partial
from pathlib import Path

from tests.helpers.provider_schema import faults_by, kept

SCHEMAS = kept(Path(__file__).with_name("hcloud-1.68.0.json"))
faults = partial(faults_by, SCHEMAS)
