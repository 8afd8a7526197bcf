"""Memory of whole batches, written into by several hands at once and used again when nobody looks at it.

Joining the parts of a batch would copy it once more, and fresh memory costs a page fault per 4 KB.
"""

from __future__ import annotations

import contextlib
import math
import mmap
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from headwater.data.block import Block, Columns, Items, as_columns
from headwater.data.stack import stack

Rows: TypeAlias = dict[str, NDArray[Any]]

_WORTH_BYTES = 1_024  # below, joining is cheaper than keeping account
_KEPT = 8


@dataclass(frozen=True)
class Layout:
    """Type and shape of a row's wide columns."""

    columns: tuple[tuple[str, np.dtype[Any], tuple[int, ...]], ...]

    @staticmethod
    def of(block: Block) -> Layout | None:
        """The layout of rows such as these; None if they are narrow, or do not stack."""
        columns = block.columns if isinstance(block, Columns) else _first_row(block)
        wide = tuple(
            (name, column.dtype, column.shape[1:])
            for name, column in columns.items()
            if isinstance(column, np.ndarray) and column[:1].nbytes >= _WORTH_BYTES
        )
        return Layout(wide) if wide else None


class Slabs:
    """Slabs of one layout, used in turn.

    Whoever holds a row holds the array it is a view of: numpy leads a view's `base` back to the first one over
    a foreign buffer, and torch and DLPack hold the view. So memory whose array is gone is free.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self._kept: list[tuple[mmap.mmap, weakref.ref[NDArray[Any]]]] = []

    def take(self, num_rows: int) -> Rows:
        """Memory for `num_rows` rows, whose content is arbitrary."""
        return {name: self._array(dtype, (num_rows, *shape)) for name, dtype, shape in self.layout.columns}

    def _array(self, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
        size_bytes = dtype.itemsize * math.prod(shape)
        free = (kept for kept, held in self._kept if held() is None)
        memory = next((kept for kept in free if size_bytes <= len(kept) <= 2 * size_bytes), None)
        if memory is None:
            memory = _fresh(size_bytes)
        array: NDArray[Any] = np.ndarray(shape, dtype, buffer=memory)
        rest = [(kept, held) for kept, held in self._kept if kept is not memory]
        self._kept = [*rest[-_KEPT + 1 :], (memory, weakref.ref(array))]
        return array


def _fresh(size_bytes: int) -> mmap.mmap:
    # Private, not Python's default of shared: its huge pages take a third of the time at first touch.
    memory = mmap.mmap(-1, max(1, size_bytes), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel without them
            memory.madvise(mmap.MADV_HUGEPAGE)
    return memory


def cut(rows: Rows, start: int, stop: int) -> Rows:
    """The rows from `start` up to `stop`, sharing memory."""
    return {name: array[start:stop] for name, array in rows.items()}


def fit(block: Block, rows: Rows) -> Block:
    """Write the wide columns of `block` into `rows`; the block itself, untouched, if one does not fit."""
    columns = block.columns if isinstance(block, Columns) else _stacked(block, rows)
    if columns is None or any(not _fits(columns.get(name), array) for name, array in rows.items()):
        return block
    for name, array in rows.items():
        if columns[name] is not array:
            np.copyto(array, columns[name])
    return Columns({name: rows.get(name, column) for name, column in columns.items()}, block.positions)


def _fits(column: Any, array: NDArray[Any]) -> bool:
    return isinstance(column, np.ndarray) and column.dtype == array.dtype and column.shape == array.shape


def _stacked(items: Items, rows: Rows) -> dict[str, Any] | None:
    """The columns of items; wide arrays go straight to their rows, the rest is stacked."""
    elements = [as_columns(value) for value in items.values]
    for name, array in rows.items():
        for at, element in enumerate(elements):
            value = element.get(name)
            if (
                not isinstance(value, np.ndarray)
                or value.dtype != array.dtype
                or value.shape != array.shape[1:]
            ):
                return None
            array[at] = value
    narrow = [{name: value for name, value in element.items() if name not in rows} for element in elements]
    rest = stack(Items(narrow, items.positions), operator="batch") if narrow and narrow[0] else {}
    names = elements[0] if elements else ()
    return {name: rows[name] if name in rows else rest[name] for name in names}


def _first_row(items: Items) -> Mapping[str, Any]:
    first = as_columns(items.values[0])
    return {name: value[None] for name, value in first.items() if isinstance(value, np.ndarray)}
