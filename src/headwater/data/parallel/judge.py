"""Whether steps are worth other hands, and whose: decided from what they were seen to cost.

Steps first run in the consumer's thread under two clocks. Cheap ones stay there. Those that wait get threads.
Of those that compute, one block is run in a thread while this one looks on: how late it wakes up from short
sleeps says for which part of the time the interpreter's lock was held. Steps that release it get threads, the
others processes, if what is left to do is worth starting them.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from headwater.data.block import Block

Verdict: TypeAlias = Literal["inline", "threads", "processes"]

# Handing a block over and waking up costs some 50 us; a block that takes less than this gains nothing.
_WORTH_S = 0.0003
MOST_ROWS = 8_192
"""How many rows are handed over at once at most."""
_SEEN_S = 0.004  # what is judged must have run for so long, or twice as long as at the last judgement
_WAITING = 0.5  # the share of wall time without CPU above which steps wait rather than compute
_PROCESS_START_S = 0.6  # measured: interpreter, numpy and the functions, per process, on a busy machine
# What two threads gain over one is 1 / held at most, so at three quarters it is a third.
_HELD = 0.75
_SLEEP_S = 0.0002
_LATE_S = 0.001  # waking up from a short sleep takes 0.1 ms; the lock's holder lets go after 5 ms


@dataclass
class Watch:
    """What steps were seen to cost in the consumer's own thread."""

    num_rows: int = 0
    num_blocks: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    size_bytes: int = 0

    def observe(self, num_rows: int, block: Block, wall_s: float, cpu_s: float) -> None:
        """Add a block of `num_rows` that became `block`."""
        self.num_rows += num_rows
        self.num_blocks += 1
        self.wall_s += wall_s
        self.cpu_s += cpu_s
        self.size_bytes += block.size_bytes()

    @property
    def row_s(self) -> float:
        """Seconds per row that came in."""
        return self.wall_s / max(1, self.num_rows)

    @property
    def waits(self) -> bool:
        """Whether most of the time went by without computing."""
        return self.cpu_s < (1 - _WAITING) * self.wall_s


class Judge:
    """Says once enough was seen, and again if it was wrong to wait."""

    def __init__(self, *, cores: int, num_rows: float | None) -> None:
        self._cores = cores
        self._expected = num_rows
        self._next_s = _SEEN_S
        self._held: float | None = None

    def is_due(self, watch: Watch) -> bool:
        """Whether enough was seen for a judgement."""
        if watch.wall_s < self._next_s:
            return False
        self._next_s = 2 * watch.wall_s
        return True

    def wants_probe(self, watch: Watch) -> bool:
        """Whether the answer hangs on the interpreter's lock, which no clock shows."""
        if self._held is None and not has_gil():
            self._held = 0.0
        return self._held is None and self._cores > 1 and not watch.waits and self.is_worth(watch)

    def probed(self, held: float) -> None:
        """Take note of the share of time for which the lock was held."""
        self._held = held

    def verdict(self, watch: Watch, *, portable: bool) -> Verdict:
        """Where the steps should run from now on."""
        if watch.waits and watch.row_s > _WORTH_S:
            return "threads"
        if self._cores == 1 or self._held is None or not self.is_worth(watch):
            return "inline"
        if self._held < _HELD:
            return "threads"
        return "processes" if portable and self._saves(watch) > _PROCESS_START_S * self._cores else "inline"

    def is_worth(self, watch: Watch) -> bool:
        """Whether blocks take longer than handing them over: those seen, and those to be handed over."""
        seen_s, handed_s = watch.wall_s / max(1, watch.num_blocks), watch.row_s * MOST_ROWS
        return min(seen_s, handed_s) > _WORTH_S or watch.row_s > _WORTH_S

    def _saves(self, watch: Watch) -> float:
        """Seconds that processes would save on what is left; as much again as was done, if no end is known."""
        rows = watch.num_rows if self._expected is None else max(0.0, self._expected - watch.num_rows)
        copying_s = watch.size_bytes / max(1, watch.num_rows) * rows / 1e9
        return min(rows * watch.row_s, 3600.0) * (1 - 1 / self._cores) - copying_s


def held_while(done: Future[Any]) -> float:
    """The share of the time until `done` for which another thread held the interpreter's lock."""
    start_s = now_s = time.perf_counter()
    held_s = 0.0
    while not done.done():
        time.sleep(_SLEEP_S)
        before_s, now_s = now_s, time.perf_counter()
        late_s = now_s - before_s - _SLEEP_S
        held_s += late_s if late_s > _LATE_S else 0.0
    return held_s / max(now_s - start_s, 1e-9)


def has_gil() -> bool:
    """Whether this interpreter runs Python in one thread at a time."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())
