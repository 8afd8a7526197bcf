"""Unused and used in proportion."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import default_rng

from headwater.selection import Freshness, New, Pool

Pools = Callable[..., Pool]


def sizes(policy: Freshness, pool: Pool, seed: int = 0) -> tuple[int, int]:
    chosen = policy.choose(pool, rng=default_rng(seed))
    used = pool.last_used_round[np.searchsorted(pool.keys, chosen.keys)] >= 0
    return int((~used).sum()), int(used.sum())


def partly_used(pool_of: Pools, num_unused: int, num_used: int) -> Pool:
    return pool_of(num_unused + num_used, last_used_round=[-1] * num_unused + [2] * num_used)


@pytest.mark.parametrize(
    ("num_unused", "num_used", "unused", "limit", "expected"),
    [
        (100, 0, 0.8, None, (100, 0)),  # the first round: nothing was used
        (100, 0, 0.8, 30, (30, 0)),
        (80, 100, 0.8, None, (80, 20)),  # 80/0.8 = 100 < 100/0.2: unused is scarce
        (100, 10, 0.8, None, (40, 10)),  # 10/0.2 = 50 < 100/0.8: used is scarce
        (80, 100, 0.8, 50, (40, 10)),
        (7, 50, 0.3, None, (7, 16)),  # 7/0.3 = 23.3
        (0, 50, 0.8, None, (0, 0)),  # nothing new: nothing in that proportion
        (30, 300, 0.1, 11, (1, 10)),
    ],
)
def test_the_scarce_side_is_taken_whole(
    num_unused: int, num_used: int, unused: float, limit: int | None, expected: tuple[int, int], pool_of: Pools
) -> None:
    assert sizes(Freshness(unused, limit=limit), partly_used(pool_of, num_unused, num_used)) == expected


def test_the_plentiful_side_is_drawn_at_random(pool_of: Pools) -> None:
    pool = partly_used(pool_of, 8, 40)
    drawn = [Freshness(0.8).choose(pool, rng=default_rng(seed)).keys for seed in range(150)]
    assert len(np.unique(np.concatenate(drawn))) == 48


def test_what_another_run_has_used_does_not_matter(pool_of: Pools) -> None:
    """Use is a column of the pool, not a mark in a shared table: one run cannot age the samples of another."""
    ours, theirs = partly_used(pool_of, 20, 0), partly_used(pool_of, 20, 20)
    first = Freshness().choose(ours, rng=default_rng(0))
    Freshness().choose(theirs, rng=default_rng(0))
    assert Freshness().choose(ours, rng=default_rng(0)) == first
    assert ours.last_used_round.tolist() == [-1] * 20


def test_it_looks_within(pool_of: Pools) -> None:
    pool = pool_of(10, arrived_round=[0] * 5 + [4] * 5, last_used_round=[-1, 2] * 5)
    chosen = Freshness(0.5, within=New()).choose(pool, rng=default_rng(0))
    assert set(pool.arrived_round[np.searchsorted(pool.keys, chosen.keys)]) == {4}
