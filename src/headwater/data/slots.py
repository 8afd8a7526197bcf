"""Where the elements of a shuffle wait: each in a slot, with the time at which it is due."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.core.spec import Column
from headwater.data.block import Block, Columns, Items, alike

Index = NDArray[np.intp]


class Slots:
    """Rows are written into free slots column by column, and gathered from there when they are due."""

    def __init__(self) -> None:
        self._due = np.empty(0)
        self._place = np.empty(0)
        self._free: Index = np.empty(0, np.intp)
        self._store: _Arrays | _List | None = None

    def put(self, block: Block, due: NDArray[np.float64], places: NDArray[np.float64]) -> None:
        """Let a block wait; `places` settle the order of elements that are due at the same time."""
        if self._store is None:
            self._store = _Arrays(block) if isinstance(block, Columns) else _List()
        elif isinstance(self._store, _Arrays) and not self._store.fits(block):
            self._store = self._store.as_list()
        if len(block) > len(self._free):
            self._grow(max(len(self._due), len(block)))
        at, self._free = self._free[: len(block)], self._free[len(block) :]
        self._store.put(at, block)
        self._due[at] = due
        self._place[at] = places

    def pop_until(self, time: float) -> Block | None:
        """Take out what is due before `time`, ordered by when."""
        at = np.flatnonzero(self._due < time)
        if not at.size or self._store is None:
            return None
        at = at[_order(self._due[at], self._place[at])]
        block = self._store.take(at)
        self._due[at] = np.inf
        self._free = np.concatenate([self._free, at])
        return block

    def _grow(self, more: int) -> None:
        size = len(self._due)
        self._due = np.concatenate([self._due, np.full(more, np.inf)])
        self._place = np.concatenate([self._place, np.zeros(more)])
        self._free = np.concatenate([self._free, np.arange(size, size + more)])
        if self._store is not None:
            self._store.grow(size + more)


def _order(due: NDArray[np.float64], place: NDArray[np.float64]) -> Index:
    """Sort by time; by place only if times tie, for that costs four times as much."""
    order = np.argsort(due)
    ordered = due[order]
    if (ordered[1:] == ordered[:-1]).any():
        return np.lexsort((place, due))
    return order


class _Arrays:
    """Slots of columns. Arrow columns wait as Python objects, for Arrow has no random writes."""

    def __init__(self, like: Columns) -> None:
        self._like = like.slice(0, 0)
        self._types = {name: getattr(column, "type", None) for name, column in like.columns.items()}
        self._columns = {name: _empty(column) for name, column in like.columns.items()}
        self._positions = np.empty(0, np.int64)

    def fits(self, block: Block) -> bool:
        """Whether a block has the columns that wait here; where several inputs came together it may not."""
        return isinstance(block, Columns) and alike(self._like, block)

    def as_list(self) -> _List:
        """The same as single elements."""
        waiting = self.take(np.arange(len(self._positions)))
        store = _List()
        store.grow(len(waiting))
        store.put(np.arange(len(waiting)), waiting)
        return store

    def grow(self, size: int) -> None:
        self._columns = {name: _longer(column, size) for name, column in self._columns.items()}
        self._positions = _longer(self._positions, size)

    def put(self, at: Index, block: Block) -> None:
        assert isinstance(block, Columns)  # noqa: S101 - one operator gives one form
        for name, column in block.columns.items():
            self._columns[name][at] = column if isinstance(column, np.ndarray) else _objects(column.to_pylist())
        self._positions[at] = block.positions

    def take(self, at: Index) -> Columns:
        columns = {name: self._taken(name, column, at) for name, column in self._columns.items()}
        return Columns(columns, self._positions[at])

    def _taken(self, name: str, column: NDArray[Any], at: Index) -> Column:
        values = column.take(at, axis=0)
        if self._types[name] is None:
            return values
        import pyarrow as pa

        return pa.array(values.tolist(), self._types[name])


class _List:
    """Slots of any objects."""

    def __init__(self) -> None:
        self._values: list[Any] = []
        self._positions = np.empty(0, np.int64)

    def grow(self, size: int) -> None:
        self._values += [None] * (size - len(self._values))
        self._positions = _longer(self._positions, size)

    def put(self, at: Index, block: Block) -> None:
        for slot, value in zip(at.tolist(), block.elements()):
            self._values[slot] = value
        self._positions[at] = block.positions

    def take(self, at: Index) -> Items:
        values, slots = self._values, at.tolist()
        taken = [values[slot] for slot in slots]
        for slot in slots:
            values[slot] = None  # a large element must not live on in a free slot
        return Items(taken, self._positions[at])


def _empty(column: Column) -> NDArray[Any]:
    if isinstance(column, np.ndarray):
        return np.empty((0, *column.shape[1:]), column.dtype)
    return np.empty(0, object)


def _longer(array: NDArray[Any], size: int) -> NDArray[Any]:
    longer = np.empty((size, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer


def _objects(values: list[Any]) -> NDArray[Any]:
    objects = np.empty(len(values), object)
    for at, value in enumerate(values):
        objects[at] = value
    return objects
