"""Filters go before what computes columns that they do not look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pytest

from headwater import data
from headwater.data.graph import Graph
from headwater.data.rules.hoist import rewrite

Change = Callable[[data.Dataset], data.Dataset]
x = pc.field("x")


def rows() -> data.Dataset:
    return data.from_arrays({"key": np.arange(5), "x": np.arange(5), "y": np.arange(5)})


def after(dataset: data.Dataset) -> str:
    return str(Graph(rewrite(dataset.graph.root)))


def odd(row: Any) -> bool:
    return bool(row["x"] % 2)


def halved(row: Any) -> Any:
    return {"y": row["y"] / 2}


class Writer:
    """A `RowWriter` that turns y into z."""

    consumes = ("y",)

    def spec(self) -> Mapping[str, Any]:
        return {"z": ("int64", ())}

    def __call__(self, element: Any) -> Any:
        return {"x": element["x"], "z": element["y"]}

    def write(self, element: Any, row: Any) -> None:
        row["z"][...] = element["y"]


PASSED: list[Change] = [
    lambda it: it.with_columns(z=x * 2),
    lambda it: it.map({"z": x * 2}, keep=("x",)),
    lambda it: it.map(halved, reads=["y"], writes=["y"]),
    lambda it: it.map(halved, writes=["y"]),
    lambda it: it.map_batches(halved, reads=["y"], writes=["y"]),
    lambda it: it.map(Writer()),
    lambda it: it.select("x", "y"),
    lambda it: it.drop("y"),
    lambda it: it.prefetch(3),
    lambda it: it.with_columns(z=x * 2).prefetch(2).select("x", "z"),
]


@pytest.mark.parametrize("change", PASSED)
def test_a_filter_goes_before_it(change: Change) -> None:
    expected = str(change(rows().filter(x > 3)).graph)
    assert after(change(rows()).filter(x > 3)) == expected
    expected = str(change(rows().filter(odd, reads=["x"])).graph)
    assert after(change(rows()).filter(odd, reads=["x"])) == expected


@pytest.mark.parametrize(
    "change",
    [
        lambda it: it.with_columns(x=x * 2),
        lambda it: it.map({"z": x * 2}),
        lambda it: it.map({"x": pc.field("y")}, keep=("x",)),
        lambda it: it.map(halved, reads=["y"]),  # what it returns is not declared
        lambda it: it.map(halved),
        lambda it: it.map(lambda row, draws: {"y": 1}, random=True, writes=["y"]),  # elements have numbers
        lambda it: it.map(lambda row: {"x": 1}, writes=["x"]),
        lambda it: it.rename(y="x2"),
        lambda it: it.take(3),
        lambda it: it.shuffle(3),
        lambda it: it.enumerate(),
        lambda it: it.with_columns(z=x * 2).ignore_errors(),
    ],
)
def test_a_filter_stays_behind_it(change: Change) -> None:
    assert after(change(rows()).filter(x > 3)) == str(change(rows()).filter(x > 3).graph)


def test_before_ignore_errors_no_call_is_saved() -> None:
    counted = rows().with_columns(z=x / 0).filter(x > 3).ignore_errors()
    assert after(counted) == str(counted.graph)
    assert "filter(x > 3)\n  .with_columns" in after(rows().ignore_errors().with_columns(z=x).filter(x > 3))


def test_a_filter_that_may_look_at_all_stays() -> None:
    assert after(rows().drop("y").filter(odd)) == str(rows().drop("y").filter(odd).graph)
    # What is a column `value` here is the plain value before.
    named = data.range(5).map({"value": pc.field("value")}, keep=()).prefetch(2).filter(pc.field("value") > 3)
    assert after(named).index(".map") < after(named).index(".filter") < after(named).index(".prefetch")


def test_functions_are_called_only_for_what_stays() -> None:
    seen = []

    def look(row: Any) -> Any:
        seen.append(row["x"])
        return {"y": 0}

    assert len(list(rows().map(look, reads=["x"], writes=["y"]).filter(x > 3))) == 1
    assert seen == [4]
