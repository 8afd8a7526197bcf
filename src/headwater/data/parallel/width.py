"""How many calls should be under way at once: more, as long as they wait and the cores do too."""

from __future__ import annotations

import time

from headwater.data.parallel.hands import Made

_MOST = 128
_FORGETS = 0.9
# Calls that take turns at one lock, the interpreter's above all, want one core together however many they are.
_HALF = 0.5
_IDLE = 0.6


class Width:
    """Sees every call that ends, and says when twice as many at once would be better."""

    def __init__(self, cores: int) -> None:
        self._cores = cores
        self._wall_s = 0.0
        self._wanted_s = 0.0
        self._since_change = 0
        self._clocks = (time.perf_counter(), time.process_time())

    def observe(self, made: Made, *, most: int, starved: bool) -> bool:
        """Whether to double: the consumer had to wait for calls that wait, while the cores were free."""
        self._wall_s = _FORGETS * self._wall_s + made.wall_s
        self._wanted_s = _FORGETS * self._wanted_s + made.wanted_s
        self._since_change += 1
        if not starved or self._since_change < most or most >= _MOST:
            return False
        self._since_change = 0
        return most * self._wanted_s < _HALF * self._wall_s and self._cores_are_idle()

    def _cores_are_idle(self) -> bool:
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        past_s, used_s = wall_s - self._clocks[0], cpu_s - self._clocks[1]
        self._clocks = (wall_s, cpu_s)
        return used_s < _IDLE * self._cores * past_s
