"""Every n-th element."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import DataError


def test_a_shard_is_every_nth_element(laws: Callable[..., None]) -> None:
    laws(lambda: data.range(10).shard(3, 1), [1, 4, 7])
    laws(lambda: data.range(20).filter(lambda x: x % 2).shard(3, 2), [5, 11, 17])
    laws(lambda: data.range(2).shard(5, 3), [])
    laws(lambda: data.range(6).filter(bool).shard(1, 0), [1, 2, 3, 4, 5])


def test_a_shard_of_batches_is_every_nth_batch(laws: Callable[..., None]) -> None:
    laws(lambda: data.range(10).batch(2).shard(2, 1), [np.array([2, 3]), np.array([6, 7])])


@given(
    count=st.integers(0, 40),
    num_shards=st.integers(1, 4),
    size=st.integers(1, 5),
    drop=st.booleans(),
    block=st.integers(1, 9),
)
def test_a_shard_of_batches_reads_only_their_rows(
    count: int, num_shards: int, size: int, drop: bool, block: int
) -> None:
    read: list[int] = []

    def note(x: int) -> int:
        read.append(x)
        return x

    batches = data.range(count).map(note).with_options(parallel="inline").batch(size, drop_remainder=drop)
    every = [batch.tolist() for batch in batches]
    for index in range(num_shards):
        read.clear()
        shard = batches.shard(num_shards, index)
        found = [batch.tolist() for batch in shard.iterate(block_rows=block)]
        assert found == every[index::num_shards]
        assert shard.cardinality == len(found)
        assert len(read) < sum(map(len, found)) + size


def test_the_rows_of_a_shard_of_batches_come_again_anywhere(laws: Callable[..., None]) -> None:
    for build in (data.range(23), data.range(23).filter(lambda x: True), data.range(23).shuffle(seed=1)):
        batches = list(build.batch(3))
        for index in (0, 1):
            laws(lambda b=build, i=index: b.batch(3).shard(2, i), batches[index::2])
    laws(lambda: data.range(24).batch(2).batch(3).shard(2, 1), list(data.range(24).batch(2).batch(3))[1::2])


@given(count=st.integers(0, 40), num_shards=st.integers(1, 7), skip=st.integers(0, 5), block=st.integers(1, 9))
def test_shards_are_disjoint_and_together_everything(
    count: int, num_shards: int, skip: int, block: int
) -> None:
    for build in (data.range(count).skip(skip), data.range(count).filter(lambda x: True).skip(skip)):
        shards = [build.shard(num_shards, index) for index in range(num_shards)]
        parts = [list(shard.iterate(block_rows=block)) for shard in shards]
        assert sorted(x for part in parts for x in part) == list(range(count))[skip:]
        assert all(shard.cardinality in (None, len(part)) for shard, part in zip(shards, parts))


def test_only_the_rows_of_the_shard_are_read(table: Callable[[int], object]) -> None:
    source = table(100)
    rows = list(data.from_source(source).map(lambda row: row).shard(10, 3))  # type: ignore[arg-type]
    assert [row["key"] for row in rows] == list(range(40, 1001, 100))
    assert sum(source.reads) == 10  # type: ignore[attr-defined]


def test_a_shuffle_after_a_shard_needs_no_buffer() -> None:
    shard = data.range(30).shard(3, 0).shuffle()
    assert sorted(shard) == list(range(0, 30, 3)) != list(shard)


@pytest.mark.parametrize(
    ("num_shards", "index", "text"), [(0, 0, "at least 1"), (3, 3, "0 to 2"), (3, -1, "0 to 2")]
)
def test_shards_that_are_none_are_refused(num_shards: int, index: int, text: str) -> None:
    with pytest.raises(DataError, match=text):
        data.range(3).shard(num_shards, index)
