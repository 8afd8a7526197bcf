"""Rows for which an Arrow expression is true."""

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
    return data.from_arrays({"x": np.arange(count), "y": np.arange(count) / 4})


def test_the_rows_for_which_it_is_true_come_in_their_order(laws: Laws) -> None:
    laws(lambda: rows(20).filter((x > 3) & (x != 7) & (x < 9)), [{"x": i, "y": i / 4} for i in (4, 5, 6, 8)])
    laws(lambda: rows(5).filter(x > 99), [])
    laws(lambda: rows(3).filter(pc.scalar(value=True)), [{"x": i, "y": i / 4} for i in range(3)])


def test_plain_values_are_called_value(laws: Laws) -> None:
    laws(lambda: data.range(10).filter(value > 6), [7, 8, 9])
    laws(lambda: data.range(10).filter(pc.field("") > 6), [7, 8, 9])


def test_elements_that_functions_returned_are_filtered_alike(laws: Laws) -> None:
    laws(lambda: data.range(10).map(lambda n: {"x": n, "s": f"w{n}"}).filter(x == 3), [{"x": 3, "s": "w3"}])
    laws(lambda: data.range(10).map(lambda n: n * 2).filter(value > 15), [16, 18])


def test_texts_are_compared_and_missing_ones_dropped(laws: Laws) -> None:
    table = pa.table({"s": ["a", None, "b"]})
    laws(lambda: data.from_arrow(table).filter(pc.field("s") != "a"), [{"s": "b"}])


def test_whatever_stands_around_it_the_laws_hold(laws: Laws) -> None:
    def build() -> data.Dataset:
        kept = data.range(40).shuffle(7).filter(value < 30).map(value * 2)
        return kept.filter(lambda n: n % 3 == 0).shuffle(4).batch(3)

    laws(build, list(build().iterate(block_rows=1)))
    assert sorted(int(n) for batch in build() for n in batch) == [n for n in range(0, 60, 2) if n % 3 == 0]


def test_its_identity_is_what_it_computes() -> None:
    assert rows(3).filter(x > 1).fingerprint == rows(3).filter(x > 1).fingerprint
    assert rows(3).filter(x > 1).fingerprint != rows(3).filter(x > 2).fingerprint
    assert "  .filter(x > 1)" in repr(rows(3).filter(x > 1))


@pytest.mark.parametrize("seen", [3, 700])
def test_an_error_names_expression_and_row(table: Any, seen: int) -> None:
    dataset = data.from_source(table(1_000)).filter(pc.scalar(1) / (x.cast("int64") - seen) < 2)
    with pytest.raises(DataError, match=rf"row {seen} \(key {10 * seen + 10}\): Arrow .* divide by zero"):
        list(dataset)


def test_a_type_that_changes_is_refused_at_its_rows() -> None:
    changing = data.range(9).map(lambda n: n if n < 5 else n / 2)
    with pytest.raises(DataError, match="float"):
        list(changing.filter(value >= 0).iterate(block_rows=5))


def test_an_expression_does_not_choose_among_batches() -> None:
    with pytest.raises(DataError, match=r"an expression speaks of one.*Filter before \.batch\(\)"):
        rows(9).batch(3).filter(x > 1)
