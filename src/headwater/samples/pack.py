"""Turn a batch of the input into packed rows, and set bad rows aside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import SamplesError
from headwater.core.registry import did_you_mean
from headwater.samples.decode import decode, decode_label, decode_payload
from headwater.samples.incoming.batch import Batch
from headwater.samples.rejects import Reject
from headwater.samples.schema import TIME, Field, Rows, Schema
from headwater.samples.valuewise import Decoded, Values


@dataclass(frozen=True)
class Packed:
    """Rows without key and ingest time, the payloads of the same rows, and what was rejected.

    Where the schema names no event time, times that the ingest time will stand for are zero. `kept` are the
    positions in the batch that the rows come from.
    """

    rows: Rows
    payloads: Mapping[str, list[bytes | memoryview]]
    kept: NDArray[np.int64]
    rejects: list[Reject]


@dataclass(frozen=True)
class Packer:
    """Packs batches of one file. `latest` is the newest event time that is believed."""

    schema: Schema
    file: str
    columns: Mapping[str, str | Sequence[str]]
    latest: np.datetime64

    def pack(self, batch: Batch) -> Packed:
        """Return the good rows of `batch`, in its order."""
        rows = np.zeros(batch.num_rows, self.schema.row_dtype)
        bad: dict[int, tuple[str, str]] = {}
        rows["label_time"] = np.datetime64("NaT", "us")
        self._pack_event_time(batch, rows, bad)
        for field in self.schema.fixed:
            if field.name == self.schema.label:
                self._pack_label(batch, field, rows, bad)
            else:
                rows[field.name] = _noted(
                    decode(self._column(batch, field.name, field), field), field.name, bad
                )
        payloads = {
            payload.name: _noted(decode_payload(self._column(batch, payload.name)), payload.name, bad)
            for payload in self.schema.payloads
        }
        return self._without(bad, batch, rows, payloads)

    def _pack_event_time(self, batch: Batch, rows: Rows, bad: dict[int, tuple[str, str]]) -> None:
        name = self.schema.event_time
        if name is None:
            return
        times = _noted(decode(self._column(batch, name), Field(name, TIME)), name, bad)
        for position in np.flatnonzero(np.isnat(times)).tolist():
            bad.setdefault(position, (name, "missing: each sample needs an event time"))
        for position in np.flatnonzero(times > self.latest).tolist():
            reason = f"{times[position]} is later than {self.latest}, the clock with max_future= added"
            bad.setdefault(position, (name, reason))
        rows["event_time"] = times

    def _pack_label(self, batch: Batch, field: Field, rows: Rows, bad: dict[int, tuple[str, str]]) -> None:
        decoded, unknown = decode_label(self._column(batch, field.name), field)
        rows[field.name] = _noted(decoded, field.name, bad)
        name = self.schema.label_time
        if name is None:
            known = rows["event_time"].copy()
        else:
            known = _noted(decode(self._column(batch, name), Field(name, TIME)), name, bad)
        known[unknown] = np.datetime64("NaT", "us")
        rows["label_time"] = known

    def _column(self, batch: Batch, name: str, field: Field | None = None) -> Values:
        source = self.columns.get(name, name)
        if isinstance(source, str):
            return _found(batch, source, self.file)
        # Several columns of the file make one field, side by side.
        if field is None or field.shape != (len(source),):
            raise SamplesError(f"{len(source)} columns do not make the field {name!r}.", where=self.file)
        flat = Field(name, field.dtype, missing=field.missing)
        parts = [decode(_found(batch, part, self.file), flat) for part in source]
        if any(part.bad for part in parts):
            raw = [list(map(_raw_value, _found(batch, part, self.file))) for part in source]
            return list(zip(*raw))
        return np.column_stack([part.column for part in parts])

    def _without(
        self,
        bad: Mapping[int, tuple[str, str]],
        batch: Batch,
        rows: Rows,
        payloads: Mapping[str, list[bytes | memoryview]],
    ) -> Packed:
        rejects = [*batch.rejects]
        if not bad:
            return Packed(rows, payloads, np.arange(rows.size), rejects)
        for position, (column, reason) in bad.items():
            values = {name: _raw_value(values[position]) for name, values in batch.columns.items()}
            rejects.append(Reject(self.file, int(batch.row_numbers[position]), column, reason, values))
        kept = np.delete(np.arange(rows.size), list(bad))
        good = {name: [values[position] for position in kept.tolist()] for name, values in payloads.items()}
        # As opaque records the padding is copied too, and stays zero.
        taken = np.take(rows.view(f"V{rows.itemsize}"), kept).view(rows.dtype)
        return Packed(taken, good, kept, rejects)


def _noted(decoded: Decoded, name: str, bad: dict[int, tuple[str, str]]) -> Any:
    for position, reason in decoded.bad.items():
        bad.setdefault(position, (name, reason))
    return decoded.column


def _found(batch: Batch, name: str, file: str) -> Values:
    if name not in batch.columns:
        hint = did_you_mean(name, batch.columns)
        raise SamplesError(
            f"there is no column {name!r}.",
            where=file,
            remedy=f"{hint} A column of another name is given as columns={{{name!r}: ...}}, "
            f"or --column {name}=...".strip(),
        )
    return batch.columns[name]


def _raw_value(value: Any) -> Any:
    plain = value.as_py() if hasattr(value, "as_py") else value
    return None if isinstance(plain, float) and math.isnan(plain) else plain
