"""Columns computed by Arrow expressions: a map that never enters Python for a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from headwater.core.errors import DataError
from headwater.core.spec import Block as Struct
from headwater.core.spec import Column
from headwater.data.block import BARE, Block, Columns, Items, as_columns, as_element
from headwater.data.chain import Step, Stepwise
from headwater.data.columnar import Columnar
from headwater.data.evaluation import computed
from headwater.data.expression import Expression
from headwater.data.operators.calling import carried, locate
from headwater.data.operators.map import KEEP


@dataclass(frozen=True, eq=False)
class Compute(Stepwise):
    """One column for each of `columns`, and what is kept: names in `keep`, or `everything` else there is.

    A single expression under the name ``""`` makes the elements plain values.
    """

    operator: ClassVar[str] = "map"
    columns: dict[str, Expression]
    keep: tuple[str, ...] = KEEP
    everything: bool = False

    def __post_init__(self) -> None:
        if not self.columns:
            raise DataError(
                "no column is computed.", where=f".{self.operator}({{}})", remedy="Name at least one."
            )

    @property
    def random_access(self) -> bool:
        """As the input: row i depends on row i alone."""
        return self.input.random_access

    @property
    def identity(self) -> dict[str, Any]:
        """What the expressions compute, and what is kept."""
        columns = [[name, it.fingerprint] for name, it in self.columns.items()]
        return {"columns": columns, "keep": self.keep, "everything": self.everything}

    @property
    def label(self) -> str:
        """The call that made it."""
        shown = ", ".join(f"{name}={it}" if name else str(it) for name, it in self.columns.items())
        if self.everything:
            return f"with_columns({shown})"
        return f"map({shown}{'' if self.keep == KEEP or BARE in self.columns else f', keep={self.keep!r}'})"

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that the expressions read."""
        return tuple(dict.fromkeys(name for it in self.columns.values() for name in it.columns))

    def step(self) -> Step:
        """Compute a block at once; after `batch`, each batch."""
        if self.depth:
            return self._on_batches
        columns_of = Columnar(self.reads, operator=self.operator)

        def apply(block: Block) -> Block:
            given = columns_of(block)
            if isinstance(block, Columns):
                return Columns(self._whole(given, self._made(given, block)), block.positions)
            made = Columns(self._made(given, block), block.positions).elements()
            return Items([self._whole(*pair) for pair in zip(block.values, made)], block.positions)

        return apply

    def _on_batches(self, block: Block) -> Block:
        batches = map(as_columns, block.elements())
        found = [self._whole(given, self._made(given, block, at)) for at, given in enumerate(batches)]
        return Items([as_element(it) for it in found], block.positions)

    def _made(self, given: Struct, block: Block, batch: int | None = None) -> dict[str, Column]:
        def row_name(at: int) -> str:
            return locate(block, at) if batch is None else f"row {at:,} of {_batch(block, batch)}"

        return computed(self.columns, given, operator=self.operator, row_name=row_name)

    def _whole(self, given: Any, made: Any) -> Any:
        """What was computed, with what stays, of the columns of a block or of one element."""
        if BARE in self.columns or not isinstance(given, Mapping) or BARE in given:
            return made
        return {**given, **made} if self.everything else carried(given, made, self.keep)


def _batch(block: Block, at: int) -> str:
    found = locate(block, at)
    return found if found.startswith("the batch") else f"the batch that begins with {found}"


def as_expressions(given: Mapping[Any, Any], *, operator: str) -> dict[str, Expression]:
    """Check what a user passes: a mapping of names to expressions."""
    for name in given:
        if not isinstance(name, str) or name == BARE:
            raise DataError(
                f"{name!r} is no column name.", where=f".{operator}", remedy="Names are non-empty texts."
            )
    return {name: Expression(value) for name, value in given.items()}
