"""Settings that hold for the tests of every capability."""

from __future__ import annotations

from hypothesis import settings

# No deadline: a shared machine stalls now and then, and a stall is no finding. The order of tests and the
# examples drawn stay random; a failure prints what reproduces it.
settings.register_profile("headwater", deadline=None, max_examples=50, print_blob=True)
settings.load_profile("headwater")
