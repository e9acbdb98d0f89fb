"""Run the provider: `python -m tests.terraform.provider SCHEMAS`."""

import sys
from pathlib import Path

from .server import serve

sys.exit(serve(Path(sys.argv[1])))
