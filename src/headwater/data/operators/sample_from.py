"""A random mixture of several inputs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import DataError
from headwater.data.block import Block
from headwater.data.cursor import Cursor, Env, State
from headwater.data.deal import Choices, Deal
from headwater.data.graph import Count, Merge, upstream


@dataclass(frozen=True, eq=False)
class SampleFrom(Merge):
    """Each element comes from an input that is drawn by `weights`; within an input the order stays.

    Which one gives element i is a function of the seed, of i, and of the inputs that have ended before. When
    one ends, the rest share in proportion to their weights; with `stop_on_empty` it is the end of all.
    """

    operator: ClassVar[str] = "sample_from"
    fickle: ClassVar[bool] = True
    weights: tuple[float, ...]
    seed: int | None = None
    stop_on_empty: bool = False

    def __post_init__(self) -> None:
        if len(self.weights) != len(self.parts):
            raise DataError(
                f"{len(self.parts)} datasets have {len(self.weights)} weights.",
                where=f"data.{self.label}",
                remedy="Give one weight for each dataset.",
            )
        if not all(0 <= weight < math.inf for weight in self.weights) or not sum(self.weights) > 0:
            raise DataError(
                "weights are positive numbers or 0, and not all 0.",
                where=f"data.{self.label}",
                remedy="They need not add up to 1.",
            )

    @property
    def cardinality(self) -> Count:
        """The sum of those with a weight; unknown if the first to end stops it."""
        counts = [part.cardinality for part, weight in zip(self.parts, self.weights) if weight]
        if len(counts) == 1:
            return counts[0]
        if self.stop_on_empty:
            return math.inf if all(count == math.inf for count in counts) else None
        if math.inf in counts:
            return math.inf
        return None if None in counts else sum(count for count in counts if count is not None)

    def open(self, env: Env, state: State | None) -> Cursor:
        """Open all inputs."""
        number = sum(isinstance(node, SampleFrom) for part in self.parts for node in upstream(part))
        seeds = env.seeds(self.seed, "sample_from", number)
        return SampleFromCursor(self, env, seeds.generator(), state)


class SampleFromCursor:
    """State: how many were given, which inputs have ended, and the inputs' states."""

    def __init__(self, node: SampleFrom, env: Env, generator: np.random.Generator, state: State | None) -> None:
        self._weights = np.asarray(node.weights, np.float64)
        self._stops = node.stop_on_empty
        self._ended: list[int] = list(state["ended"]) if state else []
        self._given = int(state["given"]) if state else 0
        self._deal = Deal(node.parts, env, state["inputs"] if state else [None] * len(node.parts))
        # One draw of PCG64 per element, so the draw of any element is reached by a jump.
        generator.bit_generator.advance(self._given)  # type: ignore[attr-defined]
        self._generator = generator
        self._draws: NDArray[np.float64] = np.empty(0)

    def next(self, limit: int) -> Block | None:
        """Draw for a block; where an input ends, draw anew among the rest, from the same numbers."""
        block = None
        while block is None:
            if self._finished():
                return None
            if len(self._draws) < limit:
                more = self._generator.random(limit - len(self._draws))
                self._draws = np.concatenate([self._draws, more])
            block, ended = self._deal.serve(self._choices(self._draws[:limit]))
            if ended is not None:
                self._ended.append(ended)
        self._given += len(block)
        self._draws = self._draws[len(block) :]
        return block

    def state(self) -> State:
        """Numbers and the inputs' states."""
        return {"given": self._given, "ended": list(self._ended), "inputs": self._deal.states()}

    def close(self) -> None:
        """Close all inputs."""
        self._deal.close()

    def _finished(self) -> bool:
        return bool(self._ended and self._stops) or not self._alive().sum() > 0

    def _alive(self) -> NDArray[np.float64]:
        weights = self._weights.copy()
        weights[self._ended] = 0
        return weights

    def _choices(self, draws: NDArray[np.float64]) -> Choices:
        bounds = np.cumsum(self._alive())
        choices = np.searchsorted(bounds, draws * bounds[-1], side="right")
        # A draw just below 1 may be rounded up to the last bound, behind which no input lies.
        most: Choices = np.minimum(choices, np.flatnonzero(self._alive())[-1])
        return most
