"""The codec of one plane: exact, and never larger against a base than alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from headwater.zoo.planes import SPLIT_BYTES, Packed, Way, join, pack, split, unpack

Bytes = NDArray[np.uint8]


@st.composite
def planes(draw: st.DrawFn, size: int | None = None) -> Bytes:
    """Noise, zeros, a pattern, or a mixture of them."""
    size = draw(st.sampled_from([1, 7, 4096, 200_000])) if size is None else size
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    noise = rng.integers(0, 256, size, dtype=np.uint8)
    kind = draw(st.sampled_from(["noise", "zeros", "ramp", "half"]))
    if kind == "zeros":
        return np.zeros(size, np.uint8)
    if kind == "ramp":
        return np.arange(size, dtype=np.uint64).astype(np.uint8)
    if kind == "half":
        noise[size // 2 :] = 0
    return noise


def undo(packed: Packed, size: int, base: Bytes | None) -> Bytes:
    def given_base() -> Bytes:
        assert base is not None, "a plane that stands alone asked for a base"
        return base

    return unpack(packed.way, bytes(packed.data), size_bytes=size, base=given_base)


@given(plane=planes(), data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_plane_comes_back_and_a_base_never_makes_it_larger(plane: Bytes, data: st.DataObject) -> None:
    base = data.draw(st.sampled_from([plane.copy(), plane ^ (plane > 200), data.draw(planes(plane.size))]))
    alone, against = pack(plane, None), pack(plane, base)
    assert np.array_equal(undo(alone, plane.size, None), plane)
    assert np.array_equal(undo(against, plane.size, base), plane)
    assert len(alone.data) == alone.alone_bytes == against.alone_bytes <= plane.size
    assert len(against.data) <= against.alone_bytes


@given(
    num_items=st.one_of(st.integers(1, 40), st.integers(SPLIT_BYTES // 8 - 2, SPLIT_BYTES // 2 + 2)),
    item_bytes=st.sampled_from([1, 2, 4, 8]),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=60, deadline=None)
def test_joining_undoes_splitting(num_items: int, item_bytes: int, seed: int) -> None:
    chunk = np.random.default_rng(seed).integers(0, 256, num_items * item_bytes, dtype=np.uint8)
    parts = split(chunk, item_bytes)
    assert len(parts) == (1 if chunk.size < SPLIT_BYTES else item_bytes)
    assert np.array_equal(join(parts, item_bytes), chunk)


def test_an_unchanged_plane_takes_no_bytes() -> None:
    plane = np.random.default_rng(0).integers(0, 256, 10_000, dtype=np.uint8)
    packed = pack(plane, plane.copy())
    assert (packed.way, len(packed.data)) == (Way.SAME, 0)


def test_noise_is_kept_raw_and_one_changed_row_in_a_large_plane_is_not_taken_for_noise() -> None:
    noise = np.random.default_rng(0).integers(0, 256, 1 << 20, dtype=np.uint8)
    assert pack(noise, None).way is Way.RAW
    base = noise.copy()
    base[: 1 << 18] ^= 0x5A
    base[: 1 << 18] += np.arange(1 << 18, dtype=np.uint64).astype(np.uint8)
    packed = pack(noise, base)
    assert packed.way is Way.XOR
    assert len(packed.data) < noise.size // 2


@pytest.mark.parametrize("way", [Way.RAW, Way.ZSTD])
def test_data_of_another_size_is_refused(way: Way) -> None:
    packed = pack(np.zeros(100, np.uint8) if way is Way.ZSTD else np.arange(100, dtype=np.uint8), None)
    assert packed.way is way
    with pytest.raises(ValueError, match=r"size|belong"):
        unpack(way, bytes(packed.data), size_bytes=101, base=lambda: np.zeros(101, np.uint8))
