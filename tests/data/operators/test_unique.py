"""Each value once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from headwater import data
from headwater.core.errors import DataError


def test_the_first_of_each_value_is_kept(laws: Callable[..., None]) -> None:
    laws(lambda: data.range(12).map(lambda x: x * x % 7).unique(), [0, 1, 4, 2])
    laws(lambda: data.range(6).unique(), [0, 1, 2, 3, 4, 5])
    laws(lambda: data.range(0).unique(), [])


def test_a_column_of_rows_decides(laws: Callable[..., None]) -> None:
    rows = {"word": pa.array(["a", "b", "a", "c" * 99, "b", "c" * 99]), "n": np.arange(6)}
    expected = [{"word": "a", "n": 0}, {"word": "b", "n": 1}, {"word": "c" * 99, "n": 3}]
    laws(lambda: data.from_arrays(rows).unique("word"), expected)
    laws(lambda: data.from_arrays(rows).map(dict).unique("word"), expected)


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([b"a", b"b", b"a"], [0, 1]),
        ([float("nan"), 1.0, float("nan")], [0, 1]),
        ([(1, "a"), (1, "b"), (1, "a")], [0, 1]),
        ([[1], [1, 2], [1]], [0, 1]),
        ([{"x": 1, "y": 2}, {"y": 2, "x": 1}, {"x": 1}], [0, 2]),
        ([np.arange(2), np.arange(2, dtype=np.int8), np.arange(2)], [0, 1]),
        (["é" * 30, "é" * 31, "é" * 30, ("é" * 30).encode()], [0, 1, 3]),
        ([None, 0, None], [0, 1]),
    ],
)
def test_values_of_all_kinds_are_told_apart(values: list[Any], kept: list[int]) -> None:
    found = list(data.range(len(values)).map(lambda i: {"i": i, "value": values[i]}).unique("value"))
    assert [element["i"] for element in found] == kept


def test_rows_that_are_equal_in_all_columns_are_one(laws: Callable[..., None]) -> None:
    rows = {"x": np.array([1, 1, 2]), "y": np.array([1, 1, 1])}
    laws(lambda: data.from_arrays(rows).unique(), [{"x": 1, "y": 1}, {"x": 2, "y": 1}])


def test_each_pass_of_a_repeat_forgets(laws: Callable[..., None]) -> None:
    laws(lambda: data.range(4).map(lambda x: x // 2).unique().repeat(2), [0, 1, 0, 1])


def test_a_missing_column_and_a_value_without_hash_are_named() -> None:
    with pytest.raises(DataError, match=r"unique\(column='z'\), row 0.*no such column.*'x'"):
        list(data.from_arrays({"x": np.arange(3)}).unique("z"))
    with pytest.raises(DataError, match=r"row 0.*set cannot be told"):
        list(data.range(3).map(lambda x: {x}).unique())
