"""Batches of elements of about one length, so that little is padding."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import DataError
from headwater.data.block import Block, Items, as_element
from headwater.data.function import Function
from headwater.data.operators.calling import call_each, locate
from headwater.data.operators.group_by_window import Grouping
from headwater.data.operators.padding import ZEROS, Padding
from headwater.data.operators.ragged import lengths_of


@dataclass(frozen=True, eq=False)
class BucketBySequenceLength(Grouping):
    """Padded batches, each of elements of one bucket; bucket i has the lengths from boundary i-1 to below i."""

    operator: ClassVar[str] = "bucket_by_sequence_length"
    length: Function | str
    boundaries: tuple[int, ...]
    batch_sizes: tuple[int, ...]
    pad_to_bucket_boundary: bool = False
    padding: Padding = ZEROS
    drop_remainder: bool = False

    def __post_init__(self) -> None:
        if not self.boundaries or any(low >= high for low, high in pairwise((0, *self.boundaries))):
            raise DataError(
                f"boundaries={list(self.boundaries)}.",
                where=f".{self.operator}",
                remedy="Give at least one, ascending, from 1.",
            )
        if len(self.batch_sizes) != len(self.boundaries) + 1 or min(self.batch_sizes) < 1:
            raise DataError(
                f"batch_sizes={list(self.batch_sizes)} for {len(self.boundaries)} boundaries.",
                where=f".{self.operator}",
                remedy=f"Give {len(self.boundaries) + 1} sizes of at least 1: one for each bucket, "
                "the last for what is as long as the last boundary or longer.",
            )

    @property
    def identity(self) -> dict[str, Any]:
        """The parameters, with shapes and values by column."""
        length = self.length.fingerprint if isinstance(self.length, Function) else self.length
        given = {name: getattr(self, name) for name in ("boundaries", "batch_sizes", "drop_remainder")}
        padding = {"shapes": self.padding.shapes, "values": self.padding.values}
        return {"length": length, **given, "to_boundary": self.pad_to_bucket_boundary, **padding}

    @property
    def label(self) -> str:
        """The call that made it."""
        name = self.length.name if isinstance(self.length, Function) else repr(self.length)
        return f"{self.operator}({name}, {list(self.boundaries)}, {list(self.batch_sizes)})"

    @property
    def depth(self) -> int:
        """One more than the input's."""
        return self.input.depth + 1

    @property
    def drops(self) -> bool:
        """As the user says."""
        return self.drop_remainder

    def keys(self, block: Block) -> list[Any]:
        """The bucket of every element."""
        lengths = self._lengths(block)
        if self.pad_to_bucket_boundary and (lengths >= self.boundaries[-1]).any():
            at = int(np.argmax(lengths >= self.boundaries[-1]))
            raise DataError(
                f"the length is {lengths[at]}, and the last boundary to pad to {self.boundaries[-1]}.",
                where=f".{self.operator}, {locate(block, at)}",
                remedy="Add a boundary above the longest, or drop such elements with .filter().",
            )
        found: list[Any] = np.searchsorted(self.boundaries, lengths, side="right").tolist()
        return found

    def size_for(self, key: Any) -> int:
        """The batch size of the bucket."""
        return self.batch_sizes[int(key)]

    def close_window(self, rows: Block, key: Any) -> Items:
        """One padded batch."""
        longest = self.boundaries[key] - 1 if self.pad_to_bucket_boundary else None
        columns = self.padding.columns(rows, self.operator, longest=longest)
        return Items([as_element(columns)], rows.positions[:1])

    def _lengths(self, block: Block) -> NDArray[np.int64]:
        if isinstance(self.length, str):
            return lengths_of(block, self.length, self.operator)
        found = call_each(self.length, block.elements(), block, self.operator)
        for at, length in enumerate(found):
            if not isinstance(length, int | np.integer) or length < 0:
                raise DataError(
                    f"it returned {length!r}.",
                    where=self.length.where(self.operator, locate(block, at)),
                    remedy="Return a length: a whole number, 0 or more.",
                )
        return np.array(found, np.int64)
