"""A trained model asked for its opinion: no gradients, no dropout, large batches."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from headwater.core.errors import TrainerError
from headwater.trainer.batches import Arrays
from headwater.trainer.chance import Chance
from headwater.trainer.checkpoint import Checkpoint
from headwater.trainer.device import device_named, threads_used
from headwater.trainer.model import build, call, load_weights
from headwater.trainer.tensors import RESERVED, Batch, can_hold, rows_of

if TYPE_CHECKING:
    from headwater.trainer.trainer import Trainer

_ROWS = 8192  # of one forward. 98,304 flights, one core: 0.04 s at 8,192; 0.09 s at 512; 0.07 s at 32,768


class Inference:
    """A checkpoint's model in evaluation mode and full precision; one call at a time."""

    def __init__(self, trainer: Trainer, checkpoint: Checkpoint) -> None:
        self.device = device_named(trainer.device)
        # The factory draws random weights; in a turn it takes them from nobody else's stream.
        with Chance(0, self.device).turn():
            module = build(trainer.model, trainer.arguments)
        load_weights(module, checkpoint.model)
        self._module = module.to(self.device).eval()
        self._num_threads = trainer.threads
        self._lock = threading.Lock()

    def logits(self, batch: Batch) -> torch.Tensor:
        """Return the logits of `batch`."""
        with self._lock, threads_used(self._num_threads), torch.inference_mode():
            return call(self._module, batch)

    def logits_and_embeddings(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits and what went into the last layer, ``[N, D]``.

        The embedding is ``model.embed(batch)`` if the model has such a method, else the input of the
        ``nn.Linear`` that was run last.
        """
        with self._lock, threads_used(self._num_threads), torch.inference_mode():
            embed = getattr(self._module, "embed", None)
            if callable(embed):
                return call(self._module, batch), _checked(embed(batch.features), batch)
            return self._with_last_input(batch)

    def _with_last_input(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        last: list[torch.Tensor] = []

        def remember(_: torch.nn.Module, inputs: tuple[Any, ...]) -> None:
            last[:] = inputs[:1]

        linears = [layer for layer in self._module.modules() if isinstance(layer, torch.nn.Linear)]
        hooks = [layer.register_forward_pre_hook(remember) for layer in linears]
        try:
            logits = call(self._module, batch)
        finally:
            for hook in hooks:
                hook.remove()
        return logits, _checked(last[0] if last else None, batch)


def merged(batches: Iterable[Arrays], *, rows: int = _ROWS) -> Iterator[dict[str, Any]]:
    """Join neighbouring batches, in order, up to `rows` rows; those of other shapes stay apart."""
    waiting: list[dict[str, Any]] = []
    for arrays in batches:
        held = {k: v for k, v in arrays.items() if can_hold(v) or k in RESERVED}
        if not rows_of(held):
            continue
        if waiting and (_shape(held) != _shape(waiting[0]) or _total(waiting) + rows_of(held) > rows):
            yield _joined(waiting)
            waiting = []
        waiting.append(held)
    if waiting:
        yield _joined(waiting)


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    if len(parts) == 1:
        return parts[0]
    return {name: _join([part[name] for part in parts]) for name in parts[0]}


def _join(columns: list[Any]) -> Any:
    return torch.cat(columns) if isinstance(columns[0], torch.Tensor) else np.concatenate(columns)


def _shape(arrays: dict[str, Any]) -> dict[str, Any]:
    return {
        name: (type(values), getattr(values, "dtype", None), values.shape[1:])
        for name, values in arrays.items()
    }


def _total(parts: list[dict[str, Any]]) -> int:
    return sum(rows_of(part) for part in parts)


def _checked(embeddings: Any, batch: Batch) -> torch.Tensor:
    if isinstance(embeddings, torch.Tensor) and embeddings.ndim >= 2 and len(embeddings) == batch.num_rows:
        return embeddings.reshape(batch.num_rows, -1)
    found = list(embeddings.shape) if isinstance(embeddings, torch.Tensor) else "none"
    raise TrainerError(
        f"no embedding of shape [{batch.num_rows}, D] was found (found {found}).",
        remedy="Give the model a method embed(batch) that returns one vector for each row.",
    )
