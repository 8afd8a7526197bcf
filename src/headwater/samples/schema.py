"""What a sample is made of: fixed-width fields and byte payloads, declared once and saved with the store.

A row in a segment is one numpy structured record. Its layout follows from the schema alone: the key and the
three times first, then the fields from the most to the least aligned, then a reference to each payload, padded
to a multiple of eight bytes. Aligned fields can be viewed by any library without a copy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import SamplesError
from headwater.core.registry import did_you_mean
from headwater.core.spec import ColumnSpec, Spec

Rows: TypeAlias = NDArray[np.void]
"""Packed rows: a structured array of `Schema.row_dtype`."""

TIME = "datetime64[us]"
SYSTEM = ("key", "event_time", "ingest_time", "label_time")
"""Columns that every store has beside the schema's fields."""

REFERENCE = np.dtype([("offset", "<u8"), ("size", "<u4"), ("crc", "<u4")])
"""Where the bytes of a payload lie in the segment's payload file, and their CRC-32."""


@dataclass(frozen=True)
class Field:
    """A column of fixed width: booleans, integers, floats, byte strings (``"S3"``) or ``datetime64[us]``.

    `missing` is stored where the input has no value. Left out, a float takes NaN, a time NaT, and any other
    row without a value is rejected.
    """

    name: str
    dtype: str
    shape: tuple[int, ...] = ()
    missing: Any = None

    @cached_property
    def numpy(self) -> np.dtype[Any]:
        """The dtype of one element."""
        return np.dtype(self.dtype)


@dataclass(frozen=True)
class Payload:
    """A column of bytes of any length, such as an encoded image; nothing is decoded."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The columns of a store, and which columns of the input hold the times and the label.

    `event_time` and `label_time` name columns of the input; they are stored as ``event_time`` and
    ``label_time``. Without `event_time` a sample happens when it is ingested; without `label_time` its label
    is known at its event time.

    >>> schema = Schema(fields=(Field("carrier", "S2"), Field("late", "int8")), event_time="scheduled",
    ...                 label="late", label_time="arrived")
    >>> schema.spec
    Spec(key: int64, event_time: datetime64[us], ingest_time: datetime64[us], label_time: datetime64[us], \
carrier: |S2, late: int8)
    """

    fields: tuple[Field | Payload, ...]
    event_time: str | None = None
    label: str | None = None
    label_time: str | None = None

    def __post_init__(self) -> None:
        for field in self.fields:
            _check(field)
        names = [field.name for field in self.fields]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise SamplesError(f"the name {repeated[0]!r} is used twice.", where="Schema")
        if not names:
            raise SamplesError("a schema without fields holds nothing.", where="Schema")
        self._check_label()

    def _check_label(self) -> None:
        if self.label is None:
            if self.label_time is not None:
                raise SamplesError(
                    "label_time is given, but no label.", where="Schema", remedy="Name the label."
                )
            return
        fixed = {field.name: field for field in self.fixed}
        if self.label not in fixed:
            hint = did_you_mean(self.label, fixed)
            raise SamplesError(f"label={self.label!r} is not a Field.", where="Schema", remedy=hint)
        if fixed[self.label].shape:
            raise SamplesError(f"the label {self.label!r} must be one value per sample.", where="Schema")

    @property
    def fixed(self) -> tuple[Field, ...]:
        """The fields of fixed width."""
        return tuple(field for field in self.fields if isinstance(field, Field))

    @property
    def payloads(self) -> tuple[Payload, ...]:
        """The byte payloads."""
        return tuple(field for field in self.fields if isinstance(field, Payload))

    @cached_property
    def row_dtype(self) -> np.dtype[np.void]:
        """The layout of one packed row; its size is a multiple of eight bytes."""
        parts: list[Any] = [("key", "<i8"), *((name, "<M8[us]") for name in SYSTEM[1:])]
        parts += [(payload.name, REFERENCE) for payload in self.payloads]
        by_alignment = sorted(self.fixed, key=lambda field: -field.numpy.alignment)
        parts += [(field.name, field.numpy.newbyteorder("<"), field.shape) for field in by_alignment]
        return np.dtype(parts, align=True)

    @cached_property
    def index_dtypes(self) -> dict[str, np.dtype[Any]]:
        """The columns that `index()` gives, which a segment also stores column by column."""
        columns: dict[str, np.dtype[Any]] = {name: self.row_dtype[name] for name in SYSTEM}
        if self.label is not None:
            columns["label"] = self.row_dtype[self.label]
        return columns

    @cached_property
    def spec(self) -> Spec:
        """The columns that `read()` gives: key and times, then the fields as declared."""
        system = [("key", ColumnSpec("int64")), *((name, ColumnSpec(TIME)) for name in SYSTEM[1:])]
        return Spec((*system, *((field.name, _column_spec(field)) for field in self.fields)))

    def to_json(self) -> str:
        """Return the text that `from_json` reads back."""
        fields = [{"kind": type(field).__name__.lower(), **asdict(field)} for field in self.fields]
        rest = {"event_time": self.event_time, "label": self.label, "label_time": self.label_time}
        return json.dumps({"fields": fields, **rest}, default=_plain)

    @staticmethod
    def from_json(text: str) -> Schema:
        """Return the schema that `to_json` wrote."""
        tree = json.loads(text)
        fields = tuple(_field_of(dict(field)) for field in tree.pop("fields"))
        return Schema(fields=fields, **tree)

    def check_names(self, names: Sequence[str]) -> None:
        """Raise a `SamplesError` with the nearest right name if one of `names` is not a column."""
        for name in names:
            if name not in self.spec:
                hint = did_you_mean(name, self.spec)
                raise SamplesError(f"there is no column {name!r}.", where="read", remedy=hint)


