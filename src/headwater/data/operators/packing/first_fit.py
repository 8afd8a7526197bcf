"""Sequences whole, each into the first of several rows that has room for it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.data.block import Block, Columns
from headwater.data.cursor import State, later
from headwater.data.operators.packing.documents import Documents, Piece
from headwater.data.operators.packing.rows import packed


class FirstFitCursor:
    """Once a sequence fits into none of the rows, all are given, and it begins the next set of rows.

    State: that of the input before the first sequence of the set, and how many rows of the set were given.
    """

    def __init__(self, documents: Documents, length: int, *, num_bins: int, padding: int, given: int) -> None:
        self._documents = documents
        self._length = length
        self._num_bins = num_bins
        self._padding = padding
        self._given = given
        self._ready: Columns | None = None
        self._piece: Piece | None = None
        self._next = 0  # the first sequence of the piece that is in no set yet
        self._before: State | None = None  # that of the set at work or being given

    def next(self, limit: int) -> Block | None:
        """Rows of the set that is full; then of the next."""
        while self._ready is None:
            self._ready = self._fill()
            if self._ready is None:
                return None
            if self._given >= len(self._ready):  # only if the data are not those of the state
                self._let_go()
        block = self._ready.slice(self._given, self._given + limit)
        self._given += len(block)
        if self._given == len(self._ready):
            self._let_go()
        return block

    def state(self) -> State:
        """The set that the next row is of."""
        return {"input": self._start() if self._ready is None else self._before, "given": self._given}

    def close(self) -> None:
        """Close the input."""
        self._documents.close()

    def _let_go(self) -> None:
        self._ready, self._given = None, 0

    def _start(self) -> State:
        """From where the next set is read."""
        if self._piece is None or self._next == len(self._piece.stops):
            return self._documents.state()
        return later(self._piece.before, self._next)

    def _fill(self) -> Columns | None:
        """One set of rows; None at the end."""
        self._before = self._start()
        rows = _Set(self._num_bins, self._length)
        while True:
            if self._piece is None or self._next == len(self._piece.stops):
                self._piece = self._documents.pull(self._num_bins * self._length)
                self._next = 0
                if self._piece is None:
                    return rows.made(self._padding)
            self._next = rows.place(self._piece, self._next)
            if self._next < len(self._piece.stops):
                return rows.made(self._padding)


class _Set:
    """Rows that fill up together."""

    def __init__(self, num_bins: int, length: int) -> None:
        self._length = length
        self._free = np.full(num_bins, length)
        self._bins: list[int] = []
        self._parts: list[tuple[Piece, int, int]] = []

    def place(self, piece: Piece, first: int) -> int:
        """Place sequences from number `first` on; return how many are placed, counted from the first of all."""
        free, bins = self._free, self._bins
        lengths = np.diff(piece.stops, prepend=0)[first:].tolist()
        number = first
        for length in lengths:
            chosen = int((free >= length).argmax())
            if free[chosen] < length:
                break
            free[chosen] -= length
            bins.append(chosen)
            number += 1
        if number > first:
            self._parts.append((piece, first, number))
        return number

    def made(self, padding: int) -> Columns | None:
        """The rows with anything in them; None if there is nothing."""
        values, lengths, origins, bins = self._joined()
        if not len(values):
            return None
        order = np.argsort(bins, kind="stable")
        of_bin, sizes = bins[order], lengths[order]
        heads = np.searchsorted(of_bin, of_bin)  # the first sequence of each one's row
        ends = np.cumsum(sizes)
        in_row = (ends - sizes) - (ends - sizes)[heads]
        to = np.empty_like(lengths)
        number = np.empty(len(order), np.int32)
        to[order] = of_bin * self._length + in_row
        number[order] = np.arange(len(order)) - heads + 1
        firsts = np.flatnonzero(heads == np.arange(len(order)))
        return self._written(values, lengths, to, number, origins[order[firsts]], padding)

    def _written(
        self, values: NDArray[Any], lengths: Any, to: Any, number: Any, origins: Any, padding: int
    ) -> Columns:
        shape = (len(origins), self._length)
        size = shape[0] * shape[1]
        tokens = np.full(size, padding, values.dtype)
        segment_ids, positions = np.zeros(size, np.int32), np.zeros(size, np.int32)
        places = np.arange(max(lengths), dtype=np.int32)
        start = 0
        for length, begin, segment in zip(lengths.tolist(), to.tolist(), number.tolist()):
            tokens[begin : begin + length] = values[start : start + length]
            segment_ids[begin : begin + length] = segment
            positions[begin : begin + length] = places[:length]
            start += length
        return packed(tokens.reshape(shape), segment_ids.reshape(shape), positions.reshape(shape), origins)

    def _joined(self) -> tuple[NDArray[Any], NDArray[np.int64], Any, Any]:
        """Tokens, lengths, origins and rows of the sequences that have tokens."""
        if not self._parts:
            nothing = np.empty(0, np.int64)
            return nothing, nothing, nothing, nothing
        values, lengths, origins = [], [], []
        for piece, first, last in self._parts:
            starts = piece.starts[first:last]
            stops = piece.stops[first:last]
            values.append(piece.values[starts[0] : stops[-1]])
            lengths.append(stops - starts)
            origins.append(piece.positions[first:last])
        sizes = np.concatenate(lengths)
        filled = sizes > 0
        bins = np.array(self._bins, np.int64)[filled]
        return (
            np.concatenate([it for it in values if len(it)] or values),
            sizes[filled],
            np.concatenate(origins)[filled],
            bins,
        )
