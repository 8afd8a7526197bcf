"""Batches of other sizes."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import DataError

Laws = Callable[..., None]


def naive(rows: list[int], sizes: list[int], *, drop: bool) -> list[list[int]]:
    batches, turn = [], cycle(sizes)
    while rows:
        size = next(turn)
        if len(rows) >= size or not drop:
            batches.append(rows[:size])
        elif drop:
            break
        rows = rows[size:]
    return batches


def test_rows_come_in_batches_of_the_new_size(laws: Laws) -> None:
    laws(lambda: data.range(11).batch(4).rebatch(3), list(np.split(np.arange(11), [3, 6, 9])))
    laws(lambda: data.range(11).batch(2).rebatch(5), list(np.split(np.arange(11), [5, 10])))
    laws(lambda: data.range(11).batch(2).rebatch(5, drop_remainder=True), [np.arange(5), np.arange(5, 10)])
    table = data.from_arrays({"x": np.arange(7), "y": np.ones((7, 2))})
    laws(lambda: table.batch(2).rebatch([3, 1]), list(table.batch(7).rebatch([3, 1])))


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(0, 40),
    size=st.integers(1, 9),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    drop=st.booleans(),
    at=st.integers(0, 40),
    before=st.one_of(st.none(), st.integers(1, 9)),
)
def test_sizes_take_turns_as_in_plain_python_and_after_a_restore(
    count: int, size: int, sizes: list[int], drop: bool, at: int, before: int | None
) -> None:
    dataset = data.range(count).batch(size).rebatch(sizes, drop_remainder=drop)
    expected = naive(list(range(count)), sizes, drop=drop)
    run = dataset.iterate(block_rows=before)
    first = [batch.tolist() for _, batch in zip(range(at), run)]
    assert first == expected[:at]
    assert [batch.tolist() for batch in dataset.restore(run.state())] == expected[at:]


def test_a_batch_within_one_is_a_view_and_across_two_one_copy() -> None:
    whole = np.arange(12)
    whole.setflags(write=False)
    made = [whole[:6], whole[6:]]
    views = list(data.range(2).map(lambda i: made[i]).rebatch(4))
    assert [np.shares_memory(batch, whole) for batch in views] == [True, False, True]
    assert np.concatenate(views).tolist() == whole.tolist()


def test_the_label_and_depth_are_those_of_batches() -> None:
    dataset = data.range(9).batch(2).rebatch(4)
    assert repr(dataset).splitlines()[-2].strip() == ".rebatch(4)"
    assert ".rebatch([4, 1], drop_remainder=True)" in repr(
        data.range(9).batch(2).rebatch([4, 1], drop_remainder=True)
    )
    assert dataset.graph.root.depth == 1
    assert dataset.cardinality is None
    assert data.range(0).batch(2).rebatch(4).cardinality == 0


@pytest.mark.parametrize("sizes", [0, [], [2, 0], [-1]])
def test_sizes_below_one_are_refused(sizes: Any) -> None:
    with pytest.raises(DataError, match="at least 1 element"):
        data.range(3).batch(2).rebatch(sizes)


def test_what_has_no_rows_is_named() -> None:
    with pytest.raises(DataError, match=r"\.rebatch, row 0: the element is 0 .*no list"):
        list(data.range(3).rebatch(2))
