"""Pieces of files as one Arrow column of bytes: each is read once, straight into the column's memory."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.data.sources.file import gone

# Files held open by a process for all its sources: far below the usual limit of 1,024.
_MOST_OPEN = 128

Numbers = NDArray[np.int64]


class OpenFile:
    """A file descriptor that is closed when nobody holds this object any more."""

    def __init__(self, path: Path) -> None:
        self.number = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        if hasattr(self, "number"):  # not, if the file could not be opened
            close(self.number)


class OpenFiles:
    """The files read last, open; any number of threads may ask. A reader's file outlives its place here."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[tuple[Path, int], OpenFile] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, path: Path, modified_ns: int) -> OpenFile:
        """The file, opened now or before; one that was written to since is another file."""
        with self._lock:
            found = self._held.pop((path, modified_ns), None)
            if found is None:
                found = OpenFile(path)
            self._held[path, modified_ns] = found
            if len(self._held) > self._most:
                self._held.popitem(last=False)
            return found


OPEN = OpenFiles(_MOST_OPEN)


def read_blobs(
    files: Sequence[OpenFile], starts: Numbers, sizes: Numbers, *, torn: Callable[[int], Exception]
) -> Any:
    """Return ``files[i][starts[i] : starts[i] + sizes[i]]`` for each i as an Arrow array; a size of -1 is null.

    Raised when a file ends before a piece does: ``torn(i)``.
    """
    import pyarrow as pa

    missing = sizes < 0
    offsets = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(np.where(missing, 0, sizes), out=offsets[1:])
    memory = np.empty(int(offsets[-1]), np.uint8)
    view = memory.data
    ends = offsets.tolist()
    for at, (file, start) in enumerate(zip(files, starts.tolist())):
        piece = view[ends[at] : ends[at + 1]]
        if len(piece) and os.preadv(file.number, [piece], start) != len(piece):
            raise torn(at)
    validity = pa.py_buffer(np.packbits(~missing, bitorder="little")) if missing.any() else None
    buffers = [validity, pa.py_buffer(offsets), pa.py_buffer(memory)]
    return pa.Array.from_buffers(pa.large_binary(), len(sizes), buffers)


def read_files(paths: Sequence[Path]) -> Any:
    """Return the whole content of each file as an Arrow array. Raised for one that is gone: `DataError`."""
    import pyarrow as pa

    contents = []
    for path in paths:
        try:
            contents.append(path.read_bytes())
        except FileNotFoundError:
            raise gone(path) from None
    return pa.array(contents, pa.large_binary())
