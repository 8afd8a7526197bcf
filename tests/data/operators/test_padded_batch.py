"""Batches of arrays of different shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import DataError

Laws = Callable[..., None]
ROWS = [[1, 2, 3], [], [4], [5, 6], [7, 8, 9, 10], [11], []]


def lists(rows: Any = ROWS, kind: Any = None) -> data.Dataset:
    return data.from_arrow(pa.table({"x": pa.array(rows, kind or pa.list_(pa.int32())), "n": range(len(rows))}))


def as_items(rows: list[Any]) -> data.Dataset:
    return data.range(len(rows)).map(lambda i: rows[i])


def padded(rows: list[list[Any]], width: int, value: Any, dtype: Any) -> Any:
    return np.array([[*row, *[value] * (width - len(row))] for row in rows], dtype).reshape(len(rows), width)


def test_rows_are_filled_up_to_the_longest_of_their_batch(laws: Laws) -> None:
    expected = [
        {"x": padded(ROWS[:3], 3, 0, np.int32), "n": np.arange(3)},
        {"x": padded(ROWS[3:6], 4, 0, np.int32), "n": np.arange(3, 6)},
        {"x": padded(ROWS[6:], 0, 0, np.int32), "n": np.arange(6, 7)},
    ]
    laws(lambda: lists().padded_batch(3), expected)
    laws(lambda: lists().shuffle(1).padded_batch(3), expected)
    laws(lambda: lists().padded_batch(3, drop_remainder=True), expected[:2])


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.lists(st.integers(-9, 9), max_size=40), min_size=1, max_size=9),
    size=st.integers(1, 5),
    width=st.one_of(st.none(), st.integers(40, 50)),
    value=st.integers(-3, 3),
)
def test_lists_arrays_and_arrow_lists_are_padded_alike(
    plain: Any, rows: list[list[int]], size: int, width: int | None, value: int
) -> None:
    parts = [rows[at : at + size] for at in range(0, len(rows), size)]
    wanted = plain([padded(part, width or max(map(len, part)), value, np.int64) for part in parts])
    sources = [
        as_items(rows),
        as_items([np.array(row, np.int64) for row in rows]),
        as_items([{"x": row} for row in rows]),
        lists(rows, pa.list_(pa.int64())),
        lists(rows, pa.large_list(pa.int64())),
        lists(rows, pa.list_(pa.int64())).skip(0).map(dict),
    ]
    for number, source in enumerate(sources):
        shapes = width if number < 2 or width is None else {"x": width}
        found = list(source.padded_batch(size, padded_shapes=shapes, padding_values=value))
        assert plain([batch if number < 2 else batch["x"] for batch in found]) == wanted


def test_arrays_of_more_axes_are_filled_up_on_each() -> None:
    images = [np.ones((2, 1), np.uint8), np.full((1, 3), 2, np.uint8), np.zeros((0, 0), np.uint8)]
    (batch,) = as_items(images).padded_batch(3, padding_values=9)
    assert batch.dtype == np.uint8
    assert batch.tolist() == [[[1, 9, 9], [1, 9, 9]], [[2, 2, 2], [9, 9, 9]], [[9, 9, 9], [9, 9, 9]]]
    (wide,) = as_items(images).padded_batch(3, padded_shapes=(None, 4))
    assert wide.shape == (3, 2, 4)
    nested = data.from_arrow(pa.table({"x": pa.array([[[1, 2]], [[3, 4], [5, 6]]])}))
    assert next(iter(nested.padded_batch(2)))["x"].tolist() == [[[1, 2], [0, 0]], [[3, 4], [5, 6]]]


def test_each_column_has_its_own_shape_and_value() -> None:
    rows = [{"x": [1], "mask": [True], "f": np.zeros(2, np.float32), "word": "a", "n": 3}] * 2
    dataset = as_items(rows).padded_batch(
        2, padded_shapes={"x": 2, "f": (3,)}, padding_values={"x": -1, "f": float("nan")}
    )
    (batch,) = dataset
    assert batch["x"].tolist() == [[1, -1], [1, -1]]
    assert batch["mask"].tolist() == [[True], [True]]
    assert batch["f"].dtype == np.float32
    assert np.isnan(batch["f"][:, 2]).all()
    assert batch["word"].to_pylist() == ["a", "a"]
    assert batch["n"].tolist() == [3, 3]


def test_columns_of_one_shape_are_batched_as_they_are_or_filled_up() -> None:
    table = data.from_arrays({"x": np.arange(8).reshape(4, 2)})
    assert next(iter(table.padded_batch(2)))["x"].tolist() == [[0, 1], [2, 3]]
    assert next(iter(table.padded_batch(2, padded_shapes={"x": 3})))["x"].tolist() == [[0, 1, 0], [2, 3, 0]]


def test_a_batch_of_empty_rows_keeps_the_type_of_arrays_and_takes_the_values_for_lists() -> None:
    assert next(iter(as_items([np.zeros(0, np.int16)] * 2).padded_batch(2))).dtype == np.int16
    assert next(iter(as_items([[], []]).padded_batch(2))).dtype == np.int64
    assert next(iter(as_items([[], []]).padded_batch(2, padding_values=0.5))).dtype == np.float64
    assert next(iter(lists([[], []]).padded_batch(2)))["x"].dtype == np.int32


def test_shapes_and_values_are_part_of_the_identity() -> None:
    made = [
        lists().padded_batch(3),
        lists().padded_batch(3, padded_shapes={"x": 9}),
        lists().padded_batch(3, padding_values=1),
        lists().padded_batch(3, padding_values={"x": 1}),
        lists().batch(3),
    ]
    assert len({dataset.fingerprint for dataset in made}) == len(made)


def test_taking_batches_reads_only_their_rows() -> None:
    calls: list[int] = []

    def one(number: int) -> list[int]:
        calls.append(number)
        return [number]

    dataset = data.range(100).map(one).padded_batch(5).skip(3).take(2)
    assert [batch.ravel().tolist() for batch in dataset] == [[15, 16, 17, 18, 19], [20, 21, 22, 23, 24]]
    assert calls == list(range(15, 25))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: lists().padded_batch(2, padded_shapes={"x": 3}), r"row 4.*`x` has 4 values, more than the 3"),
        (
            lambda: lists().padded_batch(2, padded_shapes={"y": 3}),
            r"given for `y`, which the elements do not have",
        ),
        (lambda: lists().padded_batch(2, padding_values={"y": 3}), r"given for `y`"),
        (lambda: lists().padded_batch(2, padding_values=0.5), r"`x` is int32, which cannot hold .* 0.5"),
        (lambda: lists().padded_batch(2, padding_values=float("nan")), r"cannot hold .* nan"),
        (lambda: lists().padded_batch(2, padding_values=2**40), "cannot hold"),
        (lambda: lists().padded_batch(2, padded_shapes={"x": (2, 2)}), r"of shape \[3\].* of 2 axes"),
        (lambda: lists([[1], None]).padded_batch(2), r"row 1.*`x` is missing"),
        (lambda: lists([[1], [2, None]]).padded_batch(2), r"row 1.*a value of `x` is missing"),
        (lambda: as_items([[1], 2]).padded_batch(2), r"row 1.*the element is 2 \(int\), no list"),
        (lambda: as_items([[1], ["a"]]).padded_batch(2), r"row 1.*no list of numbers"),
        (lambda: as_items([[1], [[1], [2, 3]]]).padded_batch(2), r"row 1.*no list of numbers"),
        (lambda: as_items([[1], [0.5]]).padded_batch(2), r"row 1.*float64\[\*\], in rows before it int64"),
        (lambda: as_items([[1], [[1]]]).padded_batch(2), r"row 0.*should be int64 of 2 axes"),
        (lambda: as_items([{"x": [1]}, {"y": [1]}]).padded_batch(2), r"row 1.*has \['y'\]"),
        (
            lambda: as_items([np.ones((2, 2)), np.ones((3, 1))]).padded_batch(2, padded_shapes=(2, 2)),
            r"row 1.*the shape \[3, 1\], more than the \[2, 2\]",
        ),
        (
            lambda: data.from_arrow(pa.table({"w": [["a"], ["b", "c"]]})).padded_batch(2),
            r"`w` is \['a'\] .*no list of numbers",
        ),
    ],
)
def test_what_does_not_fit_is_named(build: Callable[[], data.Dataset], message: str) -> None:
    with pytest.raises(DataError, match=f"(?s){message}"):
        list(build())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"padded_shapes": "x"}, "padded_shapes has 'x'"),
        ({"padded_shapes": {"x": -2}}, "padded_shapes has -2"),
        ({"padding_values": "pad"}, "is no number"),
    ],
)
def test_wrong_parameters_are_refused_at_once(options: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        data.range(3).padded_batch(2, **options)
    with pytest.raises(DataError, match="at least 1 element"):
        data.range(3).padded_batch(0)


def test_long_rows_are_padded_as_short_ones_are(plain: Any) -> None:
    rows = [list(range(n)) for n in (700, 300, 500)]
    (batch,) = lists(rows).padded_batch(3)
    assert plain(batch["x"]) == plain(padded(rows, 700, 0, np.int32))
