"""Fewer columns, or the same under other names."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from headwater import data
from headwater.core.errors import DataError

Laws = Callable[..., None]


def rows(count: int) -> data.Dataset:
    return data.from_arrays({"x": np.arange(count), "y": np.arange(count) / 4, "z": -np.arange(count)})


def mapped(count: int) -> data.Dataset:
    return rows(count).map(lambda row: dict(row))


@pytest.mark.parametrize("build", [rows, mapped])
def test_columns_are_chosen_dropped_and_renamed(laws: Laws, build: Callable[[int], data.Dataset]) -> None:
    laws(lambda: build(3).select("z", "x"), [{"z": -i, "x": i} for i in range(3)])
    laws(lambda: build(3).drop("z", "x"), [{"y": i / 4} for i in range(3)])
    laws(lambda: build(3).rename(x="a", z="x"), [{"a": i, "y": i / 4, "x": -i} for i in range(3)])


def test_batches_have_columns_too(laws: Laws) -> None:
    laws(lambda: rows(3).batch(2).select("x"), [{"x": np.array([0, 1])}, {"x": np.array([2])}])
    laws(lambda: rows(3).batch(2).drop("y", "z").rename(x="a"), [{"a": np.array([0, 1])}, {"a": np.array([2])}])


def test_random_access_goes_through_it() -> None:
    assert [row["x"] for row in rows(9).drop("y").shuffle()] == [row["x"] for row in rows(9).shuffle()]


@pytest.mark.parametrize("build", [rows, mapped])
def test_an_unknown_column_is_named(build: Callable[[int], data.Dataset]) -> None:
    with pytest.raises(DataError, match=r"\.select\(xx\): there is no column `xx`. Did you mean `x`"):
        list(build(3).select("xx"))
    with pytest.raises(DataError, match=r"no column `w`. Known here: x, y, z"):
        list(build(3).drop("w"))
    with pytest.raises(DataError, match="no column `w`"):
        list(build(3).rename(w="v"))


def test_what_makes_no_element_is_refused() -> None:
    with pytest.raises(DataError, match="no column is left"):
        rows(3).select()
    with pytest.raises(DataError, match="named twice"):
        rows(3).select("x", "x")
    with pytest.raises(DataError, match="no column is left"):
        list(rows(3).drop("x", "y", "z"))
    with pytest.raises(DataError, match="two columns get one name"):
        rows(3).rename(x="a", y="a")
    with pytest.raises(DataError, match="there is a column `y` already"):
        list(rows(3).rename(x="y"))
    with pytest.raises(DataError, match=r"plain values, which have no columns"):
        list(data.range(3).select("x"))
    with pytest.raises(DataError, match=r"plain values, which have no columns"):
        list(data.range(3).map(lambda n: n).select("x"))


def test_the_columns_are_part_of_its_identity() -> None:
    prints = [rows(3).select("x", "y"), rows(3).select("y", "x"), rows(3).drop("z"), rows(3).rename(x="a")]
    assert len({it.fingerprint for it in prints}) == 4
