"""Hide samples by their keys; the rows stay in their segments until compaction."""

from __future__ import annotations

import numpy as np

from headwater.core.errors import SamplesError
from headwater.core.key import Keys
from headwater.samples.catalogue import Change
from headwater.samples.place import Place
from headwater.samples.runs import live_runs, ranges_of


def delete(place: Place, keys: Keys) -> int:
    """Commit a version without `keys` and return it; the old one if all were deleted before."""
    state = place.catalogue.state()
    unknown = (keys < 0) | (keys >= state.horizon)
    if unknown.any():
        raise SamplesError(
            f"there is no key {int(keys[unknown][0])}: keys go from 0 to {state.horizon - 1}.",
            where=str(place.path),
            remedy="Nothing was deleted. Give keys that ingest() or keys() returned.",
        )
    runs = live_runs(state.segments, state.deletions, version=state.version, horizon=state.horizon)
    wanted = np.unique(keys)
    fresh = wanted[runs.locate(wanted)[2]]
    if not fresh.size:
        return state.version
    change = Change(
        base=state.version,
        operation="delete",
        detail={"rows": int(fresh.size)},
        created_us=place.now_us(),
        next_key=state.horizon,
        next_segment=state.next_segment,
        num_rows=state.num_rows - int(fresh.size),
        deleted=ranges_of(fresh),
        oldest=state.oldest,
    )
    return place.commit(change)
