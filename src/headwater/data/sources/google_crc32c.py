"""The checksum in C, where `google-crc32c` is installed."""

from __future__ import annotations

import warnings
from collections.abc import Callable


def native() -> Callable[[bytes], int] | None:
    """Return its function, or None if it is not there or would be slow Python as well."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # it warns when it has no C
            import google_crc32c
    except ImportError:
        return None
    function: Callable[[bytes], int] = google_crc32c.value
    return function if google_crc32c.implementation == "c" else None
