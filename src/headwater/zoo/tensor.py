"""Tensors as bytes: the store never interprets them, so it needs no torch and keeps every NaN as it is.

Words are those of the safetensors format: ``"F32"``, ``"BF16"``; bytes are little-endian, row-major.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from headwater.core.digest import digest_of

Bytes: TypeAlias = NDArray[np.uint8]

CHUNK_BYTES = 1 << 22
"""Tensors are read, compressed and rebuilt in chunks of 4 MiB, a multiple of every item's size."""

BITS = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8} | {
    "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64,
}  # fmt: skip
"""Bits of an item, in the order in which safetensors sorts dtypes."""


@dataclass(frozen=True, eq=False)
class Tensor:
    """Dtype, shape, and a way to read the bytes chunk by chunk: from memory, a file, or a stored variant."""

    dtype: str
    shape: tuple[int, ...]
    chunk: Callable[[int], Bytes] = field(repr=False)
    """Chunk i: bytes ``[i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES)``, the last one shorter."""

    @property
    def size_bytes(self) -> int:
        """Its length in bytes."""
        return size_of(self.dtype, self.shape)

    @property
    def num_chunks(self) -> int:
        """How many chunks it has; an empty tensor has none."""
        return -(-self.size_bytes // CHUNK_BYTES)

    def digest(self) -> str:
        """Return the digest of the bytes alone."""
        state = hashlib.blake2b(digest_size=16)
        for number in range(self.num_chunks):
            state.update(self.chunk(number).data)
        return state.hexdigest()


@dataclass(frozen=True, eq=False)
class Content:
    """All tensors of a model and the free text that safetensors keeps with them."""

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def size_bytes(self) -> int:
        """Sum of the tensors' bytes."""
        return sum(tensor.size_bytes for tensor in self.tensors.values())

    def digest(self, digests: Mapping[str, str]) -> str:
        """Return the digest of names, dtypes, shapes, bytes (by tensor) and metadata; order does not enter."""
        rows = [[name, t.dtype, list(t.shape), digests[name]] for name, t in sorted(self.tensors.items())]
        return digest_of("model", rows, dict(self.metadata))


def of_bytes(dtype: str, shape: tuple[int, ...], flat: Bytes) -> Tensor:
    """Return a tensor over bytes in memory; they are not copied."""
    return Tensor(dtype, shape, lambda number: flat[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES])


def size_of(dtype: str, shape: tuple[int, ...]) -> int:
    """Return the bytes of a tensor."""
    return -(-math.prod(shape) * BITS[dtype] // 8)


def item_bytes_of(dtype: str) -> int:
    """Return the bytes of an item; 1 for dtypes that share a byte."""
    return max(1, BITS[dtype] // 8)
