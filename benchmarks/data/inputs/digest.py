"""Digests of elements that no order changes: the sum of each element's hash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray


def array_of(batch: Any, *names: str) -> NDArray[Any]:
    """The column of a batch that goes by one of `names`, or the only one, as an array."""
    if isinstance(batch, Mapping):
        found = next((batch[name] for name in names if name in batch), None)
        batch = found if found is not None else next(iter(batch.values()))
    return np.asarray(batch)


def digest(values: NDArray[Any]) -> int:
    """The sum modulo 2**64 of the splitmix64 hash of each whole number: a multiset's digest.

    >>> digest(np.array([1, 2, 2])) == digest(np.array([2, 1, 2])) != digest(np.array([1, 1, 2]))
    True
    """
    x = np.asarray(values).reshape(-1).astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return int((x ^ (x >> np.uint64(31))).sum(dtype=np.uint64))


def digest_of_texts(texts: Iterable[str | bytes]) -> int:
    """The same of texts."""
    total = 0
    for text in texts:
        raw = text.encode() if isinstance(text, str) else bytes(text)
        total += int.from_bytes(blake2b(raw, digest_size=8).digest(), "little")
    return total % 2**64
