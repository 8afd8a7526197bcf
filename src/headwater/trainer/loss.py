"""How wrong a model is on each sample, and what its logits mean as probabilities."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from headwater.core.errors import TrainerError
from headwater.trainer.tensors import Batch
from headwater.trainer.written import as_function, name_of

LossFunction: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""``(logits, labels) -> losses [N]``: one number for each sample, not their mean."""

_TINY = torch.finfo(torch.float32).tiny


def loss_named(loss: str | LossFunction) -> LossFunction:
    """Return the function for a word (``cross_entropy``, ``binary_cross_entropy``) or an import path."""
    return _WORDS[loss] if isinstance(loss, str) and loss in _WORDS else as_function(loss)


def sample_losses(loss: str | LossFunction, logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Return the loss of each row, float32 ``[N]``.

    Raised: `TrainerError` when there is no label, or when shapes or labels do not fit the loss.
    """
    if batch.labels is None:
        raise TrainerError(
            f"the batch has no column `label`; it has {batch.describe()}.",
            remedy="Name the label column `label` in the flow, and keep it through .map_batches().",
        )
    _check(loss, logits, batch)
    losses = loss_named(loss)(logits.float(), batch.labels)
    if losses.shape != (batch.num_rows,):
        raise TrainerError(
            f"the loss gave shape {list(losses.shape)} for {batch.num_rows} rows.",
            where=name_of(loss),
            remedy="Return one loss for each row: reduction='none'.",
        )
    return losses.float()


def weighted_mean(losses: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """Return ``sum(w * l) / sum(w)``; without weights the mean. Rows that all weigh nothing give 0."""
    if weights is None:
        return losses.mean()
    return (weights * losses).sum() / weights.sum().clamp_min(_TINY)


def probabilities(logits: torch.Tensor) -> NDArray[np.float32]:
    """Return class probabilities, float32 ``[N, C]``; two columns for binary logits ``[N]`` or ``[N, 1]``."""
    logits = logits.float()
    if not is_binary(logits):
        return np.asarray(torch.softmax(logits, dim=1).cpu())
    late = logits.reshape(len(logits))
    # sigmoid(-z), not 1 - sigmoid(z): the small ones keep their digits.
    return np.asarray(torch.stack((torch.sigmoid(-late), torch.sigmoid(late)), dim=1).cpu())


def cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross entropy of logits ``[N, C]`` against integer labels ``[N]``; binary for one logit a row."""
    if is_binary(logits):
        return binary_cross_entropy(logits, labels)
    return F.cross_entropy(logits, labels.long(), reduction="none")


def binary_cross_entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross entropy of ``[N]`` or ``[N, 1]`` logits against labels in 0..1, ``[N]``."""
    return F.binary_cross_entropy_with_logits(logits.reshape(len(logits)), labels.float(), reduction="none")


def is_binary(logits: torch.Tensor) -> bool:
    """Return whether there is one logit a row, ``[N]`` or ``[N, 1]``: that of class 1 against class 0."""
    return logits.ndim == 1 or (logits.ndim == 2 and logits.shape[1] == 1)


_WORDS: dict[str, LossFunction] = {
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
}


def _check(loss: str | LossFunction, logits: torch.Tensor, batch: Batch) -> None:
    shape, rows = list(logits.shape), batch.num_rows
    if logits.ndim == 0 or len(logits) != rows:
        raise TrainerError(
            f"logits of shape {shape} for {rows} rows.",
            remedy="The model must return one row of logits for each.",
        )
    if batch.labels is not None and loss in _WORDS and batch.labels.shape != (rows,):
        raise TrainerError(
            f"labels have shape {list(batch.labels.shape)}, but logits {shape}.",
            where="column `label`",
            remedy=f"{loss} wants one label for each row: shape [{rows}].",
        )
    if loss not in _WORDS:
        return
    if is_binary(logits):
        _check_binary(batch)
    elif loss == "binary_cross_entropy":
        raise TrainerError(
            f"binary_cross_entropy wants logits of shape [{rows}] or [{rows}, 1], the model gave {shape}.",
            remedy='For one logit per class use loss="cross_entropy".',
        )
    else:
        _check_classes(shape, batch)


def _check_classes(shape: list[int], batch: Batch) -> None:
    low, high = batch.label_range
    if len(shape) != 2:
        raise TrainerError(
            f"cross_entropy wants logits of shape [{batch.num_rows}, classes], the model gave {shape}.",
            remedy="Flatten them in the model, or name a loss of your own by import path.",
        )
    if low < 0 or high >= shape[1]:
        raise TrainerError(
            f"labels run from {low:g} to {high:g}, but the model has {shape[1]} classes (0 to {shape[1] - 1}).",
            where="column `label`",
            remedy="Give the model more outputs, or leave such rows out with .filter().",
        )


def _check_binary(batch: Batch) -> None:
    low, high = batch.label_range
    if low < 0 or high > 1:
        raise TrainerError(
            f"labels run from {low:g} to {high:g}, but one logit a row tells 0 from 1.",
            where="column `label`",
            remedy="For more classes give the model as many outputs; leave unknown labels out with .filter().",
        )
