"""What a run has found so far, read from its folder: rounds, predictions, matrix."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from headwater.core import journal
from headwater.loop.folder import RunFolder
from headwater.loop.machine import State, fold, from_record
from headwater.loop.predictions import Predictions


@dataclass
class RoundResult:
    """One line of the table at the end of a run."""

    number: int
    event_time: np.datetime64
    reason: str
    num_new: int = 0
    num_selected: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    variant: str = ""
    size_bytes: int = 0
    full_bytes: int = 0
    metrics: dict[str, float | None] = field(default_factory=dict)
    num_scored: int = 0
    training: dict[str, Any] = field(default_factory=dict)
    predicted_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the line as JSON values."""
        return {**vars(self), "event_time": str(self.event_time)}


class Results:
    """A finished or unfinished run, for tables, reports and comparisons."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.records = journal.read(folder.journal)
        self.state: State = fold(from_record(record["kind"], dict(record)) for record in self.records)

    @property
    def name(self) -> str:
        """The run's name."""
        return self.folder.name

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do."""
        return self.state.finished

    def rounds(self) -> list[RoundResult]:
        """Return the rounds in order, each with what its events recorded."""
        lines = [
            RoundResult(r.number, np.datetime64(r.at_us, "us"), r.reason, num_selected=max(r.num_selected, 0))
            for r in self.state.rounds
        ]
        fired = 0
        for record in self.records:
            if record["kind"] == "fired":
                lines[fired].seconds["watch"] = record["seconds"]
                fired += 1
            elif "number" in record:
                _take(lines[record["number"]], record)
        return lines

    def readings(self) -> list[dict[str, Any]]:
        """Return every drift distance that was measured, in order of event time."""
        return [reading for record in self.records for reading in record.get("readings", ())]

    def predictions(self) -> Predictions | None:
        """Return what the model that served at the time said of each sample; None before any evaluation."""
        parts = [Predictions.load(self.folder.predictions(r.number)) for r in self.state.rounds if r.evaluated]
        parts = [part for part in parts if part.keys.size]
        if not parts:
            return None
        keys = np.concatenate([part.keys for part in parts])
        return Predictions.of(keys, np.concatenate([part.probabilities for part in parts]))

    def matrix(self) -> dict[str, Any] | None:
        """Return the model x interval matrix, once it is written."""
        return dict(self.folder.read_json("matrix.json")) if self.state.has_matrix else None

    def seconds(self) -> dict[str, float]:
        """Return the seconds of each stage, summed over all rounds."""
        total: dict[str, float] = {}
        words = {
            "fired": "watch",
            "exhausted": "watch",
            "arrived": "watch",
            "chosen": "choose",
            "trained": "train",
        }
        words |= {"stored": "store", "evaluated": "evaluate", "scored": "score", "compared": "compare"}
        for record in self.records:
            if record["kind"] in words:
                word = words[record["kind"]]
                total[word] = total.get(word, 0.0) + record["seconds"]
        return total

    def num_trained(self) -> int:
        """Return how many samples were trained on, repetitions counted: a cost that no clock disturbs."""
        return sum(int(line.training.get("samples", 0)) for line in self.rounds())


def _take(line: RoundResult, record: Any) -> None:
    verb = {
        "chosen": "choose",
        "trained": "train",
        "stored": "store",
        "evaluated": "evaluate",
        "scored": "score",
    }[record["kind"]]
    line.seconds[verb] = record["seconds"]
    for name in (
        "num_new",
        "variant",
        "size_bytes",
        "full_bytes",
        "metrics",
        "num_scored",
        "training",
        "predicted_s",
    ):
        if name in record:
            setattr(line, name, record[name])
