"""A whole line in miniature: 3,000 samples, a model of 20 weights, some rounds in a second or two.

Run it: ``python -m examples.tiny.line FOLDER``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from headwater import data, loop, samples, selection, trainer, triggers, zoo
from headwater.core.source import Source

NUM_SAMPLES = 3_000
SCHEMA = samples.Schema(
    fields=(samples.Field("x", "float32", shape=(4,)), samples.Field("y", "int8")),
    event_time="at",
    label="y",
    label_time="known",
)


def rows(start: int, stop: int) -> dict[str, Any]:
    """Return samples whose rule turns slowly; one label in ten comes late, one in fifty never."""
    i = np.arange(start, stop)
    x = np.stack([np.sin(i * k * 0.7 + k) for k in range(1, 5)], axis=1).astype(np.float32)
    y = (x[:, 0] * np.cos(i / 4_000) + x[:, 1] * np.sin(i / 4_000) > 0).astype(np.int8)
    at = np.datetime64("2020-01-01", "us") + i.astype("timedelta64[m]")
    known = at + np.where(i % 10 == 0, 300, 5).astype("timedelta64[m]")
    known[i % 50 == 7] = np.datetime64("NaT")
    return {"at": at, "x": x, "y": y, "known": known}


def store(path: str | Path, num_samples: int = NUM_SAMPLES) -> samples.Samples:
    """Return the store at `path`, filled on the first call."""
    folder = Path(path)
    opened = samples.open(folder) if folder.exists() else samples.create(folder, SCHEMA)
    opened.ingest([rows(0, num_samples)], digest=f"tiny {num_samples}")
    return opened


def encode(block: Any) -> dict[str, Any]:
    """Return what the model reads."""
    return {"x": np.asarray(block["x"]), "label": np.asarray(block["y"]).astype(np.float32)}


def flow(source: Source) -> data.Dataset:
    """Return shuffled batches of 64."""
    return data.from_source(source).map_batches(encode).shuffle(500).batch(64)


class Net(torch.nn.Module):
    """Two layers and dropout, so that torch's random numbers matter."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Dropout(0.1), torch.nn.Linear(8, 1)
        )

    def forward(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return one logit a row."""
        logits: torch.Tensor = self.layers(batch["x"]).squeeze(-1)
        return logits


def build() -> Net:
    """Return a fresh network."""
    return Net()


def when() -> triggers.Policy:
    """Fire by amount, or sooner by drift of the newest model's embeddings."""
    drift = triggers.Drift(
        "mmd", above=0.15, every=200, window=triggers.AmountWindow(400, 200), sample_size=200
    )
    return triggers.AnyOf(triggers.Amount(700), drift)


def line(folder: Path, *, name: str = "run", options: loop.Options | None = None) -> loop.Loop:
    """Return the whole line below `folder`."""
    which = selection.Union(selection.Margin(0.5), selection.Uniform(limit=100, within=selection.Old()))
    return loop.Loop(
        store(folder / "stream.hw"),
        when(),
        which,
        flow,
        trainer.Trainer("examples.tiny.line:build", lr=0.01, threads=1),
        zoo.open(folder / "zoo.hw"),
        name=name,
        runs=folder / "runs",
        options=options or loop.Options(matrix_every="12h", checkpoint_every_steps=5),
    )


if __name__ == "__main__":
    run = line(Path(sys.argv[1]))
    run.resume() if run.folder.has_begun else run.run()
