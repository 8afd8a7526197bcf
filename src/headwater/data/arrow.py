"""From Arrow to columns: fixed-width values become numpy without a copy, the rest stays Arrow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from headwater.core.errors import DataError
from headwater.core.spec import Column


def columns_of(
    table: Any, *, where: str, first_row: int = 0, row_name: Callable[[int], str] | None = None
) -> dict[str, Column]:
    """Return the columns of an Arrow table or record batch.

    Numbers, booleans and times become numpy; fixed-size lists of numbers become ``[N, k]``. A missing float is
    NaN and a missing time NaT. Texts, bytes and nested values stay Arrow arrays.
    Raised for a missing integer or boolean, which numpy cannot hold: `DataError` naming column and row,
    counted from `first_row` or as `row_name` calls it.
    """

    def named(row: int) -> str:
        return f"row {first_row + row:,}"

    called = row_name or named
    return {name: _column(table.column(name), name, where, called) for name in table.schema.names}


def _column(column: Any, name: str, where: str, row_name: Callable[[int], str]) -> Column:
    import pyarrow as pa

    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):  # combine_chunks of a very large column may still leave several
        array = pa.concat_arrays(array.chunks)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    convert = _converter(array.type)
    if convert is None:
        return array
    if array.null_count and not _has_missing(array.type):
        row = int(np.flatnonzero(np.asarray(array.is_null()))[0])
        raise DataError(
            f"column `{name}` ({array.type}) has no value in {row_name(row)}.",
            where=where,
            remedy="Fill it (pyarrow.compute.fill_null), cast it to a float, or leave it out (columns=[...]).",
        )
    values: Column = convert(array)
    return values


def _converter(kind: Any) -> Callable[[Any], Any] | None:
    import pyarrow as pa

    types = pa.types
    if types.is_fixed_size_list(kind) and types.is_primitive(kind.value_type):
        return lambda array: array.flatten().to_numpy(zero_copy_only=False).reshape(len(array), kind.list_size)
    if types.is_decimal(kind) or not (types.is_primitive(kind) or types.is_boolean(kind)):
        return None
    return lambda array: array.to_numpy(zero_copy_only=False)


def _has_missing(kind: Any) -> bool:
    """Whether numpy has a value of this type that means "none"."""
    import pyarrow as pa

    return bool(pa.types.is_floating(kind) or pa.types.is_temporal(kind))
