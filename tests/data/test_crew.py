"""The threads of a run."""

from __future__ import annotations

import threading

import pytest

from headwater.data.crew import Crew


def test_tasks_run_side_by_side_and_errors_come_back() -> None:
    crew = Crew()
    meeting = threading.Barrier(3, timeout=10)
    waiting = [crew.submit(meeting.wait, most=3) for _ in range(3)]
    assert sorted(done.result() for done in waiting) == [0, 1, 2]
    with pytest.raises(ZeroDivisionError):
        crew.submit(lambda: 1 // 0, most=3).result()
    crew.close()


def test_no_more_threads_than_asked_for_are_started() -> None:
    crew = Crew()
    before = threading.active_count()
    for done in [crew.submit(lambda: None, most=2) for _ in range(50)]:
        done.result()
    assert threading.active_count() <= before + 2
    crew.close()
    assert threading.active_count() <= before


def test_what_has_not_begun_is_dropped_when_it_closes() -> None:
    crew = Crew()
    begun, go_on = threading.Event(), threading.Event()

    def first() -> str:
        begun.set()
        go_on.wait(10)
        return "done"

    running = crew.submit(first, most=1)
    waiting = crew.submit(lambda: "never", most=1)
    begun.wait(10)
    threading.Timer(0.05, go_on.set).start()
    crew.close()
    assert running.result() == "done"
    assert waiting.cancelled()
