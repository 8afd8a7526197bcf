"""Windows that slide over the elements."""

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


def naive(count: int, size: int, shift: int | None, stride: int, *, drop: bool) -> list[list[int]]:
    starts = range(0, count, shift or size)
    windows = [[start + i * stride for i in range(size) if start + i * stride < count] for start in starts]
    return [window for window in windows if len(window) == size or not drop]


def test_windows_overlap_or_leave_gaps_by_their_shift(laws: Laws) -> None:
    for shift, stride, drop in [(1, 1, False), (1, 2, True), (5, 1, False), (None, 2, False), (7, 1, True)]:
        expected = [np.array(window) for window in naive(13, 3, shift, stride, drop=drop)]

        def windows(source: data.Dataset, shift: Any = shift, stride: int = stride, drop: bool = drop) -> Any:
            return source.window(3, shift=shift, stride=stride, drop_remainder=drop)

        laws(lambda windows=windows: windows(data.range(13)), expected)
        laws(lambda windows=windows: windows(data.range(13).map(int)), expected)


@settings(max_examples=100, deadline=None)
@given(
    count=st.integers(0, 30),
    size=st.integers(1, 6),
    shift=st.one_of(st.none(), st.integers(1, 9)),
    stride=st.integers(1, 4),
    drop=st.booleans(),
    at=st.integers(0, 30),
    before=st.one_of(st.none(), st.integers(1, 9)),
)
def test_windows_are_those_of_plain_python_and_come_again_after_a_restore(
    count: int, size: int, shift: int | None, stride: int, drop: bool, at: int, before: int | None
) -> None:
    dataset = data.range(count).window(size, shift=shift, stride=stride, drop_remainder=drop)
    expected = naive(count, size, shift, stride, drop=drop)
    assert len(dataset) == len(expected)
    run = dataset.iterate(block_rows=before)
    first = [window.tolist() for _, window in zip(range(at), run)]
    assert first == expected[:at]
    assert [window.tolist() for window in dataset.restore(run.state())] == expected[at:]


def test_columns_and_dicts_are_stacked_by_name() -> None:
    table = data.from_arrays({"x": np.ones((4, 2), np.float32), "word": pa.array(["a", "b", "c", "d"])})
    for source in (table, table.map(dict)):
        (first, *_) = source.window(2, shift=1)
        assert first["x"].shape == (2, 2)
        assert first["word"].to_pylist() == ["a", "b"]


def test_writing_to_a_window_changes_no_other() -> None:
    first, second, *_ = data.range(9).map_batches(lambda x: x + 0).window(3, shift=1)
    first[:] = -1
    assert second.tolist() == [1, 2, 3]


def test_an_endless_dataset_has_endless_windows() -> None:
    dataset = data.range(3).repeat().window(2, shift=1)
    assert dataset.cardinality == float("inf")
    assert [window.tolist() for window in dataset.take(4)] == [[0, 1], [1, 2], [2, 0], [0, 1]]


@pytest.mark.parametrize("options", [{"size": 0}, {"size": 2, "shift": 0}, {"size": 2, "stride": 0}])
def test_numbers_below_one_are_refused(options: Any) -> None:
    with pytest.raises(DataError, match="at least 1"):
        data.range(3).window(**options)


def test_elements_that_do_not_stack_are_named() -> None:
    with pytest.raises(DataError, match=r"window\(2, shift=1\).*in row 1 the element is a str|row 1"):
        list(data.range(3).map(lambda x: x if x != 1 else "one").window(2, shift=1))
