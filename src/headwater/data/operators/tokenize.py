"""Texts become lists of token numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headwater.core.errors import DataError
from headwater.data.block import BARE, Block, Columns, Items
from headwater.data.chain import Step, Stepwise
from headwater.data.function import Function
from headwater.data.operators.calling import call_each, locate
from headwater.data.operators.ragged import values_of
from headwater.data.tokenizers import Encoder, flattened


@dataclass(frozen=True, eq=False)
class Tokenize(Stepwise):
    """The texts in `column` exchanged for their token numbers, int32, in `into`; so are plain texts."""

    operator: ClassVar[str] = "tokenize"
    encoder: Encoder | Function
    column: str = "text"
    into: str = "tokens"

    def __post_init__(self) -> None:
        if self.depth:
            raise DataError(
                "batches are not tokenized.", where=f".{self.label}", remedy="Call it before .batch(...)."
            )

    @property
    def random_access(self) -> bool:
        """As the input: the numbers of a text hang on it alone."""
        return self.input.random_access

    @property
    def identity(self) -> dict[str, Any]:
        """The tokenizer's digest, and the names."""
        return {"encoder": self.encoder.fingerprint, "column": self.column, "into": self.into}

    @property
    def label(self) -> str:
        """The tokenizer's type or the function's name, and the column."""
        return f"tokenize({self.encoder.name}, column={self.column!r})"

    def step(self) -> Step:
        """All texts of a block in one call; columns get an Arrow list column, elements arrays."""

        def apply(block: Block) -> Block:
            bare = _is_bare(block)
            texts = values_of(block, BARE if bare else self.column, self.label)
            if not isinstance(texts, list):
                texts = texts.tolist() if isinstance(texts, np.ndarray) else texts.to_pylist()
            return self._with(block, *self._encoded(texts, block), bare=bare)

        return apply

    def _encoded(self, texts: list[Any], block: Block) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        for at, text in enumerate(texts):
            if not isinstance(text, str):
                raise self._refused(f"{text!r:.60} is no text", block, at)
        if isinstance(self.encoder, Encoder):
            return flattened(self.encoder(texts))
        ids = call_each(self.encoder, texts, block, self.operator)
        try:
            return flattened(ids)
        except (TypeError, ValueError, OverflowError):
            at = next(at for at, one in enumerate(ids) if not _is_ids(one))
            raise self._refused(f"it returned {ids[at]!r:.60}, no token numbers", block, at) from None

    def _with(self, block: Block, flat: NDArray[np.int32], offsets: NDArray[np.int32], *, bare: bool) -> Block:
        if isinstance(block, Columns):
            import pyarrow as pa

            lists = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(flat, pa.int32()))
            rest = {} if bare else {name: it for name, it in block.columns.items() if name != self.column}
            return Columns({**rest, BARE if bare else self.into: lists}, block.positions)
        rows = np.split(flat, offsets[1:-1])
        if bare:
            return Items(list(rows), block.positions)
        rests = [{name: it for name, it in value.items() if name != self.column} for value in block.values]
        return Items([{**rest, self.into: row} for rest, row in zip(rests, rows)], block.positions)

    def _refused(self, problem: str, block: Block, at: int) -> DataError:
        return DataError(
            f"{problem}.",
            where=f".{self.label}, {locate(block, at)}",
            remedy="Give each element a text, and let a function return a list of whole numbers.",
        )


def _is_bare(block: Block) -> bool:
    if isinstance(block, Columns):
        return BARE in block.columns
    return not isinstance(block.values[0], Mapping)


def _is_ids(found: Any) -> bool:
    try:
        flattened([found])
    except (TypeError, ValueError, OverflowError):
        return False
    return True
