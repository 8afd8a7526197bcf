"""The rows of batches, one by one again."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import DataError
from headwater.core.spec import Column, Spec
from headwater.data.block import BARE, Block, Columns, Items, Positions
from headwater.data.cursor import Cursor, Env, State, later, resume
from headwater.data.graph import Count, Unary
from headwater.data.operators.calling import locate
from headwater.data.operators.ragged import lengths_of, names_in, shown, values_of
from headwater.data.stack import stack


@dataclass(frozen=True, eq=False)
class Unbatch(Unary):
    """Every row of every batch; the rows of all batches have one type and shape."""

    operator: ClassVar[str] = "unbatch"

    @property
    def cardinality(self) -> Count:
        """Unknown, unless nothing comes in."""
        return 0 if self.input.cardinality == 0 else None

    @property
    def depth(self) -> int:
        """One less than the input's."""
        return max(0, self.input.depth - 1)

    def open(self, env: Env, state: State | None) -> Cursor:
        """Begin with the batch, and the row in it, of the state."""
        source = resume(self.input, env, state["input"] if state else None)
        return UnbatchCursor(source, state["row"] if state else 0, self.operator)


class UnbatchCursor:
    """State: that of the input before the batch of the next row, and how many rows of it were given.

    Batches are joined, so that what follows sees large blocks; with `joins` off each comes as the view it is.
    """

    def __init__(self, source: Cursor, row: int, operator: str, *, joins: bool = True) -> None:
        self._source = source
        self._split = Split(operator)
        self._joins = joins
        self._before: State = {}
        self._pieces: deque[Columns] = deque()
        self._stops: list[int] = []  # of every batch at hand, in rows since `before`
        self._given = 0
        self._used = self._skip = row  # rows given of the first piece
        self._mean_rows = 1.0

    def next(self, limit: int) -> Block | None:
        """Rows of the batches at hand; then of about as many batches as hold `limit` rows."""
        while not self._pieces:
            if not self._pull(limit):
                return None
        piece = self._pieces[0]
        block = piece.slice(self._used, self._used + limit)
        self._given += len(block)
        self._used += len(block)
        if self._used == len(piece):
            self._pieces.popleft()
            self._used = 0
        return block

    def state(self) -> State:
        """The batch that the next row is in."""
        if not self._pieces:
            return {"input": self._source.state(), "row": self._skip}
        batch = bisect_right(self._stops, self._given)
        first = self._stops[batch - 1] if batch else 0
        return {"input": later(self._before, batch), "row": self._given - first}

    def close(self) -> None:
        """Close the input."""
        self._source.close()

    def _pull(self, limit: int) -> bool:
        before = self._source.state()
        block = self._source.next(max(1, int(limit / self._mean_rows)))
        if block is None:
            return False
        pieces, lengths = self._split(block)
        self._before, self._stops = before, np.cumsum(lengths).tolist()
        self._pieces = deque([Columns.join(pieces)] if pieces and self._joins else pieces)
        self._given = self._used = self._skip
        self._skip = 0
        self._mean_rows = max(1.0, float(lengths.mean()))
        return True


class Split:
    """From a block of batches to their rows; remembers the first one's types, which all must have."""

    def __init__(self, operator: str) -> None:
        self._operator = operator
        self._kinds: dict[str, Any] = {}

    def __call__(self, block: Block) -> tuple[list[Columns], NDArray[np.int64]]:
        """The rows of each batch that has any (or of several at once), and how many each batch has."""
        names = names_in(block, self._operator)
        columns = {name: values_of(block, name, self._operator) for name in names}
        lengths = self._lengths(columns, block)
        if not lengths.any():
            return [], lengths
        if isinstance(block, Columns):
            rows = {name: _flattened(column) for name, column in columns.items()}
            return [self._piece(rows, np.repeat(block.positions, lengths), block, 0)], lengths
        positions = np.repeat(block.positions, lengths)
        pieces, start = [], 0
        for at, count in enumerate(lengths.tolist()):
            if count:
                rows = {name: self._column(column[at], block, at) for name, column in columns.items()}
                pieces.append(self._piece(rows, positions[start : start + count], block, at))
                start += count
        return pieces, lengths

    def _lengths(self, columns: dict[str, Any], block: Block) -> NDArray[np.int64]:
        found: dict[str, NDArray[np.int64]] = {}
        for name, column in columns.items():
            lengths = found[name] = self._lengths_of(column, name, block)
            first = next(iter(found))
            if (lengths != found[first]).any():
                at = int(np.argmax(lengths != found[first]))
                raise DataError(
                    f"{shown(name)} has {lengths[at]} rows, {shown(first)} has {found[first][at]}.",
                    where=f".{self._operator}, {locate(block, at)}",
                    remedy="All columns of a batch need one length; drop the others in a .map() before.",
                )
        return next(iter(found.values()), np.zeros(len(block), np.int64))

    def _lengths_of(self, column: Any, name: str, block: Block) -> NDArray[np.int64]:
        if not isinstance(column, list):
            return lengths_of(block, name, self._operator)
        for at, batch in enumerate(column):
            if type(batch) is np.ndarray and batch.ndim:
                continue
            if (
                not hasattr(batch, "__len__")
                or isinstance(batch, str | bytes)
                or getattr(batch, "ndim", 1) == 0
            ):
                raise DataError(
                    f"{shown(name)} is a {type(batch).__name__}, which has no rows.",
                    where=f".{self._operator}, {locate(block, at)}",
                    remedy="Unbatch what .batch() made, or elements of which every value is an array or list.",
                )
        return np.fromiter(map(len, column), np.int64, len(column))

    def _column(self, batch: Any, block: Block, at: int) -> Column:
        if type(batch) is np.ndarray:
            return batch
        if isinstance(batch, list | tuple):
            items = Items([{BARE: row} for row in batch], np.repeat(block.positions[at], len(batch)))
            return stack(items, operator=self._operator)[BARE]
        return batch.combine_chunks() if hasattr(batch, "combine_chunks") else batch

    def _piece(self, rows: dict[str, Column], positions: Positions, block: Block, at: int) -> Columns:
        kinds = {name: _kind(column) for name, column in rows.items()}
        self._kinds = self._kinds or kinds
        if kinds != self._kinds:
            raise DataError(
                f"rows here are {Spec.of(rows)}, unlike those of the batches before.",
                where=f".{self._operator}, {locate(block, at)}",
                remedy="Rows need one type and shape: pad all batches to one length (padded_shapes=...), "
                "or use .ragged_batch().",
            )
        return Columns(rows, positions)


def _flattened(column: Column) -> Column:
    if isinstance(column, np.ndarray):
        return column.reshape(column.shape[0] * column.shape[1], *column.shape[2:])
    return column.flatten()


def _kind(column: Column) -> Any:
    return (column.dtype, column.shape[1:]) if isinstance(column, np.ndarray) else column.type
