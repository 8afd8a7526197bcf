"""The training loop: batches in, one checkpoint out; killed anywhere, it goes on and gives the same bits."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from headwater.core.clock import Clock, WallClock
from headwater.core.errors import TrainerError
from headwater.core.files import exclusive
from headwater.core.rng import Seeds
from headwater.trainer.batches import Arrays, Reader
from headwater.trainer.chance import Chance
from headwater.trainer.checkpoint import Checkpoint, under
from headwater.trainer.device import device_named, precision_on, threads_used
from headwater.trainer.folder import TrainingFolder
from headwater.trainer.job import Job, num_steps_of
from headwater.trainer.learner import Learner
from headwater.trainer.model import build, load_weights, weights_of
from headwater.trainer.moments import load_moments, moments_of
from headwater.trainer.optimizer import Optimizer
from headwater.trainer.progress import Progress
from headwater.trainer.schedule import Schedule
from headwater.trainer.tensors import batch_of, rows_of
from headwater.trainer.training import Step, Training
from headwater.trainer.watch import Watch
from headwater.trainer.written import as_member, name_of

if TYPE_CHECKING:
    from headwater.trainer.trainer import Trainer

OnStep = Callable[[Step], None]


def train(job: Job, *, on_step: OnStep | None = None, clock: Clock | None = None) -> Checkpoint:
    """Do the job in this thread."""
    with contextlib.ExitStack() as held:
        if job.folder is not None:
            job.folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(exclusive(job.folder / "lock", doing="training"))
            folder = TrainingFolder(job.folder, job.identity())
            if (result := folder.result()) is not None:
                return result
        else:
            folder = None
        num_threads = held.enter_context(threads_used(job.trainer.threads))
        fit = Fit(job, folder, on_step=on_step, clock=clock or WallClock(), num_threads=num_threads)
        return fit.run()


class Fit:
    """A job under way: the learner, its random numbers, and how far it has come."""

    def __init__(
        self, job: Job, folder: TrainingFolder | None, *, on_step: OnStep | None, clock: Clock, num_threads: int
    ) -> None:
        self._clock = clock
        self._mark_s = clock.monotonic()
        self._job = job
        self._folder = folder
        self._num_threads = num_threads
        trainer = job.trainer
        self._device = device_named(trainer.device)
        self._precision = precision_on(trainer.precision, self._device)
        self._chance = Chance(Seeds(job.seed).integer("trainer", "torch"), self._device)
        self._learner = self._make_learner()
        self._schedule = as_member(Schedule, trainer.schedule or "constant")
        self._num_steps = num_steps_of(job, self._schedule)
        self._progress = self._find_progress()
        self._watch = Watch(self._progress, on_step, lagging=self._device.type == "cuda", folder=job.folder)
        self._is_set_up = False

    def run(self) -> Checkpoint:
        """Train what is left to train."""
        progress = self._progress
        for epoch in range(progress.epoch, self._job.trainer.epochs):
            if self._is_done():
                break
            self._run_epoch(epoch)
        return self._finish()

    def _run_epoch(self, epoch: int) -> None:
        progress = self._progress
        reader = Reader(self._job.dataset, seed=self._job.seed, epoch=epoch, place=progress.place)
        with contextlib.closing(reader):
            while not self._is_done() and (arrays := self._next(reader)) is not None:
                if not rows_of(arrays):
                    continue  # a filter may leave a batch with nothing in it
                self._step(arrays)
                if self._job.every_steps and progress.step % self._job.every_steps == 0:
                    progress.place = reader.place()
                    self._save()
        progress.epoch, progress.place = epoch + 1, None
        if self._job.every_steps is None and progress.epoch < self._job.trainer.epochs:
            self._save()

    def _step(self, arrays: Arrays) -> None:
        progress, trainer = self._progress, self._job.trainer
        batch = batch_of(arrays, self._device)
        lr = trainer.lr * self._schedule.factor(progress.step, self._num_steps)
        with self._chance.turn():
            loss = self._learner.compute_gradients(batch)
        self._watch.see(self._step_event(lr, batch.num_rows), loss)
        self._learner.update(lr)
        if not self._is_set_up:
            self._count_setup()
        progress.step += 1
        progress.samples += batch.num_rows

    def _count_setup(self) -> None:
        setup_s = self._lap()
        self._progress.setup_s += setup_s
        self._progress.seconds += setup_s
        self._is_set_up = True

    def _step_event(self, lr: float, num_rows: int) -> Step:
        progress = self._progress
        return Step(
            step=progress.step + 1,
            num_steps=self._num_steps,
            epoch=progress.epoch,
            loss=float("nan"),
            lr=lr,
            samples=progress.samples + num_rows,
        )

    def _next(self, reader: Reader) -> Arrays | None:
        before_s = self._clock.monotonic()
        arrays = next(reader, None)
        self._progress.data_s += self._clock.monotonic() - before_s
        return arrays

    def _is_done(self) -> bool:
        most = self._job.trainer.max_steps
        return most is not None and self._progress.step >= most

    def _finish(self) -> Checkpoint:
        if self._progress.step == 0:
            raise TrainerError(
                "the dataset gave no batch, so there is nothing to train on.",
                remedy="Look at the selection and at filters in the flow; train only when samples were chosen.",
            )
        self._settle()
        checkpoint = self._checkpoint()
        if self._folder is not None:
            self._folder.save_result(checkpoint)
        return checkpoint

    def _settle(self) -> None:
        """Look at what was put off, so that the progress says all and nothing bad is kept."""
        self._watch.settle()
        self._watch.check_weights(self._learner)
        self._progress.seconds += self._lap()

    def _save(self) -> None:
        if self._folder is None:
            return
        self._settle()
        progress = self._progress
        moments, progress.others = moments_of(self._learner.optimizer)
        progress.scale = self._learner.scale()
        tensors = {
            **{f"model.{name}": value for name, value in weights_of(self._learner.module).items()},
            **{f"optimizer.{name}": value for name, value in moments.items()},
            **{f"rng.{name}": value for name, value in self._chance.states.items()},
        }
        self._folder.save_progress(progress, tensors)

    def _find_progress(self) -> Progress:
        found = self._folder.progress() if self._folder is not None else None
        if found is None:
            return Progress()
        progress, tensors = found
        load_weights(self._learner.module, under("model.", tensors))
        load_moments(self._learner.optimizer, under("optimizer.", tensors), progress.others)
        self._learner.restore_scale(progress.scale)
        self._chance.states = under("rng.", tensors)
        progress.resumed += 1
        return progress

    def _make_learner(self) -> Learner:
        trainer, start = self._job.trainer, self._job.start
        with self._chance.turn():
            module = build(trainer.model, trainer.arguments).to(self._device)
        if start is not None:
            load_weights(module, start.model)
        trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
        if not trained:
            raise TrainerError(
                "no parameter of the model can be trained.",
                where=name_of(trainer.model),
                remedy="Leave requires_grad on for at least one of them.",
            )
        optimizer = as_member(Optimizer, trainer.optimizer).build(trained, lr=trainer.lr)
        if start is not None and trainer.keep_optimizer and (start.optimizer or start.others):
            _check_same_optimizer(trainer, start.config)
            load_moments(optimizer, start.optimizer, start.others)
        return Learner(
            module,
            optimizer,
            loss=trainer.loss,
            precision=self._precision,
            clip=trainer.clip,
            device=self._device,
        )

    def _checkpoint(self) -> Checkpoint:
        progress = self._progress
        moments, others = moments_of(self._learner.optimizer)
        return Checkpoint(
            model=weights_of(self._learner.module),
            optimizer=moments,
            others=others,
            config=self._job.trainer.describe(),
            training=Training(
                steps=progress.step,
                samples=progress.samples,
                epochs=self._job.trainer.epochs,
                seconds=progress.seconds,
                setup_s=progress.setup_s,
                data_s=progress.data_s,
                curve=progress.curve.points(),
                device=self._device.type,
                precision=self._precision,
                threads=self._num_threads,
                seed=self._job.seed,
                resumed=progress.resumed,
            ),
        )

    def _lap(self) -> float:
        now_s = self._clock.monotonic()
        lap_s, self._mark_s = now_s - self._mark_s, now_s
        return lap_s


def _check_same_optimizer(trainer: Trainer, config: Mapping[str, Any]) -> None:
    saved = next(iter(config.get("optimizer", {})), None)
    wanted = as_member(Optimizer, trainer.optimizer).kind
    if saved not in (None, wanted):
        raise TrainerError(
            f"the start checkpoint holds the state of {saved!r}, but the optimizer is {wanted!r}.",
            remedy="Train with keep_optimizer=False to take over the weights alone.",
        )
