"""A fold that gives something at each step."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import DataError
from headwater.data.small import from_json, to_json


def summed(total: Any, x: Any) -> tuple[Any, Any]:
    return total + x, total + x


@dataclass
class Sum:
    value: int = 0


def summed_in_place(total: Any, x: int) -> tuple[Any, int]:
    if isinstance(total, Sum):
        total.value += x
        return total, total.value
    total["sum"] += x
    return total, total["sum"]


@pytest.mark.parametrize(
    "initial", [0, 0.0, np.float32(0), {"sum": 0}, Sum()], ids=lambda value: type(value).__name__
)
def test_a_fold_goes_on_from_any_state(laws: Callable[..., None], initial: Any) -> None:
    in_place = isinstance(initial, dict | Sum)
    kind = int if in_place else type(initial)
    expected = [kind(x) for x in accumulate(range(7))]
    laws(lambda: data.range(7).scan(initial, summed_in_place if in_place else summed), expected)


def test_each_pass_begins_with_the_initial_state(laws: Callable[..., None]) -> None:
    initial = {"sum": 0}
    laws(lambda: data.range(3).filter(bool).scan(initial, summed_in_place).repeat(2), [1, 3, 1, 3])
    assert initial == {"sum": 0}


def test_what_identifies_an_element_travels_with_it(laws: Callable[..., None]) -> None:
    rows = {"key": np.array([7, 8]), "x": np.array([1, 2])}
    laws(
        lambda: data.from_arrays(rows).scan(0, lambda s, row: (s, {"y": row["x"]})),
        [{"y": 1, "key": 7}, {"y": 2, "key": 8}],
    )


def test_initial_state_and_function_are_part_of_the_fingerprint() -> None:
    prints = {
        data.range(3).scan(initial, function).fingerprint
        for initial in (0, 1, np.zeros(2), np.ones(2))
        for function in (summed, summed_in_place)
    }
    assert len(prints) == 8


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda s, x: x, "Return two values"),
        (lambda s, x: (s, x, x), "Return two values"),
        (lambda s, x: (s, 1 // (3 - x)), r"row 3.*ZeroDivisionError"),
    ],
)
def test_what_goes_wrong_names_the_element(function: Any, text: str) -> None:
    with pytest.raises(DataError, match=text):
        list(data.range(9).scan(0, function))


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda part: (
        st.lists(part, max_size=3)
        | st.tuples(part, part)
        | st.dictionaries(st.text(min_size=1, max_size=3), part, max_size=3)
    ),
    max_leaves=6,
)


@given(plain)
def test_small_values_come_back_from_json(value: Any) -> None:
    found = to_json(value)
    if found is not None:
        again = from_json(json.loads(json.dumps(found, allow_nan=False)))
        assert repr(again) == repr(value)


def test_small_arrays_come_back_and_large_ones_are_refused() -> None:
    for array in (np.arange(6, dtype=np.int8).reshape(2, 3), np.float32(1.5), np.zeros((0, 2)), np.array(True)):
        again = from_json(json.loads(json.dumps(to_json(array))))
        assert type(again) is type(array)
        assert again.dtype == array.dtype
        np.testing.assert_array_equal(again, array)
    assert to_json(np.zeros(10_000)) is None
    assert to_json("x" * 10_000) is None
    assert to_json({1: 2}) is None
    assert to_json(np.array(["text"])) is None
