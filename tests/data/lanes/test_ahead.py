"""Lanes ahead of their turn: how much is read, by whom, and what is left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from headwater.data.block import Block, Items
from headwater.data.cursor import State
from headwater.data.lanes.ahead import Ahead
from headwater.data.lanes.lane import Lane
from headwater.data.options import Options

PATIENCE_S = 10
BLOCK_BYTES = 1_000


@dataclass
class Log:
    """What happened, and what tests make happen."""

    opened: list[int]
    read: list[int]
    closed: list[int]
    go: threading.Event


@dataclass
class Numbered:
    """A cursor of five arrays; reading waits until the test says so."""

    number: int
    log: Log
    at: int = 0

    def next(self, limit: int) -> Block | None:
        assert self.log.go.wait(PATIENCE_S)
        self.log.read.append(self.number)
        if self.at == 5:
            return None
        self.at += 1
        return Items([np.zeros(BLOCK_BYTES, np.uint8)], np.array([self.number]))

    def state(self) -> State:
        return {"at": self.at}

    def close(self) -> None:
        self.log.closed.append(self.number)


@dataclass
class One:
    """A task that opens such a cursor: whoever fetches files uses lanes in this way."""

    mark: int
    log: Log
    start: State | None = None

    def open(self) -> Numbered:
        self.log.opened.append(self.mark)
        return Numbered(self.mark, self.log)

    def failed(self, error: Exception, at: int) -> Exception:
        return error


@dataclass
class Tasks:
    """So many of them."""

    count: int
    log: Log
    number: int = 0
    at_hand: bool = True

    def next(self) -> One | None:
        if self.number == self.count:
            return None
        self.number += 1
        return One(self.number - 1, self.log)

    def mark(self) -> int:
        return self.number

    def close(self) -> None:
        self.log.closed.append(-1)


@pytest.fixture
def log() -> Log:
    return Log([], [], [], threading.Event())


def drained(ahead: Ahead) -> Iterator[tuple[int, int]]:
    """Lane and state of every block, the state being that after it."""
    while (lane := ahead.take()) is not None:
        while ahead.ready(lane, 1):
            ahead.give(lane, 1)
            yield lane.task.mark, state_of(lane)
        ahead.drop(lane)


def state_of(lane: Lane) -> int:
    state = lane.state()
    assert state is not None
    return int(state["at"])


def test_lanes_come_in_order_with_exact_states_whatever_was_read_ahead(log: Log) -> None:
    log.go.set()
    ahead = Ahead(Tasks(9, log), Options())
    assert list(drained(ahead)) == [(lane, at + 1) for lane in range(9) for at in range(5)]
    ahead.close()
    assert sorted(log.closed) == [-1, *range(9)]


def test_what_was_not_given_is_in_no_state(log: Log) -> None:
    log.go.set()
    ahead = Ahead(Tasks(3, log), Options())
    assert ahead.mark() == 0
    lane = ahead.take()
    assert lane is not None
    assert ahead.ready(lane, 5)
    assert lane.state() == {"at": 0}
    assert ahead.mark() == 1
    ahead.close()


def test_waiting_without_computing_opens_more_lanes(log: Log) -> None:
    ahead = Ahead(Tasks(40, log), Options())
    lane = ahead.take()
    assert lane is not None
    waiting = threading.Thread(target=ahead.ready, args=(lane, 1))
    waiting.start()
    while len(log.opened) < 40:  # every lane waits until all are open
        assert waiting.is_alive()
        waiting.join(0.001)
    log.go.set()
    waiting.join(PATIENCE_S)
    assert ahead.ready(lane, 1)
    ahead.close()
    assert sorted(log.closed) == [-1, *range(40)]


def test_what_waits_in_memory_is_bounded(log: Log) -> None:
    budget = 20 * BLOCK_BYTES
    ahead = Ahead(Tasks(40, log), Options(ahead_bytes=budget))
    lane = ahead.take()
    assert lane is not None
    waiting = threading.Thread(target=ahead.ready, args=(lane, 1))
    waiting.start()
    while len(log.opened) < 40:
        assert waiting.is_alive()
        waiting.join(0.001)
    log.go.set()  # all forty have begun with a block each; what follows keeps to the budget
    waiting.join(PATIENCE_S)
    team = ahead._team
    with team.lock:
        while any(other.busy for other in (*team.queue, *team.current)):
            team.left.wait(0.001)
        assert team.size_bytes <= 40 * BLOCK_BYTES + budget
    assert [lane for lane, _ in drained(ahead)] == [number for number in range(1, 40) for _ in range(5)]
    ahead.close()


def test_without_leave_to_work_ahead_no_thread_is_started(log: Log) -> None:
    log.go.set()
    before = threading.active_count()
    ahead = Ahead(Tasks(9, log), Options(prefetch=False))
    for _ in drained(ahead):
        assert threading.active_count() == before
    ahead.close()


def test_closing_twice_and_before_the_start_is_no_error(log: Log) -> None:
    ahead = Ahead(Tasks(2, log), Options())
    ahead.close()
    ahead.close()
    assert log.closed == [-1]
    assert ahead.take() is None
