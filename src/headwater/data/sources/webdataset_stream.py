"""Compressed WebDataset tar files: read from the beginning to the end, for there is no other way."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from headwater.core.spec import Column
from headwater.data.sources.files import Files
from headwater.data.sources.members import decoded
from headwater.data.sources.pieces import Piece, Place
from headwater.data.sources.tar import check_members, opened, samples
from headwater.data.sources.webdataset import KEY

# Samples read at once: a block of photos is some megabytes.
_PIECE_ROWS = 64


@dataclass(frozen=True, eq=False)
class WebDatasetStream(Files):
    """The same elements as `WebDataset`, in the order of the files alone."""

    operator: ClassVar[str] = "from_webdataset"
    members: tuple[str, ...] = ()
    complete: bool = True
    decode: bool = False

    def read(self, path: Path, place: Place) -> Iterator[Piece]:
        """Some samples at a time; only the beginning is a place."""
        first = place.row
        rows: list[dict[str, Any]] = []
        for row in self._rows(path):
            rows.append(row)
            if len(rows) == _PIECE_ROWS:
                yield Piece(self._columns(rows, path, first))
                first += len(rows)
                rows = []
        if rows:
            yield Piece(self._columns(rows, path, first))

    def _rows(self, path: Path) -> Iterator[dict[str, Any]]:
        with opened(path, "r|*") as archive:
            for key, members in samples(archive, path, _content):
                if self.complete:
                    check_members(path, key, members, self.members)
                yield {KEY: key, **{it: members[it] for it in self.members if it in members}}

    def _columns(self, rows: list[dict[str, Any]], path: Path, first: int) -> dict[str, Column]:
        import pyarrow as pa

        columns: dict[str, Column] = {KEY: pa.array([row[KEY] for row in rows], pa.string())}
        for name in self.members:
            column = pa.array([row.get(name) for row in rows], pa.large_binary())
            where = _place(path, first, rows, name)
            columns[name] = decoded(column, name, where) if self.decode else column
        return columns


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return b"" if file is None else file.read()


def _place(path: Path, first: int, rows: list[dict[str, Any]], name: str) -> Any:
    return lambda at: f"{path}, row {first + at:,}, member `{rows[at][KEY]}.{name}`"
