"""The step of a function that writes rows: columns for a whole block, filled element by element."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headwater.data.block import BARE, Block, Columns, Items
from headwater.data.draws import Draws
from headwater.data.function import Function
from headwater.data.operators.calling import call_each
from headwater.data.rows import Memory, Rows, RowWriter


def writes(function: Function) -> bool:
    """Whether the function follows `RowWriter`."""
    return isinstance(function.call, RowWriter)


class Writing:
    """A block through a `RowWriter`; several threads may be in it at once."""

    def __init__(self, function: Function, operator: str) -> None:
        self._function = function
        self._operator = operator
        writer: Any = function.call
        self._write, self._consumed = writer.write, (*writer.consumes, BARE)
        self.memory = Memory(writer.spec())

    def __call__(self, block: Block, *draws: list[Draws]) -> Block:
        """The block in memory of its own."""
        return self.into(self.memory.rows(len(block)), block, *draws)

    def into(self, rows: Rows, block: Block, *draws: list[Draws]) -> Block:
        """The block in `rows`, which are as many as it has elements.

        A part of a block may be written into that part of the rows of the whole.
        """
        elements = block.elements()
        views = [dict(zip(rows, row)) for row in zip(*rows.values())]
        call_each(self._function, elements, block, self._operator, views, *draws, call=self._write)
        if isinstance(block, Columns):
            return Columns({**self._rest(block.columns), **rows}, block.positions)
        return Items([{**self._rest(given), **row} for given, row in zip(elements, views)], block.positions)

    def _rest(self, given: Any) -> dict[str, Any]:
        """What of a row or a block's columns stays as it is; of plain values, nothing."""
        if not isinstance(given, Mapping):
            return {}
        return {name: value for name, value in given.items() if name not in self._consumed}
