"""The numbers of a range; also the positions that random access reads in whichever order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import BARE, Block, Columns
from headwater.data.cursor import Cursor, Env, State
from headwater.data.graph import Count, Node


@dataclass(frozen=True, eq=False)
class Range(Node):
    """``start, start + step, ...`` up to but without `stop`, as int64."""

    operator: ClassVar[str] = "range"
    start: int
    stop: int
    step: int = 1

    def __post_init__(self) -> None:
        if self.step == 0:
            raise DataError("the step is 0.", where=f"data.{self.label}", remedy="Give a step such as 1 or -1.")

    @property
    def cardinality(self) -> Count:
        """The length of the range."""
        return len(self.numbers)

    @property
    def numbers(self) -> range:
        """The same as Python's own range."""
        return range(self.start, self.stop, self.step)

    @property
    def random_access(self) -> bool:
        """Each number follows from its place."""
        return True

    def open(self, env: Env, state: State | None) -> Cursor:  # noqa: ARG002 - nothing random here
        """Count from the start, or from where the state stands."""
        return RangeCursor(self.numbers, state["at"] if state else 0)


class RangeCursor:
    """State: the place of the next number."""

    def __init__(self, numbers: range, at: int) -> None:
        self._numbers = numbers
        self._at = at

    def next(self, limit: int) -> Block | None:
        """The next numbers."""
        part = self._numbers[self._at : self._at + limit]
        if not part:
            return None
        self._at += len(part)
        numbers = np.arange(part.start, part.stop, part.step, dtype=np.int64)
        return Columns({BARE: numbers}, numbers.copy())

    def state(self) -> State:
        """One number."""
        return {"at": self._at}

    def close(self) -> None:
        """Nothing is open."""
