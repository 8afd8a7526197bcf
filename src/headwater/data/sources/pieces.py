"""One file at work: a format gives pieces with places between them, this makes blocks and states of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from typing import NamedTuple

import numpy as np

from headwater.core.errors import DataError
from headwater.core.spec import Column, num_rows
from headwater.data.block import Block, Columns
from headwater.data.cursor import State
from headwater.data.origin import origin
from headwater.data.sources.file import File, gone


class Place(NamedTuple):
    """A point of a file from which it can be read: the format's own number for it, and the row there.

    0 is the beginning. What else it counts - bytes, records, row groups - only the format knows.
    """

    at: int = 0
    row: int = 0


class Piece(NamedTuple):
    """Some rows of a file, at least one, and the place after them; None if reading cannot begin there."""

    columns: dict[str, Column]
    after: int | None = None

    @property
    def size_bytes(self) -> int:
        """The bytes that the columns hold."""
        return sum(int(column.nbytes) for column in self.columns.values())


BEGINNING: State = {"place": 0, "row": 0, "given": 0}
"""The state of a file that was not read yet."""


class FileCursor:
    """State: a place of the format, the row there, and how many rows after it were given."""

    def __init__(self, file: File, pieces: Iterator[Piece], *, place: int, row: int, given: int) -> None:
        self._file = file
        self._pieces = pieces
        self._place, self._row, self._given = place, row, 0
        self._behind = given  # rows to pass over until the state's is reached
        self._origin = origin(str(file.path))
        self._waiting: deque[Piece | Exception | None] = deque()  # read ahead; None is the end
        self._part: Columns | None = None
        self._after: int | None = None
        self._used = 0
        self._checked = False

    def next(self, limit: int) -> Block | None:
        """Rows of the piece at hand, or of the next."""
        while self._behind > 0 and (passed := self._cut(self._behind)) is not None:
            self._behind -= len(passed)
        return self._cut(limit)

    def fetch(self, size_bytes: int) -> None:
        """Read pieces of about that size ahead; what goes wrong is kept until its turn comes."""
        while size_bytes > 0:
            piece = self._read()
            self._waiting.append(piece)
            if not isinstance(piece, Piece):
                return
            size_bytes -= piece.size_bytes

    def state(self) -> State:
        """Three numbers."""
        return {"place": self._place, "row": self._row, "given": self._given + self._behind}

    def close(self) -> None:
        """Let the open file go."""
        if isinstance(self._pieces, Generator):
            self._pieces.close()
        self._pieces = iter(())
        self._waiting.clear()

    def _cut(self, limit: int) -> Columns | None:
        if self._part is None and not self._advance():
            return None
        assert self._part is not None  # noqa: S101 - _advance has set it
        block = self._part.slice(self._used, self._used + limit)
        self._used += len(block)
        self._given += len(block)
        if self._used == len(self._part):
            self._part = None
            if self._after is not None:
                self._place, self._row, self._given = self._after, self._row + self._given, 0
        return block

    def _advance(self) -> bool:
        if not self._waiting:
            self._waiting.append(self._read())
        piece = self._waiting[0]
        if isinstance(piece, Exception):
            raise piece  # and again, however often it is asked: an error is no end
        if piece is None:
            return False
        self._waiting.popleft()
        first = self._origin + self._row + self._given
        positions = np.arange(first, first + num_rows(piece.columns), dtype=np.int64)
        self._part, self._after, self._used = Columns(piece.columns, positions), piece.after, 0
        return True

    def _read(self) -> Piece | Exception | None:
        try:
            piece = next(self._pieces, None)
            if not self._checked:
                self._file.check()
                self._checked = True
        except FileNotFoundError:
            return gone(self._file.path)
        except OSError as error:
            return _unreadable(self._file, error)
        except Exception as error:  # noqa: BLE001 - raised in the consumer's thread, when its turn comes
            return error
        return piece


def _unreadable(file: File, error: OSError) -> DataError:
    found = DataError(
        f"the file cannot be read: {error.strerror or error}.",
        where=str(file.path),
        remedy="Check the disk or mount, and who may read the file.",
    )
    found.__cause__ = error
    return found
