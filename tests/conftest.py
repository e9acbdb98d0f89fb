"""What all tests share."""

import signal
from contextlib import suppress

from hypothesis import settings

# A busy machine makes tests slow, never red.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# A shell starts what it runs in the background with interrupts ignored, and so would be what the
# tests start, and interrupt.
with suppress(ValueError):  # not in the main thread
    signal.signal(signal.SIGINT, signal.default_int_handler)
