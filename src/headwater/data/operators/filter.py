"""Keep the elements of which a function says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headwater.data.block import Block, Columns
from headwater.data.chain import Step, Stepwise
from headwater.data.function import Function
from headwater.data.graph import Count
from headwater.data.operators.calling import call_each, locate, truth
from headwater.data.operators.declared import Declared

_PLAIN = {bool, np.bool_}


@dataclass(frozen=True, eq=False)
class Filter(Stepwise):
    """The elements for which `predicate` is true."""

    operator: ClassVar[str] = "filter"
    one_to_one: ClassVar[bool] = False
    predicate: Function
    reads: tuple[str, ...] | None = None

    @property
    def identity(self) -> dict[str, Any]:
        """The function, and what it reads."""
        return {"predicate": self.predicate.fingerprint, "reads": self.reads}

    @property
    def cardinality(self) -> Count:
        """Unknown, unless nothing comes in."""
        return 0 if self.input.cardinality == 0 else None

    def step(self) -> Step:
        """Ask for each element, then take those that pass."""
        declared = Declared(self.reads)

        def apply(block: Block) -> Block:
            given = self._given(block, declared)
            answers = call_each(self.predicate, given, block, self.operator)
            passed = self._passed(answers, block)
            return block if passed.all() else block.take(np.flatnonzero(passed))

        return apply

    def _given(self, block: Block, declared: Declared) -> list[Any]:
        if self.reads is None:
            return block.elements()
        if isinstance(block, Columns) and all(name in block.columns for name in self.reads):
            # Of a block of columns, no others are made into Python values.
            return Columns({name: block.columns[name] for name in self.reads}, block.positions).elements()

        def where(at: int) -> str:
            return self.predicate.where(self.operator, locate(block, at))

        return declared.all_seen(block.elements(), where)

    def _passed(self, answers: list[Any], block: Block) -> NDArray[np.bool_]:
        if not set(map(type, answers)) <= _PLAIN:
            predicate, name = self.predicate, self.operator
            answers = [truth(answer, predicate, name, block, at) for at, answer in enumerate(answers)]
        return np.fromiter(answers, np.bool_, len(answers))
