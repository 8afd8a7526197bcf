from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from headwater import data
from headwater.core.errors import DataError


def numbers(stop: int, start: int = 0) -> Iterator[int]:
    yield from range(start, stop)


def test_what_a_generator_yields_obeys_the_laws(laws: Callable[..., None]) -> None:
    laws(lambda: data.from_generator(numbers, 9, 2), list(range(2, 9)))
    laws(lambda: data.from_generator(numbers, 0), [])


def test_dicts_stack_into_batches(laws: Callable[..., None]) -> None:
    def rows() -> Iterator[dict[str, Any]]:
        for number in range(5):
            yield {"x": number, "y": np.full(2, number)}

    expected = [
        {"x": np.arange(a, b), "y": np.arange(a, b)[:, None] + np.zeros(2, np.int64)}
        for a, b in ((0, 3), (3, 5))
    ]
    laws(lambda: data.from_generator(rows).batch(3), expected)


def test_a_list_may_be_returned_and_an_endless_generator_is_taken_from(laws: Callable[..., None]) -> None:
    def endless() -> Iterator[int]:
        number = 0
        while True:
            yield number
            number += 1

    laws(lambda: data.from_generator(list, (1, 2, 3)), [1, 2, 3])
    laws(lambda: data.from_generator(endless).take(6), list(range(6)))


def test_an_error_at_element_one_million_and_three_is_named_with_its_number() -> None:
    def failing() -> Iterator[int]:
        yield from range(1_000_003)
        raise ValueError("no more")

    run = iter(data.from_generator(failing))
    last = -1
    where = r"data\.from_generator\(failing\) \(.*test_generator\.py:\d+\), element 1,000,003"
    with pytest.raises(DataError, match=f"{where}: ValueError: no more") as caught:
        for last in run:  # noqa: B007
            pass
    assert last == 1_000_002
    assert isinstance(caught.value.__cause__, ValueError)
    assert run.state()["position"]


@pytest.mark.parametrize("block_rows", [1, 3, 100])
def test_all_elements_before_an_error_are_given_whatever_the_block(block_rows: int) -> None:
    def failing() -> Iterator[int]:
        yield from range(10)
        raise ValueError("no more")

    run = data.from_generator(failing).iterate(block_rows=block_rows)
    assert [next(run) for _ in range(10)] == list(range(10))
    for _ in range(2):
        with pytest.raises(DataError, match="element 10"):
            next(run)
    with (
        data.from_generator(failing).restore(run.state()) as again,
        pytest.raises(DataError, match="element 10"),
    ):
        next(again)


def test_a_state_is_reached_through_the_same_elements() -> None:
    calls = []

    def counted() -> Iterator[int]:
        calls.append(1)
        yield from range(10_000)

    run = iter(data.from_generator(counted))
    for _ in range(5_000):
        next(run)
    assert next(data.from_generator(counted).restore(run.state())) == 5_000
    assert len(calls) == 2


def test_code_and_arguments_are_its_identity() -> None:
    def other(stop: int) -> Iterator[int]:
        yield from range(1, stop)

    first = data.from_generator(numbers, 5).fingerprint
    assert data.from_generator(numbers, 5).fingerprint == first
    assert data.from_generator(numbers, 6).fingerprint != first
    assert data.from_generator(other, 5).fingerprint != first
    arrays = [data.from_generator(list, np.arange(count)).fingerprint for count in (3, 3, 4)]
    assert arrays[0] == arrays[1] != arrays[2]


def test_a_run_that_is_closed_ends_the_generator() -> None:
    ended = []

    def careful() -> Iterator[int]:
        try:
            yield from range(10)
        finally:
            ended.append(True)

    with data.from_generator(careful).iterate(block_rows=1) as run:
        next(run)
        assert not ended
    assert ended


def test_what_gives_no_elements_is_refused() -> None:
    with pytest.raises(DataError, match="is not a function"):
        data.from_generator(numbers(3))  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"from_generator\(int\): the function returned a int, which gives no"):
        list(data.from_generator(int))  # type: ignore[arg-type]
