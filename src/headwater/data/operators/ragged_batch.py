"""Batches in which rows keep their different lengths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.core.spec import Column
from headwater.data.block import BARE, Block, Columns, Items, as_element
from headwater.data.operators.batch import BySize
from headwater.data.operators.calling import locate
from headwater.data.operators.ragged import names_in, ragged, shown, values_of
from headwater.data.stack import stack


@dataclass(frozen=True, eq=False)
class RaggedBatch(BySize):
    """Batches with an Arrow list array for each ragged column; the others are stacked.

    Ragged are the columns named, or if none are: Arrow list columns, and rows that are lists or arrays of one
    axis. That is decided by what a row is, never by the lengths that happened to meet in a batch.
    """

    operator: ClassVar[str] = "ragged_batch"
    columns: tuple[str, ...] | None = None

    def cut(self, block: Block, size: int) -> Items:
        """Slices of the block's lists where it has them, else new ones."""
        parts = [block.slice(at, at + size) for at in range(0, len(block), size)]
        return Items([as_element(self._columns(part)) for part in parts], block.positions[::size])

    def _columns(self, block: Block) -> dict[str, Column]:
        names = names_in(block, f"{self.operator}({self.size})")
        unknown = [name for name in self.columns or () if name not in names]
        if unknown:
            raise DataError(
                f"there is no column `{unknown[0]}`; what there is: {', '.join(names) or 'nothing'}.",
                where=f".{self.operator}({self.size}), {locate(block, 0)}",
                remedy="Name columns of the elements.",
            )
        return {name: self._column(block, name) for name in names}

    def _column(self, block: Block, name: str) -> Column:
        operator = f"{self.operator}({self.size})"
        column = values_of(block, name, operator)
        if self._is_ragged(name, column):
            return _as_lists(block, name, column, operator)
        if isinstance(block, Columns):
            return block.columns[name]
        values = column if name == BARE else [{name: value} for value in column]
        return stack(Items(list(values), block.positions), operator=operator)[name]

    def _is_ragged(self, name: str, column: Column | list[Any]) -> bool:
        if self.columns is not None:
            return name in self.columns
        if not isinstance(column, list):
            return False  # an Arrow list column stays as it is, a numpy column has rows of one shape
        return isinstance(column[0], list | tuple) or (
            isinstance(column[0], np.ndarray) and column[0].ndim == 1
        )


def _as_lists(block: Block, name: str, column: Column | list[Any], operator: str) -> Column:
    import pyarrow as pa

    if not isinstance(column, list | np.ndarray):
        return column
    if isinstance(column, list) and not all(isinstance(row, np.ndarray) for row in column):
        return _of_python_lists(block, name, column, operator)
    rows = ragged(block, name, operator)
    offsets = np.zeros(len(rows.lengths) + 1, np.int64)
    np.cumsum(rows.lengths, out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), _flat(rows.values))


def _flat(values: Any) -> Any:
    """Numbers as an Arrow array; rows of more axes as fixed-size lists of them."""
    import pyarrow as pa

    if values.ndim == 1:
        return pa.array(values)
    inner = _flat(values.reshape(-1, *values.shape[2:]))
    return pa.FixedSizeListArray.from_arrays(inner, values.shape[1])


def _of_python_lists(block: Block, name: str, column: list[Any], operator: str) -> Column:
    import pyarrow as pa

    try:
        lists = pa.array(column)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise DataError(
            f"{shown(name)} does not become a list array: {str(error).splitlines()[0]}.",
            where=f".{operator}, the {len(column)} elements from {locate(block, 0)}",
            remedy="Give lists of numbers or texts of one type.",
        ) from error
    # Of empty lists alone nothing is known; int64 can be joined with what other batches most likely hold.
    return lists.cast(pa.list_(pa.int64())) if pa.types.is_null(lists.type.value_type) else lists
