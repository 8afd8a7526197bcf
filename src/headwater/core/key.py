"""A key is the identity of a sample: an int64 that never changes and is never reused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import HeadwaterError

Keys: TypeAlias = NDArray[np.int64]


def as_keys(values: NDArray[Any] | Iterable[int]) -> Keys:
    """Return `values` as a one-dimensional int64 array, refusing anything that would lose a bit.

    >>> as_keys([3, 1, 2])
    array([3, 1, 2])
    """
    array = values if isinstance(values, np.ndarray) else np.array(list(values))
    if array.size == 0:
        return np.empty(0, dtype=np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise HeadwaterError(
            f"keys must be a flat list of integers, found shape {array.shape} of {array.dtype}.",
            remedy="Pass the keys that samples.ingest() or samples.keys() returned.",
        )
    if array.dtype == np.uint64 and int(array.max()) > np.iinfo(np.int64).max:
        raise HeadwaterError(f"key {array.max()} does not fit in a signed 64-bit integer.")
    return array.astype(np.int64, copy=False)


def are_strictly_sorted(keys: Keys) -> bool:
    """Return whether `keys` ascend without a repetition."""
    return bool(np.all(keys[1:] > keys[:-1]))


def contains(keys: Keys, sorted_keys: Keys) -> NDArray[np.bool_]:
    """Return, for each of `keys`, whether it stands in `sorted_keys` (ascending, unique).

    >>> contains(as_keys([1, 5]), as_keys([1, 2, 3]))
    array([ True, False])
    """
    return np.asarray(positions(keys, sorted_keys) >= 0)


def positions(keys: Keys, sorted_keys: Keys) -> NDArray[np.intp]:
    """Return where each of `keys` stands in `sorted_keys` (ascending, unique), -1 for those that do not.

    >>> positions(as_keys([3, 5]), as_keys([1, 2, 3]))
    array([ 2, -1])
    """
    if sorted_keys.size == 0:
        return np.full(keys.shape, -1, dtype=np.intp)
    at = np.minimum(np.searchsorted(sorted_keys, keys), sorted_keys.size - 1)
    return np.where(sorted_keys[at] == keys, at, -1)
