"""Sequences one after the other, cut every `length` tokens."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.data.block import Block, Columns, Positions
from headwater.data.cursor import State
from headwater.data.operators.packing.documents import Documents, Piece
from headwater.data.operators.packing.rows import packed, segments


class ConcatCursor:
    """State: that of the input before the sequence of the next token, and the token's place in it."""

    def __init__(self, documents: Documents, length: int, *, padding: int, drops: bool, offset: int) -> None:
        self._documents = documents
        self._length = length
        self._padding = padding
        self._drops = drops
        self._pieces: deque[Piece] = deque()
        self._used = offset  # tokens of the first piece that were given
        self._held = -offset

    def next(self, limit: int) -> Block | None:
        """Rows of what is held: slices of it, or one copy where it came in several pieces."""
        length = self._length
        while self._held < limit * length:
            piece = self._documents.pull(limit * length - self._held)
            if piece is None:
                return self._rest(limit)
            if len(piece.values):
                self._pieces.append(piece)
                self._held += len(piece.values)
        return self._rows(limit)

    def state(self) -> State:
        """The sequence that the next row begins in."""
        if not self._pieces:
            return {"input": self._documents.state(), "offset": self._used}
        before, offset = self._pieces[0].at(self._used)
        return {"input": before, "offset": offset}

    def close(self) -> None:
        """Close the input."""
        self._documents.close()

    def _rest(self, limit: int) -> Block | None:
        count = min(limit, self._held // self._length)
        if count > 0:
            return self._rows(count)
        if self._held <= 0 or self._drops:
            return None
        num_tokens = self._held
        row = self._rows(1, num_tokens)
        missing = self._length - num_tokens
        fills = {"tokens": self._padding, "segment_ids": 0, "positions": 0}
        columns: dict[str, Any] = {
            name: np.pad(row.columns[name], ((0, 0), (0, missing)), constant_values=value)
            for name, value in fills.items()
        }
        return Columns(columns, row.positions)

    def _rows(self, count: int, num_tokens: int | None = None) -> Columns:
        """The next rows; with `num_tokens` the one that is short."""
        length = self._length if num_tokens is None else num_tokens
        tokens, starts, origins = self._take(count * length)
        shape = (count, length)
        segment_ids, places = segments(len(tokens), starts, length)
        begin = np.searchsorted(starts, np.arange(count) * length, side="right") - 1
        return packed(tokens.reshape(shape), segment_ids.reshape(shape), places.reshape(shape), origins[begin])

    def _take(self, count: int) -> tuple[NDArray[Any], NDArray[np.int64], Positions]:
        """The first tokens held, where sequences begin among them, and where those are from."""
        values, starts, origins, left = [], [], [], count
        while left:
            piece = self._pieces[0]
            used, stop = self._used, min(len(piece.values), self._used + left)
            first, last = np.searchsorted(piece.stops, [used, stop - 1], side="right")
            values.append(piece.values[used:stop])
            starts.append(np.maximum(piece.starts[first : last + 1], used) - used + count - left)
            origins.append(piece.positions[first : last + 1])
            left -= stop - used
            self._used = stop
            if stop == len(piece.values):
                self._pieces.popleft()
                self._used = 0
        self._held -= count
        tokens = values[0] if len(values) == 1 else np.concatenate(values)
        return tokens, np.concatenate(starts), np.concatenate(origins)
