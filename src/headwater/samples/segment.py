"""One immutable file of packed rows, with the index columns beside them and a checksum for every 64 KiB.

    rows file     [packed rows][index columns][chunk CRCs][footer JSON][footer CRC, length][magic]
    payload file  [magic][bytes of sample 0][bytes of sample 1] ...

Rows begin at offset 0, so they are aligned when mapped. The footer holds the CRC-32 of everything but the
rows and payloads, whose checksums are verified when they are first read, once per process. The catalogue
holds the CRC of the footer: one number stands for the whole segment.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import CorruptError, SamplesError
from headwater.samples.blobs import Blobs
from headwater.samples.memory import Space
from headwater.samples.schema import Rows, Schema

MAGIC = b"HWSEG\x00\x01\n"
TAIL = struct.Struct("<II8s")  # CRC-32 of the footer, its length, magic
_CHUNK_BYTES = 1 << 16  # small enough that one cold row costs one chunk, large enough that CRCs are 0.01 %


def chunk_shift(width: int) -> int:
    """Return the binary logarithm of how many rows of `width` bytes share a checksum."""
    return max(_CHUNK_BYTES // width, 1).bit_length() - 1


class SegmentError(SamplesError, CorruptError):
    """Raised when a segment's bytes have changed; it names the file and the segment."""


@dataclass(frozen=True)
class SegmentRecord:
    """What the catalogue knows of a segment.

    It holds the rows of all keys in ``[first_key, stop_key)``, but not of those that had been deleted by
    version `purged_version`.
    """

    number: int
    name: str
    first_key: int
    stop_key: int
    num_rows: int
    size_bytes: int
    crc: int
    payload_name: str | None
    payload_bytes: int
    purged_version: int

    @property
    def names(self) -> tuple[str, ...]:
        """The blobs that the segment is made of."""
        return (self.name,) if self.payload_name is None else (self.name, self.payload_name)


@dataclass
class Verified:
    """What of a segment has been checked: it outlives the mapping, so that nothing is checked twice.

    `pending` says for each chunk of rows whether it still has to be.
    """

    pending: NDArray[np.bool_]
    footer: dict[str, Any] | None = None
    columns: set[str] = field(default_factory=set)
    payloads: set[int] = field(default_factory=set)

    @staticmethod
    def nothing(record: SegmentRecord, *, width: int) -> Verified:
        """The state before anything was read."""
        return Verified(np.ones(-(-record.num_rows >> chunk_shift(width)), np.bool_))


class Segment:
    """A segment mapped for reading; safe to share between threads.

    `data` are the bytes of the rows file, or the reason why there are none.
    """

    def __init__(
        self,
        record: SegmentRecord,
        data: memoryview | str,
        *,
        schema: Schema,
        blobs: Blobs,
        verified: Verified,
    ) -> None:
        self.record = record
        self.schema = schema
        self.verified = verified
        self._blobs = blobs
        self._data = data

    @property
    def is_unreadable(self) -> bool:
        """Whether there are no bytes at all."""
        return isinstance(self._data, str)

    def take(self, positions: NDArray[np.int64]) -> Rows:
        """Return the rows at `positions`, verified."""
        self.verify(positions)
        width = self.schema.row_dtype.itemsize
        raw = np.frombuffer(self._bytes(), f"V{width}", count=self.record.num_rows)
        return np.take(raw, positions, mode="clip").view(self.schema.row_dtype)

    def verify(self, positions: NDArray[np.int64]) -> None:
        """Check the chunks that hold the rows at `positions`, unless they were checked before."""
        data, width = self._bytes(), self.schema.row_dtype.itemsize
        chunks = positions >> chunk_shift(width)
        chunks = np.unique(chunks[self.verified.pending[chunks]])
        if not chunks.size:
            return
        crcs = self._stored("chunk_crcs", np.dtype("<u4"))
        chunk_rows = 1 << chunk_shift(width)
        size, end = chunk_rows * width, self.record.num_rows * width
        for chunk in chunks.tolist():
            if zlib.crc32(data[chunk * size : min(chunk * size + size, end)]) != crcs[chunk]:
                first = chunk * chunk_rows
                last = min(first + chunk_rows, self.record.num_rows) - 1
                raise self._corrupt(f"the checksum of rows {first} to {last} is wrong")
            self.verified.pending[chunk] = False

    def column(self, name: str) -> NDArray[Any]:
        """Return an index column, one value for each row."""
        return self._stored(name, self.schema.index_dtypes[name])

    def payloads(self, references: NDArray[np.void]) -> list[memoryview]:
        """Return the bytes that `references` point to, each verified when it is first read."""
        offsets, sizes = references["offset"].tolist(), references["size"].tolist()
        data = self._payload_bytes
        found = [data[offset : offset + size] for offset, size in zip(offsets, sizes)]
        for piece, offset, crc in zip(found, offsets, references["crc"].tolist()):
            if offset not in self.verified.payloads:
                if zlib.crc32(piece) != crc:
                    raise self._corrupt(f"the checksum of the payload at byte {offset} is wrong", payload=True)
                self.verified.payloads.add(offset)
        return found

    @cached_property
    def _payload_bytes(self) -> memoryview:
        name, size_bytes = self.record.payload_name, self.record.payload_bytes
        if name is None:
            return memoryview(b"")
        space = Space(size_bytes)
        with self._blobs.open(name) as file:  # FileNotFoundError: the reader asks if it was compacted
            found_bytes = file.seek(0, 2)
            if found_bytes != size_bytes:
                raise self._corrupt(f"it has {found_bytes:,} bytes instead of {size_bytes:,}", payload=True)
            space.map(file.fileno(), at=0, size_bytes=size_bytes)
        return space.array().data

    def _bytes(self) -> memoryview:
        if isinstance(self._data, str):
            raise self._corrupt(self._data)
        return self._data

    def _footer(self) -> dict[str, Any]:
        if self.verified.footer is not None:
            return self.verified.footer
        data = self._bytes()
        crc, length, magic = TAIL.unpack(data[-TAIL.size :])
        footer = data[-TAIL.size - length : -TAIL.size].tobytes()
        if magic != MAGIC or zlib.crc32(footer) != crc or crc != self.record.crc:
            raise self._corrupt("the checksum of its footer is wrong")
        tree: dict[str, Any] = json.loads(footer)
        self.verified.footer = tree
        return tree

    def _stored(self, name: str, dtype: np.dtype[Any]) -> NDArray[Any]:
        offset, size, crc = self._footer()["columns"][name]
        data = self._bytes()[offset : offset + size]
        if name not in self.verified.columns:
            if zlib.crc32(data) != crc:
                raise self._corrupt(f"the checksum of its column {name!r} is wrong")
            self.verified.columns.add(name)
        return np.frombuffer(data, dtype)

    def _corrupt(self, problem: str, *, payload: bool = False) -> SegmentError:
        record = self.record
        name = record.payload_name if payload and record.payload_name else record.name
        return SegmentError(
            f"segment {record.number} (keys {record.first_key} to {record.stop_key - 1}): {problem}.",
            where=self._blobs.where(name),
            remedy="Restore this file from a copy, or delete() these keys; all other segments stay readable.",
        )
