"""The next files are opened and read a little in threads, while the one at hand is used up."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

from headwater.core.clock import Clock

# What waits in memory is at most 64 MiB, and one piece of each file more.
_FILE_BYTES = 4 << 20
_MOST_FILES = 16


class Fetching(Protocol):
    """A cursor over one file that can read ahead."""

    def fetch(self, size_bytes: int) -> None:
        """Read about so much before it is asked for."""
        ...

    def close(self) -> None:
        """Let the file go."""
        ...


F = TypeVar("F", bound=Fetching)


class ReadAhead(Generic[F]):
    """Cursors over the files to come, of `count` in all.

    How many are opened at once is found out: more while reading them is waiting (for a disk or a network), one
    while it is computing, which would only take turns with the consumer. Which rows come never depends on it.
    """

    def __init__(self, open_file: Callable[[int], F], count: int, clock: Clock) -> None:
        self._open = open_file
        self._count = count
        self._clock = clock
        self._most = 1
        self._waiting: dict[int, Future[tuple[F, float]]] = {}
        self._pool: ThreadPoolExecutor | None = None

    def look(self, number: int) -> None:
        """Begin to read from file `number` on, as many files as seem worth it."""
        for at in range(number, min(number + self._most, self._count)):
            if at not in self._waiting:
                self._waiting[at] = self._threads().submit(_fetched, self._open, at, self._clock)

    def take(self, number: int) -> F | None:
        """The cursor of file `number`, if it was begun."""
        future = self._waiting.pop(number, None)
        if future is None:
            return None
        cursor, busy = future.result()
        if busy < 0.25:
            self._most = min(2 * self._most, _MOST_FILES)
        elif busy > 0.5:
            self._most = max(self._most // 2, 1)
        return cursor

    def close(self) -> None:
        """Wait for the threads; what they have read is dropped."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None
        for future in self._waiting.values():
            if not future.cancelled():
                future.result()[0].close()
        self._waiting.clear()

    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_MOST_FILES, thread_name_prefix="headwater-files")
            # Tasks do not know this object: a run that is dropped half-way lets its threads end.
            weakref.finalize(self, self._pool.shutdown, wait=False, cancel_futures=True)
        return self._pool


def _fetched(open_file: Callable[[int], F], number: int, clock: Clock) -> tuple[F, float]:
    """A cursor that has its first rows, and which part of the time for them was computing."""
    start_s, start_cpu_s = clock.monotonic(), time.thread_time()
    cursor = open_file(number)
    cursor.fetch(_FILE_BYTES)
    wall_s = clock.monotonic() - start_s
    return cursor, (time.thread_time() - start_cpu_s) / wall_s if wall_s > 0 else 1.0
