"""Whoever passes blocks through the steps of a chain: threads here, processes one file away."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from headwater.data.block import Block
from headwater.data.crew import Crew
from headwater.data.parallel.clock import wanted_s
from headwater.data.parallel.slab import Rows, fit

Step: TypeAlias = Callable[[Block, int], Block]
"""What becomes of a block whose first element has this number."""


@runtime_checkable
class Writer(Protocol):
    """A step that can write what it makes straight into memory that it is given."""

    def fits(self, rows: Rows, count: int) -> bool:
        """Whether these are the rows that it writes for so many elements."""
        ...

    def into(self, rows: Rows, block: Block, first: int, /) -> Block:
        """The same as calling it, in `rows`."""
        ...

    def __call__(self, block: Block, first: int = 0, /) -> Block:
        """What becomes of a block."""
        ...


@dataclass(slots=True)
class Made:
    """What came of a block, how long it took, and for how much of that a core was wanted."""

    block: Block
    wall_s: float
    wanted_s: float


class Hands(Protocol):
    """Takes blocks and promises what the steps make of them."""

    most: int
    """How many blocks are worked on at the same time."""

    def submit(self, block: Block, first: int, rows: Rows | None) -> Future[Made]:
        """Begin with a block; what comes of it is written into `rows` where it fits."""
        ...

    def whereabouts(self) -> str:
        """Who is at which element, for who waits in vain."""
        ...

    def close(self) -> None:
        """Stop; what has not begun is dropped."""
        ...


class Threads:
    """The run's own threads: for steps that wait, or release the interpreter's lock."""

    def __init__(self, crew: Crew, steps: Sequence[Step], most: int, *, named: str) -> None:
        self.most = most
        self._crew = crew
        self._steps = steps
        self._named = named

    def submit(self, block: Block, first: int, rows: Rows | None) -> Future[Made]:
        """Queue the block for the next thread that is free."""
        steps = self._steps
        return self._crew.submit(lambda: make(steps, block, first, rows), most=self.most)

    def whereabouts(self) -> str:
        """The oldest blocks that threads are at."""
        return f"{self._named} in a thread"

    def close(self) -> None:
        """The threads belong to the run."""


def make(steps: Sequence[Step], block: Block, first: int, rows: Rows | None = None) -> Made:
    """Pass a block through all steps; once nothing is left of it, no function is called for nothing."""
    start_s, start_wanted_s = time.perf_counter(), wanted_s()
    for step in steps:
        if rows is not None and step is steps[-1] and isinstance(step, Writer) and step.fits(rows, len(block)):
            block = step.into(rows, block, first)
        else:
            block = step(block, first)
        if not len(block):
            break
    if rows is not None:
        block = fit(block, rows)
    return Made(block, time.perf_counter() - start_s, wanted_s() - start_wanted_s)
