"""Batches that keep different lengths."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import DataError

ROWS = [[1, 2, 3], [], [4], [5, 6], [7]]


def as_items(rows: list[Any]) -> data.Dataset:
    return data.range(len(rows)).map(lambda i: rows[i])


def test_ragged_columns_become_list_arrays_and_others_stack(laws: Callable[..., None]) -> None:
    table = pa.table({"x": pa.array(ROWS, pa.list_(pa.int32())), "n": range(5)})
    expected = [
        {"x": ROWS[:2], "n": np.arange(2)},
        {"x": ROWS[2:4], "n": np.arange(2, 4)},
        {"x": ROWS[4:], "n": np.arange(4, 5)},
    ]
    laws(lambda: data.from_arrow(table).ragged_batch(2), expected)
    laws(lambda: data.from_arrow(table).map(dict).ragged_batch(2), expected)
    laws(lambda: data.from_arrow(table).map(dict).ragged_batch(2, drop_remainder=True), expected[:2])


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.lists(st.integers(-9, 9), max_size=5), min_size=1, max_size=9), size=st.integers(1, 5))
def test_values_and_offsets_tell_the_rows(rows: list[list[int]], size: int) -> None:
    arrow = data.from_arrow(pa.table({"": pa.array(rows, pa.list_(pa.int64()))}))
    for source in (as_items(rows), as_items([np.array(row, np.int64) for row in rows]), arrow):
        found = list(source.ragged_batch(size))
        assert [row for batch in found for row in batch.to_pylist()] == rows
        for batch in found:
            assert batch.type == pa.list_(pa.int64())
            ends = np.asarray(batch.offsets) - batch.offsets[0].as_py()
            values = batch.flatten().to_numpy()
            assert [values[a:b].tolist() for a, b in pairwise(ends)] == batch.to_pylist()


def test_an_arrow_list_column_is_sliced_without_a_copy() -> None:
    column = pa.array(ROWS * 20, pa.list_(pa.int32()))
    batches = list(data.from_arrow(pa.table({"x": column})).ragged_batch(10).iterate(block_rows=5))
    addresses = {batch["x"].values.buffers()[1].address for batch in batches[:5]}
    assert len(addresses) == 1


def test_rows_of_more_axes_are_ragged_where_named() -> None:
    frames = [np.ones((2, 3), np.float32), np.zeros((1, 3), np.float32)]
    (batch,) = as_items([{"x": frame} for frame in frames]).ragged_batch(2, columns=["x"])
    assert batch["x"].type == pa.list_(pa.list_(pa.float32(), 3))
    assert batch["x"].to_pylist() == [frame.tolist() for frame in frames]
    (stacked,) = as_items([{"x": frames[0]}] * 2).ragged_batch(2)
    assert stacked["x"].shape == (2, 2, 3)
    (fixed,) = data.from_arrays({"x": np.ones((2, 3))}).ragged_batch(2, columns=["x"])
    assert fixed["x"].to_pylist() == [[1.0] * 3] * 2


def test_lists_of_texts_and_of_lists_keep_their_form() -> None:
    (batch,) = as_items([{"w": ["a"], "z": [[1], [2, 3]]}, {"w": [], "z": []}]).ragged_batch(2)
    assert batch["w"].to_pylist() == [["a"], []]
    assert batch["z"].to_pylist() == [[[1], [2, 3]], []]


def test_a_batch_of_empty_lists_is_of_whole_numbers() -> None:
    assert next(iter(as_items([[], []]).ragged_batch(2))).type == pa.list_(pa.int64())


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([[1], ["a"]], {}, r"2 elements from row 0.*does not become a list array"),
        ([[1], 2], {}, "does not become a list array"),
        ([{"x": [1]}, {"y": [1]}], {}, r"row 1.*has \['y'\]"),
        ([{"x": [1]}], {"columns": ["z"]}, "no column `z`"),
        ([np.ones(2), np.ones((2, 2))], {}, r"row 1.*float64\[\*, 2\], in rows before it float64\[\*\]"),
        ([np.ones((1, 2)), np.ones((2, 2))], {}, r"row 1 the element is float64\[2, 2\]"),
    ],
)
def test_what_does_not_fit_is_named(rows: list[Any], options: Any, message: str) -> None:
    with pytest.raises(DataError, match=f"(?s){message}"):
        list(as_items(rows).ragged_batch(2, **options))


def test_one_text_is_no_list_of_columns() -> None:
    with pytest.raises(DataError, match="columns='x' is one text"):
        data.range(3).ragged_batch(2, columns="x")
