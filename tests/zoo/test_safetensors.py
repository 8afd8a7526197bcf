"""Files that are not safetensors, or not any more, are refused before anything is stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save, save_file

from headwater import zoo
from headwater.core.errors import ZooError
from headwater.zoo import safetensors
from headwater.zoo.tensor import Content


def raw(header: Any, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def entry(dtype: str, shape: list[int], start: int, end: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


GOOD = save({"x": np.arange(6, dtype=np.float32)})
BAD = {
    "empty": b"",
    "a pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}",
    "truncated": GOOD[:-1],
    "longer": GOOD + b"\x00",
    "huge header": (1 << 60).to_bytes(8, "little") + b"{}",
    "not JSON": raw(b"{nonsense"),
    "a list": raw([1, 2]),
    "deep nesting": raw(b"[" * 200_000),
    "unknown dtype": raw({"x": entry("F33", [1], 0, 4)}, b"\0" * 4),
    "wrong size": raw({"x": entry("F32", [2], 0, 4)}, b"\0" * 4),
    "negative shape": raw({"x": entry("F32", [-1, -1], 0, 4)}, b"\0" * 4),
    "hole": raw({"x": entry("F32", [1], 4, 8)}, b"\0" * 8),
    "overlap": raw({"x": entry("F32", [1], 0, 4), "y": entry("F32", [1], 0, 4)}, b"\0" * 4),
    "name twice": raw(b'{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{}}', b"\0"),
    "missing offsets": raw({"x": {"dtype": "F32", "shape": [1]}}, b"\0" * 4),
}


@pytest.mark.parametrize("word", sorted(BAD))
def test_a_file_that_is_not_whole_is_refused_with_its_path(tmp_path: Path, keep: zoo.Zoo, word: str) -> None:
    path = tmp_path / "bad.safetensors"
    path.write_bytes(BAD[word])
    with pytest.raises(ZooError, match="not a whole safetensors file") as caught:
        keep.add(path)
    assert caught.value.where == str(path)
    assert keep.ls() == []


def test_a_missing_file_is_refused(tmp_path: Path, keep: zoo.Zoo) -> None:
    with pytest.raises(ZooError, match="cannot be opened"):
        keep.add(tmp_path / "missing.safetensors")


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_file({"x": np.zeros(100, np.float32)}, path)
    with pytest.raises(ZooError, match="changed while it was read"), safetensors.opened(path):
        save_file({"x": np.ones(200, np.float32)}, path)


def test_a_file_that_becomes_shorter_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_file({"x": np.zeros(100, np.float32)}, path)
    with pytest.raises(ZooError, match="became shorter"), safetensors.opened(path) as content:
        read_half(path, content)


def read_half(path: Path, content: Content) -> None:
    with path.open("r+b") as file:
        file.truncate(50)
    content.tensors["x"].chunk(0)
