"""What an expression reads of a block as columns, whatever form the block has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headwater.core.errors import DataError
from headwater.core.spec import Block as Struct
from headwater.core.spec import Column, Spec
from headwater.data.block import Block, Columns, Items
from headwater.data.origin import described
from headwater.data.stack import stack


class Columnar:
    """Gives the columns `names` of each block of one run, and refuses rows of another type than the first."""

    def __init__(self, names: tuple[str, ...], *, operator: str) -> None:
        self._names = names
        self._operator = operator
        self._first: Spec | None = None

    def __call__(self, block: Block) -> Struct:
        """All columns as they are, or of elements those that are read, stacked."""
        if isinstance(block, Columns):
            return block.columns
        columns = self._stacked(block)
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

    def _stacked(self, items: Items) -> dict[str, Column]:
        first = items.values[0]
        if not isinstance(first, Mapping) or not set(self._names) <= first.keys():
            return stack(items, operator=self._operator)  # the expression will say what it misses
        columns = {}
        for name in self._names:
            try:
                values = [element[name] for element in items.values]
            except (KeyError, TypeError, IndexError):
                return stack(items, operator=self._operator)  # which tells the element that has it not
            texts = _texts(values)
            if texts is None:
                texts = stack(Items([{name: it} for it in values], items.positions), operator=self._operator)[
                    name
                ]
            columns[name] = texts
        return columns


def _texts(values: list[Any]) -> Any:
    """An Arrow column of texts or bytes of which some are missing; None for anything else."""
    kinds = set(map(type, values))
    if type(None) not in kinds or len(kinds) > 2 or not kinds <= {str, bytes, type(None)}:
        return None
    import pyarrow as pa

    return pa.array(values, pa.binary() if bytes in kinds else pa.string())
