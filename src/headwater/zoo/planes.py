"""How one chunk of a tensor becomes few bytes, without losing a bit.

A chunk is split into byte planes: all first bytes of the items, all second bytes, and so on. Sign and exponent
of floats lie together and compress; the low bytes of the mantissa are noise and are stored as they are. Against
a base, the planes of a fine-tuned model differ little, so their XOR is mostly zeros. Each plane is kept in the
cheapest of four ways, hence a difference is never larger than the full form:

    RAW    the plane                 ZSTD   zstd(plane)
    XOR    zstd(plane XOR base's)    SAME   nothing: equal to the base's plane

After BitX (ZipLLM, NSDI 2026: XOR with the base, exponent and mantissa planes, zstd-3) and Modyn's
`WeightsDifference` (xor, split_exponent). We differ in choosing per plane and chunk, and in how zstd is set
(see `_FEW_MATCHES`). Tried and left out: subtracting instead of XOR saved 2 to 3 % of the plain size, but a
borrow crosses planes, so every plane of every base would have to be read; rotating the sign away from the
exponent, as zipnn does, saved 0.3 % in full and lost as much in differences.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import zstandard

from headwater.zoo.tensor import Bytes

SPLIT_BYTES = 1 << 14
"""Smaller chunks are kept in one piece, still byte by byte: four zstd frames would cost more than they save."""
_TRIAL_BYTES = 1 << 12
_NUM_TRIALS = 8

_FEW_MATCHES = zstandard.ZstdCompressionParameters(
    window_log=20, chain_log=6, hash_log=6, search_log=1, min_match=7, strategy=zstandard.STRATEGY_FAST
)
"""For weights: what gains is coding frequent bytes shortly. Repetitions among them are coincidences that cost
more than they save: 1.3 % (float32) and 3 % (bfloat16) smaller in full than level 1, and faster."""
_MATCHES = zstandard.ZstdCompressionParameters.from_level(1)
"""For the rest, e.g. integers that count up."""


class Way(IntEnum):
    """How a plane is kept; the numbers are on disk."""

    RAW = 0
    ZSTD = 1
    XOR = 2
    SAME = 3


@dataclass(frozen=True)
class Packed:
    """A plane as it will be written."""

    way: Way
    data: bytes | memoryview
    alone_bytes: int
    """What it would take without a base."""


def num_planes(chunk_bytes: int, item_bytes: int) -> int:
    """Return into how many planes a chunk of this length is split; all sides count on the same answer."""
    return 1 if chunk_bytes < SPLIT_BYTES else item_bytes


def split(chunk: Bytes, item_bytes: int) -> list[Bytes]:
    """Return the planes of a chunk.

    >>> split(np.arange(6, dtype=np.uint8), 2)
    [array([0, 2, 4, 1, 3, 5], dtype=uint8)]
    """
    if item_bytes == 1:
        return [chunk]
    planes = [np.ascontiguousarray(chunk[byte::item_bytes]) for byte in range(item_bytes)]
    return planes if num_planes(chunk.size, item_bytes) > 1 else [np.concatenate(planes)]


def join(planes: list[Bytes], item_bytes: int) -> Bytes:
    """Undo `split`."""
    if item_bytes == 1:
        return planes[0]
    if len(planes) == 1:
        planes = list(planes[0].reshape(item_bytes, -1))
    chunk = np.empty((planes[0].size, item_bytes), np.uint8)
    for byte, plane in enumerate(planes):
        chunk[:, byte] = plane
    return chunk.reshape(-1)


def pack(plane: Bytes, base: Bytes | None) -> Packed:
    """Return the cheapest way to keep `plane`."""
    alone = _squeeze(plane)
    best = Packed(Way.RAW, plane.data, plane.size) if alone is None else Packed(Way.ZSTD, alone, len(alone))
    if base is None:
        return best
    if np.array_equal(plane, base):
        return Packed(Way.SAME, b"", best.alone_bytes)
    against = _squeeze(plane ^ base)
    if against is not None and len(against) < best.alone_bytes:
        return Packed(Way.XOR, against, best.alone_bytes)
    return best


def unpack(way: Way, data: bytes, *, size_bytes: int, base: Callable[[], Bytes]) -> Bytes:
    """Undo `pack`; `base` is called only for the ways that need it.

    Raised: ValueError when `data` is not what `pack` made.
    """
    if way is Way.SAME:
        return base()
    plane = np.frombuffer(data if way is Way.RAW else _expand(data, size_bytes), np.uint8)
    if plane.size != size_bytes:
        raise ValueError(f"{plane.size} bytes where {size_bytes} belong")
    return plane ^ base() if way is Way.XOR else plane


def _squeeze(plane: Bytes) -> bytes | None:
    """Return the plane compressed, or None when that saves nothing."""
    ways: tuple[zstandard.ZstdCompressionParameters, ...] = (_FEW_MATCHES, _MATCHES)
    if plane.size > 4 * _NUM_TRIALS * _TRIAL_BYTES:
        # Mantissa planes are noise. Samples say so at a tenth of the cost of compressing in vain; they are
        # spread over the plane because a fine-tuning may have left most of its rows alone.
        starts = np.linspace(0, plane.size - _TRIAL_BYTES, _NUM_TRIALS).astype(int)
        trial = np.concatenate([plane[start : start + _TRIAL_BYTES] for start in starts])
        sizes = {way: len(_press(trial, way)) for way in ways}
        ways = (min(ways, key=sizes.__getitem__),)
        if sizes[ways[0]] > 0.99 * trial.size:
            return None
    small = min((_press(plane, way) for way in ways), key=len)
    return small if len(small) < plane.size else None


def _press(plane: Bytes, way: zstandard.ZstdCompressionParameters) -> bytes:
    return zstandard.ZstdCompressor(compression_params=way).compress(plane.data)


def _expand(data: bytes, size_bytes: int) -> bytes:
    # The stated size is compared first: a forged frame must not make us allocate what it likes.
    try:
        if zstandard.frame_content_size(data) != size_bytes:
            raise ValueError("a frame of the wrong size")
        return zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error
