"""Run the provider: `python -m tests.terraform.provider SCHEMAS`."""

import signal
import sys

from . import front

# As Terraform's plugins do: it is Terraform that is interrupted.
signal.signal(signal.SIGINT, signal.SIG_IGN)
listener = front.announced()

from pathlib import Path  # noqa: E402 - what follows may take its time

from .server import serve  # noqa: E402

serve(Path(sys.argv[1]), listener)
