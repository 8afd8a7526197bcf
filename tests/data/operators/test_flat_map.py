"""Inner datasets one after the other: what comes, what is read ahead, and what is left behind."""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater import data
from headwater.core.errors import CorruptError, DataError

# How long a test waits for what must come; it fails then, and never waits when all is well.
PATIENCE_S = 10


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name in ("headwater-lanes", "headwater-async")]


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    yield
    gc.collect()
    for thread in threads():
        thread.join(PATIENCE_S)
    assert threads() == []


async def counted(n: int) -> AsyncIterator[int]:
    for at in range(n):
        yield 10 * n + at


async def ranged(n: int) -> data.Dataset:
    return data.range(10 * n, 11 * n)


async def listed(n: int) -> list[int]:
    return list(range(10 * n, 11 * n))


async def promised(n: int) -> AsyncIterator[int]:
    return counted(n)


def generated(n: int) -> Iterator[int]:
    yield from range(10 * n, 11 * n)


FORMS: dict[str, Callable[[int], Any]] = {
    "dataset": lambda n: data.range(10 * n, 11 * n),
    "list": lambda n: list(range(10 * n, 11 * n)),
    "iterator": lambda n: iter(range(10 * n, 11 * n)),
    "array": lambda n: np.arange(10 * n, 11 * n),
    "generator": generated,
    "async generator": counted,
    "async function of a dataset": ranged,
    "async function of a list": listed,
    "async function of an async generator": promised,
}


@pytest.mark.parametrize("form", sorted(FORMS))
def test_whatever_the_function_returns_it_resumes_everywhere(laws: Callable[..., None], form: str) -> None:
    wanted = [10 * n + at for n in (3, 0, 1, 5) for at in range(n)]
    laws(lambda: data.from_arrays(np.array([3, 0, 1, 5])).flat_map(FORMS[form]), wanted)


@pytest.mark.parametrize(
    "build",
    [
        lambda: data.range(5).flat_map(lambda n: data.range(n).flat_map(lambda m: [n] * m)),
        lambda: data.range(5).flat_map(lambda n: [n] * n).flat_map(lambda m: [m, m]),
        lambda: data.range(3).flat_map(lambda n: data.range(10).shuffle(4).batch(3)),
        lambda: data.range(3).flat_map(lambda n: data.range(10).shuffle().filter(lambda x: x % 3 != n)),
        lambda: data.range(3).shuffle().flat_map(lambda n: data.range(n).repeat(2)).repeat(2),
        lambda: data.range(10).batch(4).flat_map(lambda batch: batch),
        lambda: data.range(4).flat_map(lambda n: [{"x": n}] * n).batch(4),
    ],
)
def test_it_resumes_everywhere_among_others(laws: Callable[..., None], build: Callable[[], Any]) -> None:
    laws(build, list(build()))


@given(
    st.lists(st.integers(0, 5), max_size=10),
    st.integers(0, 30),
    st.sampled_from(["list", "dataset", "generator"]),
)
def test_any_place_can_be_gone_on_from(lengths: list[int], at: int, form: str) -> None:
    def build() -> data.Dataset:
        return data.from_arrays(np.array(lengths, np.int64)).flat_map(FORMS[form])

    wanted = [10 * n + at for n in lengths for at in range(n)]
    run = iter(build())
    given_ = [element for _, element in zip(range(at), run)]
    rest = list(build().restore(json.loads(json.dumps(run.state()))))
    assert given_ + rest == wanted


def test_shuffles_of_two_elements_draw_two_orders() -> None:
    dataset = data.range(2).flat_map(lambda n: data.range(50).shuffle())
    both = list(dataset)
    assert both[:50] != both[50:]
    assert list(dataset) == both
    assert list(dataset.with_seed(3)) != both
    fixed = list(data.range(2).flat_map(lambda n: data.range(50).with_seed(7).shuffle()))
    assert list(data.range(2).flat_map(lambda n: data.range(50).with_seed(7).shuffle()).with_seed(3)) == fixed


