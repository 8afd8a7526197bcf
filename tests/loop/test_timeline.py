"""The timeline: order of arrival, positions that survive deletions, and no label before its time."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from headwater.loop.machine import Position, Round
from headwater.loop.timeline import NEVER_US, Timeline


def index(times: list[int], delays: list[int | None] | None = None) -> dict[str, NDArray[Any]]:
    times_us = np.array(times, "datetime64[us]") if times else np.empty(0, "datetime64[us]")
    block: dict[str, NDArray[Any]] = {
        "key": np.arange(len(times), dtype=np.int64),
        "event_time": times_us,
        "label": np.arange(len(times)) % 2,
    }
    if delays is not None:
        known = [
            np.datetime64("NaT", "us") if d is None else np.datetime64(t + d, "us")
            for t, d in zip(times, delays)
        ]
        block["label_time"] = np.array(known, "datetime64[us]")
    return block


def round_at(timeline: Timeline, number: int, count: int) -> Round:
    return Round(number, int(timeline.arrival_us[count - 1]), "because", timeline.position(count), 0)


def test_samples_are_ordered_by_batch_then_event_time() -> None:
    timeline = Timeline.build(index([30, 10, 20, 5, 40]), [2, 4])
    assert timeline.keys.tolist() == [1, 2, 0, 3, 4]


def test_a_late_sample_arrives_after_what_came_before_it() -> None:
    timeline = Timeline.build(index([30, 10, 20, 5, 40]), [2, 4])
    assert timeline.arrival_us.tolist() == [10, 20, 30, 30, 40]
    assert timeline.times_us.tolist() == [10, 20, 30, 5, 40]


def test_keys_that_came_after_the_run_began_are_left_out() -> None:
    assert len(Timeline.build(index([1, 2, 3, 4]), [1])) == 2
    assert len(Timeline.build(index([1, 2]), [])) == 0


def test_a_position_means_the_same_after_samples_were_deleted() -> None:
    whole = index([10, 20, 30, 40])
    timeline = Timeline.build(whole, [3])
    position = timeline.position(3)
    without = {name: column[[0, 3]] for name, column in whole.items()}
    shorter = Timeline.build(without, [3])
    assert shorter.count(position) == 1
    assert timeline.count(Position(-1, 0, -1)) == 0


def test_a_label_without_a_time_is_known_on_arrival_and_nat_never() -> None:
    assert Timeline.build(index([1, 2]), [1]).label_times_us.tolist() == [1, 2]
    assert Timeline.build(index([1, 2], [5, None]), [1]).label_times_us.tolist() == [6, NEVER_US]


def test_the_pool_holds_no_label_before_its_time() -> None:
    timeline = Timeline.build(index([10, 20, 30, 40], [100, 5, 1, 1]), [3])
    pool = timeline.pool([round_at(timeline, 0, 3)], np.full(4, -1))
    assert pool.keys.tolist() == [1]


def test_arrived_round_is_the_first_round_that_could_have_used_the_sample() -> None:
    timeline = Timeline.build(index([10, 20, 30, 40], [15, 0, 0, 0]), [3])
    rounds = [round_at(timeline, 0, 2), round_at(timeline, 1, 3), round_at(timeline, 2, 4)]
    pool = timeline.pool(rounds, np.full(4, -1))
    by_key = dict(zip(pool.keys.tolist(), pool.arrived_round.tolist()))
    assert by_key == {0: 1, 1: 0, 2: 1, 3: 2}


@given(
    st.lists(st.tuples(st.integers(0, 50), st.one_of(st.none(), st.integers(0, 30))), min_size=1, max_size=40),
    st.data(),
)
def test_pools_grow_and_never_hold_a_label_of_the_future(
    rows: list[tuple[int, int | None]], draw: st.DataObject
) -> None:
    times, delays = [t for t, _ in rows], [d for _, d in rows]
    cut = draw.draw(st.integers(0, len(rows) - 1))
    timeline = Timeline.build(index(times, delays), sorted({cut, len(rows) - 1}))
    counts = sorted(draw.draw(st.sets(st.integers(1, len(rows)), min_size=1, max_size=4)))
    rounds: list[Round] = []
    before: set[int] = set()
    for number, count in enumerate(counts):
        rounds.append(round_at(timeline, number, count))
        pool = timeline.pool(rounds, np.full(len(timeline), -1))
        keys = set(pool.keys.tolist())
        assert before <= keys
        assert set(pool.keys[pool.arrived_round == number].tolist()) == keys - before
        known = {k: times[k] + d for k, d in enumerate(delays) if d is not None}
        assert all(known[k] <= rounds[-1].at_us for k in keys)
        assert keys <= set(timeline.keys[:count].tolist())
        before = keys


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.data())
def test_position_and_count_are_inverse(times: list[int], draw: st.DataObject) -> None:
    cut = draw.draw(st.integers(0, len(times) - 1))
    timeline = Timeline.build(index(times), sorted({cut, len(times) - 1}))
    for count in range(len(times) + 1):
        assert timeline.count(timeline.position(count)) == count
