"""Files mapped side by side, and arrays that outlive what they were made of."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest

from headwater.samples.memory import PAGE_BYTES, Space


def mapped(path: Path, parts: list[bytes]) -> Space:
    space = Space(PAGE_BYTES * 4 * len(parts))
    for number, part in enumerate(parts):
        path.write_bytes(part)
        with path.open("rb") as file:
            space.map(file.fileno(), at=number * 4 * PAGE_BYTES, size_bytes=len(part))
        path.unlink()
    return space


def test_one_array_spans_files_that_lie_apart(tmp_path: Path) -> None:
    space = mapped(tmp_path / "x", [b"a" * 100, b"b" * (PAGE_BYTES + 1)])
    array = space.array()
    assert bytes(array[:100]) == b"a" * 100
    assert bytes(array[4 * PAGE_BYTES : 5 * PAGE_BYTES + 1]) == b"b" * (PAGE_BYTES + 1)


def test_an_array_keeps_its_space_alive(tmp_path: Path) -> None:
    array = mapped(tmp_path / "x", [b"abc"]).array()[:3]
    gc.collect()
    again = [mapped(tmp_path / "x", [b"xyz"]) for _ in range(3)]
    assert bytes(array) == b"abc"
    assert len(again) == 3


def test_what_is_mapped_cannot_be_written(tmp_path: Path) -> None:
    array = mapped(tmp_path / "x", [b"abc"]).array()
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1
    assert not np.asarray(array).flags.writeable


def test_what_cannot_be_mapped_is_an_error_and_not_a_crash(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cannot map"):
        Space(PAGE_BYTES).map(-1, at=0, size_bytes=10)
    with pytest.raises(OSError, match="cannot map"):
        Space(1 << 62)
