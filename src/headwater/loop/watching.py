"""Watching the stream: arrivals are shown to the trigger policy until it fires or nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from headwater import samples, triggers
from headwater.loop.folder import RunFolder
from headwater.loop.machine import Arrived, Event, Exhausted, Fired, State
from headwater.loop.models import Models
from headwater.loop.parts import Parts
from headwater.loop.survivors import Survivors
from headwater.loop.timeline import Timeline

# Arrivals are shown in lumps so that progress is seen and finished evaluations are collected in between;
# policies give the same triggers for any lump size.
LUMP = 10_000


class Watcher:
    """The trigger policy's state, how far the stream has been read, and what was measured on the way."""

    def __init__(
        self, parts: Parts, folder: RunFolder, models: Models, more: Iterator[samples.Ingested] | None
    ) -> None:
        self._parts = parts
        self._folder = folder
        self._models = models
        self._more = more
        self._policy_state = parts.when.begin()
        self._batches: tuple[int, ...] = ()
        self.timeline = Timeline.build(parts.stream.index(), ())
        self.cursor = 0
        self.readings: list[triggers.Reading] = []

    def restore(self, state: State) -> None:
        """Go to where the newest trigger of `state` fired."""
        self._update(state)
        if state.rounds:
            last = state.rounds[-1]
            self.cursor = self.timeline.count(last.position)
            tree = self._folder.read_json(f"rounds/{last.number:04d}/policy.json")
            self._policy_state = self._parts.when.load(tree)

    def watch(self, state: State, progress: Callable[[int, int], None]) -> tuple[Event, dict[str, Any]]:
        """Read on until something happens; return it, and the readings taken on the way."""
        self._update(state)
        scorer = self._models.scorer(state.model_for(len(state.rounds) - 1))
        view = triggers.View(scorer=Survivors(scorer, self._parts.stream) if scorer else None)
        may_fire = self._parts.options.max_rounds is None or len(state.rounds) < self._parts.options.max_rounds
        start = self._closed(state)
        while may_fire and self.cursor < len(self.timeline):
            lump = self.timeline.arrivals(self.cursor, min(self.cursor + LUMP, len(self.timeline)))
            seen = self._parts.when.observe(self._policy_state, lump, view)
            self._policy_state = seen.state
            self.cursor += seen.num_consumed
            self.readings += seen.readings
            progress(self.cursor, len(self.timeline))
            if seen.trigger is not None and self.cursor > start:
                return self._fired(state, seen.trigger, start), self._take_readings()
        arrived = self._wait()
        if arrived is not None:
            return arrived, {}
        self.cursor = len(self.timeline)
        return Exhausted(self.timeline.settled_us(start, self.cursor)), self._take_readings()

    def _fired(self, state: State, trigger: triggers.Trigger, start: int) -> Fired:
        """Save the policy's state before the event is journaled: a crash in between only repeats the watch."""
        tree = self._parts.when.dump(self._policy_state)
        number = len(state.rounds)
        self._folder.round(number)
        self._folder.write_json(f"rounds/{number:04d}/policy.json", tree)
        return Fired(
            at_us=int(trigger.at.astype("datetime64[us]").astype(int)),
            reason=trigger.reason,
            position=self.timeline.position(self.cursor),
            settled_us=self.timeline.settled_us(start, self.cursor),
        )

    def _closed(self, state: State) -> int:
        return self.timeline.count(state.rounds[-1].position) if state.rounds else 0

    def _wait(self) -> Arrived | None:
        """Return the next batch of a stream that is followed; None when it has ended or is a replay.

        What `more` ingests is read off the store's versions, not off its answers: so samples that were ingested
        just before a kill, or by another process, arrive like all others, one batch for each version.
        """
        if self._more is None:
            return None
        while True:
            up_to = (self._batches or (-1,))[-1]
            later = [v.next_key - 1 for v in self._parts.stream.versions() if v.next_key - 1 > up_to]
            if later:
                return Arrived(min(later))
            if next(self._more, None) is None:
                return None

    def _update(self, state: State) -> None:
        if state.batches != self._batches:
            self._batches = state.batches
            self._parts.stream.refresh()
            self.timeline = Timeline.build(self._parts.stream.index(), state.batches)

    def _take_readings(self) -> dict[str, Any]:
        taken = [
            {
                "at_us": int(r.at.astype("datetime64[us]").astype(int)),
                "metric": r.metric,
                "distance": r.distance,
                "threshold": r.threshold,
                "fired": r.fired,
            }
            for r in self.readings
        ]
        self.readings = []
        return {"readings": taken}
