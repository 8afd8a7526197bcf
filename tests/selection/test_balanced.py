"""Fair shares."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from headwater.core.selection import Selection
from headwater.selection import Balanced, Pool
from headwater.selection.balanced import fair_shares


def shares(pool: Pool, chosen: Selection) -> list[int]:
    labels = pool.labels[np.searchsorted(pool.keys, chosen.keys)]
    return [int((labels == label).sum()) for label in np.unique(pool.labels)]


def labelled(sizes: list[int]) -> list[int]:
    return [label for label, size in enumerate(sizes) for _ in range(size)]


@pytest.mark.parametrize(
    ("capacity", "sizes", "expected", "left"),
    [
        (30, [2, 2, 100], [2, 2, 26], 0),  # Modyn gives the large class 24
        (30, [100, 2, 2], [26, 2, 2], 0),
        (9, [5, 5, 5], [3, 3, 3], 0),
        (10, [5, 5, 5], [3, 3, 3], 1),
        (99, [1, 2, 3], [1, 2, 3], 0),
        (2, [5, 5, 5], [0, 0, 0], 2),
        (12, [1, 4, 9, 9], [1, 3, 3, 3], 2),
    ],
)
def test_what_small_classes_leave_is_shared_by_the_large(
    capacity: int, sizes: list[int], expected: list[int], left: int
) -> None:
    found, rest = fair_shares(capacity, np.array(sizes))
    assert (found.tolist(), rest) == (expected, left)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.integers(1, 200), st.integers(0, 99))
def test_the_size_is_exact_and_no_class_could_give_to_a_poorer_one(
    sizes: list[int], limit: int, seed: int
) -> None:
    num = sum(sizes)
    pool = Pool(
        keys=np.arange(num),
        times=np.zeros(num, "datetime64[us]"),
        labels=np.array(labelled(sizes)),
        arrived_round=np.zeros(num, np.int64),
        last_used_round=np.full(num, -1),
        round=0,
    )
    found = shares(pool, Balanced(limit=limit).choose(pool, rng=default_rng(seed)))
    assert sum(found) == min(limit, num)
    level = max(found)
    assert all(share >= min(size, level - 1) for share, size in zip(found, sizes))


def test_what_does_not_divide_goes_to_classes_at_random(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(30, labels=labelled([10, 10, 10]))
    found = {tuple(shares(pool, Balanced(limit=10).choose(pool, rng=default_rng(s)))) for s in range(40)}
    assert found == {(4, 3, 3), (3, 4, 3), (3, 3, 4)}


def test_forced_equality_leaves_room_unused(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(30, labels=labelled([2, 8, 20]))
    assert shares(pool, Balanced(limit=18, force_equal=True).choose(pool, rng=default_rng(0))) == [2, 2, 2]
    assert shares(pool, Balanced(limit=4, force_equal=True).choose(pool, rng=default_rng(0))) == [1, 1, 1]
    none = Balanced(limit=2, force_equal=True).choose(pool, rng=default_rng(0))
    assert len(none) == 0, "two cannot be shared equally by three"


def test_rounds_are_balanced_too(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(30, arrived_round=[0] * 20 + [1] * 9 + [4])
    chosen = Balanced("round", fraction=0.5).choose(pool, rng=default_rng(0))
    rounds = pool.arrived_round[np.searchsorted(pool.keys, chosen.keys)]
    assert [int((rounds == r).sum()) for r in (0, 1, 4)] == [7, 7, 1]


def test_within_a_class_every_sample_has_its_chance(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(30, labels=labelled([10, 10, 10]))
    drawn = [Balanced(limit=9).choose(pool, rng=default_rng(seed)).keys for seed in range(60)]
    assert len(np.unique(np.concatenate(drawn))) == 30


def test_corrected_weights_restore_the_size_of_each_class(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(30, labels=labelled([2, 8, 20]))
    chosen = Balanced(limit=12, corrected=True).choose(pool, rng=default_rng(0))
    labels = pool.labels[np.searchsorted(pool.keys, chosen.keys)]
    assert [float(chosen.weights[labels == label].sum()) for label in range(3)] == pytest.approx([2, 8, 20])
