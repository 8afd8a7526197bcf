"""Serialised ``tf.train.Example`` as columns, read from protobuf's wire format without TensorFlow.

The message is ``Example{1: Features{1: map<string, Feature>}}`` with ``Feature{1: BytesList | 2: FloatList |
3: Int64List}``, each list a repeated field 1. Everything else in it is passed over.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from headwater.core.errors import DataError
from headwater.core.spec import Column
from headwater.data.sources.file import CorruptFileError, corrupt

Features: TypeAlias = tuple[tuple[str, str], ...]
"""Names and kinds: ``"int64"``, ``"float32"`` or ``"bytes"``, then nothing for one value, ``[13]`` or ``[2,3]``
for a fixed shape, ``[]`` for any number."""

_KINDS = {1: "bytes", 2: "float32", 3: "int64"}
_FORM = re.compile(r"(bytes|float32|int64)(\[(\d+(,\d+)*)?\])?")


def check_features(features: Mapping[str, str], *, where: str) -> Features:
    """Refuse kinds that are not of the form."""
    for name, kind in features.items():
        if not _FORM.fullmatch(kind.replace(" ", "")):
            raise DataError(
                f"features: {name!r} is {kind!r}.",
                where=where,
                remedy="Write 'int64', 'float32' or 'bytes', then a shape as in 'float32[13]', or '[]'.",
            )
    return tuple((name, kind.replace(" ", "")) for name, kind in features.items())


def features_of(record: bytes, place: str) -> Features:
    """The features of one example: one value is taken for a number, several for a list of that length."""
    try:
        found = dict(_features(record))
    except (IndexError, ValueError) as error:
        raise DataError(
            f"the record is no tf.train.Example: {error}.",
            where=place,
            remedy="Leave examples=False for the bytes.",
        ) from error
    return tuple(
        (name, kind if len(values) == 1 else f"{kind}[{len(values) or ''}]")
        for name, (kind, values) in sorted(found.items())
        if kind
    )


def columns_of_examples(records: list[bytes], features: Features, *, path: Path, row: int) -> dict[str, Column]:
    """Return one column for each feature; lists of any length, texts and bytes are Arrow, the rest numpy.

    Raised when a record lacks one, or has another kind or number of values: `CorruptFileError` naming it.
    """
    parsed: list[dict[str, tuple[str, Any]]] = []
    for at, record in enumerate(records):
        try:
            parsed.append(dict(_features(record)))
        except (IndexError, ValueError) as error:
            raise corrupt(path, f"no tf.train.Example: {error}", at=f"record {row + at:,}") from error
    return {name: _column(parsed, name, form, path, row) for name, form in features}


def _column(parsed: list[dict[str, tuple[str, Any]]], name: str, form: str, path: Path, row: int) -> Column:
    import pyarrow as pa

    kind, _, shape = form.rstrip("]").partition("[")
    listed, ragged = "[" in form, form.endswith("[]")
    sizes = tuple(int(size) for size in shape.split(",") if size)
    count = math.prod(sizes)
    lists = []
    for at, features in enumerate(parsed):
        found, values = features.get(name, ("", ()))
        if (len(values) and found != kind) or (not ragged and len(values) != count):
            raise _differs(path, row + at, name, form, found, len(values))
        lists.append(values)
    if kind == "bytes":
        return (
            pa.array(lists, pa.list_(pa.binary()))
            if listed
            else pa.array([one[0] for one in lists], pa.binary())
        )
    flat = np.concatenate([np.asarray(values, kind) for values in lists])
    if not ragged:
        return flat.reshape(len(lists), *sizes)
    offsets = np.cumsum([0, *map(len, lists)], dtype=np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat))


def _differs(path: Path, row: int, name: str, form: str, found: str, count: int) -> CorruptFileError:
    kind = form.partition("[")[0]
    has = f"{found}[{count}]" if found else "missing or empty"
    return CorruptFileError(
        f"feature `{name}` is {has}, not {form}.",
        where=f"{path}, record {row:,}",
        remedy=f"Say what it is in all records: features={{{name!r}: '{found or kind}[]', ...}}.",
    )


def _features(record: bytes) -> Iterator[tuple[str, tuple[str, Any]]]:
    for number, features in _fields(record):
        if number == 1:
            for _, entry in _fields(features):
                parts = dict(_fields(entry))
                yield parts.get(1, b"").decode(), _values(parts.get(2, b""))


def _values(feature: bytes) -> tuple[str, Any]:
    for number, content in _fields(feature):
        if number in _KINDS:
            return _KINDS[number], _list(number, content)
    return "", ()


def _list(number: int, content: bytes) -> Any:
    parts = [part for field, part in _fields(content, numbers=number == 3) if field == 1]
    if number == 1:
        return parts
    if number == 2:
        return np.frombuffer(b"".join(parts), "<f4")  # packed, or four bytes each: the same once joined
    return np.concatenate([_varints(part) for part in parts]) if parts else ()


def _fields(content: bytes, *, numbers: bool = False) -> Iterator[tuple[int, bytes]]:
    """The fields of a message as their bytes; single varints only if they are asked for."""
    at, size = 0, len(content)
    while at < size:
        key, at = _varint(content, at)
        wire, start = key & 7, at
        if wire == 0:
            _, at = _varint(content, at)
            if not numbers:
                continue
        elif wire == 2:
            length, start = _varint(content, at)
            at = start + length
        elif wire in (1, 5):
            at += 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire} at byte {start}")
        if at > size:
            raise ValueError(f"a field ends at byte {at} of {size}")
        yield key >> 3, content[start:at]


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        code = content[at]
        at += 1
        value |= (code & 127) << shift
        if code < 128:
            return value, at
        shift += 7


def _varints(content: bytes) -> Any:
    """All varints of a packed field, as int64."""
    codes = np.frombuffer(content, np.uint8)
    ends = np.flatnonzero(codes < 128)
    if not len(ends):
        return np.zeros(0, np.int64)
    if ends[-1] != len(codes) - 1:
        raise ValueError("a number is cut short")
    starts = np.concatenate(([0], ends[:-1] + 1))
    place = np.arange(len(codes)) - np.repeat(starts, ends - starts + 1)
    shifted = (codes & 127).astype(np.uint64) << (np.uint64(7) * place.astype(np.uint64))
    return np.bitwise_or.reduceat(shifted, starts).astype(np.int64)
