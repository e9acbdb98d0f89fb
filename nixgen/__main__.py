"""`python -m nixgen`."""

import sys

from nixgen.files.cli import main

if __name__ == "__main__":
    sys.exit(main())
