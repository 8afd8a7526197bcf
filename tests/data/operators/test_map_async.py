"""An async function of each element: many calls at once, results in order."""

from __future__ import annotations

import asyncio
import functools
import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from headwater import data
from headwater.core.errors import DataError

PATIENCE_S = 10


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    gc.collect()
    left = [thread for thread in threading.enumerate() if thread.name == "headwater-async"]
    for thread in left:
        thread.join(PATIENCE_S)
    assert not any(thread.is_alive() for thread in left)


async def double(x: int) -> int:
    return 2 * x


class Doubled:
    async def __call__(self, x: int) -> int:
        return 2 * x


async def times(factor: int, x: int) -> int:
    return factor * x


@pytest.mark.parametrize("function", [double, Doubled(), functools.partial(times, 2)])
def test_it_resumes_everywhere(laws: Callable[..., None], function: Any) -> None:
    laws(lambda: data.range(20).map(function), list(range(0, 40, 2)))


def test_it_resumes_everywhere_among_others(laws: Callable[..., None]) -> None:
    wanted = [4 * x + 1 for x in range(1, 20, 2)]
    laws(
        lambda: (
            data.range(20)
            .filter(lambda x: x % 2)
            .map(double)
            .map(lambda x: x + x)
            .map(lambda x: x + 1)
            .take(10)
        ),
        wanted,
    )
    shuffled = list(data.range(20).shuffle().map(lambda x: 2 * x))
    laws(lambda: data.range(20).map(double).shuffle(), shuffled)


def test_calls_of_many_elements_wait_at_the_same_time_on_one_thread() -> None:
    arrived: list[int] = []
    seen: set[int] = set()

    async def meet(x: int) -> int:
        arrived.append(x)
        seen.add(threading.get_ident())
        while len(arrived) < 200:  # never, unless two hundred calls are under way
            await asyncio.sleep(0)
        return x

    assert list(data.range(200).map(meet)) == list(range(200))
    assert len(seen) == 1
    assert threading.get_ident() not in seen


def test_no_more_than_256_calls_are_under_way() -> None:
    running, most = [0], [0]

    async def count(x: int) -> int:
        running[0] += 1
        most[0] = max(most[0], running[0])
        await asyncio.sleep(0)
        running[0] -= 1
        return x

    assert list(data.range(2_000).map(count)) == list(range(2_000))
    assert most[0] <= 256


def test_order_does_not_depend_on_which_is_done_first() -> None:
    last_is_done = [False]

    async def backwards(x: int) -> int:
        while x == 0 and not last_is_done[0]:
            await asyncio.sleep(0)
        last_is_done[0] = last_is_done[0] or x == 49
        return x

    assert list(data.range(50).map(backwards)) == list(range(50))


def test_names_to_keep_are_carried_along() -> None:
    async def encode(row: dict[str, Any]) -> dict[str, Any]:
        return {"y": row["x"] + 1}

    rows = data.range(2).map(lambda x: {"x": x, "key": x * 10})
    assert list(rows.map(encode)) == [{"y": 1, "key": 0}, {"y": 2, "key": 10}]
    assert list(rows.map(encode, keep=())) == [{"y": 1}, {"y": 2}]


async def explode(x: int) -> int:
    if x == 7:
        raise ValueError("too hot")
    return x


def test_an_error_names_the_place_and_comes_after_what_was_before_it() -> None:
    run = iter(data.range(20).map(explode))
    assert [next(run) for _ in range(7)] == list(range(7))
    with pytest.raises(
        DataError, match=r"\.map\(explode\) \(.*test_map_async.py:\d+\), row 7: ValueError: too hot"
    ):
        next(run)
    with pytest.raises(DataError, match="row 7"):
        next(data.range(20).map(explode).restore(run.state()))


def test_ignored_errors_drop_the_element(laws: Callable[..., None]) -> None:
    laws(lambda: data.range(20).map(explode).ignore_errors(), [x for x in range(20) if x != 7])


def test_a_call_that_cancels_itself_is_an_error_and_no_end() -> None:
    async def give_up(x: int) -> int:
        raise asyncio.CancelledError

    with pytest.raises(DataError, match=r"\.map\(give_up\).*row 0: RuntimeError: its task was cancelled"):
        list(data.range(3).map(give_up))


@pytest.mark.parametrize("end", ["close", "drop"])
def test_calls_under_way_are_cancelled_with_the_run(end: str) -> None:
    begun, cancelled = threading.Event(), threading.Event()

    async def wait(x: int) -> int:
        while x == 0 and not begun.is_set():  # while the oldest is not done, others are called ahead
            await asyncio.sleep(0.001)
        if x == 0:
            return x
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return x

    run = iter(data.range(5).map(wait))
    assert next(run) == 0
    if end == "close":
        run.close()
    del run
    gc.collect()
    assert cancelled.wait(PATIENCE_S)


@pytest.mark.parametrize("declared", [{"reads": ["x"]}, {"writes": ["x"]}, {"random": True}])
def test_it_takes_the_element_alone(declared: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="takes the element alone"):
        data.range(3).map(double, **declared)
