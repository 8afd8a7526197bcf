"""Arrow IPC files and streams, Parquet files, and anything in memory that speaks Arrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from headwater.core.errors import SamplesError
from headwater.samples.incoming.batch import BATCH_ROWS, Batch, numbered


def read_parquet(path: Path) -> Iterator[Batch]:
    """Read row groups in pieces."""
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            yield from _number(file.iter_batches(batch_size=BATCH_ROWS))
    except (pa.ArrowInvalid, OSError) as error:
        raise _damaged("Parquet", path, error) from error


def read_ipc(path: Path) -> Iterator[Batch]:
    """Read an Arrow file or, if it is none, an Arrow stream."""
    try:
        with pa.memory_map(str(path)) as stream:
            try:
                file = pa.ipc.open_file(stream)
                blocks: Iterator[Any] = (file.get_batch(at) for at in range(file.num_record_batches))
            except pa.ArrowInvalid:
                stream.seek(0)
                blocks = iter(pa.ipc.open_stream(stream))
            yield from _number(blocks)
    except (pa.ArrowInvalid, OSError) as error:
        raise _damaged("Arrow", path, error) from error


def read_memory(what: Any) -> Iterator[Batch]:
    """Read a table, a reader, or an object with ``__arrow_c_stream__`` such as a pandas or polars frame."""
    if isinstance(what, pa.RecordBatch):
        what = pa.table(what)
    reader = (
        what.to_reader(BATCH_ROWS) if isinstance(what, pa.Table) else pa.RecordBatchReader.from_stream(what)
    )
    return _number(reader)


def num_parquet_rows(path: Path) -> int | None:
    """Return the rows of a Parquet file from its footer, None if it cannot be read."""
    from pyarrow import parquet

    try:
        return int(parquet.read_metadata(path).num_rows)
    except (pa.ArrowInvalid, OSError):
        return None


def _number(blocks: Iterator[Any]) -> Iterator[Batch]:
    row = 1
    for block in blocks:
        for at in range(0, block.num_rows, BATCH_ROWS):
            piece = block.slice(at, BATCH_ROWS)
            yield numbered(dict(zip(piece.schema.names, piece.columns)), row)
            row += piece.num_rows


def _damaged(kind: str, path: Path, error: Exception) -> SamplesError:
    return SamplesError(
        f"not a whole {kind} file ({str(error).splitlines()[0]}).",
        where=str(path),
        remedy="It may still have been written, or was cut short: copy it again.",
    )
