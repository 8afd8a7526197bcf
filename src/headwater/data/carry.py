"""Blocks that came in but are not used up, and the state from which they come again.

Whoever hands on elements in other portions than it gets them keeps a `Carry`: nothing of what it holds enters
a checkpoint, only the place from where to read it again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from headwater.data.block import Block, join
from headwater.data.cursor import Cursor, State, later


class Carry:
    """What was pulled from a cursor and not taken yet."""

    def __init__(self, source: Cursor) -> None:
        self.held = 0
        self._source = source
        self._pieces: deque[tuple[State, Block]] = deque()
        self._used = 0  # elements of the first piece that were taken

    def pull(self, limit: int) -> bool:
        """Hold one more block, of at most `limit` elements; False at the end."""
        before = self._source.state()
        block = self._source.next(limit)
        if block is None:
            return False
        self._pieces.append((before, block))
        self.held += len(block)
        return True

    def take(self, count: int) -> Block:
        """The first `count` of the held elements, which must be so many."""
        block = self.peek(count)
        self.drop(count)
        return block

    def peek(self, count: int) -> Block:
        """The same, but they stay held."""
        parts: list[Block] = []
        left, used = count, self._used
        for _, block in self._pieces:
            stop = min(len(block), used + left)
            parts.append(block if used == 0 and stop == len(block) else block.slice(used, stop))
            left -= stop - used
            used = 0
            if not left:
                break
        return join(parts)

    def drop(self, count: int) -> None:
        """Let go of the first `count` of the held elements."""
        self.held -= count
        self._used += count
        while self._pieces and self._used >= len(self._pieces[0][1]):
            self._used -= len(self._pieces.popleft()[1])

    def pieces(self) -> Iterator[Block]:
        """What is held, block by block, for a look at it."""
        for number, (_, block) in enumerate(self._pieces):
            yield block.slice(self._used, len(block)) if number == 0 and self._used else block

    def state(self) -> State:
        """From where everything comes that was not taken yet."""
        return later(self._pieces[0][0], self._used) if self._pieces else self._source.state()

    def close(self) -> None:
        """Close the cursor below."""
        self._source.close()


class Cut:
    """A cursor whose blocks may be larger than asked for, cut to what was asked for."""

    def __init__(self, source: Cursor) -> None:
        self._carry = Carry(source)

    def next(self, limit: int) -> Block | None:
        """What is held, or of the next block."""
        if self._carry.held == 0 and not self._carry.pull(limit):
            return None
        return self._carry.take(min(limit, self._carry.held))

    def state(self) -> State:
        """From where the elements come that were not given."""
        return self._carry.state()

    def close(self) -> None:
        """Close the cursor below."""
        self._carry.close()
