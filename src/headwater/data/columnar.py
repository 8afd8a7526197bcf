"""Rows as columns, whatever form a block has: elements that functions returned are stacked."""

from __future__ import annotations

from headwater.core.errors import DataError
from headwater.core.spec import Block as Struct
from headwater.core.spec import Spec
from headwater.data.block import Block, Columns
from headwater.data.origin import described
from headwater.data.stack import stack


class Columnar:
    """Gives the columns of each block of one run, and refuses rows that are of another type than the first."""

    def __init__(self, operator: str) -> None:
        self._operator = operator
        self._first: Spec | None = None

    def __call__(self, block: Block) -> Struct:
        """The columns as they are, or the elements stacked."""
        if isinstance(block, Columns):
            return block.columns
        columns = stack(block, operator=self._operator)
        spec = Spec.of(columns)
        # Else a type would depend on which rows came together, and no two runs would be alike.
        if self._first is not None and spec != self._first:
            raise DataError(
                f"it is given {spec}, but before {self._first}.",
                where=f".{self._operator}, {len(block):,} rows from {described(int(block.positions[0]))}",
                remedy="Every row needs the same columns, types and shapes: convert with .astype(...).",
            )
        self._first = spec
        return columns
