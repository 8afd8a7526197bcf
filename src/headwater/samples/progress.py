"""Tell how far an ingest is: to a callback, or as a bar if someone is watching."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Progress:
    """Rows of one file read so far; `total_rows` is None where only the end will tell."""

    name: str
    num_rows: int
    total_rows: int | None


Report: TypeAlias = Callable[[Progress], None]


@contextlib.contextmanager
def reporting(report: Report | None) -> Iterator[Report]:
    """Give `report` back, or a bar on the terminal, or, where stderr is none, silence."""
    if report is not None:
        yield report
    elif not sys.stderr.isatty():
        yield _silent
    else:
        with _bar() as shown:
            yield shown


def _silent(_progress: Progress) -> None:
    return


@contextlib.contextmanager
def _bar() -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    tasks: dict[str, TaskID] = {}
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:

        def show(progress: Progress) -> None:
            if progress.name not in tasks:
                tasks[progress.name] = bar.add_task(f"ingest {progress.name}", total=progress.total_rows)
            bar.update(tasks[progress.name], completed=progress.num_rows, total=progress.total_rows)

        yield show
