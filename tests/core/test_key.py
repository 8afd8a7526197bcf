"""Keys are int64, and nothing that is not becomes one silently."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.core.errors import HeadwaterError
from headwater.core.key import Places, are_strictly_sorted, as_keys, contains, positions

int64s = st.integers(-(2**63), 2**63 - 1)


@given(values=st.lists(int64s, max_size=20))
def test_integers_of_any_kind_keep_their_value(values: list[int]) -> None:
    assert as_keys(values).tolist() == values
    assert as_keys(values).dtype == np.int64
    assert as_keys(iter(values)).tolist() == values


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "uint64", ">i8"])
def test_smaller_integers_are_widened(dtype: str) -> None:
    keys = as_keys(np.array([1, 2, 3], dtype))
    assert keys.dtype == np.dtype("int64")
    assert keys.tolist() == [1, 2, 3]


def test_int64_is_taken_as_it_is_without_a_copy() -> None:
    array = np.arange(3)
    assert as_keys(array) is array


@pytest.mark.parametrize(
    "values",
    [[1.0], ["1"], [True], [[1], [2]], np.zeros((2, 2), int), [2**63], np.array([2**63], np.uint64), [None]],
)
def test_what_would_lose_a_bit_is_refused(values: Iterable[Any]) -> None:
    with pytest.raises(HeadwaterError, match=r"keys must be a flat list|does not fit"):
        as_keys(values)


@given(keys=st.lists(int64s, max_size=20), known=st.sets(int64s, max_size=20))
def test_positions_find_exactly_what_is_there(keys: list[int], known: set[int]) -> None:
    keys += list(known)[:3]
    ordered = as_keys(sorted(known))
    found = positions(as_keys(keys), ordered)
    assert [ordered[at] if at >= 0 else None for at in found] == [key if key in known else None for key in keys]
    assert contains(as_keys(keys), ordered).tolist() == [key in known for key in keys]


@given(values=st.lists(int64s, max_size=10))
def test_strictly_sorted_means_ascending_without_repetition(values: list[int]) -> None:
    assert are_strictly_sorted(as_keys(values)) == (values == sorted(set(values)))


near = st.sets(st.integers(-40, 40), max_size=30)
whole = st.builds(lambda first, size: set(range(first, first + size)), st.integers(-9, 9), st.integers(0, 9))
edge = st.sampled_from(
    [{2**63 - 2, 2**63 - 1}, {-(2**63), 1 - 2**63}, {-(2**63), 2**63 - 1}, {-(2**63), 3 - 2**63}]
)


@given(known=near | whole | edge | st.sets(int64s, max_size=9), asked=st.lists(st.integers(-50, 50) | int64s))
def test_a_table_of_places_says_what_the_search_says(known: set[int], asked: list[int]) -> None:
    asked += list(known)
    ordered = as_keys(sorted(known))
    assert Places(ordered).of(as_keys(asked)).tolist() == positions(as_keys(asked), ordered).tolist()
