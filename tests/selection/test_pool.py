"""What a pool refuses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from headwater.core.errors import SelectionError
from headwater.selection import Pool


@pytest.mark.parametrize(
    ("column", "value", "complaint"),
    [
        ("keys", [1, 1, 2], "key 1 stands there twice"),
        ("keys", [1, 2], "of one length"),
        ("times", ["2013-01-01", "NaT", "2013-01-02"], "NaT"),
        ("labels", [0.0, 1.0, np.nan], "label is missing"),
        ("labels", np.zeros((3, 2)), "flat"),
        ("arrived_round", [0, 4, 5], "between 0 and the round, 4"),
        ("arrived_round", [0, -1, 2], "between 0 and the round, 4"),
        ("last_used_round", [-2, 0, 0], "-1 .never. and the round, 4"),
        ("last_used_round", [-1, 5, 0], "-1 .never. and the round, 4"),
    ],
)
def test_a_pool_that_cannot_be_is_refused(
    column: str, value: object, complaint: str, pool_of: Callable[..., Pool]
) -> None:
    with pytest.raises(SelectionError, match=complaint):
        pool_of(3, **{column: value})


def test_columns_follow_their_keys(pool_of: Callable[..., Pool]) -> None:
    pool = pool_of(3, keys=[30, 10, 20], labels=["c", "a", "b"], last_used_round=[3, 1, 2])
    assert pool.keys.tolist() == [10, 20, 30]
    assert pool.labels.tolist() == ["a", "b", "c"]
    assert pool.last_used_round.tolist() == [1, 2, 3]


def test_the_callers_arrays_stay_writable_and_the_pools_are_not(pool_of: Callable[..., Pool]) -> None:
    keys = np.array([1, 2, 3])
    pool = pool_of(3, keys=keys)
    keys[0] = 9
    assert pool.keys[0] == 1
    with pytest.raises(ValueError, match="read-only"):
        pool.keys[0] = 9


def test_a_part_of_a_pool_is_a_pool(pool_of: Callable[..., Pool]) -> None:
    part = pool_of(5).take(np.array([1, 4]))
    assert (len(part), part.round) == (2, 4)
    assert part.keys.tolist() == pool_of(5).keys[[1, 4]].tolist()
