"""The rows of batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import DataError

Laws = Callable[..., None]


def as_items(elements: list[Any]) -> data.Dataset:
    return data.range(len(elements)).map(lambda i: elements[i])


def test_unbatch_is_the_opposite_of_batch(laws: Laws) -> None:
    columns = {"x": np.arange(11), "y": np.arange(22, dtype=np.float32).reshape(11, 2)}
    table = data.from_arrays({**columns, "word": pa.array([f"w{i}" for i in range(11)])})
    rows = list(table)
    laws(lambda: table.batch(3).unbatch(), rows)
    laws(lambda: table.batch(4, drop_remainder=True).unbatch(), rows[:8])
    laws(lambda: table.map(dict).batch(3).unbatch(), rows)
    laws(lambda: data.range(0).batch(3).unbatch(), [])


@settings(max_examples=60, deadline=None)
@given(
    batches=st.lists(st.lists(st.integers(-9, 9), max_size=5), max_size=8),
    at=st.integers(0, 40),
    before=st.one_of(st.none(), st.integers(1, 9)),
    after=st.one_of(st.none(), st.integers(1, 9)),
)
def test_batches_of_any_length_give_their_rows_and_resume_inside_one(
    batches: list[list[int]], at: int, before: int | None, after: int | None
) -> None:
    expected = [row for batch in batches for row in batch]
    arrow = pa.table({"x": pa.array(batches, pa.list_(pa.int64()))})
    sources = [
        as_items([np.array(batch, np.int64) for batch in batches]),
        as_items(batches),
        as_items([pa.array(batch, pa.int64()) for batch in batches]),
        data.from_arrow(arrow).map_batches(lambda columns: columns["x"]),
    ]
    for source in sources:
        dataset = source.unbatch()
        run = dataset.iterate(block_rows=before)
        first = [element for _, element in zip(range(at), run)]
        rest = list(dataset.iterate(run.state(), block_rows=after))
        assert [*first, *rest] == expected
        assert first == expected[:at]


def test_rows_of_fixed_width_and_list_columns_are_taken_apart(laws: Laws) -> None:
    table = data.from_arrays({"x": np.arange(6).reshape(3, 2), "y": np.arange(12).reshape(3, 2, 2)})
    rows = [{"x": i, "y": np.array([2 * i, 2 * i + 1])} for i in range(6)]
    laws(lambda: table.unbatch(), rows)
    lists = data.from_arrow(pa.table({"word": [["a"], [], ["b", "c"]], "n": [[1], [], [2, 3]]}))
    laws(lambda: lists.unbatch(), [{"word": "a", "n": 1}, {"word": "b", "n": 2}, {"word": "c", "n": 3}])
    laws(lambda: data.range(8).batch(2).batch(2).unbatch().unbatch(), list(range(8)))
    laws(lambda: data.range(3).map(lambda i: ["x"] * i).unbatch(), ["x"] * 3)


def test_what_follows_sees_rows_as_columns_of_many_batches() -> None:
    seen: list[int] = []

    def count(rows: Any) -> Any:
        seen.append(len(rows))
        return rows

    assert list(data.range(600).batch(2).unbatch().map_batches(count).iterate(block_rows=300)) == list(
        range(600)
    )
    assert max(seen) >= 200


def test_depth_goes_down_again() -> None:
    assert data.range(3).batch(2).unbatch().graph.root.depth == 0
    assert data.range(3).unbatch().graph.root.depth == 0
    assert data.range(0).batch(2).unbatch().cardinality == 0
    assert data.range(3).batch(2).unbatch().cardinality is None


def test_an_error_after_it_names_the_batch_a_row_was_in() -> None:
    with pytest.raises(DataError, match=r"row 4.*ZeroDivisionError"):
        list(data.range(9).batch(4).unbatch().map(lambda x: 1 // (x - 6)))


@pytest.mark.parametrize(
    ("elements", "message"),
    [
        ([1, 2], r"row 0.*the element is a int, which has no rows"),
        ([{"x": [1], "n": 1}], r"row 0.*`n` is a int, which has no rows"),
        ([["a"], "word"], r"row 1.*the element is a str, which has no rows"),
        ([np.float32(1)], "which has no rows"),
        ([{"x": [1], "y": [1]}, {"x": [1, 2], "y": [1]}], r"row 1.*`y` has 1 rows, `x` has 2"),
        ([np.ones((2, 3)), np.ones((2, 4))], r"row 1.*rows here are Spec.*float64\[4\].*unlike"),
        ([np.ones(2), np.ones(2, np.int8)], r"row 1.*int8"),
        ([{"x": [1]}, {"y": [1]}], r"row 1.*Spec\(y: int64\), unlike"),
    ],
)
def test_what_has_no_rows_of_one_kind_is_named(elements: list[Any], message: str) -> None:
    with pytest.raises(DataError, match=f"(?s){message}"):
        list(as_items(elements).unbatch())


def test_columns_without_rows_are_refused() -> None:
    with pytest.raises(DataError, match=r"`x` is 0 .*no list"):
        list(data.from_arrays({"x": np.arange(3)}).unbatch())
    with pytest.raises(DataError, match=r"row 1.*`y` has 1 rows, `x` has 2"):
        list(data.from_arrow(pa.table({"x": [[1], [1, 2]], "y": [[1], [1]]})).unbatch())
