"""Which round last trained on each sample: part of what a selection policy may know."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headwater.core.selection import Selection
from headwater.loop.folder import RunFolder
from headwater.loop.machine import State
from headwater.loop.timeline import Timeline


class Usage:
    """The newest round that each sample was selected in, brought up to date from the saved selections."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._timeline: Timeline | None = None
        self._num_rounds = 0
        self._last = np.empty(0, np.int64)

    def before(self, state: State, timeline: Timeline) -> NDArray[np.int64]:
        """Return, for each sample of `timeline`, its newest round before the current one; -1 for never."""
        if timeline is not self._timeline:
            self._timeline, self._num_rounds = timeline, 0
            self._last = np.full(len(timeline), -1, np.int64)
        for earlier in state.rounds[self._num_rounds : -1]:
            if earlier.num_selected > 0:
                keys = Selection.load(self._folder.selection(earlier.number)).keys
                self._last[timeline.where(keys)] = earlier.number
        self._num_rounds = len(state.rounds) - 1
        return self._last
