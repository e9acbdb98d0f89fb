"""Run the provider: `python -m tests.terraform.provider SCHEMAS`."""

import signal
import sys
from pathlib import Path

from .server import serve

# As Terraform's plugins do: it is Terraform that is interrupted.
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.exit(serve(Path(sys.argv[1])))
