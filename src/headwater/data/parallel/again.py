"""What was given or under way at a state, where the order is not fixed: each piece from its own place."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from headwater.data.block import Block
from headwater.data.cursor import State
from headwater.data.parallel.feed import Feed


class Again:
    """The input of a restored chain: pieces, of which the first so many have their order, then the rest.

    State: ``again``, a state and a number of elements for each piece; ``ordered``, how many of these must come
    first and in order; ``rest``, the state after all; ``level``, the chain that it belongs to.
    """

    def __init__(self, state: State, feed: Callable[[State], Feed]) -> None:
        self._pieces = deque((before, int(count)) for before, count in state["again"])
        self._num_ordered = int(state["ordered"])
        self._feed = feed
        self._rest = feed(state["rest"])
        self._open: Feed | None = None
        self.level = self._rest.level

    @property
    def at(self) -> int:
        """The number of the next element."""
        return self._here().at

    @property
    def ordered(self) -> bool:
        """Whether the next elements were given once before."""
        return self._num_ordered > 0

    def next(self, limit: int) -> Block | None:
        """What is left of the first piece; after the last, the rest."""
        if not self._pieces:
            return self._rest.next(limit)
        feed, (_, left) = self._here(), self._pieces[0]
        block = feed.next(min(limit, left))
        left -= left if block is None else len(block)
        self._pieces[0] = (feed.state(), left)
        if not left:
            self._pieces.popleft()
            self._num_ordered = max(0, self._num_ordered - 1)
            self._open = None
            feed.close()
        return self.next(limit) if block is None else block

    def place(self) -> State:
        """Where the next element comes from."""
        return self._here().state()

    def state(self) -> State:
        """All pieces and the rest."""
        if not self._pieces:
            return self._rest.state()
        again = [[before, count] for before, count in self._pieces]
        rest = self._rest.state()
        return {"again": again, "ordered": self._num_ordered, "rest": rest, "level": self.level}

    def close(self) -> None:
        """Close what is open."""
        if self._open is not None:
            self._open.close()
        self._rest.close()

    def _here(self) -> Feed:
        if not self._pieces:
            return self._rest
        if self._open is None:  # one at a time: each may hold a file open
            self._open = self._feed(self._pieces[0][0])
        return self._open
