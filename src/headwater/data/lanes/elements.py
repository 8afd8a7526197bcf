"""The elements of an input as tasks: a user's function makes an inner dataset of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

from headwater.core.errors import HeadwaterError
from headwater.data.block import Block, Items
from headwater.data.cursor import Cursor, Env, State, later
from headwater.data.function import Function
from headwater.data.lanes.inner import first_of, open_inner
from headwater.data.lanes.lane import AsyncCursor

Mark: TypeAlias = tuple[State, int, int]
"""A place in the input: a state of it, how many elements after that, and the number of the element there."""

# Input elements are read in growing portions: the first lane must not wait for a hundred file names, and a
# hundred thousand small lanes should not cost a call each.
_MOST_AT_ONCE = 64


@dataclass(frozen=True)
class Making:
    """The function, the operator that calls it, and the run."""

    function: Function
    operator: str
    env: Env
    locate: Callable[[Block, int], str]

    @cached_property
    def inside(self) -> Env:
        """What all inner datasets share.

        Their functions are called where they are read: several are read at once, and starting processes or
        sharing threads for each of them would cost more than it brings.
        """
        return replace(self.env, options=replace(self.env.options, parallel="inline"))


class Inner:
    """The task of one element."""

    __slots__ = ("_at", "_block", "_first", "_making", "mark", "start")

    def __init__(self, making: Making, block: Items, at: int, mark: Mark, start: State | None) -> None:
        self.mark = mark
        self.start = start
        self._making = making
        self._block = block
        self._at = at
        self._first: int | None = None  # the number of the first element read, where elements have numbers

    def open(self) -> Cursor | AsyncCursor:
        """Call the function, and open what it returns in an environment of its own."""
        making = self._making
        result = making.function.call(self._block.values[self._at])
        position = int(self._block.positions[self._at])
        opened = open_inner(result, making.inside, self.mark[2], self.start, position)
        self._first = first_of(opened, self.start)
        return opened

    def failed(self, error: Exception, at: int) -> Exception:
        """Name operator, function, input element, and how far its inner dataset had come."""
        making = self._making
        place = making.locate(self._block, self._at)
        if self._first is not None and (self._first or at):
            place += f", element {self._first + at:,} of it"
        if isinstance(error, HeadwaterError):
            where = ": ".join(
                part for part in (making.function.where(making.operator, place), error.where) if part
            )
            return type(error)(error.problem, where=where, remedy=error.remedy)
        return making.function.failed(making.operator, error, place)


class Elements:
    """Tasks in the order of the input.

    On restoring, elements before number `fresh` are passed over, except those in `live`, which go on from their
    states.
    """

    def __init__(
        self, making: Making, source: Cursor, *, number: int, fresh: int, live: Mapping[int, State | None]
    ) -> None:
        self._making = making
        self._source = source
        self._number = number
        self._fresh = fresh
        self._live = live
        self._before = source.state()
        self._block: Items | None = None
        self._used = 0
        self._limit = 1

    @property
    def at_hand(self) -> bool:
        """Whether an element was read already and not used."""
        return self._block is not None and self._used < len(self._block)

    def next(self) -> Inner | None:
        """The task of the next element that is not used up."""
        while True:
            if not self.at_hand and not self._pull():
                return None
            mark = self.mark()
            self._used += 1
            self._number += 1
            if mark[2] >= self._fresh or mark[2] in self._live:
                assert self._block is not None  # noqa: S101 - pulled above
                return Inner(self._making, self._block, mark[1], mark, self._live.get(mark[2]))

    def mark(self) -> Mark:
        """The place of the next element."""
        return self._before, self._used, self._number

    def close(self) -> None:
        """Close the input."""
        self._source.close()

    def _pull(self) -> bool:
        before = self._source.state()
        block = self._source.next(self._limit)
        if block is None:
            return False
        self._limit = min(_MOST_AT_ONCE, 2 * self._limit)
        self._before, self._block, self._used = before, Items(block.elements(), block.positions), 0
        return True


def place_of(mark: Mark) -> State:
    """The input's state at a mark."""
    return later(mark[0], mark[1])
