"""The driver: takes actions from the machine, does them, journals what happened, until nothing is left."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, Protocol

from headwater import samples, trainer, workers
from headwater.core.journal import Journal
from headwater.core.meter import Meter
from headwater.loop.folder import RunFolder
from headwater.loop.judging import Judge
from headwater.loop.learning import Learner
from headwater.loop.machine import (
    BESIDE,
    Action,
    Arrived,
    Event,
    Finished,
    State,
    fold,
    from_record,
    pending,
    step,
    to_record,
)
from headwater.loop.models import Models
from headwater.loop.parts import Parts
from headwater.loop.watching import Watcher

Outcome = tuple[Event, dict[str, Any]]


class Audience(Protocol):
    """Whoever wants to see a run: a progress bar, a test, a web page."""

    def on_progress(self, verb: str, done: int, total: int | None) -> None:
        """`done` of `total` (samples or steps) of a stage are through."""
        ...

    def on_event(self, event: Event, facts: dict[str, Any], state: State) -> None:
        """Something happened; it is in the journal already."""
        ...


class Nobody:
    """An audience that does not look."""

    def on_progress(self, verb: str, done: int, total: int | None) -> None:
        """Look away."""

    def on_event(self, event: Event, facts: dict[str, Any], state: State) -> None:
        """Look away."""


class Driver:
    """One run from its journal to its end."""

    def __init__(
        self,
        parts: Parts,
        folder: RunFolder,
        journal: Journal,
        *,
        audience: Audience | None = None,
        more: Iterable[samples.Ingested] | None = None,
    ) -> None:
        models = Models(parts, folder)
        self._parts = parts
        self._journal = journal
        self._audience = audience or Nobody()
        self._follows = more is not None
        self._watcher = Watcher(parts, folder, models, None if more is None else iter(more))
        self._learner = Learner(parts, folder, models)
        self._judge = Judge(parts, folder, models)
        self._busy: dict[Action, Future[Outcome]] = {}
        self.meter = Meter()
        self.state = State()

    def run(self) -> State:
        """Do everything that is pending until the machine says that the run is finished."""
        self._restore()
        with self._side_worker() as side:
            while not self.state.finished:
                self._collect()
                todo = [action for action in pending(self.state) if action not in self._busy]
                beside = [action for action in todo if action.verb in BESIDE]
                if side is not None and beside:
                    for action in beside:
                        self._start(action, side)
                elif todo:
                    self._perform(todo[0])
                else:
                    self._help()
        return self.state

    def _perform(self, action: Action) -> None:
        self._happened(*self._timed(action, self._do(action)))

    def _help(self) -> None:
        """Take over work that is still waiting for the other thread, or wait for what it is doing."""
        for action, future in reversed(self._busy.items()):
            if future.cancel():
                del self._busy[action]
                return self._perform(action)
        wait(self._busy.values(), return_when=FIRST_COMPLETED)
        return None

    # -- doing ------------------------------------

    def _do(self, action: Action) -> Callable[[], Outcome]:
        """Return the stage that does `action`, with the state as it is now."""
        state, timeline = self.state, self._watcher.timeline
        match action.verb:
            case "watch":
                return lambda: self._watcher.watch(
                    state, lambda d, t: self._audience.on_progress("watch", d, t)
                )
            case "choose":
                return lambda: self._learner.choose(state, timeline)
            case "train":
                return lambda: self._learner.train(state, self._on_step)
            case "store":
                return lambda: self._learner.store(state)
            case "evaluate":
                return lambda: self._judge.evaluate(state, action.number, timeline)
            case "score":
                return lambda: self._judge.score(state, action.number, timeline)
            case "compare":
                return lambda: self._judge.compare(state, timeline)
            case "finish":
                return lambda: (Finished(), {})

    def _timed(self, action: Action, stage: Callable[[], Outcome]) -> Outcome:
        start_s = self.meter.clock.monotonic()
        with self.meter.span(f"loop.{action.verb}"):
            event, facts = stage()
        return event, {**facts, "seconds": self.meter.clock.monotonic() - start_s}

    def _on_step(self, done: trainer.Step) -> None:
        self._audience.on_progress("train", done.step, done.num_steps)

    # -- what happened ------------------------------------

    def _happened(self, event: Event, facts: dict[str, Any]) -> None:
        """Journal the event, then let the machine take it in."""
        kind, fields = to_record(event)
        self._journal.append(kind, **fields, **facts)
        self._journal.commit()
        self.state, _ = step(self.state, event)
        self._audience.on_event(event, facts, self.state)

    def _restore(self) -> None:
        events = [from_record(record["kind"], dict(record)) for record in self._journal.records()]
        self.state = fold(events)
        if not events:
            keys = self._parts.stream.keys()
            last = int(keys.max()) if keys.size else -1
            self._happened(Arrived(last, is_last=not self._follows), {"seconds": 0.0})
        self._watcher.restore(self.state)

    # -- beside ------------------------------------

    @contextlib.contextmanager
    def _side_worker(self) -> Iterator[workers.Workers | None]:
        """Yield a thread for evaluations where there is a core to spare."""
        if not self._parts.options.overlap or workers.usable_cores() < 2:
            yield None
            return
        with workers.Local(1) as side:
            yield side

    def _start(self, action: Action, side: workers.Workers) -> None:
        self._busy[action] = side.submit(self._timed, action, self._do(action))

    def _collect(self) -> None:
        """Take in what the other thread has done."""
        for action in [action for action, future in self._busy.items() if future.done()]:
            self._happened(*self._busy.pop(action).result())
