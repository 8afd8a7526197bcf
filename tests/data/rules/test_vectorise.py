"""Expressions after `batch` are computed before it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow.compute as pc
import pytest

from headwater import data
from headwater.data.graph import Graph
from headwater.data.rules.vectorise import rewrite

Change = Callable[[data.Dataset], data.Dataset]
x = pc.field("x")


def rows() -> data.Dataset:
    return data.from_arrays({"x": np.arange(5), "y": np.arange(5) / 2})


def after(dataset: data.Dataset) -> str:
    return str(Graph(rewrite(dataset.graph.root)))


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it,
        lambda it: it.filter(x > 1).shuffle(3).take(4).repeat(2),
        lambda it: it.map_batches(lambda columns: columns),
        lambda it: it.with_columns(z=x),
    ],
)
def test_an_expression_goes_before_a_batch_of_columns(change: Change) -> None:
    computes: list[Change] = [
        lambda it: it.with_columns(z=x + 1),
        lambda it: it.map({"z": x}),
        lambda it: it.map(x),
    ]
    for compute in computes:
        written, expected = compute(change(rows()).batch(2)), compute(change(rows())).batch(2)
        assert after(written) == str(expected.graph)
        assert repr(list(written)) == repr(list(expected)) == repr(list(written.with_options(rules=())))


def test_several_go_one_after_the_other() -> None:
    assert after(rows().batch(2).with_columns(z=x).map(x)) == str(
        rows().with_columns(z=x).map(x).batch(2).graph
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.map(lambda row: row).batch(2),  # batches of what functions returned may differ in type
        lambda it: it.batch(2, drop_remainder=True),  # what is dropped must not fail
        lambda it: it.padded_batch(2),
        lambda it: it.batch(2).batch(2),
        lambda it: it.batch(2).map(lambda batch: batch),
        lambda it: it.enumerate().batch(2),
    ],
)
def test_an_expression_stays_behind_it(change: Change) -> None:
    written = change(rows()).with_columns(z=x + 1)
    assert after(written) == str(written.graph)


def test_before_ignore_errors_a_batch_fails_whole() -> None:
    written = rows().batch(2).map(x).ignore_errors()
    assert after(written) == str(written.graph)
