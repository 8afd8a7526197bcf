"""Composition: flags, order, and models asked no more than needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headwater.triggers import AllOf, Amount, AnyOf, Arrivals, AtLeast, Drift, Interval, Policy, View, replay

Steady = Callable[[int], Arrivals]


def positions(policy: Policy, arrivals: Arrivals, view: View | None = None) -> list[int]:
    return [fired.position for fired in replay(policy, arrivals, view=view).fired]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=5), st.data(), st.booleans())
def test_flags_persist_until_enough_are_set_and_then_all_are_cleared(
    everies: list[int], data: st.DataObject, restart: bool
) -> None:
    needed = data.draw(st.integers(1, len(everies)))
    counts, flags, expected = [0] * len(everies), [False] * len(everies), []
    for position in range(1, 61):
        counts = [count + 1 for count in counts]
        flags = [flag or count == every for flag, count, every in zip(flags, counts, everies)]
        counts = [0 if count == every else count for count, every in zip(counts, everies)]
        if sum(flags) >= needed:
            expected.append(position)
            flags = [False] * len(everies)
            counts = [0] * len(everies) if restart else counts
    policy = AtLeast(needed, *map(Amount, everies), restart=restart)
    arrivals = Arrivals.of(range(60), np.arange(60).astype("datetime64[s]"))
    assert positions(policy, arrivals) == expected


def test_any_and_all_are_the_ends_of_at_least(steady: Steady) -> None:
    members = (Amount(4), Amount(6), Amount(9))
    assert positions(AnyOf(*members), steady(60)) == positions(AtLeast(1, *members), steady(60))
    assert positions(AllOf(*members), steady(60)) == positions(AtLeast(3, *members), steady(60))


def test_a_trigger_for_nothing_new_is_dropped(steady: Steady) -> None:
    # Each hour's last sample fills the count; the interval's end, seen one sample later, covers nothing more.
    assert positions(AnyOf(Amount(60), Interval("1h")), steady(181)) == [60, 120, 180]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.data())
def test_a_look_ahead_comes_behind_what_needed_none_as_if_the_stream_had_paused(
    gaps: list[int], data: st.DataObject
) -> None:
    """Counts and boundaries that coincide: the case where the order of two triggers could hang on the cut."""
    small = st.integers(1, 4)
    members = data.draw(
        st.lists(st.one_of(st.builds(Amount, small), st.builds(Interval, small)), min_size=2, max_size=3)
    )
    policy = AtLeast(data.draw(st.integers(1, len(members))), *members, restart=data.draw(st.booleans()))
    arrivals = Arrivals.of(range(len(gaps)), np.cumsum(gaps).astype("datetime64[s]"))
    state, fired, used = policy.begin(), [], 0
    for i in range(len(arrivals)):
        while used <= i:
            seen = policy.observe(state, arrivals[used : i + 1], View())
            state, used = seen.state, used + seen.num_consumed
            fired += [(used, seen.trigger)] if seen.trigger else []
    whole = replay(policy, arrivals)
    assert [(one.position, one.trigger) for one in whole.fired] == fired
    assert policy.dump(whole.state) == policy.dump(state)


def test_the_reason_names_every_member_that_fired(steady: Steady) -> None:
    (fired,) = replay(AllOf(Amount(2), AnyOf(Amount(3), Amount(50))), steady(5)).fired
    assert fired.trigger.reason == "2 arrivals since the last; 3 arrivals since the last"
    assert fired.trigger.policy == "all_of(amount, any_of(amount))"
    assert fired.trigger.at == steady(5).times[2]


def test_with_restart_amount_counts_from_the_last_training(steady: Steady) -> None:
    members = (Amount(7), Amount(10))
    assert positions(AnyOf(*members), steady(21)) == [7, 10, 14, 20, 21]
    assert positions(AnyOf(*members, restart=True), steady(21)) == [7, 14, 21]


def test_with_restart_drift_compares_with_the_data_before_the_last_training(
    steady: Steady, scorer: Callable[..., Any]
) -> None:
    # From key 1,000 on the data is new. The amount makes the loop train after that; drift that does not know
    # of it goes on comparing with keys 0-99 and fires, restarted drift has seen the new data in its reference.
    view = View(scorer=scorer(shift_from=1_000))
    drift = Drift("ks", above=0.9, every=100)
    assert positions(AnyOf(drift, Amount(1_150)), steady(1_149), view) == [100]
    kept = positions(AnyOf(drift, Amount(1_150), restart=False), steady(1_900), view)
    fresh = positions(AnyOf(drift, Amount(1_150), restart=True), steady(2_300), view)
    assert kept == [100, 1_150, 1_900]
    assert fresh == [100, 1_250]


def test_models_are_asked_once_per_evaluation_whatever_stands_beside(
    steady: Steady, scorer: Callable[..., Any]
) -> None:
    asked = scorer()
    first = Drift("ks", above=2.0, every=100)
    second = Drift("hellinger", above=2.0, every=150)
    policy = AnyOf(first, AllOf(second, Amount(7)), Amount(130), Interval("37m"))
    done = replay(policy, steady(3_000), view=View(scorer=asked))
    assert len(done.readings) == 3_000 // 100 - 1 + 3_000 // 150 - 1
    wasted = len(asked.asked) / 2 - len(done.readings)
    assert wasted <= len(done.readings) / 20, "only where a look ahead meets an evaluation"


def test_readings_stand_in_the_order_of_the_stream(steady: Steady, scorer: Callable[..., Any]) -> None:
    policy = AnyOf(Drift("ks", above=2.0, every=150), Drift("mmd", above=2.0, every=100))
    done = replay(policy, steady(650), view=View(scorer=scorer()))
    times = [reading.at for reading in done.readings]
    assert times == sorted(times)
    assert [reading.metric for reading in done.readings if reading.at == steady(650).times[299]] == [
        "ks",
        "mmd",
    ]
