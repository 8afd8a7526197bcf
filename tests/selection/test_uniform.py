"""Random parts: sizes, chances, weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import default_rng

from headwater.selection import New, Pool, Uniform
from headwater.selection.share import num_of


@pytest.mark.parametrize(
    ("num", "fraction", "limit", "wanted"),
    [
        (100, 0.5, None, 50),
        (100, 0.29, None, 29),  # in binary 100 * 0.29 is less than 29
        (10, 0.99, None, 9),
        (10, 0.001, None, 1),
        (0, 0.5, None, 0),
        (100, None, 7, 7),
        (5, None, 7, 5),
        (100, 0.5, 7, 7),
        (100, 0.05, 7, 5),
        (100, 1.0, None, 100),
    ],
)
def test_sizes_are_exact(num: int, fraction: float | None, limit: int | None, wanted: int) -> None:
    assert num_of(num, fraction=fraction, limit=limit) == wanted


def test_every_sample_has_the_same_chance(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(20)
    times_drawn = np.zeros(20)
    for seed in range(2_000):
        chosen = Uniform(limit=5).choose(pool, rng=default_rng(seed))
        times_drawn[np.searchsorted(pool.keys, chosen.keys)] += 1
    # 500 are expected of each, with a standard deviation of 19.
    assert np.abs(times_drawn - 500).max() < 5 * 19


def test_it_draws_from_within(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(50)
    chosen = Uniform(0.5, within=New()).choose(pool, rng=default_rng(0))
    assert len(chosen) == 5
    assert set(pool.arrived_round[np.searchsorted(pool.keys, chosen.keys)]) == {4}


def test_corrected_weights_add_up_to_what_was_drawn_from(pool_of: Callable[..., Pool]) -> None:
    chosen = Uniform(limit=8, corrected=True).choose(pool_of(50), rng=default_rng(0))
    assert chosen.weights.sum() == pytest.approx(50)
    plain = Uniform(limit=8).choose(pool_of(50), rng=default_rng(0))
    assert plain.keys.tolist() == chosen.keys.tolist()
    assert set(plain.weights.tolist()) == {1.0}
