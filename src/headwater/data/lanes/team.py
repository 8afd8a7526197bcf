"""The threads that open and read lanes ahead of their turn, and what they share with the consumer.

Who is asked first: the lane that the consumer waits for, the input, then lanes in their order. How many lanes
are open at once (`target`) begins with one. It grows while the consumer waits and the threads do not compute:
then they wait for disks or networks, and more can wait at the same time. Threads that compute are at most as
many as cores.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from typing import Any, Protocol

from headwater.data.asynchronous import Loop
from headwater.data.gauge import Gauge, Start, begin, own_meter, waited_s
from headwater.data.lanes.lane import AsyncCursor, Lane, Task
from headwater.data.pace import Pace

MOST_LANES = 128
_GROWTH = 8
_NESTED_LANES = 8  # a team at work inside another's lane: that one brings the concurrency
_MOST_THREADS = 256  # of all teams of the process; every team may have one
_IDLE_S = 10.0
_LANE_ELEMENTS = 16_384  # of one lane, waiting; for elements whose size is not seen from outside
WAIT_S = 0.0003  # threads cost a third of it to wake up; a read that waits longer is better left to one

nested = threading.local()
_num_threads = 0


class Upcoming(Protocol):
    """Where lanes come from."""

    @property
    def at_hand(self) -> bool:
        """Whether the next task can be had without a wait."""
        ...

    def next(self) -> Task | None:
        """The next task, or None at the end; called by one thread at a time."""
        ...

    def mark(self) -> Any:
        """The place before the next task, as its `mark` will say."""
        ...

    def close(self) -> None:
        """Close the input."""
        ...


class Team:
    """Lanes, the input they come from, and threads; all fields are guarded by `lock`."""

    def __init__(self, upcoming: Upcoming, *, cores: int, ahead_bytes: int) -> None:
        self.upcoming = upcoming
        self.mark = upcoming.mark()
        # A dropped iterator may be collected, and so the team abandoned, in the middle of any allocation.
        self.lock = threading.RLock()
        self.news = threading.Condition(self.lock)  # the consumer waits for it
        self.left = threading.Condition(self.lock)  # whoever closes waits for it
        self.work = threading.Condition(self.lock)  # threads wait for it
        self.queue: deque[Lane] = deque()  # in order; not taken by the consumer
        self.current: list[Lane] = []
        self.wanted: Lane | None = None
        self.wants_input = False
        self.pulling = False
        self.input_ended = False
        self.input_error: BaseException | None = None
        self.closed = False
        self.target = 0
        self.most = _NESTED_LANES if getattr(nested, "inside", False) else MOST_LANES
        self.cores = cores
        self.size_bytes = 0
        self.ahead_bytes = ahead_bytes
        self.gauge = Gauge()
        self.num_calm = 0  # reads in a row that did not wait
        self.loop: Loop | None = None
        self.threads: set[threading.Thread] = set()
        self._idle = 0
        self._present = 0
        self._coming = 0  # threads started that have not come to work yet

    # -- for the consumer --------------------------------------------------------------------------------

    def staff(self) -> None:
        """Wake up an idle thread if there is something to do. Under the lock."""
        if self._idle and self.target and not self.closed and self._is_work():
            self.work.notify()

    def recruit(self) -> None:
        """Start threads for what nobody is free to do: two, which do the same first. Not under the lock.

        A start takes a tenth of a millisecond, and on a busy machine some: one after the other, sixty-four of
        them would cost more than a read from afar.
        """
        for _ in range(2):
            with self.lock:
                if not self._lacks_threads():
                    return
                thread = threading.Thread(target=self._stay, name="headwater-lanes", daemon=True)
                self.threads.add(thread)
                self._coming += 1
                self._present += 1
            try:
                thread.start()
            except RuntimeError:  # the system has no more; those at work will do
                with self.lock:
                    self.threads.discard(thread)
                    self._coming -= 1
                    self._present -= 1
                    if not self.threads:
                        raise
                return

    def widen(self) -> None:
        """The consumer has waited for a while: decide whether more at once would help. Under the lock."""
        busy = self.gauge.cores()
        if busy < 0.5:
            self.target = min(self.most, self.target * _GROWTH)
        elif busy > 0.9 * self.target and self.target < self.cores:
            self.target += 1

    def abandon(self) -> None:
        """Stop without waiting: threads end when they come back from where they are, the last one closes."""
        with self.lock:
            if self.closed:
                return
            self.closed = True
            self.work.notify_all()
            self.news.notify_all()
            alone = self._present == 0
        if self.loop is not None:
            self.loop.cancel()
        if alone:
            self.let_go()

    def close(self) -> None:
        """Stop, and wait for the threads."""
        me = threading.current_thread()
        with self.lock:
            others = self.threads - {me}
        self.abandon()
        with self.lock:
            while self.threads - {me}:  # one may not even have begun, and cannot be joined yet
                self.left.wait()
        for thread in others:
            thread.join()

    def let_go(self) -> None:
        """Close lanes and input; nobody is at work any more."""
        with self.lock:
            lanes = [*self.current, *self.queue]
            self.current, self.queue = [], deque()
        self.let_go_of(lanes)
        self.upcoming.close()
        if self.loop is not None:
            self.loop.close()

    def let_go_of(self, lanes: list[Lane]) -> None:
        """Close what lanes have open."""
        for lane in lanes:
            if lane.cursor is not None:
                lane.cursor.close()
        waits = [lane.waits for lane in lanes if lane.waits is not None and not lane.ended]
        if waits and self.loop is not None:
            self.loop.settle(*map(_aclose, waits))

    # -- for threads --------------------------------------------------------------------------------

    def _is_work(self) -> bool:
        return self._may_pull() or self._next_lane() is not None

    def _next_lane(self) -> Lane | None:
        if self.wanted is not None and self._may_read(self.wanted, whole=True):
            return self.wanted
        for lane in self.current:
            if self._may_read(lane, whole=True):
                return lane
        for lane in self.queue:
            if self._may_read(lane, whole=False):
                return lane
        return None

    def _may_read(self, lane: Lane, *, whole: bool) -> bool:
        """Lanes in use may always have one block; those to come fill no more than half of the memory."""
        if lane.busy or lane.ended or lane.error is not None:
            return False
        if whole and not lane.pieces:
            return True
        return self.size_bytes < self.ahead_bytes // (1 if whole else 2) and lane.held < _LANE_ELEMENTS

    def _may_pull(self) -> bool:
        if self.pulling or self.input_ended or self.input_error is not None:
            return False
        if self.wants_input and not self.queue:
            return True
        if len(self.queue) >= self.most or self.size_bytes >= self.ahead_bytes // 2:
            return False
        return self._num_open() < self.target

    def _lacks_threads(self) -> bool:
        if self.closed or self.target == 0 or self._idle or len(self.threads) > self.target:
            return False
        if self.threads and _num_threads >= _MOST_THREADS:
            return False
        return self._num_jobs() > self._coming

    def _num_jobs(self) -> int:
        """How many threads would find something to do."""
        reads = sum(self._may_read(lane, whole=True) for lane in self.current)
        reads += sum(self._may_read(lane, whole=False) for lane in self.queue)
        return reads + (self.target - self._num_open() if self._may_pull() else 0)

    def _num_open(self) -> int:
        return sum(not lane.ended for lane in (*self.current, *self.queue))

    def _stay(self) -> None:
        """The life of a thread."""
        global _num_threads
        nested.inside = True
        meter = own_meter()
        with self.lock:
            self._coming -= 1
            _num_threads += 1
            self.gauge.enter(meter)
        try:
            while self._work_once():
                pass
        finally:
            with self.lock:
                self.gauge.leave(meter)
                self._present -= 1
                _num_threads -= 1
                last = self.closed and self._present == 0
            if last:
                self.let_go()
            with self.lock:
                self.threads.discard(threading.current_thread())
                self.left.notify_all()

    def _work_once(self) -> bool:
        lane: Lane | None = None
        with self.lock:
            while not self.closed and self.target and not self._is_work():
                self._idle += 1
                called = self.work.wait(_IDLE_S)
                self._idle -= 1
                if not called and not self._is_work():
                    return False
            if self.closed or not self.target:
                return False
            if self._may_pull():
                self.pulling = True
            else:
                lane = self._next_lane()
                assert lane is not None  # noqa: S101 - there was work
                lane.busy = True
            self.staff()  # whoever has got work looks for somebody to do the rest
        self.recruit()
        start = begin()
        if lane is None:
            self.pull()
        else:
            while self.read(lane, None, start) and self._goes_on_with(lane):
                start = begin()
        return True

    def _goes_on_with(self, lane: Lane) -> bool:
        """Whether the thread stays with a lane that it has just read: going back for work takes a while."""
        with self.lock:
            if self.wants_input or len(self.threads) < self.target or not self._may_read(lane, whole=False):
                return False
            lane.busy = True
            return True

    def pull(self) -> None:
        """Put the next lane into the queue. `pulling` is set by the caller."""
        task, error = None, None
        try:
            task = self.upcoming.next()
        except BaseException as caught:  # noqa: BLE001 - whatever it is, the consumer must hear of it
            error = caught
        with self.lock:
            self.pulling = False
            if task is not None:
                self.queue.append(Lane(task))
            self.input_error = error
            self.input_ended = task is None and error is None
            self.mark = self.upcoming.mark()
            if self.wants_input:
                self.news.notify()

    def read(self, lane: Lane, limit: int | None, start: Start) -> bool:
        """Open a lane if need be and read a block; return whether there may be room for the next.

        `busy` is set by the caller; an awaited lane stays so.
        """
        block, error = None, None
        try:
            if lane.cursor is None and lane.waits is None:
                lane.open()
            if lane.cursor is not None:
                block = _paced(lane, limit)
        except BaseException as caught:  # noqa: BLE001 - raised when its turn comes
            error = caught
        if error is None and lane.cursor is None:
            self._await(lane)
            return False
        return self._keep(lane, block, error, waited_s(start))

    def _keep(self, lane: Lane, block: object, error: BaseException | None, wait_s: float) -> bool:
        """Put down what came of reading; whether to go on at once."""
        with self.lock:
            self.num_calm = 0 if wait_s > WAIT_S else self.num_calm + 1
            if error is not None:
                lane.error = error
            else:
                self.size_bytes += lane.add(block)  # type: ignore[arg-type]  # a Block or None
            lane.busy = False
            if lane is self.wanted:
                self.news.notify()
            return not self.closed and self._may_read(lane, whole=lane in self.current)

    def _await(self, lane: Lane) -> None:
        with self.lock:
            if self.closed:
                return
            if self.loop is None:
                self.loop = Loop()
                self.gauge.enter(self.loop.meter)
            loop = self.loop
        loop.start(self._awaited(lane))

    async def _awaited(self, lane: Lane) -> None:
        """Read an awaited lane as long as there is room."""
        assert lane.waits is not None  # noqa: S101 - that is why it is here
        pace = lane.pace = lane.pace or Pace()
        more = True
        while more:
            block, error = None, None
            start_s = time.perf_counter()
            try:
                block = await lane.waits.next(pace.limit)
                if block is not None:
                    pace.observe(block, time.perf_counter() - start_s)
            except BaseException as caught:  # noqa: BLE001 - a cancelled task too: nobody asks any more
                error = caught
            if error is None and lane.waits.settled is not None:
                with self.lock:
                    lane.settle(lane.waits.settled)
                    lane.busy = False
                    self.staff()
                return
            more = self._keep(lane, block, error, time.perf_counter() - start_s)
            if more:
                with self.lock:
                    if lane.busy:
                        return  # a thread was quicker
                    lane.busy = True


def _paced(lane: Lane, limit: int | None) -> object:
    if limit is not None:
        return lane.read(limit)
    pace = lane.pace = lane.pace or Pace()
    start_s = time.perf_counter()
    block = lane.read(pace.limit)
    if block is not None:
        pace.observe(block, time.perf_counter() - start_s)
    return block


async def _aclose(cursor: AsyncCursor) -> None:
    with contextlib.suppress(RuntimeError):  # it is still on its way out
        await cursor.aclose()
