"""Digests name content: equal digest, equal bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from headwater.core.plain import to_json

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
        kind = flat.dtype.str if flat.dtype.names is None else str(flat.dtype.descr)
        return f"array {kind} {part.shape}", flat.view(np.uint8).data if flat.nbytes else b""
    if isinstance(part, bytes | bytearray | memoryview):
        return "bytes", memoryview(part).cast("B") if len(part) else b""
    return "json", to_json(part, sort_keys=True).encode()
