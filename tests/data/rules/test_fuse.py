"""Two filters by expressions become one."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import pytest

from headwater import data
from headwater.data.graph import Graph
from headwater.data.rules.fuse import rewrite

x, y = pc.field("x"), pc.field("y")


def rows() -> data.Dataset:
    return data.from_arrays({"x": np.arange(5), "y": np.arange(5) / 2})


def after(dataset: data.Dataset) -> str:
    return str(Graph(rewrite(dataset.graph.root)))


def test_filters_that_never_fail_are_joined() -> None:
    three = rows().filter(x + 1 > 0).filter(y.is_valid() | x.isin([1])).filter(~(x == 3))
    assert after(three).endswith("  .filter((((x + 1) > 0) & (is_valid(y) | is_in(x, [1]))) & ~(x == 3))")
    assert after(three).count(".filter") == 1
    assert list(rows().filter(x > 1).filter(y < 2)) == list(rows().filter((x > 1) & (y < 2)))


@pytest.mark.parametrize("second", [pc.scalar(1) / x > 0, x.cast("int8") > 0, pc.utf8_lower(x) == "a"])
def test_one_that_could_fail_on_what_the_first_drops_stays_apart(second: pc.Expression) -> None:
    both = rows().filter(x != 0).filter(second)
    assert after(both) == str(both.graph)


def test_functions_and_other_operators_stand_between() -> None:
    for dataset in (
        rows().filter(lambda row: True).filter(x > 1),
        rows().filter(x > 1).take(3).filter(y > 1),
        rows().filter(x > 1).filter(y > 1).ignore_errors(),
    ):
        assert after(dataset) == str(dataset.graph)
