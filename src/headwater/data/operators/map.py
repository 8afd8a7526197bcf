"""A function of one element."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from headwater.data.block import Block, Items
from headwater.data.chain import Step, Stepwise
from headwater.data.draws import Draws
from headwater.data.function import Function
from headwater.data.operators.calling import call_each, carried, locate
from headwater.data.operators.declared import NOTHING, Declared
from headwater.data.operators.writing import Writing, writes

KEEP = ("key", "weight", "label")
"""What travels with an element through functions that do not return it: identity, weight and label."""


@dataclass(frozen=True, eq=False)
class Map(Stepwise):
    """`function` of each element; names in `keep` that it was given and did not return are carried along.

    With `declared` columns it is given only those it reads, and everything else is kept if it says what it
    writes.
    """

    operator: ClassVar[str] = "map"
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
        """As the input: element i depends on element i alone."""
        return self.input.random_access

    def step(self) -> Step:
        """Call the function in a tight loop; what it returns stays as it is until columns are wanted."""
        return Writing(self.function, self.operator) if writes(self.function) else self.apply

    def apply(self, block: Block, *draws: list[Draws]) -> Block:
        """The results for a block, each with what it lacks of the names to keep."""
        given = block.elements()
        if self.declared.says:
            return Items(self._of_columns(given, block, *draws), block.positions)
        results = call_each(self.function, given, block, self.operator, *draws)
        if given and isinstance(given[0], Mapping) and not self.keep_nothing(given[0]):
            results = [self.with_kept(element, result) for element, result in zip(given, results)]
        return Items(results, block.positions)

    def _of_columns(self, given: list[Any], block: Block, *draws: list[Draws]) -> list[Any]:
        def where(at: int) -> str:
            return self.function.where(self.operator, locate(block, at, given))

        seen = self.declared.all_seen(given, where)
        results = call_each(self.function, seen, block, self.operator, *draws)
        if self.declared.writes is not None:
            return self.declared.all_joined(given, results, where)
        return [self.with_kept(element, result) for element, result in zip(given, results)]

    def keep_nothing(self, element: Mapping[str, Any]) -> bool:
        """Whether no element has any of the names to keep."""
        return not any(name in element for name in self.keep)

    def with_kept(self, element: Mapping[str, Any], result: Any) -> Any:
        """The result and, if it is a dict, what it lacks of the names to keep."""
        return carried(element, result, self.keep) if isinstance(result, Mapping) else result
