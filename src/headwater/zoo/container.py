"""What a blob holds: the planes of all tensors, then an index of them.

    magic (8 bytes) | planes, one after the other | index: zstd(JSON) | tail (24 bytes)

The tail gives the index's stored and plain sizes and the CRC-32 of the index and of the tail itself; the index
gives way, size and CRC-32 of each plane. So every byte of the file is under a checksum, and one tensor can be
read without the others. Written front to back: any size streams through a few chunks of memory.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import zstandard

from headwater.zoo.blobs import Blob, Draft
from headwater.zoo.planes import Packed, Way
from headwater.zoo.tensor import CHUNK_BYTES

MAGIC = b"HWZOO\x00\x00\x01"
_TAIL = struct.Struct(
    "<QQII"
)  # index bytes stored, index bytes plain, CRC of the stored index, CRC of the above


@dataclass(frozen=True)
class Plane:
    """Where one plane lies in its blob, and how it is kept."""

    way: Way
    offset: int
    size_bytes: int
    crc: int


@dataclass(frozen=True)
class Entry:
    """One tensor of a blob. Equal tensors of one model (tied weights) share their planes."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    digest: str
    planes: tuple[Plane, ...]
    """Chunk by chunk, the planes of a chunk together."""


@dataclass(frozen=True)
class Index:
    """Everything about a blob but the planes themselves."""

    content: str
    """Digest of the model that the blob rebuilds."""
    base: str | None
    """Digest of the model that its differences are against: no other base is accepted."""
    entries: Mapping[str, Entry]
    metadata: Mapping[str, str] = field(default_factory=dict)


class Writer:
    """Planes in, a whole container out."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.draft.write(MAGIC)

    def add(self, packed: Packed) -> Plane:
        """Append a plane and say where it lies."""
        plane = Plane(packed.way, self.draft.size_bytes, len(packed.data), zlib.crc32(packed.data))
        self.draft.write(packed.data)
        return plane

    def finish(self, index: Index) -> str:
        """Write the index and return the blob's digest."""
        plain = json.dumps(_tree(index), separators=(",", ":")).encode()
        stored = zstandard.ZstdCompressor(level=9).compress(plain)
        numbers = (len(stored), len(plain), zlib.crc32(stored))
        self.draft.write(stored)
        self.draft.write(_TAIL.pack(*numbers, zlib.crc32(struct.pack("<QQI", *numbers))))
        return self.draft.finish()


def read_index(blob: Blob) -> Index:
    """Return the index of a blob. Raised: ValueError saying what is wrong with the file."""
    if blob.read(0, len(MAGIC)) != MAGIC:
        raise ValueError("it does not begin as a container of this version does")
    tail = blob.read(max(0, blob.size_bytes - _TAIL.size), _TAIL.size)
    if len(tail) < _TAIL.size or zlib.crc32(tail[:20]) != _TAIL.unpack(tail)[3]:
        raise ValueError("its end is missing or changed")
    stored_bytes, plain_bytes, crc, _ = _TAIL.unpack(tail)
    stored = blob.read(max(0, blob.size_bytes - _TAIL.size - stored_bytes), stored_bytes)
    if zlib.crc32(stored) != crc:
        raise ValueError("the checksum of its index is wrong")
    plain = zstandard.ZstdDecompressor().decompress(stored, max_output_size=plain_bytes)
    return _index(json.loads(plain))


def read_plane(blob: Blob, plane: Plane) -> bytes:
    """Return the stored bytes of a plane. Raised: ValueError when they have changed."""
    data = blob.read(plane.offset, plane.size_bytes)
    if len(data) != plane.size_bytes or zlib.crc32(data) != plane.crc:
        raise ValueError(f"the checksum of bytes {plane.offset} to {plane.offset + plane.size_bytes} is wrong")
    return data


def _tree(index: Index) -> dict[str, Any]:
    first: dict[int, str] = {}  # planes that several tensors share are written with the first of them
    rows = []
    for entry in index.entries.values():
        like = first.setdefault(id(entry.planes), entry.name) if entry.planes else entry.name
        flat = [[plane.way, plane.size_bytes, plane.crc] for plane in entry.planes]
        rows.append(
            {"name": entry.name, "dtype": entry.dtype, "shape": entry.shape, "digest": entry.digest}
            | ({"planes": flat} if like == entry.name else {"like": like})
        )
    return {
        "codec": "planes",  # a lossy codec of a later version says its own word here
        "chunk_bytes": CHUNK_BYTES,
        "content": index.content,
        "base": index.base,
        "metadata": dict(index.metadata),
        "tensors": rows,
    }


def _index(tree: dict[str, Any]) -> Index:
    if (tree["codec"], tree["chunk_bytes"]) != ("planes", CHUNK_BYTES):
        raise ValueError(f"codec {tree['codec']!r} was written by another version of headwater")
    entries: dict[str, Entry] = {}
    offset = len(MAGIC)
    for row in tree["tensors"]:
        if "like" in row:
            planes = entries[row["like"]].planes
        else:
            placed = []
            for way, size_bytes, crc in row["planes"]:
                placed.append(Plane(Way(way), offset, size_bytes, crc))
                offset += size_bytes
            planes = tuple(placed)
        entries[row["name"]] = Entry(row["name"], row["dtype"], tuple(row["shape"]), row["digest"], planes)
    return Index(tree["content"], tree["base"], entries, tree["metadata"])
