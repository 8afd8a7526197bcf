"""Workers on this machine: threads by default, processes when the work holds the interpreter."""

from __future__ import annotations

import math
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from headwater.core.errors import WorkersError
from headwater.workers.workers import Workers

P = ParamSpec("P")
R = TypeVar("R")


def usable_cores() -> int:
    """Return the cores this process may run on: its affinity, cut down by the container's quota."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cgroup_quota(Path("/sys/fs/cgroup"))
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))


def cgroup_quota(folder: Path) -> float | None:
    """Return the cores that the control group at `folder` may use at once (versions 1 and 2), None for all."""
    try:
        if (folder / "cpu.max").exists():
            most, period = (folder / "cpu.max").read_text().split()
        else:
            most, period = ((folder / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return None if most.strip() in ("max", "-1") else int(most) / int(period)
    except (OSError, ValueError, ZeroDivisionError):
        return None


@dataclass
class Local(Workers, kind="local"):
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
        self._lock = threading.Lock()

    def submit(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
        """Start a call; with ``processes=True`` function and arguments must be picklable.

        Raised by ``result()``: `WorkersError` when the worker process died; the next call starts new ones.
        """
        with self._lock:
            self._pool = self._pool or self._start()
            try:
                running = self._pool.submit(function, *args, **kwargs)
            except BrokenProcessPool:  # by an earlier call, which was told so
                self._pool = self._start()
                running = self._pool.submit(function, *args, **kwargs)
        return _Told(running)

    def close(self) -> None:
        """Wait for calls that have started, cancel those that have not."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)

    def _start(self) -> Executor:
        if not self.processes:
            return ThreadPoolExecutor(self.num_workers, thread_name_prefix="headwater-worker")
        # A forked child inherits locks held by other threads, torch's among them; hence spawn.
        return ProcessPoolExecutor(self.num_workers, mp_context=multiprocessing.get_context("spawn"))

    def __getstate__(self) -> dict[str, Any]:
        return {"num_workers": self.num_workers, "processes": self.processes}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]


class _Told(Future[R]):
    """The future of a call, which says in our words when its worker died.

    Also, a call that `close` cancelled counts as done for ``concurrent.futures.wait``; the pool's own future
    would keep it waiting for ever.
    """

    def __init__(self, call: Future[R]) -> None:
        super().__init__()
        self._call = call
        call.add_done_callback(self._tell)

    def cancel(self) -> bool:
        """Cancel the call if it has not started."""
        return self._call.cancel()

    def running(self) -> bool:
        """Return whether the call has started and not ended."""
        return self._call.running()

    def _tell(self, call: Future[R]) -> None:
        if call.cancelled():
            super().cancel()
        if not self.set_running_or_notify_cancel():
            return
        if (error := call.exception()) is None:
            self.set_result(call.result())
        else:
            self.set_exception(_died(error) if isinstance(error, BrokenProcessPool) else error)


def _died(cause: BaseException) -> WorkersError:
    error = WorkersError(
        "a worker process died, perhaps for want of memory.",
        where="workers.Local",
        remedy="Call again: new processes are started. Use fewer workers if it was memory.",
    )
    error.__cause__ = cause
    return error
