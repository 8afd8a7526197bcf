"""Budgets and estimates: what is unknown is neither exceeded nor counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.budget import Budget, Estimate, show

amounts = st.none() | st.floats(0, 1e12)
estimates = st.builds(
    Estimate, time_s=amounts, cores=amounts, memory_bytes=amounts, disk_bytes=amounts, cost_usd=amounts
)


def test_each_limit_that_is_exceeded_is_a_sentence() -> None:
    budget = Budget(cores=2, memory_bytes=2**30, time_s=60, cost_usd=1.5, disk_bytes=10)
    estimate = Estimate(cores=4, memory_bytes=2**31, time_s=3600, cost_usd=2, disk_bytes=10)
    assert budget.overruns(estimate) == [
        "cores: needs 4 cores, may use 2 cores",
        "memory: needs 2 GiB, may use 1 GiB",
        "time: needs 1h 0m, may use 1m 0s",
        "cost: needs $2, may use $1.5",
    ]


@given(estimate=estimates)
def test_no_limit_is_never_exceeded_and_nor_is_the_estimate_itself(estimate: Estimate) -> None:
    assert Budget().overruns(estimate) == []
    own = Budget(time_s=estimate.time_s, cores=estimate.cores, cost_usd=estimate.cost_usd)
    assert own.overruns(estimate) == []


def test_what_is_unknown_exceeds_nothing() -> None:
    assert Budget(time_s=0, memory_bytes=0, bandwidth_bytes_per_s=0).overruns(Estimate()) == []


@given(a=estimates, b=estimates, c=estimates)
def test_costs_add_in_any_grouping(a: Estimate, b: Estimate, c: Estimate) -> None:
    left, right = (a + b) + c, a + (b + c)
    for name in ("time_s", "cores", "memory_bytes", "disk_bytes", "cost_usd"):
        one, other = getattr(left, name), getattr(right, name)
        assert one == (None if other is None else pytest.approx(other))
    assert a + Estimate() == Estimate() + a == a


def test_one_after_the_other_takes_the_sum_of_times_and_the_larger_memory() -> None:
    both = Estimate(time_s=1, memory_bytes=5, cores=1) + Estimate(time_s=2, memory_bytes=3, cores=4)
    assert (both.time_s, both.memory_bytes, both.cores) == (3, 5, 4)


def test_an_estimate_shows_what_it_knows() -> None:
    assert str(Estimate(time_s=2.0, memory_bytes=2**20)) == "2s, 1 MiB"
    assert str(Estimate()) == "-"
    assert show("bandwidth_bytes_per_s", 2**20) == "1 MiB/s"