def test_datasets_of_different_columns_make_one_of_items() -> None:
    def mixed(n: int) -> Any:
        return [n] if n % 2 else data.range(n, n + 1)

    assert list(data.range(6).flat_map(mixed).iterate(block_rows=6)) == list(range(6))
    assert [batch.tolist() for batch in data.range(6).flat_map(mixed).batch(4)] == [[0, 1, 2, 3], [4, 5]]


# -- what is read ahead ----------------------------------------------------------------------


@pytest.mark.parametrize("operator", ["flat_map", "interleave"])
def test_datasets_that_wait_are_read_at_the_same_time(operator: str) -> None:
    meeting = threading.Barrier(24)

    def read(n: int) -> Iterator[int]:
        meeting.wait(PATIENCE_S)  # breaks unless all twenty-four are being read
        yield n

    assert list(getattr(data.range(24), operator)(read)) == list(range(24))


def test_async_datasets_that_wait_are_read_at_the_same_time_on_one_thread() -> None:
    arrived: list[int] = []
    seen = set()

    async def read(n: int) -> AsyncIterator[int]:
        import asyncio

        arrived.append(n)
        seen.add(threading.get_ident())
        while len(arrived) < 60:
            await asyncio.sleep(0)
        yield n

    assert list(data.range(60).flat_map(read)) == list(range(60))
    assert len(seen) == 1


def test_order_does_not_depend_on_which_is_done_first() -> None:
    last_is_done = threading.Event()

    def read(n: int) -> Iterator[int]:
        if n == 0:
            assert last_is_done.wait(PATIENCE_S)
        yield n
        if n == 7:
            last_is_done.set()

    assert list(data.range(8).flat_map(read)) == list(range(8))


def test_an_input_that_waits_does_not_keep_back_what_is_there() -> None:
    done = threading.Event()

    def names() -> Iterator[int]:
        yield 0
        assert done.wait(PATIENCE_S)
        yield 1

    def read(n: int) -> list[int]:
        return [n] * 3

    run = iter(data.range(1).flat_map(lambda _: names()).flat_map(read))
    assert [next(run) for _ in range(3)] == [0, 0, 0]
    done.set()
    assert list(run) == [1, 1, 1]


def test_quick_datasets_are_read_by_the_consumer() -> None:
    here = threading.get_ident()
    inside = [0]

    def read(n: int) -> list[int]:
        inside[0] += threading.get_ident() == here
        return [n]

    assert len(list(data.range(4_000).flat_map(read))) == 4_000
    assert inside[0] > 2_000


def test_a_lane_that_is_read_ahead_is_in_no_state() -> None:
    ahead = threading.Barrier(9)

    def read(n: int) -> Iterator[tuple[int, int]]:
        ahead.wait(PATIENCE_S)
        for at in range(5):
            yield n, at

    run = iter(data.range(8).flat_map(read))
    starter = threading.Thread(target=ahead.wait, args=(PATIENCE_S,))
    starter.start()
    first = next(run)
    starter.join()
    state = run.state()
    assert len(json.dumps(state)) < 700
    ahead = threading.Barrier(1)
    assert [first, *data.range(8).flat_map(read).restore(state)] == [
        (n, at) for n in range(8) for at in range(5)
    ]


# -- what goes wrong ----------------------------------------------------------------------


def broken(n: int) -> Iterator[int]:
    yield n
    if n == 3:
        raise ValueError("torn")
    yield n


@pytest.mark.parametrize("prefetch", [False, True])
def test_an_error_comes_when_its_turn_comes_and_names_the_place(prefetch: bool) -> None:
    dataset = data.range(9).flat_map(broken)
    run = iter(dataset.prefetch() if prefetch else dataset)
    found = []
    with pytest.raises(DataError) as caught:  # noqa: PT012 - what came before the error counts
        for element in run:
            found.append(element)
    message = str(caught.value)
    assert ".flat_map(broken)" in message
    assert f"test_flat_map.py:{broken.__code__.co_firstlineno}" in message
    assert "row 3, element 1 of it: ValueError: torn" in message
    assert isinstance(caught.value.__cause__, ValueError)
    assert found == [0, 0, 1, 1, 2, 2, 3]
    with pytest.raises(DataError, match="torn"):
        next(run)
    with pytest.raises(DataError, match="row 3, element 1 of it: ValueError: torn"):
        next(data.range(9).flat_map(broken).restore(run.state()) if not prefetch else run)


