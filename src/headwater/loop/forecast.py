"""What a run will cost, said before it starts: triggers and selections are rehearsed, training is probed.

The rehearsal asks the real policies about the real arrivals, but shows them a model for which nothing ever
drifts. So the number of rounds is a lower bound when a policy looks at drift, and exact when none does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headwater import triggers
from headwater.core.budget import Estimate
from headwater.core.clock import WallClock
from headwater.core.errors import LoopError
from headwater.core.key import Keys
from headwater.core.plan import Plan, Step
from headwater.core.selection import Selection
from headwater.core.source import Selected
from headwater.core.unit import parse_duration_s
from headwater.loop.machine import Round
from headwater.loop.parts import Parts
from headwater.loop.timeline import Timeline

# Long enough for a stable rate of small models, short enough to be no cost of its own.
PROBE_STEPS = 20
PROBE_ROWS = 8_192


class Still:
    """A scorer for which nothing ever drifts: what it says of a sample depends on its key alone."""

    digest = "still"

    def probabilities(self, keys: Keys) -> NDArray[np.float32]:
        """Return two classes, equally likely."""
        return np.full((len(keys), 2), 0.5, np.float32)

    def embeddings(self, keys: Keys) -> NDArray[np.float32]:
        """Return four numbers in [0, 1) that look random and are always the same."""
        primes = np.array([7_919, 6_271, 9_973, 8_191])
        return np.asarray(keys[:, None] * primes % 10_007 / 10_007, np.float32)

    def losses(self, keys: Keys) -> NDArray[np.float32]:
        """Return what guessing costs."""
        return np.full(len(keys), np.log(2), np.float32)


@dataclass(frozen=True)
class Rehearsal:
    """The rounds that there would be, and how many samples each would train on."""

    num_selected: tuple[int, ...]
    first: Selection
    num_scored: int


def rehearse(parts: Parts, timeline: Timeline) -> Rehearsal:
    """Return what the policies would do with `timeline` if nothing drifted.

    Raised: `LoopError` when they would never train.
    """
    last_used = np.full(len(timeline), -1, np.int64)
    rounds: list[Round] = []
    chosen: list[Selection] = []
    for position, at_us in _triggers(parts, timeline):
        rounds.append(Round(len(rounds), at_us, "", timeline.position(position), 0))
        pool = timeline.pool(rounds, last_used)
        if pool.keys.size:
            rng = parts.seeds.generator("choose", len(rounds) - 1)
            chosen.append(parts.which.choose(pool, rng=rng, scorer=Still() if chosen else None))
            last_used[timeline.where(chosen[-1].keys)] = len(rounds) - 1
        if len(chosen) == parts.options.max_rounds:
            break
    if not chosen:
        raise LoopError(
            f"no model would ever be trained: {len(timeline):,} samples give {len(rounds)} triggers.",
            remedy="Let the trigger policy fire earlier, or wait for labels to become known.",
        )
    first = timeline.count(rounds[0].position)
    return Rehearsal(tuple(map(len, chosen)), chosen[0], int(timeline.is_labelled[first:].sum()))


def plan(parts: Parts, *, name: str) -> Plan:
    """Return what a whole replay would cost, by stage. Trains for a few steps and throws the result away."""
    keys = parts.stream.keys()
    timeline = Timeline.build(parts.stream.index(), (int(keys.max()),) if keys.size else ())
    seen = rehearse(parts, timeline)
    rounds, trained = len(seen.num_selected), sum(seen.num_selected) * parts.learn.epochs
    facts = parts.learn.probe(parts.read(Selected(parts.stream, seen.first)), steps=PROBE_STEPS)
    train_s = sum(parts.learn.estimate(num, like=facts).time_s or 0.0 for num in seen.num_selected)
    train_s -= facts.setup_s * (rounds - 1)  # only the first training of a process loads torch's parts
    score_s = _seconds_per_score(parts, timeline)
    in_matrix = rounds * min(int(timeline.is_labelled.sum()), _most_in_matrix(parts, timeline))
    title = f"loop {name}: {len(timeline):,} samples, {rounds} rounds if nothing drifts"
    return Plan(
        title,
        (
            _step("train", f"{trained:,} samples", train_s, facts.bound_by),
            _step(
                "evaluate",
                f"{seen.num_scored:,} samples by the model that serves them",
                seen.num_scored * score_s,
            ),
            _step("compare", f"{in_matrix:,} cells of samples by models", in_matrix * score_s),
        ),
    )


def _triggers(parts: Parts, timeline: Timeline) -> list[tuple[int, int]]:
    everything = timeline.arrivals(0, len(timeline))
    fired = triggers.replay(parts.when, everything, view=triggers.View(scorer=Still())).fired
    ends = [(each.position, int(each.trigger.at.astype("datetime64[us]").astype(np.int64))) for each in fired]
    return [end for before, end in zip([0, *(position for position, _ in ends)], ends) if end[0] > before]


def _seconds_per_score(parts: Parts, timeline: Timeline) -> float:
    """Return the seconds that a fresh model takes to score one sample, reading and encoding included."""
    some = Selection.of(timeline.labelled(0, len(timeline))[:PROBE_ROWS])
    dataset = parts.read(Selected(parts.stream, some))
    fresh = parts.learn.fit(dataset.take(1))
    clock = WallClock()
    started_s = clock.monotonic()
    parts.learn.predict(fresh, dataset)
    return (clock.monotonic() - started_s) / max(len(some), 1)


def _most_in_matrix(parts: Parts, timeline: Timeline) -> int:
    span_s = (int(timeline.times_us.max()) - int(timeline.times_us.min())) / 1e6
    return parts.options.matrix_samples * (int(span_s / parse_duration_s(parts.options.matrix_every)) + 1)


def _step(stage: str, why: str, time_s: float, bound_by: str = "cpu") -> Step:
    return Step(step=stage, why=why, after=Estimate(time_s=time_s), bound_by=bound_by)
