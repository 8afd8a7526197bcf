"""Every element in the order of a permutation: of numbers on demand, of anything else once it is held."""

from __future__ import annotations

from collections.abc import Callable

from headwater.core.errors import DataError
from headwater.data.block import BARE, Block, Columns, join
from headwater.data.cursor import Cursor, State
from headwater.data.permutation import Permutation
from headwater.data.sources.range import Range


class Permuted:
    """A range in another order, in memory that does not grow with it. State: how many were given."""

    def __init__(self, source: Range, order: Callable[[int], Permutation], state: State | None) -> None:
        self._numbers = source.numbers
        self._order = order(len(self._numbers))
        self._at = int(state["at"]) if state else 0

    def next(self, limit: int) -> Block | None:
        """The next places, permuted."""
        stop = min(self._at + limit, len(self._numbers))
        if stop <= self._at:
            return None
        places = self._order(self._at, stop)
        self._at = stop
        numbers = self._numbers.start + places * self._numbers.step
        return Columns({BARE: numbers}, numbers.copy())

    def state(self) -> State:
        """One number."""
        return {"at": self._at}

    def close(self) -> None:
        """Nothing is open."""


class Held:
    """All elements of an input, read to its end at the first call. State: how many were given.

    Restoring reads the input again, from the beginning; nothing of it is kept in a state.
    """

    def __init__(
        self, source: Cursor, order: Callable[[int], Permutation], state: State | None, *, most_bytes: int
    ) -> None:
        self._source = source
        self._make_order = order
        self._most_bytes = most_bytes
        self._at = int(state["at"]) if state else 0
        self._block: Block | None = None
        self._order: Permutation | None = None
        self._closed = False

    def next(self, limit: int) -> Block | None:
        """The next places, permuted."""
        if self._order is None and not self._closed:
            self._block = self._read()
            self._order = self._make_order(0 if self._block is None else len(self._block))
        if self._block is None or self._order is None:
            return None
        stop = min(self._at + limit, len(self._block))
        if stop == self._at:
            return None
        found = self._block.take(self._order(self._at, stop))
        self._at = stop
        return found

    def state(self) -> State:
        """One number."""
        return {"at": self._at}

    def close(self) -> None:
        """Close the input and let go of what is held."""
        self._source.close()
        self._block, self._closed = None, True

    def _read(self) -> Block | None:
        blocks, size_bytes = [], 0
        while (block := self._source.next(_AT_ONCE)) is not None:
            size_bytes += block.size_bytes()
            if size_bytes > self._most_bytes:
                raise DataError(
                    f"more than {self._most_bytes:,} bytes would have to be held.",
                    where=".shuffle()",
                    remedy="Shuffle right after a source with random access, before what makes rows larger; or "
                    "give a buffer: .shuffle(100_000); or allow more: .with_options(hold_bytes=...).",
                )
            blocks.append(block)
        self._source.close()
        return join(blocks) if blocks else None


_AT_ONCE = 65_536
