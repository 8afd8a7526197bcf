"""How many elements to ask for at once: enough to make the cost per block vanish, few enough to start soon."""

from __future__ import annotations

from headwater.data.block import Block

# Measured on rows of 160 bytes: 128 KiB costs four times as much per row as 1 MiB (calls per block), 4 MiB
# gains nothing more, and 1 MiB still fits a core's second-level cache.
_SIZE_BYTES = 1 << 20
_MOST = 8_192
_TIME_S = 0.01


class Pace:
    """Begins with one element and doubles while a block is quick and small.

    A dear function is thus called once before the first element is out, and a cheap one soon sees thousands
    of rows. Order and content of what comes out do not depend on the pace.
    """

    def __init__(self, *, most: int = _MOST, fixed: int | None = None) -> None:
        self.limit = fixed or 1
        self._most = most
        self._fixed = fixed is not None

    def observe(self, block: Block, seconds: float) -> None:
        """Learn from a block that took `seconds` to make."""
        if self._fixed:
            return
        size_bytes = block.size_bytes()
        if seconds > _TIME_S or size_bytes > 2 * _SIZE_BYTES:
            self.limit = max(1, self.limit // 2)
        elif seconds * 2 <= _TIME_S and size_bytes * 2 <= _SIZE_BYTES:
            self.limit = min(self._most, self.limit * 2)
