"""Inputs in the order that another dictates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import DataError


def tens(count: int) -> list[data.Dataset]:
    return [data.range(10 * i, 10 * i + 3) for i in range(count)]


def test_choices_are_served_in_order(laws: Callable[..., None]) -> None:
    choices = np.array([0, 1, 1, 0, 2, 0])
    laws(lambda: data.choose_from(data.from_arrays(choices), tens(3)), [0, 10, 11, 1, 20, 2])


def test_it_ends_with_the_first_that_ends(laws: Callable[..., None]) -> None:
    choices = np.array([0, 0, 1, 0, 0, 1])
    laws(lambda: data.choose_from(data.from_arrays(choices), tens(2)), [0, 1, 10, 2])


def test_or_passes_over_those_that_have_ended(laws: Callable[..., None]) -> None:
    choices = [0, 0, 1, 0, 0, 1, 0, 2, 0, 2, 1, 1, 1, 2, 2]

    def build() -> data.Dataset:
        chosen = data.from_arrays(np.array(choices)).map(int)
        return data.choose_from(chosen, tens(3), stop_on_empty=False)

    laws(build, [0, 1, 10, 2, 11, 20, 21, 12, 22])


@given(choices=st.lists(st.integers(0, 3), max_size=30), stop=st.booleans(), block=st.integers(1, 9))
def test_any_order_is_what_a_loop_would_give(choices: list[int], stop: bool, block: int) -> None:
    left = [list(range(10 * i, 10 * i + 3)) for i in range(4)]
    expected = []
    for choice in choices:
        if not left[choice] and stop:
            break
        expected += [left[choice].pop(0)] if left[choice] else []
    dataset = data.choose_from(data.range(len(choices)).map(lambda i: choices[i]), tens(4), stop_on_empty=stop)
    assert list(dataset.iterate(block_rows=block)) == expected


@pytest.mark.parametrize("wrong", [2, -1, 0.5, "a", None])
def test_a_choice_of_no_dataset_is_named(wrong: Any) -> None:
    choices = data.range(5).map(lambda i: wrong if i == 3 else 1)
    with pytest.raises(DataError, match=rf"choice row 3: {wrong!r} is no number of a dataset.*from 0 to 1"):
        list(data.choose_from(choices, tens(2)).iterate(block_rows=1))


def test_nothing_to_choose_from_is_refused() -> None:
    with pytest.raises(DataError, match="at least one"):
        data.choose_from(data.range(3), [])
    with pytest.raises(DataError, match="a list is no dataset"):
        data.choose_from([0, 1], tens(2))  # type: ignore[arg-type]
