"""What all tests share."""

import signal
from contextlib import suppress

from hypothesis import HealthCheck, settings

# A busy machine makes tests slow, never red.
settings.register_profile(
    "any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

# A shell starts what it runs in the background with interrupts ignored, and so would be what the
# tests start, and interrupt.
with suppress(ValueError):  # not in the main thread
    signal.signal(signal.SIGINT, signal.default_int_handler)
