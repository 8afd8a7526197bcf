"""One thread with an event loop for all async functions of the process, there while somebody borrows it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future, wait
from typing import Any

from headwater.data.gauge import Meter, own_meter

_lock = threading.Lock()
_shared: _Thread | None = None


class Loop:
    """A share of the event loop, with the tasks that were started through it.

    >>> loop = Loop()
    >>> async def double(x): return 2 * x
    >>> loop.start(double(21)).result()
    42
    >>> loop.close()
    """

    def __init__(self) -> None:
        global _shared
        with _lock:
            # A forked child has a copy of the object, but not the thread.
            if _shared is None or _shared.process != os.getpid():
                _shared = _Thread()
            _shared.users += 1
            self._thread = _shared
        self._tasks: set[Future[Any]] = set()
        self._closed = False

    @property
    def meter(self) -> Meter | None:
        """How long the loop's thread has wanted a processor."""
        return self._thread.meter

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> Future[Any]:
        """Run a coroutine; it is cancelled when this share is closed."""
        task = asyncio.run_coroutine_threadsafe(coroutine, self._thread.loop)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def cancel(self) -> None:
        """Cancel what runs, without waiting."""
        for task in list(self._tasks):
            task.cancel()

    def close(self) -> None:
        """Cancel what runs; the last to close ends the thread."""
        global _shared
        with _lock:
            if self._closed:
                return
            self._closed = True
        self.cancel()
        with _lock:
            self._thread.users -= 1
            last = self._thread.users == 0
            if last and _shared is self._thread:
                _shared = None
        if last:
            self._thread.end()

    def settle(self, *coroutines: Coroutine[Any, Any, Any], timeout_s: float = 5.0) -> None:
        """Run coroutines that let go of things, and wait for them a while."""
        if threading.current_thread() is self._thread.thread:
            for coroutine in coroutines:
                self._thread.loop.create_task(coroutine)
            return
        wait([self.start(coroutine) for coroutine in coroutines], timeout_s)


class _Thread:
    """The thread and its loop."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.users = 0
        self.meter: Meter | None = None
        self.loop = asyncio.new_event_loop()
        begun = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(begun,), name="headwater-async", daemon=True)
        self.thread.start()
        begun.wait()

    def end(self) -> None:
        """Stop the loop; the thread sees to what is left on it."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        if threading.current_thread() is not self.thread:
            self.thread.join()

    def _run(self, begun: threading.Event) -> None:
        self.meter = own_meter()
        asyncio.set_event_loop(self.loop)
        self.loop.call_soon(begun.set)
        try:
            self.loop.run_forever()
        finally:
            left = asyncio.all_tasks(self.loop)
            for task in left:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()
