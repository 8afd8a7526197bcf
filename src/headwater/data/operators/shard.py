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
    """The elements whose number modulo `num_shards` is `index`.

    With `run`, shares are dealt out by so many elements at a time: batches of a shard are shards of batches.
    """

    operator: ClassVar[str] = "shard"
    fickle: ClassVar[bool] = True
    num_shards: int
    index: int
    run: int = 1

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
        rounds, rest = divmod(int(count), self.num_shards * self.run)
        return rounds * self.run + min(max(rest - self.index * self.run, 0), self.run)

    @property
    def random_access(self) -> bool:
        """As the input."""
        return self.input.random_access

    @property
    def label(self) -> str:
        """The call that made it."""
        by = "" if self.run == 1 else f", run={self.run}"
        return f"shard({self.num_shards}, {self.index}{by})"

    def open(self, env: Env, state: State | None) -> Cursor:
        """Count from 0, or from where the state stands."""
        return ShardCursor(self, resume(self.input, env, state["input"] if state else None), state)


class ShardCursor:
    """State: the number of the next element that comes in, modulo that of a whole round."""

    def __init__(self, node: Shard, source: Cursor, state: State | None) -> None:
        self._run = node.run
        self._round = node.num_shards * node.run
        self._start = node.index * node.run
        self._source = source
        self._at = int(state["at"]) if state else 0

    def next(self, limit: int) -> Block | None:
        """Ask for whole rounds, and take what is ours."""
        while (block := self._source.next(self._wanted(limit))) is not None:
            numbers = np.arange(self._at - self._start, self._at - self._start + len(block))
            self._at = (self._at + len(block)) % self._round
            ours = np.flatnonzero(numbers % self._round < self._run)
            if len(ours) == len(block):
                return block
            if len(ours):
                return block.take(ours)
        return None

    def _wanted(self, limit: int) -> int:
        """How many may come in, so that no more than `limit` of them are ours."""
        if limit >= self._run:
            return limit // self._run * self._round
        ahead = (self._start - self._at) % self._round
        inside = (self._at - self._start) % self._round
        return min(limit, self._run - inside) if inside < self._run else ahead + limit

    def state(self) -> State:
        """A number and the input's state."""
        return {"at": self._at, "input": self._source.state()}

    def close(self) -> None:
        """Close the input."""
        self._source.close()
