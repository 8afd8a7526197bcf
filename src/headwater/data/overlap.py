"""Whether making elements while others are used would help: if both take time, and neither nearly all of it."""

from __future__ import annotations

from collections import deque

_SEEN = 4  # refills that are looked at together; the first of a run, which opens files, is soon forgotten
_LEAST_S = 0.001  # a thread hop costs some 0.1 ms of both sides, and disputes the interpreter's lock
_SHARE = 0.1


class Overlap:
    """What refills of a run took, and what its consumer did between them.

    >>> overlap = Overlap()
    >>> for at in range(4):
    ...     overlap.observe(making_s=0.02, using_s=0.03)
    >>> overlap.would_help
    True
    """

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque(maxlen=_SEEN)

    def observe(self, *, making_s: float, using_s: float) -> None:
        """Add a refill and the time since the one before it."""
        self._seen.append((making_s, using_s))

    @property
    def would_help(self) -> bool:
        """Whether the shorter of both is worth hiding behind the longer."""
        if len(self._seen) < _SEEN:
            return False
        making_s = sum(making_s for making_s, _ in self._seen)
        using_s = sum(using_s for _, using_s in self._seen)
        shorter, whole = min(making_s, using_s), making_s + using_s
        return shorter > _LEAST_S * _SEEN and shorter > _SHARE * whole
