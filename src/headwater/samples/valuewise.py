"""Convert a column value by value, and say of each bad one why it is bad."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headwater.samples.schema import Field

Values: TypeAlias = "NDArray[Any] | pa.Array | Sequence[Any]"
"""A column as it arrives: numpy, Arrow, or a plain list."""

YEAR_9999_S = 253_402_300_800  # beyond it a number of seconds is surely milliseconds or worse
NOT_A_TIME = np.datetime64("NaT", "us")


@dataclass(frozen=True)
class Decoded:
    """A column of the declared dtype; `bad` says for some positions why their value is not in it."""

    column: Any
    bad: Mapping[int, str]


def value_by_value(values: list[Any], field: Field) -> Decoded:
    """Return all good values as the field's dtype, and the reason for each other, where a zero stands."""
    column = np.zeros((len(values), *field.shape), field.numpy)
    if field.numpy.kind == "M":
        column[...] = NOT_A_TIME
    bad: dict[int, str] = {}
    convert = _CONVERT[field.numpy.kind]
    for position, value in enumerate(values):
        try:
            column[position] = _shaped(value, field, convert) if field.shape else _single(value, field, convert)
        except (ValueError, TypeError, OverflowError) as error:
            bad[position] = str(error)
    return Decoded(column, bad)


def to_list(values: Values) -> list[Any]:
    """Return a column as Python values."""
    if isinstance(values, pa.Array):
        return list(values.to_pylist())
    return list(values)


def _single(value: Any, field: Field, convert: Callable[[Any, Field], Any]) -> Any:
    if is_none(value):
        if field.missing is not None:
            return convert(field.missing, field)
        if field.numpy.kind in "fM":
            return math.nan if field.numpy.kind == "f" else NOT_A_TIME
        raise ValueError("missing")
    return convert(value, field)


def _shaped(value: Any, field: Field, convert: Callable[[Any, Field], Any]) -> Any:
    if is_none(value):
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
    raise ValueError(f"{shown(value)} is not a {field.dtype} number")


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
        raise ValueError(f"{shown(value)} is not an {field.dtype} number")
    limits = np.iinfo(field.numpy)
    if not limits.min <= number <= limits.max:
        raise ValueError(f"{number} does not fit {field.dtype} ({limits.min} to {limits.max})")
    return number


def _to_bool(value: Any, _field: Field) -> bool:
    words = {"true": True, "1": True, "false": False, "0": False}
    word = str(value).strip().lower()
    if word not in words:
        raise ValueError(f"{shown(value)} is neither true nor false")
    return words[word]


def _to_bytes(value: Any, field: Field) -> bytes:
    if not isinstance(value, str | bytes):
        raise ValueError(f"{shown(value)} is not text")
    raw = encoded(value)
    if len(raw) > field.numpy.itemsize:
        raise ValueError(f"{shown(value)} has {len(raw)} bytes, {field.dtype} holds {field.numpy.itemsize}")
    return raw


def _to_time(value: Any, _field: Field) -> np.datetime64:
    if isinstance(value, np.datetime64):
        return cast("np.datetime64", value.astype("datetime64[us]"))
    if isinstance(value, datetime.date):
        return _utc(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float | np.number):
        raise ValueError(f"{shown(value)} is not a time")
    try:
        return _utc(datetime.datetime.fromisoformat(value.strip())) if isinstance(value, str) else _at(value)
    except ValueError:
        pass
    try:
        return _at(float(value))
    except (ValueError, OverflowError):
        raise ValueError(f"{shown(value)} is not a time (ISO 8601, or seconds since 1970)") from None


def _utc(moment: datetime.date) -> np.datetime64:
    if isinstance(moment, datetime.datetime) and moment.tzinfo is not None:
        moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    return np.datetime64(moment, "us")


def _at(seconds: Any) -> np.datetime64:
    if not math.isfinite(seconds) or abs(seconds) >= YEAR_9999_S:
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


def encoded(value: str | bytes) -> bytes:
    """Text as UTF-8, bytes as they are."""
    return value.encode() if isinstance(value, str) else value


def is_none(value: Any) -> bool:
    """Whether this stands for no value: None, NaN or NaT."""
    if value is None:
        return True
    if isinstance(value, float | np.floating):
        return bool(math.isnan(value))
    return isinstance(value, np.datetime64) and bool(np.isnat(value))


def shown(value: Any) -> str:
    """A value as an error message has room for it."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
