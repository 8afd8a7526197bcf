"""A function of columns: many rows in one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from headwater.core.errors import DataError
from headwater.core.spec import Block as Struct
from headwater.core.spec import Column, Spec
from headwater.data.block import BARE, Block, Columns, Items, as_columns, as_element
from headwater.data.chain import Step, Stepwise
from headwater.data.function import Function
from headwater.data.operators.calling import call_each, carried, locate, not_a_mapping
from headwater.data.operators.declared import NOTHING, Declared
from headwater.data.operators.map import KEEP
from headwater.data.stack import stack


@dataclass(frozen=True, eq=False)
class MapBatches(Stepwise):
    """`function` of columns, row by row independent: how many rows it gets at once is the engine's choice.

    It returns as many rows as it got. After `batch` it gets each batch as it is, and may return any number of
    rows. Names in `keep` that it was given and did not return are carried along. With `declared` columns it is
    given only those it reads, and everything else is kept if it says what it writes.
    """

    operator: ClassVar[str] = "map_batches"
    function: Function
    keep: tuple[str, ...] = KEEP
    declared: Declared = NOTHING

    @property
    def label(self) -> str:
        """The call that made it."""
        keep = [f"keep={self.keep!r}"] if self.keep != KEEP else []
        declared = [self.declared.text] if self.declared.says else []
        return f"{self.operator}({', '.join([self.function.name, *keep, *declared])})"

    @property
    def identity(self) -> dict[str, Any]:
        """The function, what is kept, and what it declares."""
        return {"function": self.function.fingerprint, "keep": self.keep, **vars(self.declared)}

    @property
    def random_access(self) -> bool:
        """As the input: row i depends on row i alone."""
        return self.input.random_access

    def step(self) -> Step:
        """Columns in, columns out; elements that are not columns yet are stacked first."""
        return self._on_batches if self.depth else OnRows(self)

    def _on_batches(self, block: Block) -> Block:
        given = block.elements()

        def where(at: int) -> str:
            return self.function.where(self.operator, locate(block, at))

        seen = self.declared.all_seen(given, where) if self.declared.says else given
        results = call_each(self.function, seen, block, self.operator)
        for at, (batch, result) in enumerate(zip(given, results)):
            if self.declared.writes is not None or (isinstance(batch, Mapping) and isinstance(result, Mapping)):
                results[at] = whole = self.whole(batch, result, where(at))
                lengths = {name: len(column) for name, column in whole.items()}
                if len(set(lengths.values())) > 1:
                    raise self.wrong_length(locate(block, at), lengths)
        return Items(results, block.positions)

    def whole(self, given: Mapping[str, Any], result: Any, where: str) -> dict[str, Any]:
        """What the function returned, with what stays of what it was given."""
        if self.declared.writes is not None:
            return self.declared.joined(given, result, where)
        return carried(given, result, self.keep)

    def wrong_length(self, at: str, lengths: Any) -> DataError:
        """The error for columns that do not belong to the same rows."""
        return DataError(
            f"the columns it returned do not fit: {lengths}.",
            where=self.function.where(self.operator, at),
            remedy="Return as many rows as came in; drop rows with .filter(). "
            "Columns carried along by keep= have the rows that came in.",
        )


class OnRows:
    """The step on rows; it remembers the first block's types, which all others must have."""

    def __init__(self, node: MapBatches) -> None:
        self._node = node
        self._given: Spec | None = None
        self._returned: Spec | None = None

    def __call__(self, block: Block) -> Block:
        """Call the function with the columns of a block."""
        columns = block.columns if isinstance(block, Columns) else self._stacked(block)
        given: Any = as_element(dict(columns))
        if self._node.declared.says:
            given = dict(self._node.declared.seen(given, self._where(block)))
        try:
            result = self._node.function.call(given)
        except Exception as error:
            raise self._node.function.failed(self._node.operator, error, _rows(block)) from error
        returned = self._as_columns(result)
        if BARE in returned and self._node.declared.writes is not None:
            self._node.declared.joined(columns, result, self._where(block))
        if BARE not in columns and BARE not in returned:
            returned = self._node.whole(columns, returned, self._where(block))
        lengths = {name: len(column) for name, column in returned.items()}
        if any(length != len(block) for length in lengths.values()):
            raise self._node.wrong_length(_rows(block), f"{lengths}, for {len(block)} rows")
        self._returned = self._same(self._returned, returned, block, "it returned")
        return Columns(returned, block.positions)

    def _where(self, block: Block) -> str:
        return self._node.function.where(self._node.operator, _rows(block))

    def _stacked(self, items: Items) -> dict[str, Column]:
        columns = stack(items, operator=self._node.operator)
        self._given = self._same(self._given, columns, items, "it is given")
        return columns

    def _as_columns(self, result: Any) -> dict[str, Column]:
        columns = {str(name): _as_column(column) for name, column in as_columns(result).items()}
        if not columns or any(column is None for column in columns.values()):
            raise not_a_mapping(self._node.function, self._node.operator, result)
        return columns

    def _same(self, first: Spec | None, columns: Struct, block: Block, what: str) -> Spec:
        """Refuse a type that depends on which rows came together: then no two runs would be alike."""
        spec = Spec.of(columns)
        if first is None or spec == first:
            return spec
        raise DataError(
            f"{what} {spec}, but before {first}.",
            where=self._where(block),
            remedy="Every row needs the same columns, types and shapes: convert with .astype(...).",
        )


def _rows(block: Block) -> str:
    return f"{len(block):,} rows from {locate(block, 0)}"


def _as_column(values: Any) -> Any:
    """An array of at least one dimension, numpy or Arrow; None for what is neither."""
    if isinstance(values, np.ndarray):
        return values if values.ndim and not values.dtype.hasobject else None
    if type(values).__module__.startswith("pyarrow"):
        return values.combine_chunks() if hasattr(values, "combine_chunks") else values
    if not isinstance(values, list | tuple) and not hasattr(values, "__array__"):
        return None
    array = np.asarray(values)
    return array if array.ndim and not array.dtype.hasobject else None
