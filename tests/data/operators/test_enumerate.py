"""Elements with their numbers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from headwater import data
from headwater.core.errors import DataError


def test_plain_values_become_dicts_of_number_and_value(laws: Callable[..., None]) -> None:
    laws(lambda: data.range(5, 8).enumerate(10), [{"index": 10 + i, "value": 5 + i} for i in range(3)])
    laws(lambda: data.range(5).map(str).enumerate(), [{"index": i, "value": str(i)} for i in range(5)])


def test_rows_get_a_column(laws: Callable[..., None]) -> None:
    rows = {"x": np.arange(4, dtype=np.float32)}
    laws(
        lambda: data.from_arrays(rows).enumerate(name="n"), [{"x": x, "n": i} for i, x in enumerate(rows["x"])]
    )


def test_numbers_count_what_arrives(laws: Callable[..., None]) -> None:
    odd = [x for x in range(20) if x % 2]
    laws(
        lambda: data.range(20).filter(lambda x: x % 2).enumerate(),
        [{"index": i, "value": x} for i, x in enumerate(odd)],
    )
    laws(
        lambda: data.range(3).repeat(2).enumerate(),
        [{"index": i, "value": i % 3} for i in range(6)],
    )


def test_each_pass_counts_anew(laws: Callable[..., None]) -> None:
    laws(lambda: data.range(3).enumerate().repeat(2), [{"index": i, "value": i} for i in (0, 1, 2, 0, 1, 2)])
    stream = data.range(3).filter(lambda x: True)
    laws(lambda: stream.enumerate().repeat(2), [{"index": i, "value": i} for i in (0, 1, 2, 0, 1, 2)])


def test_a_shuffle_of_everything_moves_elements_with_their_numbers(laws: Callable[..., None]) -> None:
    def build() -> data.Dataset:
        return data.range(40, 0, -2).skip(3).map(lambda x: x).enumerate(5).shuffle().take(9)

    expected = [{"index": 5 + i, "value": x} for i, x in enumerate(range(34, 0, -2))]
    found = list(build())
    assert all(element in expected for element in found)
    assert [element["index"] for element in found] != sorted(element["index"] for element in found)
    laws(build, found)


def test_skipping_after_numbering_keeps_the_numbers(laws: Callable[..., None]) -> None:
    laws(lambda: data.range(9).enumerate().skip(7), [{"index": i, "value": i} for i in (7, 8)])
    laws(lambda: data.range(9).filter(bool).enumerate().skip(7), [{"index": 7, "value": 8}])
    laws(lambda: data.range(9).shuffle(4, seed=1).enumerate().shard(4, 1).map(lambda e: e["index"]), [1, 5])


def test_a_name_that_is_taken_is_refused_with_its_element() -> None:
    for dataset in (data.from_arrays({"index": np.arange(3)}), data.range(3).map(lambda x: {"index": x})):
        with pytest.raises(DataError, match=r"enumerate\(\), row 0: there is a column `index` already.*name="):
            list(dataset.enumerate())


def test_batches_are_refused() -> None:
    with pytest.raises(DataError, match=r"before \.batch"):
        data.range(3).batch(2).enumerate()


def test_the_numbers_are_a_column_of_whole_batches() -> None:
    table = pa.table({"word": ["a", "b", "c"]})
    (batch,) = data.from_arrow(table).enumerate().batch(3)
    assert batch["index"].tolist() == [0, 1, 2]
    assert batch["word"].to_pylist() == ["a", "b", "c"]