def _check(field: Field | Payload) -> None:
    where = f"{type(field).__name__}({field.name!r})"
    if not field.name or field.name in SYSTEM:
        raise SamplesError(
            "this name is taken: each store has it of itself." if field.name else "the name is empty.",
            where=where,
            remedy="Name the input's column in event_time= or label_time=, or rename the field.",
        )
    if isinstance(field, Payload):
        return
    try:
        dtype = field.numpy
    except TypeError:
        raise SamplesError(f"{field.dtype!r} is not a numpy dtype.", where=where) from None
    if dtype.kind not in "biufSM" or dtype.itemsize == 0 or (dtype.kind == "M" and dtype != TIME):
        raise SamplesError(
            f"a field of {field.dtype!r} has no fixed width that can be stored.",
            where=where,
            remedy='Use a number, "bool", "datetime64[us]" or bytes such as "S8"; for any length use Payload.',
        )
    if any(size < 1 for size in field.shape):
        raise SamplesError(f"the shape {field.shape} holds nothing.", where=where)
    if field.missing is not None and not _fits(field.missing, dtype):
        raise SamplesError(f"missing={field.missing!r} is no {field.dtype}.", where=where)


def _fits(value: Any, dtype: np.dtype[Any]) -> bool:
    if dtype.kind == "S":
        return isinstance(value, str | bytes) and len(value) <= dtype.itemsize
    if dtype.kind == "M" or not isinstance(value, bool | int | float):
        return False  # a time without a value is NaT
    low, high = (np.iinfo(dtype).min, np.iinfo(dtype).max) if dtype.kind in "iu" else (-np.inf, np.inf)
    return dtype.kind == "f" or (value == int(value) and low <= value <= high)


def _column_spec(field: Field | Payload) -> ColumnSpec:
    if isinstance(field, Payload):
        return ColumnSpec("large_binary")
    return ColumnSpec(str(field.numpy), field.shape)


def _field_of(tree: dict[str, Any]) -> Field | Payload:
    if tree.pop("kind") == "payload":
        return Payload(**tree)
    missing = tree.pop("missing")
    if isinstance(missing, Mapping):
        missing = bytes.fromhex(missing["hex"])
    return Field(tree["name"], tree["dtype"], tuple(tree["shape"]), missing)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, np.generic):
        return value.item()
    raise SamplesError(
        f"missing={value!r} cannot be saved.", where="Schema", remedy="Use a plain number or text."
    )