def test_an_error_of_the_call_itself_names_the_element() -> None:
    def missing(n: int) -> list[int]:
        raise FileNotFoundError(f"no file {n}")

    with pytest.raises(DataError, match=r"\.flat_map\(missing\) \(.*\), row 0: FileNotFoundError: no file 0"):
        list(data.range(2).flat_map(missing))

    async def gone(n: int) -> list[int]:
        raise FileNotFoundError(f"no file {n}")

    with pytest.raises(DataError, match=r"\.flat_map\(gone\) \(.*\), row 0: FileNotFoundError: no file 0"):
        list(data.range(2).flat_map(gone))


class TornError(DataError, CorruptError):
    """A refined error, as sources raise them."""


def test_an_error_of_an_inner_dataset_keeps_its_kind_and_both_places() -> None:
    def torn(x: int) -> int:
        raise TornError("a bad checksum.", where="part-7", remedy="Copy it again.")

    with pytest.raises(DataError, match=r"\.flat_map\(.*row 4: \.map\(torn\) .* row 0: "):
        list(data.range(4, 5).flat_map(lambda n: data.range(3).map(torn)).take(1))

    def read(n: int) -> Iterator[int]:
        yield torn(n)

    with pytest.raises(
        TornError, match=r"\.flat_map\(read\) .*, row 0: part-7: a bad checksum. Copy it again."
    ):
        list(data.range(3).flat_map(read))


@pytest.mark.parametrize("returned", [None, 3, "text", b"bytes", {"x": [1]}])
def test_what_holds_no_elements_is_refused(returned: Any) -> None:
    with pytest.raises(
        DataError, match=rf"row 0: it returned a {type(returned).__name__}, .*\[\] for no elements"
    ):
        list(data.range(2).flat_map(lambda n: returned))


def test_ignored_errors_pass_over_the_rest_of_a_dataset() -> None:
    assert list(data.range(5).flat_map(broken).ignore_errors()) == [0, 0, 1, 1, 2, 2, 3, 4, 4]


def test_an_error_of_the_input_comes_after_what_was_before_it() -> None:
    def fail(n: int) -> int:
        if n == 3:
            raise ValueError("no name")
        return n

    run = iter(data.range(5).map(fail).flat_map(lambda n: [n, n]))
    assert [next(run) for _ in range(2)] == [0, 0]
    with pytest.raises(DataError, match=r"\.map\(fail\).*row 3"):
        list(run)


# -- what is left behind ----------------------------------------------------------------------


@pytest.mark.parametrize("end", ["close", "drop"])
@pytest.mark.parametrize("form", ["thread", "async"])
def test_a_run_that_ends_early_lets_go_of_everything(end: str, form: str) -> None:
    cleaned = threading.Semaphore(0)
    opened: list[int] = []

    def read(n: int) -> Iterator[int]:
        opened.append(n)
        try:
            yield from range(100_000)
        finally:
            cleaned.release()

    async def read_async(n: int) -> AsyncIterator[int]:
        opened.append(n)
        try:
            for at in range(100_000):
                yield at
        finally:
            cleaned.release()

    run = iter(data.range(9).interleave(read if form == "thread" else read_async))
    for _ in range(20):
        next(run)
    if end == "close":
        run.close()
    del run
    gc.collect()
    for _ in opened:
        assert cleaned.acquire(timeout=PATIENCE_S)


def test_an_async_dataset_that_waits_forever_is_cancelled() -> None:
    cancelled = threading.Event()

    async def read(n: int) -> AsyncIterator[int]:
        import asyncio

        yield 1
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        yield 2

    with data.range(3).flat_map(read).iterate() as run:
        assert next(run) == 1
    assert cancelled.wait(PATIENCE_S)


def test_an_interrupt_in_a_function_reaches_the_consumer() -> None:
    def read(n: int) -> list[int]:
        if n == 2:
            raise KeyboardInterrupt
        return [n]

    with pytest.raises(KeyboardInterrupt):
        list(data.range(5).flat_map(read))
