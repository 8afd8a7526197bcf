"""What is known about a training: one event per step while it runs, the facts once it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Step:
    """One optimizer step, for progress bars: counted from 1, with the loss before the step."""

    step: int
    num_steps: int | None
    epoch: int
    loss: float
    lr: float
    samples: int
    """Samples seen by this training so far, each epoch's counted anew."""


@dataclass(frozen=True)
class Point:
    """One point of the loss curve: the mean loss of the steps up to and including `step`."""

    step: int
    loss: float


@dataclass(frozen=True, kw_only=True)
class Training:
    """Facts of a finished training; they stand in the checkpoint's metadata and outside its digest.

    ``Training()`` says that nothing is known, as of weights that came from elsewhere.
    """

    steps: int = 0
    samples: int = 0
    epochs: int = 0
    seconds: float = 0.0
    """Wall time of the whole fit, the time before a kill included when it was resumed."""
    setup_s: float = 0.0
    """The part of `seconds` until the first step was done: building and loading the model, and torch's own
    preparations, which a process makes once."""
    data_s: float = 0.0
    """The part of `seconds` spent waiting for batches."""
    curve: tuple[Point, ...] = ()
    device: str = "cpu"
    precision: str = "fp32"
    threads: int = 1
    seed: int = 0
    resumed: int = 0
    """How often it went on after a kill."""

    @property
    def loss(self) -> float | None:
        """The last point of the curve."""
        return self.curve[-1].loss if self.curve else None

    @property
    def samples_per_s(self) -> float:
        """Throughput after the first step; zero if nothing is known."""
        if self.steps > 1 and self.seconds > self.setup_s:
            return self.samples * (1 - 1 / self.steps) / (self.seconds - self.setup_s)
        return self.samples / self.seconds if self.seconds > 0 else 0.0

    @property
    def bound_by(self) -> str:
        """``"data"`` when more than half of the working time was waiting for batches, else the device."""
        worked_s = self.seconds - self.setup_s
        return "data" if self.data_s > worked_s / 2 else self.device

    def to_json(self) -> dict[str, Any]:
        """Return JSON values that `of` takes back."""
        return {**asdict(self), "loss": self.loss, "curve": [[point.step, point.loss] for point in self.curve]}

    @staticmethod
    def of(tree: Mapping[str, Any]) -> Training:
        """Return what `to_json` wrote."""
        known = {item.name for item in fields(Training)}
        given = {name: value for name, value in tree.items() if name in known}
        return Training(**{**given, "curve": tuple(Point(step, loss) for step, loss in tree.get("curve", ()))})
