from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.errors import LoopError
from headwater.loop.intervals import Intervals, length_for

YEAR_S = 365 * 86_400


def times(seconds: list[int]) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    return np.datetime64("2013-01-01T10:00", "us") + np.array(seconds, "timedelta64[s]")


@given(st.lists(st.integers(0, YEAR_S), max_size=60), st.sampled_from(["7d", "36h", "90m", "1d"]))
def test_every_row_lies_in_exactly_one_interval_and_inside_of_it(seconds: list[int], every: str) -> None:
    given_times = times(seconds)
    cut = Intervals.of(given_times, every=every)
    rows = np.concatenate(cut.rows) if cut.rows else np.empty(0, np.intp)
    assert sorted(rows.tolist()) == list(range(len(seconds)))
    for start, inside in zip(cut.starts, cut.rows):
        assert inside.size
        assert (given_times[inside] >= start).all()
        assert (given_times[inside] < start + cut.length).all()


def test_rows_of_an_interval_keep_their_order() -> None:
    cut = Intervals.of(times([5, 90_000, 3, 4]), every="1d")
    assert [rows.tolist() for rows in cut.rows] == [[0, 2, 3], [1]]


def test_whole_days_begin_at_midnight_and_empty_intervals_are_left_out() -> None:
    cut = Intervals.of(times([0, 30 * 86_400]), every="7d")
    assert cut.starts.astype(str).tolist() == ["2013-01-01T00:00:00.000000", "2013-01-29T00:00:00.000000"]
    assert cut.num_samples.tolist() == [1, 1]


def test_the_same_samples_fall_into_the_same_intervals_whatever_else_is_compared() -> None:
    first = times([0])[0]
    later = times([10 * 86_400, 11 * 86_400])
    assert Intervals.of(later, every="7d", first=first).starts.tolist() == [
        np.datetime64("2013-01-08", "us").item()
    ]


def test_times_before_the_epoch_are_grouped_too() -> None:
    cut = Intervals.of(np.array(["1969-12-30", "1970-01-02"], "datetime64[us]"), every="2d")
    assert cut.starts.astype("datetime64[D]").astype(str).tolist() == ["1969-12-30", "1970-01-01"]


@given(st.integers(1, 20 * YEAR_S))
def test_the_chosen_length_gives_intervals_with_samples_in_them(span_s: int) -> None:
    spread = times([int(i * span_s / 4_000) for i in range(4_001)])
    cut = Intervals.of(spread, every=length_for(spread))
    assert len(cut) <= 42
    assert len(cut) >= 4 or span_s < 240


def test_a_length_is_chosen_for_no_samples_too() -> None:
    assert length_for(times([])) == "1s"


def test_an_interval_without_length_is_refused() -> None:
    with pytest.raises(LoopError, match="no length"):
        Intervals.of(times([0]), every="0s")


def test_more_intervals_than_anyone_could_look_at_are_refused() -> None:
    with pytest.raises(LoopError, match="Choose longer intervals"):
        Intervals.of(times([0, YEAR_S]), every="1s")
