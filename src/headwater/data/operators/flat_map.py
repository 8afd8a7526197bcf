"""Each element becomes a dataset of its own; these come one after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from headwater.data.block import Block, join
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.function import Function
from headwater.data.graph import Count, Unary
from headwater.data.lanes.elements import Making, place_of
from headwater.data.lanes.inners import Inners
from headwater.data.lanes.lane import Lane
from headwater.data.operators.calling import locate


@dataclass(frozen=True, eq=False)
class FlatMap(Unary):
    """The elements of ``function(first)``, then those of ``function(second)``, and so on.

    Where the functions wait for disks or networks, the next ones are called and read ahead, in threads; async
    ones on an event loop.
    """

    operator: ClassVar[str] = "flat_map"
    function: Function

    @property
    def cardinality(self) -> Count:
        """Unknown, unless nothing comes in."""
        return 0 if self.input.cardinality == 0 else None

    @property
    def depth(self) -> int:
        """Elements count as rows: what the function makes of a batch is taken apart again."""
        return 0

    def open(self, env: Env, state: State | None) -> Cursor:
        """Go on in the inner dataset where the state stands."""
        return FlatMapCursor(self, env, state)


class FlatMapCursor:
    """State: the input's before the element at work, that element's number, and where its dataset stands."""

    def __init__(self, node: FlatMap, env: Env, state: State | None) -> None:
        number = int(state["number"]) if state else 0
        live = {number: state["inner"]} if state else {}
        source = resume(node.input, env, state["input"] if state else None)
        making = Making(node.function, node.operator, env, locate)
        self._inners = Inners(making, source, number=number, fresh=number, live=live)
        self._lane: Lane | None = None
        self._restored = state

    def next(self, limit: int) -> Block | None:
        """As much as there is without waiting, but something; several small datasets make one block."""
        parts: list[Block] = []
        left = limit
        while left > 0 and (lane := self._current(wait=not parts)) is not None:
            if self._inners.ready(lane, left, wait=not parts):
                parts.append(self._inners.give(lane, left))
                left -= len(parts[-1])
            elif lane.ended:
                self._inners.drop(lane)
                self._lane = None
            else:
                break  # an error or a wait: first comes what came before it
        if not parts:
            self._inners.close()
            return None
        return join(parts)

    def state(self) -> State:
        """A number and two states."""
        if self._restored is not None:
            return self._restored
        mark = self._lane.task.mark if self._lane else self._inners.next_mark()
        return {"input": place_of(mark), "number": mark[2], "inner": self._lane.state() if self._lane else None}

    def close(self) -> None:
        """Stop the threads, and close what is open."""
        self._inners.close()

    def _current(self, *, wait: bool) -> Lane | None:
        if self._lane is None:
            self._lane = self._inners.take(wait=wait)
            if self._lane is not None:
                self._restored = None
        return self._lane
