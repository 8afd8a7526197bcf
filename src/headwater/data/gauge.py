"""Whether threads compute or wait, seen from the processor's side.

Wall time alone would take a thread that had to share its processor for one that waits for a disk. The system
counts apart what a thread computed, what it stood in line for, and how often it went to sleep by itself.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

Meter: TypeAlias = Callable[[], float]
Start: TypeAlias = tuple[float, float, int]

_SHORT_S = 0.0001  # a wait that is shorter is none, and asking the system takes a microsecond


def begin() -> Start:
    """Remember the time, and what the calling thread has used."""
    return (time.perf_counter(), *_used())


def waited_s(start: Start) -> float:
    """For how long since `start` the calling thread slept because it waited for something."""
    wall_s = time.perf_counter() - start[0]
    if wall_s < _SHORT_S:
        return 0.0
    cpu_s, num_sleeps = _used()
    return 0.0 if num_sleeps == start[2] else max(0.0, wall_s - (cpu_s - start[1]))


if sys.platform == "linux":
    import resource

    def _used() -> tuple[float, int]:
        usage = resource.getrusage(resource.RUSAGE_THREAD)
        return usage.ru_utime + usage.ru_stime, usage.ru_nvcsw

else:

    def _used() -> tuple[float, int]:
        # Without a count of sleeps each call may have had one.
        return time.thread_time(), time.perf_counter_ns()


def own_meter() -> Meter | None:
    """A function that says, in any thread, how long the calling thread has wanted a processor, in seconds."""
    statistics = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
    if statistics.exists():
        return lambda: _demand_s(statistics)
    if not hasattr(time, "pthread_getcpuclockid"):
        return None
    clock = time.pthread_getcpuclockid(threading.get_ident())
    return lambda: _clock_s(clock)


def _demand_s(statistics: Path) -> float:
    try:
        running_ns, in_line_ns, _ = statistics.read_text().split()
    except (OSError, ValueError):  # the thread has just ended
        return 0.0
    return (int(running_ns) + int(in_line_ns)) * 1e-9


def _clock_s(clock: int) -> float:
    try:
        return time.clock_gettime(clock)
    except OSError:
        return 0.0


class Gauge:
    """How many processors a team of threads wants, also in calls that have not returned yet."""

    def __init__(self) -> None:
        self._meters: tuple[Meter, ...] = ()
        self._mark = (0.0, 0.0)

    def enter(self, meter: Meter | None) -> None:
        """Count a thread from now on."""
        if meter is not None:
            self._meters = (*self._meters, meter)

    def leave(self, meter: Meter | None) -> None:
        """Count it no more."""
        self._meters = tuple(other for other in self._meters if other is not meter)

    def begin(self) -> None:
        """Measure from now."""
        self._mark = (time.perf_counter(), self._wanted_s())

    @property
    def past_s(self) -> float:
        """Seconds since `begin`."""
        return time.perf_counter() - self._mark[0]

    def cores(self) -> float:
        """How many processors were wanted since `begin`, on average."""
        past_s = self.past_s
        return max(0.0, self._wanted_s() - self._mark[1]) / past_s if past_s > 0 else 0.0

    def _wanted_s(self) -> float:
        # Where threads cannot be told apart, the whole process stands for them.
        return sum(meter() for meter in self._meters) if self._meters else time.process_time()
