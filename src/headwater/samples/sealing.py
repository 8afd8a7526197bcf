"""Write one segment: rows as they come, then the index columns, checksums and footer, then the rename."""

from __future__ import annotations

import json
import uuid
import zlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import IO, TypeAlias

import numpy as np

from headwater.samples.blobs import Blobs
from headwater.samples.schema import Rows, Schema
from headwater.samples.segment import MAGIC, TAIL, SegmentRecord, chunk_shift

Payloads: TypeAlias = Mapping[str, Sequence[bytes | memoryview]]
"""For each payload column the bytes of each row."""


class SegmentWriter:
    """Rows go in by ascending key; `seal` makes them durable, `abort` leaves nothing behind."""

    def __init__(self, schema: Schema, *, blobs: Blobs, number: int) -> None:
        self.num_rows = 0
        self.num_bytes = 0
        self._schema = schema
        self._number = number
        # Two writers may race for a number after one has lost its machine; the name stays unique.
        stem = f"{number:08d}-{uuid.uuid4().hex[:8]}"
        self._name, self._payload_name = f"{stem}.rows", f"{stem}.bytes" if schema.payloads else None
        self._stack = ExitStack()
        self._index: list[Rows] = []
        self._chunk_rows = 1 << chunk_shift(schema.row_dtype.itemsize)
        self._crcs: list[int] = []
        self._crc, self._filled = 0, 0
        try:
            self._file = self._stack.enter_context(blobs.put(self._name))
            self._payload_file: IO[bytes] | None = None
            if self._payload_name is not None:
                self._payload_file = self._stack.enter_context(blobs.put(self._payload_name))
                self._payload_file.write(MAGIC)
        except BaseException as error:
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise
        self._payload_bytes = len(MAGIC) if self._payload_name else 0

    def append(self, rows: Rows, payloads: Payloads) -> None:
        """Write `rows`, whose references to `payloads` are filled in here."""
        try:
            for name, values in payloads.items():
                self._append_payload(rows[name], values)
            data = memoryview(np.ascontiguousarray(rows).view(np.uint8).reshape(-1).data)
            self._file.write(data)
            self._checksum(data)
        except BaseException as error:
            self._stack.__exit__(type(error), error, error.__traceback__)
            raise
        columns = {"label": self._schema.label} if self._schema.label else {}
        kept = np.empty(rows.size, np.dtype(list(self._schema.index_dtypes.items())))
        for name in self._schema.index_dtypes:
            kept[name] = rows[columns.get(name) or name]
        self._index.append(kept)
        self.num_rows += rows.size
        self.num_bytes += len(data)

    def seal(self, *, purged_version: int) -> SegmentRecord:
        """Finish the files, fsync and rename them; the catalogue does not know of them yet."""
        index = np.concatenate(self._index)
        with self._stack:
            size_bytes, crc = self._finish(index)
        return SegmentRecord(
            number=self._number,
            name=self._name,
            first_key=int(index["key"][0]),
            stop_key=int(index["key"][-1]) + 1,
            num_rows=self.num_rows,
            size_bytes=size_bytes,
            crc=crc,
            payload_name=self._payload_name,
            payload_bytes=self._payload_bytes,
            purged_version=purged_version,
        )

    def abort(self) -> None:
        """Remove what was written."""
        error = _AbortedError()
        try:
            self._stack.__exit__(_AbortedError, error, None)
        except _AbortedError:
            return

    def _append_payload(self, references: Rows, values: Sequence[bytes | memoryview]) -> None:
        file = self._payload_file
        if file is None:
            return
        sizes = np.fromiter((len(value) for value in values), np.int64, len(values))
        references["offset"] = self._payload_bytes + np.cumsum(sizes) - sizes
        references["size"] = sizes
        references["crc"] = np.fromiter(map(zlib.crc32, values), np.uint32, len(values))
        file.writelines(values)
        self._payload_bytes += int(sizes.sum())
        self.num_bytes += int(sizes.sum())

    def _checksum(self, data: memoryview) -> None:
        """Take the CRC of each whole chunk of rows; a part of a chunk waits for the next rows."""
        size = self._chunk_rows * self._schema.row_dtype.itemsize
        while data:
            piece, data = data[: size - self._filled], data[size - self._filled :]
            self._crc = zlib.crc32(piece, self._crc)
            self._filled += len(piece)
            if self._filled == size:
                self._crcs.append(self._crc)
                self._crc, self._filled = 0, 0

    def _finish(self, index: Rows) -> tuple[int, int]:
        """Write all that follows the rows; return the file's size in bytes and the footer's CRC."""
        if self._filled:
            self._crcs.append(self._crc)
        at = self.num_rows * self._schema.row_dtype.itemsize
        columns: dict[str, tuple[int, int, int]] = {}
        stored = {name: np.ascontiguousarray(index[name]) for name in self._schema.index_dtypes}
        for name, column in (*stored.items(), ("chunk_crcs", np.array(self._crcs, "<u4"))):
            data = column.tobytes()
            columns[name] = (at, len(data), zlib.crc32(data))
            padded = data + b"\0" * (-len(data) % 8)  # the next column begins aligned
            self._file.write(padded)
            at += len(padded)
        footer = json.dumps(
            {
                "format": "headwater.segment/1",
                "schema": self._schema.to_json(),
                "num_rows": self.num_rows,
                "width": self._schema.row_dtype.itemsize,
                "chunk_rows": self._chunk_rows,
                "columns": columns,
            }
        ).encode()
        crc = zlib.crc32(footer)
        self._file.write(footer + TAIL.pack(crc, len(footer), MAGIC))
        return at + len(footer) + TAIL.size, crc


class _AbortedError(Exception):
    """Unwinds the open files of a writer that was given up."""
