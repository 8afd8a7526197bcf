"""Every n-th element, so that n processes share a dataset."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import Block
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Count, Unary


@dataclass(frozen=True, eq=False)
class Shard(Unary):
    """The elements whose number modulo `num_shards` is `index`."""

    operator: ClassVar[str] = "shard"
    num_shards: int
    index: int

    def __post_init__(self) -> None:
        if self.num_shards < 1:
            raise DataError("there is at least 1 shard.", where=f".{self.label}")
        if not 0 <= self.index < self.num_shards:
            raise DataError(
                f"the index is none of 0 to {self.num_shards - 1}.",
                where=f".{self.label}",
                remedy="Shards are numbered from 0: pass rank of world_size as .shard(world_size, rank).",
            )

    @property
    def cardinality(self) -> Count:
        """An n-th of them; the first shards have one more if it does not divide."""
        count = self.input.cardinality
        if count is None or count == math.inf:
            return count
        return len(range(self.index, int(count), self.num_shards))

    @property
    def random_access(self) -> bool:
        """As the input."""
        return self.input.random_access

    @property
    def label(self) -> str:
        """The call that made it."""
        return f"shard({self.num_shards}, {self.index})"

    def open(self, env: Env, state: State | None) -> Cursor:
        """Count from 0, or from where the state stands."""
        return ShardCursor(self, resume(self.input, env, state["input"] if state else None), state)


class ShardCursor:
    """State: the number of the next element that comes in, modulo the number of shards."""

    def __init__(self, node: Shard, source: Cursor, state: State | None) -> None:
        self._num_shards = node.num_shards
        self._index = node.index
        self._source = source
        self._at = int(state["at"]) if state else 0

    def next(self, limit: int) -> Block | None:
        """Ask for whole rounds, and take what is ours."""
        while (block := self._source.next(limit * self._num_shards)) is not None:
            first = (self._index - self._at) % self._num_shards
            self._at = (self._at + len(block)) % self._num_shards
            if self._num_shards == 1:
                return block
            if first < len(block):
                return block.take(np.arange(first, len(block), self._num_shards))
        return None

    def state(self) -> State:
        """A number and the input's state."""
        return {"at": self._at, "input": self._source.state()}

    def close(self) -> None:
        """Close the input."""
        self._source.close()
