"""Where a fit runs: in the calling thread, or in a worker that is sent the job and sends a checkpoint back.

Threads of this process would gain nothing, since `fit` waits for its result; so for ``Local()`` the caller's
own thread trains, and a loop that wants overlap submits the whole call itself. For workers elsewhere the job is
pickled, tensors travel as safetensors, and the loss curve's points reach `on_step` once training is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from headwater.core.errors import TrainerError
from headwater.trainer.checkpoint import Checkpoint
from headwater.trainer.training import Step, Training
from headwater.workers import Local, Workers

if TYPE_CHECKING:
    from headwater.trainer.job import Job


def run(on: Workers, job: Job, *, on_step: Callable[[Step], None] | None) -> Checkpoint:
    """Do the job where `on` says."""
    from headwater.trainer.fit import train

    if isinstance(on, Local) and not on.processes:
        return train(job, on_step=on_step)
    start = job.start.to_bytes() if job.start else None
    # Workers hold pools that cannot travel, and the job needs none where it arrives.
    there = replace(job, start=None, trainer=replace(job.trainer, on=Local()))
    try:
        checkpoint = Checkpoint.from_bytes(on.submit(train_there, there, start).result())
    except (AttributeError, TypeError) as error:
        if "pickle" not in str(error):
            raise
        raise TrainerError(
            f"the job cannot be sent to a worker: {error}.",
            where=f"Trainer(on={on!r})",
            remedy="Use functions of a module in the flow and the model, no lambdas; or train with on=Local().",
        ) from error
    if on_step is not None:
        _replay(checkpoint.training, float(checkpoint.config["lr"]), on_step)
    return checkpoint


def train_there(job: Job, start: bytes | None) -> bytes:
    """Do the job in the process that this is called in."""
    from headwater.trainer.fit import train

    given = Checkpoint.from_bytes(start) if start is not None else None
    return train(replace(job, start=given)).to_bytes()


def _replay(facts: Training, lr: float, on_step: Callable[[Step], None]) -> None:
    for point in facts.curve:
        on_step(
            Step(
                step=point.step,
                num_steps=facts.steps,
                epoch=facts.epochs - 1,
                loss=point.loss,
                lr=lr,
                samples=facts.samples * point.step // facts.steps,
            )
        )
