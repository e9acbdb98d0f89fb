"""What all tests share."""

import signal
from contextlib import suppress

# A shell starts what it runs in the background with interrupts ignored, and so would be what the
# tests start, and interrupt.
with suppress(ValueError):  # not in the main thread
    signal.signal(signal.SIGINT, signal.default_int_handler)
