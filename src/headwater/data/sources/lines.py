"""Large pieces of a text file that end where lines end, and which line of them is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.data.sources.stream import CHUNK_BYTES, stream


def line_chunks(
    path: Path, compression: str, *, at: int = 0, quote: bytes = b""
) -> Iterator[tuple[int, bytes]]:
    """Yield whole lines, some at once, and the place after them, from a place where a line begins.

    Only the last line of the file may lack its newline. A newline between two `quote` ends no line.
    """
    with stream(path, compression, at=at) as file:
        parts: list[bytes] = []  # of a line that is longer than what was read
        quoted = False
        while content := file.read(CHUNK_BYTES):
            cut = _last_end(content, quote, quoted=quoted)
            if cut == 0:
                parts.append(content)
                quoted ^= _is_odd(content, quote)
                continue
            whole, rest = b"".join((*parts, content[:cut])), content[cut:]
            at += len(whole)
            yield at, whole
            parts, quoted = [rest] if rest else [], _is_odd(rest, quote)
        if last := b"".join(parts):
            yield at + len(last), last


def line_ends(content: bytes, *, quote: bytes = b"", quoted: bool = False) -> NDArray[np.int64]:
    r"""Return the places after each newline that ends a line.

    >>> line_ends(b'a\n"b\nc"\nd', quote=b'"').tolist()
    [2, 8]
    """
    codes = np.frombuffer(content, np.uint8)
    ends = np.flatnonzero(codes == ord("\n"))
    if quote and quote in content:
        quotes = np.flatnonzero(codes == ord(quote))
        ends = ends[(np.searchsorted(quotes, ends) + quoted) % 2 == 0]
    elif quoted:
        ends = ends[:0]
    return ends + 1


def line_bounds(content: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    r"""Return where lines begin and end, without ``\n`` or ``\r\n``.

    >>> [bounds.tolist() for bounds in line_bounds(b"ab\r\n\nc")]
    [[0, 4, 5], [2, 4, 6]]
    """
    codes = np.frombuffer(content, np.uint8)
    ends = line_ends(content) - 1
    if not content.endswith(b"\n"):
        ends = np.append(ends, len(content))
    starts = np.concatenate(([0], ends[:-1] + 1))
    returns = (codes[np.maximum(ends - 1, 0)] == ord("\r")) & (ends > starts) & (ends < len(content))
    return starts, ends - returns


def first_wrong(
    content: bytes, parse: Callable[[bytes], Any], *, quote: bytes = b""
) -> tuple[int, int, Exception]:
    """Return where the first line begins and ends that `parse` refuses, which it does, and its error."""
    import pyarrow as pa

    bounds = [0, *line_ends(content, quote=quote).tolist()]
    if bounds[-1] < len(content):
        bounds.append(len(content))
    good, bad, found = 0, len(bounds) - 1, None
    while found is None or bad - good > 1:
        middle = bad if found is None else (good + bad) // 2
        try:
            parse(content[: bounds[middle]])
            good = middle
        except pa.ArrowException as error:
            bad, found = middle, error
    return bounds[good], bounds[bad], found


class LineNumbers:
    """Numbers of lines, from 1, for errors: the file is read up to there, once if they are asked in order."""

    def __init__(self, path: Path, compression: str) -> None:
        self.path = path
        self._compression = compression
        self._at, self._number = 0, 1

    def number(self, at: int) -> int:
        """The number of the line that begins at byte `at`."""
        if at < self._at:
            self._at, self._number = 0, 1
        with stream(self.path, self._compression, at=self._at) as file:
            while self._at < at and (content := file.read(min(at - self._at, CHUNK_BYTES))):
                self._number += content.count(b"\n")
                self._at += len(content)
        return self._number


def _last_end(content: bytes, quote: bytes, *, quoted: bool) -> int:
    if not quoted and not (quote and quote in content):
        return content.rfind(b"\n") + 1
    ends = line_ends(content, quote=quote, quoted=quoted)
    return int(ends[-1]) if len(ends) else 0


def _is_odd(content: bytes, quote: bytes) -> bool:
    return bool(quote) and content.count(quote) % 2 == 1
