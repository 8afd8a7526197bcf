"""Which file a row came from: a position in a block is a row number, and above it the number of a file.

A source of files adds `origin(name)` to its row numbers; error messages turn a position back with
`described`. The table is the process's own: names are for people, never part of a state.
"""

from __future__ import annotations

import threading

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
