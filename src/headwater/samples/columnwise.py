"""Convert a column at once; None where any value would not come through unchanged."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headwater.samples.schema import Field
from headwater.samples.valuewise import NOT_A_TIME, YEAR_9999_S, Values, encoded


def whole_column(values: Values, field: Field) -> NDArray[Any] | None:
    """Return `values` as an array of the field's dtype, or None if that would change or drop one of them."""
    field = _with_natural_missing(field)
    try:
        if isinstance(values, pa.Array):
            return _from_arrow(values, field)
        if isinstance(values, np.ndarray):
            return _from_numpy(values, field)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, ValueError, OverflowError):
        return None
    return None


def _with_natural_missing(field: Field) -> Field:
    if field.missing is None and field.numpy.kind == "f":
        return replace(field, missing=math.nan)
    return field


def _from_arrow(values: pa.Array, field: Field) -> NDArray[Any] | None:
    if _is_list(values.type):
        return _from_lists(values, field)
    is_text = _is_text(values.type)
    if field.numpy.kind == "M":
        return _from_numpy(_arrow_times(values), field)
    if field.numpy.kind == "S":
        return _from_texts(values, field) if is_text else None
    if is_text:
        values = pc.utf8_trim_whitespace(values).cast(_arrow_number(field))
    elif pa.types.is_decimal(values.type):
        values = values.cast(pa.float64())
    elif pa.types.is_temporal(values.type) or pa.types.is_nested(values.type):
        return None
    if values.null_count:
        if field.missing is None:
            return None
        filler = _from_numpy(np.array([field.missing]), replace(field, shape=()))
        if filler is None:
            return None
        gone = pc.is_null(values).to_numpy(zero_copy_only=False)
        column = np.full(len(values), filler[0])
        there = _from_numpy(values.drop_null().to_numpy(zero_copy_only=False), field)
        if there is None:
            return None
        column[~gone] = there
        return column
    return _from_numpy(values.to_numpy(zero_copy_only=False), field)


def _from_lists(values: pa.Array, field: Field) -> NDArray[Any] | None:
    size = math.prod(field.shape)
    if (
        values.null_count
        or not field.shape
        or not bool(pc.all(pc.equal(pc.list_value_length(values), size)).as_py())
    ):
        return None
    flat = values.flatten()
    if _is_list(flat.type):
        return None
    found = _from_arrow(flat, replace(field, shape=()))
    return None if found is None else found.reshape(len(values), *field.shape)


def _from_texts(values: pa.Array, field: Field) -> NDArray[Any] | None:
    if values.null_count:
        if field.missing is None:
            return None
        values = values.cast(pa.large_binary()).fill_null(encoded(field.missing))
    raw = values.cast(pa.large_binary())
    if len(raw) and pc.max(pc.binary_length(raw)).as_py() > field.numpy.itemsize:
        return None
    return np.array(raw.to_pylist(), field.numpy)


def _from_numpy(values: NDArray[Any], field: Field) -> NDArray[Any] | None:
    target = field.numpy
    if target.kind == "M":
        return _seconds_to_times(values) if values.dtype.kind in "iuf" else _times(values)
    if target.kind == "S":
        return _same(np.char.encode(values, "utf-8") if values.dtype.kind == "U" else values, target, "S")
    if target.kind == "f":
        with np.errstate(over="ignore"):  # beyond float32 is infinite, as in any cast
            return values.astype(target) if values.dtype.kind in "biuf" else None
    return _same(values, target, "biuf")


def _same(values: NDArray[Any], target: np.dtype[Any], kinds: str) -> NDArray[Any] | None:
    """Cast, unless that changes a value: 300 is no int8, 0.5 no integer, b"abc" no "S2"."""
    if values.dtype.kind not in kinds:
        return None
    with np.errstate(invalid="ignore"):
        cast = values.astype(target)
    return cast if bool(np.all(cast == values)) else None


def _arrow_number(field: Field) -> Any:
    return pa.bool_() if field.numpy.kind == "b" else pa.from_numpy_dtype(field.numpy.newbyteorder("="))


def _arrow_times(values: pa.Array) -> NDArray[Any]:
    """Return datetime64[us], or seconds since 1970 as numbers."""
    kind = values.type
    if _is_text(kind):
        texts = pc.utf8_trim_whitespace(values)
        for target in (pa.timestamp("us"), pa.timestamp("us", "UTC"), pa.float64()):
            try:
                return _arrow_times(texts.cast(target))
            except pa.ArrowInvalid:
                continue
        raise ValueError
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        numbers = values.cast(pa.timestamp("us"), safe=False).cast(pa.int64())
        column = numbers.fill_null(NOT_A_TIME.astype(np.int64)).to_numpy(zero_copy_only=False)
        return np.asarray(column).astype("datetime64[us]")
    return np.asarray(values.to_numpy(zero_copy_only=False))


def _seconds_to_times(seconds: NDArray[Any]) -> NDArray[Any] | None:
    gone = np.isnan(seconds) if seconds.dtype.kind == "f" else np.zeros(seconds.shape, np.bool_)
    if bool(np.any(np.abs(seconds[~gone].astype(np.float64)) >= YEAR_9999_S)):
        return None
    whole = np.where(gone, 0, seconds)
    times = (np.round(whole * 1e6) if seconds.dtype.kind == "f" else whole.astype(np.int64) * 1_000_000).astype(
        "datetime64[us]"
    )
    times[gone] = NOT_A_TIME
    return np.asarray(times)


def _times(values: NDArray[Any]) -> NDArray[Any] | None:
    return values.astype("datetime64[us]") if values.dtype.kind == "M" else None


def _is_text(kind: Any) -> bool:
    types = pa.types
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
    )


def _is_list(kind: Any) -> bool:
    types = pa.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))
