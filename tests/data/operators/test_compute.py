"""Columns computed by Arrow expressions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from headwater import data
from headwater.core.errors import DataError

Laws = Callable[..., None]
x, value = pc.field("x"), pc.field("value")


def rows(count: int) -> data.Dataset:
    return data.from_arrays({"key": np.arange(count) * 10, "x": np.arange(count), "y": np.arange(count) / 4})


def test_an_element_becomes_the_columns_computed_and_those_to_keep(laws: Laws) -> None:
    laws(lambda: rows(6).map({"z": x + pc.field("y")}), [{"z": i * 1.25, "key": i * 10} for i in range(6)])
    laws(lambda: rows(6).map({"z": x * 2}, keep=()), [{"z": i * 2} for i in range(6)])
    laws(lambda: rows(2).map({"key": x}), [{"key": i} for i in range(2)])


def test_one_expression_makes_plain_values(laws: Laws) -> None:
    laws(lambda: rows(6).map(x * 2), [0, 2, 4, 6, 8, 10])
    laws(lambda: data.range(4).map(value + 1).map(value * 10), [10, 20, 30, 40])
    laws(lambda: data.range(3).map({"n": value}), [{"n": 0}, {"n": 1}, {"n": 2}])


def test_with_columns_keeps_everything_else(laws: Laws) -> None:
    expected = [{"key": i * 10, "x": -i, "y": i / 4, "s": str(i)} for i in range(5)]
    laws(lambda: rows(5).with_columns(x=pc.negate(x), s=x.cast(pa.string())), expected)


def test_batches_are_computed_row_by_row(laws: Laws) -> None:
    for build in (
        lambda: rows(5).batch(2).map({"z": x + 1}),
        lambda: rows(5).map({"z": x + 1}).batch(2),
    ):
        laws(build, [
            {"z": np.array([1, 2]), "key": np.array([0, 10])},
            {"z": np.array([3, 4]), "key": np.array([20, 30])},
            {"z": np.array([5]), "key": np.array([40])},
        ])  # fmt: skip
    laws(lambda: data.range(3).batch(2).map(value * 2), [np.array([0, 2]), np.array([4])])


def test_random_access_goes_through_it(laws: Laws) -> None:
    plain = list(data.range(12).shuffle())
    laws(lambda: data.range(12).map(value + 1).shuffle(), [n + 1 for n in plain])


def test_its_identity_is_what_it_computes_and_keeps() -> None:
    prints = {
        rows(3).map({"z": x}).fingerprint,
        rows(3).map({"w": x}).fingerprint,
        rows(3).map({"z": x + 1}).fingerprint,
        rows(3).map({"z": x}, keep=("y",)).fingerprint,
        rows(3).with_columns(z=x).fingerprint,
    }
    assert len(prints) == 5
    assert "  .map(z=x + 1, keep=('y',))" in repr(rows(3).map({"z": x + 1}, keep=("y",)))
    assert "  .with_columns(z=x)" in repr(rows(3).with_columns(z=x))


def test_an_error_names_expression_and_row(table: Any) -> None:
    inverse = {"z": pc.scalar(1) / (x.cast("int64") - 700)}
    with pytest.raises(DataError, match=r"\.map\(z=1 / .*\), row 700 \(key 7010\): Arrow .* divide by zero"):
        list(data.from_source(table(1_000)).map(inverse))
    with pytest.raises(DataError, match=r"row 4 of the batch that begins with row 696 \(key 6970\)"):
        list(data.from_source(table(1_000)).batch(8).map(inverse).with_options(rules=()).iterate(block_rows=3))


def test_what_is_no_column_or_expression_is_refused() -> None:
    with pytest.raises(DataError, match="3 is not an expression"):
        rows(3).map({"z": 3})
    with pytest.raises(DataError, match="'' is no column name"):
        rows(3).map({"": x})
    with pytest.raises(DataError, match="no column is computed"):
        rows(3).map({})
    with pytest.raises(DataError, match=r"no column `xx`. Did you mean `x`"):
        list(rows(3).with_columns(z=pc.field("xx")))
    with pytest.raises(DataError, match=r"plain values: write pyarrow.compute.field\(\"value\"\)"):
        list(data.range(3).map(x))
