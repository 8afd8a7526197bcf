"""One file at work: a format gives pieces with places between them, this makes blocks and states of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
    """Some rows of a file, at least one, and the place after them; None if reading cannot begin there.

    Where a filter left rows out, `kept` says which of the next `rows` rows these are; it may have left out all.
    """

    columns: dict[str, Column]
    after: int | None = None
    kept: NDArray[np.int64] | None = None
    rows: int = 0

    @property
    def span(self) -> int:
        """How many rows of the file it stands for."""
        return num_rows(self.columns) if self.kept is None else self.rows

    @property
    def size_bytes(self) -> int:
        """The bytes that the columns hold."""
        return sum(int(column.nbytes) for column in self.columns.values())


class Broken(NamedTuple):
    """Rows that cannot be read although those after them can; who ignores errors goes on there."""

    error: DataError
    rows: int = 1
    after: int | None = None


def pieces_of(
    make: Callable[[int, int], dict[str, Column]], start: int, stop: int, after: int | None
) -> Iterator[Piece | Broken]:
    """Yield the rows from `start` up to `stop`, of which ``make(start, stop)`` returns the columns.

    Where it raises, it is tried again on halves: only rows that are wrong by themselves are broken.
    """
    if start == stop:
        return
    try:
        found: Piece | Broken = Piece(make(start, stop), after)
    except DataError as error:
        found = Broken(error, after=after)
    if isinstance(found, Piece) or stop - start == 1:
        yield found
        return
    middle = (start + stop) // 2
    yield from pieces_of(make, start, middle, None)
    yield from pieces_of(make, middle, stop, after)


def refuse(error: DataError) -> None:
    """Pass over nothing."""
    raise error


BEGINNING: State = {"place": 0, "row": 0, "given": 0}
"""The state of a file that was not read yet."""


class FileCursor:
    """State: a place of the format, the row there, and how many rows after it were given or passed over.

    `check` refuses a file that is no longer what it was; `pass_over` is told of rows that cannot be read; if it
    returns, those after them follow.
    """

    def __init__(
        self,
        file: File,
        pieces: Iterator[Piece | Broken],
        check: Callable[[], None],
        *,
        place: int,
        row: int,
        given: int,
        pass_over: Callable[[DataError], None] = refuse,
    ) -> None:
        self._file = file
        self._pieces = pieces
        self._check = check
        self._pass_over = pass_over
        self._place, self._row, self._given = place, row, 0
        self._behind = given  # rows to pass over until the state's is reached
        self._origin = origin(str(file.path))
        self._waiting: deque[Piece | Broken | Exception | None] = deque()  # read ahead; None is the end
        self._part: Columns | None = None
        self._piece = Piece({})
        self._used = 0  # of the part's rows
        self._passed = 0  # of the rows that the piece stands for
        self._checked = False

    def next(self, limit: int) -> Block | None:
        """Rows of the piece at hand, or of the next."""
        while self._part is None or self._behind > 0:
            if self._part is not None:
                self._catch_up()
            elif not self._advance():
                return None
        return self._cut(self._part, limit)

    def fetch(self, size_bytes: int) -> None:
        """Read pieces of about that size ahead; what goes wrong is kept until its turn comes."""
        while size_bytes > 0:
            piece = self._read()
            self._waiting.append(piece)
            if piece is None or isinstance(piece, Exception):
                return
            size_bytes -= piece.size_bytes if isinstance(piece, Piece) else 0

    def state(self) -> State:
        """Three numbers."""
        return {"place": self._place, "row": self._row, "given": self._given + self._behind}

    def close(self) -> None:
        """Let the open file go."""
        if isinstance(self._pieces, Generator):
            self._pieces.close()
        self._pieces = iter(())
        self._waiting.clear()

    def _cut(self, part: Columns, limit: int) -> Columns:
        block = part.slice(self._used, self._used + limit)
        self._used += len(block)
        kept = self._piece.kept
        if self._used == len(part):
            self._pass(self._piece.span)
        else:
            self._pass(self._used if kept is None else int(kept[self._used - 1]) + 1)
        return block

    def _catch_up(self) -> None:
        """Pass over what was given before the state was taken."""
        before, kept = self._passed, self._piece.kept
        to = min(before + self._behind, self._piece.span)
        self._used = to if kept is None else int(np.searchsorted(kept, to))
        left_nothing = kept is not None and self._used == len(kept)
        self._behind -= to - before
        self._pass(self._piece.span if left_nothing and self._behind == 0 else to)

    def _pass(self, to: int) -> None:
        """Stand behind the first `to` rows of the piece."""
        rows, self._passed = to - self._passed, to
        ends = to == self._piece.span
        if ends:
            self._part = None
        self._moved(rows, self._piece.after if ends else None)

    def _moved(self, rows: int, place: int | None) -> None:
        self._given += rows
        if place is not None:
            self._place, self._row, self._given = place, self._row + self._given, 0

    def _advance(self) -> bool:
        """Take the next piece, or pass over what is broken; False at the end."""
        if not self._waiting:
            self._waiting.append(self._read())
        piece = self._waiting[0]
        if isinstance(piece, Exception):
            self._give_up(piece)
            return False
        if piece is None:
            return False
        if isinstance(piece, Broken):
            self._leave_out(piece)
        else:
            first = self._origin + self._row + self._given
            kept = np.arange(piece.span, dtype=np.int64) if piece.kept is None else piece.kept
            self._piece, self._part = piece, Columns(piece.columns, first + kept)
            self._used = self._passed = 0
            if not len(kept):
                self._catch_up()
        self._waiting.popleft()
        return True

    def _leave_out(self, piece: Broken) -> None:
        if self._behind > 0:  # it was told before the state was taken
            self._behind -= piece.rows
        else:
            self._pass_over(piece.error)
        self._moved(piece.rows, piece.after)

    def _give_up(self, error: Exception) -> None:
        """The rest of the file cannot be read: an error however often it is asked, an end if it is ignored."""
        if not isinstance(error, DataError):
            raise error
        self._pass_over(error)
        self._waiting[0] = None

    def _read(self) -> Piece | Broken | Exception | None:
        try:
            piece = next(self._pieces, None)
            if not self._checked:
                self._check()
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
