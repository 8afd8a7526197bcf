"""Streaming metrics with torchmetrics, whose import takes about 2 s; hence only `Trainer.evaluate` comes here.

Per-group metrics of many models are faster through `Trainer.predict` and `measure_groups`, which give the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torchmetrics as tm
from torchmetrics import classification as tc

from headwater.core.errors import ConfigError, TrainerError
from headwater.core.registry import did_you_mean
from headwater.trainer.inference import Inference, merged
from headwater.trainer.loss import probabilities
from headwater.trainer.metrics import SMALLEST
from headwater.trainer.tensors import batch_of
from headwater.trainer.written import as_function

if TYPE_CHECKING:
    from headwater.trainer.batches import Batches
    from headwater.trainer.checkpoint import Checkpoint
    from headwater.trainer.trainer import Trainer

_WORDS = ("accuracy", "auroc", "log_loss")


def stream(
    trainer: Trainer,
    checkpoint: Checkpoint,
    dataset: Batches,
    metrics: tuple[str, ...],
    *,
    auroc_bins: int | None = None,
) -> dict[str, float | None]:
    """Return the metrics of one pass; metric states stay on the CPU."""
    for name in metrics:
        if name not in _WORDS and ":" not in name:
            raise ConfigError(f"there is no metric `{name}`.", remedy=did_you_mean(name, _WORDS))
    inference = Inference(trainer, checkpoint)
    meters: dict[str, Streamed] = {}
    for arrays in merged(dataset):
        batch = batch_of(arrays, inference.device)
        if batch.labels is None:
            raise TrainerError("metrics need labels.", remedy="Keep the column `label` through the flow.")
        said = torch.from_numpy(probabilities(inference.logits(batch)))
        meters = meters or {name: _metric(name, said.shape[1], auroc_bins) for name in metrics}
        for meter in meters.values():
            meter.update(said, batch.labels.cpu().long())
    return {name: meters[name].compute() if name in meters else None for name in metrics}


class Streamed:
    """One torchmetrics metric, given probabilities ``[N, C]`` and labels ``[N]``."""

    def __init__(self, metric: tm.Metric) -> None:
        self._metric = metric

    def update(self, said: torch.Tensor, labels: torch.Tensor) -> None:
        """Take one batch."""
        self._metric.update(said, labels)

    def compute(self) -> float | None:
        """Return the value so far."""
        return float(self._metric.compute())


class _LogLoss(Streamed):
    """The mean of ``-log p(label)``."""

    def update(self, said: torch.Tensor, labels: torch.Tensor) -> None:
        likely = said.gather(1, labels.unsqueeze(1)).double().clamp_min(SMALLEST)
        self._metric.update(-likely.log())


class _Auroc(Streamed):
    """One area for each class with both positives and negatives; torchmetrics would warn and count zeros."""

    def __init__(self, num_classes: int, bins: int | None) -> None:
        self._which = [1] if num_classes == 2 else list(range(num_classes))
        self._areas = [tc.BinaryAUROC(thresholds=bins) for _ in self._which]
        self._counts = torch.zeros(num_classes, dtype=torch.int64)

    def update(self, said: torch.Tensor, labels: torch.Tensor) -> None:
        self._counts += torch.bincount(labels, minlength=len(self._counts))
        for c, area in zip(self._which, self._areas):
            area.update(said[:, c], (labels == c).long())

    def compute(self) -> float | None:
        total = int(self._counts.sum())
        known = [a for c, a in zip(self._which, self._areas) if 0 < int(self._counts[c]) < total]
        return sum(float(area.compute()) for area in known) / len(known) if known else None


def _metric(name: str, num_classes: int, bins: int | None) -> Streamed:
    if name == "accuracy":
        return Streamed(tc.MulticlassAccuracy(num_classes=num_classes, average="micro"))
    if name == "auroc":
        return _Auroc(num_classes, bins)
    if name == "log_loss":
        return _LogLoss(tm.MeanMetric())
    metric = as_function(name)()
    if not isinstance(metric, tm.Metric):
        raise TrainerError(f"it returned a {type(metric).__name__}, not a torchmetrics.Metric.", where=name)
    return Streamed(metric)
