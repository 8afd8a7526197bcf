"""The lines of text files."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import BARE
from headwater.data.sources.file import corrupt
from headwater.data.sources.files import Files
from headwater.data.sources.gathered import gathered
from headwater.data.sources.lines import line_bounds, line_chunks
from headwater.data.sources.pieces import Piece, Place
from headwater.data.sources.stream import AUTO, check_compression

_WHERE = "data.from_text"


@dataclass(frozen=True, eq=False)
class Text(Files):
    """Lines as texts, or as bytes if there is no encoding; places are bytes of the plain content."""

    operator: ClassVar[str] = "from_text"
    encoding: str | None = "utf-8"
    compression: str = AUTO

    def __post_init__(self) -> None:
        check_compression(self.compression, where=_WHERE)
        if self.encoding is not None:
            _check_encoding(self.encoding)

    def read(self, path: Path, place: Place) -> Iterator[Piece]:
        """Some thousand lines at once; each counts, empty ones too."""
        at, row = place
        for after, content in line_chunks(path, self.compression, at=at):
            mark = len(codecs.BOM_UTF8) if at == 0 and content.startswith(codecs.BOM_UTF8) else 0
            starts, stops = line_bounds(content)
            starts[0] += mark
            good = (
                len(starts)
                if self.encoding is None
                else _num_readable(content[mark:], starts - mark, self.encoding)
            )
            if good:
                yield Piece(
                    {BARE: self._column(content, starts[:good], stops[:good])},
                    after if good == len(starts) else None,
                )
            if good < len(starts):
                raise _not_text(path, self.encoding, row + good, content[starts[good] : stops[good]])
            at, row = after, row + len(starts)

    def _column(self, content: bytes, starts: Any, stops: Any) -> Any:
        import pyarrow as pa

        if self.encoding is None or codecs.lookup(self.encoding).name in ("utf-8", "ascii"):
            return gathered(content, starts, stops, pa.binary() if self.encoding is None else pa.string())
        cut = zip(starts.tolist(), stops.tolist())
        return pa.array([content[start:stop].decode(self.encoding) for start, stop in cut], pa.string())


def _num_readable(content: bytes, starts: Any, encoding: str) -> int:
    """How many lines come before the first that is no text."""
    try:
        content.decode(encoding)
    except UnicodeDecodeError as error:
        return int(np.searchsorted(starts, error.start, side="right")) - 1
    return len(starts)


def _check_encoding(encoding: str) -> None:
    try:
        same = "\n".encode(encoding) == b"\n"
    except LookupError:
        same = False
    if not same:
        raise DataError(
            f"encoding={encoding!r} is not known, or writes newlines otherwise than as one byte.",
            where=_WHERE,
            remedy="Name one such as 'utf-8', 'latin-1' or 'cp1252', or pass encoding=None for bytes.",
        )


def _not_text(path: Path, encoding: str | None, row: int, line: bytes) -> Exception:
    shown = line if len(line) <= 40 else line[:40] + b"..."
    return corrupt(path, f"{shown!r} is not {encoding}", at=f"line {row + 1:,}")
