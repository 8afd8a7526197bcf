"""All segments of a version in one stretch of memory, so that one numpy call reads rows of any of them.

Each rows file is mapped where its first row falls on a multiple of the row's width from the start. Rows of all
segments are then elements of one array, with gaps that no key leads to, and a random batch costs the same
from a thousand segments as from one. The multiple is also one of the checksummed chunk, so that one more array
tells for any row whether it was verified.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from headwater.samples.blobs import Blobs
from headwater.samples.memory import PAGE_BYTES, Space
from headwater.samples.schema import Rows, Schema
from headwater.samples.segment import Segment, SegmentRecord, Verified, chunk_shift


class Arena:
    """Rows of many segments; row r of segment s is element ``first_row[s] + r``.

    Raised: `FileNotFoundError` where a file is gone; a `lenient` arena only refuses that segment's rows.
    """

    def __init__(
        self,
        records: Sequence[SegmentRecord],
        *,
        schema: Schema,
        blobs: Blobs,
        verified: Callable[[SegmentRecord], Verified],
        lenient: bool = False,
    ) -> None:
        width = schema.row_dtype.itemsize
        self._shift = chunk_shift(width)
        step = math.lcm(PAGE_BYTES, width << self._shift)
        ends = np.cumsum([-(-record.size_bytes // step) * step for record in records], dtype=np.int64)
        starts = np.concatenate([[0], ends])[: len(records)]
        self._schema = schema
        self._blobs = blobs
        self._lenient = lenient
        self._space = Space(int(ends[-1]) if len(records) else 0)
        self._rows = self._space.array()[: self._space.size_bytes // width * width].view(f"V{width}")
        self.first_row: NDArray[np.int64] = starts // width
        self.segments = [
            Segment(record, self._map(record, at), schema=schema, blobs=blobs, verified=verified(record))
            for record, at in zip(records, starts.tolist())
        ]
        self._pending = np.zeros(self._space.size_bytes // (width << self._shift) + 2, np.bool_)
        for position in range(len(records)):
            self._note_pending(position)

    def take(self, positions: NDArray[np.int64], segments: Callable[[], NDArray[np.int64]]) -> Rows:
        """Return the rows at `positions`, verified; `segments` tells, if need be, in which they lie."""
        fresh = self._pending[positions >> self._shift]
        if fresh.any():
            self._verify(positions[fresh], segments()[fresh])
        # "clip" skips numpy's own bounds check; positions come from the run table and are in range. As opaque
        # records rows are copied several times faster than as structured ones.
        return np.take(self._rows, positions, mode="clip").view(self._schema.row_dtype)

    def payloads(self, segments: NDArray[np.int64], references: Rows) -> pa.LargeBinaryArray:
        """Return the bytes that ``references[i]`` of segment ``segments[i]`` point to."""
        found: list[memoryview] = [memoryview(b"")] * segments.size
        for segment in np.unique(segments).tolist():
            at = np.flatnonzero(segments == segment)
            # Ascending offsets: neighbours on disk are read one after the other.
            at = at[np.argsort(references["offset"][at], kind="stable")]
            for position, data in zip(at.tolist(), self.segments[segment].payloads(references[at])):
                found[position] = data
        ends = np.concatenate([[0], np.cumsum(references["size"], dtype=np.int64)])
        buffers: list[Any] = [None, pa.py_buffer(ends), pa.py_buffer(b"".join(found))]
        return pa.LargeBinaryArray.from_buffers(pa.large_binary(), segments.size, buffers)

    def _map(self, record: SegmentRecord, at: int) -> memoryview | str:
        """Map a rows file, or return why not: then only who asks for its rows hears of it."""
        try:
            file = self._blobs.open(record.name)
        except FileNotFoundError:
            if self._lenient:
                return "its file is missing"
            raise
        with file:
            found_bytes = file.seek(0, 2)
            if found_bytes != record.size_bytes:
                return f"it has {found_bytes:,} bytes instead of {record.size_bytes:,}"
            self._space.map(file.fileno(), at=at, size_bytes=record.size_bytes)
        return self._space.array().data[at : at + record.size_bytes]

    def _verify(self, positions: NDArray[np.int64], segments: NDArray[np.int64]) -> None:
        for segment in np.unique(segments).tolist():
            self.segments[segment].verify(positions[segments == segment] - self.first_row[segment])
            self._note_pending(segment)

    def _note_pending(self, segment: int) -> None:
        pending = self.segments[segment].verified.pending
        first = int(self.first_row[segment]) >> self._shift
        # Where nothing is mapped no row counts as verified, whatever was read before the file was lost.
        self._pending[first : first + pending.size] = pending | self.segments[segment].is_unreadable
