"""A random mixture."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import DataError
from headwater.core.rng import Seeds


def reference(parts: list[list[Any]], weights: list[float], seeds: Seeds, *, stop: bool) -> list[Any]:
    """One draw for each output, among those that have not ended."""
    draws = seeds.child("data", "sample_from", 0, 0).generator()
    alive, at, found = list(weights), [0] * len(parts), []
    while sum(alive) > 0:
        draw = draws.random()
        while sum(alive) > 0:
            part = int(np.searchsorted(np.cumsum(alive), draw * sum(alive), side="right"))
            if at[part] < len(parts[part]):
                found.append(parts[part][at[part]])
                at[part] += 1
                break
            if stop:
                return found
            alive[part] = 0
    return found


counts = st.lists(st.integers(0, 12), min_size=1, max_size=4)


@given(counts=counts, data_=st.data(), stop=st.booleans(), block=st.one_of(st.none(), st.integers(1, 9)))
def test_each_output_is_drawn_among_the_inputs_that_go_on(
    counts: list[int], data_: st.DataObject, stop: bool, block: int | None
) -> None:
    weights = data_.draw(st.lists(st.sampled_from([0, 1, 2, 5]), min_size=len(counts), max_size=len(counts)))
    weights[-1] = 1
    parts = [list(range(100 * i, 100 * i + count)) for i, count in enumerate(counts)]
    datasets = [data.range(100 * i, 100 * i + count) for i, count in enumerate(counts)]
    dataset = data.sample_from(datasets, weights, stop_on_empty=stop).with_seed(7)
    found = list(dataset.iterate(block_rows=block))
    assert found == reference(parts, list(map(float, weights)), Seeds(7), stop=stop)
    assert dataset.cardinality in (None, len(found))


def test_a_mixture_goes_on_from_any_state(laws: Callable[..., None]) -> None:
    def build() -> data.Dataset:
        parts = [
            data.range(9),
            data.range(100, 130).filter(lambda x: x % 3 == 0),
            data.range(50, 53).map(lambda x: x),
        ]
        return data.sample_from(parts, [1, 2, 1], seed=3)

    expected = list(build())
    assert sorted(expected) == [*range(9), *range(50, 53), *range(102, 130, 3)]
    laws(build, expected)


def test_weights_are_kept_over_many() -> None:
    endless = [data.range(i, i + 1).repeat() for i in range(3)]
    found = np.bincount(list(data.sample_from(endless, [6, 3, 1]).take(20_000)))
    # Three standard deviations of a share of 0.6 among 20,000 are 0.01.
    np.testing.assert_allclose(found / 20_000, [0.6, 0.3, 0.1], atol=0.012)


def test_columns_stay_columns() -> None:
    parts = [data.from_arrays({"x": np.full(50, i, np.int8)}) for i in range(2)]
    batch = next(iter(data.sample_from(parts).batch(100)))
    assert batch["x"].dtype == np.int8
    assert np.bincount(batch["x"]).tolist() == [50, 50]


def test_each_epoch_and_each_seed_has_its_own_order() -> None:
    mixture = data.sample_from([data.range(20), data.range(100, 120)])
    orders = {
        tuple(mixture.iterate(epoch=0)),
        tuple(mixture.iterate(epoch=1)),
        tuple(mixture.with_seed(1)),
        tuple(data.sample_from([data.range(20), data.range(100, 120)], seed=5)),
    }
    assert len(orders) == 4
    assert list(mixture.repeat(2))[:40] != list(mixture.repeat(2))[40:]


def test_what_can_be_known_of_the_cardinality_is() -> None:
    two, endless, unknown = data.range(2), data.range(2).repeat(), data.range(2).filter(bool)
    assert data.sample_from([two, two]).cardinality == 4
    assert data.sample_from([two, two], stop_on_empty=True).cardinality is None
    assert data.sample_from([two, unknown]).cardinality is None
    assert data.sample_from([two, unknown, endless]).cardinality == math.inf
    assert data.sample_from([endless, endless], stop_on_empty=True).cardinality == math.inf
    assert data.sample_from([two, unknown], [1, 0]).cardinality == 2


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        ([1], "2 datasets have 1 weights"),
        ([1, -1], "positive"),
        ([0, 0], "not all 0"),
        ([1, math.nan], "positive"),
    ],
)
def test_weights_that_are_none_are_refused(weights: list[float], text: str) -> None:
    with pytest.raises(DataError, match=text):
        data.sample_from([data.range(2), data.range(2)], weights)


def test_no_datasets_are_refused() -> None:
    for wrong in ([], data.range(3), [3]):
        with pytest.raises(DataError, match="at least one"):
            data.sample_from(wrong)  # type: ignore[arg-type]
