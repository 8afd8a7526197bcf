"""The least certain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.random import default_rng

from headwater.core.errors import SelectionError
from headwater.core.key import Keys
from headwater.selection import All, Margin, New, Old, Pool, Uniform

Pools = Callable[..., Pool]


def telling(scorer: Any, rows: list[list[float]]) -> Any:
    """Return a scorer that says `rows`, whatever it is asked."""

    class Told(scorer):  # type: ignore[misc]
        def probabilities(self, keys: Keys) -> Any:
            self.asked.append(keys)
            return np.array(rows, np.float32)

    return Told()


def test_the_smallest_difference_of_the_two_best_comes_first(pool_of: Pools, scorer: Any) -> None:
    rows = [[0.9, 0.05, 0.05], [0.4, 0.2, 0.4], [0.1, 0.5, 0.4], [0.6, 0.1, 0.3]]  # margins 0.85 0 0.1 0.3
    pool, model = pool_of(4), telling(scorer, rows)
    picked = [Margin(limit=k, within=All()).choose(pool, rng=default_rng(0), scorer=model) for k in (1, 2, 3)]
    assert [np.searchsorted(pool.keys, chosen.keys).tolist() for chosen in picked] == [[1], [1, 2], [1, 2, 3]]


def test_equal_margins_go_by_key(pool_of: Pools, scorer: Any) -> None:
    # Many samples: numpy sorts few of them stably whatever it is told.
    pool = pool_of(600, keys=np.arange(600)[::-1])
    rows = [[0.5, 0.5] if key % 3 else [0.9, 0.1] for key in range(600)]
    chosen = Margin(0.5, within=All()).choose(pool, rng=default_rng(0), scorer=telling(scorer, rows))
    assert chosen.keys.tolist() == [key for key in range(600) if key % 3][:300]


def test_only_samples_of_within_are_scored(pool_of: Pools, scorer: Any) -> None:
    pool, model = pool_of(50), scorer()
    chosen = Margin(0.5).choose(pool, rng=default_rng(0), scorer=model)
    assert len(chosen) == 5
    assert [keys.tolist() for keys in model.asked] == [pool.keys[pool.arrived_round == 4].tolist()]


def test_before_the_first_model_everything_is_chosen_and_the_reason_says_so(pool_of: Pools) -> None:
    pool = pool_of(50)
    chosen = Margin(0.5).choose(pool, rng=default_rng(0))
    assert chosen.keys.tolist() == New().choose(pool, rng=default_rng(0)).keys.tolist()
    assert chosen.why["notes"] == ["margin: there is no model yet, so everything was chosen"]


def test_the_weights_of_within_are_kept(pool_of: Pools, scorer: Any) -> None:
    within = Uniform(limit=20, corrected=True)
    chosen = Margin(0.5, within=within).choose(pool_of(50), rng=default_rng(0), scorer=scorer())
    assert set(chosen.weights.tolist()) == {2.5}


def test_a_model_is_not_asked_about_nothing(pool_of: Pools, scorer: Any) -> None:
    model = scorer()
    assert len(Margin(0.5, within=Old()).choose(pool_of(0), rng=default_rng(0), scorer=model)) == 0
    assert model.asked == []


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ([[0.5, np.nan]] * 4, "not finite"),
        ([[1.0]] * 4, r"shape \(4, 1\)"),
        ([[0.5, 0.5]] * 3, r"shape \(3, 2\)"),
    ],
)
def test_a_model_that_answers_wrongly_is_refused(
    rows: list[list[float]], complaint: str, pool_of: Pools, scorer: Any
) -> None:
    with pytest.raises(SelectionError, match=complaint):
        Margin(0.5, within=All()).choose(pool_of(4), rng=default_rng(0), scorer=telling(scorer, rows))
