"""Batches of other sizes, made of batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import Block, Columns, Items, as_element
from headwater.data.carry import Carry
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.graph import Count, Unary
from headwater.data.operators.unbatch import Unbatch, UnbatchCursor


@dataclass(frozen=True, eq=False)
class Rebatch(Unary):
    """The rows of the batches in batches of `sizes`, one after the other and from the first again."""

    operator: ClassVar[str] = "rebatch"
    sizes: tuple[int, ...]
    drop_remainder: bool = False

    def __post_init__(self) -> None:
        if not self.sizes or min(self.sizes) < 1:
            raise DataError(
                "a batch holds at least 1 element.",
                where=f".{self.label}",
                remedy="Give a size, or a list of sizes that take turns.",
            )

    @property
    def label(self) -> str:
        """The call that made it."""
        sizes: Any = self.sizes[0] if len(self.sizes) == 1 else list(self.sizes)
        return f"rebatch({sizes}{', drop_remainder=True' if self.drop_remainder else ''})"

    @property
    def cardinality(self) -> Count:
        """Unknown, unless nothing comes in."""
        return 0 if self.input.cardinality == 0 else None

    @property
    def depth(self) -> int:
        """As the input's, which are batches too."""
        return max(1, self.input.depth)

    def open(self, env: Env, state: State | None) -> Cursor:
        """Begin at the row and with the size of the state."""
        rows = resume(_Views(self.input), env, state["rows"] if state else None)
        return RebatchCursor(self, rows, state["turn"] if state else 0)


@dataclass(frozen=True, eq=False)
class _Views(Unbatch):
    """The rows of each batch as the view it is: they are copied once, into the batch that they end in."""

    operator: ClassVar[str] = "rebatch"

    def open(self, env: Env, state: State | None) -> Cursor:
        source = resume(self.input, env, state["input"] if state else None)
        return UnbatchCursor(source, state["row"] if state else 0, self.operator, joins=False)


class RebatchCursor:
    """State: that of the rows, and whose turn it is among the sizes."""

    def __init__(self, node: Rebatch, rows: Cursor, turn: int) -> None:
        self._sizes = node.sizes
        self._drop = node.drop_remainder
        self._carry = Carry(rows)
        self._turn = turn

    def next(self, limit: int) -> Block | None:
        """Each batch a view of the one it comes from, or one copy of several."""
        batches: list[Block] = []
        sizes = [self._sizes[(self._turn + i) % len(self._sizes)] for i in range(limit)]
        left = sum(sizes)
        for size in sizes:
            while self._carry.held < size and self._carry.pull(left - self._carry.held):
                pass
            left -= size
            held = self._carry.held
            if held < size and (self._drop or not held):
                break
            batches.append(self._carry.take(min(size, held)))
        self._turn = (self._turn + len(batches)) % len(self._sizes)
        return _as_items(batches) if batches else None

    def state(self) -> State:
        """Rows and turn."""
        return {"rows": self._carry.state(), "turn": self._turn}

    def close(self) -> None:
        """Close the input."""
        self._carry.close()


def _as_items(batches: list[Block]) -> Items:
    elements = [as_element(batch.columns) for batch in batches if isinstance(batch, Columns)]
    return Items(elements, np.array([batch.positions[0] for batch in batches], np.int64))
