"""A picture with the sentence that says how to read it, and the material that pictures are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from headwater.core.spec import Block
from headwater.loop.comparison import Comparison
from headwater.loop.matplotlib import Drawing, Style, style_of
from headwater.loop.results import Results


@dataclass(frozen=True)
class Picture:
    """An ``<svg>`` element, or why there is none."""

    name: str
    title: str
    reading: str
    """How to read it, in a sentence or two."""
    svg: str = ""
    missing: str = ""
    """Why it could not be drawn; empty when it was."""

    def drawn(self, drawing: Drawing) -> Picture:
        """Return the picture with what was drawn."""
        return replace(self, svg=drawing.svg(self.title))

    def without(self, why: str) -> Picture:
        """Return the picture with the reason why there is nothing to see."""
        return replace(self, missing=why)


@dataclass(frozen=True, eq=False)
class Material:
    """Everything that pictures are drawn from. A strategy looks the same in all of them."""

    runs: tuple[Results, ...]
    comparison: Comparison
    index: Block

    def style(self, name: str) -> Style:
        """Return how the run of this name is drawn."""
        return style_of([run.name for run in self.runs].index(name))

    def results(self, name: str) -> Results:
        """Return the run of this name."""
        return next(run for run in self.runs if run.name == name)


def moments(times_us: Sequence[int]) -> NDArray[np.datetime64]:
    """Return microseconds since the epoch as times that can be drawn."""
    times: NDArray[np.datetime64] = np.array(times_us, np.int64).view("datetime64[us]")
    return times


def day(time: np.datetime64) -> str:
    """Return the date and time to the minute, without a time that says nothing.

    >>> day(np.datetime64("2013-01-08T00:00", "us")), day(np.datetime64("2013-01-08T05:30", "us"))
    ('2013-01-08', '2013-01-08 05:30')
    """
    return str(time.astype("datetime64[m]")).replace("T", " ").removesuffix(" 00:00")
