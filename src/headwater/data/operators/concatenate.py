"""One dataset after the other."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from headwater.core.errors import DataError
from headwater.data.block import Block
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Count, Merge


@dataclass(frozen=True, eq=False)
class Concatenate(Merge):
    """All elements of the first part, then of the second, and so on."""

    operator: ClassVar[str] = "concatenate"

    def __post_init__(self) -> None:
        if not self.parts:
            raise DataError("there is no dataset to concatenate.", where=f".{self.label}")
        if len({part.depth for part in self.parts}) > 1:
            raise DataError(
                "some of the datasets are batched, others are not.",
                where=f".{self.label}",
                remedy="Concatenate first, then .batch(...) all.",
            )

    @property
    def cardinality(self) -> Count:
        """The sum."""
        counts = [part.cardinality for part in self.parts]
        if math.inf in counts:
            return math.inf
        return None if None in counts else sum(count for count in counts if count is not None)

    def open(self, env: Env, state: State | None) -> Cursor:
        """Begin with the first part, or with the one where the state stands."""
        return ConcatenateCursor(self, env, state or {"part": 0, "input": None})


class ConcatenateCursor:
    """State: which part is read, and its state."""

    def __init__(self, node: Concatenate, env: Env, state: State) -> None:
        self._parts = node.parts
        self._env = env
        self._part = int(state["part"])
        self._source = self._open(state["input"])

    def next(self, limit: int) -> Block | None:
        """What this part has, then the next; only one is open at a time."""
        while (block := self._source.next(limit)) is None:
            if self._part + 1 == len(self._parts):
                return None
            self._source.close()
            self._part += 1
            self._source = self._open(None)
        return block

    def state(self) -> State:
        """A number and the part's state."""
        return {"part": self._part, "input": self._source.state()}

    def close(self) -> None:
        """Close the part."""
        self._source.close()

    def _open(self, state: State | None) -> Cursor:
        return resume(self._parts[self._part], self._env.into(self._part), state)
