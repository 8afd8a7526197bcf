"""Operators that do nothing are left out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from headwater import data
from headwater.data.graph import Graph
from headwater.data.rules.noop import rewrite

Change = Callable[[data.Dataset], data.Dataset]


def rows() -> data.Dataset:
    return data.from_arrays({"x": np.arange(5)})


def after(dataset: data.Dataset) -> str:
    return str(Graph(rewrite(dataset.graph.root)))


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.skip(0),
        lambda it: it.shard(1, 0),
        lambda it: it.take(5),
        lambda it: it.take(99).skip(0),
        lambda it: it.repeat(1),
        lambda it: it.rename(),
        lambda it: it.drop(),
    ],
)
def test_what_does_nothing_is_gone(change: Change) -> None:
    assert after(change(rows())) == str(rows().graph)
    assert after(change(rows()).map(len)) == str(rows().map(len).graph)


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.skip(1),
        lambda it: it.shard(2, 0),
        lambda it: it.take(4),
        lambda it: it.repeat(2),
        lambda it: it.repeat(),
        lambda it: it.shuffle(3).repeat(1),  # another pass, another order
        lambda it: it.map(lambda row, draws: row, random=True).repeat(1),
        lambda it: it.filter(lambda row: True).take(5),  # how many there are is not known
        lambda it: it.shuffle(1).shuffle(3),  # the second shuffle is told from the first by its number
        lambda it: it.rename(x="y"),
    ],
)
def test_what_does_something_stays(change: Change) -> None:
    assert after(change(rows())) == str(change(rows()).graph)


def test_of_two_prefetches_in_a_row_the_larger_stays() -> None:
    assert after(rows().prefetch(2).prefetch(9)) == str(rows().prefetch(9).graph)
    assert after(rows().prefetch(9).prefetch(2).prefetch(3)) == str(rows().prefetch(9).graph)


def test_no_file_is_opened_to_count() -> None:
    def never() -> pa.RecordBatchReader:
        raise AssertionError

    stream = data.from_arrow(never).take(5)
    assert after(stream) == str(stream.graph)


def test_all_inputs_of_a_merge_are_looked_at() -> None:
    both = rows().skip(0).concatenate(rows().take(9).map(len))
    assert after(both) == str(rows().concatenate(rows().map(len)).graph)
