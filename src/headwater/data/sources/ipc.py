"""Arrow IPC and Feather files: memory-mapped with random access, or batch after batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headwater.core.spec import Column
from headwater.data.arrow import columns_of
from headwater.data.block import Positions
from headwater.data.graph import Node
from headwater.data.origin import origin
from headwater.data.sources.file import File, corrupt, gone
from headwater.data.sources.files import Files
from headwater.data.sources.indexed import Indexed
from headwater.data.sources.pieces import Broken, Piece, Place, pieces_of
from headwater.data.sources.typed import missing_column

_MAGIC = b"ARROW1"


@dataclass(frozen=True, eq=False)
class IpcStream(Files):
    """Record batches in order; places are batches. For streams, and for files whose batches are compressed."""

    operator: ClassVar[str] = "from_ipc"
    columns: tuple[str, ...] | None = None

    def column_names(self) -> tuple[str, ...]:
        """Those chosen, or all of the first file."""
        return self.columns or _names_of(self.files[0].path)

    def narrowed(self, names: tuple[str, ...]) -> Node:
        """Convert these columns alone."""
        return replace(self, columns=names)

    def read(self, path: Path, place: Place) -> Iterator[Piece | Broken]:
        """One batch at a time; of a stream, those before the place are passed over."""
        import pyarrow as pa

        at, row = place
        try:
            for batch in _batches(path, at):
                at += 1
                if batch.num_rows:
                    make = partial(_columns, _chosen(batch, self.columns, path), path, row)
                    yield from pieces_of(make, 0, batch.num_rows, at)
                row += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, FileNotFoundError):
                raise gone(path) from None
            raise corrupt(path, f"batch {at:,} cannot be read: {error}") from error


@dataclass(frozen=True, eq=False)
class IpcFiles(Indexed):
    """Rows of memory-mapped files, as they lie there."""

    operator: ClassVar[str] = "from_ipc"
    files: tuple[File, ...]
    columns: tuple[str, ...] | None = None

    def column_names(self) -> tuple[str, ...]:
        """Those chosen, or all of the first file."""
        return tuple(self._tables[0].schema.names)

    def narrowed(self, names: tuple[str, ...]) -> Node:
        """Touch these columns alone."""
        return replace(self, columns=names)

    @cached_property
    def num_rows(self) -> int:
        """The sum over the files' batches."""
        return int(self._bounds[-1])

    def gather(self, positions: Positions) -> dict[str, Column]:
        """Neighbours come as views of the mapping, everything else is copied."""
        for number in np.unique(self._numbers(positions)):
            self.files[number].check()  # reading a mapping of what was cut off would end the process
        start, count = int(positions[0]), len(positions)
        if positions[-1] - start + 1 == count and bool((np.diff(positions) == 1).all()):
            found = self._table.slice(start, count)
        else:
            found = self._table.take(positions)
        return columns_of(found, where=self.label, first_row=start)

    def origins(self, positions: Positions) -> Positions:
        """The file and the row in it."""
        numbers = self._numbers(positions)
        starts = np.array([origin(str(file.path)) for file in self.files], np.int64) - self._bounds[:-1]
        found: Positions = positions + starts[numbers]
        return found

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Names, sizes and a digest of the files' ends, where the footer is."""
        files = [[file.path.name, file.size_bytes, file.ends] for file in self.files]
        return {"files": files, "columns": self.columns}

    @property
    def label(self) -> str:
        """The first file and how many there are."""
        more = f" and {len(self.files) - 1:,} more" if len(self.files) > 1 else ""
        return f"from_ipc({self.files[0].path}{more})"

    def _numbers(self, positions: Positions) -> NDArray[np.intp]:
        return np.searchsorted(self._bounds, positions, side="right") - 1

    @cached_property
    def _tables(self) -> list[Any]:
        return [_chosen(_mapped(file.path), self.columns, file.path) for file in self.files]

    @cached_property
    def _bounds(self) -> NDArray[np.int64]:
        return np.cumsum([0, *(table.num_rows for table in self._tables)], dtype=np.int64)

    @cached_property
    def _table(self) -> Any:
        import pyarrow as pa

        for file, table in zip(self.files, self._tables):
            if not table.schema.equals(self._tables[0].schema):
                raise corrupt(file.path, f"its columns are not those of {self.files[0].path}: {table.schema}")
        return pa.concat_tables(self._tables)


def as_ipc(files: tuple[File, ...], columns: tuple[str, ...] | None) -> Node:
    """The files with random access if their rows can be used where they lie, else as a stream."""
    if all(_is_mappable(file.path) for file in files):
        return IpcFiles(files, columns)
    return IpcStream(files, columns)


def _is_mappable(path: Path) -> bool:
    """Whether the file has an index of its batches, and these are not compressed."""
    import pyarrow as pa

    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            return False
    try:
        with pa.memory_map(str(path)) as file:
            whole = file.read_buffer()
            reader = pa.ipc.open_file(whole)
            buffers = _buffers(reader.get_batch(0)) if reader.num_record_batches else []
    except (pa.ArrowException, OSError) as error:
        raise corrupt(path, f"not a readable Arrow file: {error}") from error
    return all(whole.address <= buffer.address < whole.address + whole.size for buffer in buffers)


def _buffers(batch: Any) -> list[Any]:
    found = (buffer for column in batch.columns for buffer in column.buffers())
    return [buffer for buffer in found if buffer is not None and buffer.size]


def _mapped(path: Path) -> Any:
    import pyarrow as pa

    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except FileNotFoundError:
        raise gone(path) from None
    except (pa.ArrowException, OSError) as error:
        raise corrupt(path, f"not a readable Arrow file: {error}") from error


def _columns(batch: Any, path: Path, row: int, start: int, stop: int) -> dict[str, Column]:
    return columns_of(batch.slice(start, stop - start), where=str(path), first_row=row + start)


def _batches(path: Path, at: int) -> Iterator[Any]:
    import pyarrow as pa

    with path.open("rb") as file:
        is_stream = file.read(len(_MAGIC)) != _MAGIC
        file.seek(0)
        if is_stream:
            for number, batch in enumerate(pa.ipc.open_stream(file)):
                if number >= at:
                    yield batch
        else:
            reader = pa.ipc.open_file(file)
            for number in range(at, reader.num_record_batches):
                yield reader.get_batch(number)


def _chosen(rows: Any, columns: tuple[str, ...] | None, path: Path) -> Any:
    """The columns asked for, of a table or batch."""
    for name in columns or ():
        if name not in rows.schema.names:
            raise missing_column(name, rows.schema.names, where=str(path))
    return rows if columns is None else rows.select(list(columns))


def _names_of(path: Path) -> tuple[str, ...]:
    import pyarrow as pa

    try:
        first = next(iter(_batches(path, 0)), None)
    except (pa.ArrowException, OSError):
        return ()  # reading will say what is wrong
    return () if first is None else tuple(first.schema.names)
