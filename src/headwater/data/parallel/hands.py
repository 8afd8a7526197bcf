"""Whoever passes blocks through the steps of a chain: threads here, processes one file away."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from headwater.data.block import Block
from headwater.data.crew import Crew
from headwater.data.parallel.slab import Rows, fit

Step: TypeAlias = Callable[[Block, int], Block]
"""What becomes of a block whose first element has this number."""


@dataclass(slots=True)
class Made:
    """What came of a block, how long it took, and for how much of that a core was used."""

    block: Block
    wall_s: float
    cpu_s: float


class Hands(Protocol):
    """Takes blocks and promises what the steps make of them."""

    most: int
    """How many blocks are worked on at the same time."""

    def submit(self, block: Block, first: int, rows: Rows | None) -> Future[Made]:
        """Begin with a block; what comes of it is written into `rows` where it fits."""
        ...

    def close(self) -> None:
        """Stop; what has not begun is dropped."""
        ...


class Threads:
    """The run's own threads: for steps that wait, or release the interpreter's lock."""

    def __init__(self, crew: Crew, steps: Sequence[Step], most: int) -> None:
        self.most = most
        self._crew = crew
        self._steps = steps

    def submit(self, block: Block, first: int, rows: Rows | None) -> Future[Made]:
        """Queue the block for the next thread that is free."""
        steps = self._steps
        return self._crew.submit(lambda: make(steps, block, first, rows), most=self.most)

    def close(self) -> None:
        """The threads belong to the run."""


def make(steps: Sequence[Step], block: Block, first: int, rows: Rows | None = None) -> Made:
    """Pass a block through all steps; once nothing is left of it, no function is called for nothing."""
    start_s, start_cpu_s = time.perf_counter(), time.thread_time()
    for step in steps:
        block = step(block, first)
        if not len(block):
            break
    if rows is not None:
        block = fit(block, rows)
    return Made(block, time.perf_counter() - start_s, time.thread_time() - start_cpu_s)
