"""The same again, each time in the order of its own epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from headwater.core.errors import DataError
from headwater.data.block import Block
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Count, Node, Unary, upstream


@dataclass(frozen=True, eq=False)
class Repeat(Unary):
    """The input `count` times, or without end; shuffles inside draw another order each time."""

    operator: ClassVar[str] = "repeat"
    count: int | None = None

    def __post_init__(self) -> None:
        if self.count is not None and self.count < 0:
            raise DataError(
                "the count is negative.", where=f".{self.label}", remedy="Leave it out to repeat without end."
            )

    @property
    def cardinality(self) -> Count:
        """That of the input, times the count."""
        count = self.input.cardinality
        if count == 0 or self.count == 0:
            return 0
        return None if count is None else math.inf if self.count is None else count * self.count

    def open(self, env: Env, state: State | None) -> Cursor:
        """Begin with epoch 0, or with the state's."""
        return RepeatCursor(self, env, state)


# After a pass without elements all are, unless order or chance decide what is left of one: a `take` behind
# a shuffle and a filter behind both. Then it takes so many in a row.
_MOST_EMPTY = 100


class RepeatCursor:
    """State: the epoch, how many in a row up to this one have given nothing yet, and the input's state."""

    def __init__(self, node: Repeat, env: Env, state: State | None) -> None:
        self._input: Node = node.input
        self._count = math.inf if node.count is None else node.count
        self._most_empty = _MOST_EMPTY if _varies(node.input) else 1
        self._env = env
        self._epoch = state["epoch"] if state else 0
        self._empty = int(state["empty"]) if state else 1
        self._source = resume(self._input, env.within(self._epoch), state["input"] if state else None)

    def next(self, limit: int) -> Block | None:
        """What this epoch has, then the next."""
        while self._epoch < self._count:
            block = self._source.next(limit)
            if block is not None:
                self._empty = 0
                return block
            if self._empty >= self._most_empty or self._epoch + 1 >= self._count:
                return None
            self._source.close()
            self._epoch += 1
            self._empty += 1
            self._source = self._input.open(self._env.within(self._epoch), None)
        return None

    def state(self) -> State:
        """Epoch and input."""
        return {"epoch": self._epoch, "empty": self._empty, "input": self._source.state()}

    def close(self) -> None:
        """Close the input."""
        self._source.close()


def _varies(node: Node) -> bool:
    """Whether one pass over `node` may be empty and the next not."""
    nodes = list(upstream(node))
    numbers = any(getattr(inner, "numbered", False) for inner in nodes)
    chance = numbers or any(hasattr(inner, "seed") for inner in nodes)
    return chance and (numbers or any(inner.fickle for inner in nodes))
