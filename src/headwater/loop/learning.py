"""Learning: choose samples, train on them, keep the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from headwater import trainer
from headwater.core.errors import LoopError
from headwater.core.key import contains
from headwater.core.selection import Selection
from headwater.core.source import Selected
from headwater.loop.folder import RunFolder
from headwater.loop.machine import Chosen, Event, State, Stored, Trained
from headwater.loop.models import Models
from headwater.loop.parts import Parts
from headwater.loop.timeline import Timeline
from headwater.loop.usage import Usage


class Learner:
    """The three stages that turn a trigger into a variant. Each may be done twice with the same result."""

    def __init__(self, parts: Parts, folder: RunFolder, models: Models) -> None:
        self._parts = parts
        self._folder = folder
        self._models = models
        self._usage = Usage(folder)
        self._like: trainer.Checkpoint | None = None  # the last training: what the next one will cost

    def choose(self, state: State, timeline: Timeline) -> tuple[Event, dict[str, Any]]:
        """Ask the selection policy and save its answer."""
        number = len(state.rounds) - 1
        pool = timeline.pool(state.rounds, self._usage.before(state, timeline))
        if pool.keys.size == 0:
            return Chosen(number, "", 0), {"num_known": 0, "num_new": 0}
        chosen = self._parts.which.choose(
            pool,
            rng=self._parts.seeds.generator("choose", number),
            scorer=self._models.scorer(state.model_for(number)),
        )
        chosen.save(self._folder.selection(number))
        facts = {"num_known": int(pool.keys.size), "num_new": int((pool.arrived_round == number).sum())}
        return Chosen(number, chosen.digest, len(chosen)), facts

    def train(
        self, state: State, on_step: Callable[[trainer.Step], None] | None
    ) -> tuple[Event, dict[str, Any]]:
        """Train from the model before, or go on with a training that was killed."""
        number = len(state.rounds) - 1
        chosen, num_deleted = self._still_there(number)
        before = state.model_for(number)
        start = self._models.to_start_from(before) if before and self._parts.options.warm_start else None
        predicted_s = self._parts.learn.estimate(len(chosen), like=self._like).time_s if self._like else None
        dataset = self._parts.read(Selected(self._parts.stream, chosen, identity=self._parts.stream.identity))
        checkpoint = self._parts.learn.fit(
            dataset.with_seed(self._parts.seeds.integer("batches", number)),
            start=start,
            seed=self._parts.seeds.integer("train", number),
            folder=self._folder.training(number),
            every_steps=self._parts.options.checkpoint_every_steps,
            on_step=on_step,
        )
        self._models.remember(number, checkpoint)
        self._like = checkpoint
        facts = {
            "training": checkpoint.training.to_json(),
            "predicted_s": predicted_s,
            "num_deleted": num_deleted,
        }
        return Trained(number, checkpoint.digest), facts

    def store(self, state: State) -> tuple[Event, dict[str, Any]]:
        """Add the model to the zoo with everything that is known of where it came from."""
        this = state.rounds[-1]
        before = state.model_for(this.number)
        checkpoint = self._models.to_start_from(this)
        variant = self._parts.keep.add(
            checkpoint.model,
            name=f"{self._folder.name}-{this.number:04d}",
            parent=before.variant if before and self._parts.options.warm_start else None,
            selection=Selection.load(self._folder.selection(this.number)),
            facts={
                "run": self._folder.name,
                "round": this.number,
                "event_time": str(np.datetime64(this.at_us, "us")),
                "trigger": this.reason,
                "training": checkpoint.training.to_json(),
            },
        )
        if before is not None:
            self._folder.drop_training(before.number)
        return Stored(this.number, variant.id), {
            "size_bytes": variant.stored_bytes,
            "full_bytes": variant.full_bytes,
        }

    def _still_there(self, number: int) -> tuple[Selection, int]:
        """Return the round's selection without samples that were deleted since it was made, and how many were.

        A training that had begun on them begins anew: what is deleted must not go on shaping the model.
        """
        chosen = Selection.load(self._folder.selection(number))
        there = contains(chosen.keys, self._parts.stream.keys())
        if there.all():
            return chosen, 0
        if not there.any():
            raise LoopError(
                f"all {len(chosen):,} samples that round {number} chose have been deleted.",
                where=str(self._folder.path),
                remedy="Start over with --fresh (fresh=True).",
            )
        left = Selection(chosen.keys[there], chosen.weights[there], chosen.why)
        self._folder.drop_training(number)
        left.save(self._folder.selection(number))
        return left, len(chosen) - len(left)
