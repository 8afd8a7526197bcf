"""Columns as Arrow arrays and back, with exactly the type and shape they had.

What Arrow has a type for is stored as such, so that other programs can read it; the rest (big-endian numbers,
fixed-width texts, complex numbers, records) as fixed-width bytes beside the name of its type.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import DataError
from headwater.core.spec import Column

Form: TypeAlias = dict[str, Any] | None
"""Type and row shape of a numpy column; None for one that was Arrow already."""

_ARROW_UNITS = frozenset(("s", "ms", "us", "ns"))


class NotStorableError(DataError):
    """Raised for an element that cannot be written to a file and come back as it was."""


def to_arrow(column: Column) -> tuple[Any, Form]:
    """Return an Arrow array of the same length, and what must be known to get the column back.

    >>> to_arrow(np.zeros((2, 3), np.float32))[1]
    {'dtype': '<f4', 'shape': [3]}
    """
    import pyarrow as pa

    if not isinstance(column, np.ndarray):
        return (column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column), None
    if column.dtype.hasobject:
        raise not_storable(f"numpy array of {column.dtype}")
    form = {"dtype": describe_dtype(column.dtype), "shape": list(column.shape[1:])}
    width = math.prod(column.shape[1:])
    if not width * column.dtype.itemsize:
        return pa.nulls(len(column)), form
    flat = _flat(np.ascontiguousarray(column).reshape(-1))
    return (pa.FixedSizeListArray.from_arrays(flat, width) if column.ndim > 1 else flat), form


def from_arrow(array: Any, form: Form) -> Column:
    """The opposite of `to_arrow`; the numbers are not copied and cannot be written."""
    import pyarrow as pa

    if form is None:
        return array
    dtype, shape = dtype_of(form["dtype"]), (len(array), *form["shape"])
    if pa.types.is_null(array.type):
        return np.empty(shape, dtype)
    flat = array.flatten() if pa.types.is_fixed_size_list(array.type) else array
    if pa.types.is_boolean(flat.type):
        values: NDArray[Any] = flat.to_numpy(zero_copy_only=False)
    else:
        start_bytes = flat.offset * dtype.itemsize
        values = np.frombuffer(flat.buffers()[1], dtype, len(flat), start_bytes)
    return values.reshape(shape)


def _flat(values: NDArray[Any]) -> Any:
    import pyarrow as pa

    if values.dtype.kind == "b":
        return pa.array(values)
    kind = _arrow_type(values.dtype) or pa.binary(values.dtype.itemsize)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values.view(np.uint8))])


def _arrow_type(dtype: np.dtype[Any]) -> Any:
    """The Arrow type whose bytes are numpy's, if there is one."""
    import pyarrow as pa

    times = dtype.kind in "mM" and np.datetime_data(dtype) in {(unit, 1) for unit in _ARROW_UNITS}
    numbers = dtype.kind in "iu" or (dtype.kind == "f" and dtype.itemsize <= 8)
    return pa.from_numpy_dtype(dtype) if dtype.isnative and (times or numbers) else None


def describe_dtype(dtype: np.dtype[Any]) -> Any:
    """A JSON value that `dtype_of` turns into the same type again."""
    return dtype.str if dtype.names is None else np.lib.format.dtype_to_descr(dtype)


def dtype_of(described: Any) -> np.dtype[Any]:
    """The opposite of `describe_dtype`."""
    if isinstance(described, str):
        return np.dtype(described)
    return np.lib.format.descr_to_dtype([_field(part) for part in described])


def _field(part: list[Any]) -> tuple[Any, ...]:
    """A field as numpy writes it, whose tuples JSON turned into lists."""
    name, kind, *shape = part
    inner = kind if isinstance(kind, str) else [_field(one) for one in kind]
    return (tuple(name) if isinstance(name, list) else name, inner, *map(tuple, shape))


def not_storable(what: str) -> NotStorableError:
    """The error for a value of this kind."""
    return NotStorableError(
        f"a {what} cannot be stored.",
        remedy="Numbers, texts, bytes, lists, tuples, dicts, numpy and Arrow arrays can: turn it into those "
        "before it is kept, and back after.",
    )
