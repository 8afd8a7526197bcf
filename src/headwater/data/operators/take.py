"""The first elements, then the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from headwater.core.errors import DataError
from headwater.data.block import Block
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Count, Unary


@dataclass(frozen=True, eq=False)
class Take(Unary):
    """At most `count` elements."""

    operator: ClassVar[str] = "take"
    fickle: ClassVar[bool] = True
    count: int

    def __post_init__(self) -> None:
        if self.count < 0:
            raise DataError("the count is negative.", where=f".{self.label}")

    @property
    def cardinality(self) -> Count:
        """The count, if so many come in."""
        count = self.input.cardinality
        return 0 if self.count == 0 else None if count is None else min(count, self.count)

    @property
    def random_access(self) -> bool:
        """As the input."""
        return self.input.random_access

    def open(self, env: Env, state: State | None) -> Cursor:
        """Count down from the count, or from where the state stands."""
        left = state["left"] if state else self.count
        return TakeCursor(left, resume(self.input, env, state["input"] if state else None))


class TakeCursor:
    """State: how many may still come."""

    def __init__(self, left: int, source: Cursor) -> None:
        self._left = left
        self._source = source

    def next(self, limit: int) -> Block | None:
        """Ask for no more than may still come; with the last, let the input go."""
        if self._left == 0:
            self._source.close()
            return None
        block = self._source.next(min(limit, self._left))
        self._left -= 0 if block is None else len(block)
        return block

    def state(self) -> State:
        """A count and the input's state."""
        return {"left": self._left, "input": self._source.state()}

    def close(self) -> None:
        """Close the input."""
        self._source.close()
