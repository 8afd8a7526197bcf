"""Batches of arrays become batches of tensors; what a tensor cannot hold stays behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from headwater.core.errors import TrainerError
from headwater.core.key import Keys

RESERVED = ("label", "weight", "key")
"""Columns that mean something to the trainer; the model is given all the others."""

_WIDER = {np.dtype(np.uint16): np.int64, np.dtype(np.uint32): np.int64}  # torch has few operations on these


@dataclass(frozen=True)
class Batch:
    """One batch on its device."""

    features: dict[str, torch.Tensor]
    labels: torch.Tensor | None
    weights: torch.Tensor | None
    keys: Keys | None
    num_rows: int
    label_range: tuple[float, float] = (0.0, 0.0)
    """Smallest and largest label, looked at before the move: on a GPU a wrong index would kill the process's
    CUDA context."""
    left_out: tuple[str, ...] = ()

    def describe(self) -> str:
        """Names, dtypes and shapes, for error messages."""
        columns = (f"{k}: {str(v.dtype)[6:]}{list(v.shape)}" for k, v in self.features.items())
        dropped = f" (no tensors: {', '.join(self.left_out)})" if self.left_out else ""
        return ", ".join(columns) + dropped


def batch_of(arrays: Mapping[str, Any], device: torch.device) -> Batch:
    """Turn a dict of arrays (numpy or torch, first axis the rows) into tensors on `device`.

    Floating-point features get torch's default dtype (float32). Dates, strings and Arrow columns are left out.
    """
    held = {name: values for name, values in arrays.items() if can_hold(values)}
    features = {k: _feature(v, device) for k, v in held.items() if k not in RESERVED}
    labels, weights = arrays.get("label"), arrays.get("weight")
    return Batch(
        features=features,
        labels=None if labels is None else _labels(labels, device),
        weights=None if weights is None else _weights(weights, device),
        keys=np.asarray(arrays["key"], dtype=np.int64) if "key" in arrays else None,
        num_rows=rows_of(arrays),
        label_range=_range(labels),
        left_out=tuple(name for name in arrays if name not in held and name not in RESERVED),
    )


def rows_of(arrays: Mapping[str, Any]) -> int:
    """Return how many rows a batch has."""
    return next((len(values) for values in arrays.values()), 0)


def can_hold(values: Any) -> bool:
    """Return whether a tensor can hold this column."""
    return isinstance(values, torch.Tensor) or (isinstance(values, np.ndarray) and values.dtype.kind in "biufc")


def _tensor(values: NDArray[Any] | torch.Tensor) -> torch.Tensor:
    if isinstance(values, torch.Tensor):
        return values
    if not values.dtype.isnative or values.dtype in _WIDER:
        values = values.astype(_WIDER.get(values.dtype, values.dtype.newbyteorder("=")))
    # torch has no read-only tensors: writing through one would change the dataset's own memory.
    return torch.from_numpy(np.ascontiguousarray(values) if values.flags.writeable else values.copy())


def _feature(values: NDArray[Any] | torch.Tensor, device: torch.device) -> torch.Tensor:
    tensor = _tensor(values)
    if tensor.is_floating_point():
        tensor = tensor.to(torch.get_default_dtype())
    return tensor.to(device, non_blocking=True)


def _labels(values: Any, device: torch.device) -> torch.Tensor:
    if not can_hold(values):
        raise TrainerError(
            f"labels are {getattr(values, 'dtype', type(values).__name__)}.",
            where="column `label`",
            remedy="Map them to integers before .batch(): 0, 1, ... for classes.",
        )
    return _tensor(values).to(device, non_blocking=True)


def _weights(values: Any, device: torch.device) -> torch.Tensor:
    array = np.asarray(values, dtype=np.float32)
    if array.ndim != 1 or not bool(np.all(np.isfinite(array) & (array >= 0))):
        raise TrainerError(
            f"weights must be one finite number of at least 0 for each row, found shape {list(array.shape)}, "
            f"smallest {array.min():g}.",
            where="column `weight`",
            remedy="Look at the selection that gave them.",
        )
    return _tensor(array).to(device, non_blocking=True)


def _range(labels: Any) -> tuple[float, float]:
    if labels is None or len(labels) == 0 or not can_hold(labels):
        return 0.0, 0.0
    return float(labels.min()), float(labels.max())
