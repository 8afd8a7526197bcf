"""Several policies in one selection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from numpy.random import default_rng

from headwater.core.selection import Selection
from headwater.selection import All, Margin, New, Old, Policy, Pool, Recent, Uniform, Union

Pools = Callable[..., Pool]


def choose(policy: Policy, pool: Pool, scorer: Any = None) -> Selection:
    return policy.choose(pool, rng=default_rng(0), scorer=scorer)


def test_what_is_hard_among_the_new_beside_a_replay_of_the_old(pool_of: Pools, scorer: Any) -> None:
    pool, model = pool_of(50), scorer()
    policy = Union(Margin(0.5), Uniform(limit=8, within=Old()))
    chosen = choose(policy, pool, model)
    hard = choose(Margin(0.5), pool, model)
    assert len(chosen) == 5 + 8
    assert set(hard.keys.tolist()) <= set(chosen.keys.tolist())
    assert set(chosen.weights.tolist()) == {1.0}


def test_a_sample_chosen_twice_stands_once_with_the_weight_of_the_first(pool_of: Pools) -> None:
    pool = pool_of(10)
    chosen = choose(Union(Recent(3), All(), weights=(4.0, 1.0)), pool)
    assert chosen.keys.tolist() == pool.keys.tolist()
    assert chosen.weights.tolist() == [1.0] * 7 + [4.0] * 3


def test_corrected_parts_keep_their_true_sizes(pool_of: Pools) -> None:
    policy = Union(Uniform(0.5, within=New(), corrected=True), Uniform(limit=4, within=Old(), corrected=True))
    chosen = choose(policy, pool_of(50))
    assert len(chosen) == 9
    assert chosen.weights.sum() == pytest.approx(10 + 40)


def test_notes_of_all_parts_are_kept(pool_of: Pools) -> None:
    notes = choose(Union(Margin(0.5), Margin(0.5, within=Old())), pool_of(10)).why["notes"]
    assert len(notes) == 2
