"""Run the plugin: `python -m tests.terraform.provider PORT PROVIDER`, the port of its `server`."""

import signal
import sys

from . import front

# As Terraform's plugins do: it is Terraform that is interrupted.
signal.signal(signal.SIGINT, signal.SIG_IGN)
front.stand_for(int(sys.argv[1]), sys.argv[2], front.announced())
