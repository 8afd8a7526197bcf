"""Train when recent data looks different from the data before, seen through the newest model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import TriggersError
from headwater.core.key import Keys
from headwater.core.rng import Seeds
from headwater.triggers.arrivals import Arrivals
from headwater.triggers.distances import DISTANCES
from headwater.triggers.policy import Observed, Policy, Reading, State, Trigger, View, expect
from headwater.triggers.threshold import Static, Threshold
from headwater.triggers.window import AmountWindow, Seen, Window, Windows


@dataclass(frozen=True, eq=False)
class _Watching(State):
    windows: Windows = field(default_factory=Windows)
    num_since: int = 0  # arrivals since the last evaluation
    num_evaluations: int = 0
    num_turns: int = 0  # how often the windows turned over
    history: tuple[float, ...] = ()
    references: tuple[Seen, ...] = ()  # of evaluations without a model, to calibrate on


@dataclass(frozen=True)
class Drift(Policy, kind="drift"):
    """Fires when the distance between a reference and a current window says so (Modyn's DataDriftTrigger).

    Every `every` arrivals both windows are embedded by the newest model and compared. While there is no model
    every evaluation fires, and so does the first of all, which has nothing to compare with.

    ``Drift("mmd", above=0.05)`` is short for ``Drift("mmd", threshold=Static(0.05))``.
    """

    distance: Literal["mmd", "ks", "hellinger"] = "mmd"
    _: KW_ONLY
    above: float | None = None
    """A fixed threshold: this distance or more is drift."""

    threshold: Threshold | None = None
    """Any threshold: `Static`, `Quantile` or `Rolling`."""

    every: int = 500
    """Arrivals between two evaluations."""

    window: Window = field(default_factory=AmountWindow)
    """`AmountWindow` or `TimeWindow`."""

    sample_size: int = 1_000
    """At most so many samples of either window are embedded, drawn without replacement; Modyn's is 5,000."""

    on: Literal["embeddings", "probabilities", "features"] = "embeddings"
    """What of a sample is compared: what the model makes of it, or `View.features`."""

    seed: int = 0
    """Of the subsampling."""

    def __post_init__(self) -> None:
        if (self.above is None) == (self.threshold is None):
            problem = "exactly one of above and threshold is needed."
        elif self.distance not in DISTANCES:
            problem = f"there is no distance {self.distance!r}; known are {', '.join(DISTANCES)}."
        elif self.on not in ("embeddings", "probabilities", "features"):
            problem = f"on must be embeddings, probabilities or features, not {self.on!r}."
        elif isinstance(self.every, bool) or not isinstance(self.every, int) or self.every < 1:
            problem = f"every must be a whole number of arrivals, at least 1, not {self.every!r}."
        elif not isinstance(self.sample_size, int) or self.sample_size < 2:
            problem = f"sample_size must be at least 2, not {self.sample_size!r}."
        else:
            _ = self._threshold  # a bad `above` is refused here
            return
        raise TriggersError(
            problem, where=f"Drift({self.distance!r})", remedy='Write for example Drift("mmd", above=0.05).'
        )

    def begin(self) -> State:
        """Empty windows."""
        return _Watching()

    def observe(self, state: State, arrivals: Arrivals, view: View) -> Observed:
        """Slide the windows and evaluate after every `every` arrivals, until one fires."""
        now = expect(_Watching, state)
        used = 0
        readings: tuple[Reading, ...] = ()
        while used < len(arrivals):
            piece = arrivals[used : used + self.every - now.num_since]
            used += len(piece)
            windows = self.window.slide(now.windows, piece)
            now = replace(now, windows=windows, num_since=now.num_since + len(piece))
            if now.num_since == self.every:
                done = self._evaluate(replace(now, num_since=0), piece.times[-1], view)
                now, readings = expect(_Watching, done.state), readings + done.readings
                if done.trigger is not None:
                    return replace(done, num_consumed=used, readings=readings)
        return Observed(now, used, None, readings)

    def restarted(self, state: State) -> State:
        """Turn the windows over as if this policy had fired."""
        return self._turned(expect(_Watching, state))

    def num_until_scoring(self, state: State) -> int | None:
        """What is left until the next evaluation."""
        return self.every - expect(_Watching, state).num_since

    def to_tree(self, state: State) -> dict[str, Any]:
        """Return windows (keys and times), counters and history as JSON values."""
        now = expect(_Watching, state)
        return {
            **vars(now),
            "windows": now.windows.to_tree(),
            "history": list(now.history),
            "references": [seen.to_tree() for seen in now.references],
        }

    def from_tree(self, tree: Mapping[str, Any]) -> State:
        """Read what `to_tree` wrote; a count that should have been evaluated belongs to another `every`."""
        if not 0 <= tree["num_since"] < self.every:
            raise ValueError(f"{tree['num_since']} arrivals were counted")
        return _Watching(
            windows=Windows.from_tree(tree["windows"]),
            num_since=int(tree["num_since"]),
            num_evaluations=int(tree["num_evaluations"]),
            num_turns=int(tree["num_turns"]),
            history=tuple(float(distance) for distance in tree["history"]),
            references=tuple(Seen.from_tree(seen) for seen in tree["references"]),
        )

    @property
    def _threshold(self) -> Threshold:
        return self.threshold if self.above is None and self.threshold else Static(float(self.above or 0))

    def _evaluate(self, now: _Watching, at: np.datetime64, view: View) -> Observed:
        """Decide on the windows as they stand; the caller fills in what was consumed."""
        now = replace(now, num_evaluations=now.num_evaluations + 1)
        if view.scorer is None or now.num_turns == 0:
            reason = "there is no model yet" if view.scorer is None else "there is nothing to compare with yet"
            return Observed(self._turned(self._remembering(now)), 0, Trigger(reason, at, self.kind))
        current = self.window.current(now.windows)
        if len(now.windows.ref) < 2:
            # Two samples make a distance. Fewer can stay in a short window of time; firing would not mend it.
            return Observed(self._turned(now), 0)
        if len(current) < 2:
            return Observed(now, 0)
        now = self._calibrated(now, current, view)
        distance = self._distance(now.windows.ref, current, now, view)
        decision = self._threshold.decide(now.history, distance)
        now = replace(now, history=decision.history)
        reading = Reading(at, self.distance, distance, decision.threshold, decision.fired)
        if not decision.fired:
            return Observed(now, 0, None, (reading,))
        return Observed(self._turned(now), 0, Trigger(_reason(reading), at, self.kind), (reading,))

    def _turned(self, now: _Watching) -> _Watching:
        return replace(now, windows=self.window.turn(now.windows), num_turns=now.num_turns + 1)

    def _remembering(self, now: _Watching) -> _Watching:
        """Keep the reference of an evaluation without a model if the threshold will learn from it."""
        past = self._threshold.past
        if past == 0 or len(now.windows.ref) < 2:
            return now
        return replace(now, references=(*now.references, now.windows.ref)[-past:])

    def _calibrated(self, now: _Watching, current: Seen, view: View) -> _Watching:
        """Feed the threshold the distances of the kept references to the current window, by today's model."""
        history = now.history
        for reference in now.references:
            distance = self._distance(reference, current, now, view)
            history = self._threshold.decide(history, distance).history
        return replace(now, history=history, references=())

    def _distance(self, reference: Seen, current: Seen, now: _Watching, view: View) -> float:
        # The reference's draw changes when the windows turn, not at every evaluation, so that a scorer that
        # caches by key embeds it once.
        ref = self._vectors(self._drawn(reference, "reference", now.num_turns), view)
        cur = self._vectors(self._drawn(current, "current", now.num_evaluations), view)
        return DISTANCES[self.distance](ref, cur)

    def _drawn(self, seen: Seen, name: str, count: int) -> Keys:
        if len(seen) <= self.sample_size:
            return seen.keys
        rng = Seeds(self.seed).generator("triggers.drift", name, count)
        return seen.keys[np.sort(rng.choice(len(seen), self.sample_size, replace=False, shuffle=False))]

    def _vectors(self, keys: Keys, view: View) -> NDArray[Any]:
        ask = view.features if self.on == "features" else getattr(view.scorer, self.on)
        if ask is None:
            raise TriggersError(
                'this view has no features, and the policy says on="features".',
                where=f"Drift({self.distance!r})",
                remedy='Pass View(features=...), or compare on="embeddings".',
            )
        vectors = np.asarray(ask(keys))
        if vectors.ndim != 2 or len(vectors) != len(keys) or not bool(np.isfinite(vectors).all()):
            raise TriggersError(
                f"the {self.on} of {len(keys)} samples have shape {vectors.shape} or are not finite.",
                where=f"Drift({self.distance!r})",
                remedy="One finite row for each key is expected; NaN usually means that training diverged.",
            )
        return vectors


def _reason(reading: Reading) -> str:
    against = "" if reading.threshold is None else f" against {reading.threshold:.4g}"
    return f"drift: {reading.metric} {reading.distance:.4g}{against}"
