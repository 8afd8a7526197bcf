"""One after the other."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from headwater import data
from headwater.core.errors import DataError


def test_all_of_the_first_come_before_the_second(laws: Callable[..., None]) -> None:
    laws(lambda: data.range(2) + data.range(5, 8), [0, 1, 5, 6, 7])
    laws(lambda: data.concatenate(data.range(2), data.range(0), data.range(3).filter(bool)), [0, 1, 1, 2])
    laws(lambda: data.range(0) + data.range(0), [])
    laws(lambda: (data.range(2) + data.range(7, 9)).repeat(2), [0, 1, 7, 8] * 2)


def test_what_follows_sees_one_dataset(laws: Callable[..., None]) -> None:
    laws(
        lambda: (data.range(3) + data.range(7, 9)).batch(2),
        [np.array([0, 1]), np.array([2, 7]), np.array([8])],
    )
    both = data.range(30) + data.range(100, 120).map(lambda x: x)
    laws(lambda: both.shuffle(8), list(both.shuffle(8)))
    assert sorted(both.shuffle(8)) == [*range(30), *range(100, 120)]


def test_elements_of_other_types_stay_as_they_are(laws: Callable[..., None]) -> None:
    small, large = np.arange(2, dtype=np.int8), np.arange(2, dtype=np.float32)

    def build() -> data.Dataset:
        return data.from_arrays(small) + data.from_arrays(large) + data.range(2).map(str) + data.range(2)

    expected = [*small, *large, "0", "1", 0, 1]
    laws(build, expected)
    for block_rows in (1, 3, 20):
        mixed = list(build().shuffle(4).iterate(block_rows=block_rows))
        assert sorted(map(repr, mixed)) == sorted(map(repr, expected))


def test_a_batch_across_two_types_is_refused_with_both_elements() -> None:
    both = data.from_arrays({"x": np.arange(3)}) + data.from_arrays({"x": pa.array(["a", "b"])})
    with pytest.raises(DataError, match=r"`x` is a str, but in row 2 it is a int"):
        list(both.batch(2).iterate(block_rows=9))


def test_equal_shuffles_draw_different_orders() -> None:
    shuffled = data.range(20).shuffle()
    found = list(shuffled + shuffled)
    assert found[:20] != found[20:]
    assert sorted(found[:20]) == sorted(found[20:])


def test_the_cardinality_is_the_sum() -> None:
    assert len(data.range(2) + data.range(3).repeat(2)) == 8
    assert (data.range(2) + data.range(3).filter(bool)).cardinality is None
    assert (data.range(2).repeat() + data.range(3).filter(bool)).cardinality == math.inf


def test_only_one_part_is_open_at_a_time(table: Callable[[int], object]) -> None:
    first, second = table(8), table(8)
    run = iter(data.from_source(first) + data.from_source(second))  # type: ignore[arg-type]
    for _ in range(8):
        next(run)
    assert sum(first.reads) == 8  # type: ignore[attr-defined]
    assert second.reads == []  # type: ignore[attr-defined]


def test_what_does_not_go_together_is_refused() -> None:
    with pytest.raises(DataError, match="some of the datasets are batched"):
        data.range(3) + data.range(3).batch(2)
    with pytest.raises(DataError, match="at least one"):
        data.concatenate()
    with pytest.raises(DataError, match="a list is no dataset"):
        data.range(3).concatenate([1])  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        data.range(3) + 1  # type: ignore[operator]
