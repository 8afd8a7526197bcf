"""State, what it refuses, and runs that end early."""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from headwater import data
from headwater.core.errors import DataError


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "headwater-prefetch"]


@pytest.fixture
def no_thread_is_left() -> Iterator[None]:
    yield
    gc.collect()
    for thread in threads():
        thread.join(10)
    assert threads() == []


def encode(block: Any) -> Any:
    return {"x": block["x"] * 2}


def other(block: Any) -> Any:
    return {"x": block["x"] * 3}


def house(table: Any, function: Any = encode, size: int = 64) -> data.Dataset:
    return data.from_source(table(1_000)).map_batches(function).shuffle(100).batch(size)


def test_the_houses_own_chain_resumes_exactly(table: Any, plain: Any) -> None:
    run = iter(house(table))
    for _ in range(5):
        next(run)
    state = json.loads(json.dumps(run.state()))
    assert plain(list(house(table).restore(state))) == plain(list(run))
    assert len(json.dumps(state)) < 1_000


def test_every_key_comes_exactly_once_with_its_label(table: Any) -> None:
    batches = list(house(table))
    keys = np.concatenate([batch["key"] for batch in batches])
    assert sorted(keys) == list(table(1_000).keys())
    assert np.array_equal(np.concatenate([b["label"] for b in batches]), (keys // 10 - 1) % 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: house(t, size=32), r"operator 3 was \.batch\(64\).* it is \.batch\(32\)"),
        (lambda t: house(t, other), r"operator 1 was \.map_batches\(encode\).* it is \.map_batches\(other\)"),
        (lambda t: house(t).take(3), r"the dataset's graph goes on with \.take\(3\)"),
        (lambda t: house(t).with_seed(4), "the state's seed is 0, the dataset's is 4"),
        (lambda t: house(lambda n: t(n + 1)), r"operator 0 was \.from_source\(Table, 1,000 keys\)"),
        (lambda t: data.range(5), "operator 0 was"),
    ],
)
def test_a_state_of_another_graph_is_refused_saying_what_differs(table: Any, change: Any, message: str) -> None:
    state = iter(house(table)).state()
    with pytest.raises(DataError, match=message):
        change(table).restore(state)


def test_changed_data_is_noticed() -> None:
    state = iter(data.from_arrays(np.arange(5))).state()
    with pytest.raises(DataError, match="data or code inside it changed"):
        data.from_arrays(np.arange(5) + 1).restore(state)


@pytest.mark.parametrize(
    "damage", [{}, {"format": "other"}, {"position": {"from": 3}}, {"operators": 5, "graph": ""}, 7]
)
def test_a_damaged_state_is_refused(damage: Any) -> None:
    dataset = data.range(10).batch(2)
    state = {**iter(dataset).state(), **damage} if damage and isinstance(damage, dict) else damage
    with pytest.raises(DataError, match="no state of a run"):
        dataset.restore(state)


@pytest.mark.parametrize(
    "dataset",
    [
        data.range(50).prefetch(16).filter(lambda x: x % 3).prefetch(8).filter(lambda x: x % 5),
        data.range(60).filter(lambda x: True).shuffle(8),
        data.range(60).prefetch(16).prefetch(10),
        data.range(60).filter(lambda x: True).shuffle(8).prefetch(6).shuffle(5).batch(2),
        data.range(7).shuffle(3).filter(lambda x: x % 3).prefetch(16).repeat(5).batch(4),
        data.range(40).batch(3).prefetch(9).filter(lambda b: b[0] % 2).take(5),
    ],
    ids=str,
)
@pytest.mark.parametrize("ahead", [1, 5])
def test_every_position_resumes(dataset: data.Dataset, ahead: int, plain: Any) -> None:
    whole = plain(list(dataset))
    run = dataset.iterate(block_rows=ahead)
    for at in range(len(whole) + 1):
        assert plain(list(dataset.iterate(run.state(), block_rows=3))) == whole[at:]
        next(run, None)


def test_a_state_keeps_its_epoch(table: Any, plain: Any) -> None:
    run = house(table).iterate(epoch=3)
    next(run)
    again = house(table).restore(run.state())
    assert plain(next(again)) == plain(next(run))
    assert plain(next(iter(house(table)))) != plain(next(house(table).iterate(epoch=3)))


def test_two_iterators_are_alike_and_independent(table: Any, plain: Any) -> None:
    dataset = house(table)
    one, two = iter(dataset), iter(dataset)
    next(one)
    assert plain(list(dataset)) == plain([next(two), *two])


@pytest.mark.usefixtures("no_thread_is_left")
def test_a_consumer_that_stops_early_leaves_no_thread() -> None:
    for element in data.range(1_000_000).map(lambda x: x).batch(10).prefetch(4):
        if element[0] > 100:
            break
    run = iter(data.range(1_000_000).prefetch(2))
    next(run)
    del run


@pytest.mark.usefixtures("no_thread_is_left")
def test_closing_waits_for_the_thread_and_keeps_the_state() -> None:
    dataset = data.range(10_000).batch(7).prefetch(3)
    with dataset.iterate() as run:
        first = [next(run) for _ in range(9)]
        open_state = run.state()
    assert threads() == []
    assert list(run) == []
    assert run.state() == open_state
    assert next(dataset.restore(run.state()))[0] == first[-1][-1] + 1


@pytest.mark.usefixtures("no_thread_is_left")
def test_take_lets_the_thread_before_it_go() -> None:
    run = iter(data.range(10_000).filter(bool).prefetch(2).filter(bool).take(3))
    assert len(list(run)) == 3
    assert threads() == []


@pytest.mark.usefixtures("no_thread_is_left")
def test_prefetch_makes_no_more_than_its_count_ahead() -> None:
    made: list[int] = []

    def make(x: int) -> int:
        made.append(x)
        return x

    run = iter(data.range(1_000).map(make).prefetch(8))
    first = next(run)
    with run:
        pass  # closing joins the thread, so what it made is final
    assert first == 0
    # delivered one, up to eight waiting, up to four in the making
    assert len(made) <= 13


def test_a_thread_works_while_the_consumer_does() -> None:
    met = threading.Barrier(2)

    def second(x: int) -> int:
        if x == 1:
            met.wait(10)  # only passes if the consumer is at work at the same time
        return x

    run = iter(data.range(2).map(second).prefetch(2))
    assert next(run) == 0
    met.wait(10)
    assert list(run) == [1]


def test_interrupts_are_handed_over_as_they_are() -> None:
    def interrupt(x: int) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(data.range(3).map(interrupt).prefetch(1))
