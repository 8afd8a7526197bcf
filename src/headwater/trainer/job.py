"""One training, said completely: what a worker needs to be sent, and what tells it from another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.core.errors import TrainerError
from headwater.trainer.batches import Batches, fingerprint_of, length_of
from headwater.trainer.checkpoint import Checkpoint
from headwater.trainer.device import device_named
from headwater.trainer.schedule import Schedule

if TYPE_CHECKING:
    from headwater.trainer.trainer import Trainer


@dataclass(frozen=True, kw_only=True)
class Job:
    """A trainer, its data, and where it starts."""

    trainer: Trainer
    dataset: Batches
    start: Checkpoint | None = None
    seed: int = 0
    folder: Path | None = None
    every_steps: int | None = None

    def identity(self) -> dict[str, Any]:
        """What must be equal for saved progress to be of the same training, as JSON values."""
        return {
            **self.trainer.describe(),
            "seed": self.seed,
            "start": self.start.digest if self.start else None,
            "device": device_named(self.trainer.device).type,
            "dataset": fingerprint_of(self.dataset, seed=self.seed),
        }


def num_steps_of(job: Job, schedule: Schedule) -> int | None:
    """Return how many steps there will be, None when nobody knows and nobody needs to."""
    length, most = length_of(job.dataset), job.trainer.max_steps
    known = [] if length is None else [length * job.trainer.epochs]
    num_steps = min([*known, *([most] if most is not None else [])], default=None)
    if num_steps is None and schedule.needs_length:
        raise TrainerError(
            f"schedule {schedule.kind!r} needs the number of steps, but the dataset does not know its length.",
            remedy='Give max_steps, use schedule="constant", or a dataset with len().',
        )
    return num_steps
