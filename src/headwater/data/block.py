"""Rows that the engine moves together, in two forms with the same methods.

`Columns` is a struct of arrays; `Items` is a list of elements that are not columns: what a per-element function
returned, or whole batches. `positions` says where in its source each element stands, for error messages.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from headwater.core.spec import Column

BARE = ""
"""The name of the one column of a dataset whose elements are plain values instead of dicts."""

Positions: TypeAlias = NDArray[np.int64]
# Python's own scalars hold these without a change of type on the way back; others stay numpy scalars.
_PLAIN = frozenset(np.dtype(name) for name in ("int64", "float64", "bool"))


@dataclass(slots=True)
class Columns:
    """Equally long columns, numpy or Arrow.

    >>> Columns({"x": np.arange(3)}, np.arange(3)).elements()
    [{'x': 0}, {'x': 1}, {'x': 2}]
    """

    columns: dict[str, Column]
    positions: Positions

    def __len__(self) -> int:
        return len(self.positions)

    def slice(self, start: int, stop: int) -> Columns:
        """The rows from `start` up to `stop`, without a copy."""
        cut = {name: column[start:stop] for name, column in self.columns.items()}
        return Columns(cut, self.positions[start:stop])

    def take(self, index: NDArray[np.intp]) -> Columns:
        """The rows at `index`, in that order, copied."""
        picked = {name: take(column, index) for name, column in self.columns.items()}
        return Columns(picked, self.positions[index])

    def elements(self) -> list[Any]:
        """Each row as a dict, or as a plain value."""
        lists = [_to_list(column) for column in self.columns.values()]
        if BARE in self.columns:
            return lists[0]
        names = tuple(self.columns)
        return [dict(zip(names, row)) for row in zip(*lists)]

    def size_bytes(self) -> int:
        """The bytes that the columns hold."""
        return sum(int(column.nbytes) for column in self.columns.values())

    @staticmethod
    def join(blocks: Sequence[Columns]) -> Columns:
        """One block with the rows of all."""
        if len(blocks) == 1:
            return blocks[0]
        names = blocks[0].columns
        joined = {name: _join([block.columns[name] for block in blocks]) for name in names}
        return Columns(joined, np.concatenate([block.positions for block in blocks]))


@dataclass(slots=True)
class Items:
    """Elements of any kind."""

    values: list[Any]
    positions: Positions

    def __len__(self) -> int:
        return len(self.values)

    def slice(self, start: int, stop: int) -> Items:
        """The elements from `start` up to `stop`."""
        return Items(self.values[start:stop], self.positions[start:stop])

    def take(self, index: NDArray[np.intp]) -> Items:
        """The elements at `index`, in that order."""
        values = self.values
        return Items([values[i] for i in index.tolist()], self.positions[index])

    def elements(self) -> list[Any]:
        """The elements as they are."""
        return self.values

    def size_bytes(self) -> int:
        """About the bytes that the elements hold, judged from the first."""
        return len(self.values) * _element_bytes(self.values[0]) if self.values else 0

    @staticmethod
    def join(blocks: Sequence[Items]) -> Items:
        """One block with the elements of all."""
        if len(blocks) == 1:
            return blocks[0]
        values = [value for block in blocks for value in block.values]
        return Items(values, np.concatenate([block.positions for block in blocks]))


Block: TypeAlias = Columns | Items


def join(blocks: Sequence[Block]) -> Block:
    """One block with the elements of all.

    One operator makes blocks of one form; where several inputs came together they may differ, and joining
    columns of two types would turn one into the other. Then the elements stand as they are.
    """
    if len(blocks) == 1:
        return blocks[0]
    columns = [block for block in blocks if isinstance(block, Columns)]
    if len(columns) == len(blocks) and all(alike(columns[0], block) for block in columns[1:]):
        return Columns.join(columns)
    return Items.join([Items(block.elements(), block.positions) for block in blocks])


def alike(first: Columns, other: Columns) -> bool:
    """Whether two blocks have the same columns, of the same types and shapes."""
    if first.columns.keys() != other.columns.keys():
        return False
    return all(_alike(column, other.columns[name]) for name, column in first.columns.items())


def take(column: Column, index: NDArray[np.intp]) -> Column:
    """The values of `column` at `index`."""
    # numpy's take() is twice as fast as indexing for rows of more than one number, and equal else.
    return column.take(index, axis=0) if isinstance(column, np.ndarray) else column.take(index)


def as_element(columns: dict[str, Column]) -> Any:
    """What the user sees of a struct of arrays: the dict, or the one bare array."""
    return columns.get(BARE, columns)


def as_columns(element: Any) -> dict[str, Any]:
    """The opposite of `as_element`."""
    return dict(element) if isinstance(element, Mapping) else {BARE: element}


def _to_list(column: Column) -> list[Any]:
    if not isinstance(column, np.ndarray):
        return list(column.to_pylist())
    return column.tolist() if column.ndim == 1 and column.dtype in _PLAIN else list(column)


def _alike(first: Column, other: Column) -> bool:
    if isinstance(first, np.ndarray) or isinstance(other, np.ndarray):
        dtypes = getattr(first, "dtype", None), getattr(other, "dtype", None)
        return dtypes[0] == dtypes[1] and first.shape[1:] == other.shape[1:]
    return bool(first.type == other.type)


def _join(columns: list[Column]) -> Column:
    if isinstance(columns[0], np.ndarray):
        return np.concatenate(columns)
    import pyarrow as pa

    return pa.concat_arrays(columns)


def _element_bytes(element: Any) -> int:
    parts = element.values() if isinstance(element, Mapping) else (element,)
    return sum(int(part.nbytes if hasattr(part, "nbytes") else sys.getsizeof(part)) for part in parts)
