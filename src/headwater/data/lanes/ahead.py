"""Lanes in order: the consumer takes one after the other, and reads each in its own order.

A new run hands its first lane to a thread. If that is quick, the consumer reads the next ones itself, at no
more cost than a function call; as soon as it is kept waiting without computing, threads read ahead. Which
elements come, and in which order, never depends on it.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from typing import Any

from headwater.data.block import Block
from headwater.data.gauge import Start, begin, waited_s
from headwater.data.lanes.lane import Lane
from headwater.data.lanes.team import WAIT_S, Team, Upcoming, nested
from headwater.data.options import Options

_PATIENCE_S = 0.001  # longer than a thread takes to wake up, short against a file's first byte from afar
_LONG_S = 0.1  # nothing is left to decide
_CALM = 64  # once a read has waited: a file may be slow to open, and then quick
_MOST_CALM = 4_096
_FEW = 8  # asking the system about a thread takes 10 us
_WINDOW_S = 0.1
_NOTED = RuntimeError("noted by the consumer")


class Ahead:
    """The consumer's side of a team; when it is dropped, the team ends."""

    def __init__(self, upcoming: Upcoming, options: Options) -> None:
        self._team = Team(upcoming, cores=options.cores, ahead_bytes=options.ahead_bytes)
        inside = getattr(nested, "inside", False)
        self._alone = not options.prefetch or (options.parallel == "inline" and not inside)
        self._inline = self._alone or inside
        self._calm = 1  # so many reads without a wait, and threads are sent away
        self._team.target = 0 if self._inline else 1
        self._failures: dict[Lane, BaseException] = {}
        self._input_error: BaseException | None = None
        # Threads know the team, never this object.
        self._abandon = weakref.finalize(self, self._team.abandon)

    def take(self, *, wait: bool = True) -> Lane | None:
        """The next lane, in use from now on; None at the end, or if `wait` is false and it is not there yet.

        Raises what the input raised.
        """
        team = self._team
        if not team.queue and not self._has_input(wait=wait):
            return None
        with team.lock:
            lane = team.queue.popleft()
            team.current.append(lane)
        return lane

    def ready(self, lane: Lane, limit: int, *, wait: bool = True) -> bool:
        """Whether the lane has elements waiting; if not, it is at its end, or `wait` is false.

        Up to `limit` are read, if the consumer reads itself. Raises what opening or reading it raised; if
        `wait` is false, that is left for later.
        """
        if lane.pieces:
            return True
        if not lane.ended and lane.error is None:
            self._fetch(lane, limit, wait=wait)
        self._note(lane)
        if lane.pieces or lane not in self._failures or not wait:
            return bool(lane.pieces)
        error = self._failures[lane]
        if not isinstance(error, Exception):
            raise error
        raise lane.task.failed(error, lane.given) from error

    def has_failed(self, lane: Lane) -> bool:
        """Whether opening or reading the lane raised."""
        return lane in self._failures

    def forgive(self, lane: Lane) -> None:
        """Take a lane that failed for one that has ended."""
        del self._failures[lane]
        lane.ended = True

    def _note(self, lane: Lane) -> None:
        # An error leads through its traceback to this object, and threads to the team: if it stayed there, a
        # run that is dropped would never be collected.
        if lane.error is not None and lane.error is not _NOTED:
            self._failures[lane], lane.error = lane.error, _NOTED

    def give(self, lane: Lane, limit: int) -> Block:
        """At most `limit` of the elements that wait in the lane."""
        team = self._team
        with team.lock:
            block, free_bytes = lane.give(limit)
            team.size_bytes -= free_bytes
            if free_bytes and team.target:
                team.staff()
        return block

    def drop(self, lane: Lane) -> None:
        """The lane is used up, or will not be."""
        team = self._team
        self._failures.pop(lane, None)
        with team.lock:
            team.current.remove(lane)
            team.size_bytes -= lane.size_bytes
            team.staff()
        team.let_go_of([lane])

    def mark(self) -> Any:
        """The mark of the lane that will be taken next."""
        team = self._team
        with team.lock:
            return team.queue[0].task.mark if team.queue else team.mark

    def close(self) -> None:
        """Stop the threads and wait for them; let go of everything open."""
        self._abandon.detach()
        self._team.close()

    # -- where it is read ------------------------------------------------------------------------------

    def _has_input(self, *, wait: bool) -> bool:
        team = self._team
        self._choose()
        if self._inline and not team.pulling:
            if not team.input_ended and team.input_error is None and not team.closed:
                team.pulling = True
                if team.upcoming.at_hand:
                    team.pull()
                else:
                    self._itself(lambda start: team.pull())  # noqa: ARG005 - a read looks at it
        elif wait:
            team.wants_input = True
            self._until(lambda: bool(team.queue) or team.input_ended or team.input_error is not None)
            team.wants_input = False
        if team.input_error is not None and team.input_error is not _NOTED:
            self._input_error, team.input_error = team.input_error, _NOTED
        if wait and not team.queue and self._input_error is not None:
            raise self._input_error
        return bool(team.queue)

    def _fetch(self, lane: Lane, limit: int, *, wait: bool) -> None:
        team = self._team
        self._choose()
        if self._inline and not lane.busy and not team.closed:
            lane.busy = True
            self._itself(lambda start: team.read(lane, limit, start))
            if lane.waits is None:
                self._note(lane)
                return
            self._hand_over()  # what is awaited runs on its own
        if wait:
            team.wanted = lane
            self._until(lambda: bool(lane.pieces) or lane.ended or lane.error is not None)
            team.wanted = None

    def _itself(self, call: Callable[[Start], object]) -> None:
        """Make a call in this thread, and see whether it is kept waiting."""
        outer, nested.inside = getattr(nested, "inside", False), True
        start = begin()
        try:
            call(start)
        finally:
            nested.inside = outer
        if not self._alone and waited_s(start) > WAIT_S:
            self._hand_over()

    def _hand_over(self) -> None:
        """Let threads read from now on; each time this happens, it takes longer until they are sent away."""
        team = self._team
        self._inline = False
        self._calm = min(max(_CALM, 2 * self._calm), _MOST_CALM)
        with team.lock:
            team.num_calm, team.target = 0, max(1, team.target)
            team.gauge.begin()
            team.staff()

    def _choose(self) -> None:
        """Read here if reads do not wait, or the threads take turns computing."""
        team = self._team
        if self._inline or team.loop is not None:
            return
        if team.num_calm >= self._calm or (team.num_calm and self._takes_turns()):
            self._inline = True
            with team.lock:
                team.target = 0
                team.work.notify_all()  # they leave

    def _takes_turns(self) -> bool:
        gauge = self._team.gauge
        if gauge.past_s < _WINDOW_S:
            return False
        cores = gauge.cores()
        gauge.begin()
        return 0.7 < cores < 1.2

    def _until(self, done: Callable[[], bool]) -> None:
        """Wait, and let the team grow while that takes long and nobody computes."""
        team = self._team
        if team.target <= _FEW:
            team.gauge.begin()
        due_s = time.perf_counter() + _PATIENCE_S
        while True:
            team.recruit()
            with team.lock:
                if done() or team.closed:
                    return
                team.staff()
                team.news.wait(max(0.0, due_s - time.perf_counter()))
                if time.perf_counter() >= due_s and not done():
                    team.widen()
                    team.gauge.begin()
                    due_s = time.perf_counter() + (_PATIENCE_S if team.target < team.most else _LONG_S)
