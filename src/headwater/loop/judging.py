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
from headwater.loop.machine import Compared, Evaluated, Event, State
from headwater.loop.models import Models
from headwater.loop.parts import Parts
from headwater.loop.predictions import Predictions
from headwater.loop.timeline import Timeline


class Judge:
    """Evaluation stages. They only read models and samples, so they may run beside the next round."""

    def __init__(self, parts: Parts, folder: RunFolder, models: Models) -> None:
        self._parts = parts
        self._folder = folder
        self._models = models

    def prepare(self, state: State, number: int) -> trainer.Checkpoint:
        """Return the model that served the interval after trigger `number`."""
        serving = state.model_for(number)
        if serving is None:
            raise LookupError(f"no model served round {number}")
        return self._models.to_ask(serving)

    def evaluate(
        self, state: State, number: int, timeline: Timeline, model: trainer.Predictor
    ) -> tuple[Event, dict[str, Any]]:
        """Score the interval that ends at the next trigger, on labels that are all known by now."""
        start = timeline.count(state.rounds[number].position)
        following = state.rounds[number + 1 :]
        stop = timeline.count(following[0].position) if following else len(timeline)
        keys = timeline.labelled(start, stop)
        said = self._predict(model, keys)
        said.save(self._folder.predictions(number))
        return Evaluated(number), {"metrics": self._metrics(said, timeline), "num_scored": int(keys.size)}

    def compare(self, state: State, timeline: Timeline) -> tuple[Event, dict[str, Any]]:
        """Score every stored model on every interval of equal event time, and write ``matrix.json``."""
        edges = self._edges(timeline)
        groups = [self._sample(timeline, low, high) for low, high in zip(edges[:-1], edges[1:])]
        stored = [round_ for round_ in state.rounds if round_.variant]
        rows = []
        for round_ in stored:
            model = self._parts.learn.predictor(self._models.to_ask(round_))
            said = self._predict(model, np.sort(np.concatenate(groups)) if groups else np.empty(0, np.int64))
            rows.append([self._metrics(_restrict(said, keys), timeline) for keys in groups])
        self._folder.write_json(
            "matrix.json",
            {
                "models": [{"round": r.number, "variant": r.variant, "at_us": r.at_us} for r in stored],
                "edges_us": edges,
                "num_samples": [int(keys.size) for keys in groups],
                "cells": rows,
            },
        )
        return Compared(), {}

    def _predict(self, model: trainer.Predictor, keys: Keys) -> Predictions:
        view = Selected(self._parts.stream, Selection.of(keys))
        said = model.predict(self._parts.flow(view))
        return Predictions.of(said.keys, said.probabilities)

    def _metrics(self, said: Predictions, timeline: Timeline) -> dict[str, float | None]:
        if said.keys.size == 0:
            return {}
        labels = timeline.labels[timeline.where(said.keys)]
        return trainer.metrics(said.probabilities, labels, names=self._parts.options.metrics)

    def _edges(self, timeline: Timeline) -> list[int]:
        if len(timeline) == 0:
            return []
        length = int(parse_duration_s(self._parts.options.matrix_every) * 1e6)
        first, last = int(timeline.times_us.min()), int(timeline.times_us.max())
        return [*range(first, last + 1, length), last + 1]

    def _sample(self, timeline: Timeline, low_us: int, high_us: int) -> Keys:
        here = (timeline.times_us >= low_us) & (timeline.times_us < high_us)
        keys = np.intersect1d(timeline.keys[here], timeline.labelled(0, len(timeline)))
        most = self._parts.options.matrix_samples
        if keys.size <= most:
            return keys
        return np.sort(self._parts.seeds.generator("matrix", low_us).choice(keys, most, replace=False))


def _restrict(said: Predictions, keys: Keys) -> Predictions:
    at = np.searchsorted(said.keys, keys)
    return Predictions(keys, said.probabilities[at])
