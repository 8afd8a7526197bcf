"""Keep the rows for which an Arrow expression is true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.data.block import Block
from headwater.data.chain import Step, Stepwise
from headwater.data.columnar import Columnar
from headwater.data.evaluation import passing
from headwater.data.expression import Expression
from headwater.data.graph import Count
from headwater.data.operators.calling import locate


@dataclass(frozen=True, eq=False)
class Where(Stepwise):
    """The rows for which `predicate` is true; where it is false or missing they are dropped."""

    operator: ClassVar[str] = "filter"
    one_to_one: ClassVar[bool] = False
    predicate: Expression

    def __post_init__(self) -> None:
        if self.depth:
            raise DataError(
                "after batch an element is many rows, and an expression speaks of one.",
                where=f".{self.label}",
                remedy="Filter before .batch(); or pass a function, which keeps or drops whole batches.",
            )

    @property
    def cardinality(self) -> Count:
        """Unknown, unless nothing comes in."""
        return 0 if self.input.cardinality == 0 else None

    @property
    def identity(self) -> dict[str, Any]:
        """What the expression computes."""
        return {"predicate": self.predicate.fingerprint}

    def step(self) -> Step:
        """Ask for all rows of a block at once, then take those that pass."""
        columns_of = Columnar(self.predicate.columns, operator=self.operator)

        def apply(block: Block) -> Block:
            passed = passing(
                self.predicate,
                columns_of(block),
                operator=self.operator,
                row_name=lambda at: locate(block, at),
            )
            return block if passed.all() else block.take(np.flatnonzero(passed))

        return apply
