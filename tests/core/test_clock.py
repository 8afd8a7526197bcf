"""Time is an argument."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.clock import Clock, EventClock, FakeClock, WallClock


def test_a_fake_clock_moves_only_when_told_and_remembers_naps() -> None:
    clock = FakeClock(100.0)
    assert clock.now() == clock.monotonic() == 100.0
    clock.sleep(5)
    clock.advance(1)
    assert clock.now() == clock.monotonic() == 106.0
    assert clock.naps == [5]


def test_the_wall_clock_is_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "time", lambda: 12.0)
    monkeypatch.setattr(time, "perf_counter", lambda: 3.0)
    monkeypatch.setattr(time, "sleep", slept.append)
    clock = WallClock()
    clock.sleep(7)
    assert (clock.now(), clock.monotonic(), slept) == (12.0, 3.0, [7])


@given(times=st.lists(st.floats(), max_size=20))
def test_event_time_never_runs_backwards_and_nan_does_not_stop_it(times: list[float]) -> None:
    clock = EventClock(wall=FakeClock())
    seen = [clock.now()]
    for one in times:
        clock.observe(one)
        seen.append(clock.now())
    assert seen == sorted(seen)
    assert seen[-1] == max((one for one in times if not math.isnan(one)), default=-math.inf)


def test_durations_of_a_replay_are_wall_time() -> None:
    wall = FakeClock(5.0)
    clock = EventClock(wall=wall)
    clock.observe(1e9)
    clock.sleep(2)
    assert clock.monotonic() == wall.monotonic() == 7.0
    assert clock.now() == 1e9


@pytest.mark.parametrize("clock", [WallClock(), FakeClock(), EventClock()])
def test_every_clock_is_one(clock: Clock) -> None:
    assert clock.monotonic() <= clock.monotonic()
