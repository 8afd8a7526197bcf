"""The step of a function that writes rows: columns for a whole block, filled element by element."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from headwater.data.block import BARE, Block, Columns, Items
from headwater.data.draws import Draws
from headwater.data.function import Function
from headwater.data.operators.calling import call_each
from headwater.data.parallel.slab import Layout, Slabs
from headwater.data.rows import Rows, RowWriter


def writes(function: Function) -> bool:
    """Whether the function follows `RowWriter`."""
    return isinstance(function.call, RowWriter)


class Writing:
    """A block through a `RowWriter`; several threads may be in it at once.

    A random one gets ``draws(first, count)``, the draws of elements by their number.
    """

    def __init__(
        self, function: Function, operator: str, draws: Callable[[int, int], list[Draws]] | None = None
    ) -> None:
        writer: Any = function.call
        self._function = function
        self._operator = operator
        self._draws = draws
        self._write, self._consumed = writer.write, (*writer.consumes, BARE)
        self._spec = {name: (np.dtype(dtype), tuple(shape)) for name, (dtype, shape) in writer.spec().items()}
        self.layout = Layout(tuple((name, *kind) for name, kind in self._spec.items()))
        self._slabs = Slabs(self.layout)
        self._lock = threading.Lock()

    def __call__(self, block: Block, first: int = 0, /) -> Block:
        """The block in memory of its own."""
        with self._lock:
            rows = self._slabs.take(len(block))
        return self.into(rows, block, first)

    def fits(self, rows: Rows, count: int) -> bool:
        """Whether `rows` are of the types and shapes that the function writes."""
        return rows.keys() == self._spec.keys() and all(
            rows[name].dtype == dtype and rows[name].shape == (count, *shape)
            for name, (dtype, shape) in self._spec.items()
        )

    def into(self, rows: Rows, block: Block, first: int, /) -> Block:
        """The block in `rows`, which are as many as it has elements.

        A part of a block may be written into that part of the rows of the whole.
        """
        elements = block.elements()
        views = [dict(zip(rows, row)) for row in zip(*rows.values())]
        draws = [] if self._draws is None else [self._draws(first, len(elements))]
        call_each(self._function, elements, block, self._operator, views, *draws, call=self._write)
        if isinstance(block, Columns):
            return Columns({**self._rest(block.columns), **rows}, block.positions)
        return Items([{**self._rest(given), **row} for given, row in zip(elements, views)], block.positions)

    def _rest(self, given: Any) -> dict[str, Any]:
        """What of a row or a block's columns stays as it is; of plain values, nothing."""
        if not isinstance(given, Mapping):
            return {}
        return {name: value for name, value in given.items() if name not in self._consumed}
