"""A few thousand rows on their way in: columns as the format gives them, and where they stand in the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.samples.rejects import Reject
from headwater.samples.valuewise import Values

BATCH_ROWS = 1 << 16
"""Rows taken from a file at once: enough to convert columns whole, little enough to hold several."""


@dataclass(frozen=True)
class Batch:
    """Rows of one input; `row_numbers` count from 1.

    `rejects` are rows that the format itself could not read. `digests`, where each row is a file of its own,
    are those files' digests, and `names` their names.
    """

    columns: Mapping[str, Values]
    row_numbers: NDArray[np.int64]
    rejects: tuple[Reject, ...] = ()
    digests: Sequence[str] | None = None
    names: Sequence[str] = field(default=())

    @property
    def num_rows(self) -> int:
        """How many rows the columns hold."""
        return int(self.row_numbers.size)

    def slice(self, start: int, stop: int) -> Batch:
        """Return rows ``[start, stop)``; the format's rejects stay with the first of them."""
        return Batch(
            {name: values[start:stop] for name, values in self.columns.items()},
            self.row_numbers[start:stop],
            self.rejects if start == 0 else (),
            None if self.digests is None else self.digests[start:stop],
            self.names[start:stop],
        )

    def take(self, positions: Sequence[int]) -> Batch:
        """Return the rows at `positions`."""
        return Batch(
            {name: [values[at] for at in positions] for name, values in self.columns.items()},
            self.row_numbers[list(positions)],
            self.rejects,
            None if self.digests is None else [self.digests[at] for at in positions],
            [self.names[at] for at in positions] if self.names else (),
        )


def numbered(columns: Mapping[str, Any], start: int) -> Batch:
    """Return a batch whose first row is number `start`."""
    rows = len(next(iter(columns.values()), ()))
    return Batch(columns, np.arange(start, start + rows))


class Cutter:
    """Hands out a stream of batches in stretches of so many rows each."""

    def __init__(self, batches: Iterator[Batch]) -> None:
        self._batches = batches
        self._rest: Batch | None = None

    def has_more(self) -> bool:
        """Whether any row is left."""
        while self._rest is None or (self._rest.num_rows == 0 and not self._rest.rejects):
            self._rest = next(self._batches, None)
            if self._rest is None:
                return False
        return True

    def take(self, num_rows: int) -> Iterator[Batch]:
        """Give the next `num_rows` rows, or all that are left if fewer."""
        while num_rows > 0 and self.has_more() and self._rest is not None:
            batch, self._rest = self._rest, None
            if batch.num_rows > num_rows:
                batch, self._rest = batch.slice(0, num_rows), batch.slice(num_rows, batch.num_rows)
            num_rows -= batch.num_rows
            yield batch
