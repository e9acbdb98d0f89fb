"""`python -m nixgen`."""

import sys

from nixgen.cli import main

if __name__ == "__main__":
    sys.exit(main())
