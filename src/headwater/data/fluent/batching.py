"""Calls that put elements together and take them apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from headwater.core.errors import DataError
from headwater.data.fluent.calls import Calls
from headwater.data.function import Function
from headwater.data.operators.batch import Batch
from headwater.data.operators.bucket_by_sequence_length import BucketBySequenceLength
from headwater.data.operators.group_by_window import GroupByWindow
from headwater.data.operators.pack import Pack
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

    def group_by_window(
        self,
        key: Callable[[Any], Any] | str,
        *,
        size: int | None = None,
        size_of: Callable[[Any], int] | None = None,
        reduce: Callable[[list[Any]], Any] | None = None,
        drop_remainder: bool = False,
    ) -> Self:
        """Batch elements with the same key: every `size` of them, or ``size_of(key)``, when so many are there.

        `key` is a function of an element or the name of a column; a key is a number, a text, None, or a tuple
        of these. `reduce` makes one element of the list of a window's elements, in place of a batch. At the end
        come those that are left, the key whose oldest element waits longest first, unless `drop_remainder`.

        A state has a few bytes for each key that waits. Restoring reads again from the oldest element that
        waits: one of a rare key may lie far back.

        >>> from headwater import data
        >>> [batch.tolist() for batch in data.range(7).group_by_window(lambda x: x % 2, size=3)]
        [[0, 2, 4], [1, 3, 5], [6]]
        """
        node = GroupByWindow(
            self.graph.root,
            key if isinstance(key, str) else Function(key),
            size,
            None if size_of is None else Function(size_of),
            None if reduce is None else Function(reduce),
            drop_remainder,
        )
        return self._then(node)

    def bucket_by_sequence_length(
        self,
        length: Callable[[Any], int] | str,
        boundaries: Iterable[int],
        batch_sizes: int | Iterable[int],
        *,
        pad_to_bucket_boundary: bool = False,
        padded_shapes: Any = None,
        padding_values: float | Mapping[str, float] = 0,
        drop_remainder: bool = False,
    ) -> Self:
        """Padded batches of elements of about one length: those from one of `boundaries` to below the next.

        `length` is a function of an element, or the name of a column of lists, whose lengths are then had
        without reading them. `batch_sizes` has one size more than there are boundaries, or is one for all.
        Arrays are filled up to the longest of the batch, or, with `pad_to_bucket_boundary`, on their first axis
        to one less than the bucket's upper boundary, as tf.data does; `padded_shapes` and `padding_values` are
        those of `padded_batch`, and a shape given there wins. What is left at the end, and what a state costs,
        is as in `group_by_window`.

        >>> from headwater import data
        >>> texts = data.range(5).map(lambda n: [n] * n)
        >>> [batch.tolist() for batch in texts.bucket_by_sequence_length(len, [3], 2)]
        [[[0], [1]], [[3, 3, 3, 0], [4, 4, 4, 4]], [[2, 2]]]
        """
        limits = tuple(int(limit) for limit in boundaries)
        sizes = (batch_sizes,) * (len(limits) + 1) if isinstance(batch_sizes, int) else tuple(batch_sizes)
        node = BucketBySequenceLength(
            self.graph.root,
            length if isinstance(length, str) else Function(length),
            limits,
            tuple(int(size) for size in sizes),
            pad_to_bucket_boundary,
            Padding(as_shapes(padded_shapes), as_values(padding_values)),
            drop_remainder,
        )
        return self._then(node)

    def pack(
        self,
        length: int,
        *,
        column: str | None = None,
        how: str = "first-fit",
        num_bins: int | None = None,
        end_token: int | None = None,
        padding_value: int = 0,
        truncate: bool = False,
        drop_remainder: bool = False,
    ) -> Self:
        """Pack token sequences into rows of `length`: dicts of `tokens`, `segment_ids` and `positions`.

        Sequences are Arrow lists, arrays or lists of numbers: the elements, or their `column`; other columns
        are left out. `segment_ids` say which sequence of the row a token is of, from 1 (0: padding),
        `positions` its place in it, from 0; both are int32. `end_token` is put after each sequence.

        ``how="first-fit"``: each sequence whole into the first of `num_bins` rows (64 if left out) with
        room; once one fits into none, all rows are given and it begins the next ones (Grain's way). One that is
        longer than a row is an error, or cut with `truncate`. ``how="concat"``: one after the other, cut every
        `length` tokens, without padding but in the last row, which `drop_remainder` leaves out; what goes on
        in the next row is a sequence of that row.

        Restoring reads again at most the rows at work.

        >>> from headwater import data
        >>> texts = data.range(1, 5).map(lambda n: [n] * n)
        >>> [row["tokens"].tolist() for row in texts.pack(4)]
        [[1, 2, 2, 0], [3, 3, 3, 0], [4, 4, 4, 4]]
        >>> [row["segment_ids"].tolist() for row in texts.pack(4, how="concat")]
        [[1, 2, 2, 3], [1, 1, 2, 2], [1, 1, 0, 0]]
        """
        node = Pack(
            self.graph.root,
            length,
            column,
            how,
            num_bins,
            end_token,
            padding_value,
            truncate,
            drop_remainder,
        )
        return self._then(node)
