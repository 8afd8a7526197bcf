"""Tell how far a run is: to a callback, or as a bar if someone is watching."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from headwater.core.clock import Clock, WallClock

Report: TypeAlias = Callable[[int, int | None], None]
"""Called with the number of elements so far, and that of all where it is known."""

_EVERY_S = 0.1


def watched(
    elements: Iterable[Any],
    *,
    total: float | None,
    name: str = "elements",
    report: Report | None = None,
    clock: Clock | None = None,
) -> Iterator[Any]:
    """Yield `elements` and report ten times a second and at the end; silent where stderr is no terminal.

    >>> list(watched("ab", total=2, report=print))
    2 2
    ['a', 'b']
    """
    whole = int(total) if total is not None and total != float("inf") else None
    clock = clock or WallClock()
    with reporting(report, name=name) as tell:
        count, told_s = 0, clock.monotonic()
        for element in elements:
            yield element
            count += 1
            if clock.monotonic() - told_s >= _EVERY_S:
                tell(count, whole)
                told_s = clock.monotonic()
        tell(count, whole)


@contextlib.contextmanager
def reporting(report: Report | None, *, name: str) -> Iterator[Report]:
    """Give `report` back, or a bar on the terminal, or, where stderr is none, silence."""
    if report is not None:
        yield report
    elif not sys.stderr.isatty():
        yield _silent
    else:
        with _bar(name) as shown:
            yield shown


def _silent(_count: int, _total: int | None) -> None:
    return


@contextlib.contextmanager
def _bar(name: str) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None)

        def show(count: int, total: int | None) -> None:
            bar.update(task, completed=count, total=total)

        yield show
