"""The trainer: a model, how it learns and where, as one frozen value that a configuration can name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from headwater.core.budget import Estimate
from headwater.core.errors import TrainerError
from headwater.core.meter import Meter
from headwater.core.plan import Plan
from headwater.core.source import Source
from headwater.trainer import elsewhere, forecast
from headwater.trainer.batches import Batches
from headwater.trainer.checkpoint import Checkpoint
from headwater.trainer.optimizer import Optimizer
from headwater.trainer.schedule import Schedule
from headwater.trainer.training import Step, Training
from headwater.trainer.written import WrittenAs, WrittenAsPath, as_member, name_of
from headwater.workers import Local, Workers

if TYPE_CHECKING:
    from headwater.trainer.predictions import Predictions
    from headwater.trainer.scorer import ModelScorer

METRICS = ("accuracy", "auroc", "log_loss")


@dataclass(frozen=True)
class Trainer:
    """Local PyTorch training of the model that `model` makes.

    The model is a ``torch.nn.Module`` that is given a dict of tensors, all columns of the batch that a tensor
    can hold except ``label``, ``weight`` and ``key``, and returns logits: ``[N, C]``, or ``[N]`` / ``[N, 1]``
    when binary. torch is imported by the first call that needs it, not before.

    >>> Trainer("examples.flights.model:build", lr=3e-4, schedule="cosine").schedule
    Cosine(warmup_steps=0, end=0.0)
    """

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid", "ser_json_inf_nan": "constants"}

    model: Annotated[str | Callable[..., Any], WrittenAsPath()]
    """Import path of the factory, or the factory itself."""
    _: KW_ONLY
    arguments: Mapping[str, Any] = field(default_factory=dict)
    """Keyword arguments for the factory."""
    on: Workers = field(default_factory=Local)
    """Where `fit` runs: threads mean the calling thread, anything else a worker that is given the dataset."""
    epochs: int = 1
    max_steps: int | None = None
    """Stop after so many steps; also the length of the schedule when the dataset does not know its own."""
    optimizer: Annotated[Optimizer | str, WrittenAs(Optimizer)] = "adamw"
    lr: float = 1e-3
    schedule: Annotated[Schedule | str | None, WrittenAs(Schedule | None)] = None
    clip: float | None = 1.0
    """Largest norm of all gradients together; None leaves them."""
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"
    """``auto`` is mixed precision on a GPU (bf16, or fp16 with scaling on old ones) and float32 elsewhere."""
    device: str = "auto"
    loss: Annotated[str | Callable[..., Any], WrittenAsPath()] = "cross_entropy"
    """``cross_entropy`` (binary when the model gives one logit a row), ``binary_cross_entropy`` (only that), or
    the import path of ``(logits, labels) -> losses [N]``."""
    threads: int | None = None
    """Threads of torch's operations; None leaves torch's choice. Other counts may round otherwise."""
    keep_optimizer: bool = True
    """Whether a warm start takes over the optimizer's state too, where the checkpoint has it."""

    def __post_init__(self) -> None:
        for name, low in (("epochs", 1), ("max_steps", 1), ("threads", 1)):
            value = getattr(self, name)
            if value is not None and value < low:
                raise TrainerError(f"{name} must be at least {low}.", where=f"Trainer({name}={value})")
        for name in ("lr", "clip"):
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise TrainerError(f"{name} must be positive and finite.", where=f"Trainer({name}={value})")
        object.__setattr__(self, "optimizer", as_member(Optimizer, self.optimizer))
        if self.schedule is not None:
            object.__setattr__(self, "schedule", as_member(Schedule, self.schedule))

    def describe(self) -> dict[str, Any]:
        """Return what decides the result, as JSON values: all fields but `on` and `threads`."""
        optimizer = as_member(Optimizer, self.optimizer)
        schedule = as_member(Schedule, self.schedule or "constant")
        tree = {
            "model": name_of(self.model),
            "arguments": dict(self.arguments),
            "epochs": self.epochs,
            "max_steps": self.max_steps,
            "optimizer": {optimizer.kind: asdict(optimizer)},  # type: ignore[call-overload]  # members are dataclasses
            "lr": self.lr,
            "schedule": {schedule.kind: asdict(schedule)},
            "clip": self.clip,
            "precision": self.precision,
            "loss": name_of(self.loss),
            "keep_optimizer": self.keep_optimizer,
        }
        plain: dict[str, Any] = json.loads(json.dumps(tree, default=str))
        return plain

    def fit(
        self,
        dataset: Batches,
        *,
        start: Checkpoint | None = None,
        seed: int = 0,
        folder: Path | str | None = None,
        every_steps: int | None = None,
        on_step: Callable[[Step], None] | None = None,
        meter: Meter | None = None,
    ) -> Checkpoint:
        """Train on `dataset` and return the checkpoint.

        Batches carry ``label`` and may carry ``weight``: the loss of a batch is ``sum(w * l) / sum(w)``. With a
        `folder` progress is kept there every `every_steps` steps (each epoch if left out), and the same call
        after a kill goes on and gives the same bits; a finished training is returned at once.

        Raised: `TrainerError` for a loss that is not finite, for labels, logits or a start checkpoint that do
        not fit, and for a folder with another training in it; `ConfigError` for a missing import path.
        """
        if every_steps is not None and every_steps < 1:
            raise TrainerError("every_steps must be at least 1.", where=f"fit(every_steps={every_steps})")
        from headwater.trainer.job import Job

        place = Path(folder) if folder is not None else None
        job = Job(trainer=self, dataset=dataset, start=start, seed=seed, folder=place, every_steps=every_steps)
        with forecast.metered(meter, "trainer.fit"):
            checkpoint = elsewhere.run(self.on, job, on_step=on_step)
        if meter is not None:
            meter.count("trainer.steps", checkpoint.training.steps)
            meter.count("trainer.samples", checkpoint.training.samples)
        return checkpoint

    def evaluate(
        self,
        checkpoint: Checkpoint,
        dataset: Batches,
        metrics: tuple[str, ...] = METRICS,
        *,
        auroc_bins: int | None = None,
        meter: Meter | None = None,
    ) -> dict[str, float | None]:
        """Return each metric over one pass of `dataset`, with torchmetrics, whose import takes 2 s.

        A metric is ``accuracy``, ``auroc``, ``log_loss`` or the import path of a factory of
        `torchmetrics.Metric`, updated with probabilities ``[N, C]`` and labels ``[N]``. The AUROC is exact
        and keeps all scores (12 bytes a sample and class), or is taken at `auroc_bins` thresholds in constant
        memory. What is undefined, such as the AUROC of a single class, is None. For the metrics of many groups
        of samples use `predict` and `measure_groups`.
        """
        from headwater.trainer.torchmetrics import stream

        with forecast.metered(meter, "trainer.evaluate"):
            return stream(self, checkpoint, dataset, metrics, auroc_bins=auroc_bins)

    def predict(self, checkpoint: Checkpoint, dataset: Batches, *, meter: Meter | None = None) -> Predictions:
        """Return keys, probabilities, labels and losses of one pass; `measure` makes metrics of them."""
        return self.predict_each([checkpoint], dataset, meter=meter)[0]

    def predict_each(
        self, checkpoints: Sequence[Checkpoint], dataset: Batches, *, meter: Meter | None = None
    ) -> list[Predictions]:
        """Return the predictions of several checkpoints, reading `dataset` once for all of them."""
        from headwater.trainer.predict import predict_each

        with forecast.metered(meter, "trainer.predict"):
            return predict_each(self, checkpoints, dataset)

    def scorer(self, checkpoint: Checkpoint, source: Source, flow: Callable[[Source], Batches]) -> ModelScorer:
        """Return a `core.scorer.Scorer`: what this model thinks of samples of `source`, by key."""
        from headwater.trainer.scorer import ModelScorer

        return ModelScorer(self, checkpoint, source, flow)

    def probe(self, dataset: Batches, *, steps: int = 20, seed: int = 0) -> Training:
        """Train for a few steps, throw the result away and return its facts, for `estimate`."""
        from dataclasses import replace

        most = min(steps, self.max_steps or steps)
        checkpoint = replace(self, max_steps=most, schedule=None).fit(dataset, seed=seed)
        return checkpoint.training

    def estimate(self, num_samples: int, *, like: Checkpoint | Training) -> Estimate:
        """Return what training on `num_samples` would cost, from the facts of a past training or a `probe`."""
        return forecast.estimate(self, num_samples, like=like)

    def plan(self, num_samples: int, *, like: Checkpoint | Training | None = None, why: str = "asked") -> Plan:
        """Return the plan of one fit; without a past training its cost is unknown."""
        return forecast.plan(self, num_samples, like=like, why=why)
