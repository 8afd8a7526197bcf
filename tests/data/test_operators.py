"""Each operator's own promises, beyond what random graphs show."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from headwater import data
from headwater.core.errors import DataError


def test_map_gets_and_returns_dicts() -> None:
    dataset = data.from_arrays({"x": np.arange(3), "y": np.ones((3, 2))})
    assert list(dataset.map(lambda row: {"z": row["x"] + row["y"].sum()})) == [
        {"z": 2.0},
        {"z": 3.0},
        {"z": 4.0},
    ]


def test_values_keep_their_types_through_map() -> None:
    columns = {
        name: np.zeros(2, name) for name in ("float32", "int8", "float64", "bool", "uint64", "complex64")
    }
    batch = next(iter(data.from_arrays(columns).map(dict).batch(2)))
    assert {name: str(column.dtype) for name, column in batch.items()} == {name: name for name in columns}


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2, True], "int64"),
        ([0.5, 1, 2], "float64"),
        ([True, False], "bool"),
        ([1j, 2j], "complex128"),
        ([np.float32(1), np.float32(2)], "float32"),
        ([[1, 2], [3, 4]], "int64"),
        ([np.datetime64(1, "us"), np.datetime64(2, "us")], "datetime64[us]"),
    ],
)
def test_a_column_has_the_type_of_its_first_value(values: Any, dtype: str) -> None:
    batch = next(iter(data.range(len(values)).map(values.__getitem__).batch(9)))
    assert str(batch.dtype) == dtype
    assert batch.tolist() == np.array(values).tolist()
    assert batch.flags.writeable


def test_what_one_map_returns_the_next_gets_untouched() -> None:
    ragged = data.range(3).map(lambda x: list(range(x))).map(len)
    assert list(ragged) == [0, 1, 2]


def test_texts_and_bytes_become_arrow_columns() -> None:
    batch = next(iter(data.range(2).map(lambda x: {"t": str(x), "b": bytes([x])}).batch(2)))
    assert batch["t"].type == pa.string()
    assert batch["b"].to_pylist() == [b"\0", b"\1"]


def test_identity_weight_and_label_travel_unless_dropped() -> None:
    columns = {
        "key": np.arange(4),
        "weight": np.ones(4, np.float32),
        "label": np.zeros(4, np.int8),
        "x": np.arange(4),
    }
    dataset = data.from_arrays(columns)
    doubled = {"map_batches": lambda b: {"x": b["x"] * 2}, "map": lambda b: {"x": b["x"] * 2}}
    for name, function in doubled.items():
        kept = next(iter(getattr(dataset, name)(function).batch(4)))
        assert set(kept) == set(columns)
        assert kept["weight"].dtype == np.float32
        assert set(next(iter(getattr(dataset, name)(function, keep=()).batch(4)))) == {"x"}
        assert set(next(iter(getattr(dataset, name)(function, keep=["key"]).batch(4)))) == {"x", "key"}
    after = next(iter(dataset.batch(4).map_batches(doubled["map_batches"])))
    assert set(after) == set(columns)


def test_what_the_function_returns_wins_over_what_is_kept() -> None:
    dataset = data.from_arrays({"label": np.zeros(2, np.int8)}).map_batches(
        lambda b: {"label": b["label"] + 1.0}
    )
    assert next(iter(dataset.batch(2)))["label"].tolist() == [1.0, 1.0]


def test_after_batch_a_function_gets_whole_batches_and_may_change_their_length() -> None:
    sizes: list[int] = []

    def first_half(batch: Any) -> Any:
        sizes.append(len(batch))
        return batch[: len(batch) // 2]

    assert [b.tolist() for b in data.range(10).batch(4).map_batches(first_half)] == [[0, 1], [4, 5], [8]]
    assert sizes == [4, 4, 2]


def test_batches_of_batches_stack() -> None:
    found = next(iter(data.range(12).batch(3).batch(2)))
    assert found.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_batches_of_unequal_batches_are_refused_with_the_row() -> None:
    with pytest.raises(DataError, match=r"in row 6 .*int64\[2\], but in row 3 .*int64\[3\]"):
        list(data.range(8).batch(3).skip(1).batch(2))


def test_a_batch_read_from_random_access_is_gathered_at_its_own_size(table: Any) -> None:
    source = table(10_000)
    batches = list(data.from_source(source).shuffle(1_000).batch(512).iterate(block_rows=1))
    assert source.reads == [512] * 19 + [272]
    assert sum(len(batch["key"]) for batch in batches) == 10_000


def test_skipping_and_taking_batches_reads_only_what_is_wanted(table: Any) -> None:
    source = table(100_000)
    batches = list(data.from_source(source).map_batches(dict).batch(100).skip(900).take(2))
    assert [batch["x"][0] for batch in batches] == [90_000, 90_100]
    assert sum(source.reads) == 200


def test_the_first_element_does_not_wait_for_a_block() -> None:
    calls: list[int] = []
    next(iter(data.range(1_000).map(calls.append)))
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("dataset", "count"),
    [
        (data.range(10).batch(4), 3),
        (data.range(10).batch(4, drop_remainder=True), 2),
        (data.range(10).repeat(3).skip(4).take(20), 20),
        (data.range(10).repeat(), math.inf),
        (data.range(10).repeat().take(7), 7),
        (data.range(0).repeat(), 0),
        (data.range(10).filter(bool), None),
        (data.range(10).filter(bool).take(0), 0),
        (data.range(10).map(str).shuffle(3).prefetch(), 10),
    ],
)
def test_cardinality(dataset: data.Dataset, count: float | None) -> None:
    assert dataset.cardinality == count


def test_repeating_nothing_ends() -> None:
    assert list(data.range(5).filter(lambda x: False).repeat()) == []


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda d: d.batch(0), "at least 1 element"),
        (lambda d: d.take(-1), "negative"),
        (lambda d: d.skip(-1), "negative"),
        (lambda d: d.repeat(-1), "without end"),
        (lambda d: d.prefetch(0), "at least 1 element"),
        (lambda d: d.map(3), "not a function"),
        (lambda d: d.map(str, keep="key"), r"keep=\('key',\)"),
        (lambda d: d.iterate(block_rows=0), "at least 1 row"),
    ],
)
def test_wrong_parameters_are_refused_at_once(build: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        build(data.range(3))
