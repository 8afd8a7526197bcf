"""Equal digest, equal content; another boundary, kind, shape or order gives another digest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from headwater.core.digest import digest_file, digest_of

arrays = hnp.arrays(
    st.sampled_from(["int64", "float32", "uint8", "S3", "bool", "datetime64[us]"]),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@given(array=arrays)
def test_an_array_is_digested_by_content_and_not_by_layout(array: NDArray[Any]) -> None:
    assert digest_of(array) == digest_of(array.copy(order="F"))
    wide = np.repeat(array[..., None], 2, axis=-1)[..., 0]
    assert digest_of(wide) == digest_of(array)


@given(one=st.lists(st.binary(max_size=4), max_size=4), other=st.lists(st.binary(max_size=4), max_size=4))
def test_lists_of_parts_have_equal_digests_only_if_equal(one: list[bytes], other: list[bytes]) -> None:
    assert (digest_of(*one) == digest_of(*other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros(4, np.int8), np.zeros((2, 2), np.int8)),
        (np.zeros(2, np.int32), np.zeros(2, np.uint32)),
        (np.zeros(2, "<i4"), np.zeros(2, ">i4")),
        (np.zeros(0, np.int32), np.zeros(0, np.int64)),
        (np.zeros(2, [("a", "i4")]), np.zeros(2, [("b", "i4")])),
        (np.zeros(1, "datetime64[us]"), np.zeros(1, "datetime64[s]")),
        (b"a", "a"),
        (1, 1.0),
        (1, True),
        ("1", 1),
        ([1, 2], [2, 1]),
        (None, "null"),
    ],
)
def test_what_differs_has_another_digest(one: object, other: object) -> None:
    assert digest_of(one) != digest_of(other)


def test_what_means_the_same_has_the_same_digest() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert digest_of((1, 2)) == digest_of([1, 2])
    assert digest_of(b"ab") == digest_of(bytearray(b"ab")) == digest_of(memoryview(b"ab"))
    assert digest_of({"n": np.int64(3)}) == digest_of({"n": 3})
    assert digest_of(memoryview(bytearray())) == digest_of(b"")


@pytest.mark.parametrize("value", [object(), {1, 2}, np.array([object()]), {"a": object()}, digest_of])
def test_what_has_no_stable_bytes_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        digest_of(value)


def test_digests_are_what_they_always_were() -> None:
    # Golden: digests stand in catalogues, journals and zoos, and change only with those formats' numbers.
    assert digest_of("ab", b"c", 1, {"k": [1.5, None]}) == "6adc67f2e9f6eafdec4b5db8ded118e8"
    assert (
        digest_of(np.arange(6, dtype="<i8").reshape(2, 3), np.zeros(0, "<f4"))
        == "52b99283f5d852de61221f0fe7891844"
    )


def test_a_file_is_digested_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "a"
    seen = set()
    for size in (0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1):
        path.write_bytes(b"x" * size)
        assert digest_file(path) == digest_file(path)
        seen.add(digest_file(path))
    assert len(seen) == 5
