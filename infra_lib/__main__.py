"""`python -m infra_lib`."""

import sys

from infra_lib.commands.cli import main

if __name__ == "__main__":
    sys.exit(main())
