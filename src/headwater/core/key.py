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


class Places:
    """Finds where keys stand among sorted ones; made once, asked often.

    A binary search among millions of keys misses the cache some twenty times for each, a table once: batches
    of 4,096 random keys of a million took 1.7 ms by `positions` and 0.07 ms by table (2 busy cores). The table
    is made when the keys lie close enough together, with at least one in eight of their range taken.

    >>> Places(as_keys([10, 12, 13])).of(as_keys([13, 11, 10]))
    array([ 2, -1,  0])
    """

    def __init__(self, sorted_keys: Keys) -> None:
        self._keys = sorted_keys
        self._table: NDArray[Any] | None = None  # int32 where that is enough, as it halves what is looked at
        span = int(sorted_keys[-1]) - int(sorted_keys[0]) + 1 if sorted_keys.size else 0
        self._span = span  # above 64 bits for keys at both ends of int64, where no table is made and none asks
        self._is_whole = span == sorted_keys.size
        if not self._is_whole and span <= 8 * sorted_keys.size:
            small = np.int32 if sorted_keys.size < 2**31 else np.intp
            table: NDArray[Any] = np.full(span, -1, small)
            table[sorted_keys - sorted_keys[0]] = np.arange(sorted_keys.size, dtype=small)
            self._table = table

    def of(self, keys: Keys) -> NDArray[np.intp]:
        """Return where each of `keys` stands, -1 for those that do not."""
        if not self._keys.size or (self._table is None and not self._is_whole):
            return positions(keys, self._keys)
        at = keys - self._keys[0]
        # As unsigned numbers negative ones are huge: one comparison tells both ends.
        is_inside = at.view(np.uint64) < np.uint64(self._span)
        if is_inside.all():
            return at if self._table is None else np.asarray(self._table.take(at), np.intp)
        at[~is_inside] = 0
        if self._table is not None:
            at = self._table.take(at).astype(np.intp)
        return np.where(is_inside, at, -1)
