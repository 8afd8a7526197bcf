"""Calls that run a dataset to its end."""

from __future__ import annotations

import numpy as np
import pytest

from headwater import data
from headwater.core.errors import DataError


def test_reduce_folds_all_elements() -> None:
    assert data.range(5).reduce(1, lambda product, x: product * (x + 1)) == 120
    assert data.range(0).reduce("nothing", lambda s, x: x) == "nothing"


def test_reduce_leaves_the_initial_state_as_it_was() -> None:
    initial: list[int] = []

    def append(state: list[int], x: int) -> list[int]:
        state.append(x)
        return state

    assert data.range(3).reduce(initial, append) == [0, 1, 2]
    assert initial == []


def test_a_function_that_fails_is_named_with_the_element() -> None:
    with pytest.raises(DataError, match=r"reduce\(lambda\).*element 2: ZeroDivisionError"):
        data.range(5).reduce(0, lambda s, x: 1 // (2 - x))


def test_count_runs_only_if_it_must() -> None:
    calls: list[int] = []

    def noted(x: int) -> int:
        calls.append(x)
        return x

    dataset = data.range(9).map(noted)
    assert dataset.count() == 9
    assert calls == []
    assert dataset.filter(bool).count() == 8
    assert sorted(calls) == list(range(9))


def test_first_and_only_elements() -> None:
    assert data.range(3, 9).first() == 3
    np.testing.assert_array_equal(data.range(3).batch(5).get_single_element(), [0, 1, 2])
    assert data.range(9).filter(lambda x: x == 4).get_single_element() == 4


def test_none_or_too_many_are_errors() -> None:
    for dataset in (data.range(0), data.range(3).filter(lambda x: False)):
        with pytest.raises(DataError, match="no element"):
            dataset.first()
        with pytest.raises(DataError, match="no element"):
            dataset.get_single_element()
    with pytest.raises(DataError, match="more than one"):
        data.range(2).get_single_element()


def test_what_has_no_end_is_refused() -> None:
    endless = data.range(2).repeat()
    with pytest.raises(DataError, match=r"no end.*\.take\(n\)"):
        endless.count()
    with pytest.raises(DataError, match="no end"):
        endless.reduce(0, lambda s, x: s)
    assert endless.first() == 0
