"""What a block holds: the name, dtype and row shape of each column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow as pa

    Column: TypeAlias = NDArray[Any] | pa.Array
else:
    Column: TypeAlias = Any

Block: TypeAlias = Mapping[str, Column]
"""Rows that the engine moves together: columns of equal length, numpy where the width is fixed,
Arrow arrays for strings, bytes and nested values."""


@dataclass(frozen=True)
class ColumnSpec:
    """The kind of one column: a numpy dtype (or ``"bytes"``, ``"string"`` for Arrow) and a row shape."""

    dtype: str
    shape: tuple[int, ...] = ()

    def __str__(self) -> str:
        return self.dtype + (str(list(self.shape)) if self.shape else "")


@dataclass(frozen=True)
class Spec(Mapping[str, ColumnSpec]):
    """The columns of a block, in order.

    >>> Spec.of({"x": np.zeros((4, 13), np.float32), "y": np.zeros(4, np.int8)})
    Spec(x: float32[13], y: int8)
    """

    columns: tuple[tuple[str, ColumnSpec], ...]

    @staticmethod
    def of(block: Block) -> Spec:
        """Return the spec of `block`."""
        return Spec(tuple((name, _column_spec(column)) for name, column in block.items()))

    def __getitem__(self, name: str) -> ColumnSpec:
        return dict(self.columns)[name]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __repr__(self) -> str:
        return f"Spec({', '.join(f'{name}: {column}' for name, column in self.columns)})"


def _column_spec(column: Column) -> ColumnSpec:
    if isinstance(column, np.ndarray):
        return ColumnSpec(str(column.dtype), column.shape[1:])
    return ColumnSpec(str(column.type))


def num_rows(block: Block) -> int:
    """Return how many rows `block` holds; a block without columns has none."""
    return next((len(column) for column in block.values()), 0)
