"""Datasets of what is in memory, or is read by key."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from headwater.core.errors import DataError
from headwater.core.key import as_keys
from headwater.core.source import Source
from headwater.data.dataset import Dataset
from headwater.data.entry.family import begin, member
from headwater.data.sources.arrays import Arrays, as_arrays
from headwater.data.sources.keyed import Keyed
from headwater.data.sources.range import Range
from headwater.data.sources.reader import Reader, once
from headwater.data.sources.table import as_table

if TYPE_CHECKING:
    import pyarrow as pa


@member
def from_source(source: Source, *, keys: Any = None) -> Dataset:
    """The rows of a keyed source, such as `samples.Samples` or what a selection chose of it.

    `keys` says which and in which order; all, ascending, if left out. Random access.
    """
    # Not isinstance(source, Source): that would compute the fingerprint, which may read a lot.
    if not all(callable(getattr(source, name, None)) for name in ("keys", "read")):
        raise DataError(
            f"a {type(source).__name__} is not a source.",
            where="data.from_source",
            remedy="A source has spec, fingerprint, keys() and read(keys); for arrays use data.from_arrays.",
        )
    return begin(Keyed(source, None if keys is None else as_keys(keys)))


@member
def from_arrays(arrays: Any) -> Dataset:
    """The rows of a mapping of equally long arrays, or the values of one array. Random access.

    Rows read in order are read-only views of the arrays.

    >>> import numpy as np
    >>> from headwater import data
    >>> next(iter(data.from_arrays({"x": np.arange(3), "y": np.zeros(3)})))
    {'x': 0, 'y': 0.0}
    """
    return begin(Arrays(as_arrays(arrays)))


@member
def from_arrow(
    table: pa.Table | pa.RecordBatch | pa.RecordBatchReader | Callable[[], pa.RecordBatchReader],
) -> Dataset:
    """The rows of a table (random access), or of a stream of record batches.

    A reader can be iterated once; a function that returns one, again and again.
    """
    import pyarrow as pa

    if isinstance(table, pa.Table | pa.RecordBatch):
        return begin(as_table(table))
    if isinstance(table, pa.RecordBatchReader):
        return begin(Reader(once(table)))
    if callable(table):
        return begin(Reader(table))
    raise DataError(
        f"a {type(table).__name__} holds no Arrow rows.",
        where="data.from_arrow",
        remedy="Pass a pyarrow Table, RecordBatch, RecordBatchReader, or a function that returns a reader.",
    )


@member
def range(start: int, stop: int | None = None, step: int = 1) -> Dataset:  # noqa: A001 - as Python, and the field, calls it
    """Whole numbers, as Python's `range`. Random access.

    >>> from headwater import data
    >>> list(data.range(2, 10, 3))
    [2, 5, 8]
    """
    return begin(Range(0, start, step) if stop is None else Range(start, stop, step))
