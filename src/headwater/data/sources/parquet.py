"""Parquet files; places are row groups."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

from headwater.core.digest import digest_of
from headwater.core.spec import Column
from headwater.data.arrow import columns_of
from headwater.data.graph import Count
from headwater.data.sources.file import CorruptFileError, File, gone
from headwater.data.sources.files import Files
from headwater.data.sources.pieces import Broken, Piece, Place, pieces_of
from headwater.data.sources.typed import missing_column

# Rows decoded at once: enough for Parquet's own vectorised decoders, 20 MB for 40 int64 columns.
_BATCH_ROWS = 65_536

_MAGIC = (b"PAR1", b"PARE")
_TAIL_BYTES = 8  # the footer's length (4) and the magic (4)


class ParquetError(CorruptFileError):
    """Raised when a Parquet file cannot be read."""


@dataclass(frozen=True, eq=False)
class Parquet(Files):
    """The rows of `files`, in that order; only `columns` are read, all if left out."""

    operator: ClassVar[str] = "from_parquet"
    columns: tuple[str, ...] | None = None

    @cached_property
    def cardinality(self) -> Count:
        """The sum over the files' footers."""
        return sum(int(open_file(file.path).metadata.num_rows) for file in self.files)

    def digest(self, file: File) -> str:
        """Of the footer: a rewritten file differs in it, and no row is read."""
        return _digest_of_footer(file)

    def read(self, path: Path, place: Place) -> Iterator[Piece | Broken]:
        """Decode row groups from `place` on, some ten thousand rows at once."""
        opened = open_file(path)
        row = place.row
        for group in range(place.at, opened.num_row_groups):
            left = opened.metadata.row_group(group).num_rows
            for batch in self._batches(opened, path, group):
                if isinstance(batch, ParquetError):
                    yield Broken(batch, left, group + 1)
                    row += left
                    break
                left -= batch.num_rows
                make = partial(_columns, batch, f"{path}, row group {group}", row)
                yield from pieces_of(make, 0, batch.num_rows, None if left else group + 1)
                row += batch.num_rows

    def _batches(self, opened: Any, path: Path, group: int) -> Iterator[Any]:
        """The rows of a group; last an error, if it cannot be read to its end."""
        import pyarrow as pa

        columns = None if self.columns is None else list(self.columns)
        try:
            yield from opened.iter_batches(batch_size=_BATCH_ROWS, row_groups=[group], columns=columns)
        except (pa.ArrowException, OSError) as error:
            yield _corrupt(path, f"row group {group} cannot be read: {error}")


def _columns(batch: Any, where: str, row: int, start: int, stop: int) -> dict[str, Column]:
    return columns_of(batch.slice(start, stop - start), where=where, first_row=row + start)


def check_columns(files: tuple[File, ...], columns: Sequence[str] | None) -> tuple[str, ...] | None:
    """Refuse column names that the first file does not have."""
    if columns is None:
        return None
    known = open_file(files[0].path).schema_arrow.names
    for name in columns:
        if name not in known:
            raise missing_column(name, known, where=str(files[0].path))
    return tuple(columns)


def open_file(path: Path) -> Any:
    """Open a Parquet file, or say why it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path, page_checksum_verification=True)
    except FileNotFoundError:
        raise gone(path) from None
    except (pa.ArrowException, OSError) as error:
        raise _corrupt(path, f"not a readable Parquet file: {_what_is_wrong(path) or error}") from error


def _what_is_wrong(path: Path) -> str:
    """What the first and last bytes tell, where Arrow's own words would not."""
    with path.open("rb") as file:
        size_bytes = os.fstat(file.fileno()).st_size
        if size_bytes < _TAIL_BYTES + 4:
            return f"it has {size_bytes:,} bytes, too few for a header and a footer"
        head = file.read(4)
        file.seek(-_TAIL_BYTES, os.SEEK_END)
        tail = file.read(_TAIL_BYTES)
    if head not in _MAGIC:
        return f"it begins with {head!r}, not {_MAGIC[0]!r}"
    if tail[4:] not in _MAGIC:
        return f"its footer is cut short: it ends with {tail[4:]!r}, not {_MAGIC[0]!r}"
    length = int.from_bytes(tail[:4], "little")
    if length + _TAIL_BYTES + 4 > size_bytes:
        return f"its footer is cut short: it should have {length:,} bytes, the file has {size_bytes:,}"
    return ""


def _corrupt(path: Path, problem: str) -> ParquetError:
    return ParquetError(
        f"{' '.join(problem.split()).rstrip('.')}.",
        where=str(path),
        remedy="Copy the file again from where it came, or leave it out.",
    )


def _digest_of_footer(file: File) -> str:
    try:
        with file.path.open("rb") as opened:
            opened.seek(-_TAIL_BYTES, os.SEEK_END)
            length = int.from_bytes(opened.read(4), "little")
            opened.seek(-_TAIL_BYTES - length, os.SEEK_END)
            return digest_of(opened.read(length))
    except FileNotFoundError:
        raise gone(file.path) from None
    except OSError:  # no footer to be found: reading will say so
        return file.ends
