"""Calls that put elements together and take them apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

from headwater.core.errors import DataError
from headwater.data.fluent.calls import Calls
from headwater.data.operators.batch import Batch
from headwater.data.operators.padded_batch import PaddedBatch
from headwater.data.operators.padding import Padding, as_shapes, as_values
from headwater.data.operators.ragged_batch import RaggedBatch
from headwater.data.operators.rebatch import Rebatch
from headwater.data.operators.unbatch import Unbatch
from headwater.data.operators.window import Window


class Batching(Calls):
    """``batch`` and its kin."""

    def batch(self, size: int, *, drop_remainder: bool = False) -> Self:
        """Stack `size` elements into one; the last batch may be smaller unless `drop_remainder`."""
        return self._then(Batch(self.graph.root, size, drop_remainder))

    def padded_batch(
        self,
        size: int,
        *,
        padded_shapes: Any = None,
        padding_values: float | Mapping[str, float] = 0,
        drop_remainder: bool = False,
    ) -> Self:
        """Batch lists and arrays of different lengths, filled up to the longest of the batch.

        `padded_shapes` fills up to a shape instead: a number or a tuple (None: the longest), for dicts
        ``{"column": shape}``; columns left out go to the longest. `padding_values` is one value, or one by
        column (0 where left out). A batch of only empty lists has the type of its padding value. Raised when
        run, for an element that does not fit: `DataError` naming it.

        >>> from headwater import data
        >>> [batch.tolist() for batch in data.range(4).map(lambda n: [n] * n).padded_batch(2)]
        [[[0], [1]], [[2, 2, 0], [3, 3, 3]]]
        """
        padding = Padding(as_shapes(padded_shapes), as_values(padding_values))
        return self._then(PaddedBatch(self.graph.root, size, drop_remainder, padding))

    def ragged_batch(
        self, size: int, *, columns: Iterable[str] | None = None, drop_remainder: bool = False
    ) -> Self:
        """Batch lists and arrays of different lengths as Arrow list arrays; the rest is stacked.

        ``array.flatten()`` has all values, ``array.offsets`` where each row begins, both without a copy.
        `columns` says which are ragged; if left out, Arrow lists and rows that are lists or arrays of one axis.
        A batch of only empty lists is one of int64.

        >>> from headwater import data
        >>> batch = next(iter(data.range(4).map(lambda n: [n] * n).ragged_batch(4)))
        >>> batch.flatten().to_pylist(), batch.offsets.to_pylist()
        ([1, 2, 2, 3, 3, 3], [0, 0, 1, 3, 6])
        """
        if isinstance(columns, str):
            raise DataError(f"columns={columns!r} is one text.", remedy=f"Write columns=({columns!r},).")
        names = None if columns is None else tuple(columns)
        return self._then(RaggedBatch(self.graph.root, size, drop_remainder, names))

    def unbatch(self) -> Self:
        """The rows of each batch: the opposite of `batch`. Of rows that are arrays, their first axis.

        Batches need columns of one length, and all batches rows of one type and shape; an empty one gives
        nothing. Errors downstream name the first row of the batch.

        >>> from headwater import data
        >>> list(data.range(5).batch(2).map_batches(lambda batch: batch[:1]).unbatch())
        [0, 2, 4]
        """
        return self._then(Unbatch(self.graph.root))

    def rebatch(self, size: int | Iterable[int], *, drop_remainder: bool = False) -> Self:
        """Batches of another size: ``unbatch().batch(size)`` with at most one copy of each row.

        A list of sizes takes turns, and begins again.

        >>> from headwater import data
        >>> [batch.tolist() for batch in data.range(8).batch(4).rebatch([3, 1])]
        [[0, 1, 2], [3], [4, 5, 6], [7]]
        """
        sizes = (size,) if isinstance(size, int) else tuple(size)
        return self._then(Rebatch(self.graph.root, sizes, drop_remainder))

    def window(
        self, size: int, *, shift: int | None = None, stride: int = 1, drop_remainder: bool = False
    ) -> Self:
        """Windows of `size` elements, each stacked like a batch; the next begins `shift` elements later.

        `shift` is `size` if left out; the elements of a window lie `stride` apart. The windows at the end that
        lack elements are shorter, unless `drop_remainder`. Where tf.data's window is a dataset of its own, this
        one is an element.

        >>> from headwater import data
        >>> [window.tolist() for window in data.range(5).window(3, shift=1)]
        [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4], [4]]
        """
        return self._then(Window(self.graph.root, size, shift, stride, drop_remainder))
