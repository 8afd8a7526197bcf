"""What a training will cost, from what one like it did cost: predict before, set beside the ledger after."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from headwater.core.budget import Estimate
from headwater.core.errors import TrainerError
from headwater.core.meter import Meter
from headwater.core.plan import Plan, Step
from headwater.trainer.checkpoint import Checkpoint
from headwater.trainer.training import Training
from headwater.trainer.written import name_of

if TYPE_CHECKING:
    from headwater.trainer.trainer import Trainer


def estimate(trainer: Trainer, num_samples: int, *, like: Checkpoint | Training) -> Estimate:
    """Return time (set-up plus samples over throughput), cores, and bytes of weights, gradients and moments."""
    facts = like.training if isinstance(like, Checkpoint) else like
    if facts.samples_per_s <= 0:
        raise TrainerError(
            "no throughput is known from this checkpoint.",
            where="estimate(like=...)",
            remedy="Use a checkpoint that fit() returned, or trainer.probe(dataset).",
        )
    samples = num_samples * trainer.epochs
    if trainer.max_steps is not None:
        samples = min(samples, round(trainer.max_steps * facts.samples / facts.steps))
    return Estimate(
        time_s=facts.setup_s + samples / facts.samples_per_s,
        cores=trainer.threads or facts.threads,
        memory_bytes=_memory_bytes(like) if isinstance(like, Checkpoint) else None,
    )


def plan(trainer: Trainer, num_samples: int, *, like: Checkpoint | Training | None, why: str) -> Plan:
    """Return a plan of one step, ``train``."""
    facts = like.training if isinstance(like, Checkpoint) else like
    is_known = facts is not None and facts.samples_per_s > 0
    cost = estimate(trainer, num_samples, like=like) if like is not None and is_known else Estimate()
    title = f"{name_of(trainer.model)} on {num_samples:,} samples, {trainer.epochs} epochs"
    return Plan(
        title,
        (Step(step="train", why=why, after=cost, bound_by=facts.bound_by if facts and is_known else "-"),),
    )


def metered(meter: Meter | None, name: str) -> contextlib.AbstractContextManager[None]:
    """Return a span of `meter`, or nothing to hold when nobody measures."""
    return meter.span(name) if meter is not None else contextlib.nullcontext()


def _memory_bytes(checkpoint: Checkpoint) -> int:
    weights = sum(value.numel() * value.element_size() for value in checkpoint.model.values())
    return checkpoint.size_bytes + weights  # the gradients are as large as the weights; activations come on top
