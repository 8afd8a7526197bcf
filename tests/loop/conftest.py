"""Run folders made by hand: a real journal, real files of predictions, no stand-ins."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headwater.core.journal import Journal
from headwater.core.spec import Block
from headwater.loop.folder import RunFolder
from headwater.loop.machine import (
    Arrived,
    Chosen,
    Compared,
    Evaluated,
    Event,
    Exhausted,
    Finished,
    Fired,
    Position,
    Stored,
    Trained,
    to_record,
)
from headwater.loop.predictions import Predictions
from headwater.loop.results import Results


@pytest.fixture(scope="session")
def make_run() -> Callable[..., Results]:
    """Return a function that writes a run's folder: ``make_run(path, [{"at": "2013-01-08", ...}])``."""
    return _run


@pytest.fixture
def made_run(tmp_path: Path, make_run: Callable[..., Results]) -> Callable[..., Results]:
    """Return the same below the test's own folder: ``made_run("drift", [...])``."""
    return lambda name, rounds=(), **more: make_run(tmp_path / name, rounds, **more)


@pytest.fixture(scope="session")
def made_index() -> Callable[..., Block]:
    """Return a function that makes the columns of ``samples.Samples.index()`` from times and labels."""
    return _index


def _run(
    path: Path,
    rounds: Sequence[Mapping[str, Any]] = (),
    *,
    matrix: Mapping[str, Any] | None = None,
    config: Mapping[str, Any] | None = None,
    finished: bool = True,
) -> Results:
    """Write a run's folder. What a round does not say has a harmless value.

    With ``keys`` and ``probabilities`` it is evaluated; with ``"stored": False`` the run was killed before.
    """
    folder = RunFolder(path)
    folder.path.mkdir(parents=True)
    folder.write_json("run.json", {"name": path.name, "parts": {"options": {"seed": 0}}, "config": config})
    with Journal(folder.journal) as journal:
        _write(journal, Arrived(10**9), seconds=0.0)
        for number, told in enumerate(rounds):
            _write_round(journal, folder, number, told)
        if finished:
            _write(journal, Exhausted(0), seconds=0.5)
            if matrix is not None:
                folder.path.joinpath("matrix.json").write_text(json.dumps(matrix))
                _write(journal, Compared(), seconds=0.25)
            _write(journal, Finished(), seconds=0.0)
    return Results(folder)


def _index(times: Any, labels: Any) -> Block:
    """Return the columns of ``samples.Samples.index()``; keys count from 0, each label is known at once."""
    event_time = np.asarray(times, "datetime64[us]")
    return {
        "key": np.arange(event_time.size, dtype=np.int64),
        "event_time": event_time,
        "ingest_time": event_time,
        "label_time": event_time,
        "label": np.asarray(labels, np.int8),
    }


def _write_round(journal: Journal, folder: RunFolder, number: int, told: Mapping[str, Any]) -> None:
    seconds = told.get("seconds", {})
    at_us = int(np.datetime64(told["at"], "us").astype(np.int64))
    fired = Fired(at_us, told.get("reason", "amount: 100 samples"), Position(0, at_us, number), at_us)
    _write(journal, fired, seconds=seconds.get("watch", 0.1), readings=_readings(told))
    num_selected = told.get("num_selected", 100)
    chosen = Chosen(number, "digest", num_selected)
    _write(
        journal, chosen, seconds=seconds.get("choose", 0.2), num_new=told.get("num_new", 200), num_known=1_000
    )
    if num_selected == 0 or not told.get("stored", True):
        return
    training = {"samples": told.get("num_trained", num_selected), "steps": 3, "curve": told.get("curve", [])}
    facts = {"predicted_s": told["predicted_s"]} if "predicted_s" in told else {}
    _write(journal, Trained(number, "digest"), seconds=seconds.get("train", 1.0), training=training, **facts)
    sizes = {"size_bytes": told.get("size_bytes", 400), "full_bytes": told.get("full_bytes", 1_000)}
    _write(journal, Stored(number, f"{folder.name}-{number:04d}"), seconds=seconds.get("store", 0.3), **sizes)
    if "keys" in told:
        probabilities = np.asarray(told["probabilities"], np.float32)
        if probabilities.ndim == 1:
            probabilities = np.stack([1 - probabilities, probabilities], axis=1)
        Predictions.of(np.asarray(told["keys"], np.int64), probabilities).save(folder.predictions(number))
        facts = {"metrics": told.get("metrics", {}), "num_scored": len(told["keys"])}
        _write(journal, Evaluated(number), seconds=seconds.get("evaluate", 0.4), **facts)


def _readings(told: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "at_us": int(np.datetime64(at, "us").astype(np.int64)),
            "metric": metric,
            "distance": distance,
            "threshold": threshold,
            "fired": fired,
        }
        for at, metric, distance, threshold, fired in told.get("readings", ())
    ]


def _write(journal: Journal, event: Event, **facts: Any) -> None:
    kind, fields = to_record(event)
    journal.append(kind, **fields, **facts)
    journal.commit()
