"""Token sequences as they come in: flat arrays, a block at a time, and the state before each block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import DataError
from headwater.data.block import BARE, Block, Columns, Positions
from headwater.data.cursor import Cursor, State, later
from headwater.data.operators.calling import locate
from headwater.data.operators.padding import holds
from headwater.data.operators.ragged import Ragged, ragged, shown

_OPERATOR = "pack"


@dataclass(frozen=True, slots=True)
class Reading:
    """Which column has the tokens, how many a sequence may have, and what to do with more."""

    column: str | None
    most: int | None
    truncate: bool
    end_token: int | None
    padding: int


@dataclass(slots=True)
class Piece:
    """Some sequences, one after the other; sequence i ends before token ``stops[i]``."""

    before: State
    values: NDArray[Any]
    stops: NDArray[np.int64]
    positions: Positions

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each sequence begins."""
        return np.concatenate([[0], self.stops[:-1]])

    def at(self, token: int) -> tuple[State, int]:
        """The state before the sequence with this token, and the token's place in it."""
        number = int(np.searchsorted(self.stops, token, side="right"))
        return later(self.before, number), token - (int(self.stops[number - 1]) if number else 0)


class Documents:
    """The sequences of a cursor, in pieces of about as many tokens as asked for."""

    def __init__(self, source: Cursor, reading: Reading) -> None:
        self._source = source
        self._reading = reading
        self._mean = float(reading.most or 1)  # tokens to a sequence, as far as seen
        self._dtype: np.dtype[Any] | None = None

    def pull(self, num_tokens: int) -> Piece | None:
        """The next sequences; one at least, which may be empty."""
        before = self._source.state()
        block = self._source.next(max(1, int(num_tokens / self._mean)))
        if block is None:
            return None
        name = self._name(block)
        rows = self._ended(self._cut(self._checked(ragged(block, name, _OPERATOR), block, name), block, name))
        self._mean = max(1.0, len(rows.values) / len(rows.lengths))
        return Piece(before, rows.values, np.cumsum(rows.lengths), block.positions)

    def state(self) -> State:
        """That of the source."""
        return self._source.state()

    def close(self) -> None:
        """Close the source."""
        self._source.close()

    def _name(self, block: Block) -> str:
        if self._reading.column is not None:
            return self._reading.column
        first: Any = block.columns if isinstance(block, Columns) else block.values[0]
        names = list(first) if isinstance(first, Mapping) else [BARE]
        if len(names) != 1:
            raise DataError(
                f"elements have the columns {names}.",
                where=f".{_OPERATOR}",
                remedy=f"Say which has the tokens: column={names[0]!r}.",
            )
        return names[0]

    def _checked(self, rows: Ragged, block: Block, name: str) -> Ragged:
        """One type for all; that of nothing but empty lists does not count."""
        where = f".{_OPERATOR}, {locate(block, 0)}"
        if not len(rows.values):
            return Ragged(np.empty(0, self._dtype or np.int64), rows.lengths)
        dtype = rows.values.dtype
        if rows.values.ndim != 1 or dtype != (self._dtype or dtype):
            shape = ["*", *rows.values.shape[1:]]
            raise DataError(
                f"{shown(name)} is {dtype}{shape}, where {self._dtype or 'a number per token'} is wanted.",
                where=where,
                remedy="Give sequences of one axis and one type: convert in a .map() before.",
            )
        self._dtype = dtype
        for value in (self._reading.end_token, self._reading.padding):
            if value is not None and not holds(dtype, value):
                raise DataError(
                    f"{shown(name)} is {dtype}, which cannot hold {value}.",
                    where=where,
                    remedy="Choose another end_token or padding_value, or convert the tokens before.",
                )
        return rows

    def _cut(self, rows: Ragged, block: Block, name: str) -> Ragged:
        reading = self._reading
        if reading.most is None:
            return rows
        most = reading.most - (reading.end_token is not None)
        if int(rows.lengths.max(initial=0)) <= most:
            return rows
        if not reading.truncate:
            at = int(np.argmax(rows.lengths > most))
            raise DataError(
                f"{shown(name)} has {rows.lengths[at]:,} tokens, and a row holds {most:,}.",
                where=f".{_OPERATOR}, {locate(block, at)}",
                remedy="Pass truncate=True, split it with how='concat', or drop it with .filter().",
            )
        starts = np.cumsum(rows.lengths) - rows.lengths
        places = np.arange(len(rows.values)) - np.repeat(starts, rows.lengths)
        return Ragged(rows.values[places < most], np.minimum(rows.lengths, most))

    def _ended(self, rows: Ragged) -> Ragged:
        end = self._reading.end_token
        if end is None:
            return rows
        return Ragged(np.insert(rows.values, np.cumsum(rows.lengths), end), rows.lengths + 1)
