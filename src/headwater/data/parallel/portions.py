"""What other hands make, cut as the consumer asks for it."""

from __future__ import annotations

from headwater.data.block import Block
from headwater.data.cursor import State, later
from headwater.data.parallel.ahead import Ahead


class Portions:
    """What other hands give, in the portions asked for."""

    def __init__(self, source: Ahead) -> None:
        self._source = source
        self._block: Block | None = None
        self._before: State = {}
        self._used = 0

    def next(self, limit: int) -> Block | None:
        """At most `limit` elements of the block at hand, or of the next one."""
        if self._block is None:
            self._block, self._used = self._source.next(limit), 0
            if self._block is None:
                return None
            self._before = self._source.before
        whole, start = self._block, self._used
        self._used = min(len(whole), start + limit)
        if self._used == len(whole):
            self._block = None
        return whole if self._used - start == len(whole) else whole.slice(start, self._used)

    def state(self) -> State:
        """From where the elements come that were not given."""
        return self._source.state() if self._block is None else later(self._before, self._used)

    def close(self) -> None:
        """Close the hands."""
        self._source.close()
