"""The folder of one training: progress while it runs, the checkpoint afterwards, never both for long.

    training.safetensors     how far it has come: weights, moments, random numbers, the dataset's place
    checkpoint.safetensors   the result; `Checkpoint.load(folder)` reads it

Both know whose they are, so that nothing stale is gone on with.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.core.errors import TrainerError
from headwater.trainer import safetensors
from headwater.trainer.checkpoint import FORM, RESULT, Checkpoint
from headwater.trainer.progress import Progress

if TYPE_CHECKING:
    import torch

_PROGRESS = "training.safetensors"
_PROGRESS_FORM = "headwater.training/1"


class TrainingFolder:
    """Where one training, told from others by its `identity` (JSON values), keeps what a kill must not take."""

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self.path = path
        self._identity = dict(identity)

    def result(self) -> Checkpoint | None:
        """Return the checkpoint if the training is finished."""
        file = self.path / RESULT
        if not file.exists():
            return None
        tensors, facts = safetensors.read(file, form=FORM)
        self._refuse_others(facts.get("identity", {}), file)
        return Checkpoint.of(tensors, facts)

    def save_result(self, checkpoint: Checkpoint) -> None:
        """Keep the checkpoint; the progress is no longer needed."""
        facts = {**checkpoint.facts(), "identity": self._identity}
        safetensors.write(self.path / RESULT, checkpoint.tensors(), facts, form=FORM)
        (self.path / _PROGRESS).unlink(missing_ok=True)

    def progress(self) -> tuple[Progress, dict[str, torch.Tensor]] | None:
        """Return how far the training had come, with its tensors; None if it has not begun."""
        file = self.path / _PROGRESS
        if not file.exists():
            return None
        tensors, facts = safetensors.read(file, form=_PROGRESS_FORM)
        self._refuse_others(facts["identity"], file)
        return Progress.load(facts["progress"]), tensors

    def save_progress(self, progress: Progress, tensors: Mapping[str, torch.Tensor]) -> None:
        """Replace the file; the one before stays readable until the new one is whole."""
        facts = {"progress": progress.dump(), "identity": self._identity}
        safetensors.write(self.path / _PROGRESS, tensors, facts, form=_PROGRESS_FORM)

    def _refuse_others(self, saved: Mapping[str, Any], file: Path) -> None:
        differences = [
            f"{name} was {saved.get(name)!r} and is {self._identity.get(name)!r}"
            for name in sorted({*saved, *self._identity})
            if saved.get(name) != self._identity.get(name)
        ]
        if differences:
            raise TrainerError(
                f"this is of another training: {'; '.join(differences)}.",
                where=str(file),
                remedy="Give each training its own folder, or delete this one if its work is not wanted.",
            )
