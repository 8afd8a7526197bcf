"""TFRecord files: records behind their length, both with a checksum; places are bytes of the plain content."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headwater.core.spec import Column
from headwater.data.block import BARE
from headwater.data.sources.crc32c import checksums, masked, of_words
from headwater.data.sources.example import Features, columns_of_examples, features_of
from headwater.data.sources.file import CorruptFileError, corrupt
from headwater.data.sources.files import Files
from headwater.data.sources.gathered import gathered
from headwater.data.sources.pieces import Broken, Piece, Place, pieces_of
from headwater.data.sources.stream import AUTO, CHUNK_BYTES, Stream, check_compression, stream

_HEAD_BYTES, _FOOT_BYTES = 12, 4  # length (8) and its checksum (4), content, its checksum


@dataclass(frozen=True, eq=False)
class TFRecord(Files):
    """Records as bytes, or, if they are serialised ``tf.train.Example``, as the columns of `features`."""

    operator: ClassVar[str] = "from_tfrecord"
    compression: str = AUTO
    examples: bool = False
    features: Features | None = None

    def __post_init__(self) -> None:
        check_compression(self.compression, where="data.from_tfrecord")

    def read(self, path: Path, place: Place) -> Iterator[Piece | Broken]:
        """Some records at once; whatever their content is checked against comes before it is used."""
        at, row = place
        with stream(path, self.compression, at=at) as file:
            for content, starts in _framed(file, row):
                stops = np.append(starts[1:], len(content))
                count = _num_framed(content, starts)
                intact = _intact(content, starts[:count], stops[:count])
                make = partial(self._columns, content, starts, stops, intact, path, row)
                yield from pieces_of(make, 0, count, at + int(stops[count - 1]) if count else None)
                if count < len(starts):  # what follows a wrong length is no record
                    raise _wrong_length(path, row + count)
                at, row = at + len(content), row + len(starts)

    @cached_property
    def kinds(self) -> Features:
        """The features of an example: those asked for, or those of the first record of all."""
        if self.features is not None:
            return self.features
        for file in self.files:
            with stream(file.path, self.compression) as opened:
                for content, starts in _framed(opened, 0):
                    stop = int(starts[1]) if len(starts) > 1 else len(content)
                    return features_of(content[_HEAD_BYTES : stop - _FOOT_BYTES], f"{file.path}, record 0")
        return ()

    def _columns(
        self,
        content: bytes,
        starts: NDArray[np.int64],
        stops: NDArray[np.int64],
        intact: NDArray[np.bool_],
        path: Path,
        row: int,
        first: int,
        last: int,
    ) -> dict[str, Column]:
        """The records from `first` up to `last` of those in `content`, all of which must be intact."""
        import pyarrow as pa

        if not intact[first:last].all():
            at = row + first + int(np.argmin(intact[first:last]))
            raise corrupt(path, "the checksum is wrong: its bytes have changed", at=f"record {at:,}")
        starts, stops = starts[first:last] + _HEAD_BYTES, stops[first:last] - _FOOT_BYTES
        if not self.examples:
            return {BARE: gathered(content, starts, stops, pa.binary())}
        records = list(map(content.__getitem__, map(slice, starts.tolist(), stops.tolist())))
        return columns_of_examples(records, self.kinds, path=path, row=row + first)


def _framed(file: Stream, row: int) -> Iterator[tuple[bytes, NDArray[np.int64]]]:
    """Yield whole records and where each begins; lengths are believed only as far as bytes are at hand."""
    rest, missing = b"", 0
    while content := file.read(max(CHUNK_BYTES, missing)):
        content = rest + content
        starts, end, missing = _frames(content)
        if starts:
            yield content[:end], np.array(starts, np.int64)
        row += len(starts)
        rest = content[end:]
        if len(rest) >= _HEAD_BYTES and not _is_head(rest):
            raise _wrong_length(file.path, row)
    if rest:
        wanted = f"{len(rest) + missing:,}" if missing else f"at least {_HEAD_BYTES + _FOOT_BYTES}"
        raise corrupt(
            file.path, f"the file is cut short: {len(rest):,} bytes of {wanted} are there", at=f"record {row:,}"
        )


def _frames(content: bytes) -> tuple[list[int], int, int]:
    """Where records begin, where the last whole one ends, and how many bytes the one after it lacks."""
    starts: list[int] = []
    at, size, unpack = 0, len(content), struct.Struct("<Q").unpack_from
    while at + _HEAD_BYTES <= size:
        end = at + unpack(content, at)[0] + _HEAD_BYTES + _FOOT_BYTES
        if end > size:
            return starts, at, end - size
        starts.append(at)
        at = end
    return starts, at, 0


def _wrong_length(path: Path, row: int) -> CorruptFileError:
    return corrupt(path, "the checksum of its length is wrong: its bytes have changed", at=f"record {row:,}")


def _is_head(content: bytes) -> bool:
    return bool(_heads_intact(content, np.zeros(1, np.int64))[0])


def _num_framed(content: bytes, starts: NDArray[np.int64]) -> int:
    """How many records come before the first whose length is wrong."""
    heads = _heads_intact(content, starts)
    return len(starts) if heads.all() else int(np.argmin(heads))


def _intact(content: bytes, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[np.bool_]:
    sums = masked(checksums(content, starts + _HEAD_BYTES, stops - _FOOT_BYTES))
    intact: NDArray[np.bool_] = sums == _stored(content, stops - _FOOT_BYTES)
    return intact


def _heads_intact(content: bytes, starts: NDArray[np.int64]) -> NDArray[np.bool_]:
    intact: NDArray[np.bool_] = masked(of_words(content, starts)) == _stored(content, starts + 8)
    return intact


def _stored(content: bytes, at: NDArray[np.int64]) -> NDArray[np.uint32]:
    four = np.frombuffer(content, np.uint8)[at[:, None] + np.arange(4)]
    return np.ascontiguousarray(four).view("<u4")[:, 0]
