"""The newest."""

from __future__ import annotations

from collections.abc import Callable

from numpy.random import default_rng

from headwater.core.selection import Selection
from headwater.selection import New, Policy, Pool, Recent


def choose(policy: Policy, pool: Pool) -> Selection:
    return policy.choose(pool, rng=default_rng(0))


def test_limit_takes_the_last_by_event_time_not_by_key(pool_of: Callable[..., Pool]) -> None:
    days = ["2013-01-03", "2013-01-01", "2013-01-04", "2013-01-02"]
    assert choose(Recent(2), pool_of(4, keys=[1, 2, 3, 4], times=days)).keys.tolist() == [1, 3]


def test_of_equal_times_the_larger_key_is_the_newer(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(4, keys=[4, 1, 3, 2], times=["2013-01-01"] * 4)
    assert choose(Recent(3), pool).keys.tolist() == [2, 3, 4]


def test_duration_counts_back_from_the_newest_both_ends_included(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(10)  # one a minute
    assert choose(Recent(duration="3m"), pool).keys.tolist() == pool.keys[-4:].tolist()
    assert choose(Recent(duration=179.9), pool).keys.tolist() == pool.keys[-3:].tolist()
    assert choose(Recent(2, duration="3m"), pool).keys.tolist() == pool.keys[-2:].tolist()


def test_the_newest_is_that_of_within(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(10, arrived_round=[4] * 5 + [0] * 5)
    assert choose(Recent(duration="1m", within=New()), pool).keys.tolist() == pool.keys[3:5].tolist()
