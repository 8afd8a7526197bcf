"""Each element becomes a dataset of its own; several of them take turns.

The order is tf.data's: `cycle_length` places are gone round; at each, up to `block_length` elements come from
its dataset. One that has ended leaves its place empty, and the next input element takes it when its turn comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import Block, join
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.function import Function
from headwater.data.graph import Count, Unary
from headwater.data.lanes.elements import Making, place_of
from headwater.data.lanes.inners import Inners
from headwater.data.lanes.lane import Lane
from headwater.data.operators.calling import locate


@dataclass(frozen=True, eq=False)
class Interleave(Unary):
    """The elements of `cycle_length` datasets at a time, `block_length` of each in turn.

    How many are read at the same time does not depend on it.
    """

    operator: ClassVar[str] = "interleave"
    function: Function
    cycle_length: int = 16
    block_length: int = 1

    def __post_init__(self) -> None:
        for name in ("cycle_length", "block_length"):
            if getattr(self, name) < 1:
                raise DataError(f"{name} must be at least 1.", where=f".{self.label}")

    @property
    def cardinality(self) -> Count:
        """Unknown, unless nothing comes in."""
        return 0 if self.input.cardinality == 0 else None

    @property
    def depth(self) -> int:
        """Elements count as rows: what the function makes of a batch is taken apart again."""
        return 0

    def open(self, env: Env, state: State | None) -> Cursor:
        """Go on where the state stands."""
        return InterleaveCursor(self, env, state)


class InterleaveCursor:
    """State: the input's before the oldest dataset at work, and that one's number.

    `slots` has for each place how many elements after the oldest its own is, and where its dataset stands;
    `fresh` is the first element, counted from the oldest, that was never at work; `at` the place whose turn it
    is, and `taken` how many elements it gave in this turn.
    """

    def __init__(self, node: Interleave, env: Env, state: State | None) -> None:
        state = state or {"input": None, "number": 0, "fresh": 0, "slots": [], "at": 0, "taken": 0}
        number, slots = int(state["number"]), state["slots"]
        live = {number + slot[0]: slot[1] for slot in slots if slot is not None}
        making = Making(node.function, node.operator, env, locate)
        source = resume(node.input, env, state["input"])
        self._inners = Inners(making, source, number=number, fresh=number + int(state["fresh"]), live=live)
        self._slots: list[Lane | None] = [None] * node.cycle_length
        self._block_length = node.block_length
        self._at, self._taken = int(state["at"]), int(state["taken"])
        self._ended = False
        # Which place each dataset of the state has, in the order of the input.
        self._places = sorted((slot[0], at) for at, slot in enumerate(slots) if slot is not None)
        self._restored: State | None = {**state, "input": source.state()}

    def next(self, limit: int) -> Block | None:
        """As much as there is without waiting, but something."""
        self._restore()
        parts: list[Block] = []
        left = limit
        while left > 0:
            block = self._rounds(left) or self._turn(left, wait=not parts)
            if block is None:
                break
            parts.append(block)
            left -= len(block)
        if not parts:
            self._inners.close()
            return None
        return join(parts)

    def state(self) -> State:
        """A few numbers for each place."""
        if self._restored is not None:
            return self._restored
        following = self._inners.next_mark()
        oldest = min(
            (lane.task.mark for lane in self._slots if lane), key=lambda mark: mark[2], default=following
        )
        slots = [lane and [lane.task.mark[2] - oldest[2], lane.state()] for lane in self._slots]
        while slots and slots[-1] is None:
            slots.pop()
        return {
            "input": place_of(oldest),
            "number": oldest[2],
            "fresh": following[2] - oldest[2],
            "slots": slots,
            "at": self._at,
            "taken": self._taken,
        }

    def close(self) -> None:
        """Stop the threads, and close what is open."""
        self._inners.close()

    def _restore(self) -> None:
        """Take the datasets of the state, and put them where they were."""
        while self._places:
            lane = self._inners.take()
            if lane is None:
                raise DataError(
                    "the input has fewer elements than when the state was taken.",
                    where=".interleave",
                    remedy="Restore with the same data.",
                )
            self._slots[self._places.pop(0)[1]] = lane
        self._restored = None

    def _turn(self, limit: int, *, wait: bool) -> Block | None:
        """Elements of the place whose turn it is, or of the next that has any."""
        while (lane := self._occupied(wait=wait)) is not None:
            if self._inners.ready(lane, max(self._block_length, limit // len(self._slots)), wait=wait):
                block = self._inners.give(lane, min(limit, self._block_length - self._taken))
                self._taken += len(block)
                if self._taken == self._block_length:
                    self._advance()
                return block
            if not lane.ended:
                return None  # an error or a wait: first comes what came before it
            self._inners.drop(lane)
            self._slots[self._at] = None
            self._advance()
        return None

    def _occupied(self, *, wait: bool) -> Lane | None:
        """The dataset whose turn it is; an empty place takes the next input element."""
        for _ in self._slots:
            lane = self._slots[self._at]
            if lane is None and not self._ended:
                lane = self._slots[self._at] = self._inners.take(wait=wait)
                if lane is None and not wait:
                    return None
                self._ended = lane is None
            if lane is not None:
                return lane
            self._advance()
        return None

    def _advance(self) -> None:
        self._at, self._taken = (self._at + 1) % len(self._slots), 0

    def _rounds(self, limit: int) -> Block | None:
        """Whole rounds at once, as many as all datasets have elements waiting for."""
        if self._taken or limit < 2 * self._block_length:
            return None
        lanes = [lane for lane in self._slots[self._at :] + self._slots[: self._at] if lane is not None]
        if not lanes or (len(lanes) < len(self._slots) and not self._ended):
            return None
        size = self._block_length
        count = min(min(lane.at_hand for lane in lanes) // size, limit // (size * len(lanes)))
        if count < 2:
            return None
        joined = join([self._inners.give(lane, count * size) for lane in lanes])
        index = np.arange(len(joined)).reshape(len(lanes), count, size).swapaxes(0, 1)
        return joined.take(index.ravel())
