"""Judging: each model on the interval that it served, and in the end every model on every interval."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from headwater import trainer, workers
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

    def evaluate(self, state: State, number: int, timeline: Timeline) -> tuple[Event, dict[str, Any]]:
        """Score the interval that ends at the next trigger, on labels that are all known by now."""
        serving = state.model_for(number)
        if serving is None:
            raise LookupError(f"no model served round {number}")
        start = timeline.count(state.rounds[number].position)
        following = state.rounds[number + 1 :]
        stop = timeline.count(following[0].position) if following else len(timeline)
        keys = timeline.labelled(start, stop)
        said = self._predict([self._models.to_ask(serving)], keys)[0]
        Predictions.of(said.keys, said.probabilities).save(self._folder.predictions(number))
        return Evaluated(number), {"metrics": self._measure(said), "num_scored": int(keys.size)}

    def compare(self, state: State, timeline: Timeline) -> tuple[Event, dict[str, Any]]:
        """Score every stored model on every interval of equal event time, and write ``matrix.json``."""
        edges = self._edges(timeline)
        groups = [self._sample(timeline, low, high) for low, high in pairwise(edges)]
        stored = [round_ for round_ in state.rounds if round_.variant]
        keys = np.sort(np.concatenate(groups)) if groups else np.empty(0, np.int64)
        said = self._predict_side_by_side([self._models.to_ask(round_) for round_ in stored], keys)
        self._folder.write_json(
            "matrix.json",
            {
                "models": [{"round": r.number, "variant": r.variant, "at_us": r.at_us} for r in stored],
                "edges_us": edges,
                "num_samples": [int(group.size) for group in groups],
                "cells": [[self._measure(each.of(group)) for group in groups] for each in said],
            },
        )
        return Compared(), {}

    def _predict(self, checkpoints: list[trainer.Checkpoint], keys: Keys) -> list[trainer.Predictions]:
        view = Selected(self._parts.stream, Selection.of(keys))
        return self._parts.learn.predict_each(checkpoints, self._parts.flow(view))

    def _predict_side_by_side(
        self, checkpoints: list[trainer.Checkpoint], keys: Keys
    ) -> list[trainer.Predictions]:
        """Ask the models on all cores, a share of them on each; the answers keep their order."""
        num_shares = min(workers.usable_cores() if self._parts.options.overlap else 1, len(checkpoints))
        if num_shares < 2:
            return self._predict(checkpoints, keys)
        with workers.Local(num_shares) as cores:
            shares = [cores.submit(self._predict, checkpoints[i::num_shares], keys) for i in range(num_shares)]
            answers = [share.result() for share in shares]
        return [answers[i % num_shares][i // num_shares] for i in range(len(checkpoints))]

    def _measure(self, said: trainer.Predictions) -> dict[str, float | None]:
        return trainer.measure(said, self._parts.options.metrics)

    def _edges(self, timeline: Timeline) -> list[int]:
        if len(timeline) == 0:
            return []
        length = int(parse_duration_s(self._parts.options.matrix_every) * 1e6)
        first, last = int(timeline.times_us.min()), int(timeline.times_us.max())
        return [*range(first, last + 1, length), last + 1]

    def _sample(self, timeline: Timeline, low_us: int, high_us: int) -> Keys:
        keys = np.sort(timeline.keys[timeline.is_labelled & timeline.between(low_us, high_us)])
        most = self._parts.options.matrix_samples
        if keys.size <= most:
            return keys
        return np.sort(self._parts.seeds.generator("matrix", low_us).choice(keys, most, replace=False))
