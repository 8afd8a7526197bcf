"""Parquet files, one row group after the other; a cursor is a file, a group and a row."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from headwater.core.digest import digest_of
from headwater.core.errors import CorruptError, DataError
from headwater.data.arrow import columns_of
from headwater.data.block import Block, Columns
from headwater.data.cursor import Cursor, Env, State
from headwater.data.graph import Count, Node

# Rows decoded at once: enough for Parquet's own vectorised decoders, 20 MB for 40 int64 columns.
_BATCH_ROWS = 65_536


class ParquetError(DataError, CorruptError):
    """Raised when a Parquet file cannot be read."""


@dataclass(frozen=True, eq=False)
class Parquet(Node):
    """The rows of `files`, in that order; only `columns` are read, all if left out."""

    operator: ClassVar[str] = "from_parquet"
    files: tuple[Path, ...]
    columns: tuple[str, ...] | None = None

    @cached_property
    def cardinality(self) -> Count:
        """The sum over the files' footers."""
        return sum(int(opened.metadata.num_rows) for opened in map(open_file, self.files))

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Names, sizes and footers of the files: a rewritten file differs in them, and no row is read."""
        files = [[path.name, path.stat().st_size, _digest_of_footer(path)] for path in self.files]
        return {"files": files, "columns": self.columns}

    @property
    def label(self) -> str:
        """The first file and how many there are."""
        more = f" and {len(self.files) - 1} more" if len(self.files) > 1 else ""
        return f"from_parquet({self.files[0]}{more})"

    def open(self, env: Env, state: State | None) -> Cursor:  # noqa: ARG002 - nothing random here
        """Begin with the first file, or in the group where the state stands."""
        return ParquetCursor(self, **(state or {"file": 0, "group": 0, "row": 0, "total": 0}))


class ParquetCursor:
    """State: file, row group and row in it; `total` counts rows for error messages."""

    def __init__(self, node: Parquet, *, file: int, group: int, row: int, total: int) -> None:
        self._node = node
        self._file, self._group, self._row, self._total = file, group, row, total
        self._parts = self._read(file, group, row)
        self._part: Columns | None = None
        self._used = 0

    def next(self, limit: int) -> Block | None:
        """Rows of the part at hand, or of the next."""
        while self._part is None or self._used == len(self._part):
            found = next(self._parts, None)
            if found is None:
                return None
            self._file, self._group, self._row, self._part = found
            self._used = 0
        block = self._part.slice(self._used, self._used + limit)
        self._used += len(block)
        self._row += len(block)
        self._total += len(block)
        return block

    def state(self) -> State:
        """Four numbers."""
        return {"file": self._file, "group": self._group, "row": self._row, "total": self._total}

    def close(self) -> None:
        """Let the open file go."""
        self._parts = iter(())

    def _read(self, file: int, group: int, skip: int) -> Iterator[tuple[int, int, int, Columns]]:
        """Yield file, group, row and the rows from there; `skip` rows of the first group are passed over."""
        total = self._total
        for at in range(file, len(self._node.files)):
            path = self._node.files[at]
            opened = open_file(path)
            for number in range(group, opened.num_row_groups):
                row = 0
                for batch in self._batches(opened, path, number):
                    start = row
                    row += batch.num_rows
                    if row <= skip:
                        continue
                    batch = batch.slice(max(0, skip - start))
                    where = f"{path}, row group {number}"
                    columns = columns_of(batch, where=where, first_row=max(skip, start))
                    yield at, number, max(skip, start), Columns(columns, _places(total, batch.num_rows))
                    total += batch.num_rows
                skip = 0
            group = 0

    def _batches(self, opened: Any, path: Path, group: int) -> Iterator[Any]:
        import pyarrow as pa

        columns = None if self._node.columns is None else list(self._node.columns)
        try:
            yield from opened.iter_batches(batch_size=_BATCH_ROWS, row_groups=[group], columns=columns)
        except (pa.ArrowException, OSError) as error:
            raise _corrupt(path, f"row group {group} cannot be read: {error}") from error


def find_files(paths: str | Path | Sequence[str | Path]) -> tuple[Path, ...]:
    """Return the files that names, folders and patterns stand for, sorted within each."""
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    found: list[Path] = []
    for one in given:
        path = Path(one)
        if path.is_dir():
            matches = sorted(path.glob("*.parquet"))
        else:
            matches = [path] if path.exists() else sorted(map(Path, glob.glob(str(one), recursive=True)))  # noqa: PTH207
        if not matches:
            raise DataError(
                "no Parquet file is there.",
                where=str(one),
                remedy="Check the path; a pattern looks like 'day-*.parquet'.",
            )
        found += matches
    if not found:
        raise DataError(
            "no path was given.", where="data.from_parquet", remedy="Pass a file, a folder or a pattern."
        )
    return tuple(found)


def check_columns(files: tuple[Path, ...], columns: Sequence[str] | None) -> tuple[str, ...] | None:
    """Refuse column names that the first file does not have."""
    if columns is None:
        return None
    from headwater.core.registry import did_you_mean

    known = open_file(files[0]).schema_arrow.names
    for name in columns:
        if name not in known:
            raise DataError(
                f"there is no column `{name}`.", where=str(files[0]), remedy=did_you_mean(name, known)
            )
    return tuple(columns)


def open_file(path: Path) -> Any:
    """Open a Parquet file, or say why it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path, page_checksum_verification=True)
    except FileNotFoundError:
        raise DataError(
            "the file is gone.", where=str(path), remedy="Put it back, or build the dataset anew."
        ) from None
    except (pa.ArrowException, OSError) as error:
        raise _corrupt(path, f"not a readable Parquet file: {error}") from error


def _corrupt(path: Path, problem: str) -> ParquetError:
    return ParquetError(
        f"{' '.join(problem.split()).rstrip('.')}.",
        where=str(path),
        remedy="Copy the file again from where it came, or leave it out.",
    )


def _digest_of_footer(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(-8, os.SEEK_END)
        length = int.from_bytes(file.read(4), "little")
        file.seek(-8 - length, os.SEEK_END)
        return digest_of(file.read(length))


def _places(start: int, count: int) -> Any:
    return np.arange(start, start + count, dtype=np.int64)
