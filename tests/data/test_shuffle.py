"""What a shuffle promises: every element once, how far it moves, a uniform order, a small state."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from headwater import data
from headwater.core.errors import DataError
from headwater.core.rng import Seeds
from headwater.data.permutation import Permutation


def order(dataset: data.Dataset, **options: Any) -> list[int]:
    return list(dataset.iterate(**options))


@pytest.mark.parametrize("size", [None, 2, 7, 1_000, 50_000])
def test_each_element_comes_once(size: int | None) -> None:
    assert sorted(order(data.range(10_000).shuffle(size))) == list(range(10_000))


def test_an_element_moves_by_less_than_the_buffer() -> None:
    found = np.array(order(data.range(20_000).shuffle(500)))
    moved = np.abs(found - np.arange(20_000))
    # Places count what was given, times what was due: they drift apart as what waits fluctuates, by sqrt(B).
    drift = 5 * np.sqrt(500)
    assert moved[found >= 500].max() < 500 + drift
    assert moved.max() < 1_000 + drift


def test_elements_spread_evenly_over_the_whole_span() -> None:
    moved = np.array(order(data.range(40_000).shuffle(1_000)))[5_000:-5_000] - np.arange(5_000, 35_000)
    share, _ = np.histogram(moved, bins=8, range=(-1_000, 1_000))
    assert share.min() > 0.9 * share.mean()


@pytest.mark.parametrize("size", [None, 4, 9])
def test_a_buffer_that_holds_everything_gives_all_orders_equally_often(size: int | None) -> None:
    orders = Counter(tuple(order(data.range(4).shuffle(size).with_seed(seed))) for seed in range(2_400))
    assert len(orders) == 24
    # 23 degrees of freedom: above 49.7 with probability 0.001; the seeds are fixed, so this never flickers.
    assert sum((count - 100) ** 2 / 100 for count in orders.values()) < 49.7


def test_neighbours_do_not_stay_together() -> None:
    found = np.array(order(data.range(30_000).shuffle(300)))
    assert np.mean(np.abs(np.diff(found)) <= 1) < 0.02


def test_a_buffer_of_one_leaves_the_order() -> None:
    assert order(data.range(50).shuffle(1)) == list(range(50))


def test_order_depends_on_seed_epoch_and_number_of_the_shuffle() -> None:
    dataset = data.range(100).shuffle(50)
    orders = [
        order(dataset),
        order(dataset.with_seed(1)),
        order(dataset, epoch=1),
        order(data.range(100).shuffle(50, seed=9)),
        order(dataset.shuffle(50)),
    ]
    assert len({tuple(found) for found in orders}) == len(orders)
    assert order(data.range(100).shuffle(50)) == orders[0]


def test_a_shuffle_with_its_own_seed_ignores_the_datasets() -> None:
    dataset = data.range(30).shuffle(seed=3)
    assert order(dataset) == order(dataset.with_seed(8))


def test_each_epoch_of_a_repeat_has_its_own_order() -> None:
    found = order(data.range(50).shuffle(100).repeat(3))
    epochs = [found[:50], found[50:100], found[100:]]
    assert all(sorted(epoch) == list(range(50)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_shuffling_before_or_after_a_function_is_the_same() -> None:
    before = data.range(5_000).shuffle(100).map_batches(lambda x: x * 2)
    after = data.range(5_000).map_batches(lambda x: x * 2).shuffle(100)
    assert order(before) == order(after)


def test_the_buffered_and_the_positional_way_give_one_order() -> None:
    columns = {"x": np.arange(3_000), "y": np.random.default_rng(0).random((3_000, 3))}
    positional = list(data.from_arrays(columns).shuffle(200).batch(100))
    buffered = list(data.from_arrays(columns).filter(lambda row: True).shuffle(200).batch(100))
    for ours, theirs in zip(positional, buffered, strict=True):
        assert all(np.array_equal(ours[name], theirs[name]) for name in columns)


def test_state_stays_small_however_large_the_buffer() -> None:
    run = iter(data.range(300_000).filter(lambda x: True).shuffle(20_000).batch(256))
    for _ in range(300):
        next(run)
    assert len(json.dumps(run.state())) < 1_000


def test_restoring_reads_no_more_than_the_shuffle_needs() -> None:
    asked: list[int] = []

    def seen(x: Any) -> Any:
        asked.append(len(x))
        return x

    dataset = data.range(200_000).map_batches(seen).filter(lambda x: True).shuffle(1_000)
    run = iter(dataset)
    for _ in range(150_000):
        next(run)
    state = run.state()
    asked.clear()
    next(dataset.restore(state))
    assert sum(asked) < 50_000  # three buffers, and a few blocks of 8,192 under way


@pytest.mark.parametrize("seed", range(8))
def test_a_shuffle_of_small_blocks_resumes_at_every_position(seed: int) -> None:
    table = pa.table({"x": range(70)})
    reader = data.from_arrow(lambda: pa.RecordBatchReader.from_batches(table.schema, table.to_batches(3)))
    dataset = reader.shuffle(8).with_seed(seed)
    whole = list(dataset)
    run = dataset.iterate(block_rows=1)
    for at in range(71):
        assert list(dataset.restore(run.state())) == whole[at:]
        next(run, None)


def test_a_shuffle_of_everything_holds_what_has_no_random_access(laws: Callable[..., None]) -> None:
    kept = [x for x in range(30) if x % 3]
    order = Permutation(len(kept), Seeds(0).child("data", "shuffle", 0, 0))(0, len(kept))
    laws(lambda: data.range(30).filter(lambda x: x % 3).shuffle(), [kept[i] for i in order])


def test_a_shuffle_of_what_is_endless_or_too_large_is_refused() -> None:
    with pytest.raises(DataError, match=r"needs an end.*before \.repeat"):
        data.range(3).repeat().shuffle()
    wide = data.range(1_000).filter(lambda x: x >= 0).shuffle().with_options(hold_bytes=1_000)
    with pytest.raises(DataError, match=r"more than 1,000 bytes.*hold_bytes"):
        next(iter(wide))


def test_a_buffer_holds_something() -> None:
    with pytest.raises(DataError, match=r"shuffle\(0\)"):
        data.range(9).shuffle(0)


@pytest.mark.parametrize("size", [0, 1, 2, 1_000, (1 << 18) + 1, 400_000])
def test_a_permutation_has_each_number_once_in_any_portions(size: int) -> None:
    whole = Permutation(size, Seeds(1))(0, size)
    assert np.array_equal(np.sort(whole), np.arange(size))
    portions = Permutation(size, Seeds(1))
    parts = [portions(at, min(at + 70_001, size)) for at in range(0, size, 70_001)]
    assert np.array_equal(np.concatenate([*parts, whole[:0]]), whole)


def test_a_large_permutation_is_the_same_as_ever() -> None:
    order = Permutation(300_000, Seeds(0))
    digest = hashlib.sha256(order(0, 300_000).astype("<i8").tobytes()).hexdigest()
    assert digest == "8e5b621db1cb1d3f1a14a5d7b0110a3b8cf68176cdde566c27a8320911e6f4e7"


def test_a_large_permutation_can_be_asked_anywhere_and_for_nothing() -> None:
    size = (1 << 18) + 1_000
    whole = Permutation(size, Seeds(3))(0, size)
    order = Permutation(size, Seeds(3))
    for start, stop in [
        (200_000, 200_010),
        (16_380, 16_390),
        (5, 5),
        (size - 3, size),
        (size, size),
        (0, 40_000),
    ]:
        assert np.array_equal(order(start, stop), whole[start:stop])


def test_a_large_permutation_looks_uniform() -> None:
    size = (1 << 18) + 1_000
    found = Permutation(size, Seeds(2))(0, size)
    table, _, _ = np.histogram2d(np.arange(size), found, bins=16)
    expected = size / 256
    assert np.sum((table - expected) ** 2 / expected) < 2 * 225  # chi-square of 15 * 15 degrees of freedom
    assert abs(np.corrcoef(found[1:], found[:-1])[0, 1]) < 0.01


def test_elements_due_at_the_same_time_come_in_the_order_of_their_places() -> None:
    from headwater.data.block import Columns
    from headwater.data.slots import Slots

    slots = Slots()
    values = np.array([5, 6, 7, 8])
    slots.put(Columns({"": values}, values), np.array([2.0, 1.0, 2.0, 1.0]), np.array([3.0, 2.0, 1.0, 0.0]))
    found = slots.pop_until(9.0)
    assert found is not None
    assert found.elements() == [8, 6, 7, 5]
