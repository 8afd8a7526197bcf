"""Which file a row came from: a position in a block is a row number, and above it the number of a file.

A source of files adds `origin(name)` to its row numbers; error messages turn a position back with
`described`. The table is the process's own: names are for people, never part of a state.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_ROW_BITS = 40  # a trillion rows to a file, eight million files to a process
_names: list[str] = [""]
_numbers: dict[str, int] = {"": 0}
_lock = threading.Lock()


def origin(name: str) -> int:
    """The position of row 0 of the file (or member, or shard) called `name`.

    >>> described(origin("day-1.csv") + 7)
    'day-1.csv, row 7'
    """
    with _lock:
        number = _numbers.get(name)
        if number is None:
            number = len(_names)
            if number >= 1 << (62 - _ROW_BITS):
                return 0  # more files than numbers: the row alone is named
            _names.append(name)
            _numbers[name] = number
        return number << _ROW_BITS


def described(position: int) -> str:
    """The file and row of a position, as error messages name it.

    >>> described(70_000)
    'row 70,000'
    """
    name = _names[position >> _ROW_BITS]
    row = f"row {position & ((1 << _ROW_BITS) - 1):,}"
    return f"{name}, {row}" if name else row


def in_a_file(position: int) -> bool:
    """Whether a position says in which file it is, rather than a row number alone."""
    return position >> _ROW_BITS > 0


def portable(positions: NDArray[np.int64]) -> tuple[list[str], NDArray[np.int64]]:
    """The names of the files that `positions` mean, and positions that count in that list."""
    numbers, places = np.unique(positions >> _ROW_BITS, return_inverse=True)
    rows = positions & ((1 << _ROW_BITS) - 1)
    return [_names[number] for number in numbers], rows | (places.astype(np.int64) << _ROW_BITS)


def local(names: Sequence[str], positions: NDArray[np.int64]) -> NDArray[np.int64]:
    """The opposite of `portable`, with the file numbers of this process."""
    starts = np.array([origin(name) for name in names], np.int64)
    found: NDArray[np.int64] = starts[positions >> _ROW_BITS] | (positions & ((1 << _ROW_BITS) - 1))
    return found
