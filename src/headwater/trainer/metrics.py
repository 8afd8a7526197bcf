"""Metrics over arrays of predictions: exact, in numpy, fast enough for a matrix of models and intervals.

How to read them: `accuracy` is the share of samples whose likeliest class is the label (1 is best); `auroc` the
chance that a random positive is scored above a random negative (1 is best, 0.5 is guessing); `log_loss` the
mean of ``-log p(label)`` (0 is best). What is undefined for the samples at hand is None.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import ConfigError, TrainerError
from headwater.core.registry import did_you_mean
from headwater.trainer.predictions import Predictions

G = TypeVar("G", bound=Hashable)

SMALLEST = float(np.finfo(np.float32).eps)
"""Probabilities below this count as this in `log_loss`: float32 cannot tell them from zero beside a one."""


def measure(
    said: Predictions, metrics: tuple[str, ...] = ("accuracy", "auroc", "log_loss")
) -> dict[str, float | None]:
    """Return each metric over all samples of `said`.

    Raised: `TrainerError` naming a label that is none of the predicted classes, as of a class first seen later.

    >>> said = Predictions(np.arange(3), np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]]), np.array([0, 0, 1]))
    >>> {name: round(value, 3) for name, value in measure(said).items()}
    {'accuracy': 0.667, 'auroc': 1.0, 'log_loss': 0.415}
    """
    for name in metrics:
        if name not in _WORDS:
            raise ConfigError(f"there is no metric `{name}`.", remedy=did_you_mean(name, _WORDS))
    if said.labels is None:
        if not len(said):
            return dict.fromkeys(metrics)
        raise TrainerError("metrics need labels.", remedy="Keep the column `label` through the flow.")
    _check_labels(said.labels, said.probabilities.shape[1])
    return {name: _WORDS[name](said.probabilities, said.labels) if len(said) else None for name in metrics}


def _check_labels(labels: NDArray[Any], num_classes: int) -> None:
    """Refuse a label that no column stands for; written so that a NaN is refused as well."""
    outside = ~((labels >= 0) & (labels < num_classes))
    if outside.any():
        raise TrainerError(
            f"the label {labels[outside][0]:g} is none of the model's {num_classes} classes "
            f"(0 to {num_classes - 1}); {int(outside.sum())} of {len(labels)} labels are not.",
            where="column `label`",
            remedy="Give the model a wider output, one for each class to come, or .filter() such rows out.",
        )


def measure_groups(
    said: Predictions,
    groups: Mapping[G, NDArray[np.int64]],
    metrics: tuple[str, ...] = ("accuracy", "auroc", "log_loss"),
) -> dict[G, dict[str, float | None]]:
    """Return the metrics of each group of keys, such as the samples of one interval; groups may overlap."""
    return {name: measure(said.of(keys), metrics) for name, keys in groups.items()}


def accuracy(probabilities: NDArray[Any], labels: NDArray[Any]) -> float:
    """Return the share of rows whose most probable class is the label."""
    return float((probabilities.argmax(axis=1) == labels).mean())


def log_loss(probabilities: NDArray[Any], labels: NDArray[Any]) -> float:
    """Return the mean negative logarithm of the label's probability."""
    likely = probabilities[np.arange(len(labels)), labels.astype(np.int64)]
    return float(-np.log(np.maximum(likely.astype(np.float64), SMALLEST)).mean())


def auroc(probabilities: NDArray[Any], labels: NDArray[Any]) -> float | None:
    """Return the area under the ROC curve; for more than two classes the mean of one against the rest.

    Classes of which there are no samples, or only them, do not count; None when no class is left.
    """
    num_classes = probabilities.shape[1]
    which = [1] if num_classes == 2 else range(num_classes)
    areas = [binary_auroc(probabilities[:, c], labels == c) for c in which]
    known = [area for area in areas if area is not None]
    return float(np.mean(known)) if known else None


def binary_auroc(scores: NDArray[Any], positive: NDArray[np.bool_]) -> float | None:
    """Return the exact area by the rank-sum (Mann and Whitney, 1947); ties count half. O(N log N).

    >>> binary_auroc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
    0.875
    """
    num_positive = int(positive.sum())
    num_negative = len(positive) - num_positive
    if not num_positive or not num_negative:
        return None
    order = np.argsort(scores)
    ranked = scores[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))  # the last row of each run of ties
    positives = np.diff(np.cumsum(positive[order])[last], prepend=0)
    negatives = np.diff(last, prepend=-1) - positives
    below = np.cumsum(negatives) - negatives
    return float((positives * (below + negatives / 2)).sum() / (num_positive * num_negative))


_WORDS = {"accuracy": accuracy, "auroc": auroc, "log_loss": log_loss}
