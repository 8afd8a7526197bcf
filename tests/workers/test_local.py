"""Threads and processes of this machine."""

from __future__ import annotations

import os
import threading
from concurrent.futures import Future

import pytest

from headwater.core import config
from headwater.core.errors import WorkersError
from headwater.workers import Local, Workers
from headwater.workers.local import usable_cores


def test_nothing_is_started_before_the_first_call() -> None:
    before = threading.active_count()
    with Local(3):
        assert threading.active_count() == before


def test_at_least_one_worker_is_needed() -> None:
    with pytest.raises(WorkersError, match=r"Local\(0\): at least one worker is needed"):
        Local(0)


def test_as_many_workers_as_there_are_cores_unless_told() -> None:
    assert Local().num_workers == usable_cores() >= 1


def test_cores_that_a_container_took_away_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert usable_cores() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cores() == 1


def test_a_process_that_dies_is_told_by_the_result_and_the_next_call_starts_anew() -> None:
    with Local(1, processes=True) as workers:
        dying = workers.submit(os._exit, 3)
        with pytest.raises(
            WorkersError, match=r"a worker process died.* Call again: new processes are started"
        ):
            dying.result(60)
        assert workers.submit(abs, -1).result(60) == 1


def test_threads_run_as_many_calls_at_once_as_there_are_workers() -> None:
    meet = threading.Barrier(3)
    with Local(3) as workers:
        running = [workers.submit(meet.wait, 30) for _ in range(3)]
        assert sorted(one.result(60) for one in running) == [0, 1, 2]


def test_threads_that_call_for_the_first_time_together_share_one_pool() -> None:
    start = threading.Barrier(8)
    names: list[Future[str]] = []
    with Local(1) as workers:

        def call() -> None:
            start.wait(30)
            names.append(workers.submit(lambda: threading.current_thread().name))

        threads = [threading.Thread(target=call) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({name.result(60) for name in names}) == 1


def test_a_call_that_has_not_started_can_be_cancelled() -> None:
    for processes in (False, True):
        hold = threading.Event()
        with Local(1, processes=processes) as workers:
            if not processes:
                workers.submit(hold.wait, 30)
            running = [workers.submit(abs, -number) for number in range(40)]
            assert running[-1].cancel()
            hold.set()
            assert running[-1].cancelled()
            assert running[0].result(60) == 0


def test_its_configuration_may_be_its_word_alone() -> None:
    assert config.validate(Workers, "local") == Local()  # type: ignore[type-abstract]
    assert config.validate(Workers, {"local": {"num_workers": 3}}) == Local(3)  # type: ignore[type-abstract]
