"""Judging: each model on the interval that it served, and in the end every model on every interval."""

from __future__ import annotations

from typing import Any

import numpy as np

from headwater import trainer
from headwater.core.key import Keys
from headwater.core.selection import Selection
from headwater.core.source import Selected
from headwater.core.unit import parse_duration_s
from headwater.loop.folder import RunFolder
from headwater.loop.machine import Compared, Evaluated, Event, Scored, State
from headwater.loop.models import Models
from headwater.loop.parts import Parts
from headwater.loop.predictions import Predictions
from headwater.loop.timeline import Timeline

MOST_INTERVALS = 1_000
"""More columns than this nobody looks at; longer intervals are taken instead."""


class Judge:
    """Evaluation stages. They only read models and samples, so they may run beside the next round."""

    def __init__(self, parts: Parts, folder: RunFolder, models: Models) -> None:
        self._parts = parts
        self._folder = folder
        self._models = models
        self._grouped: tuple[Timeline, list[Keys]] | None = None

    def evaluate(self, state: State, number: int, timeline: Timeline) -> tuple[Event, dict[str, Any]]:
        """Score the interval that ends at the next trigger, on labels that are all known by now."""
        serving = state.model_for(number)
        if serving is None:
            raise LookupError(f"no model served round {number}")
        start = timeline.count(state.rounds[number].position)
        following = state.rounds[number + 1 :]
        stop = timeline.count(following[0].position) if following else len(timeline)
        keys = timeline.labelled(start, stop)
        said = self._predict(self._models.to_ask(serving), keys)
        Predictions.of(said.keys, said.probabilities).save(self._folder.predictions(number))
        return Evaluated(number), {"metrics": self._measure(said), "num_scored": int(keys.size)}

    def score(self, state: State, number: int, timeline: Timeline) -> tuple[Event, dict[str, Any]]:
        """Score a model on every interval of equal event time: its row of the matrix."""
        groups = self._groups(timeline)
        keys = np.sort(np.concatenate(groups)) if groups else np.empty(0, np.int64)
        said = self._predict(self._models.to_ask(state.rounds[number]), keys)
        cells = [self._measure(said.of(group)) for group in groups]
        self._folder.write_json(f"rounds/{number:04d}/row.json", cells)
        return Scored(number), {}

    def compare(self, state: State, timeline: Timeline) -> tuple[Event, dict[str, Any]]:
        """Join the rows of all models to ``matrix.json``."""
        stored = [round_ for round_ in state.rounds if round_.variant]
        self._folder.write_json(
            "matrix.json",
            {
                "models": [{"round": r.number, "variant": r.variant, "at_us": r.at_us} for r in stored],
                "edges_us": self._edges(timeline),
                "num_samples": [int(group.size) for group in self._groups(timeline)],
                "cells": [self._folder.read_json(f"rounds/{r.number:04d}/row.json") for r in stored],
            },
        )
        return Compared(), {}

    def _groups(self, timeline: Timeline) -> list[Keys]:
        """Return the keys that the matrix scores in each interval; the same for every model."""
        if self._grouped is None or self._grouped[0] is not timeline:
            self._grouped = (timeline, self._cut(timeline))
        return self._grouped[1]

    def _cut(self, timeline: Timeline) -> list[Keys]:
        edges = self._edges(timeline)
        times, keys = timeline.times_us[timeline.is_labelled], timeline.keys[timeline.is_labelled]
        order = np.argsort(times, kind="stable")
        parts = np.split(keys[order], np.searchsorted(times[order], edges[1:-1])) if edges else []
        return [self._sample(part, low_us) for part, low_us in zip(parts, edges)]

    def _predict(self, checkpoint: trainer.Checkpoint, keys: Keys) -> trainer.Predictions:
        view = Selected(self._parts.stream, Selection.of(keys))
        return self._parts.learn.predict(checkpoint, self._parts.read(view))

    def _measure(self, said: trainer.Predictions) -> dict[str, float | None]:
        return trainer.measure(said, self._parts.options.metrics)

    def _edges(self, timeline: Timeline) -> list[int]:
        if len(timeline) == 0:
            return []
        length = int(parse_duration_s(self._parts.options.matrix_every) * 1e6)
        first, last = int(timeline.times_us.min()), int(timeline.times_us.max())
        length = max(length, -(-(last - first + 1) // MOST_INTERVALS))
        return [*range(first, last + 1, length), last + 1]

    def _sample(self, keys: Keys, low_us: int) -> Keys:
        most = self._parts.options.matrix_samples
        if keys.size > most:
            keys = self._parts.seeds.generator("matrix", low_us).choice(np.sort(keys), most, replace=False)
        return np.sort(keys)
