"""Rewrite segments without their deleted rows, and join small ones; what was deleted is then really gone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headwater.samples.catalogue import Change, State
from headwater.samples.place import Place
from headwater.samples.runs import Runs, clipped, expand, live_runs
from headwater.samples.sealing import SegmentWriter
from headwater.samples.segment import Segment, SegmentRecord

_ROWS_AT_ONCE = 1 << 16
_SMALL = 0.25  # of the size at which a segment is full: joining larger ones saves little and copies much


def compact(place: Place) -> int:
    """Compact to a new version and return it; the old one if there is nothing to do."""
    state = place.catalogue.state()
    runs = live_runs(state.segments, state.deletions, version=state.version, horizon=state.horizon)
    groups = _groups(state, runs, width=place.schema.row_dtype.itemsize, full_bytes=place.segment_bytes)
    if not groups:
        return state.version
    added: list[SegmentRecord] = []
    try:
        for group in groups:
            added += _rewrite(place, state, runs, group, number=state.next_segment + len(added))
    except BaseException:
        for record in added:
            _delete(place, record)
        raise
    version = place.commit(_change(place, state, groups, added))
    for position in (position for group in groups for position in group):
        _delete(place, state.segments[position])
    return version


def _groups(state: State, runs: Runs, *, width: int, full_bytes: int) -> list[list[int]]:
    """Return which neighbouring segments to write together: those with deleted rows, and small ones."""
    live = np.bincount(runs.segment, weights=runs.length, minlength=len(state.segments))
    groups: list[list[int]] = []
    size = 0.0
    for position, record in enumerate(state.segments):
        share = live[position] / record.num_rows
        bytes_left = share * (record.num_rows * width + record.payload_bytes)
        if share == 1 and bytes_left >= _SMALL * full_bytes:
            groups.append([])  # is fine as it is: nothing is joined across it
            continue
        if not groups or not groups[-1] or size + bytes_left > full_bytes:
            groups.append([])
            size = 0.0
        groups[-1].append(position)
        size += bytes_left
    return [group for group in groups if len(group) > 1 or (group and live[group[0]] < _num_rows(state, group))]


def _num_rows(state: State, group: Sequence[int]) -> int:
    return sum(state.segments[position].num_rows for position in group)


def _rewrite(
    place: Place, state: State, runs: Runs, group: Sequence[int], *, number: int
) -> list[SegmentRecord]:
    """Write the live rows of `group` into one segment; into none, if there are none."""
    writer: SegmentWriter | None = None
    try:
        for position in group:
            mine = runs.segment == position
            if not mine.any():
                continue  # all deleted: not even opened, so a damaged segment can be given up
            writer = writer or SegmentWriter(place.schema, blobs=place.blobs, number=number)
            rows = expand(runs.row[mine], runs.length[mine])
            segment = place.arena([state.segments[position]]).segments[0]
            for at in range(0, rows.size, _ROWS_AT_ONCE):
                _copy(segment, rows[at : at + _ROWS_AT_ONCE], writer)
    except BaseException:
        if writer is not None:
            writer.abort()
        raise
    return [] if writer is None else [writer.seal(purged_version=state.version)]


def _copy(segment: Segment, positions: NDArray[np.int64], writer: SegmentWriter) -> None:
    rows = segment.take(positions)
    payloads = {payload.name: segment.payloads(rows[payload.name]) for payload in segment.schema.payloads}
    writer.append(rows, payloads)


def _change(
    place: Place, state: State, groups: Sequence[Sequence[int]], added: Sequence[SegmentRecord]
) -> Change:
    removed = [state.segments[position] for group in groups for position in group]
    num_removed = sum(record.num_rows for record in removed) - sum(record.num_rows for record in added)
    return Change(
        base=state.version,
        operation="compact",
        detail={"segments": [len(removed), len(added)], "removed_rows": num_removed},
        created_us=place.now_us(),
        next_key=state.horizon,
        next_segment=state.next_segment + len(groups),
        num_rows=state.num_rows,
        added=added,
        removed=removed,
        oldest=max(state.oldest, _newest_applied(state, removed)),
    )


def _newest_applied(state: State, removed: Sequence[SegmentRecord]) -> int:
    """Return the newest deletion that takes rows out of `removed` now: no version before it is whole."""
    return max(
        (
            deletion.version
            for deletion in state.deletions
            for record in removed
            if deletion.version > record.purged_version
            and clipped(deletion.ranges, record.first_key, record.stop_key).size
        ),
        default=0,
    )


def _delete(place: Place, record: SegmentRecord) -> None:
    for name in record.names:
        place.blobs.delete(name)
