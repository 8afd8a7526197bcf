"""The lines of text files."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.core.spec import Column
from headwater.data.block import BARE
from headwater.data.sources.file import CorruptFileError, corrupt
from headwater.data.sources.files import Files
from headwater.data.sources.gathered import gathered
from headwater.data.sources.lines import line_bounds, line_chunks
from headwater.data.sources.pieces import Broken, Piece, Place, pieces_of
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

    def read(self, path: Path, place: Place) -> Iterator[Piece | Broken]:
        """Some thousand lines at once; each counts, empty ones too."""
        at, row = place
        for after, content in line_chunks(path, self.compression, at=at):
            starts, stops = line_bounds(content)
            if at == 0 and content.startswith(codecs.BOM_UTF8):
                starts[0] += len(codecs.BOM_UTF8)
            make = partial(self._columns, content, starts, stops, path, row)
            yield from pieces_of(make, 0, len(starts), after)
            at, row = after, row + len(starts)

    def _columns(
        self, content: bytes, starts: Any, stops: Any, path: Path, row: int, first: int, last: int
    ) -> dict[str, Column]:
        """The lines from `first` up to `last` of those in `content`, all of which must be texts."""
        begin, end = int(starts[first]), int(stops[last - 1])
        cut, starts, stops = content[begin:end], starts[first:last] - begin, stops[first:last] - begin
        if self.encoding is not None:
            try:
                cut.decode(self.encoding)
            except UnicodeDecodeError as error:
                at = int(np.searchsorted(starts, error.start, side="right")) - 1
                raise _not_text(path, self.encoding, row + first + at, cut[starts[at] : stops[at]]) from error
        return {BARE: self._column(cut, starts, stops)}

    def _column(self, content: bytes, starts: Any, stops: Any) -> Any:
        import pyarrow as pa

        if self.encoding is None or codecs.lookup(self.encoding).name in ("utf-8", "ascii"):
            return gathered(content, starts, stops, pa.binary() if self.encoding is None else pa.string())
        cut = zip(starts.tolist(), stops.tolist())
        return pa.array([content[start:stop].decode(self.encoding) for start, stop in cut], pa.string())


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


def _not_text(path: Path, encoding: str, row: int, line: bytes) -> CorruptFileError:
    shown = line if len(line) <= 40 else line[:40] + b"..."
    return corrupt(path, f"{shown!r} is not {encoding}", at=f"line {row + 1:,}")
