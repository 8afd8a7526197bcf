"""All but the first elements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from headwater.core.errors import DataError
from headwater.data.block import Block
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Count, Unary
from headwater.data.operators.shuffle import Shuffle


@dataclass(frozen=True, eq=False)
class Skip(Unary):
    """What comes after the first `count` elements."""

    operator: ClassVar[str] = "skip"
    fickle: ClassVar[bool] = True
    count: int

    def __post_init__(self) -> None:
        if self.count < 0:
            raise DataError("the count is negative.", where=f".{self.label}")

    @property
    def cardinality(self) -> Count:
        """What is left."""
        count = self.input.cardinality
        return None if count is None else max(0, count - self.count)

    @property
    def random_access(self) -> bool:
        """As the input."""
        return self.input.random_access

    def open(self, env: Env, state: State | None) -> Cursor:
        """Pass over the first, or what the state says is left of them."""
        if state is None and isinstance(self.input, Shuffle) and self.input.permutes:
            return SkipCursor(0, resume(self.input, env, {"at": self.count}))  # it is read from any place
        left = state["left"] if state else self.count
        return SkipCursor(left, resume(self.input, env, state["input"] if state else None))


class SkipCursor:
    """State: how many are still to be passed over."""

    def __init__(self, left: int, source: Cursor) -> None:
        self._left = left
        self._source = source

    def next(self, limit: int) -> Block | None:
        """Read and drop first; no block is cut, for no more is asked than may be dropped."""
        while self._left > 0:
            block = self._source.next(min(self._left, max(limit, 1024)))
            if block is None:
                return None
            self._left -= len(block)
        return self._source.next(limit)

    def state(self) -> State:
        """A count and the input's state."""
        return {"left": self._left, "input": self._source.state()}

    def close(self) -> None:
        """Close the input."""
        self._source.close()
