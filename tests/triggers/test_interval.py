"""Intervals of event time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headwater.triggers import Arrivals, Interval, View, replay


def at_seconds(seconds: list[int]) -> Arrivals:
    return Arrivals.of(range(len(seconds)), np.array(seconds, np.int64).astype("datetime64[s]"))


def positions(policy: Interval, arrivals: Arrivals) -> list[int]:
    return [fired.position for fired in replay(policy, arrivals).fired]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=50), st.integers(1, 100))
def test_it_fires_between_two_samples_exactly_when_they_lie_in_different_intervals(
    gaps: list[int], every: int
) -> None:
    seconds = np.cumsum(gaps)
    cell = (seconds - seconds[0]) // every
    expected = [i for i in range(1, len(cell)) if cell[i] != cell[i - 1]]
    assert positions(Interval(every), at_seconds(seconds.tolist())) == expected


def test_the_later_sample_is_seen_but_not_consumed() -> None:
    policy = Interval(10)
    seen = policy.observe(policy.begin(), at_seconds([0, 5, 25]), View())
    assert (seen.num_consumed, seen.looked_ahead) == (2, True)
    assert seen.trigger is not None
    assert seen.trigger.at == np.datetime64(10, "s")


def test_nothing_is_consumed_when_the_covered_samples_came_before() -> None:
    policy = Interval(10)
    first = policy.observe(policy.begin(), at_seconds([0, 5]), View())
    then = policy.observe(first.state, at_seconds([25]), View())
    assert (first.trigger, then.num_consumed) == (None, 0)
    assert then.trigger is not None
    assert policy.observe(then.state, at_seconds([25]), View()).num_consumed == 1


def test_several_passed_intervals_give_one_trigger() -> None:
    assert positions(Interval(10), at_seconds([0, 95, 96])) == [1]


def test_the_grid_stays_where_it_began() -> None:
    # After the gap the next boundary is 40, not 35 + 10.
    assert positions(Interval(10), at_seconds([0, 35, 39, 41])) == [1, 3]


def test_a_sample_on_the_boundary_belongs_to_the_next_interval() -> None:
    assert positions(Interval(10), at_seconds([0, 10])) == [1]


def test_intervals_before_the_first_sample_are_skipped() -> None:
    policy = Interval("7d", start="2013-01-01")
    arrivals = Arrivals.of([1, 2, 3], ["2013-03-01", "2013-03-05", "2013-03-06"])
    # Weeks from Tuesday the 1st of January: the 5th of March begins one.
    assert positions(policy, arrivals) == [1]


def test_a_start_with_a_zone_is_turned_into_utc() -> None:
    east = timezone(timedelta(hours=2))
    assert Interval("1d", start="2013-01-01T02:00+02:00") == Interval("1d", start="2013-01-01")
    assert Interval("1d", start=datetime(2013, 1, 1, 2, tzinfo=east)) == Interval(
        "1d", start=datetime(2013, 1, 1, tzinfo=UTC)
    )
