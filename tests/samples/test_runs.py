"""The run table against a model that lists every key."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from headwater.samples.runs import (
    Deletion,
    clipped,
    complement,
    count_below,
    expand,
    keys_of,
    live_runs,
    ranges_of,
)
from headwater.samples.segment import SegmentRecord

key_sets = st.sets(st.integers(0, 60))


def record(first: int, stop: int, *, purged: int = 0) -> SegmentRecord:
    return SegmentRecord(first, f"{first}", first, stop, stop - first, 0, 0, None, 0, purged)


def keys_array(keys: set[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(sorted(keys), np.int64)


@given(key_sets)
def test_ranges_hold_exactly_their_keys(keys: set[int]) -> None:
    assert keys_of(ranges_of(keys_array(keys))).tolist() == sorted(keys)


@given(key_sets, st.integers(0, 70))
def test_the_complement_holds_all_other_keys(keys: set[int], stop: int) -> None:
    rest = keys_of(complement(ranges_of(keys_array(keys)), stop))
    assert rest.tolist() == [key for key in range(stop) if key not in keys]


@given(key_sets, st.integers(0, 70), st.integers(0, 70))
def test_clipping_keeps_what_lies_inside(keys: set[int], start: int, stop: int) -> None:
    inside = keys_of(clipped(ranges_of(keys_array(keys)), start, stop))
    assert inside.tolist() == [key for key in sorted(keys) if start <= key < stop]


@given(key_sets.filter(bool), st.integers(0, 70))
def test_counting_below_counts_smaller_keys(keys: set[int], key: int) -> None:
    assert int(count_below(ranges_of(keys_array(keys)), key)) == sum(other < key for other in keys)


@given(
    cuts=st.sets(st.integers(1, 59)),
    deletions=st.lists(key_sets, max_size=4),
    purged=st.integers(0, 4),
    version=st.integers(0, 4),
    horizon=st.integers(0, 60),
)
def test_each_live_key_is_found_in_its_row_and_no_other_key_is(
    cuts: set[int], deletions: list[set[int]], purged: int, version: int, horizon: int
) -> None:
    version = max(version, purged)  # a version older than what was purged is not readable
    gone_by: dict[int, set[int]] = {0: set()}
    history = []
    for number, wanted in enumerate(deletions, start=1):
        fresh = wanted - gone_by[number - 1]
        gone_by[number] = gone_by[number - 1] | fresh
        history.append(Deletion(number, ranges_of(keys_array(fresh))))
    last = len(deletions)
    edges = [0, *sorted(cuts), 60]
    places = {}
    records: list[SegmentRecord] = []
    for position, (start, stop) in enumerate(itertools.pairwise(edges)):
        held = [key for key in range(start, stop) if key not in gone_by[min(purged, last)]]
        if held:
            places.update({key: (len(records), row) for row, key in enumerate(held)})
            records.append(record(held[0], held[-1] + 1, purged=purged))
        assert position < 60
    live = [key for key in range(horizon) if key not in gone_by[min(version, last)]]
    runs = live_runs(records, history, version=version, horizon=horizon)
    assert runs.keys().tolist() == live
    asked = np.random.default_rng(0).permutation(np.arange(-3, 70))
    run, row, there = runs.locate(asked)
    assert asked[there].tolist() == [key for key in asked.tolist() if key in set(live)]
    found = [(int(runs.segment[run[at]]), int(row[at])) for at in np.flatnonzero(there)]
    assert found == [places[key] for key in asked[there].tolist()]


def test_a_million_holes_are_looked_up_by_one_search() -> None:
    odd = np.arange(1, 2_000_000, 2)
    runs = live_runs([record(0, 2_000_000)], [Deletion(1, ranges_of(odd))], version=1, horizon=2_000_000)
    assert runs.num_rows == 1_000_000
    _, row, there = runs.locate(np.array([0, 1, 1_999_998, 1_999_999]))
    assert there.tolist() == [True, False, True, False]
    assert row[there].tolist() == [0, 1_999_998]


def test_expanding_nothing_gives_nothing() -> None:
    empty = np.empty(0, np.int64)
    assert expand(empty, empty).tolist() == []
