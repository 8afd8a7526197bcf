"""Which keys are live, and in which row of which segment: one sorted table of runs answers it.

Keys are given out in sequence, so what a version holds is short to say: all keys below its horizon, except
those deleted by then. Segments and deletions cut that range into runs of neighbouring keys in neighbouring
rows. A lookup is one binary search over the runs, whatever was deleted or compacted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from headwater.core.key import Keys
from headwater.samples.segment import SegmentRecord

Ranges: TypeAlias = NDArray[np.int64]
"""Half-open ranges of keys, ``[R, 2]``: ascending, disjoint, none empty."""


@dataclass(frozen=True)
class Deletion:
    """Keys that were deleted in one version."""

    version: int
    ranges: Ranges


@dataclass(frozen=True)
class Runs:
    """Live keys ``first .. first + length - 1`` stand in `segment`, from row `row` on.

    A segment is named by its position in the list of records.
    """

    first: NDArray[np.int64]
    length: NDArray[np.int64]
    segment: NDArray[np.int64]
    row: NDArray[np.int64]

    @property
    def num_rows(self) -> int:
        """How many keys are live."""
        return int(self.length.sum())

    def keys(self) -> Keys:
        """All live keys, ascending."""
        return expand(self.first, self.length)

    def locate(self, keys: Keys) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Return the run and the row of each key, and whether it is live at all."""
        if self.first.size == 0:
            nothing = np.zeros(keys.shape, np.int64)
            return nothing, nothing, np.zeros(keys.shape, np.bool_)
        run = np.searchsorted(self.first, keys, side="right")
        run -= 1
        np.maximum(run, 0, out=run)  # a key before the first run is "ahead" of it by less than nothing
        row = keys - self.first[run]
        # As unsigned numbers negative ones are huge: one comparison tells both ends.
        live = row.view(np.uint64) < self.length[run].view(np.uint64)
        row += self.row[run]
        return run, row, live


def live_runs(
    segments: Sequence[SegmentRecord], deletions: Sequence[Deletion], *, version: int, horizon: int
) -> Runs:
    """Return the runs of `version`, which sees the keys below `horizon`; `segments` ascend by key."""
    live = complement(merged(deletions, version), horizon)
    parts = []
    gone = {purged: merged(deletions, purged) for purged in {record.purged_version for record in segments}}
    for position, record in enumerate(segments):
        inside = clipped(live, record.first_key, record.stop_key)
        removed = gone[record.purged_version]
        rows = inside[:, 0] - record.first_key
        if removed.size:
            rows = rows - (count_below(removed, inside[:, 0]) - count_below(removed, record.first_key))
        parts.append(
            np.column_stack([inside[:, 0], inside[:, 1] - inside[:, 0], np.full_like(rows, position), rows])
        )
    table = np.concatenate(parts) if parts else np.empty((0, 4), np.int64)
    return Runs(*(np.ascontiguousarray(column) for column in table.T))


def ranges_of(keys: Keys) -> Ranges:
    """Return sorted unique `keys` as ranges.

    >>> ranges_of(np.array([1, 2, 3, 7])).tolist()
    [[1, 4], [7, 8]]
    """
    if keys.size == 0:
        return np.empty((0, 2), np.int64)
    breaks = np.flatnonzero(np.diff(keys) != 1)
    starts = keys[np.concatenate([[0], breaks + 1])]
    stops = keys[np.concatenate([breaks, [keys.size - 1]])] + 1
    return np.column_stack([starts, stops])


def keys_of(ranges: Ranges) -> Keys:
    """Return all keys of `ranges`, ascending."""
    return expand(ranges[:, 0], ranges[:, 1] - ranges[:, 0])


def expand(first: NDArray[np.int64], length: NDArray[np.int64]) -> Keys:
    """Return ``first[i], first[i] + 1, ...`` (`length[i]` of them) for each i."""
    ends = np.cumsum(length)
    return np.asarray(np.arange(ends[-1] if ends.size else 0) + np.repeat(first - (ends - length), length))


def merged(deletions: Sequence[Deletion], version: int) -> Ranges:
    """Return what was deleted by `version`: no key is deleted twice, so ranges need only be joined."""
    parts = [deletion.ranges for deletion in deletions if deletion.version <= version and deletion.ranges.size]
    if not parts:
        return np.empty((0, 2), np.int64)
    ranges = np.concatenate(parts)
    ranges = ranges[np.argsort(ranges[:, 0], kind="stable")]
    opens = np.concatenate([[True], ranges[1:, 0] != ranges[:-1, 1]])
    closes = np.concatenate([opens[1:], [True]])
    return np.column_stack([ranges[opens, 0], ranges[closes, 1]])


def complement(ranges: Ranges, stop: int) -> Ranges:
    """Return what `ranges` leave of ``[0, stop)``.

    >>> complement(np.array([[1, 4], [7, 8]]), 10).tolist()
    [[0, 1], [4, 7], [8, 10]]
    """
    ranges = clipped(ranges, 0, stop)
    starts = np.concatenate([[0], ranges[:, 1]])
    stops = np.concatenate([ranges[:, 0], [stop]])
    return np.column_stack([starts, stops])[starts < stops]


def clipped(ranges: Ranges, start: int, stop: int) -> Ranges:
    """Return the parts of `ranges` that lie in ``[start, stop)``."""
    low = int(np.searchsorted(ranges[:, 1], start, side="right"))
    high = int(np.searchsorted(ranges[:, 0], stop, side="left"))
    return np.asarray(np.clip(ranges[low : max(low, high)], start, stop))


def count_below(ranges: Ranges, keys: NDArray[np.int64] | int) -> NDArray[np.int64]:
    """Return how many keys of `ranges` are smaller than each of `keys`."""
    sizes = ranges[:, 1] - ranges[:, 0]
    before = np.concatenate([[0], np.cumsum(sizes)])
    whole = np.searchsorted(ranges[:, 1], keys, side="right")  # ranges that end at or before the key
    inside = np.minimum(whole, len(sizes) - 1)
    part = np.where(whole < len(sizes), np.maximum(keys - ranges[inside, 0], 0), 0)
    return np.asarray(before[whole] + part)
