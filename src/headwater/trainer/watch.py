"""Looks at every loss: into the curve, out to progress bars, and a clear stop when one is not a number."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from headwater.core.errors import TrainerError
from headwater.trainer.learner import Learner
from headwater.trainer.progress import Progress
from headwater.trainer.training import Step

_LAG = 20  # steps between looks on a GPU: reading a loss waits until the device has caught up


class Watch:
    """Losses of one training. On a GPU it looks some steps later, but always before anything is saved."""

    def __init__(
        self, progress: Progress, on_step: Callable[[Step], None] | None, *, lagging: bool, folder: Path | None
    ) -> None:
        self._progress = progress
        self._on_step = on_step
        self._most = _LAG if lagging else 1
        self._folder = folder
        self._saved_step = progress.step if progress.step else None
        self._waiting: list[tuple[Step, torch.Tensor]] = []

    def see(self, step: Step, loss: torch.Tensor) -> None:
        """Take the loss of `step`; look at it now or soon."""
        self._waiting.append((step, loss))
        if len(self._waiting) >= self._most:
            self.settle()

    def settle(self) -> None:
        """Look at all losses that wait.

        Raised: `TrainerError` for the first that is not finite.
        """
        waiting, self._waiting = self._waiting, []
        for step, tensor in waiting:
            loss = float(tensor)
            if not math.isfinite(loss):
                raise self._diverged(f"the loss became {loss} at step {step.step} (learning rate {step.lr:g}).")
            self._progress.curve.add(loss)
            if self._on_step is not None:
                self._on_step(replace(step, loss=loss))

    def check_weights(self, learner: Learner) -> None:
        """Refuse to keep weights that are no numbers: a finite loss may have had an infinite gradient."""
        step = self._progress.step
        if not learner.is_finite():
            lr = learner.optimizer.param_groups[0]["lr"]
            raise self._diverged(
                f"weights are no longer finite after step {step} (learning rate {lr:g}), though its loss was."
            )
        self._saved_step = step

    def _diverged(self, problem: str) -> TrainerError:
        kept = "Nothing was saved."
        if self._folder is not None and self._saved_step:
            kept = f"Step {self._saved_step} is kept in {self._folder}."
        return TrainerError(
            problem,
            remedy="Lower lr, give the schedule warmup_steps, set clip=1.0, or look for NaN and very large "
            f"values in the batch. {kept}",
        )
