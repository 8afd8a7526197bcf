"""The threads of one run: they take tasks in the order given, and end with the run or when nobody holds it."""

from __future__ import annotations

import queue
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeAlias

_Job: TypeAlias = tuple["Future[Any]", Callable[[], Any]]


class Crew:
    """Threads that are started when there is work for them.

    >>> crew = Crew()
    >>> crew.submit(lambda: 6 * 7, most=2).result()
    42
    >>> crew.close()
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._waiting = 0
        self._lock = threading.Lock()
        # The threads know the queue, never this object: a run that is dropped half-way ends them.
        weakref.finalize(self, _dismiss, self._jobs, self._threads)

    def submit(self, task: Callable[[], Any], *, most: int) -> Future[Any]:
        """Run `task` in a thread; up to `most` threads are there for what waits."""
        done: Future[Any] = Future()
        with self._lock:
            self._waiting += 1
            if self._waiting > len(self._threads) < most:
                self._start()
        self._jobs.put((done, task))
        done.add_done_callback(self._finished)
        return done

    def __reduce__(self) -> tuple[type[Crew], tuple[()]]:
        """In another process it has threads of its own."""
        return (Crew, ())

    def close(self) -> None:
        """Drop what has not begun, and wait for what has."""
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is not None:
                job[0].cancel()
        threads, self._threads[:] = list(self._threads), []
        _dismiss(self._jobs, threads)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join()

    def _finished(self, done: Future[Any]) -> None:
        del done
        with self._lock:
            self._waiting -= 1

    def _start(self) -> None:
        thread = threading.Thread(target=_work, args=(self._jobs,), name="headwater-crew", daemon=True)
        self._threads.append(thread)
        thread.start()


def _work(jobs: queue.SimpleQueue[_Job | None]) -> None:
    while (job := jobs.get()) is not None:
        done, task = job
        if not done.set_running_or_notify_cancel():
            continue
        try:
            done.set_result(task())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the consumer must hear of it
            done.set_exception(error)
        del job, done, task  # what a task holds must not live until the next one comes


def _dismiss(jobs: queue.SimpleQueue[_Job | None], threads: list[threading.Thread]) -> None:
    for _ in threads:
        jobs.put(None)
