"""One pass over a dataset, several models: what each of them says of every sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from headwater.trainer.batches import Batches
from headwater.trainer.checkpoint import Checkpoint
from headwater.trainer.inference import Inference, merged
from headwater.trainer.loss import probabilities, sample_losses
from headwater.trainer.predictions import Predictions
from headwater.trainer.tensors import Batch, batch_of

if TYPE_CHECKING:
    from headwater.trainer.trainer import Trainer


def predict_each(trainer: Trainer, checkpoints: Sequence[Checkpoint], dataset: Batches) -> list[Predictions]:
    """Return one `Predictions` for each checkpoint; labels and keys are shared between them."""
    models = [Inference(trainer, checkpoint) for checkpoint in checkpoints]
    passed: list[_Columns] = []
    said: list[list[_Columns]] = [[] for _ in models]
    count = 0
    for arrays in merged(dataset) if models else ():
        batch = batch_of(arrays, models[0].device)
        keys = batch.keys if batch.keys is not None else np.arange(count, count + batch.num_rows)
        count += batch.num_rows
        labels = {} if batch.labels is None else {"labels": np.asarray(arrays["label"])}
        passed.append({"keys": keys, **labels})
        for model, parts in zip(models, said):
            parts.append(_ask(trainer, model, batch))
    shared = _joined(passed)
    return [_whole({**shared, **_joined(parts)}) for parts in said]


_Columns = dict[str, NDArray[Any]]


def _ask(trainer: Trainer, model: Inference, batch: Batch) -> _Columns:
    logits = model.logits(batch)
    answers: _Columns = {"probabilities": probabilities(logits)}
    if batch.labels is not None:
        answers["losses"] = sample_losses(trainer.loss, logits, batch).cpu().numpy()
    return answers


def _joined(parts: list[_Columns]) -> _Columns:
    """Join the columns that all parts have: labels that are missing once are missing."""
    names = set.intersection(*map(set, parts)) if parts else set()
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def _whole(columns: _Columns) -> Predictions:
    return Predictions(
        keys=columns.get("keys", np.empty(0, np.int64)),
        probabilities=columns.get("probabilities", np.empty((0, 2), np.float32)),
        labels=columns.get("labels"),
        losses=columns.get("losses"),
    )
