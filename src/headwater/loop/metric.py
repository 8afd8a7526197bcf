"""What a metric is called where people read it, and which way is better."""

from __future__ import annotations

import math

_LABELS = {"accuracy": "accuracy", "auroc": "AUC", "log_loss": "log-loss"}
_LOWER_IS_BETTER = frozenset({"log_loss"})


def label(metric: str) -> str:
    """Return the name to show; a metric that is not known is shown as it is written.

    >>> label("auroc"), label("f1")
    ('AUC', 'f1')
    """
    return _LABELS.get(metric, metric)


def lower_is_better(metric: str) -> bool:
    """Return whether a smaller value is an improvement."""
    return metric in _LOWER_IS_BETTER


def show(value: float | None) -> str:
    """Return a value with four digits, a dash where it is undefined.

    >>> show(0.69512), show(float("nan"))
    ('0.6951', '-')
    """
    return f"{value:.4f}" if value is not None and math.isfinite(value) else "-"
