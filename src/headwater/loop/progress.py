"""What a terminal shows while a loop runs; silent where there is no terminal."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from headwater.loop.machine import Evaluated, Event, Fired, State, Stored

_WORDS = {"watch": "watching the stream", "train": "training"}


class Bars:
    """An audience with one bar for the stream, one for the training, and a line per round above them."""

    def __init__(self, name: str, *, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._name = name
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._tasks: dict[str, Any] = {}

    def on_progress(self, verb: str, done: int, total: int | None) -> None:
        """Move the stage's bar."""
        if self._progress.disable:
            return
        if verb not in self._tasks:
            self._tasks[verb] = self._progress.add_task(f"{self._name}: {_WORDS.get(verb, verb)}", total=total)
        self._progress.update(self._tasks[verb], completed=done, total=total)

    def on_event(self, event: Event, facts: dict[str, Any], state: State) -> None:
        """Print a line for each trigger, model and evaluation."""
        if self._progress.disable:
            return
        line = _line(event, facts, state)
        if line:
            self._progress.console.print(line, markup=False, highlight=False)

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


def _line(event: Event, facts: dict[str, Any], state: State) -> str:
    match event:
        case Fired(at_us, reason):
            when = np.datetime64(at_us, "us").astype("datetime64[m]")
            return f"{when}  round {len(state.rounds) - 1}: {reason}"
        case Stored(number, variant):
            return (
                f"                  round {number}: {state.rounds[number].num_selected:,} samples → {variant}"
            )
        case Evaluated(number):
            numbers = facts.get("metrics", {}).items()
            shown = ", ".join(f"{name} {value:.4f}" for name, value in numbers if value is not None)
            return f"                  round {number}: {shown} on {facts.get('num_scored', 0):,} samples"
    return ""
