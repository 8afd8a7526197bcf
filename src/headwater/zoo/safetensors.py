"""The safetensors format, read and written chunk by chunk.

Eight bytes of header length (little-endian), a JSON header of names, dtypes, shapes and offsets, then the
bytes. Written in the order of the official library, so a file that goes in comes out the same.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from headwater.core.errors import ZooError
from headwater.core.files import explain_full_disk, fsync_folder
from headwater.zoo.tensor import BITS, CHUNK_BYTES, Bytes, Content, Tensor, size_of

_MOST_HEADER_BYTES = 100_000_000  # the official library's limit
_RANK = {dtype: rank for rank, dtype in enumerate(BITS)}


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Content]:
    """Give the tensors of a file, read when asked for.

    Raised: `ZooError` when it is not a safetensors file, or was changed while it was open.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise ZooError(f"cannot be opened ({error.strerror}).", where=str(path)) from error
    with file:
        before = os.fstat(file.fileno())
        try:
            yield _content(path, file.fileno(), before.st_size)
        finally:
            # A trainer that writes in place would give tensors of two moments.
            after = path.stat() if path.exists() else before
            changed = (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns)
        if changed:
            raise ZooError("the file changed while it was read.", where=str(path), remedy="Add it again.")


def write(content: Content, path: Path) -> None:
    """Write a plain safetensors file; it appears whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    order = sorted(content.tensors, key=lambda name: (-_RANK[content.tensors[name].dtype], name))
    with explain_full_disk(path):
        try:
            with beside.open("wb") as file:
                file.write(_header(content, order))
                for tensor in map(content.tensors.__getitem__, order):
                    for number in range(tensor.num_chunks):
                        file.write(tensor.chunk(number).data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
            fsync_folder(path.parent)
        finally:
            beside.unlink(missing_ok=True)


def _header(content: Content, order: list[str]) -> bytes:
    header: dict[str, Any] = {"__metadata__": dict(content.metadata)} if content.metadata else {}
    end = 0
    for name in order:
        tensor = content.tensors[name]
        start, end = end, end + tensor.size_bytes
        header[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)  # tensors start aligned
    return len(text).to_bytes(8, "little") + text


def _content(path: Path, handle: int, size_bytes: int) -> Content:
    try:
        length = int.from_bytes(os.pread(handle, 8, 0), "little")
        if not 2 <= length <= min(_MOST_HEADER_BYTES, size_bytes - 8):
            raise ValueError(f"a header of {length} bytes in a file of {size_bytes}")
        header = json.loads(os.pread(handle, length, 8), object_pairs_hook=_without_repetition)
        metadata = dict(header.pop("__metadata__", None) or {})
        parts = sorted((_part(name, entry) for name, entry in header.items()), key=lambda part: part[1:3])
        _check_cover(parts, size_bytes - 8 - length)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ZooError(
            f"not a whole safetensors file ({error}).",
            where=str(path),
            remedy="Write it again with safetensors' save_file; pickled checkpoints are not read, on purpose.",
        ) from error
    return Content(
        {name: _tensor(path, handle, 8 + length + start, *kind) for name, start, _, kind in parts}, metadata
    )


def _part(name: str, entry: dict[str, Any]) -> tuple[str, int, int, tuple[str, tuple[int, ...]]]:
    start, end = (int(offset) for offset in entry["data_offsets"])
    dtype, shape = entry["dtype"], tuple(int(extent) for extent in entry["shape"])
    if dtype not in BITS:
        raise ValueError(f"tensor {name!r} has the unknown dtype {dtype!r}")
    if min(shape, default=0) < 0 or size_of(dtype, shape) != end - start:
        raise ValueError(f"tensor {name!r}: {dtype}{list(shape)} does not take {end - start} bytes")
    return name, start, end, (dtype, shape)


def _check_cover(parts: list[tuple[str, int, int, Any]], size_bytes: int) -> None:
    """The format allows neither holes nor overlaps, so each byte belongs to one tensor."""
    at = 0
    for name, start, end, _ in parts:
        if start != at:
            raise ValueError(f"tensor {name!r} starts at byte {start} instead of {at}")
        at = end
    if at != size_bytes:
        raise ValueError(f"tensors take {at} bytes, the file holds {size_bytes}")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands twice in the header")
    return dict(pairs)


def _tensor(path: Path, handle: int, offset: int, dtype: str, shape: tuple[int, ...]) -> Tensor:
    size_bytes = size_of(dtype, shape)

    def chunk(number: int) -> Bytes:
        start = number * CHUNK_BYTES
        piece = os.pread(handle, min(CHUNK_BYTES, size_bytes - start), offset + start)
        if len(piece) != min(CHUNK_BYTES, size_bytes - start):
            raise ZooError(
                "the file became shorter while it was read.", where=str(path), remedy="Add it again."
            )
        return np.frombuffer(piece, np.uint8)

    return Tensor(dtype, shape, chunk)
