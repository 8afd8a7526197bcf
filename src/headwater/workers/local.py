"""Workers on this machine: threads by default, processes when the work holds the interpreter."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from headwater.core.errors import WorkersError

P = ParamSpec("P")
R = TypeVar("R")


def usable_cores() -> int:
    """Return the cores this process may run on, which a container may have cut down."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass
class Local:
    """This machine's cores, as threads or as processes; nothing is started before the first call.

    >>> with Local(2) as workers:
    ...     workers.submit(pow, 2, 10).result()
    1024
    """

    num_workers: int = field(default_factory=usable_cores)
    processes: bool = False

    def __post_init__(self) -> None:
        if self.num_workers < 1:
            raise WorkersError("at least one worker is needed.", where=f"Local({self.num_workers})")
        self._pool: Executor | None = None

    def submit(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Start a call; with ``processes=True`` function and arguments must be picklable."""
        if self._pool is None:
            self._pool = self._start()
        try:
            return self._pool.submit(function, *args, **kwargs)
        except BrokenProcessPool as error:
            self._pool = None
            raise WorkersError(
                "a worker process died, perhaps for want of memory.",
                where="workers.Local",
                remedy="Call again: new processes are started. Use fewer workers if it was memory.",
            ) from error

    def close(self) -> None:
        """Wait for calls that have started, cancel those that have not."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _start(self) -> Executor:
        if not self.processes:
            return ThreadPoolExecutor(self.num_workers, thread_name_prefix="headwater-worker")
        # A forked child inherits locks held by other threads, torch's among them; hence spawn.
        return ProcessPoolExecutor(self.num_workers, mp_context=multiprocessing.get_context("spawn"))

    def __enter__(self) -> Local:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        return {"num_workers": self.num_workers, "processes": self.processes, "_pool": None}
