"""Turn a column of an input, whatever its type, into the array that the schema declares.

A whole column is converted at once. Only if that fails or would change a value is each value looked at by
itself, to name the bad ones; as rejects are few by their limit, so are those slow columns.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headwater.samples.columnwise import whole_column
from headwater.samples.schema import Field
from headwater.samples.valuewise import Decoded, Values, is_none, shown, to_list, value_by_value

_MAX_PAYLOAD_BYTES = 2**32 - 1  # the width of a size in a row


def decode(values: Values, field: Field) -> Decoded:
    """Return `values` as ``[N, *field.shape]`` of the field's dtype."""
    plain = _simplify(values)
    whole = whole_column(plain, field)
    if whole is not None and whole.shape == (len(plain), *field.shape):
        return Decoded(whole, {})
    return value_by_value(to_list(plain), field)


def decode_label(values: Values, field: Field) -> tuple[Decoded, NDArray[np.bool_]]:
    """Return the label's column, and where the input has none: that label is never known."""
    unknown = is_missing(values)
    filler = np.zeros((), field.numpy)[()] if field.missing is None else field.missing
    return decode(values, replace(field, missing=filler)), unknown


def decode_payload(values: Values) -> Decoded:
    """Return the bytes of each row as a list; text is encoded as UTF-8."""
    bad: dict[int, str] = {}
    column: list[bytes | memoryview] = []
    for position, value in enumerate(to_list(_simplify(values))):
        if isinstance(value, str):
            column.append(value.encode())
        elif isinstance(value, bytes | bytearray | memoryview):
            column.append(value if isinstance(value, bytes | memoryview) else bytes(value))
            if len(value) > _MAX_PAYLOAD_BYTES:
                bad[position] = f"has {len(value):,} bytes, a payload at most {_MAX_PAYLOAD_BYTES:,}"
        else:
            column.append(b"")
            bad[position] = "missing" if is_none(value) else f"{shown(value)} is not bytes"
    return Decoded(column, bad)


def is_missing(values: Values) -> NDArray[np.bool_]:
    """Return where a column has no value: null, None, NaN or NaT."""
    plain = _simplify(values)
    if isinstance(plain, pa.Array):
        nan_too = pa.types.is_floating(plain.type)
        found = pc.is_null(plain, nan_is_null=nan_too)
        return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)
    if isinstance(plain, np.ndarray):
        if plain.dtype.kind not in "fM":
            return np.zeros(len(plain), np.bool_)
        flat = plain.reshape(len(plain), -1)
        return np.asarray((np.isnat if plain.dtype.kind == "M" else np.isnan)(flat).all(axis=1))
    return np.fromiter((is_none(value) for value in plain), np.bool_, len(plain))


def _simplify(values: Values) -> Values:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if isinstance(values, pa.Array):
        return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
    if isinstance(values, np.ndarray) and values.dtype.kind != "O":
        return values
    try:
        return pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return list(values)  # of mixed types: looked at one by one
