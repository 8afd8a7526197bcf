"""Elements grouped by key."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import DataError

Laws = Callable[..., None]


def naive(elements: list[int], key: Any, size_of: Any, *, drop: bool = False) -> list[list[int]]:
    groups: dict[Any, list[int]] = {}
    windows = []
    for element in elements:
        group = groups.setdefault(key(element), [])
        group.append(element)
        if len(group) == size_of(key(element)):
            windows.append(groups.pop(key(element)))
    return windows if drop else [*windows, *groups.values()]


def by_three(x: int) -> int:
    return x * x % 7 % 3


def test_elements_with_one_key_come_in_batches(laws: Laws) -> None:
    expected = [np.array(window) for window in naive(list(range(40)), by_three, lambda key: 4)]
    whole = [np.array(window) for window in naive(list(range(40)), by_three, lambda key: 4, drop=True)]
    laws(lambda: data.range(40).group_by_window(by_three, size=4), expected)
    laws(lambda: data.range(40).map(int).group_by_window(by_three, size=4), expected)
    laws(lambda: data.range(40).group_by_window(by_three, size=4, drop_remainder=True), whole)
    laws(lambda: data.range(0).group_by_window(by_three, size=4), [])


@settings(max_examples=100, deadline=None)
@given(
    keys=st.lists(st.integers(0, 5), max_size=50),
    sizes=st.lists(st.integers(1, 5), min_size=6, max_size=6),
    drop=st.booleans(),
    at=st.integers(0, 50),
    before=st.one_of(st.none(), st.integers(1, 9)),
    after=st.one_of(st.none(), st.integers(1, 9)),
)
def test_windows_are_those_of_plain_python_and_come_again_after_two_restores(
    keys: list[int], sizes: list[int], drop: bool, at: int, before: int | None, after: int | None
) -> None:
    dataset = data.range(len(keys)).group_by_window(
        keys.__getitem__, size_of=sizes.__getitem__, drop_remainder=drop
    )
    expected = naive(list(range(len(keys))), keys.__getitem__, sizes.__getitem__, drop=drop)
    run = dataset.iterate(block_rows=before)
    first = [window.tolist() for _, window in zip(range(at), run)]
    assert first == expected[:at]
    again = dataset.iterate(json.loads(json.dumps(run.state())), block_rows=after)
    more = [window.tolist() for _, window in zip(range(2), again)]
    third = dataset.restore(json.loads(json.dumps(again.state())))
    assert [*more, *(window.tolist() for window in third)] == expected[at:]


@pytest.mark.parametrize("key", [str, float, lambda x: (x % 2, ("a", None)), lambda x: np.int8(x % 3), bool])
def test_keys_are_numbers_texts_and_tuples_of_them(laws: Laws, key: Any) -> None:
    expected = [np.array(window) for window in naive(list(range(10)), key, lambda key: 3)]
    laws(lambda: data.range(10).group_by_window(key, size=3), expected)


def test_a_column_can_be_the_key(table: Any) -> None:
    dataset = data.from_source(table(10)).group_by_window("label", size=3)
    assert [batch["x"].tolist() for batch in dataset] == [[0, 2, 4], [1, 3, 5], [6, 8], [7, 9]]
    assert [
        batch["label"].tolist()
        for batch in data.from_source(table(3)).map(dict).group_by_window("label", size=2)
    ]


def test_reduce_makes_an_element_of_each_list(laws: Laws) -> None:
    laws(lambda: data.range(7).group_by_window(lambda x: x % 2, size=3, reduce=sum), [6, 9, 6])
    assert data.range(7).group_by_window(str, size=3, reduce=sum).graph.root.depth == 0
    assert data.range(7).group_by_window(str, size=3).graph.root.depth == 1


def test_restoring_reads_from_the_oldest_that_waits_and_no_further() -> None:
    calls: list[int] = []

    def last_digit(x: int) -> int:
        calls.append(x)
        return x % 10

    dataset = data.range(1_000).group_by_window(last_digit, size=5)
    run = dataset.iterate(block_rows=1)
    for _ in range(100):
        next(run)
    state = run.state()
    assert len(json.dumps(state)) < 1_500
    calls.clear()
    assert next(dataset.restore(state)).tolist() == list(range(500, 550, 10))
    assert min(calls) >= 300


def test_taking_a_window_of_an_endless_dataset_ends() -> None:
    dataset = data.range(4).repeat().group_by_window(lambda x: x % 2, size=3)
    assert [window.tolist() for window in dataset.take(2)] == [[0, 2, 0], [1, 3, 1]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "a size for each key"),
        ({"size": 2, "size_of": int}, "a size for each key"),
        ({"size": 0}, "at least 1 element"),
        ({"size": 2, "reduce": 3}, "not a function"),
    ],
)
def test_wrong_parameters_are_refused_at_once(options: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        data.range(3).group_by_window(str, **options)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda d: d.group_by_window(lambda x: [x], size=2), r"row 0.*the key is \[0\] \(list\)"),
        (lambda d: d.group_by_window(lambda x: float("nan"), size=2), r"the key is nan .*not NaN"),
        (lambda d: d.group_by_window(lambda x: b"k", size=2), "the key is b'k'"),
        (lambda d: d.group_by_window(lambda x: 1 // (x - 2), size=2), "row 2.*ZeroDivisionError"),
        (lambda d: d.group_by_window(str, size_of=lambda key: 0), r"key '0': it returned 0"),
        (lambda d: d.group_by_window(str, size_of=lambda key: 1 // 0), r"key '0'.*ZeroDivisionError"),
        (lambda d: d.group_by_window(str, size=1, reduce=lambda rows: rows[1]), "row 0.*IndexError"),
        (lambda d: d.group_by_window("k", size=2), "no column `k`"),
    ],
)
def test_errors_name_function_and_element(build: Any, message: str) -> None:
    with pytest.raises(DataError, match=f"(?s)group_by_window.*{message}"):
        list(build(data.range(5)))
