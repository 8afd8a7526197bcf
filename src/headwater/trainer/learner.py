"""One model learning from one batch at a time: gradients first, then the update.

The two are apart so that several workers can exchange gradients between them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import torch

from headwater.core.errors import TrainerError
from headwater.trainer.loss import LossFunction, sample_losses, weighted_mean
from headwater.trainer.model import call
from headwater.trainer.tensors import Batch


class Learner:
    """A module in training mode with its optimizer, autocast and gradient clipping."""

    def __init__(
        self,
        module: torch.nn.Module,
        optimizer: torch.optim.Optimizer,
        *,
        loss: str | LossFunction,
        precision: str,
        clip: float | None,
        device: torch.device,
    ) -> None:
        self.module = module.train()
        self.optimizer = optimizer
        self.device = device
        self._loss = loss
        self._clip = clip
        self._dtype = {"bf16": torch.bfloat16, "fp16": torch.float16}.get(precision)
        # Only float16 underflows so easily that gradients have to be scaled.
        self._scaler = torch.amp.GradScaler(device.type, enabled=precision == "fp16")

    def compute_gradients(self, batch: Batch) -> torch.Tensor:
        """Return the batch's loss, a scalar on the device; the gradients lie in the parameters."""
        self.optimizer.zero_grad(set_to_none=True)
        with self._autocast():
            logits = call(self.module, batch)
        loss = weighted_mean(sample_losses(self._loss, logits, batch), batch.weights)
        if not loss.requires_grad:
            raise TrainerError(
                "the loss does not depend on any parameter that can be trained.",
                remedy="Do not detach the logits, and compute them outside torch.no_grad().",
            )
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        return loss.detach()

    def _autocast(self) -> contextlib.AbstractContextManager[object]:
        return torch.autocast(self.device.type, self._dtype) if self._dtype else contextlib.nullcontext()

    def update(self, lr: float) -> None:
        """Clip the gradients and move the weights with learning rate `lr`."""
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        if self._clip is not None:
            self._scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.module.parameters(), self._clip)
        self._scaler.step(self.optimizer)
        self._scaler.update()

    def is_finite(self) -> bool:
        """Return whether every weight is a finite number."""
        floats = [value for value in self.module.state_dict().values() if value.is_floating_point()]
        return all(bool(torch.isfinite(value).all()) for value in floats)

    def scale(self) -> dict[str, Any]:
        """The gradient scaler's state, as JSON values; empty unless the precision is float16."""
        return dict(self._scaler.state_dict())

    def restore_scale(self, state: Mapping[str, Any]) -> None:
        """Put back what `scale` returned."""
        if state:
            self._scaler.load_state_dict(dict(state))
