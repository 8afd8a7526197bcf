"""Elements as Arrow record batches, for whatever reads Arrow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from headwater.core.errors import DataError
from headwater.core.spec import Column
from headwater.data.block import BARE, as_columns
from headwater.data.graph import Graph
from headwater.data.operators.batch import Batch
from headwater.data.run import Run

_ROWS = 65_536
_VALUE = "value"
"""The column of a dataset whose elements are plain values."""


def reader_of(graph: Graph, *, where: str) -> Any:
    """A `pyarrow.RecordBatchReader` over rows or, of batches, over the rows in them."""
    import pyarrow as pa

    batches = _batches(graph, where)
    first = next(batches, None)
    if first is None:
        return pa.RecordBatchReader.from_batches(pa.schema([]), [])
    return pa.RecordBatchReader.from_batches(first.schema, _alike(first, batches, where))


def _batches(graph: Graph, where: str) -> Iterator[Any]:
    if graph.root.depth > 1:
        raise DataError(
            "batches of batches are no rows.", where=where, remedy="Take them apart first: .unbatch()."
        )
    rows = graph if graph.root.depth else Graph(Batch(graph.root, _ROWS), graph.seed, graph.options)
    with Run(rows) as run:
        for element in run:
            yield _record_batch(as_columns(element), where)


def _record_batch(columns: dict[str, Any], where: str) -> Any:
    import pyarrow as pa

    names = [name if name != BARE else _VALUE for name in columns]
    try:
        return pa.RecordBatch.from_arrays([arrow_of(column) for column in columns.values()], names)
    except (pa.ArrowException, TypeError) as error:
        raise DataError(
            f"not every column has a type in Arrow: {error}.",
            where=where,
            remedy="Leave such columns out with .drop(), or convert them with .map_batches().",
        ) from error


def _alike(first: Any, batches: Iterator[Any], where: str) -> Iterator[Any]:
    yield first
    for batch in batches:
        if batch.schema != first.schema:
            raise DataError(
                f"a batch has the columns {_shown(batch.schema)}, the first has {_shown(first.schema)}.",
                where=where,
                remedy="Rows of one table all have the same columns and types.",
            )
        yield batch


def _shown(schema: Any) -> str:
    return ", ".join(f"{field.name}: {field.type}" for field in schema)


def arrow_of(column: Column) -> Any:
    """The column as an Arrow array; of more than one dimension, nested lists of fixed size.

    >>> arrow_of(np.zeros((2, 3, 4), np.float32)).type.value_type.list_size
    4
    """
    import pyarrow as pa

    if not isinstance(column, np.ndarray):
        return column
    native = column.astype(column.dtype.newbyteorder("="), copy=False)
    if 0 in column.shape[1:]:
        return pa.array(native.tolist())
    array = pa.array(np.ascontiguousarray(native).reshape(-1))
    for size in reversed(column.shape[1:]):
        array = pa.FixedSizeListArray.from_arrays(array, size)
    return array
