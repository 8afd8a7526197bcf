"""Thresholds, by hand."""

from __future__ import annotations

import pytest

from headwater.triggers import Quantile, Rolling, Static


def test_static_fires_from_the_threshold_on_and_remembers_nothing() -> None:
    assert [Static(0.5).decide((), d).fired for d in (0.49, 0.5, 0.51)] == [False, True, True]
    assert Static(0.5).decide((), 0.7).history == ()


@pytest.mark.parametrize("threshold", [Quantile(), Rolling(), Rolling(absolute=True)])
def test_without_a_past_everything_is_drift(threshold: Quantile | Rolling) -> None:
    first = threshold.decide((), -1.0)
    assert (first.fired, first.threshold, first.history) == (True, None, (-1.0,))


def test_quantile_interpolates_linearly_and_fires_strictly_above() -> None:
    # The 0.9-quantile of 1, 2, 3, 4, 5 lies at position 3.6: 4 + 0.6.
    past = (5.0, 1.0, 4.0, 2.0, 3.0)
    decided = Quantile(0.1).decide(past, 4.6)
    assert decided.threshold == pytest.approx(4.6)
    assert Quantile(0.1).decide(past, decided.threshold or 0).fired is False
    assert Quantile(0.1).decide(past, 4.61).fired is True


def test_rolling_compares_with_the_mean() -> None:
    past = (1.0, 2.0, 3.0)
    assert Rolling(0.5).decide(past, 3.0).fired is True, "2 + half of 2"
    assert Rolling(0.5).decide(past, 2.99).fired is False
    assert Rolling(0.5, absolute=True).decide(past, 2.5).fired is True, "2 + 0.5"
    assert Rolling(0.5, absolute=True).decide(past, 2.49).fired is False
    assert Rolling(0.5, absolute=True).decide(past, 2.49).threshold == 2.5


@pytest.mark.parametrize("threshold", [Quantile(past=3), Rolling(past=3)])
def test_only_the_last_distances_are_remembered_also_those_that_fired(threshold: Quantile | Rolling) -> None:
    history: tuple[float, ...] = ()
    for distance in (1.0, 2.0, 90.0, 3.0):
        history = threshold.decide(history, distance).history
    assert history == (2.0, 90.0, 3.0)
