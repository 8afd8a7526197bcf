"""Keep the elements of which a function says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import Block
from headwater.data.chain import Step, Stepwise
from headwater.data.function import Function
from headwater.data.graph import Count
from headwater.data.operators.calling import call_each, locate


@dataclass(frozen=True, eq=False)
class Filter(Stepwise):
    """The elements for which `predicate` is true."""

    operator: ClassVar[str] = "filter"
    one_to_one: ClassVar[bool] = False
    predicate: Function

    @property
    def cardinality(self) -> Count:
        """Unknown, unless nothing comes in."""
        return 0 if self.input.cardinality == 0 else None

    def step(self) -> Step:
        """Ask for each element, then take those that pass."""

        def apply(block: Block) -> Block:
            answers = call_each(self.predicate, block.elements(), block, self.operator)
            passed = np.fromiter((bool(self._checked(a, i, block)) for i, a in enumerate(answers)), np.bool_)
            return block if passed.all() else block.take(np.flatnonzero(passed))

        return apply

    def _checked(self, answer: object, at: int, block: Block) -> object:
        if isinstance(answer, np.ndarray) and answer.size != 1:
            found = f"an array of shape {list(answer.shape)}"
        elif answer is None:
            found = "None"
        else:
            return answer
        raise DataError(
            f"it returned {found}.",
            where=self.predicate.where(self.operator, locate(block, at)),
            remedy="Return True or False for one element; reduce an array with .all() or .any().",
        )
