"""Parquet files; places are row groups."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from headwater.core.digest import digest_of
from headwater.core.spec import Column
from headwater.data.arrow import columns_of
from headwater.data.expression import Expression
from headwater.data.graph import Count, Node
from headwater.data.sources.file import CorruptFileError, File, gone
from headwater.data.sources.files import Files
from headwater.data.sources.pieces import Broken, Piece, Place, pieces_of
from headwater.data.sources.pruning import Bounds, can_pass
from headwater.data.sources.sieve import Sieve
from headwater.data.sources.typed import missing_column

# Rows decoded at once: enough for Parquet's own vectorised decoders, 20 MB for 40 int64 columns.
_BATCH_ROWS = 65_536

_MAGIC = (b"PAR1", b"PARE")
_TAIL_BYTES = 8  # the footer's length (4) and the magic (4)


class ParquetError(CorruptFileError):
    """Raised when a Parquet file cannot be read."""


@dataclass(frozen=True, eq=False)
class Parquet(Files):
    """The rows of `files`, in that order; only `columns` are read, all if left out.

    The rules give it a `predicate`: then only the rows that make it true.
    """

    operator: ClassVar[str] = "from_parquet"
    columns: tuple[str, ...] | None = None
    predicate: Expression | None = None

    @property
    def label(self) -> str:
        """The first file, how many there are, and what is read of them."""
        chosen = [] if self.columns is None else [f"columns={list(self.columns)}"]
        passing = [] if self.predicate is None else [f"only {self.predicate}"]
        return f"{super().label[:-1]}{''.join(f', {it}' for it in chosen + passing)})"

    @cached_property
    def cardinality(self) -> Count:
        """The sum over the files' footers; unknown with a predicate, unless nothing is there."""
        count = sum(int(open_file(file.path).metadata.num_rows) for file in self.files)
        return count if self.predicate is None or count == 0 else None

    def column_names(self) -> tuple[str, ...]:
        """Those chosen, or all of the first file."""
        return self.columns or tuple(open_file(self.files[0].path).schema_arrow.names)

    def narrowed(self, names: tuple[str, ...]) -> Node:
        """Decode these columns alone."""
        return replace(self, columns=names)

    def sieved(self, predicate: Expression) -> Node | None:
        """Decode the predicate's columns first; what is missing, and plain values, are left to the filter."""
        if self.predicate is not None or not predicate.columns:
            return None
        known = set(self.column_names())
        return replace(self, predicate=predicate) if set(predicate.columns) <= known else None

    def digest(self, file: File) -> str:
        """Of the footer: a rewritten file differs in it, and no row is read."""
        return _digest_of_footer(file)

    def read(self, path: Path, place: Place) -> Iterator[Piece | Broken]:
        """Decode row groups from `place` on, some ten thousand rows at once."""
        opened = open_file(path)
        row = place.row
        for group in range(place.at, opened.num_row_groups):
            left = opened.metadata.row_group(group).num_rows
            if not left:
                continue
            if self.predicate is not None:
                yield from self._passing(opened, path, group, row)
                row += left
                continue
            for batch in self._batches(opened, path, group, self.columns):
                if isinstance(batch, ParquetError):
                    yield Broken(batch, left, group + 1)
                    row += left
                    break
                left -= batch.num_rows
                make = partial(_columns, batch, f"{path}, row group {group}", row)
                yield from pieces_of(make, 0, batch.num_rows, None if left else group + 1)
                row += batch.num_rows

    def _passing(self, opened: Any, path: Path, group: int, row: int) -> Iterator[Piece | Broken]:
        """The rows of a group that pass; nothing is decoded where the statistics say that none does."""
        assert self.predicate is not None  # noqa: S101 - read() saw it
        count = opened.metadata.row_group(group).num_rows
        if not can_pass(self.predicate.term, _bounds(opened, group, self.predicate.columns)):
            yield Piece({}, group + 1, _NONE, count)
            return
        where = f"{path}, row group {group}"
        sieve = Sieve(self.predicate, self.columns or tuple(opened.schema_arrow.names), path, where=where)
        yield from sieve.pieces(partial(self._batches, opened, path, group), row, count, group + 1)

    def _batches(self, opened: Any, path: Path, group: int, names: Sequence[str] | None) -> Iterator[Any]:
        """The rows of a group; last an error, if it cannot be read to its end."""
        import pyarrow as pa

        columns = None if names is None else list(names)
        try:
            yield from opened.iter_batches(batch_size=_BATCH_ROWS, row_groups=[group], columns=columns)
        except (pa.ArrowException, OSError) as error:
            yield _corrupt(path, f"row group {group} cannot be read: {error}")


_NONE = np.empty(0, np.int64)


def _bounds(opened: Any, group: int, names: Sequence[str]) -> dict[str, Bounds]:
    """The least and greatest values of columns in a row group, where the file says them."""
    found: dict[str, Bounds] = {}
    row_group, schema = opened.metadata.row_group(group), opened.schema_arrow
    for at in range(row_group.num_columns):
        column = row_group.column(at)
        name, known = column.path_in_schema, column.statistics
        # Python's times have no nanoseconds: such bounds would be cut.
        if known is None or name not in names or "[ns" in str(schema.field(name).type):
            continue
        if known.has_min_max:
            found[name] = (known.min, known.max)
        elif known.null_count == row_group.num_rows:
            found[name] = (None, None)
    return found


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
