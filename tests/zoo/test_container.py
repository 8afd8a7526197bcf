"""The file format: each bit of it is under a checksum, and no base but the right one is taken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from headwater.zoo.arrays import of_mapping
from headwater.zoo.chain import BROKEN
from headwater.zoo.container import MAGIC, Index, read_index, read_plane
from headwater.zoo.packing import digests_of, pack
from headwater.zoo.tensor import Content


class Memory:
    """A draft and a blob in memory."""

    def __init__(self, content: bytes = b"") -> None:
        self.content = content

    @property
    def size_bytes(self) -> int:
        return len(self.content)

    def write(self, data: bytes | memoryview) -> None:
        self.content += bytes(data)

    def read(self, start: int, size_bytes: int) -> bytes:
        return self.content[start : start + size_bytes]

    def finish(self) -> str:
        return "digest"

    def close(self) -> None:
        pass

    def __enter__(self) -> Memory:
        return self

    def __exit__(self, *_: Any) -> None:
        pass


def packed(content: Content) -> Memory:
    draft = Memory()
    pack(content, digests_of(content), draft, against=None)
    return draft


def read_all(blob: Memory) -> Index:
    index = read_index(blob)
    for entry in index.entries.values():
        for plane in entry.planes:
            read_plane(blob, plane)
    return index


@pytest.fixture
def blob() -> Memory:
    """A small container with planes of several kinds, one of them shared."""
    noise = np.random.default_rng(0).integers(0, 256, 40, dtype=np.uint8)
    return packed(of_mapping({"noise": noise, "zeros": np.zeros(99), "tied": noise, "none": np.empty((0, 2))}))


def test_an_index_says_what_was_packed(blob: Memory) -> None:
    index = read_all(blob)
    assert index.base is None
    assert {e.name: (e.dtype, e.shape) for e in index.entries.values()} == {
        "noise": ("U8", (40,)),
        "zeros": ("F64", (99,)),
        "tied": ("U8", (40,)),
        "none": ("F64", (0, 2)),
    }
    assert index.entries["tied"].planes == index.entries["noise"].planes


def test_every_flipped_bit_is_noticed(blob: Memory) -> None:
    for bit in range(blob.size_bytes * 8):
        changed = bytearray(blob.content)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BROKEN):
            read_all(Memory(bytes(changed)))


def test_every_truncation_and_any_longer_file_is_noticed(blob: Memory) -> None:
    for length in range(blob.size_bytes):
        with pytest.raises(BROKEN):
            read_all(Memory(blob.content[:length]))
    with pytest.raises(BROKEN):
        read_all(Memory(blob.content + b"\0"))


def test_the_same_model_gives_the_same_bytes(blob: Memory) -> None:
    model = {"a": np.arange(50_000, dtype=np.float32), "b": np.ones(3)}
    assert packed(of_mapping(model)).content == packed(of_mapping(model)).content
    assert blob.content.startswith(MAGIC)
