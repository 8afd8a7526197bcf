"""How many calls at once."""

from __future__ import annotations

import time

import numpy as np
import pytest

from headwater.data.block import Columns
from headwater.data.parallel.clock import wanted_s
from headwater.data.parallel.hands import Made
from headwater.data.parallel.width import Width

BLOCK = Columns({"x": np.zeros(1)}, np.arange(1))


def grown(*, share: float, starved: bool, most: int = 2, calls: int = 400) -> int:
    """The width after calls that want a core for `share` of their time, in a process that computes nothing."""
    width = Width(cores=2)
    width._clocks = (time.perf_counter() - 1_000, time.process_time())
    for _ in range(calls):
        if width.observe(Made(BLOCK, 0.01, 0.01 * share), most=most, starved=starved):
            most *= 2
            width._clocks = (time.perf_counter() - 1_000, time.process_time())
    return most


def test_calls_that_wait_become_many_but_not_endlessly() -> None:
    assert grown(share=0.001, starved=True, calls=2_000) == 128


def test_together_they_never_want_more_than_a_core() -> None:
    assert grown(share=0.1, starved=True) == 8
    assert grown(share=0.9, starved=True) == 2


def test_nothing_changes_while_the_consumer_is_served() -> None:
    assert grown(share=0.001, starved=False) == 2


def test_calls_that_take_turns_at_one_lock_stay_few() -> None:
    for most in (2, 4, 16):
        assert grown(share=1 / most, starved=True, most=most) == most


@pytest.mark.parametrize("sleeps", [True, False])
def test_the_clock_counts_computing_and_not_sleeping(sleeps: bool) -> None:
    start_s, wall_s = wanted_s(), time.perf_counter()
    if sleeps:
        time.sleep(0.05)
    else:
        while time.perf_counter() - wall_s < 0.05:
            pass
    share = (wanted_s() - start_s) / (time.perf_counter() - wall_s)
    assert share < 0.5 if sleeps else share > 0.5
