"""Batches of elements of about one length."""

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

LENGTHS = [1, 5, 2, 3, 4, 6, 0, 2, 9, 5, 3]


def rows_of(lengths: list[int]) -> list[list[int]]:
    return [[at + 1] * length for at, length in enumerate(lengths)]


def source(lengths: list[int]) -> data.Dataset:
    return data.from_arrow(pa.table({"x": pa.array(rows_of(lengths), pa.list_(pa.int64()))}))


def naive(
    lengths: list[int], limits: list[int], sizes: list[int], *, to_boundary: bool, drop: bool
) -> list[Any]:
    groups: dict[int, list[list[int]]] = {}
    full: list[tuple[int, list[list[int]]]] = []
    for row in rows_of(lengths):
        bucket = sum(len(row) >= limit for limit in limits)
        groups.setdefault(bucket, []).append(row)
        if len(groups[bucket]) == sizes[bucket]:
            full.append((bucket, groups.pop(bucket)))
    full += [] if drop else list(groups.items())
    widths = [limits[bucket] - 1 if to_boundary else max(map(len, rows)) for bucket, rows in full]
    return [
        np.array([row + [0] * (width - len(row)) for row in rows], np.int64).reshape(len(rows), width)
        for (_, rows), width in zip(full, widths)
    ]


def test_elements_of_about_one_length_are_padded_together(laws: Callable[..., None]) -> None:
    for drop in (False, True):
        wanted = naive(LENGTHS, [3, 5], [3, 2, 2], to_boundary=False, drop=drop)

        def buckets(dataset: data.Dataset, length: Any, drop: bool = drop) -> data.Dataset:
            return dataset.bucket_by_sequence_length(length, [3, 5], [3, 2, 2], drop_remainder=drop)

        columns = [{"x": batch} for batch in wanted]
        laws(lambda buckets=buckets: buckets(source(LENGTHS), "x"), columns)
        laws(lambda buckets=buckets: buckets(source(LENGTHS).map(dict), lambda row: len(row["x"])), columns)
        bare = source(LENGTHS).map(lambda row: row["x"])
        laws(lambda buckets=buckets, bare=bare: buckets(bare, len), wanted)


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 11), max_size=30),
    limits=st.lists(st.integers(1, 11), min_size=1, max_size=4, unique=True).map(sorted),
    size=st.integers(1, 4),
    to_boundary=st.booleans(),
    at=st.integers(0, 12),
)
def test_batches_are_those_of_plain_python(
    plain: Any, lengths: list[int], limits: list[int], size: int, to_boundary: bool, at: int
) -> None:
    limits = [*limits, 12]
    dataset = source(lengths).bucket_by_sequence_length("x", limits, size, pad_to_bucket_boundary=to_boundary)
    expected = naive(lengths, limits, [size] * 9, to_boundary=to_boundary, drop=False)
    run = iter(dataset)
    first = [batch["x"] for _, batch in zip(range(at), run)]
    rest = [batch["x"] for batch in dataset.restore(run.state())]
    assert plain([*first, *rest]) == plain(expected)


def test_a_given_shape_wins_over_the_boundary() -> None:
    rows = [{"x": np.ones(n), "hot": np.ones(2)} for n in (1, 2)]
    dataset = data.range(2).map(lambda i: rows[i])
    (batch,) = dataset.bucket_by_sequence_length(
        lambda row: len(row["x"]),
        [5],
        2,
        pad_to_bucket_boundary=True,
        padded_shapes={"hot": 2},
        padding_values={"x": -1},
    )
    assert batch["x"].tolist() == [[1, -1, -1, -1], [1, 1, -1, -1]]
    assert batch["hot"].shape == (2, 2)


def test_what_is_longer_than_the_last_boundary_cannot_be_padded_to_it() -> None:
    dataset = source(LENGTHS).bucket_by_sequence_length("x", [3, 9], 2, pad_to_bucket_boundary=True)
    with pytest.raises(DataError, match=r"row 8: the length is 9, and the last boundary to pad to 9"):
        list(dataset)


@pytest.mark.parametrize(
    ("boundaries", "sizes", "message"),
    [
        ([], 2, "at least one, ascending"),
        ([3, 3], 2, "at least one, ascending"),
        ([0, 3], 2, "at least one, ascending"),
        ([3], [2], "Give 2 sizes"),
        ([3], [2, 0], "Give 2 sizes"),
    ],
)
def test_wrong_parameters_are_refused_at_once(boundaries: Any, sizes: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        source(LENGTHS).bucket_by_sequence_length(len, boundaries, sizes)


@pytest.mark.parametrize("length", [lambda row: -1, lambda row: 0.5, lambda row: None])
def test_a_length_that_is_none_is_named(length: Any) -> None:
    with pytest.raises(DataError, match="row 0: it returned"):
        list(source(LENGTHS).bucket_by_sequence_length(length, [3], 2))


def test_all_parameters_are_part_of_the_identity() -> None:
    made = [
        source(LENGTHS).bucket_by_sequence_length("x", [3], 2),
        source(LENGTHS).bucket_by_sequence_length(len, [3], 2),
        source(LENGTHS).bucket_by_sequence_length("x", [4], 2),
        source(LENGTHS).bucket_by_sequence_length("x", [3], [2, 1]),
        source(LENGTHS).bucket_by_sequence_length("x", [3], 2, pad_to_bucket_boundary=True),
        source(LENGTHS).bucket_by_sequence_length("x", [3], 2, padding_values=1),
        source(LENGTHS).bucket_by_sequence_length("x", [3], 2, padded_shapes={"x": 9}),
        source(LENGTHS).bucket_by_sequence_length("x", [3], 2, drop_remainder=True),
    ]
    assert len({dataset.fingerprint for dataset in made}) == len(made)
    assert "bucket_by_sequence_length('x', [3], [2, 2])" in repr(made[0])
