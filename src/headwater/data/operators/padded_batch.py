"""Batches of arrays of different shapes, filled up to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from headwater.data.block import Block, Items, as_element
from headwater.data.operators.batch import BySize
from headwater.data.operators.padding import ZEROS, Padding


@dataclass(frozen=True, eq=False)
class PaddedBatch(BySize):
    """Batches in which every array has the shape of the largest, or the one given."""

    operator: ClassVar[str] = "padded_batch"
    padding: Padding = ZEROS

    @property
    def identity(self) -> dict[str, Any]:
        """Shapes and values by column."""
        padding = {"shapes": self.padding.shapes, "values": self.padding.values}
        return {"size": self.size, "drop_remainder": self.drop_remainder, **padding}

    @property
    def label(self) -> str:
        """The call that made it."""
        return f"padded_batch({self.size})"

    def cut(self, block: Block, size: int) -> Items:
        """Pad every `size` elements by themselves."""
        parts = [block.slice(at, at + size) for at in range(0, len(block), size)]
        batches = [as_element(self.padding.columns(part, self.label)) for part in parts]
        return Items(batches, block.positions[::size])
