"""Another mixture of classes, by leaving elements out.

Of the distribution p that comes in and the wanted q, an element of class c is kept with probability
``(q/p)[c] / max(q/p)``: no element is given twice, and no more are left out than the rarest class demands.
tf.data's operator of this name also repeats elements, which then weigh more than their neighbours by chance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import DataError
from headwater.data.block import Block
from headwater.data.carry import Carry
from headwater.data.cursor import Cursor, Env, State, resume
from headwater.data.function import Function
from headwater.data.graph import Count, Unary, upstream
from headwater.data.operators.calling import locate

Shares: TypeAlias = tuple[tuple[Any, float], ...]

# A class with a share of 1 % is then counted 40 times, with an error of a sixth.
PREFIX = 4_096


@dataclass(frozen=True, eq=False)
class RejectionResample(Unary):
    """Elements such that the classes that `class_of` tells come in the shares of `target`."""

    operator: ClassVar[str] = "rejection_resample"
    fickle: ClassVar[bool] = True
    class_of: Function
    target: Shares
    initial: Shares | None = None
    seed: int | None = None

    @property
    def cardinality(self) -> Count:
        """Unknown, unless nothing comes in."""
        return 0 if self.input.cardinality == 0 else None

    @property
    def label(self) -> str:
        """The call, with the number of classes."""
        return f"rejection_resample({self.class_of.name}, {len(self.target)} classes)"

    def open(self, env: Env, state: State | None) -> Cursor:
        """Count what comes first, or take the counts of the state."""
        return RejectionResampleCursor(self, env, state)

    def generator(self, env: Env) -> np.random.Generator:
        """The draws of this operator in this pass."""
        number = sum(isinstance(node, RejectionResample) for node in upstream(self.input))
        return env.seeds(self.seed, "rejection_resample", number).generator()

    def kept(self, initial: Sequence[float]) -> NDArray[np.float64]:
        """With which probability an element of each class of `target` is kept; those never seen are always."""
        target = np.array([share for _, share in self.target])
        found = np.asarray(initial, np.float64)
        wanted = target > 0
        if not (found[wanted] > 0).any():
            return wanted.astype(np.float64)
        ratios = np.divide(target, found, out=np.full(len(target), np.inf), where=found > 0)
        ratios[~wanted] = 0
        kept: NDArray[np.float64] = np.minimum(1, ratios / ratios[np.isfinite(ratios)].max())
        return kept


class RejectionResampleCursor:
    """State: how many elements were judged, how often each class came at the beginning, the input's state."""

    def __init__(self, node: RejectionResample, env: Env, state: State | None) -> None:
        self._node = node
        self._env = env
        self._numbers = {name: number for number, (name, _) in enumerate(node.target)}
        self._carry = Carry(resume(node.input, env, state["input"] if state else None))
        self._at = int(state["at"]) if state else 0
        self._counts: list[int] | None = state["counts"] if state else None
        self._kept: NDArray[np.float64] | None = None
        self._generator = node.generator(env)
        # One draw of PCG64 per element, so the draw of any element is reached by a jump.
        self._generator.bit_generator.advance(self._at)  # type: ignore[attr-defined]

    def next(self, limit: int) -> Block | None:
        """Judge a block; each element has its draw, whatever becomes of it."""
        if self._kept is None:
            self._kept = self._node.kept(self._initial())
        while self._carry.held or self._carry.pull(limit):
            block = self._carry.take(min(limit, self._carry.held))
            classes = self._classes(block, tell=True)
            draws = self._generator.random(len(block))
            self._at += len(block)
            passed = np.flatnonzero((classes >= 0) & (draws < self._kept[classes]))
            if len(passed):
                return block.take(passed)
        return None

    def state(self) -> State:
        """Numbers and the input's state."""
        return {"at": self._at, "counts": self._counts, "input": self._carry.state()}

    def close(self) -> None:
        """Close the input."""
        self._carry.close()

    def _initial(self) -> Sequence[float]:
        """How often each class comes in: as given, as in the state, or counted in what comes first."""
        if self._node.initial is not None:
            given = dict(self._node.initial)
            return [given.get(name, 0) for name in self._numbers]
        if self._counts is None:
            while self._carry.held < PREFIX and self._carry.pull(PREFIX - self._carry.held):
                pass
            found = [self._classes(block, tell=False) for block in self._carry.pieces()]
            classes = np.concatenate([np.empty(0, np.intp), *found])
            self._counts = np.bincount(classes[classes >= 0], minlength=len(self._numbers)).tolist()
        return self._counts

    def _classes(self, block: Block, *, tell: bool) -> NDArray[np.intp]:
        """The number of each element's class; -1 where there is none, which is an error for whom to `tell`."""
        classes = np.full(len(block), -1, np.intp)
        call = self._node.class_of.call
        for at, element in enumerate(block.elements()):
            try:
                name = call(element)
                classes[at] = self._numbers[name]
            except Exception as error:  # noqa: BLE001 - passed on with the place, or passed over
                if tell:
                    self._env.pass_over(self._failed(error, block, at), cause=error)
        return classes

    def _failed(self, error: Exception, block: Block, at: int) -> DataError:
        function, place = self._node.class_of, locate(block, at)
        if not (isinstance(error, KeyError) and error.__traceback__ and error.__traceback__.tb_next is None):
            return function.failed(self._node.operator, error, place)
        return DataError(
            f"the class {error.args[0]!r} is not in the target.",
            where=function.where(self._node.operator, place),
            remedy="Give it a share, which may be 0.",
        )


def as_shares(given: Mapping[Any, float] | Sequence[float], *, name: str) -> Shares:
    """Classes with their shares, which then add up to 1; of a list, the classes are numbers from 0."""
    pairs = list(given.items() if isinstance(given, Mapping) else enumerate(given))
    total = float(sum(share for _, share in pairs))
    if not pairs or not 0 < total < math.inf or any(share < 0 for _, share in pairs):
        raise _no_shares(name, "holds no shares that are positive or 0, and not all 0")
    if not all(isinstance(label, int | str) for label, _ in pairs):
        raise _no_shares(name, "has a class that is neither a number nor a text")
    return tuple((label, float(share) / total) for label, share in pairs)


def _no_shares(name: str, problem: str) -> DataError:
    return DataError(
        f"`{name}` {problem}.",
        where=".rejection_resample",
        remedy="Write [0.5, 0.5] for classes 0 and 1, or {'cat': 1, 'dog': 1}.",
    )
