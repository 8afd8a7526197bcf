"""New and Old, and which rounds they mean."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.random import default_rng

from headwater.selection import New, Old, Policy, Pool


def rounds_of(policy: Policy, pool: Pool) -> list[int]:
    chosen = policy.choose(pool, rng=default_rng(0))
    rounds: list[int] = np.unique(pool.arrived_round[np.searchsorted(pool.keys, chosen.keys)]).tolist()
    return rounds


@pytest.mark.parametrize(
    ("tail", "new", "old"), [(0, [4], [0, 1, 2, 3]), (2, [2, 3, 4], [0, 1]), (9, [0, 1, 2, 3, 4], [])]
)
def test_tail_counts_rounds_before_the_current_one(
    tail: int, new: list[int], old: list[int], pool_of: Callable[..., Pool]
) -> None:
    assert rounds_of(New(tail), pool_of(50)) == new
    assert rounds_of(Old(tail), pool_of(50)) == old


def test_without_a_tail_everything_is_new(pool_of: Callable[..., Pool]) -> None:
    assert len(New(None).choose(pool_of(50), rng=default_rng(0))) == 50


def test_a_limit_draws_from_all_that_is_new(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(100)
    drawn = [New(0, limit=5).choose(pool, rng=default_rng(seed)).keys for seed in range(60)]
    assert {len(keys) for keys in drawn} == {5}
    assert len(np.unique(np.concatenate(drawn))) == 20, "each of the 20 new ones is drawn at some time"
    assert len(New(0, limit=99).choose(pool, rng=default_rng(0))) == 20
