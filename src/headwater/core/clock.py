"""Time is an argument: deciders and runtimes are given a clock, so tests never sleep."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol


class Clock(Protocol):
    """Seconds since the epoch, seconds for measuring, and a way to wait."""

    def now(self) -> float:
        """Seconds since 1970-01-01 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; differences are durations."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class WallClock:
    """The machine's own time."""

    def now(self) -> float:
        """Seconds since the epoch, from the system."""
        return time.time()

    def monotonic(self) -> float:
        """`time.perf_counter`."""
        return time.perf_counter()

    def sleep(self, seconds: float) -> None:
        """`time.sleep`."""
        time.sleep(seconds)


@dataclass
class FakeClock:
    """Time that moves only when told to, or when someone sleeps.

    >>> clock = FakeClock(100.0)
    >>> clock.sleep(5)
    >>> clock.now()
    105.0
    """

    time_s: float = 0.0
    naps: list[float] = field(default_factory=list)

    def now(self) -> float:
        """The time it was moved to."""
        return self.time_s

    def monotonic(self) -> float:
        """The same as `now`."""
        return self.time_s

    def sleep(self, seconds: float) -> None:
        """Move on at once and remember the nap."""
        self.naps.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`."""
        self.time_s += seconds


@dataclass
class EventClock:
    """The time of the stream: it stands at the newest event seen and never runs backwards."""

    time_s: float = float("-inf")
    wall: Clock = field(default_factory=WallClock)

    def now(self) -> float:
        """The newest event time observed."""
        return self.time_s

    def monotonic(self) -> float:
        """Wall time: durations of work are real even when the stream is replayed."""
        return self.wall.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait on the wall clock."""
        self.wall.sleep(seconds)

    def observe(self, event_time_s: float) -> None:
        """Move to `event_time_s` if it is later."""
        self.time_s = max(self.time_s, event_time_s)
