"""The stream as the loop sees it: samples in the order of arrival, and which labels are known when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headwater.core.key import Keys, positions
from headwater.core.spec import Block
from headwater.loop.machine import START, Position, Round
from headwater.selection import Pool
from headwater.triggers import Arrivals

Times = NDArray[np.int64]
NEVER_US = np.iinfo(np.int64).max
"""The label time of a sample whose label never becomes known."""


@dataclass(frozen=True)
class Timeline:
    """Columns over all samples that have arrived, ordered by (batch, event time, key).

    Late samples keep their own event time, but arrive after what came before them: `arrival_us` is the running
    maximum of event times, and it is the clock that triggers go by.
    """

    batches: NDArray[np.int64]
    times_us: Times
    keys: Keys
    label_times_us: Times
    labels: NDArray[Any]
    arrival_us: Times

    @staticmethod
    def build(index: Block, up_to_keys: Sequence[int]) -> Timeline:
        """Order `index` (of `samples.Samples`) by arrival; keys above the last of `up_to_keys` are left out."""
        keys = np.asarray(index["key"], np.int64)
        batches = np.searchsorted(np.asarray(up_to_keys, np.int64), keys)
        times = _microseconds(np.asarray(index["event_time"]))
        arrived = np.flatnonzero(batches < len(up_to_keys))
        order = arrived[np.lexsort((keys[arrived], times[arrived], batches[arrived]))]
        times = times[order]
        return Timeline(
            batches=batches[order],
            times_us=times,
            keys=keys[order],
            label_times_us=_label_times(index)[order],
            labels=np.asarray(index["label"])[order],
            arrival_us=np.maximum.accumulate(times) if times.size else times,
        )

    def __len__(self) -> int:
        return int(self.keys.size)

    def arrivals(self, start: int, stop: int) -> Arrivals:
        """Return samples ``start .. stop-1`` as trigger policies take them."""
        return Arrivals(self.keys[start:stop], self.arrival_us[start:stop].view("datetime64[us]"))

    def position(self, count: int) -> Position:
        """Return the position after the first `count` samples."""
        if count == 0:
            return START
        last = count - 1
        return Position(int(self.batches[last]), int(self.times_us[last]), int(self.keys[last]))

    def count(self, position: Position) -> int:
        """Return how many samples stand up to and including `position`, whether or not it still exists."""
        low = int(np.searchsorted(self.batches, position.batch, side="left"))
        high = int(np.searchsorted(self.batches, position.batch, side="right"))
        at = low + int(np.searchsorted(self.times_us[low:high], position.time_us, side="left"))
        end = low + int(np.searchsorted(self.times_us[low:high], position.time_us, side="right"))
        return at + int(np.searchsorted(self.keys[at:end], position.key, side="right"))

    def settled_us(self, start: int, stop: int) -> int:
        """Return when the last label of samples ``start .. stop-1`` becomes known."""
        known = self.label_times_us[start:stop]
        known = known[known != NEVER_US]
        return int(known.max()) if known.size else 0

    def labelled(self, start: int, stop: int) -> Keys:
        """Return the keys of ``start .. stop-1`` whose label becomes known at all, ascending."""
        here = slice(start, stop)
        return np.sort(self.keys[here][self.is_labelled[here]])

    @property
    def is_labelled(self) -> NDArray[np.bool_]:
        """Whether the label of each sample becomes known at all."""
        return np.asarray(self.label_times_us != NEVER_US)

    def pool(self, rounds: Sequence[Round], last_used_round: NDArray[np.int64]) -> Pool:
        """Return what the last of `rounds` may choose from: no label before its time."""
        now = rounds[-1]
        counts = np.array([self.count(r.position) for r in rounds])
        ats = np.array([r.at_us for r in rounds])
        here = slice(0, int(counts[-1]))
        known = np.flatnonzero(self.label_times_us[here] <= now.at_us)
        arrived_round = np.maximum(
            np.searchsorted(ats, self.label_times_us[known], side="left"),
            np.searchsorted(counts, known, side="right"),
        )
        return Pool(
            keys=self.keys[known],
            times=self.times_us[known].view("datetime64[us]"),
            labels=self.labels[known],
            arrived_round=arrived_round,
            last_used_round=last_used_round[known],
            round=now.number,
        )

    def where(self, keys: Keys) -> NDArray[np.int64]:
        """Return the place in arrival order of each of `keys` (deleted ones are left out)."""
        order, ascending = self._by_key
        at = positions(keys, ascending)
        return order[at[at >= 0]]

    @cached_property
    def _by_key(self) -> tuple[NDArray[np.int64], Keys]:
        order = np.argsort(self.keys)
        return order, self.keys[order]


def _label_times(index: Block) -> Times:
    """A label without a time of its own is known on arrival; NaT means never."""
    if "label_time" not in index:
        return _microseconds(np.asarray(index["event_time"]))
    times = np.asarray(index["label_time"])
    known = _microseconds(times).copy()
    known[np.isnat(times)] = NEVER_US
    return known


def _microseconds(times: NDArray[Any]) -> Times:
    whole: Times = times.astype("datetime64[us]").astype(np.int64)
    return whole
