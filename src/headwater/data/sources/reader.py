"""A stream of Arrow record batches, which can be read once, or again if a function opens it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.data.arrow import columns_of
from headwater.data.block import Block, Columns
from headwater.data.cursor import Cursor, Env, State
from headwater.data.graph import Count, Node


@dataclass(frozen=True, eq=False)
class Reader(Node):
    """The rows of what `open_reader` returns."""

    operator: ClassVar[str] = "from_arrow"
    open_reader: Callable[[], Any]

    @property
    def cardinality(self) -> Count:
        """Known when it has been read."""
        return None

    @property
    def identity(self) -> dict[str, Any]:
        """Nothing: what a stream will bring cannot be known beforehand."""
        return {}

    @property
    def label(self) -> str:
        """Just that it is a stream."""
        return "from_arrow(reader)"

    def open(self, env: Env, state: State | None) -> Cursor:  # noqa: ARG002 - nothing random here
        """Read on; a state is reached by passing over the rows before it."""
        cursor = ReaderCursor(self.open_reader())
        left = int(state["row"]) if state else 0
        while left > 0 and (block := cursor.next(left)) is not None:
            left -= len(block)
        return cursor


class ReaderCursor:
    """State: how many rows were given."""

    def __init__(self, batches: Any) -> None:
        self._batches = iter(batches)
        self._part: Columns | None = None
        self._row = 0
        self._used = 0

    def next(self, limit: int) -> Block | None:
        """Rows of the batch at hand, or of the next."""
        while self._part is None or self._used == len(self._part):
            batch = next(self._batches, None)
            if batch is None:
                return None
            columns = columns_of(batch, where="data.from_arrow", first_row=self._row)
            self._part = Columns(columns, np.arange(self._row, self._row + batch.num_rows, dtype=np.int64))
            self._used = 0
        block = self._part.slice(self._used, self._used + limit)
        self._used += len(block)
        self._row += len(block)
        return block

    def state(self) -> State:
        """One number."""
        return {"row": self._row}

    def close(self) -> None:
        """The reader belongs to the user."""


def once(reader: Any) -> Callable[[], Any]:
    """Return a function that gives out `reader` the first time and says why not the second."""
    waiting = [reader]

    def open_reader() -> Any:
        if not waiting:
            raise DataError(
                "a reader is a stream: it was already read.",
                where="data.from_arrow(reader)",
                remedy="Pass a function that opens it anew, or a table: from_arrow(reader.read_all()).",
            )
        return waiting.pop()

    return open_reader
