"""Plain Python: an iterable of rows (dicts of values) or of blocks (dicts of columns)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from headwater.core.errors import SamplesError
from headwater.samples.incoming.batch import BATCH_ROWS, Batch, numbered
from headwater.samples.incoming.jsonl import columns_of
from headwater.samples.schema import Schema


def read_rows(items: Iterable[Any], schema: Schema) -> Iterator[Batch]:
    """Read rows and blocks in the order they come; neighbouring rows make one batch."""
    waiting: list[dict[str, Any]] = []
    row = 1
    for item in items:
        if not isinstance(item, Mapping):
            raise SamplesError(
                f"item {row + len(waiting)} is a {type(item).__name__}, not a dict.",
                where="ingest",
                remedy="Give dicts of values, dicts of columns, an Arrow table, or a path.",
            )
        if is_block(item, schema):
            for batch in (*_flush(waiting, row), *_pieces(item, row + len(waiting))):
                yield batch
                row += batch.num_rows
            waiting = []
            continue
        waiting.append(dict(item))
        if len(waiting) == BATCH_ROWS:
            yield from _flush(waiting, row)
            row, waiting = row + BATCH_ROWS, []
    yield from _flush(waiting, row)


def is_block(item: Mapping[str, Any], schema: Schema) -> bool:
    """Whether the values are columns: Arrow arrays, or arrays of one dimension more than declared."""
    shapes = {field.name: field.shape for field in schema.fixed}
    for name, value in item.items():
        if isinstance(value, pa.Array | pa.ChunkedArray):
            return True
        if isinstance(value, np.ndarray) and value.ndim > len(shapes.get(name, ())):
            return True
    return False


def _flush(rows: list[dict[str, Any]], start: int) -> Iterator[Batch]:
    if rows:
        yield numbered(columns_of(rows), start)


def _pieces(block: Mapping[str, Any], start: int) -> Iterator[Batch]:
    lengths = {name: len(column) for name, column in block.items()}
    if len(set(lengths.values())) != 1:
        raise SamplesError(f"the block's columns have unequal lengths: {lengths}.", where="ingest")
    whole = numbered(block, start)
    for at in range(0, whole.num_rows, BATCH_ROWS):
        yield whole.slice(at, at + BATCH_ROWS)
