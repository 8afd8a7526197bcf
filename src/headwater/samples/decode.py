"""Turn a column of an input, whatever its type, into the array that the schema declares.

A whole column is converted at once. Only if that fails or would change a value is each value looked at by
itself, to name the bad ones; as rejects are few by their limit, so are those slow columns.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from headwater.samples.schema import Field

Values: TypeAlias = "NDArray[Any] | pa.Array | Sequence[Any]"
"""A column as it arrives: numpy, Arrow, or a plain list."""

_YEAR_9999_S = 253_402_300_800  # beyond it a number of seconds is surely milliseconds or worse
_MAX_PAYLOAD_BYTES = 2**32 - 1  # the width of a size in a row
_NOT_A_TIME = np.datetime64("NaT", "us")


@dataclass(frozen=True)
class Decoded:
    """A column of the declared dtype; `bad` says for some positions why their value is not in it."""

    column: Any
    bad: Mapping[int, str]


def decode(values: Values, field: Field) -> Decoded:
    """Return `values` as ``[N, *field.shape]`` of the field's dtype."""
    plain = _simplify(values)
    whole = _whole(plain, _with_natural_missing(field))
    if whole is not None and whole.shape == (len(plain), *field.shape):
        return Decoded(whole, {})
    return _one_by_one(to_list(plain), field)


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
            bad[position] = "missing" if _is_none(value) else f"{_shown(value)} is not bytes"
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
    return np.fromiter((_is_none(value) for value in plain), np.bool_, len(plain))


def to_list(values: Values) -> list[Any]:
    """Return a column as Python values."""
    if isinstance(values, pa.Array):
        return list(values.to_pylist())
    return list(values)


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


def _with_natural_missing(field: Field) -> Field:
    if field.missing is None and field.numpy.kind == "f":
        return replace(field, missing=math.nan)
    return field


def _whole(values: Values, field: Field) -> NDArray[Any] | None:
    """Convert a column at once, or return None if any value does not convert unchanged."""
    try:
        if isinstance(values, pa.Array):
            return _from_arrow(values, field)
        if isinstance(values, np.ndarray):
            return _from_numpy(values, field)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError, ValueError, OverflowError):
        return None
    return None


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
        values = values.cast(pa.large_binary()).fill_null(_bytes(field.missing))
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
        column = numbers.fill_null(_NOT_A_TIME.astype(np.int64)).to_numpy(zero_copy_only=False)
        return np.asarray(column).astype("datetime64[us]")
    return np.asarray(values.to_numpy(zero_copy_only=False))


def _seconds_to_times(seconds: NDArray[Any]) -> NDArray[Any] | None:
    gone = np.isnan(seconds) if seconds.dtype.kind == "f" else np.zeros(seconds.shape, np.bool_)
    if bool(np.any(np.abs(seconds[~gone].astype(np.float64)) >= _YEAR_9999_S)):
        return None
    whole = np.where(gone, 0, seconds)
    times = (np.round(whole * 1e6) if seconds.dtype.kind == "f" else whole.astype(np.int64) * 1_000_000).astype(
        "datetime64[us]"
    )
    times[gone] = _NOT_A_TIME
    return np.asarray(times)


def _times(values: NDArray[Any]) -> NDArray[Any] | None:
    return values.astype("datetime64[us]") if values.dtype.kind == "M" else None


def _one_by_one(values: list[Any], field: Field) -> Decoded:
    column = np.zeros((len(values), *field.shape), field.numpy)
    if field.numpy.kind == "M":
        column[...] = _NOT_A_TIME
    bad: dict[int, str] = {}
    convert = _CONVERT[field.numpy.kind]
    for position, value in enumerate(values):
        try:
            column[position] = _shaped(value, field, convert) if field.shape else _single(value, field, convert)
        except (ValueError, TypeError, OverflowError) as error:
            bad[position] = str(error)
    return Decoded(column, bad)


def _single(value: Any, field: Field, convert: Callable[[Any, Field], Any]) -> Any:
    if _is_none(value):
        if field.missing is not None:
            return convert(field.missing, field)
        if field.numpy.kind in "fM":
            return math.nan if field.numpy.kind == "f" else _NOT_A_TIME
        raise ValueError("missing")
    return convert(value, field)


def _shaped(value: Any, field: Field, convert: Callable[[Any, Field], Any]) -> Any:
    if _is_none(value):
        raise ValueError("missing")
    array = np.asarray(value, dtype=object)
    if array.shape != field.shape:
        raise ValueError(f"has shape {list(array.shape)}, expected {list(field.shape)}")
    flat = [_single(item, field, convert) for item in array.reshape(-1).tolist()]
    return np.array(flat, field.numpy).reshape(field.shape)


def _to_float(value: Any, field: Field) -> float:
    if isinstance(value, str | bytes | int | float | np.generic):
        try:
            return float(value)
        except ValueError:
            pass
    raise ValueError(f"{_shown(value)} is not a {field.dtype} number")


def _to_int(value: Any, field: Field) -> int:
    number: int | None = None
    if isinstance(value, str | bytes | int | float | np.generic):
        try:
            number = int(value)
        except (ValueError, OverflowError):
            number = None
        if not isinstance(value, str | bytes) and number != value:
            number = None
    if number is None:
        raise ValueError(f"{_shown(value)} is not an {field.dtype} number")
    limits = np.iinfo(field.numpy)
    if not limits.min <= number <= limits.max:
        raise ValueError(f"{number} does not fit {field.dtype} ({limits.min} to {limits.max})")
    return number


def _to_bool(value: Any, _field: Field) -> bool:
    words = {"true": True, "1": True, "false": False, "0": False}
    word = str(value).strip().lower()
    if word not in words:
        raise ValueError(f"{_shown(value)} is neither true nor false")
    return words[word]


def _to_bytes(value: Any, field: Field) -> bytes:
    if not isinstance(value, str | bytes):
        raise ValueError(f"{_shown(value)} is not text")
    raw = _bytes(value)
    if len(raw) > field.numpy.itemsize:
        raise ValueError(f"{_shown(value)} has {len(raw)} bytes, {field.dtype} holds {field.numpy.itemsize}")
    return raw


def _to_time(value: Any, _field: Field) -> np.datetime64:
    if isinstance(value, np.datetime64):
        return cast("np.datetime64", value.astype("datetime64[us]"))
    if isinstance(value, datetime.date):
        return _utc(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float | np.number):
        raise ValueError(f"{_shown(value)} is not a time")
    try:
        return _utc(datetime.datetime.fromisoformat(value.strip())) if isinstance(value, str) else _at(value)
    except ValueError:
        pass
    try:
        return _at(float(value))
    except (ValueError, OverflowError):
        raise ValueError(f"{_shown(value)} is not a time (ISO 8601, or seconds since 1970)") from None


def _utc(moment: datetime.date) -> np.datetime64:
    if isinstance(moment, datetime.datetime) and moment.tzinfo is not None:
        moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    return np.datetime64(moment, "us")


def _at(seconds: Any) -> np.datetime64:
    if not math.isfinite(seconds) or abs(seconds) >= _YEAR_9999_S:
        raise ValueError(f"{seconds} is not a number of seconds since 1970")
    return np.datetime64(round(seconds * 1_000_000), "us")


_CONVERT: dict[str, Callable[[Any, Field], Any]] = {
    "f": _to_float,
    "i": _to_int,
    "u": _to_int,
    "b": _to_bool,
    "S": _to_bytes,
    "M": _to_time,
}


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def _is_none(value: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, float | np.floating):
        return bool(math.isnan(value))
    return isinstance(value, np.datetime64) and bool(np.isnat(value))


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


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
