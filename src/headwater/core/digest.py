"""Digests name content: equal digest, equal bytes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

_SIZE_BYTES = 16  # 128 bits: a collision among 10^13 digests has a chance below 10^-12


def digest_of(*parts: object) -> str:
    """Return a 32-digit hex digest of arrays, bytes, strings and JSON values, in order.

    Each part is hashed with its kind and length, so moving a boundary changes the digest.

    >>> digest_of("ab", "c") == digest_of("a", "bc")
    False
    """
    state = hashlib.blake2b(digest_size=_SIZE_BYTES)
    for part in parts:
        kind, payload = _encode(part)
        state.update(f"{kind}:{len(payload)}:".encode())
        state.update(payload)
    return state.hexdigest()


def digest_file(path: Path) -> str:
    """Return the digest of a file's bytes, read in pieces."""
    state = hashlib.blake2b(digest_size=_SIZE_BYTES)
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            state.update(piece)
    return state.hexdigest()


def _encode(part: object) -> tuple[str, bytes | memoryview]:
    if isinstance(part, np.ndarray):
        if part.dtype.hasobject:
            raise TypeError(f"cannot digest an array of {part.dtype}: its bytes are addresses")
        flat = np.ascontiguousarray(part).reshape(-1)
        return f"array {flat.dtype.str} {part.shape}", flat.view(np.uint8).data
    if isinstance(part, bytes | bytearray | memoryview):
        return "bytes", memoryview(part).cast("B")
    return "json", json.dumps(part, sort_keys=True, default=_refuse).encode()


def _refuse(value: Any) -> Any:
    raise TypeError(f"cannot digest a {type(value).__name__}: give bytes, an array or JSON values")
