"""Several inner datasets that take turns."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import DataError


def naive(inners: list[list[Any]], cycle_length: int, block_length: int) -> list[Any]:
    """The order of tf.data, written as its sequential iterator does it, one element at a time."""
    waiting = [iter(inner) for inner in inners]
    slots: list[Any] = [None] * cycle_length
    found: list[Any] = []
    at = taken = 0
    while waiting or any(slot is not None for slot in slots):
        if slots[at] is not None:
            element = next(slots[at], None)
            if element is not None:
                found.append(element)
                taken += 1
                if taken == block_length:
                    at, taken = (at + 1) % cycle_length, 0
                continue
            slots[at] = None
        elif waiting:
            slots[at] = waiting.pop(0)
            continue
        at, taken = (at + 1) % cycle_length, 0
    return found


def labelled(lengths: list[int]) -> list[list[int]]:
    return [[number * 1_000 + at for at in range(length)] for number, length in enumerate(lengths)]


FORMS: dict[str, Callable[[list[int]], Any]] = {
    "lists": lambda inner: inner,
    "generators": lambda inner: (value for value in inner),
    "datasets": lambda inner: data.range(inner[0], inner[0] + len(inner)) if inner else data.range(0),
}


@given(
    st.lists(st.integers(0, 9), max_size=12),
    st.integers(1, 5),
    st.integers(1, 4),
    st.sampled_from(sorted(FORMS)),
)
def test_the_order_is_that_of_tf_data(lengths: list[int], cycle: int, block: int, form: str) -> None:
    inners = labelled(lengths)
    dataset = data.range(len(inners)).interleave(
        lambda at: FORMS[form](inners[at]), cycle_length=cycle, block_length=block
    )
    wanted = naive(inners, cycle, block)
    for rows in (None, 1, 2, 7, 100):
        assert list(dataset.iterate(block_rows=rows)) == wanted


def test_an_ended_dataset_leaves_its_place_to_the_next_when_its_turn_comes() -> None:
    inners = ["a", "bb", "c"]
    assert list(data.range(3).interleave(lambda at: list(inners[at]), cycle_length=2)) == ["a", "b", "b", "c"]


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize(("cycle", "block"), [(1, 1), (2, 3), (3, 1), (16, 2)])
def test_it_resumes_everywhere(laws: Callable[..., None], form: str, cycle: int, block: int) -> None:
    inners = labelled([3, 0, 5, 1, 0, 2, 4])

    def build() -> data.Dataset:
        return data.range(len(inners)).interleave(
            lambda at: FORMS[form](inners[at]), cycle_length=cycle, block_length=block
        )

    laws(build, naive(inners, cycle, block))


def test_the_state_of_sixteen_batched_shuffles_is_small(laws: Callable[..., None]) -> None:
    def build() -> data.Dataset:
        return data.range(20).interleave(lambda at: data.range(at * 10, at * 10 + 7).shuffle(3).batch(2))

    laws(build, list(build()), most_bytes=6_000)


def test_shuffles_of_two_elements_draw_two_orders() -> None:
    dataset = data.range(2).interleave(lambda at: data.range(100).shuffle(), cycle_length=2)
    both = list(dataset)
    assert both[0::2] != both[1::2]
    assert sorted(both[0::2]) == sorted(both[1::2]) == list(range(100))
    assert list(dataset.iterate(epoch=1)) != both
    assert list(dataset.with_seed(1)) != both


def test_interleaves_and_flat_maps_nest(laws: Callable[..., None]) -> None:
    def build() -> data.Dataset:
        return data.range(4).flat_map(
            lambda n: data.range(n).interleave(lambda m: [(n, m)] * 2, cycle_length=2)
        )

    wanted = [(n, m) for n in range(4) for m in naive([[m + 1] * 2 for m in range(n)], 2, 1)]
    laws(build, [(n, m - 1) for n, m in wanted])


def test_an_endless_dataset_does_not_starve_the_others() -> None:
    dataset = data.range(3).interleave(lambda at: count(at, 10) if at != 1 else [1], cycle_length=3)
    assert list(dataset.take(6)) == [0, 1, 2, 10, 12, 20]
    endless = data.range(1).repeat().interleave(lambda at: [1, 2], cycle_length=2)
    assert list(endless.take(5)) == [1, 1, 2, 2, 1]


@pytest.mark.parametrize("name", ["cycle_length", "block_length"])
def test_lengths_are_positive(name: str) -> None:
    with pytest.raises(DataError, match=f"{name} must be at least 1"):
        data.range(3).interleave(lambda at: [at], **{name: 0})


def test_nothing_in_gives_nothing() -> None:
    dataset = data.range(0).interleave(lambda at: [at])
    assert dataset.cardinality == 0
    assert list(dataset) == []
    assert data.range(2).interleave(lambda at: [at]).cardinality is None
