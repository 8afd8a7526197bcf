"""The rows at positions for which an expression is true; only of those are all columns read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from headwater.data.block import Block, Columns
from headwater.data.chain import Step, Stepwise
from headwater.data.evaluation import passing
from headwater.data.expression import Expression
from headwater.data.graph import Count
from headwater.data.operators.calling import locate
from headwater.data.sources.indexed import Gather, Indexed


@dataclass(frozen=True, eq=False)
class Sift(Stepwise):
    """A filter and the gather of a source before it, in one: `few` has the columns that the filter looks at.

    `rest` has the others, and `names` says in which order all of them come.
    """

    operator: ClassVar[str] = "sift"
    one_to_one: ClassVar[bool] = False
    fills: ClassVar[bool] = True
    portable: ClassVar[bool] = False
    few: Indexed
    rest: Indexed
    names: tuple[str, ...]
    predicate: Expression

    @property
    def label(self) -> str:
        """The source, and what passes."""
        return f"sift({self.few.label} and {self.rest.label}, {self.predicate})"

    @property
    def cardinality(self) -> Count:
        """Unknown, unless nothing comes in."""
        return 0 if self.input.cardinality == 0 else None

    def step(self) -> Step:
        """Read a few columns of all rows, then the others of those that pass."""
        fetch_few, fetch_rest = (Gather(self.input, source).step() for source in (self.few, self.rest))

        def apply(block: Block) -> Block:
            few = fetch_few(block)
            assert isinstance(few, Columns)  # noqa: S101 - the rule saw that the source has columns
            passed = passing(
                self.predicate, few.columns, operator="filter", row_name=lambda at: locate(few, at)
            )
            if not passed.any():
                return few.slice(0, 0)
            if not passed.all():
                index = np.flatnonzero(passed)
                block, few = block.take(index), few.take(index)
            rest = fetch_rest(block)
            assert isinstance(rest, Columns)  # noqa: S101 - the same
            found = {**few.columns, **rest.columns}
            return Columns({name: found[name] for name in self.names}, few.positions)

        return apply
